/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping a process for as short as it goes (ptrace(2), PTRACE_SEIZE).
 *
 * The tracer is a thread of its own, and its end is what lets the target go: the kernel then detaches all
 * its tracees at once (Linux kernel/ptrace.c, exit_ptrace()). So there is one way out, for the good case, for
 * every error and for our own death by SIGKILL, and it needs no system call a thread.
 *
 * Nothing here calls wait(): whether a thread has stopped is seen from PTRACE_GETREGSET, which says ESRCH
 * until then. A wait would take the number of a signal that the thread was about to get, and our death at that
 * moment would lose the signal. For the same reason a thread is never continued from a stop: which stop it is
 * does not matter, and at the end the kernel delivers the signal, or restores the group stop, by itself. */
#include "image/live/live.h"

#include "base/log.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <time.h>

enum {
    ROUNDS_MAX = 100,               /* looks for new threads: each finds only those that the last one missed */
    SOON_NS = 2000000,              /* by then nearly every thread has stopped */
    SLEEP_SOON_NS = 100000,         /* between two looks until then */
    SLEEP_NS = 500000,              /* and later */
    PATIENCE_NS = 1000000000,       /* a thread that has not stopped by then is left out */
    PATIENCE_BLOCKED_NS = 20000000, /* the same for uninterruptible sleep: others wait for it meanwhile */
    RESUME_WAIT_NS = 1000000000,
};

void tracer_done(struct tracer *t)
{
    vec_done(&t->tracees);
}

/* The kernel lists threads in one order, so the hint is nearly always right. */
static bool is_known(const struct tracer *t, int32_t tid, size_t hint)
{
    size_t n = t->tracees.n;

    for (size_t i = 0; i < n; i++)
        if (t->tracees.v[(hint + i) % n].tid == tid)
            return true;
    return false;
}

/* With PTRACE_O_TRACECLONE a new thread is ours before we know of it. */
static bool is_ours(const struct tracer *t, int32_t tid)
{
    return t->options && ptrace(PTRACE_INTERRUPT, tid, 0, 0) == 0;
}

static void seize(struct tracer *t, int32_t tid)
{
    struct tracee new = {.tid = tid};

    if (ptrace(PTRACE_SEIZE, tid, 0, t->options) != 0 && !is_ours(t, tid)) {
        if (errno == ESRCH)
            return; /* it has ended meanwhile */
        if (!t->error)
            t->error = errno;
        new.state = TRACEE_LOST;
        new.why = "the kernel refused to let it be traced";
    }
    *vec_push(&t->tracees) = new;
}

