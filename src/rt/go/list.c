/* SPDX-License-Identifier: Apache-2.0 */
/* Where the list of all goroutines is: runtime.allgs, a slice of pointers to g (runtime/proc.go).
 *
 * Without a symbol the code of runtime.allgadd tells, which appends to it: of what it names only a slice has all its
 * three words there. Where code cannot be read the program's data is searched for slices of plausible goroutines.
 * While the garbage collector marks, it has a second slice of them (work.stackRoots in runtime/mgcmark.go), which is a
 * part of the first. When there is not exactly one beside that, there is no answer. */
#include "rt/go/priv.h"

#include <inttypes.h>

/* More goroutines than fit into any machine's memory: a g and its stack take 2.5 KB at least. */
enum { GOROUTINES_MAX = 100 * 1000 * 1000 };
/* Entries that must differ from each other, and how many of a list are looked at. */
enum { DIFFERENT = 16, PROBES = 4096, LAST_STATUS = 11 };

static bool read_slice(const struct rt *rt, taddr at, struct go_list *out)
{
    out->at = at;
    return go_word(rt, at, &out->p) && go_word(rt, at + 8, &out->n) && go_word(rt, at + 16, &out->cap);
}

static bool has(const taddr *refs, size_t n, taddr at)
{
    for (size_t i = 0; i < n; i++)
        if (refs[i] == at)
            return true;
    return false;
}

static bool plausible_g(const struct rt *rt, taddr at)
{
    struct go_g g;
    if (!at || at % 8 || !go_g_read(rt, at, &g))
        return false;
    uint64_t lo = go_g_word(&g, rt->layout->g_stack_lo), hi = go_g_word(&g, rt->layout->g_stack_hi);
    uint64_t id = go_g_word(&g, rt->layout->g_goid), sp = go_g_word(&g, rt->layout->g_sched_sp);
    uint32_t status = go_status(rt, &g);
    if (status > LAST_STATUS || id > UINT64_C(1) << 40)
        return false;
    if (status == G_DEAD || status == G_DEAD_EXTRA || status == G_IDLE)
        return lo <= hi;
    return lo < hi && hi - lo <= UINT64_C(1) << 32 && (!sp || (sp >= lo && sp <= hi));
}

static bool first_differ(const struct rt *rt, const struct go_list *s)
{
    uint64_t seen[DIFFERENT];
    for (uint64_t i = 0; i < DIFFERENT && i < s->n; i++) {
        if (!go_word(rt, s->p + i * 8, &seen[i]) || has(seen, i, seen[i]))
            return false;
    }
    return true;
}

/* The first entries, the last one, and others evenly between. */
static bool plausible_list(const struct rt *rt, const struct go_list *s)
{
    if (!s->n || s->n > s->cap || s->n > GOROUTINES_MAX || !s->p || s->p % 8 || !first_differ(rt, s))
        return false;
    uint64_t g, step = s->n / PROBES + 1;
    for (uint64_t i = 0; i < s->n; i += i < DIFFERENT ? 1 : step)
        if (!go_word(rt, s->p + i * 8, &g) || !plausible_g(rt, g))
            return false;
    return go_word(rt, s->p + (s->n - 1) * 8, &g) && plausible_g(rt, g);
}

/* ---- by code ---- */

/* A variable beside the slice makes a second one of what is named in a row: of several one must be a list. 0: it is not
 * told. */
static taddr place_by_code(const struct rt *rt)
{
    taddr refs[GO_REFS_MAX], found = 0, any = 0;
    unsigned n_found = 0, n_any = 0;
    size_t n = go_refs(rt, "runtime.allgadd", refs, GO_REFS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct go_list list;
        if (!has(refs, n, refs[i] + 8) || !has(refs, n, refs[i] + 16))
            continue;
        any = refs[i];
        n_any++;
        if (!read_slice(rt, refs[i], &list) || !plausible_list(rt, &list))
            continue;
        found = refs[i];
        n_found++;
    }
    return n_any == 1 ? any : n_found == 1 ? found : 0;
}

/* ---- by a search ---- */

/* Has `whole` all entries of `part`, at the same places? */
static bool is_part(const struct rt *rt, const struct go_list *part, const struct go_list *whole)
{
    if (part->n > whole->n || part->cap > whole->cap)
        return false;
    for (uint64_t i = 0; part->p != whole->p && i < part->n; i++) {
        uint64_t a, b;
        if (!go_word(rt, part->p + i * 8, &a) || !go_word(rt, whole->p + i * 8, &b) || a != b)
            return false;
    }
    return true;
}

struct search {
    const struct rt *rt;
    struct go_list best;
    unsigned n; /* lists that are no part of each other */
};

static bool look(void *arg, taddr at, uint64_t word)
{
    struct search *s = arg;
    struct go_list list = {.at = at, .p = word};
    if (!word || word % 8 || !go_word(s->rt, at + 8, &list.n) || !list.n || list.n > GOROUTINES_MAX ||
        !go_word(s->rt, at + 16, &list.cap) || !plausible_list(s->rt, &list))
        return false;
    if (s->n && is_part(s->rt, &list, &s->best))
        return false;
    if (!s->n || !is_part(s->rt, &s->best, &list))
        s->n++;
    s->best = list;
    return false;
}

static struct err *search_list(const struct rt *rt, struct go_list *out)
{
    struct search s = {.rt = rt};
    struct go_ranges data = go_data(&rt->modules.v[0]);
    for (size_t i = 0; i < ARRAY_LEN(data.v); i++)
        go_scan(rt, data.v[i].start, data.v[i].end, look, &s);
    *out = s.best;
    if (s.n == 1)
        return NULL;
    return err_hint(
        err_new(ERR_NO_DATA,
                s.n ? "%u lists could be that of all goroutines" : "the list of all goroutines was not found", s.n),
        "the program has no symbols; a build without -ldflags=-s has");
}

struct err *go_list_find(const struct rt *rt, struct go_list *out)
{
    taddr at;
    if (!go_symbol(rt, "runtime.allgs", &at))
        at = place_by_code(rt);
    if (!at)
        return search_list(rt, out);
    if (!read_slice(rt, at, out))
        return err_at(err_new(ERR_NOT_IN_DUMP, "the list of all goroutines cannot be read at 0x%" PRIx64, at),
                      ERR_AT_ADDRESS, at);
    if (out->n > out->cap || out->n > GOROUTINES_MAX)
        return err_at(err_new(ERR_CORRUPT, "the list of all goroutines is damaged"), ERR_AT_ADDRESS, at);
    return NULL;
}
