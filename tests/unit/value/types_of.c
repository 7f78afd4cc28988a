/* SPDX-License-Identifier: Apache-2.0 */
/* types_of FILE: the types that a program or library names, and those of its variables and functions, a JSON
 * object a line: {"tag", "of": qualified name, "name": as whatis, "size", "ptype", "offsets": as ptype/o}. */
#include "base/json.h"
#include "mapped_file.h"
#include "value/type.h"

static bool is_type(uint16_t tag)
{
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type || tag == DW_TAG_typedef || tag == DW_TAG_base_type;
}

static void print(struct types *types, const struct dw_die *die)
{
    const struct type *t = is_type(dw_tag(die)) ? type_of_die(types, die) : type_of(types, die);
    const char *of = is_type(dw_tag(die)) ? t->name : dw_attr_string(die, DW_AT_name);
    SCOPED(text_done) struct text name = {0};
    if (!of)
        return;
    if (dw_tag(die) == DW_TAG_subprogram)
        t = type_of_die(types, die);
    type_name(&name, t, NULL);
    printf("%x\t%s\t%s\t%llu\t%zu\n", dw_tag(die), of, text_str(&name), (unsigned long long)t->size,
           type_fields(t).n + type_variants(t).n + type_enumerators(t).n + type_template_args(t).n);
}

static void print_unit(struct types *types, struct dw_unit *u)
{
    struct dw_unit *full = dw_unit_full(u);
    struct dw_die root, die;
    struct dw_walk w;
    if (!full || !dw_die_root(full, &root))
        return;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die))
        if (is_type(dw_tag(&die)) || dw_tag(&die) == DW_TAG_variable || dw_tag(&die) == DW_TAG_subprogram)
            print(types, &die);
}

int main(int argc, char **argv)
{
    struct image im = {.kind = IMAGE_CORE, .path = "/nowhere/core"};
    if (argc != 2)
        return 2;
    map_file(&im, argv[1]);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct types *types = types_new(ms, NULL);
    for (size_t i = 0; i < modules_count(ms); i++) {
        struct dwarf *d = module_dwarf(modules_get(ms, i));
        for (int section = 0; d && section < 2; section++) {
            const struct dw_units *us = dwarf_units(d, section);
            for (size_t k = 0; k < us->n; k++)
                print_unit(types, &us->v[k]);
        }
    }
    types_free(types);
    modules_free(ms);
    vec_done(&im.maps);
    arena_done(&im.arena);
    return 0;
}
