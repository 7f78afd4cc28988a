/* SPDX-License-Identifier: Apache-2.0 */
/* Who made a goroutine, who made that one, and so on, each with its stack at that moment: g.ancestors, a pointer to a
 * slice that a program has when it runs with GODEBUG=tracebackancestors=N (runtime/proc.go, saveAncestors). */
#include "rt/go/priv.h"

/* runtime.ancestorInfo {pcs []uintptr; goid uint64; gopc uintptr}: runtime/runtime2.go, the same from 1.17 to 1.27. */
enum { INFO_BYTES = 40, INFO_GOID = 24, INFO_GOPC = 32 };
enum {
    PCS_MAX = 1024,    /* the runtime keeps 100 */
    SINGLE_SINCE = 21, /* the version since which each inlined function has an address of its own */
};

static bool read_one(struct rt *rt, taddr at, struct task_ancestor *out)
{
    uint64_t p, n;
    *out = (struct task_ancestor){.single = rt->build.minor >= SINGLE_SINCE};
    if (!go_word(rt, at, &p) || !go_word(rt, at + 8, &n) || n > PCS_MAX || !go_word(rt, at + INFO_GOID, &out->id) ||
        !go_word(rt, at + INFO_GOPC, &out->created_at))
        return false;
    taddr *pcs = arena_array(&rt->arena, taddr, n ? n : 1);
    while (out->n < n && go_word(rt, p + out->n * 8, &pcs[out->n]))
        out->n++;
    out->pcs = pcs;
    return true;
}

size_t go_ancestors(struct rt *rt, const struct task *t, struct task_ancestor *out, size_t max)
{
    uint64_t slice, p, count;
    if (!rt->layout || !go_field(rt, t->object, rt->layout->g_ancestors, &slice) || !slice || !go_word(rt, slice, &p) ||
        !go_word(rt, slice + 8, &count))
        return 0;
    size_t n = 0;
    while (n < max && n < count && read_one(rt, p + n * INFO_BYTES, &out[n]))
        n++;
    return n;
}
