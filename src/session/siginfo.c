/* SPDX-License-Identifier: Apache-2.0 */
/* $_siginfo. Its type is made here, since hardly any program has debug information of it: the kernel's
 * struct siginfo (include/uapi/asm-generic/siginfo.h) with the names that gdb gives its fields
 * (linux_get_siginfo_type_with_fields() of gdb 13), which guides quote. */
#include "session/session_values.h"

#include <elf.h>

enum part_kind {
    PART_INT,
    PART_UNSIGNED,
    PART_PID,
    PART_UID,
    PART_CLOCK,
    PART_SHORT,
    PART_LONG,
    PART_ADDRESS,
    PART_VALUE,
    PART_BOUNDS
};
struct part {
    const char *name;
    enum part_kind kind;
};
enum { PARTS_MAX = 5, SIGINFO_SIZE = 128 };

static const struct part value_parts[] = {{"sival_int", PART_INT}, {"sival_ptr", PART_ADDRESS}};
static const struct part bounds_parts[] = {{"_lower", PART_ADDRESS}, {"_upper", PART_ADDRESS}};
static const struct {
    const char *name;
    struct part parts[PARTS_MAX];
} views[] = {
    {"_kill", {{"si_pid", PART_PID}, {"si_uid", PART_UID}}},
    {"_timer", {{"si_tid", PART_INT}, {"si_overrun", PART_INT}, {"si_sigval", PART_VALUE}}},
    {"_rt", {{"si_pid", PART_PID}, {"si_uid", PART_UID}, {"si_sigval", PART_VALUE}}},
    {"_sigchld",
     {{"si_pid", PART_PID},
      {"si_uid", PART_UID},
      {"si_status", PART_INT},
      {"si_utime", PART_CLOCK},
      {"si_stime", PART_CLOCK}}},
    {"_sigfault", {{"si_addr", PART_ADDRESS}, {"_addr_lsb", PART_SHORT}, {"_addr_bnd", PART_BOUNDS}}},
    {"_sigpoll", {{"si_band", PART_LONG}, {"si_fd", PART_INT}}},
    {"_sigsys", {{"_call_addr", PART_ADDRESS}, {"_syscall", PART_INT}, {"_arch", PART_UNSIGNED}}},
};

static const struct type *struct_of(struct types *t, const struct part *parts, size_t n);

static const struct type *part_type(struct types *t, enum part_kind kind)
{
    switch (kind) {
    case PART_INT:
        return type_c(t, "int");
    case PART_UNSIGNED:
        return type_c(t, "unsigned int");
    case PART_PID:
        return type_base(t, TYPE_INT, "__pid_t", type_c(t, "int")->size, true);
    case PART_UID:
        return type_base(t, TYPE_INT, "__uid_t", type_c(t, "int")->size, false);
    case PART_CLOCK:
        return type_base(t, TYPE_INT, "__clock_t", type_c(t, "long")->size, true);
    case PART_SHORT:
        return type_c(t, "short");
    case PART_LONG:
        return type_c(t, "long");
    case PART_ADDRESS:
        break;
    case PART_VALUE: {
        struct field fields[ARRAY_LEN(value_parts)] = {{0}};
        for (size_t i = 0; i < ARRAY_LEN(value_parts); i++)
            fields[i] = (struct field){.name = value_parts[i].name, .type = part_type(t, value_parts[i].kind)};
        return type_record_of(t, TYPE_UNION, "sigval_t", fields[1].type->size, fields, ARRAY_LEN(fields));
    }
    case PART_BOUNDS:
        return struct_of(t, bounds_parts, ARRAY_LEN(bounds_parts));
    }
    return type_pointer_to(t, type_c(t, "void"));
}

/* All that stands in a siginfo aligns to its size, or to an address. */
static uint64_t place(struct types *t, uint64_t at, const struct type *type)
{
    uint64_t most = type_c(t, "long")->size, align = type->size < most ? type->size : most;
    return (at + align - 1) / align * align;
}

static const struct type *struct_of(struct types *t, const struct part *parts, size_t n)
{
    struct field fields[PARTS_MAX] = {{0}};
    uint64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        const struct type *type = part_type(t, parts[i].kind);
        uint64_t at = place(t, end, type);
        fields[i] = (struct field){.name = parts[i].name, .type = type, .bit_offset = at * 8};
        end = at + type->size;
    }
    const struct type *largest = type_c(t, "long");
    bool wide = end > largest->size;
    return type_record_of(t, TYPE_STRUCT, NULL, wide ? place(t, end, largest) : end, fields, n);
}

static const struct type *siginfo_type(struct types *t)
{
    const struct type *number = type_c(t, "int");
    uint64_t start = place(t, 3 * number->size, type_c(t, "long"));
    uint64_t n_pad = (SIGINFO_SIZE - start) / number->size;
    struct field inside[ARRAY_LEN(views) + 1] = {{.name = "_pad", .type = type_vector_of(t, number, n_pad)}};
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        size_t n = 0;
        while (n < PARTS_MAX && views[i].parts[n].name)
            n++;
        inside[i + 1] = (struct field){.name = views[i].name, .type = struct_of(t, views[i].parts, n)};
    }
    const struct type *all = type_record_of(t, TYPE_UNION, NULL, SIGINFO_SIZE - start, inside, ARRAY_LEN(inside));
    const struct field fields[] = {
        {.name = "si_signo", .type = number},
        {.name = "si_errno", .type = number, .bit_offset = number->size * 8},
        {.name = "si_code", .type = number, .bit_offset = 2 * number->size * 8},
        {.name = "_sifields", .type = all, .bit_offset = start * 8},
    };
    return type_record_of(t, TYPE_STRUCT, "siginfo", SIGINFO_SIZE, fields, ARRAY_LEN(fields));
}

/* A core's note, or what the kernel said of a held thread. */
static struct bytes siginfo_bytes(const struct image *im)
{
    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        for (size_t k = 0; th->tid == im->signal.tid && k < th->n_notes; k++)
            if (th->notes[k].type == NT_SIGINFO)
                return th->notes[k].desc;
    }
    return (struct bytes){0};
}

struct err *session_siginfo(struct session *s, struct value *out)
{
    struct values *vs = session_values(s);
    struct bytes b = siginfo_bytes(s->im);
    if (b.n < SIGINFO_SIZE)
        return err_new(ERR_NO_DATA, "the target keeps no siginfo of a signal");
    *out = value_of_bytes(vs, siginfo_type(vs->types), b.p, SIGINFO_SIZE);
    return NULL;
}
