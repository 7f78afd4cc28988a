/* SPDX-License-Identifier: Apache-2.0 */
/* Which native frame runs which Python frame. From 3.11 on by addresses: each entry into the interpreter leaves a marker
 * on the C stack, which lies in the part of one native frame. Before, each Python frame is one call of one function. */
#include "rt/cpython/calls.h"

static const char eval_function[] = "_PyEval_EvalFrameDefault";

/* Its name is exported, so that even a stripped interpreter has it; a part that the compiler split off is named after
 * it where there are symbols. */
static bool is_eval(struct rt *rt, taddr pc)
{
    struct symbol s;
    struct module *m = modules_find(rt->ms, pc);
    return m && module_symbol(m, pc, &s) && begins_with(s.name, eval_function);
}

/* Frames from `first` on that have a marker, each in the native frame around it. The count of those that have none. */
static size_t place_by_markers(const struct py_stack *s, const struct rt_native *natives, size_t n,
                               struct rt_frame *out)
{
    size_t at = 0, missing = 0;
    for (size_t i = 0; i < s->frames.n; i++) {
        taddr marker = s->frames.v[i].marker;
        size_t k = at;
        while (k < n && !(marker && natives[k].sp && marker >= natives[k].sp && marker < natives[k].cfa))
            k++;
        if (k < n)
            at = k;
        else
            missing++;
        out[i].native = k < n ? (uint32_t)k : RT_UNPLACED;
    }
    return missing;
}

static size_t place_by_function(struct rt *rt, const struct py_stack *s, const struct rt_native *natives, size_t n,
                                struct rt_frame *out, size_t *left_over)
{
    size_t at = 0, placed = 0;
    for (size_t i = 0; i < s->frames.n; i++) {
        while (at < n && !is_eval(rt, natives[at].lookup))
            at++;
        out[i].native = at < n ? (uint32_t)at++ : RT_UNPLACED;
        placed += out[i].native != RT_UNPLACED;
    }
    *left_over = 0;
    for (; at < n; at++)
        *left_over += is_eval(rt, natives[at].lookup);
    return s->frames.n - placed;
}

static void find_calls(struct rt *rt, const struct image_thread *th, const struct rt_native *natives, size_t n,
                       struct rt_stack *out)
{
    struct py_calls calls = {0};
    py_calls_find(rt, th, natives, n, out->frames, out->n, &calls);
    struct rt_call *v = arena_array(&rt->arena, struct rt_call, calls.v.n);
    if (calls.v.n)
        memcpy(v, calls.v.v, calls.v.n * sizeof(*v));
    out->calls = v;
    out->n_calls = calls.v.n;
    vec_done(&calls.v);
}

static void give_up(struct rt_stack *out, struct rt_frame *frames, const char *note)
{
    for (size_t i = 0; i < out->n; i++)
        frames[i].native = RT_UNPLACED;
    out->unmerged = true;
    out->note = note;
}

/* Those that belong to no native frame stand last, or the rest is not where it seems. */
static bool only_last_are_missing(const struct rt_frame *frames, size_t n)
{
    bool missing = false;
    for (size_t i = 0; i < n; i++) {
        if (missing && frames[i].native != RT_UNPLACED)
            return false;
        missing |= frames[i].native == RT_UNPLACED;
    }
    return true;
}

static void merge(struct rt *rt, const struct py_stack *s, const struct rt_native *natives, size_t n,
                  struct rt_frame *frames, struct rt_stack *out)
{
    size_t left_over = 0, missing;
    if (py_minor(rt) >= 11)
        missing = place_by_markers(s, natives, n, frames);
    else
        missing = place_by_function(rt, s, natives, n, frames, &left_over);
    if (left_over || missing == out->n || !only_last_are_missing(frames, out->n))
        give_up(out, frames, "it is not known where the Python frames belong among the native ones");
    else if (missing)
        out->note = arena_printf(&rt->arena,
                                 "the native frames end before the last %zu Python frame%s, which stand%s after them",
                                 missing, missing == 1 ? "" : "s", missing == 1 ? "s" : "");
}

/* Adds frames by their markers: what lies further down on the stack is further in. Those of one interpreter keep their
 * order. Without markers all are further out: of several interpreters on one thread the main one was first. */
static void add_frames(struct py_stack *to, const struct py_stack *from)
{
    struct py_stack merged = {0};
    size_t i = 0, k = 0;
    while (i < to->frames.n || k < from->frames.n) {
        bool first =
            k >= from->frames.n ||
            (i < to->frames.n && (to->frames.v[i].marker <= from->frames.v[k].marker || !to->frames.v[i].marker));
        *vec_push(&merged.frames) = first ? to->frames.v[i++] : from->frames.v[k++];
    }
    py_stack_done(to);
    to->frames.v = merged.frames.v;
    to->frames.n = merged.frames.n;
    to->frames.cap = merged.frames.cap;
}

/* The frames of all interpreters that run on the thread. The newest interpreter is listed first. */
static void collect(struct rt *rt, int32_t tid, struct py_stack *out)
{
    const struct rt_thread *v;
    size_t n;
    IGNORE_ERR(py_threads(rt, &v, &n)); /* those that are known have their frames */
    for (size_t i = 0; i < n; i++) {
        const struct py_stack *one = &rt->stacks.v[i];
        if (v[i].tid != tid)
            continue;
        add_frames(out, one);
        out->stopped = one->stopped ? one->stopped : out->stopped;
    }
}

void py_annotate(struct rt *rt, const struct image_thread *th, const struct rt_native *natives, size_t n,
                 struct rt_stack *out)
{
    struct py_stack s = {0};
    *out = (struct rt_stack){0};
    collect(rt, th->tid, &s);
    struct rt_frame *frames = arena_array(&rt->arena, struct rt_frame, s.frames.n);
    for (size_t i = 0; i < s.frames.n; i++)
        frames[i] = (struct rt_frame){.record = s.frames.v[i].record, .at = s.frames.v[i].at};
    out->frames = frames;
    out->n = s.frames.n;
    if (out->n)
        merge(rt, &s, natives, n, frames, out);
    if (!out->unmerged)
        find_calls(rt, th, natives, n, out);
    if (s.stopped)
        out->note = arena_printf(&rt->arena, "the Python frames end early: %s", s.stopped);
    py_stack_done(&s);
}
