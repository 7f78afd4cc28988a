/* SPDX-License-Identifier: Apache-2.0 */
/* Types of damaged DWARF: cycles, depth, wrong sizes; all that is in them, by name and spelt out. The input is a
 * byte of switches and then, for each section, its size in two bytes and its bytes. */
#include "fuzz_dwarf.h"
#include "value/type_priv.h"

enum { MAX_TYPES = 64, MAX_PRINTED = 8 };

static void look_inside(const struct type *t)
{
    struct dw_die d;
    struct fields f = type_fields(t);
    for (size_t i = 0; i < f.n; i++)
        type_strip(f.v[i].type);
    type_parameters(t);
    type_enumerators(t);
    type_variants(t);
    type_template_args(t);
    type_subrange(t, &d);
    type_complete(t);
}

static void print(const struct type *t, uint8_t switches)
{
    const struct type_print how = {.depth = switches & 1,
                                   .offsets = switches & 2,
                                   .hex = switches & 4,
                                   .raw = switches & 8,
                                   .no_methods = switches & 16,
                                   .no_typedefs = switches & 32};
    struct text text = {0};
    type_name(&text, t, switches & 64 ? "inner" : NULL);
    type_declaration(&text, t, &how);
    text_done(&text);
}

static void read_unit(struct types *types, struct dw_unit *u, uint8_t switches)
{
    struct dw_die root, die;
    struct dw_walk w;
    const struct type *last = NULL;
    if (!dw_die_root(u, &root))
        return;
    dw_walk_init(&w, &root);
    for (int i = 0; i < MAX_TYPES && dw_walk_next(&w, &die); i++) {
        const struct type *t = type_of_die(types, &die);
        look_inside(t);
        look_inside(type_of(types, &die));
        if (i < MAX_PRINTED)
            print(t, switches);
        if (last)
            type_equal(last, t);
        last = t;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of((struct bytes){data, size}, 0, "input");
    uint8_t switches = cursor_u8(&c);
    struct dwarf *d = fuzz_dwarf(DW_MAIN);
    struct image im = {.kind = IMAGE_CORE, .path = "core", .arch = &arch_x86_64};
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct types *types = types_new(ms, NULL);
    for (int s = 0; s < DW_SEC_COUNT && !c.failed; s++)
        fuzz_section(d, (enum dw_section)s, cursor_bytes(&c, cursor_u16(&c)));
    for (int section = 0; section < 2; section++) {
        const struct dw_units *us = dwarf_units(d, section);
        for (size_t i = 0; i < us->n && i < MAX_TYPES; i++)
            read_unit(types, &us->v[i], switches);
    }
    types_free(types);
    modules_free(ms);
    dwarf_free(d);
    arena_done(&im.arena);
    return 0;
}
