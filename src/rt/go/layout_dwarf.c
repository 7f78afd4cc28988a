/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's layout as the program's own debug information has it, for versions that have no table. */
#include "rt/go/priv.h"

enum { DEPTH_MAX = 8 }; /* components of a path */

static const struct {
    const char *type, *path;
    size_t at; /* of the field in struct go_layout */
} fields[] = {
#define X(field, type, path) {type, path, offsetof(struct go_layout, field)},
    GO_LAYOUT_FIELDS(X)
#undef X
};

static bool is_wanted(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_LEN(fields); i++)
        if (strcmp(fields[i].type, name) == 0)
            return true;
    return false;
}

/* The member of a struct by the first component of a path. */
static bool find_member(const struct dw_die *type, const char *path, size_t n, struct dw_die *out)
{
    for (bool ok = dw_die_child(type, out); ok; ok = dw_die_next(out)) {
        const char *name = dw_tag(out) == DW_TAG_member ? dw_attr_string(out, DW_AT_name) : NULL;
        if (name && strlen(name) == n && strncmp(name, path, n) == 0)
            return true;
    }
    return false;
}

/* Bytes from the start of a struct to what a path names; GO_NONE: it has no such field. */
static uint16_t offset_of(const struct dw_die *type, const char *path)
{
    struct dw_die at = *type, member;
    uint64_t offset = 0, more;

    if (!*path)
        return dw_attr_uint(type, DW_AT_byte_size, &offset) && offset < GO_NONE ? (uint16_t)offset : GO_NONE;
    for (int depth = 0; depth < DEPTH_MAX && *path; depth++) {
        size_t n = strcspn(path, ".");
        if (dw_tag(&at) == DW_TAG_typedef && !dw_attr_die(&at, DW_AT_type, &at))
            return GO_NONE;
        if (!find_member(&at, path, n, &member) || !dw_attr_uint(&member, DW_AT_data_member_location, &more))
            return GO_NONE;
        offset += more;
        path += n + (path[n] == '.');
        if (*path && !dw_attr_die(&member, DW_AT_type, &at))
            return GO_NONE;
    }
    return offset < GO_NONE ? (uint16_t)offset : GO_NONE;
}

static void take_fields(struct go_layout *l, const struct dw_die *type, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        uint16_t offset;
        if (strcmp(fields[i].type, name) != 0)
            continue;
        offset = offset_of(type, fields[i].path);
        memcpy((char *)l + fields[i].at, &offset, sizeof(offset));
    }
}

static void take_unit(struct dw_unit *u, struct go_layout *l)
{
    struct dw_die root, die;
    struct dw_walk w;

    if (dw_unit_root(u)->language != DW_LANG_Go || !dw_die_root(u, &root))
        return;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        dw_walk_skip(&w);
        const char *name = dw_tag(&die) == DW_TAG_structure_type ? dw_attr_string(&die, DW_AT_name) : NULL;
        if (is_wanted(name))
            take_fields(l, &die, name);
    }
}

const struct go_layout *go_layout_dwarf(struct rt *rt, struct module *m)
{
    struct dwarf *d = m ? module_dwarf(m) : NULL;
    struct go_layout *l = arena_new(&rt->arena, struct go_layout);
    const struct dw_units *units = d ? dwarf_units(d, false) : NULL;

    *l = *go_layout_newest();
    l->version = rt->build.version;
    l->minor = (uint16_t)rt->build.minor;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        memcpy((char *)l + fields[i].at, &(uint16_t){GO_NONE}, sizeof(uint16_t));
    for (size_t i = 0; units && i < units->n; i++)
        take_unit(&units->v[i], l);
    /* What nothing works without. */
    bool whole = l->g_size <= GO_G_READ && l->g_goid != GO_NONE && l->g_status != GO_NONE && l->g_sched_pc != GO_NONE &&
                 l->g_sched_sp != GO_NONE && l->g_m != GO_NONE && l->m_curg != GO_NONE && l->m_g0 != GO_NONE;
    return whole ? l : NULL;
}
