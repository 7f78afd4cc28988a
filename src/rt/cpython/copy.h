/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of a process's memory that is being made while it stands still. Private to read.c and copy.c. */
#ifndef RT_CPYTHON_COPY_H
#define RT_CPYTHON_COPY_H

#include "rt/cpython/priv.h"

struct py_copy {
    struct image *im;
    struct map64 pages; /* address -> its bytes; 0: there are none */
    VEC(struct space_range) ranges; /* those pages; added at the end: the space is read meanwhile */
    taddr last; /* page that was asked for last */
    const uint8_t *last_bytes;
    uint64_t began;
    uint64_t left; /* questions that came after the time was over */
    bool over;     /* the time is */
};

/* Does the time allow to look at one more thread? NULL: nothing is copied, and it does. */
bool py_copy_has_time(struct py_copy *c);

/* Bytes from the start; as py_read_some(). */
size_t py_copy_read(struct py_copy *c, taddr at, void *buf, size_t n);

#endif
