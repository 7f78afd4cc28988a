/* SPDX-License-Identifier: Apache-2.0 */
/* A process: what its threads run is walked while it stands still, and each page of memory that was read on the way is
 * kept. Frames, code and names are then read again at leisure, from those pages: as they were at one instant. Where
 * that would be slower, all that the process wrote is copied (whole.c). */
#include "rt/cpython/greenlets.h"

#include "base/log.h"
#include "image/build.h"
#include "rt/cpython/calls.h"
#include "rt/cpython/object.h"

#include <inttypes.h>

enum {
    BYTES_MAX = 256 << 20,
    TIME_MAX = 100, /* milliseconds */
};

bool py_copy_has_time(struct py_copy *c)
{
    if (!c)
        return true;
    if (!c->over && now_ns() - c->began > (uint64_t)TIME_MAX * 1000000)
        c->over = true;
    c->left += c->over;
    return !c->over;
}

const uint8_t *py_copy_page(struct py_copy *c, taddr at)
{
    bool fresh;
    uint64_t *slot = map64_put(&c->pages, at, &fresh);
    if (fresh && c->ranges.n * IMAGE_PAGE < BYTES_MAX) {
        uint8_t *p = arena_alloc(&c->im->arena, IMAGE_PAGE);
        if (space_read_some(&c->im->space, at, p, IMAGE_PAGE) == IMAGE_PAGE) {
            *slot = (uint64_t)(uintptr_t)p;
            *vec_push(&c->ranges) = (struct space_range){
                .start = at, .end = at + IMAGE_PAGE, .data = p, .have = IMAGE_PAGE, .absent = ABSENT_NOT_COPIED};
        }
    }
    return (const uint8_t *)(uintptr_t)*slot;
}

/* Variables of the frames of a thread. */
static void copy_variables(struct rt *rt, const struct py_stack *s)
{
    for (size_t i = 0; i < s->frames.n && py_copy_has_time(rt->copy); i++)
        py_locals_touch(rt, s->frames.v[i].record);
}

/* What the frames called of C: from 3.11 on of those that C functions run innermost. */
static void copy_calls(struct rt *rt, const struct py_stack *s)
{
    for (size_t i = 0; i < s->frames.n; i++)
        if (!i || s->frames.v[i].marker != s->frames.v[i - 1].marker)
            py_calls_touch(rt, s->frames.v[i].record);
}

/* What its threads run, and what that leads to. */
static void copy_walk(struct rt *rt, struct image *im, const struct rt_copy_wish *wish)
{
    struct py_copy c = {.im = im, .began = now_ns()};
    rt->copy = &c;
    const struct rt_thread *v;
    size_t n;
    IGNORE_ERR(py_threads(rt, &v, &n)); /* it will be told when it is asked for */
    for (size_t i = 0; i < n; i++) {
        const struct rt_exception *raised, *handled; /* what showing them reads is kept */
        if (wish->only_tid && v[i].tid != wish->only_tid)
            continue;
        if (py_copy_has_time(&c)) {
            py_exceptions(rt, &v[i], &raised, &handled);
            copy_calls(rt, &rt->stacks.v[i]);
        }
        if (wish->variables)
            copy_variables(rt, &rt->stacks.v[i]);
    }
    if (rt->greenlets)
        py_greenlets_touch(rt, rt->greenlets);
    rt->copy = NULL;
    if (rt->greenlets && rt->greenlets->over)
        image_problem(im,
                      err_hint(err_new(ERR_LIMIT, "not all objects were searched for greenlets: some may be missing"),
                               "a core has them all: \"inquest dump\""));
    if (c.left)
        image_problem(im, err_new(ERR_LIMIT,
                                  "the Python frames of %" PRIu64
                                  " threads were read while the process ran on: copying all "
                                  "would have stopped it for too long",
                                  c.left));
    log_verbose("Python's frames: %zu pages copied in %.2f ms", c.ranges.n, (double)(now_ns() - c.began) / 1e6);
    for (size_t i = 0; i < c.ranges.n; i++)
        space_add(&im->space, c.ranges.v[i]);
    vec_done(&c.ranges);
    map64_done(&c.pages);
}

void py_copy(struct rt *rt, struct image *im, const struct rt_copy_wish *wish)
{
    py_forget(rt);
    if (rt->room)
        image_problem(im, py_copy_whole(rt, im));
    else
        copy_walk(rt, im, wish);
}