/* Seizes the threads that are not known yet; says how many those were. */
static size_t seize_new(struct tracer *t)
{
    SCOPED(freep) int32_t *tids = NULL;
    size_t n = 0, before = t->tracees.n;

    if (t->only_tid) {
        if (before == 0)
            seize(t, t->only_tid);
        return t->tracees.n - before;
    }
    if (proc_list_tasks(t->proc, &tids, &n) != 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (before == 0 || !is_known(t, tids[i], i))
            seize(t, tids[i]);
    return t->tracees.n - before;
}

/* Makes up for what the stop alone did to a system call. */
static void restart_call(const struct tracer *t, const struct tracee *e)
{
    uint8_t gp[GP_MAX];
    struct iovec iov = {.iov_base = gp, .iov_len = e->gp_size};

    if (!t->arch->restart_call || t->arch != arch_native() || e->gp_size != t->arch->prstatus_reg_size)
        return;
    memcpy(gp, e->gp, e->gp_size);
    if (t->arch->restart_call(gp))
        ptrace(PTRACE_SETREGSET, e->tid, NT_PRSTATUS, &iov);
}

bool tracer_read_registers(const struct tracer *t, struct tracee *e)
{
    struct iovec iov = {.iov_base = e->gp, .iov_len = sizeof(e->gp)};

    if (ptrace(PTRACE_GETREGSET, e->tid, NT_PRSTATUS, &iov) != 0)
        return false;
    e->gp_size = (uint32_t)iov.iov_len;
    e->state = TRACEE_STOPPED;
    restart_call(t, e);
    return true;
}

static char state_of(const struct tracer *t, int32_t tid)
{
    char name[48];
    struct proc_stat st;

    snprintf(name, sizeof(name), "task/%" PRId32 "/stat", tid);
    struct err *e = proc_read_stat(t->proc, name, &st);
    if (e) {
        err_free(e); /* it is gone */
        return 'X';
    }
    return st.state;
}

/* Gives up on a thread that does not stop, or says false: it may yet. */
static bool give_up(struct tracer *t, struct tracee *e, uint64_t waited)
{
    if (waited < SOON_NS)
        return false;
    char state = state_of(t, e->tid);
    if (state == 'X' || state == 'Z')
        e->why = "it has ended";
    else if (state == 'D' && waited > PATIENCE_BLOCKED_NS)
        e->why = "it is in uninterruptible sleep and did not stop";
    else if (waited > PATIENCE_NS)
        e->why = "it did not stop within a second";
    else
        return false;
    e->state = TRACEE_LOST;
    return true;
}

/* One after the other: all must stop, and looking at those behind the one that is awaited would only take the
 * processor from them. */
static void wait_for_stops(struct tracer *t, size_t from)
{
    uint64_t start = now_ns();

    for (size_t i = from; i < t->tracees.n; i++) {
        struct tracee *e = &t->tracees.v[i];
        while (e->state == TRACEE_SEIZED && !tracer_read_registers(t, e)) {
            uint64_t waited = now_ns() - start;
            if (!give_up(t, e, waited))
                nanosleep(&(struct timespec){.tv_nsec = waited < SOON_NS ? SLEEP_SOON_NS : SLEEP_NS}, NULL);
        }
    }
}

void tracer_seize(struct tracer *t)
{
    for (int i = 0; i < ROUNDS_MAX && seize_new(t) > 0; i++)
        ;
}

void tracer_stop(struct tracer *t)
{
    size_t from = 0;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        for (size_t i = from; i < t->tracees.n; i++)
            if (t->tracees.v[i].state == TRACEE_SEIZED)
                ptrace(PTRACE_INTERRUPT, t->tracees.v[i].tid, 0, 0);
        wait_for_stops(t, from);
        from = t->tracees.n;
        /* All that could start a thread are stopped now; one may have done so before. */
        if (t->only_tid || proc_count_tasks(t->proc) <= from || seize_new(t) == 0)
            break;
    }
}

static void *trace(void *arg)
{
    struct tracer *t = arg;

    /* While threads stand still, other work should not hold us up; where we may not ask for that, it may.
     * The priority ends with this thread. */
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});

    /* Seizing does not stop, so new threads are looked for before the pause begins. */
    tracer_seize(t);
    uint64_t start = now_ns();
    tracer_stop(t);
    if (t->while_stopped)
        t->while_stopped(t, t->arg);
    t->pause_ns = start;
    return NULL;
}

/* The one that was seized first is the last: the kernel keeps them in a list to which it adds in front. */
void tracer_wait_for_resume(const struct tracer *t)
{
    uint64_t start = now_ns();
    char name[48];

    for (size_t i = 0; i < t->tracees.n; i++) {
        if (t->tracees.v[i].state == TRACEE_LOST)
            continue;
        snprintf(name, sizeof(name), "task/%" PRId32 "/status", t->tracees.v[i].tid);
        struct proc_status st = {.tracer = 1};
        while (st.tracer && now_ns() - start < RESUME_WAIT_NS) {
            struct err *e = proc_read_status(t->proc, name, &st);
            if (e)
                st.tracer = 0;
            err_free(e); /* it has ended */
        }
        break;
    }
}

struct err *tracer_run(struct tracer *t)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, trace, t);

    if (error)
        return err_errno(error, "cannot start the thread that traces");
    pthread_join(thread, NULL);
    tracer_wait_for_resume(t);
    t->pause_ns = now_ns() - t->pause_ns;
    return NULL;
}
