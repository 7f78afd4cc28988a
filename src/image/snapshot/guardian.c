/* SPDX-License-Identifier: Apache-2.0 */
/* The process that touches the target. */
#include "image/snapshot/snapshot.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* ---- registers ---- */

static void *take_room(struct snap_report *r, size_t n)
{
    n = (n + 7) & ~(size_t)7;
    if (r->room - r->used < n) {
        r->cut = true;
        return NULL;
    }
    void *p = r->data + r->used;
    r->used += n;
    return p;
}

static void report_sets(const struct arch *arch, struct snap_report *r, struct snap_thread *th)
{
    for (size_t i = 0; i < arch->n_sets; i++) {
        size_t before = r->used;
        struct snap_set *set = take_room(r, sizeof(*set));
        if (!set)
            return;
        struct iovec iov = {.iov_base = r->data + r->used, .iov_len = r->room - r->used};
        if (ptrace(PTRACE_GETREGSET, th->tid, (uintptr_t)arch->sets[i].type, &iov) != 0 || !take_room(r, iov.iov_len)) {
            r->used = before;
            continue;
        }
        *set = (struct snap_set){.index = (uint32_t)i, .size = (uint32_t)iov.iov_len};
        th->n_sets++;
    }
}

static void report_threads(const struct tracer *t, const struct snap_order *o)
{
    struct snap_report *r = o->report;

    for (size_t i = 0; i < t->tracees.n; i++) {
        const struct tracee *e = &t->tracees.v[i];
        struct snap_thread *th = take_room(r, sizeof(*th));
        if (!th)
            return;
        *th = (struct snap_thread){.tid = e->tid};
        if (e->state == TRACEE_STOPPED) {
            th->gp_size = e->gp_size;
            memcpy(th->gp, e->gp, e->gp_size);
            report_sets(o->arch, r, th);
        }
        r->n_threads++;
    }
}

static void copy_areas(const struct snap_order *o)
{
    for (size_t i = 0; i < o->n_areas; i++) {
        struct snap_area *a = &o->areas[i];
        struct iovec to = {.iov_base = a->to, .iov_len = a->n}, from = {(void *)(uintptr_t)a->start, a->n};
        ssize_t got = process_vm_readv(o->proc->pid, &to, 1, &from, 1, 0);
        a->got = got > 0 ? (size_t)got : 0;
    }
}

static struct err *check_stopped(const struct tracer *t)
{
    for (size_t i = 0; i < t->tracees.n; i++)
        if (t->tracees.v[i].state != TRACEE_STOPPED)
            return err_hint(err_new(ERR_BUSY, "thread %" PRId32 " could not be stopped: %s", t->tracees.v[i].tid,
                                    t->tracees.v[i].why),
                            "try again, or write the core without freezing a copy");
    return NULL;
}

static struct err *stop_and_freeze(struct tracer *t, const struct snap_order *o, struct frozen *out)
{
    struct snap_report *r = o->report;

    tracer_seize(t); /* which stops nothing */
    if (t->tracees.n == 0)
        return err_new(ERR_GONE, "process %" PRId32 " has ended", o->proc->pid);
    if (t->error)
        return err_errno(t->error, "cannot trace process %" PRId32, o->proc->pid);
    r->began = now_ns();
    tracer_stop(t);
    uint64_t stopped = now_ns();
    report_threads(t, o);
    uint64_t read = now_ns();
    TRY(check_stopped(t));
    copy_areas(o);
    TRY(freeze(t, o, out));
    r->stop_ns = stopped - r->began;
    r->registers_ns = read - stopped;
    r->fork_ns = now_ns() - read;
    return NULL;
}

/* A signal that a thread was about to get is delivered. */
static void let_go(const struct tracer *t)
{
    for (size_t i = 0; i < t->tracees.n; i++) {
        siginfo_t info = {0};
        int32_t tid = t->tracees.v[i].tid;
        bool at_signal = waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0 &&
                         info.si_code == CLD_TRAPPED && info.si_status >> 8 == 0;
        ptrace(PTRACE_DETACH, tid, 0, (unsigned long)(at_signal ? info.si_status : 0));
    }
}

/* ---- its life ---- */

static void copy_text(char out[static SNAP_TEXT], const char *text)
{
    snprintf(out, SNAP_TEXT, "%s", text ? text : "");
}

static void report_error(struct snap_report *r, struct err *e)
{
    r->failed = (int32_t)e->code + 1;
    copy_text(r->message, e->msg);
    copy_text(r->hint, e->hint);
    err_free(e);
}

/* Nothing but a kill can end it now: a signal to the opener's terminal or group is not for it, and what it has of the
 * opener's descriptors would keep files and pipes open. */
static void stand_alone(const struct snap_order *o)
{
    sigset_t all;

    setsid();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "inquest-hold");
    int low = o->channel < o->proc->dir ? o->channel : o->proc->dir;
    int high = o->channel < o->proc->dir ? o->proc->dir : o->channel;
    if (low > 0)
        syscall(SYS_close_range, 0, low - 1, 0);
    if (high - low > 1)
        syscall(SYS_close_range, low + 1, high - 1, 0);
    syscall(SYS_close_range, high + 1, UINT32_MAX, 0);
}

/* While threads stand still, other work should not hold us up; where we may not ask for that, it may. */
static void hurry(bool on)
{
    sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &(struct sched_param){.sched_priority = on});
}

void guardian_run(const struct snap_order *o)
{
    struct tracer t = {.proc = o->proc, .arch = o->arch};
    struct frozen frozen = {0};
    char byte = 0;

    stand_alone(o);
    hurry(true);
    if (o->orphan) {
        frozen_reap(o, o->orphan);
        _exit(0);
    }
    struct err *e = stop_and_freeze(&t, o, &frozen);
    if (e) {
        report_error(o->report, e);
        _exit(1); /* which lets the target go */
    }
    let_go(&t);
    o->report->pause_ns = now_ns() - o->report->began;
    o->report->copy = frozen.copy;
    hurry(false);
    /* Then until the opener is done, or dead. */
    if (write(o->channel, &byte, 1) == 1)
        while (read(o->channel, &byte, 1) < 0 && errno == EINTR)
            ;
    frozen_end(o, &frozen);
    _exit(0);
}
