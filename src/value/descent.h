/* SPDX-License-Identifier: Apache-2.0 */
/* How far a search through records inside of records goes. Damaged debug information has records that are inside of themselves,
 * and several times, so that a limit of the depth alone is none. Threads: a search is one thread's. */
#ifndef VALUE_DESCENT_H
#define VALUE_DESCENT_H

#include <stdbool.h>

enum {
    DESCENT_DEPTH = 32,
    DESCENT_STEPS = 1 << 16, /* records of a search; the largest real ones have some hundred inside */
};

/* {0} to begin with. */
struct descent {
    unsigned depth, steps;
};

/* Into a record, which descent_out() leaves, unless the search ends inside. False: not further. */
static inline bool descent_in(struct descent *d)
{
    if (d->depth >= DESCENT_DEPTH || d->steps >= DESCENT_STEPS)
        return false;
    d->depth++;
    d->steps++;
    return true;
}

static inline void descent_out(struct descent *d)
{
    d->depth--;
}

#endif
