/* SPDX-License-Identifier: Apache-2.0 */
/* A held process: what hold.c (the thread, the jobs) and hold_events.c (what its threads do) share. */
#ifndef IMAGE_LIVE_HOLD_H
#define IMAGE_LIVE_HOLD_H

#include "image/live/live.h"
#include <pthread.h>

/* Threads: the fields up to `lock` belong to the thread that traces while a job runs, else to the caller. */
struct holder {
    struct image *im;
    struct tracer t;
    struct proc_status status;
    /* Of image_hold_continue(). */
    uint64_t stop, pass;
    struct progress *progress;
    struct image_stop result;
    bool gone; /* the process has ended */
    struct err *error;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    pthread_t thread;
    struct err *(*job)(struct holder *h); /* NULL: none */
    bool started, end;
};

/* What a thread stands at. */
struct hold_event {
    enum { HOLD_SIGNAL, HOLD_GROUP_STOP, HOLD_CLONE, HOLD_EXEC, HOLD_PAUSE, HOLD_ENDED } kind;
    int32_t tid, signo;
    int32_t code; /* HOLD_ENDED: exit status when signo is 0 */
    bool core;
};
/* False: it runs, or is not ours. Takes nothing from the kernel. */
bool hold_event_of(const struct tracee *e, struct hold_event *out);
static inline bool hold_in(uint64_t mask, int32_t signo)
{
    return signo > 0 && signo <= 64 && ((mask >> (signo - 1)) & 1);
}

/* Lets all threads run until something happens, and says in h->result what; then that thread stands, the others
 * may run. Ended: h->gone. */
void hold_run(struct holder *h);
/* Stops all threads, and lets go of other processes that were begun meanwhile. */
void hold_stop_all(struct holder *h);
/* The image's registers, signal and space, from threads that stand still. */
void hold_fill(struct holder *h);

#endif
