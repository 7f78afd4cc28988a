/* SPDX-License-Identifier: Apache-2.0 */
/* Greenlets: stacks of Python that a thread takes turns with (the library greenlet, which gevent and eventlet use).
 * Private to rt/cpython/. */
#ifndef RT_CPYTHON_GREENLETS_H
#define RT_CPYTHON_GREENLETS_H

#include "rt/cpython/copy.h"
#include "rt/cpython/tasks.h"

/* gc.c, heaps.c */
typedef void py_gc_visit(void *arg, taddr object, taddr type);
/* Objects that may refer to others, of all interpreters, the oldest generation first; `only_new`: the youngest alone
 * (none in a build without a GIL).
 * `end`: when to stop on the clock of now_ns(); 0: never. False: not all were found; one can come twice then. */
bool py_each_gc(struct rt *rt, bool only_new, uint64_t end, py_gc_visit *visit, void *arg);

/* greenlets.c */
/* Which there are, finished ones too. */
struct py_greenlets {
    VEC(taddr) v;
    struct map64 types; /* class -> is it one of greenlets? */
    struct map64 known;
    bool over; /* the time was, before all were found */
    bool cut;           /* there may be more */
};
/* Finds them while the process runs. NULL: it has none. */
struct py_greenlets *py_greenlets_find(struct rt *rt, uint64_t end);
void py_greenlets_free(struct py_greenlets *g); /* NULL is allowed */
/* Adds those that were made since, and reads what showing them all takes: while a process stands still. */
void py_greenlets_touch(struct rt *rt, struct py_greenlets *g);
/* Adds a task for each that is not finished, or says why not. */
void py_greenlets_add(struct rt *rt, struct py_tasks *t);
/* Frames of one, innermost first; none: C functions alone run it, or it has not begun. */
void py_greenlet_frames(struct rt *rt, const struct py_task *p, struct rt_stack *out);

#endif
