/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, instructions, registers. */
#include "front/delve/priv.h"

#include "session/code.h"

#include <inttypes.h>
#include <string.h>

/* ---- memory ---- */

static struct err *examine_memory(struct client *c, struct arguments *a, struct json *j)
{
    enum { LENGTH_MAX = 1 << 16 }; /* Delve's */
    int64_t at = argument_integer(a, "Address", 0), n = argument_integer(a, "Length", 0);
    TRY(arguments_check(a));
    if (n > LENGTH_MAX)
        return err_new(ERR_LIMIT, "len must be less than or equal to %d", LENGTH_MAX);
    if (n < 0)
        return err_new(ERR_USAGE, "negative length");
    SCOPED(freep) char *bytes = xmalloc((size_t)n);
    TRY(session_read(c->session, (taddr)at, bytes, (size_t)n));
    json_object_begin(j);
    json_key(j, "Mem");
    json_base64(j, bytes, (size_t)n);
    json_kv_bool(j, "IsLittleEndian", true);
    json_object_end(j);
    return NULL;
}

/* ---- instructions ---- */

enum { FLAVOUR_GNU = 0 }; /* the others, Intel's and that of Go's assembler, are written in Intel's syntax */

struct listing {
    struct client *client;
    taddr pc; /* of the thread that is looked at */
    bool intel;
};

static void put_destination(struct client *c, struct json *j, const struct instruction *in)
{
    json_key(j, "DestLoc");
    if (!in->has_target || !begins_with(in->text, "call")) {
        json_null(j);
        return;
    }
    struct goroutine_at at = goroutine_at_address(c->session, in->target, in->target);
    delve_put_location(c, j, &at);
}

/* binutils' spelling with one blank between columns; Intel's in small letters, as Go's tools have it. The beginning of a
 * function stands there by its name. */
static void put_text(struct client *c, struct json *j, const struct instruction *in, bool intel)
{
    struct text t = {0};
    struct symbol sym;
    const char *name;
    for (const char *s = in->text; *s; s++) {
        if (*s != ' ' || (t.n && t.p[t.n - 1] != ' '))
            text_putc(&t, intel && *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s);
        if (intel && *s == ',')
            text_putc(&t, ' ');
    }
    bool named = in->has_target && session_symbol(c->session, in->target, &sym, &name) && sym.addr == in->target;
    char *digits = named && !in->target_noted ? strstr(text_str(&t), "0x") : NULL;
    if (digits) {
        t.n = (size_t)(digits - t.p);
        text_put(&t, name);
    } else if (named && in->target_noted) {
        text_printf(&t, " # %s", name);
    }
    json_kv_string(j, "Text", text_str(&t));
    text_done(&t);
}

static void put_instruction(const struct listing *l, struct json *j, const struct instruction *in)
{
    struct client *c = l->client;
    struct goroutine_at at = goroutine_at_address(c->session, in->pc, in->pc);
    json_object_begin(j);
    json_key(j, "Loc");
    delve_put_location(c, j, &at);
    put_destination(c, j, in);
    put_text(c, j, in, l->intel);
    json_key(j, "Bytes");
    json_base64(j, in->bytes, in->size);
    json_kv_bool(j, "Breakpoint", false);
    json_kv_bool(j, "AtPC", in->pc == l->pc);
    json_object_end(j);
}

static struct err *disassemble(struct client *c, struct arguments *a, struct json *j)
{
    struct arguments where = argument_object(a, "Scope");
    int64_t start = argument_integer(a, "StartPC", 0), end = argument_integer(a, "EndPC", 0);
    int64_t flavour = argument_integer(a, "Flavour", 0);
    struct listing l = {.client = c};
    struct code_function fn;
    struct instructions in;
    struct scope sc;
    TRY(arguments_check(a));
    if (!end) {
        if (!session_function(c->session, (taddr)start, &fn) || !fn.n)
            return err_new(ERR_NOT_FOUND, "address 0x%" PRIx64 " does not belong to any function", (uint64_t)start);
        start = (int64_t)fn.ranges[0].start;
        end = (int64_t)fn.ranges[0].end;
    }
    TRY(scope_find(c, &where, &sc));
    l.intel = flavour != FLAVOUR_GNU;
    l.pc = sc.stack->n ? sc.stack->frames[0].pc : 0;
    TRY(session_disassemble(c->session, (taddr)start, (taddr)end, 0, l.intel, &in));
    /* Looking places up may ask for other instructions. */
    VEC(struct instruction) kept = {0};
    for (size_t i = 0; i < in.n; i++) {
        *vec_push(&kept) = in.v[i];
        kept.v[i].text = arena_strdup(session_values(c->session)->arena, in.v[i].text);
    }
    result_begin(c, j, "Disassemble");
    json_array_begin(j);
    for (size_t i = 0; i < kept.n; i++)
        put_instruction(&l, j, &kept.v[i]);
    json_array_end(j);
    result_end(c, j);
    vec_done(&kept);
    return NULL;
}

/* ---- registers ---- */

struct shown_register {
    char name[16];
    unsigned dwarf;
    uint64_t value;
    char *text; /* in its place; heap; NULL: none */
};
struct shown_registers {
    VEC(struct shown_register) v;
};

/* Delve's order: where the thread is, then as DWARF numbers them. */
static int rank(const char *name)
{
    static const char *const first[] = {"Rip", "Rsp", "Rax", "Rbx", "Rcx", "Rdx", "Pc", "Sp"};
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        if (strcmp(first[i], name) == 0)
            return (int)i;
    return (int)ARRAY_LEN(first);
}

