/* SPDX-License-Identifier: Apache-2.0 */
/* Interpreters and their threads, and which thread of the system each is. */
#include "rt/cpython/copy.h"

enum { INTERPRETERS_MAX = 4096, THREADS_MAX = 1 << 17 };

/* The thread whose pthread_self() is `self`: with glibc and musl its thread pointer (x86-64 psABI, "TLS"). */
static const struct image_thread *by_pointer(const struct rt *rt, uint64_t self)
{
    const struct image *im = modules_image(rt->ms);
    uint16_t tp = im->arch->tls ? im->arch->tls->tp : REG_NONE;
    for (size_t i = 0; self && tp != REG_NONE && i < im->threads.n; i++)
        if (regs_has(&im->threads.v[i].regs, tp) && im->threads.v[i].regs.val[tp] == self)
            return &im->threads.v[i];
    return NULL;
}

static const struct image_thread *by_tid(const struct rt *rt, uint64_t tid)
{
    const struct image *im = modules_image(rt->ms);
    for (size_t i = 0; tid && i < im->threads.n; i++)
        if ((uint64_t)im->threads.v[i].tid == tid)
            return &im->threads.v[i];
    return NULL;
}

/* The number that Python noted is that of its own pid namespace, and of before a fork: the pointer goes first. */
const struct image_thread *py_thread_of(struct rt *rt, taddr thread)
{
    uint64_t self, noted;
    const struct image_thread *th = NULL;
    if (py_field(rt, thread, rt->l.thread_id, &self))
        th = by_pointer(rt, self);
    if (!th && py_field(rt, thread, rt->l.thread_native_id, &noted))
        th = by_tid(rt, noted);
    return th;
}

/* False: the list ends here. */
static bool add_thread(struct rt *rt, taddr interpreter, uint64_t number, taddr at)
{
    uint64_t interp;
    if (!py_field(rt, at, rt->l.thread_interp, &interp) || interp != interpreter)
        return false;
    *vec_push(&rt->threads) = (struct rt_thread){.object = at, .interpreter = number, .daemon = -1};
    return true;
}

static struct err *add_threads(struct rt *rt, taddr interpreter, uint64_t number)
{
    uint64_t at;
    size_t n = 0;
    struct py_loop loop = {0};
    if (!py_field(rt, interpreter, rt->l.interp_threads_head, &at))
        return err_at(err_new(ERR_NO_DATA, "the interpreter's record cannot be read"), ERR_AT_ADDRESS, interpreter);
    for (; at && n < THREADS_MAX; n++) {
        if (!py_goes_on(&loop, at) || !add_thread(rt, interpreter, number, at))
            return err_at(err_new(ERR_CORRUPT, "the list of Python's threads is damaged after %zu", n), ERR_AT_ADDRESS,
                          at);
        if (!py_field(rt, at, rt->l.thread_next, &at))
            at = 0;
    }
    return NULL;
}

static struct err *read_threads(struct rt *rt)
{
    uint64_t at, number;
    struct py_loop loop = {0};
    if (!py_word(rt, rt->interpreters, &at))
        return err_at(err_new(ERR_NO_DATA, "the interpreter's state cannot be read"), ERR_AT_ADDRESS, rt->interpreters);
    for (size_t i = 0; at && i < INTERPRETERS_MAX; i++) {
        if (!py_goes_on(&loop, at))
            return err_at(err_new(ERR_CORRUPT, "the list of Python's interpreters is damaged after %zu", i),
                          ERR_AT_ADDRESS, at);
        if (!py_field(rt, at, rt->l.interp_id, &number))
            number = i;
        TRY(add_threads(rt, at, number));
        py_name_threads(rt, at, number);
        if (!py_field(rt, at, rt->l.interp_next, &at))
            at = 0;
    }
    return NULL;
}

/* What each runs, and so who it is. */
static void read_stacks(struct rt *rt)
{
    for (size_t i = 0; i < rt->threads.n; i++) {
        struct rt_thread *t = &rt->threads.v[i];
        struct py_stack *s = vec_push(&rt->stacks);
        if (!py_copy_has_time(rt->copy))
            continue;
        py_frames(rt, t->object, s);
        const struct image_thread *th = py_owner(rt, py_thread_of(rt, t->object), t->interpreter == 0, s);
        t->tid = th ? th->tid : 0;
        t->state = py_gil_state(rt, t->object, th);
    }
}

struct err *py_threads(struct rt *rt, const struct rt_thread **out, size_t *n)
{
    if (!rt->tried_threads) {
        rt->tried_threads = true;
        rt->no_threads = read_threads(rt);
        read_stacks(rt);
    }
    *out = rt->threads.v;
    *n = rt->threads.n;
    return rt->threads.n ? NULL : err_dup(rt->no_threads);
}
