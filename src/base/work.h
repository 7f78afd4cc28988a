/* SPDX-License-Identifier: Apache-2.0 */
/* Work on all cores, progress and cancellation. */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include "base/err.h"
#include <stdatomic.h>

/* Calls fn(arg, i) for each i < n, on up to as many threads as there are processors (the caller's
 * included), in no order; returns when all are done. One item, or one processor, starts no thread. */
void parallel_for(size_t n, void (*fn)(void *arg, size_t i), void *arg);

/* How long work says how far it is, and learns that it should stop. Threads: any may call. */
struct progress {
    /* done of total units ("bytes" or "threads", as `what` says); total 0 means unknown. May be NULL. */
    void (*report)(struct progress *p, const char *what, uint64_t done, uint64_t total);
    void *arg;
    atomic_bool cancelled;
};
/* NULL p is allowed in both. */
void progress_report(struct progress *p, const char *what, uint64_t done, uint64_t total);
bool progress_cancelled(struct progress *p);

#endif