static int by_rank(const void *a, const void *b)
{
    const struct shown_register *x = a, *y = b;
    int order = rank(x->name) - rank(y->name);
    return order ? order : x->dwarf < y->dwarf ? -1 : x->dwarf > y->dwarf;
}

/* "\t[PF ZF IF IOPL=0]": the flags of x86 (Intel SDM volume 1, 3.4.3). */
static void put_flags(struct text *t, uint64_t v)
{
    static const char *const names[] = {"CF", "", "PF", "",   "AF", "",   "ZF", "SF", "TF",  "IF",  "DF",
                                        "OF", "", "",   "NT", "",   "RF", "VM", "AC", "VIF", "VIP", "ID"};
    enum { IOPL_SHIFT = 12, IOPL_MASK = 3 };
    text_put(t, "\t[");
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (i == IOPL_SHIFT)
            text_printf(t, "IOPL=%u ", (unsigned)(v >> IOPL_SHIFT) & IOPL_MASK);
        else if (*names[i] && v >> i & 1)
            text_printf(t, "%s ", names[i]);
    }
    t->n -= 1; /* the last blank */
    text_putc(t, ']');
}

static void put_value_text(struct text *t, const struct shown_register *r)
{
    if (r->text) {
        text_put(t, r->text);
        return;
    }
    text_printf(t, "0x%016" PRIx64, r->value);
    if (strcmp(r->name, "Rflags") == 0)
        put_flags(t, r->value);
}

static void put_registers(struct client *c, struct json *j, const struct shown_register *v, size_t n)
{
    struct text all = {0}, one = {0};
    size_t widest = 0;
    for (size_t i = 0; i < n; i++)
        widest = strlen(v[i].name) > widest ? strlen(v[i].name) : widest;
    for (size_t i = 0; i < n; i++) {
        text_printf(&all, "%*s = ", (int)widest, v[i].name);
        put_value_text(&all, &v[i]);
        text_putc(&all, '\n');
    }
    result_begin(c, j, "Registers");
    json_string(j, text_str(&all));
    text_done(&all);
    if (c->api_version != 1) {
        json_key(j, "Regs");
        json_array_begin(j);
        for (size_t i = 0; i < n; i++) {
            text_clear(&one);
            put_value_text(&one, &v[i]);
            json_object_begin(j);
            json_kv_string(j, "Name", v[i].name);
            json_kv_string(j, "Value", text_str(&one));
            json_kv_u64(j, "DwarfNumber", v[i].dwarf);
            json_object_end(j);
        }
        json_array_end(j);
    }
    result_end(c, j);
    text_done(&one);
}

/* "rip" as "Rip", "eflags" as "Rflags". */
static void name_register(struct shown_register *r, const char *name)
{
    snprintf(r->name, sizeof(r->name), "%s", strcmp(name, "eflags") == 0 ? "rflags" : name);
    if (r->name[0] >= 'a' && r->name[0] <= 'z')
        r->name[0] = (char)(r->name[0] - 'a' + 'A');
}

static void add_float(void *arg, const char *name, unsigned dwarf, struct text *t)
{
    struct shown_registers *found = arg;
    struct shown_register *r = vec_push(&found->v);
    *r = (struct shown_register){.dwarf = dwarf, .text = text_take(t)};
    snprintf(r->name, sizeof(r->name), "%s", name);
}

static void shown_done(struct shown_registers *found)
{
    for (size_t i = 0; i < found->v.n; i++)
        free(found->v.v[i].text);
    vec_done(&found->v);
}

static struct err *list_registers(struct client *c, struct arguments *a, struct json *j)
{
    struct arguments where = argument_object(a, "Scope");
    int64_t tid = argument_integer(a, "ThreadID", 0);
    const struct arch *arch = session_image(c->session)->arch;
    bool floats = argument_bool(a, "IncludeFp");
    SCOPED(shown_done) struct shown_registers found = {0};
    struct subject who = {.tid = (int32_t)tid};
    const struct sstack *st;
    struct scope sc;
    TRY(arguments_check(a));
    if (where.object || !tid) {
        TRY(scope_find(c, &where, &sc));
    } else {
        struct err *e = subject_stack(c, &who, 1, &st);
        if (e && e->code != ERR_NOT_FOUND)
            return e;
        bool none = e || !st->n;
        err_free(e);
        if (none)
            return err_new(ERR_NOT_FOUND, "couldn't find thread %" PRId64, tid);
        TRY(session_frame(c->session, st, 0, &sc.frame));
    }
    for (size_t i = 0; i < arch->n_regs; i++) {
        const struct reg_desc *d = &arch->regs[i];
        if (d->dwarf == REG_NONE || !regs_has(&sc.frame->regs, d->dwarf))
            continue;
        struct shown_register *r = vec_push(&found.v);
        *r = (struct shown_register){0};
        name_register(r, d->name);
        r->dwarf = d->dwarf;
        r->value = sc.frame->regs.val[d->dwarf];
    }
    if (floats)
        each_float_register(c->session, sc.frame, add_float, &found);
    if (found.v.n)
        qsort(found.v.v, found.v.n, sizeof(*found.v.v), by_rank);
    put_registers(c, j, found.v.v, found.v.n);
    return NULL;
}

static const struct method rows[] = {
    {"ExamineMemory", examine_memory, NULL},
    {"Disassemble", disassemble, NULL},
    {"ListRegisters", list_registers, NULL},
};
const struct method_table delve_code_methods = {rows, ARRAY_LEN(rows)};
