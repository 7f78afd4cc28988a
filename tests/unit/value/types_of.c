/* SPDX-License-Identifier: Apache-2.0 */
/* types_of FILE [N]: the types that a program or library names, and those of its variables and functions, a JSON
 * object a line: {"tag", "of": name, "size", "declaration", "name": as whatis, "ptype": as ptype/r, "offsets": as
 * ptype/or, "usual": as ptype}. With N, about
 * one name in N, always the same ones. */
#include "base/json.h"
#include "base/map.h"
#include "mapped_file.h"
#include "value/type.h"

static bool is_type(uint16_t tag)
{
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type || tag == DW_TAG_typedef || tag == DW_TAG_base_type;
}

static void put(struct json *j, const char *key, const struct type *t, const struct type_print *how)
{
    SCOPED(text_done) struct text text = {0};
    if (how)
        type_declaration(&text, t, how);
    else
        type_name(&text, t, NULL);
    json_kv_string(j, key, text_str(&text));
}

static void print(struct types *types, const struct dw_die *die, unsigned long every)
{
    bool type = is_type(dw_tag(die));
    const struct type *t = type || dw_tag(die) == DW_TAG_subprogram ? type_of_die(types, die) : type_of(types, die);
    const char *of = type ? t->name : dw_attr_string(die, DW_AT_name);
    if (!of || hash_stable(of, strlen(of)) % every)
        return;
    struct json j;
    json_init(&j, stdout, false);
    json_object_begin(&j);
    json_kv_u64(&j, "tag", dw_tag(die));
    json_kv_string(&j, "of", of);
    json_kv_u64(&j, "size", type_strip(t)->size);
    json_kv_bool(&j, "declaration", t->incomplete);
    put(&j, "name", t, NULL);
    put(&j, "ptype", t, &(struct type_print){.raw = true});
    put(&j, "offsets", t, &(struct type_print){.raw = true, .offsets = true});
    put(&j, "usual", t, &(struct type_print){0});
    json_object_end(&j);
    IGNORE_ERR(json_finish(&j)); /* the reader of a broken pipe has gone */
}

static void print_unit(struct types *types, struct dw_unit *u, unsigned long every)
{
    struct dw_unit *full = dw_unit_full(u);
    struct dw_die root, die;
    struct dw_walk w;
    if (!full || !dw_die_root(full, &root))
        return;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die))
        if (is_type(dw_tag(&die)) || dw_tag(&die) == DW_TAG_variable || dw_tag(&die) == DW_TAG_subprogram)
            print(types, &die, every);
}

int main(int argc, char **argv)
{
    struct image im = {.kind = IMAGE_CORE, .path = "/nowhere/core"};
    unsigned long every = argc == 3 ? strtoul(argv[2], NULL, 10) : 1;
    if (argc < 2 || !every)
        return 2;
    map_file(&im, argv[1]);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct types *types = types_new(ms, NULL);
    for (size_t i = 0; i < modules_count(ms); i++) {
        struct dwarf *d = module_dwarf(modules_get(ms, i));
        for (int section = 0; d && section < 2; section++) {
            const struct dw_units *us = dwarf_units(d, section);
            for (size_t k = 0; k < us->n; k++)
                print_unit(types, &us->v[k], every);
        }
    }
    types_free(types);
    modules_free(ms);
    vec_done(&im.maps);
    arena_done(&im.arena);
    return 0;
}
