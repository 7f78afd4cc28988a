/* SPDX-License-Identifier: Apache-2.0 */
/* Going through all objects that the garbage collector knows: private to gc.c (lists) and heaps.c (builds without a GIL,
 * which have no lists). */
#ifndef RT_CPYTHON_GC_H
#define RT_CPYTHON_GC_H

#include "rt/cpython/greenlets.h"

struct py_kept_pages;
struct py_walk {
    struct rt *rt;
    struct py_kept_pages *kept;
    py_gc_visit *visit;
    void *arg;
    uint64_t end; /* on the clock of now_ns(); 0: there is none */
    size_t seen;
};

/* gc.c. As py_read(), of memory that is likely to be beside what was read before. */
bool py_walk_read(struct py_walk *w, taddr at, void *out, size_t n);
/* To be asked after each addition to w->seen. False: it was too much, or the time is over. */
bool py_walk_goes_on(const struct py_walk *w);

/* heaps.c. All of a build without a GIL. False: not all were found. */
bool py_walk_heaps(struct py_walk *w);

#endif
