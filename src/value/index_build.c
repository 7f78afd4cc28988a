/* SPDX-License-Identifier: Apache-2.0 */
/* Making the index of a module: its units on all cores, then what those units turned out to need. */
#include "value/index_priv.h"

struct building {
    struct index *ix;
    struct index_module *im;
    pthread_mutex_t lock; /* guards idle */
    VEC(struct index_part *) idle;
    size_t first; /* of the units of this round */
    atomic_size_t done;
};

/* Parts are as many as there are workers. */
static struct index_part *take_part(struct building *b)
{
    struct index_part *p = NULL;
    pthread_mutex_lock(&b->lock);
    if (b->idle.n) {
        p = b->idle.v[--b->idle.n];
    } else {
        p = xcalloc(1, sizeof(*p));
        p->hashed = xcalloc((size_t)1 << INDEX_HASHED_BITS, sizeof(*p->hashed));
        *vec_push(&b->im->parts) = p;
    }
    pthread_mutex_unlock(&b->lock);
    return p;
}

static void give_part(struct building *b, struct index_part *p)
{
    pthread_mutex_lock(&b->lock);
    *vec_push(&b->idle) = p;
    pthread_mutex_unlock(&b->lock);
}

static void note_file(struct index_part *p, struct dwarf *d)
{
    bool fresh;
    map64_put(&p->met, (uint64_t)(uintptr_t)d, &fresh);
    if (fresh)
        *vec_push(&p->files) = d;
}

static void scan_one(void *arg, size_t i)
{
    struct building *b = arg;
    size_t number = b->first + i;
    if (progress_cancelled(b->ix->progress))
        return;
    struct index_part *p = take_part(b);
    struct dw_unit *u = b->im->units.v[number], *full = dw_unit_full(u);
    if (full && full != u) {
        note_file(p, full->file);
        /* From now on the unit is the one with the DIEs. Only this worker looks at it. */
        b->im->units.v[number] = u = full;
    }
    if (full)
        index_scan_unit(p, (uint32_t)number, u);
    give_part(b, p);
    progress_report(b->ix->progress, "units", atomic_fetch_add(&b->done, 1) + 1, b->im->units.n);
}

static void add_unit(struct index_module *im, struct dw_unit *u)
{
    if (im->units.n < INDEX_MAX_UNITS)
        *vec_push(&im->units) = u;
}

static void add_units(struct index_module *im, struct dwarf *d, bool only_types)
{
    for (int types = 0; types < 2; types++) {
        const struct dw_units *us = dwarf_units(d, types);
        for (size_t i = 0; i < us->n; i++) {
            bool is_type = types || us->v[i].type == DW_UT_type || us->v[i].type == DW_UT_split_type;
            if (is_type || !only_types)
                add_unit(im, &us->v[i]);
        }
    }
}

/* What the last round found beside its units, each once. */
static void add_found(struct index_module *im, struct map64 *met)
{
    bool fresh;
    for (size_t i = 0; i < im->parts.n; i++) {
        struct index_part *p = im->parts.v[i];
        for (size_t k = 0; k < p->imported.n; k++) {
            map64_put(met, (uint64_t)(uintptr_t)p->imported.v[k], &fresh);
            if (fresh)
                add_unit(im, p->imported.v[k]);
        }
        for (size_t k = 0; k < p->files.n; k++) {
            map64_put(met, (uint64_t)(uintptr_t)p->files.v[k], &fresh);
            if (fresh)
                add_units(im, p->files.v[k], true);
        }
        p->imported.n = p->files.n = 0;
    }
}

static void free_scratch(struct index_part *p)
{
    map64_done(&p->scope_ids);
    map64_done(&p->met);
    dw_scan_done(&p->scan);
    text_done(&p->scratch);
    free(p->hashed);
    p->hashed = NULL;
    vec_done(&p->links);
    vec_done(&p->places);
    vec_done(&p->imported);
    vec_done(&p->files);
}

static void scan_rounds(struct building *b)
{
    struct index_module *im = b->im;
    struct map64 met = {0};
    while (b->first < im->units.n) {
        size_t end = im->units.n;
        parallel_for(end - b->first, scan_one, b);
        b->first = end;
        add_found(im, &met);
    }
    map64_done(&met);
}

void index_scan_file(struct index *ix, struct index_module *im, struct dwarf *d)
{
    struct building b = {.ix = ix, .im = im};
    pthread_mutex_init(&b.lock, NULL);
    add_units(im, d, false);
    scan_rounds(&b);
    for (size_t i = 0; i < im->parts.n; i++)
        free_scratch(im->parts.v[i]);
    vec_done(&b.idle);
    pthread_mutex_destroy(&b.lock);
}

struct err *index_build(struct index *ix, struct index_module *im)
{
    struct dwarf *d = im->built ? NULL : module_dwarf(im->m);
    if (d)
        index_scan_file(ix, im, d);
    if (progress_cancelled(ix->progress)) {
        if (!im->built)
            index_module_done(im);
        return err_new(ERR_CANCELLED, "cancelled");
    }
    im->built = true;
    return NULL;
}

void index_module_done(struct index_module *im)
{
    for (size_t i = 0; i < im->parts.n; i++) {
        struct index_part *p = im->parts.v[i];
        for (size_t k = 0; k < INDEX_SHARDS; k++)
            vec_done(&p->shards[k]);
        vec_done(&p->scopes);
        free(p);
    }
    vec_done(&im->parts);
    vec_done(&im->units);
    vec_done(&im->symbols);
    arena_done(&im->arena);
}
