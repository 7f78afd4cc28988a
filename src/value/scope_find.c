/* SPDX-License-Identifier: Apache-2.0 */
/* The functions at addresses: each unit is read once for all addresses in it, on all cores. */
#include "value/scope_priv.h"

struct wanted {
    struct module *m;
    taddr pc; /* link-time */
    struct dw_unit *unit;
    struct scope_at *at;
};
typedef VEC(struct wanted) wanted_list;

/* The addresses of one unit. */
struct job {
    struct wanted *v;
    size_t n;
    struct arena arena;
};
typedef VEC(struct job) job_list;

static int by_module(const void *x, const void *y)
{
    const struct wanted *a = x, *b = y;
    return a->m < b->m ? -1 : a->m > b->m;
}

static int by_unit_and_pc(const void *x, const void *y)
{
    const struct wanted *a = x, *b = y;
    if (a->unit != b->unit)
        return a->unit < b->unit ? -1 : 1;
    return a->pc < b->pc ? -1 : a->pc > b->pc;
}

static void want(struct values *vs, taddr lookup, wanted_list *out)
{
    bool fresh;
    uint64_t *slot = map64_put(&vs->scopes->at, lookup, &fresh);
    if (!fresh)
        return;
    struct scope_at *at = arena_new(&vs->scopes->arena, struct scope_at);
    *slot = (uint64_t)(uintptr_t)at;
    struct module *m = modules_find(vs->ms, lookup);
    if (m && m->bias_known)
        *vec_push(out) = (struct wanted){.m = m, .pc = lookup - m->bias, .at = at};
}

static void run_job(void *arg, size_t i)
{
    struct job *j = &((struct job *)arg)[i];
    struct dw_unit *full = dw_unit_full(j->v[0].unit);
    struct scopes *s = arena_array(&j->arena, struct scopes, j->n);
    if (!full)
        return;
    for (size_t k = 0; k < j->n; k++)
        s[k].pc = j->v[k].pc;
    scopes_find(full, s, j->n, &j->arena);
    for (size_t k = 0; k < j->n; k++)
        j->v[k].at->s = s[k];
}

/* Splits the addresses of one module into jobs, a unit each. */
static void make_jobs(struct dwarf *d, struct wanted *w, size_t n, job_list *jobs)
{
    SCOPED(freep) taddr *pcs = xcalloc(n, sizeof(*pcs));
    struct dw_unit **units = xcalloc(n, sizeof(struct dw_unit *));
    for (size_t i = 0; i < n; i++)
        pcs[i] = w[i].pc;
    dwarf_find_units(d, pcs, n, units);
    for (size_t i = 0; i < n; i++)
        w[i].unit = units[i];
    free(units);
    qsort(w, n, sizeof(*w), by_unit_and_pc);
    for (size_t i = 0; i < n; i++) {
        if (!w[i].unit)
            continue;
        if (i > 0 && w[i].unit == w[i - 1].unit)
            jobs->v[jobs->n - 1].n++;
        else
            *vec_push(jobs) = (struct job){.v = &w[i], .n = 1};
    }
}

static void finish(struct scope_cache *c, struct job *j)
{
    for (size_t k = 0; k < j->n; k++) {
        struct scope_at *at = j->v[k].at;
        at->lists = arena_array(&c->arena, struct variables, at->s.n_inlined + 1);
        at->listed = arena_array(&c->arena, bool, at->s.n_inlined + 1);
    }
    *vec_push(&c->arenas) = j->arena;
}

static void inflate(const wanted_list *list)
{
    dw_wants wants = {0};
    for (size_t i = 0; i < list->n; i++) {
        struct dwarf *d = i == 0 || list->v[i].m != list->v[i - 1].m ? module_dwarf(list->v[i].m) : NULL;
        if (d)
            dwarf_wants(d, &wants);
    }
    if (wants.n)
        elf_inflate_all(wants.v, wants.n);
    vec_done(&wants);
}

void scope_prepare(struct values *vs, const taddr *lookups, size_t n)
{
    wanted_list list = {0};
    job_list jobs = {0};
    for (size_t i = 0; i < n; i++)
        want(vs, lookups[i], &list);
    if (list.n)
        qsort(list.v, list.n, sizeof(*list.v), by_module);
    inflate(&list);
    for (size_t i = 0, end; i < list.n; i = end) {
        struct dwarf *d = module_dwarf(list.v[i].m);
        for (end = i + 1; end < list.n && list.v[end].m == list.v[i].m; end++)
            ;
        if (d)
            make_jobs(d, &list.v[i], end - i, &jobs);
    }
    parallel_for(jobs.n, run_job, jobs.v);
    for (size_t i = 0; i < jobs.n; i++)
        finish(vs->scopes, &jobs.v[i]);
    vec_done(&jobs);
    vec_done(&list);
}

struct scope_at *scope_at(struct values *vs, taddr lookup)
{
    const uint64_t *known = map64_find(&vs->scopes->at, lookup);
    if (!known) {
        scope_prepare(vs, &lookup, 1);
        known = map64_find(&vs->scopes->at, lookup);
    }
    return (struct scope_at *)(uintptr_t)*known;
}
