/* SPDX-License-Identifier: Apache-2.0 */
/* The functions at addresses: each unit is read once for all addresses in it, on all cores. */
#include "module/unitpcs.h"
#include "value/scope_priv.h"

/* The addresses of one unit. */
struct job {
    struct unit_run run;
    struct arena arena;
};

static void want(struct values *vs, taddr lookup, unit_pcs *out)
{
    bool fresh;
    uint64_t *slot = map64_put(&vs->scopes->at, lookup, &fresh);
    if (!fresh)
        return;
    struct scope_at *at = arena_new(&vs->scopes->arena, struct scope_at);
    *slot = (uint64_t)(uintptr_t)at;
    struct module *m = modules_find(vs->ms, lookup);
    if (m && m->bias_known)
        *vec_push(out) = (struct unit_pc){.m = m, .pc = lookup - m->bias, .arg = at};
}

static void run_job(void *arg, size_t i)
{
    struct job *j = &((struct job *)arg)[i];
    const struct unit_run *r = &j->run;
    struct dw_unit *full = dw_unit_full(r->v->unit);
    struct scopes *s = arena_array(&j->arena, struct scopes, r->n);
    if (!full)
        return;
    for (size_t k = 0; k < r->n; k++)
        s[k].pc = r->v[k].pc;
    scopes_find(full, s, r->n, &j->arena);
    for (size_t k = 0; k < r->n; k++)
        ((struct scope_at *)r->v[k].arg)->s = s[k];
}

static void finish(struct scope_cache *c, struct job *j)
{
    for (size_t k = 0; k < j->run.n; k++) {
        struct scope_at *at = j->run.v[k].arg;
        at->lists = arena_array(&c->arena, struct variables, at->s.n_inlined + 1);
        at->listed = arena_array(&c->arena, bool, at->s.n_inlined + 1);
    }
    *vec_push(&c->arenas) = j->arena;
}

void scope_prepare(struct values *vs, const taddr *lookups, size_t n)
{
    unit_pcs list = {0};
    unit_runs runs = {0};
    for (size_t i = 0; i < n; i++)
        want(vs, lookups[i], &list);
    unit_pcs_sort(&list);
    unit_pcs_inflate(&list);
    unit_pcs_split(&list, &runs);
    struct job *jobs = xcalloc(runs.n ? runs.n : 1, sizeof(*jobs));
    for (size_t i = 0; i < runs.n; i++)
        jobs[i].run = runs.v[i];
    parallel_for(runs.n, run_job, jobs);
    for (size_t i = 0; i < runs.n; i++)
        finish(vs->scopes, &jobs[i]);
    free(jobs);
    vec_done(&runs);
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
