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
    /* Of a held process: what it stands at was reported; it stands at an execve(). */
    bool reported, at_exec;
    uint32_t gp_size;
    uint8_t gp[GP_MAX];
};

/* Stops threads of a process and lets them go again. */
struct tracer {
    const struct proc *proc;
    const struct arch *arch;
    int32_t only_tid; /* 0: all threads */
    unsigned options; /* PTRACE_O_* */
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

/* The steps of it, for the thread that traces: seize all threads, which does not stop them; stop those that are
 * TRACEE_SEIZED, and whoever they started meanwhile. */
void tracer_seize(struct tracer *t);
void tracer_stop(struct tracer *t);
/* General registers of a thread; false: it does not stand still. Makes up for what the stop did to its call. */
bool tracer_read_registers(const struct tracer *t, struct tracee *e);
/* The end of a tracer returns a little before the kernel has let the threads go. Waits for that. */
void tracer_wait_for_resume(const struct tracer *t);

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

/* ---- the image (process.c) ---- */

struct holder;
struct snapshot;
/* Of a snapshot: memory whose pages in the copy do not say what they hold in the process. */
struct live_area {
    taddr start, end;
    struct mapping_facts facts; /* as the process has them */
    bool elsewhere; /* what the image has no bytes of is read from `origin` */
};
struct live {
    struct proc proc; /* of a snapshot: the copy's */
    struct proc origin; /* of a snapshot: the process's; dir is -1 otherwise */
    VEC(struct live_area) areas; /* sorted, not overlapping */
    int32_t reader; /* a thread whose /proc files work: the leader may have ended before the others */
    struct stacks stacks;
    struct holder *holder; /* NULL: not held */
    struct snapshot *snapshot; /* NULL: none */
    bool held;             /* it stands still, and keeps its id */
};

/* An image without content; its priv is a struct live. */
struct image *live_new(int32_t pid);
/* Opens /proc/PID and fills the image with what it says: threads without registers, mappings, the process.
 * Refuses what is no target. */
struct err *live_prepare(struct image *im, int32_t pid, struct proc_status *status) MUST_CHECK;
/* The part of it that can be done again, for an image that image_clear() has emptied. */
struct err *live_read(struct image *im, struct proc_status *status) MUST_CHECK;
/* Why no thread could be stopped; NULL when one was. */
struct err *live_refused(const struct image *im, const struct tracer *t, const struct proc_status *status) MUST_CHECK;
/* The image's thread, added when it is new; `hint`: where it probably is. */
struct image_thread *live_thread(struct image *im, int32_t tid, size_t hint);
/* From the registers as ptrace gave them. A 32-bit program has a smaller set. */
void live_set_registers(struct image *im, struct image_thread *t, const struct tracee *e);
/* Adds a copy of a register set, or a siginfo, to a thread's notes. */
void live_add_note(struct image *im, struct image_thread *th, const char *owner, uint32_t type, const void *desc,
                   size_t n);
/* Adds all sets of a thread that stands still; by the thread that traces it. */
void live_read_sets(struct image *im, struct image_thread *th);
/* The rest of what is mapped, to be read when asked for. Stacks and what a runtime copied come first and win. */
void live_finish_space(struct image *im);
/* "task/TID/NAME", of the thread that is read through; `buf` holds it. */
const char *live_own(const struct live *l, char buf[64], const char *name);

/* The area that holds `at`, else the first one behind it, or NULL. */
const struct live_area *live_area(const struct live *l, taddr at);

/* What a file of the form of /proc/PID/smaps says of im->maps, one for each (residence.c). ERR_GONE: nothing. */
struct err *live_read_facts(const struct proc *p, const char *name, const struct image *im,
                            struct mapping_facts *out) MUST_CHECK;
/* Fills im->facts (describe.c). Of a process that still runs, and before its frozen copy takes its place. */
void live_describe(struct image *im);
/* Adds how its core is made (NULL: not said), and when: to be called at the instant that it shows. */
void live_describe_capture(struct image *im, const char *method);

/* Of struct image_ops (residence.c). */
struct err *live_facts(struct image *im, struct mapping_facts *out, uint32_t *filter) MUST_CHECK;
bool live_touched(struct image *im, taddr at, size_t pages, uint8_t *out);
taddr live_next_touched(struct image *im, taddr at, taddr end);

/* Lets the process run and frees the holder (hold.c). NULL is allowed. */
void holder_free(struct holder *h);
/* Ends the frozen copy (snapshot/open.c). NULL is allowed. */
void snapshot_free(struct snapshot *s);

#endif
