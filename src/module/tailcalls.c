/* SPDX-License-Identifier: Apache-2.0 */
/* Which tail calls led from a caller to a callee. All chains of tail calls that the call sites allow are
 * tried; what every one of them has at its outer and at its inner end is certain (gdb's rule, as its manual
 * tells in "Tail Call Frames"). One jump whose target is unknown makes every chain uncertain. */
#include "module/callsite.h"
#include "module/inlines.h"

#define MAX_CHAIN 128
#define MAX_STEPS 20000 /* the number of chains can grow exponentially */

/* A tail call on the way: the n-th site of the function at `entry`. */
struct link {
    struct sym_module *sm;
    const struct tail_list *list;
    uint32_t site;
};

struct chain {
    struct link v[MAX_CHAIN];
    size_t n;
};

struct chase {
    struct symbolizer *s;
    taddr callee;
    unsigned steps;
    bool uncertain;
    struct chain at;
    bool any;           /* at least one chain reached the callee */
    struct chain first; /* the first that did */
    size_t outer, inner; /* links of it that all others share, from either end */
};

static const struct tail_list *load_tails(struct symbolizer *s, struct sym_module *sm, taddr entry)
{
    const struct tail_list *known = sym_tails(sm, entry);
    if (known)
        return known;
    struct tail_list *t = arena_new(&s->arena, struct tail_list);
    struct dwarf *d = sym_dwarf(sm);
    struct dw_unit *u = NULL;
    struct dw_die function;
    if (d)
        dwarf_find_units(d, &entry, 1, &u);
    u = u ? dw_unit_full(u) : NULL;
    if (u && function_starting_at(u, entry, &function))
        callsite_tails(&function, &s->arena, t);
    t->entry = entry;
    t->keep = sym_complete(sm);
    sm->changed = sm->changed || t->keep;
    sym_add_tails(sm, t);
    return t;
}

static bool same(const struct link *a, const struct link *b)
{
    return a->list == b->list && a->site == b->site;
}

/* The chain at hand reaches the callee: what it shares with the others. */
static void intersect(struct chase *c)
{
    if (!c->any) {
        c->any = true;
        c->first = c->at;
        c->outer = c->inner = c->at.n;
        return;
    }
    size_t i = 0;
    while (i < c->outer && i < c->at.n && same(&c->first.v[i], &c->at.v[i]))
        i++;
    c->outer = i;
    i = 0;
    while (i < c->inner && i < c->at.n && same(&c->first.v[c->first.n - 1 - i], &c->at.v[c->at.n - 1 - i]))
        i++;
    c->inner = i;
    if (!c->outer && !c->inner)
        c->uncertain = true;
}

static bool on_chain(const struct chain *c, const struct link *l)
{
    for (size_t i = 0; i < c->n; i++)
        if (same(&c->v[i], l))
            return true;
    return false;
}

/* Goes on from a call whose target is known to be `target`. */
static void chase(struct chase *c, taddr target)
{
    if (target == c->callee) {
        intersect(c);
        return;
    }
    if (c->steps++ >= MAX_STEPS || c->at.n >= MAX_CHAIN) {
        c->uncertain = true;
        return;
    }
    struct sym_module *sm = sym_module_at(c->s, target);
    const struct tail_list *list = sm ? load_tails(c->s, sm, target - sm->m->bias) : NULL;
    if (!list || !list->known) {
        c->uncertain = true;
        return;
    }
    for (uint32_t i = 0; i < list->n && !c->uncertain; i++) {
        struct link l = {sm, list, i};
        taddr next;
        if (on_chain(&c->at, &l))
            continue;
        if (!callsite_address(c->s->ms, sm->m, &list->sites[i].target, c->callee, &next)) {
            c->uncertain = true;
            return;
        }
        c->at.v[c->at.n++] = l;
        chase(c, next);
        c->at.n--;
    }
}

static size_t give(const struct chase *c, struct tail_frame *out, size_t max)
{
    size_t n = 0;
    bool all = c->outer + c->inner >= c->first.n;
    for (size_t i = 0; i < c->first.n && n < max; i++) {
        const struct link *l = &c->first.v[i];
        if (!all && i >= c->outer && i < c->first.n - c->inner)
            continue;
        out[n].pc = l->list->sites[l->site].pc + l->sm->m->bias;
        out[n++].function = l->list->entry + l->sm->m->bias;
    }
    return n;
}

size_t symbolizer_tail_calls(struct symbolizer *s, taddr caller_ret, taddr callee_start, struct tail_frame *out,
                             size_t max)
{
    struct sym_module *sm = sym_module_at(s, caller_ret - 1);
    const struct answer *a = sm ? sym_answer(sm, caller_ret - 1 - sm->m->bias) : NULL;
    taddr target;
    if (!a || !callsite_address(s->ms, sm->m, &a->call, callee_start, &target) || target == callee_start)
        return 0;
    struct chase *c = xcalloc(1, sizeof(*c));
    c->s = s;
    c->callee = callee_start;
    chase(c, target);
    size_t n = c->any && !c->uncertain ? give(c, out, max) : 0;
    free(c);
    return n;
}
