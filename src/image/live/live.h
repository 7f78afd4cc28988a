/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the live image. Private to image/live/. */
#ifndef IMAGE_LIVE_LIVE_H
#define IMAGE_LIVE_LIVE_H

#include "image/live/proc.h"

/* Why a process is no target, as an error with a hint. refuse_kind: NULL when it is one; `alive`: some
 * thread of it still runs. */
struct err *refuse_kind(const struct proc *p, const struct proc_status *st, bool alive) MUST_CHECK;
struct err *refuse_tracer(const struct proc *p, const struct proc_status *st) MUST_CHECK;
struct err *refuse_permission(const struct proc *p, const struct proc_status *st) MUST_CHECK;

enum { GP_MAX = 512 }; /* bytes of general registers; the largest set known has 272 */

struct tracee {
    int32_t tid;
    enum { TRACEE_SEIZED, TRACEE_STOPPED, TRACEE_LOST } state;
    const char *why; /* lost: a static string */
    uint32_t gp_size;
    uint8_t gp[GP_MAX];
};

/* Stops threads of a process and lets them go again. */
struct tracer {
    const struct proc *proc;
    const struct arch *arch;
    int32_t only_tid; /* 0: all threads */
    /* Called while they are stopped. */
    void (*while_stopped)(struct tracer *t, void *arg);
    void *arg;

    VEC(struct tracee) tracees;
    uint64_t pause_ns; /* from the first interrupt until the last thread was free again */
    int error;         /* errno of PTRACE_SEIZE when no thread could be seized */
};

/* Returns when every thread runs again (or is as stopped as it was before). ERR_IO when no thread of our
 * own could be started; what the target refused is in `error` and in the tracees. */
struct err *tracer_run(struct tracer *t) MUST_CHECK;
void tracer_done(struct tracer *t);

/* Used parts of the stacks, one buffer for all. */
struct stacks {
    uint8_t *buf;
    size_t size, used;
};
struct stack_want {
    taddr start, end;
    size_t have; /* out: bytes that could be read */
    const uint8_t *data;
};
/* Sets aside memory for `threads` stacks and touches what they usually need. */
void stacks_prepare(struct stacks *s, size_t threads, uint64_t budget);
/* Copies all, in as few system calls as it can. */
void stacks_copy(struct stacks *s, int32_t pid, struct stack_want *want, size_t n);
void stacks_done(struct stacks *s);

#endif
