/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of a process's memory that is being made while it stands still. Private to read.c and copy.c. */
#ifndef RT_CPYTHON_COPY_H
#define RT_CPYTHON_COPY_H

#include "rt/cpython/priv.h"

struct py_copy {
    struct image *im;
    struct map64 pages; /* address -> its bytes; 0: there are none */
    VEC(struct space_range) ranges; /* those pages; added at the end: the space is read meanwhile */
    uint64_t began;
    uint64_t left; /* questions that came after the time was over */
    bool over;     /* the time is */
};

/* Does the time allow to look at one more thread? NULL: nothing is copied, and it does. */
bool py_copy_has_time(struct py_copy *c);

/* The bytes of the page at an address, which live as long as the image. NULL: it cannot be read, or there is no room. */
const uint8_t *py_copy_page(struct py_copy *c, taddr at);

#endif
