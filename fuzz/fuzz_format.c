/* SPDX-License-Identifier: Apache-2.0 */
/* Values of any type over damaged memory. The input: a byte that chooses the letter, one of switches, the sizes of
 * .debug_info, .debug_abbrev and .debug_str (2 bytes each), these sections, and memory. Each DIE's type is read
 * where the memory begins, in a register, and as bytes that are too few, and printed in every form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fuzz_dwarf.h"
#include "value/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { HEAD = 8, MEMORY = 0x10000, DIES_MAX = 40 };

struct input {
    struct bytes info, abbrev, str, memory;
    struct format format;
};

static struct bytes take(struct cursor *c, size_t n)
{
    return cursor_bytes(c, n < cursor_left(c) ? n : cursor_left(c));
}

static struct input read_input(const uint8_t *data, size_t n)
{
    static const char letters[] = {0, 'x', 'd', 'u', 'o', 't', 'a', 'c', 'f', 's', 'z', 'r', 0, 0, 0, 0};
    struct input in = {.format = format_defaults};
    struct cursor c = cursor_of((struct bytes){.p = data, .n = n}, 0, "input");
    uint8_t letter = cursor_u8(&c), switches = cursor_u8(&c);
    uint16_t info = cursor_u16(&c), abbrev = cursor_u16(&c), str = cursor_u16(&c);
    in.format.letter = letters[letter & 15];
    in.format.elements = letter >> 7 ? 0 : 3; /* few: arrays of arrays multiply */
    in.format.depth = 2;
    in.format.pretty = switches & 1;
    in.format.array = switches & 2;
    in.format.array_indexes = switches & 4;
    in.format.object = switches & 8;
    in.format.null_stop = switches & 16;
    in.format.repeats = switches & 32 ? 0 : 2;
    in.format.addresses = !(switches & 64);
    in.info = take(&c, info);
    in.abbrev = take(&c, abbrev);
    in.str = take(&c, str);
    in.memory = take(&c, cursor_left(&c));
    return in;
}

static void print(struct values *vs, const struct value *v, const struct format *f)
{
    SCOPED(text_done) struct text text = {0};
    SCOPED(fclosep) FILE *null = fopen("/dev/null", "w");
    struct json j;
    struct value other;
    format_value(vs, v, f, &text);
    format_scalar(vs, v, f, &text);
    json_init(&j, null, false);
    format_json(vs, v, f, &j);
    IGNORE_ERR(json_finish(&j)); /* of /dev/null */
    const struct type *to[] = {type_c(vs->types, "long double"), type_c(vs->types, "_Bool"), v->type};
    for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
        struct err *e = to[i] ? value_cast(vs, v, to[i], &other) : NULL;
        err_free(e);
    }
    IGNORE_ERR(value_member(vs, v, "a", &other)); /* any outcome will do */
}

static void print_everywhere(struct values *vs, const struct input *in, const struct type *t)
{
    struct loc_piece pieces[] = {
        {.kind = LOC_REGISTER, .bits = 24, .bytes = in->memory},
        {.kind = LOC_MEMORY, .bits = 13, .addr = MEMORY, .bit_offset = 5},
        {.kind = LOC_ABSENT, .bits = 3},
        {.kind = LOC_BYTES, .bits = 1 << 20, .bytes = in->memory},
    };
    struct value v = value_at(vs, t, MEMORY);
    print(vs, &v, &in->format);
    v = value_of_bytes(vs, t, in->memory.p, in->memory.n / 2);
    print(vs, &v, &in->format);
    v.loc = (struct location){.pieces = pieces, .n = 4};
    print(vs, &v, &in->format);
}

static void print_types(struct values *vs, const struct input *in, struct dwarf *d)
{
    const struct dw_units *units = dwarf_units(d, false);
    size_t left = DIES_MAX;
    for (size_t i = 0; i < units->n; i++) {
        struct dw_die root, die;
        struct dw_walk w;
        if (!dw_die_root(&units->v[i], &root))
            continue;
        dw_walk_init(&w, &root);
        while (left && dw_walk_next(&w, &die)) {
            left--;
            print_everywhere(vs, in, type_of_die(vs->types, &die));
            arena_done(vs->arena);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < HEAD || n > 2048)
        return 0;
    struct input in = read_input(data, n);
    struct image im = {.kind = IMAGE_CORE, .path = "fuzz", .arch = &arch_x86_64};
    space_add(&im.space,
              (struct space_range){.start = MEMORY, .end = MEMORY + 4096, .data = in.memory.p, .have = in.memory.n});
    space_sort(&im.space);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct dwarf *d = fuzz_dwarf(DW_MAIN);
    fuzz_section(d, DW_SEC_INFO, in.info);
    fuzz_section(d, DW_SEC_ABBREV, in.abbrev);
    fuzz_section(d, DW_SEC_STR, in.str);
    struct arena arena = {0};
    struct values vs = {.ms = ms, .types = types_new(ms, NULL), .arena = &arena};
    print_types(&vs, &in, d);
    SCOPED(text_done) struct text text = {0};
    char letter = in.format.letter && in.format.letter != 's' && in.format.letter != 'r' ? in.format.letter : 'x';
    IGNORE_ERR(format_unit(&vs, MEMORY, letter, 1u << (data[1] & 3), &in.format, &text)); /* there may be none */
    (void)format_string(&vs, MEMORY, 1u << data[1] % 3, &in.format, &text);
    types_free(vs.types);
    arena_done(&arena);
    dwarf_free(d);
    modules_free(ms);
    space_done(&im.space);
    arena_done(&im.arena);
    return 0;
}
