/* SPDX-License-Identifier: Apache-2.0 */
/* From a DIE to those around it. */
#include "module/dwarf_priv.h"

/* No program nests scopes this deep; a damaged unit may look as if it did. */
#define MAX_DEPTH 256

/* A child that has children itself: other DIEs lie in [die.offset, end). */
struct inner {
    struct dw_die die;
    uint64_t end;
};

/* Those children of one DIE, by offset. */
struct dw_inner {
    struct inner *v;
    size_t n;
};

void dw_scopes_done(struct dw_scopes *s)
{
    map64_done(&s->known);
    arena_done(&s->arena);
}

uint64_t dw_die_key(const struct dw_die *die)
{
    struct bytes b = dwarf_section(die->unit->file, die->unit->in_types ? DW_SEC_TYPES : DW_SEC_INFO);
    return (uint64_t)(uintptr_t)(b.p + die->offset);
}

static struct dw_inner *list_inner(struct dw_scopes *s, const struct dw_die *parent)
{
    VEC(struct inner) found = {0};
    struct cursor c = dw_unit_cursor(parent->unit, parent->offset);
    struct dw_die d;
    cursor_skip(&c, parent->attrs - parent->offset);
    if (parent->abbrev->children && dw_skip_attrs(parent->unit, &c, parent->abbrev, UINT32_MAX))
        while (dw_read_die(parent->unit, &c, &d) && dw_skip_tree(parent->unit, &c, d.abbrev))
            if (d.abbrev->children)
                *vec_push(&found) = (struct inner){.die = d, .end = c.base + cursor_offset(&c)};
    struct dw_inner *list = arena_new(&s->arena, struct dw_inner);
    list->n = found.n;
    list->v = arena_array(&s->arena, struct inner, found.n ? found.n : 1);
    if (found.n)
        memcpy(list->v, found.v, found.n * sizeof(*list->v));
    vec_done(&found);
    return list;
}

static const struct dw_inner *inner_of(struct dw_scopes *s, const struct dw_die *parent)
{
    bool fresh;
    uint64_t key = dw_die_key(parent), *slot = map64_put(&s->known, key, &fresh);
    if (fresh)
        *slot = (uint64_t)(uintptr_t)list_inner(s, parent);
    return (const struct dw_inner *)(uintptr_t)*slot;
}

static const struct inner *enclosing(const struct dw_inner *list, uint64_t offset)
{
    size_t lo = 0, hi = list->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (list->v[mid].end <= offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < list->n && list->v[lo].die.offset < offset ? &list->v[lo] : NULL;
}

size_t dw_die_path(struct dw_scopes *s, struct dw_unit *u, uint64_t offset, struct dw_die *out, size_t max)
{
    struct dw_die d;
    size_t n = 0;
    if (!dw_die_root(u, &d))
        return 0;
    while (n < MAX_DEPTH) {
        const struct inner *in = enclosing(inner_of(s, &d), offset);
        if (!in)
            break;
        d = in->die;
        if (n < max)
            out[n] = d;
        n++;
    }
    return n;
}
