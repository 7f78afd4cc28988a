/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of asyncio and greenlets: which there are, where their coroutines stand, and what they wait for. Private to rt/cpython/. */
#ifndef RT_CPYTHON_TASKS_H
#define RT_CPYTHON_TASKS_H

#include "rt/cpython/object.h"

/* Fields of asyncio's Future and Task in C (Modules/_asynciomodule.c: FutureObj, TaskObj), byte offsets as py_offset() takes
 * them; a Future ends before `waiter`. */
struct py_task_layout {
    uint16_t callback0, callbacks; /* the first one, and a list of the others; callback0 is 0 until 3.6 */
    uint16_t state; /* enum fut_state: 0 pending */
    uint16_t waiter, coro;
    uint16_t name; /* 0 until 3.7 */
    uint16_t node; /* in the list of a thread's tasks; 0 until 3.13 */
};

struct py_task {
    struct task task; /* of rt.h: `object` is the Task or greenlet */
    const char *name; /* NULL: none */
    taddr coro, waiter, dict; /* 0: none */
    const uint32_t *awaits; /* tasks that it waits for */
    uint32_t n_awaits;
    bool greenlet;
    taddr top_frame,
        parent; /* of a greenlet: frame object that it was left in, the greenlet that goes on after it; 0 */
    const char *reason; /* NULL: none */
};

/* All that are not done. Made once. */
struct py_tasks {
    VEC(struct py_task) v;
    const struct py_task_layout *layout;
    struct task *tasks; /* v[i].task, in a row */
    const char *no_greenlets; /* why those that there may be are not among them; NULL: they are */
};

/* tasks.c */
struct err *py_tasks(struct rt *rt, struct progress *progress, const struct task **out, size_t *n) MUST_CHECK;
void py_tasks_free(struct py_tasks *t); /* NULL is allowed */
const char *py_task_state_name(struct rt *rt, const struct task *t);
const char *py_task_name(struct rt *rt, const struct task *t);
void py_task_frames(struct rt *rt, const struct task *t, struct rt_stack *out);
const char *py_task_kind(struct rt *rt, const struct task *t);
const char *py_task_reason(struct rt *rt, const struct task *t);
size_t py_task_awaits(struct rt *rt, const struct task *t, uint32_t *out, size_t max);
/* A field of a Future or Task: in C's struct, or (written in Python) the attribute. */
bool py_future_field(struct rt *rt, taddr future, uint16_t offset, const char *attribute, taddr *out);
/* What C keeps in an instance of the class: a Future or Task of _asyncio. */
bool py_is_c_future(struct rt *rt, taddr object);

/* coroutines.c */
/* Frames of a coroutine and those that it waits for, innermost first. */
void py_coroutine_frames(struct rt *rt, taddr coro, struct rt_stack *out);
/* The frame of a coroutine or generator that runs now; 0: it does not. */
taddr py_running_frame(struct rt *rt, taddr coro);

/* awaits.c */
/* Finds out which of the tasks wait for which. */
void py_tasks_link(struct rt *rt, struct py_tasks *t);

#endif
