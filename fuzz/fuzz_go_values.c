/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Go over damaged memory and types. The input: the version's minor number, a byte of switches, the sizes of
 * .debug_info, .debug_abbrev and .debug_str (2 bytes each), these sections, and memory, which is also the module's
 * runtime types. Each DIE's type is read where the memory begins, and printed in every form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_dwarf.h"
#include "rt/go/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { HEAD = 8, MEMORY = 0x10000, DIES_MAX = 64, INPUT_MAX = 8192 };

static struct bytes take(struct cursor *c, size_t n)
{
    return cursor_bytes(c, n < cursor_left(c) ? n : cursor_left(c));
}

static void print(struct values *vs, const struct value *v, uint8_t switches)
{
    SCOPED(text_done) struct text text = {0};
    SCOPED(fclosep) FILE *null = fopen("/dev/null", "w");
    struct format f = format_defaults;
    struct json j;
    f.elements = 3;
    f.pretty = switches & 1;
    f.recurse = switches & 2 ? 3 : 1;
    f.letter = switches & 4 ? 'x' : 0;
    format_value(vs, v, &f, &text);
    format_scalar(vs, v, &f, &text);
    json_init(&j, null, false);
    format_json(vs, v, &f, &j);
    IGNORE_ERR(json_finish(&j)); /* of /dev/null */
}

/* What go_dwarf_list() finds in a module's DWARF. */
static void note_runtime_type(struct rt *rt, const struct dw_die *die)
{
    uint64_t offset;
    if (dw_tag(die) == DW_TAG_constant)
        go_constant_add(rt, die);
    if (!dw_attr_uint(die, DW_AT_go_runtime_type, &offset))
        return;
    *map64_put(&rt->dwarf_types, MEMORY + offset, NULL) = rt->type_dies.n;
    *vec_push(&rt->type_dies) = *die;
}

static void each_type(struct rt *rt, struct values *vs, struct dwarf *d, uint8_t switches, bool notes)
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
            if (notes) {
                note_runtime_type(rt, &die);
                continue;
            }
            struct value v = value_at(vs, type_of_die(vs->types, &die), MEMORY);
            print(vs, &v, switches);
            arena_done(vs->arena);
            *vs->arena = (struct arena){0};
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < HEAD || n > INPUT_MAX)
        return 0;
    struct cursor c = cursor_of((struct bytes){.p = data, .n = n}, 0, "input");
    uint8_t minor = cursor_u8(&c), switches = cursor_u8(&c);
    uint16_t info = cursor_u16(&c), abbrev = cursor_u16(&c), str = cursor_u16(&c);
    struct dwarf *d = fuzz_dwarf(DW_MAIN);
    fuzz_section(d, DW_SEC_INFO, take(&c, info));
    fuzz_section(d, DW_SEC_ABBREV, take(&c, abbrev));
    fuzz_section(d, DW_SEC_STR, take(&c, str));
    struct bytes memory = take(&c, cursor_left(&c));
    struct image im = {.kind = IMAGE_CORE, .path = "fuzz", .arch = &arch_x86_64};
    space_add(&im.space,
              (struct space_range){.start = MEMORY, .end = MEMORY + 4096, .data = memory.p, .have = memory.n});
    space_sort(&im.space);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct arena arena = {0};
    struct rt rt = {.ms = ms, .build = {.minor = minor}, .tried_types = true};
    *vec_push(&rt.modules) = (struct go_module){.types = MEMORY, .etypes = MEMORY + memory.n};
    const struct formatter *formatters[] = {go_formatter(&rt), NULL};
    struct values vs = {.ms = ms, .types = types_new(ms, NULL), .arena = &arena, .formatters = formatters};
    each_type(&rt, &vs, d, switches, true);
    go_constants_sort(&rt);
    each_type(&rt, &vs, d, switches, false);
    types_free(vs.types);
    arena_done(&arena);
    vec_done(&rt.modules);
    vec_done(&rt.type_dies);
    vec_done(&rt.constants);
    map64_done(&rt.dwarf_types);
    dwarf_free(d);
    modules_free(ms);
    space_done(&im.space);
    arena_done(&im.arena);
    return 0;
}
