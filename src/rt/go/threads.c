/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that Go's runtime knows: m, in runtime.allm (runtime/proc.go, runtime/runtime2.go). Without a symbol the
 * code of runtime.mcommoninit tells where that is, which adds to it; else each thread's own memory has its g, and that
 * its m. */
#include "rt/go/priv.h"

#include <elf.h>

enum { THREADS_MAX = 100000, X86_64_R14 = 14, X86_64_FS_BASE = 58 };

bool go_bounds_of(const struct rt *rt, taddr g, taddr *lo, taddr *hi)
{
    return go_field(rt, g, rt->layout->g_stack_lo, lo) && go_field(rt, g, rt->layout->g_stack_hi, hi);
}

static bool read_m(const struct rt *rt, taddr at, struct go_m *out)
{
    const struct go_layout *l = rt->layout;
    uint64_t back;
    struct go_m m = {.at = at};
    if (!go_field(rt, at, l->m_g0, &m.g0) || !go_field(rt, at, l->m_gsignal, &m.gsignal) ||
        !go_field(rt, at, l->m_curg, &m.curg) || !go_field(rt, at, l->m_procid, &m.tid) || !m.g0 ||
        !go_field(rt, m.g0, l->g_m, &back) || back != at || !go_bounds_of(rt, m.g0, &m.g0_lo, &m.g0_hi))
        return false;
    if (!go_bounds_of(rt, m.curg, &m.curg_lo, &m.curg_hi))
        m.curg = m.curg_lo = m.curg_hi = 0;
    *out = m;
    return true;
}

taddr go_allm(const struct rt *rt)
{
    taddr refs[GO_REFS_MAX], found = 0, at;
    struct go_m m;
    if (!rt->layout || go_symbol(rt, "runtime.allm", &found))
        return found;
    size_t n = go_refs(rt, "runtime.mcommoninit", refs, GO_REFS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!go_word(rt, refs[i], &at) || !at || !read_m(rt, at, &m))
            continue;
        if (found)
            return 0;
        found = refs[i];
    }
    return found;
}

/* One that is being made is in the list before it has its g0 (runtime.allocm). */
static bool is_unfinished(const struct rt *rt, taddr at)
{
    uint64_t g0, back;
    return go_field(rt, at, rt->layout->m_g0, &g0) && (!g0 || (go_field(rt, g0, rt->layout->g_m, &back) && !back));
}

static bool follow_list(struct rt *rt)
{
    taddr at = rt->plan_allm ? rt->plan_allm : go_allm(rt);
    struct go_m m;
    if (!at || !go_word(rt, at, &at))
        return false;
    for (unsigned i = 0; at && i < THREADS_MAX; i++) {
        if (read_m(rt, at, &m))
            *vec_push(&rt->ms_known) = m;
        else if (!is_unfinished(rt, at))
            break;
        if (!go_field(rt, at, rt->layout->m_alllink, &at))
            break;
    }
    return rt->ms_known.n != 0;
}

/* The linker gives the g the last word below the thread pointer in a program whose only thread-local variable it is;
 * r14 is the g in Go code. What is found must point back to itself. */
static bool m_of_thread(const struct rt *rt, const struct image_thread *t, struct go_m *out)
{
    taddr g = 0, m = 0;
    const struct regs *r = &t->regs;
    bool by_memory = regs_has(r, X86_64_FS_BASE) && go_word(rt, r->val[X86_64_FS_BASE] - 8, &g) &&
                     go_field(rt, g, rt->layout->g_m, &m) && m && read_m(rt, m, out);
    if (!by_memory &&
        !(regs_has(r, X86_64_R14) && go_field(rt, r->val[X86_64_R14], rt->layout->g_m, &m) && m && read_m(rt, m, out)))
        return false;
    return out->tid == (uint64_t)t->tid;
}

static void ask_threads(struct rt *rt)
{
    const struct image *im = modules_image(rt->ms);
    struct go_m m;
    if (im->arch->elf_machine != EM_X86_64)
        return;
    for (size_t i = 0; i < im->threads.n && i < THREADS_MAX; i++)
        if (im->threads.v[i].has_regs && m_of_thread(rt, &im->threads.v[i], &m))
            *vec_push(&rt->ms_known) = m;
}

struct go_ms go_threads(struct rt *rt)
{
    pthread_mutex_lock(&rt->lock);
    if (!rt->tried_ms && rt->layout && !follow_list(rt))
        ask_threads(rt);
    rt->tried_ms = true;
    pthread_mutex_unlock(&rt->lock);
    return (struct go_ms){rt->ms_known.v, rt->ms_known.n};
}
