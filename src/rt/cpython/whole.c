/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of all that a process has written, made while it stands still.
 *
 * To walk what variables lead to takes some 1.2 ms a thread of 92 calls; to copy memory, 0.4 ms a MiB. So the second
 * is for processes that are small for the number of their threads. It needs no look at what is copied, and afterwards
 * nothing of the process can be missing. */
#include "base/log.h"
#include "image/build.h"
#include "image/headroom.h"
#include "rt/cpython/priv.h"

#include <inttypes.h>

enum {
    PER_THREAD = 1 << 20,  /* bytes that are copied faster than a thread's variables are walked, as a rule */
    BYTES_MAX = 256 << 20,
    SPARE = 2 << 20,       /* and an eighth: for what is written between plan and copy */
    PAGES_MAX = 1 << 22,   /* that are mapped, used or not: the kernel is asked of each */
    BATCH = 4096,          /* pages */
    TIME_MAX = 250,        /* milliseconds */
};

/* Pages that a process used, in a row. False: enough. */
typedef bool span_fn(void *arg, taddr at, size_t pages);

static bool is_written(const struct mapping *m)
{
    return !m->shared && (m->prot & PROT_BIT_READ) && (m->prot & PROT_BIT_WRITE);
}

/* Of one mapping. */
static bool each_span_of(struct image *im, const struct mapping *m, span_fn *take, void *arg)
{
    uint8_t used[BATCH];
    for (taddr at = m->start; at < m->end;) {
        size_t n = (size_t)((m->end - at) / IMAGE_PAGE), from = 0;
        n = n < BATCH ? n : BATCH;
        if (!n || !image_touched(im, at, n, used))
            return false;
        for (size_t i = 0; i < n; i = from) {
            while (i < n && !used[i])
                i++;
            for (from = i; from < n && used[from];)
                from++;
            if (from > i && !take(arg, at + i * IMAGE_PAGE, from - i))
                return false;
        }
        at += n * IMAGE_PAGE;
    }
    return true;
}

/* False: it was stopped, or it is not known which pages were used. */
static bool each_span(struct image *im, span_fn *take, void *arg)
{
    bool more = true;
    for (size_t i = 0; i < im->maps.n && more; i++)
        if (is_written(&im->maps.v[i]))
            more = each_span_of(im, &im->maps.v[i], take, arg);
    return more;
}

/* ---- before ---- */

struct count {
    uint64_t bytes, limit;
};

static bool count_span(void *arg, taddr at, size_t pages)
{
    struct count *c = arg;
    (void)at;
    c->bytes += (uint64_t)pages * IMAGE_PAGE;
    return c->bytes <= c->limit;
}

static uint64_t mapped_pages(const struct image *im)
{
    uint64_t n = 0;
    for (size_t i = 0; i < im->maps.n; i++)
        if (is_written(&im->maps.v[i]))
            n += (im->maps.v[i].end - im->maps.v[i].start) / IMAGE_PAGE;
    return n;
}

void py_plan_whole(struct rt *rt, struct image *im, const struct rt_copy_wish *wish)
{
    struct count c = {.limit = (uint64_t)im->threads.n * PER_THREAD};
    if (c.limit > BYTES_MAX)
        c.limit = BYTES_MAX;
    if (!wish->variables || wish->only_tid || mapped_pages(im) > PAGES_MAX || !each_span(im, count_span, &c))
        return;
    if (image_headroom() / 2 < c.bytes) /* the target may be in our control group */
        return;
    rt->room_size = (size_t)(c.bytes + c.bytes / 8 + SPARE);
    rt->room = arena_alloc(&im->arena, rt->room_size);
    mem_touch(rt->room, (size_t)c.bytes + SPARE);
}

/* ---- while it stands still ---- */

struct whole {
    struct image *im;
    uint8_t *to;
    size_t left; /* of the room */
    uint64_t began;
    VEC(struct space_range) ranges; /* added at the end: the space is read meanwhile */
};

static bool copy_span(void *arg, taddr at, size_t pages)
{
    struct whole *w = arg;
    size_t n = pages * IMAGE_PAGE;
    if (n > w->left || now_ns() - w->began > (uint64_t)TIME_MAX * 1000000)
        return false;
    size_t got = space_read_some(&w->im->space, at, w->to, n);
    *vec_push(&w->ranges) =
        (struct space_range){.start = at, .end = at + n, .data = w->to, .have = got, .absent = ABSENT_NOT_COPIED};
    w->to += n;
    w->left -= n;
    return true;
}

struct err *py_copy_whole(struct rt *rt, struct image *im)
{
    struct whole w = {.im = im, .to = rt->room, .left = rt->room_size, .began = now_ns()};
    bool all = each_span(im, copy_span, &w);
    log_verbose("%zu pages of the process copied in %.2f ms", (rt->room_size - w.left) / IMAGE_PAGE,
                (double)(now_ns() - w.began) / 1e6);
    for (size_t i = 0; i < w.ranges.n; i++)
        space_add(&im->space, w.ranges.v[i]);
    vec_done(&w.ranges);
    return all ? NULL
               : err_new(ERR_LIMIT, "Python's variables were in part read while the process ran on: copying all would "
                                    "have stopped it for too long");
}
