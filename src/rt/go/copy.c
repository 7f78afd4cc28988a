/* SPDX-License-Identifier: Apache-2.0 */
/* The goroutines of a process, copied while it stands still: their records, their stacks, and the threads' records.
 * A goroutine runs on, and its stack changes, as soon as the process does. */
#include "base/log.h"
#include "image/build.h"
#include "rt/go/priv.h"

#include <inttypes.h>

enum {
    LIST_MAX = 64 << 20,   /* bytes of the list of goroutines */
    STACK_MAX = 1 << 20,   /* bytes of one stack */
    BYTES_MAX = 128 << 20, /* of all */
    G0_SIZE = 16 << 10,    /* of a thread's stack that Go allocates (runtime/proc.go, allocm) */
    G0_KNOWN = 128 << 10,  /* more than it guesses for a thread that it did not make */
    G0_START = 64 << 10,   /* far more than those first functions take */
    TIME_MAX = 100,        /* milliseconds */
    TIME_EVERY = 64,       /* goroutines from one look at the clock to the next */
};

struct copy {
    const struct rt *rt;
    struct image *im;
    VEC(struct space_range) ranges; /* added at the end: the space is read meanwhile */
    uint64_t bytes;
};

/* NULL: nothing is there, or there is no room for it. */
static const uint8_t *copy_range(struct copy *c, taddr at, uint64_t n)
{
    if (!at || !n || c->bytes + n > BYTES_MAX)
        return NULL;
    uint8_t *to = arena_alloc(&c->im->arena, (size_t)n);
    size_t got = space_read_some(&c->im->space, at, to, (size_t)n);
    if (!got)
        return NULL;
    c->bytes += got;
    *vec_push(&c->ranges) =
        (struct space_range){.start = at, .end = at + got, .data = to, .have = got, .absent = ABSENT_NOT_COPIED};
    return got == n ? to : NULL;
}

static uint64_t word_at(const uint8_t *p, uint16_t offset)
{
    uint64_t v;
    memcpy(&v, p + offset, sizeof(v));
    return v;
}

static bool copy_g(struct copy *c, taddr at, bool stack)
{
    const struct go_layout *l = c->rt->layout;
    struct go_g g;
    g.p = copy_range(c, at, l->g_size);
    g.n = l->g_size;
    if (!g.p || !stack)
        return g.p != NULL;
    uint64_t lo = go_g_word(&g, l->g_stack_lo), hi = go_g_word(&g, l->g_stack_hi);
    uint64_t sp = go_g_word(&g, l->g_sched_sp), in_call = go_g_word(&g, l->g_syscallsp);
    if (in_call > lo && in_call < sp)
        sp = in_call;
    if (sp <= lo || sp >= hi)
        return true; /* it runs: its thread's stack was copied, or it never ran */
    return copy_range(c, sp, hi - sp < STACK_MAX ? hi - sp : STACK_MAX) != NULL;
}

static void copy_threads(struct copy *c, struct go_ms ms)
{
    const struct go_layout *l = c->rt->layout;
    uint64_t size = (uint64_t)(l->m_vdso_pc > l->m_alllink ? l->m_vdso_pc : l->m_alllink) + 8;
    copy_range(c, c->rt->plan_allm, 8);
    for (size_t i = 0; i < ms.n; i++)
        if (copy_range(c, ms.v[i].at, size))
            copy_g(c, ms.v[i].g0, false);
}

/* How many were copied. */
static uint64_t copy_goroutines(struct copy *c, const uint8_t *list, uint64_t n)
{
    uint64_t began = now_ns();
    for (uint64_t i = 0; i < n; i++) {
        if (i % TIME_EVERY == 0 && now_ns() - began > (uint64_t)TIME_MAX * 1000000)
            return i;
        uint64_t at;
        memcpy(&at, list + i * 8, sizeof(at));
        if (!copy_g(c, at, true) && c->bytes + STACK_MAX > BYTES_MAX)
            return i;
    }
    return n;
}

uint64_t go_plan(struct rt *rt)
{
    struct go_list list = {.n = 0};
    if (!rt->layout)
        return 0;
    struct err *e = go_list_find(rt, &list);
    if (!e)
        rt->plan_allgs = list.at;
    err_free(e); /* listing them will say so */
    rt->plan_allm = go_allm(rt);
    return rt->plan_allgs ? list.n : 0;
}

/* Goroutines' stacks, those for signals and, without C, those of threads are pieces of Go's heap. Of a thread's that
 * pthread_create made the runtime knows all but the first functions; of one that C made it may know only a part, which
 * is small. */
taddr go_stack_end(struct rt *rt, taddr sp)
{
    struct go_ms ms = {0};
    if (rt->plan_allm)
        ms = go_threads(rt);
    for (size_t i = 0; i < ms.n; i++) {
        const struct go_m *m = &ms.v[i];
        uint64_t lo, hi;
        if (sp > m->curg_lo && sp <= m->curg_hi)
            return m->curg_hi;
        uint64_t size = m->g0_hi - m->g0_lo;
        if (sp > m->g0_lo && sp <= m->g0_hi && (size == G0_SIZE || size > G0_KNOWN))
            return m->g0_hi + (size == G0_SIZE ? 0 : G0_START);
        if (go_bounds_of(rt, m->gsignal, &lo, &hi) && sp > lo && sp <= hi)
            return hi;
    }
    return 0;
}

void go_copy(struct rt *rt, struct image *im, const struct rt_copy_wish *wish)
{
    struct copy c = {.rt = rt, .im = im};
    if (!rt->plan_allgs || wish->only_tid) /* of one thread the stack is enough, and goroutines run on */
        return;
    copy_threads(&c, go_threads(rt));
    const uint8_t *slice = copy_range(&c, rt->plan_allgs, 24);
    uint64_t n = slice ? word_at(slice, 8) : 0, room = n < LIST_MAX / 8 ? n : LIST_MAX / 8;
    const uint8_t *list = slice ? copy_range(&c, word_at(slice, 0), room * 8) : NULL;
    uint64_t done = list ? copy_goroutines(&c, list, room) : 0;
    if (done < n)
        image_problem(im, err_new(ERR_LIMIT,
                                  "the stacks of %" PRIu64 " of %" PRIu64
                                  " goroutines were read while the process ran on: copying all would have stopped it "
                                  "for too long",
                                  n - done, n));
    for (size_t i = 0; i < c.ranges.n; i++)
        space_add(&im->space, c.ranges.v[i]);
    vec_done(&c.ranges);
}
