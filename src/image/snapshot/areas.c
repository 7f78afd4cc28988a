/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that a fork does not freeze: what the process shares with others, and what it told the kernel not to hand on
 * (madvise(2), MADV_DONTFORK and MADV_WIPEONFORK). What fits into a budget is copied while the process stands still. */
#include "image/snapshot/snapshot.h"

#include <errno.h>
#include <sys/mman.h>

enum {
    COPIED_MAX = 8 << 20, /* bytes that are copied in the pause: about 2 ms */
    LOOK_MAX = 1 << 30,   /* resident bytes: asking for the flags of mappings takes about 12 ms a GiB, for which calls
                             of the process that map memory have to wait */
};

static bool is_unfrozen(const struct mapping *m, const struct mapping_facts *f, enum image_unfrozen_why *why)
{
    *why = f->not_forked ? UNFROZEN_NOT_FORKED : f->wiped ? UNFROZEN_WIPED : UNFROZEN_SHARED;
    return !f->device && (*why != UNFROZEN_SHARED || m->shared);
}

static void add_area(struct areas *a, const struct mapping *m, const struct mapping_facts *f)
{
    enum image_unfrozen_why why;

    if (is_unfrozen(m, f, &why))
        *vec_push(&a->v) = (struct area){.m = *m, .facts = *f, .why = why};
}

static uint64_t resident(const struct proc *p)
{
    SCOPED(freep) char *statm = NULL;
    struct err *e = proc_slurp(p, "statm", &statm, NULL);
    char *at = statm;
    uint64_t pages = UINT64_MAX >> 12;

    if (!e) {
        (void)strtoull(at, &at, 10);
        pages = strtoull(at, NULL, 10);
    }
    err_free(e); /* as one that is large */
    return pages << 12;
}

/* Of no file but in memory: what a core holds of shared mappings by default. */
static bool is_to_be_copied(const struct area *a)
{
    bool kept = a->why != UNFROZEN_SHARED || a->m.deleted || !a->m.path;
    return kept && !a->facts.left_out && (a->m.prot & PROT_BIT_READ);
}

static struct err *share(struct areas *a, size_t n, size_t bytes)
{
    a->shared_size = n * sizeof(*a->shared) + bytes;
    void *p = mmap(NULL, a->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED)
        return err_errno(errno, "cannot set memory aside for %zu bytes that the process shares", bytes);
    a->shared = p;
    uint8_t *to = (uint8_t *)(a->shared + n);
    for (size_t i = 0; i < a->v.n; i++) {
        struct area *area = &a->v.v[i];
        if (!area->chosen)
            continue;
        size_t size = (size_t)(area->m.end - area->m.start);
        area->copy = &a->shared[a->n_shared++];
        *area->copy = (struct snap_area){.start = area->m.start, .n = size, .to = to};
        to += size;
    }
    return NULL;
}

/* Those that fit, in the order of addresses. */
static struct err *choose(struct areas *a)
{
    size_t bytes = 0, n = 0;

    for (size_t i = 0; i < a->v.n; i++) {
        uint64_t size = a->v.v[i].m.end - a->v.v[i].m.start;
        if (!is_to_be_copied(&a->v.v[i]) || size > COPIED_MAX - bytes)
            continue;
        a->v.v[i].chosen = true;
        bytes += (size_t)size;
        n++;
    }
    return n ? share(a, n, bytes) : NULL;
}

struct err *areas_choose(struct areas *a, const struct image *im)
{
    const struct live *l = im->priv;
    SCOPED(freep) struct mapping_facts *facts = xcalloc(im->maps.n, sizeof(*facts));
    char name[64];

    a->looked = resident(&l->proc) <= LOOK_MAX;
    if (a->looked)
        TRY(live_read_facts(&l->proc, live_own(l, name, "smaps"), im, facts));
    for (size_t i = 0; i < im->maps.n; i++)
        add_area(a, &im->maps.v[i], &facts[i]);
    return choose(a);
}

/* ---- with the copy ---- */

static int by_start(const void *a, const void *b)
{
    const struct area *x = a, *y = b;
    return x->m.start < y->m.start ? -1 : x->m.start > y->m.start;
}

static bool has_mapping(const struct image *im, const struct mapping *m)
{
    const struct mapping *there = image_mapping(im, m->start);
    return there && there->start < m->end;
}

/* Of a large process: what it did not hand on is what the copy lacks, and only if there is any is the process asked for
 * the flags of its mappings. What is wiped the copy knows. */
static struct err *look_again(struct areas *a, struct image *im, const struct mapping *before, size_t n_before)
{
    const struct live *l = im->priv;
    SCOPED(freep) struct mapping_facts *facts = xcalloc(n_before > im->maps.n ? n_before : im->maps.n, sizeof(*facts));
    bool lacks = false;
    char name[64];

    TRY(live_read_facts(&l->proc, live_own(l, name, "smaps"), im, facts));
    for (size_t i = 0; i < im->maps.n; i++)
        if (facts[i].wiped)
            add_area(a, &im->maps.v[i], &facts[i]);
    for (size_t i = 0; i < n_before && !lacks; i++)
        lacks = !has_mapping(im, &before[i]);
    if (!lacks)
        return NULL;
    struct image origin = {.maps = {.v = xcalloc(n_before, sizeof(*before)), .n = n_before}};
    memcpy(origin.maps.v, before, n_before * sizeof(*before));
    struct err *e = live_read_facts(&l->origin, "smaps", &origin, facts);
    for (size_t i = 0; i < n_before && !e; i++)
        if (facts[i].not_forked && !has_mapping(im, &before[i]))
            add_area(a, &before[i], &facts[i]);
    free(origin.maps.v);
    return e;
}

static void add_mapping(struct image *im, const struct mapping *m)
{
    size_t i = im->maps.n;

    (void)vec_push(&im->maps);
    for (; i > 0 && im->maps.v[i - 1].start > m->start; i--)
        im->maps.v[i] = im->maps.v[i - 1];
    im->maps.v[i] = *m;
}

static void use_area(struct image *im, const struct area *a)
{
    struct live *l = im->priv;
    size_t got = a->copy ? a->copy->got : 0;

    if (a->why == UNFROZEN_NOT_FORKED && !has_mapping(im, &a->m))
        add_mapping(im, &a->m);
    if (got) {
        uint8_t *bytes = arena_alloc(&im->arena, got);
        memcpy(bytes, a->copy->to, got);
        space_add(&im->space,
                  (struct space_range){.start = a->m.start, .end = a->m.start + got, .data = bytes, .have = got});
    }
    if (a->why != UNFROZEN_SHARED)
        *vec_push(&l->areas) =
            (struct live_area){.start = a->m.start, .end = a->m.end, .facts = a->facts, .elsewhere = true};
    if (got < a->m.end - a->m.start)
        *vec_push(&im->unfrozen) = (struct image_unfrozen){.start = a->m.start + got, .end = a->m.end, .why = a->why};
}

struct err *areas_use(struct areas *a, struct image *im, const struct mapping *before, size_t n_before)
{
    if (!a->looked)
        TRY(look_again(a, im, before, n_before));
    if (a->v.n)
        qsort(a->v.v, a->v.n, sizeof(*a->v.v), by_start);
    for (size_t i = 0; i < a->v.n; i++)
        use_area(im, &a->v.v[i]);
    return NULL;
}

void areas_done(struct areas *a)
{
    vec_done(&a->v);
    if (a->shared)
        munmap(a->shared, a->shared_size);
}
