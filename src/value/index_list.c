/* SPDX-License-Identifier: Apache-2.0 */
/* All names, and all source files. */
#include "value/index_priv.h"

#include "module/line.h"

struct listing {
    struct index *ix;
    struct index_module *im;
    unsigned kinds;
    bool (*fn)(void *arg, const struct index_hit *hit, const char *name);
    void *arg;
    struct text name;
};

/* "a::b::" */
static void put_scopes(struct text *t, const struct index_part *p, uint32_t scope)
{
    uint32_t path[64];
    size_t n = 0;
    for (; scope && n < ARRAY_LEN(path); scope = p->scopes.v[scope].parent)
        path[n++] = scope;
    while (n-- > 0) {
        text_put(t, p->scopes.v[path[n]].name);
        text_put(t, "::");
    }
}

/* As above, of the DIEs around one; with the function that it is local to. */
static void put_path(struct index *ix, struct text *t, const struct dw_die *declared)
{
    struct dw_die path[INDEX_MAX_PATH];
    size_t n = dw_die_path(&ix->paths, declared->unit, declared->offset, path, INDEX_MAX_PATH);
    bool transparent;
    for (size_t i = 0; i < n && i < INDEX_MAX_PATH; i++) {
        const char *name = index_path_name(&path[i], &transparent);
        if (name) {
            text_put(t, name);
            text_put(t, "::");
        }
    }
}

static bool list_entry(struct listing *l, const struct index_part *p, const struct index_entry *e)
{
    struct index_hit hit;
    struct dw_die declared;
    if (!(index_entry_kind(e) & l->kinds) || !index_entry_die(l->im, e, &hit, &declared))
        return true;
    text_clear(&l->name);
    if (e->where & INDEX_ENTRY_FAR)
        put_path(l->ix, &l->name, &declared);
    else
        put_scopes(&l->name, p, e->scope);
    text_put(&l->name, hit.name);
    return l->fn(l->arg, &hit, text_str(&l->name));
}

static bool list_symbols(struct listing *l)
{
    struct index_module *im = l->im;
    index_symbols(im);
    for (size_t i = 0; i < im->symbols.n; i++) {
        const struct index_symbol *is = &im->symbols.v[i];
        struct index_hit hit = {
            .kind = index_symbol_kind(&is->symbol), .module = im->m, .name = is->name, .symbol = is->symbol};
        if ((hit.kind & l->kinds) && !l->fn(l->arg, &hit, is->name))
            return false;
    }
    return true;
}

static bool list_module(struct listing *l)
{
    for (size_t i = 0; i < l->im->parts.n; i++) {
        const struct index_part *p = l->im->parts.v[i];
        for (size_t k = 0; k < INDEX_SHARDS; k++)
            for (size_t n = 0; n < p->shards[k].n; n++)
                if (!list_entry(l, p, &p->shards[k].v[n]))
                    return false;
    }
    return true;
}

struct err *index_each(struct index *ix, unsigned kinds,
                       bool (*fn)(void *arg, const struct index_hit *hit, const char *name), void *arg)
{
    struct listing l = {.ix = ix, .kinds = kinds, .fn = fn, .arg = arg};
    struct err *e = NULL;
    bool more = true;
    for (size_t i = 0; i < ix->n && more && !e; i++) {
        l.im = &ix->modules[i];
        e = index_build(ix, l.im);
        more = !e && list_module(&l) && list_symbols(&l);
    }
    text_done(&l.name);
    return e;
}

/* ---- files ---- */

struct file_list {
    struct arena *arena;
    struct mapstr met;
    VEC(const char *) v;
};

static void add_file(struct file_list *f, const char *path)
{
    bool fresh;
    if (!path || mapstr_find(&f->met, path, strlen(path)))
        return;
    path = arena_strdup(f->arena, path);
    mapstr_put(&f->met, path, strlen(path), &fresh);
    *vec_push(&f->v) = path;
}

static void add_unit_files(struct file_list *f, struct dw_unit *u)
{
    struct arena scratch = {0};
    struct lines l;
    struct err *e = lines_init(&l, u);
    if (!e) {
        for (size_t i = 0; i < l.files.n; i++)
            add_file(f, lines_path(&l, l.version >= 5 ? i : i + 1, &scratch));
        lines_done(&l);
    }
    err_free(e); /* a unit without lines has no files to add */
    arena_done(&scratch);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct err *index_files(struct index *ix, struct index_files *out)
{
    struct file_list f = {.arena = &ix->arena};
    for (size_t i = 0; i < ix->n && !ix->have_files; i++) {
        struct dwarf *d = module_dwarf(ix->modules[i].m);
        const struct dw_units *us = d ? dwarf_units(d, false) : NULL;
        for (size_t k = 0; us && k < us->n && !progress_cancelled(ix->progress); k++)
            add_unit_files(&f, &us->v[k]);
    }
    mapstr_done(&f.met);
    if (progress_cancelled(ix->progress)) {
        vec_done(&f.v);
        return err_new(ERR_CANCELLED, "cancelled");
    }
    if (!ix->have_files) {
        if (f.v.n)
            qsort(f.v.v, f.v.n, sizeof(*f.v.v), by_text);
        const char **kept = arena_array(&ix->arena, const char *, f.v.n + 1);
        if (f.v.n)
            memcpy(kept, f.v.v, f.v.n * sizeof(*kept));
        ix->files = (struct index_files){.v = kept, .n = f.v.n};
        ix->have_files = true;
    }
    vec_done(&f.v);
    *out = ix->files;
    return NULL;
}
