/* SPDX-License-Identifier: Apache-2.0 */
/* What the threads of a held process do while it runs (ptrace(2), "Attaching and detaching", "Group-stop"). */
#include "image/live/hold.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* Only tracees of this very thread, whatever kind they are; what is seen stays where it is. */
enum { LOOK = WSTOPPED | WEXITED | WNOWAIT | __WALL | __WNOTHREAD };

/* si_status of a tracee that stands: the signal, and the event above it. */
static struct hold_event decode(const siginfo_t *info)
{
    struct hold_event ev = {.tid = info->si_pid, .signo = info->si_status & 0x7f};

    switch (info->si_code) {
    case CLD_EXITED:
        ev = (struct hold_event){.kind = HOLD_ENDED, .tid = info->si_pid, .code = info->si_status};
        return ev;
    case CLD_KILLED:
    case CLD_DUMPED:
        ev.kind = HOLD_ENDED;
        ev.core = info->si_code == CLD_DUMPED;
        return ev;
    default:
        break;
    }
    switch (info->si_status >> 8) {
    case 0:
        ev.kind = HOLD_SIGNAL;
        break;
    case PTRACE_EVENT_CLONE:
        ev.kind = HOLD_CLONE;
        break;
    case PTRACE_EVENT_EXEC:
        ev.kind = HOLD_EXEC;
        break;
    case PTRACE_EVENT_STOP:
        ev.kind = ev.signo == SIGTRAP ? HOLD_PAUSE : HOLD_GROUP_STOP;
        break;
    default:
        ev.kind = HOLD_PAUSE;
        break;
    }
    return ev;
}

bool hold_event_of(const struct tracee *e, struct hold_event *out)
{
    siginfo_t info = {0};

    if (e->at_exec) {
        *out = (struct hold_event){.kind = HOLD_EXEC, .tid = e->tid};
        return true;
    }
    if (waitid(P_PID, (id_t)e->tid, &info, LOOK | WNOHANG) != 0 || info.si_pid == 0)
        return false;
    *out = decode(&info);
    return true;
}

static struct tracee *find(struct holder *h, int32_t tid)
{
    for (size_t i = 0; i < h->t.tracees.n; i++)
        if (h->t.tracees.v[i].tid == tid)
            return &h->t.tracees.v[i];
    return NULL;
}

static void forget(struct holder *h, int32_t tid)
{
    struct tracee *e = find(h, tid), *end = h->t.tracees.v + h->t.tracees.n;

    if (!e)
        return;
    memmove(e, e + 1, (size_t)(end - e - 1) * sizeof(*e));
    h->t.tracees.n--;
}

static bool is_own_thread(const struct holder *h, int32_t tid)
{
    char name[32];
    snprintf(name, sizeof(name), "task/%" PRId32, tid);
    return faccessat(h->t.proc->dir, name, F_OK, 0) == 0;
}

/* clone() can also begin a process, which comes traced as a thread would. It stands before its first
 * instruction, or will at once. */
static void let_go_if_other(const struct holder *h, int32_t parent)
{
    unsigned long tid = 0;
    siginfo_t info = {0};

    if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &tid) != 0 || is_own_thread(h, (int32_t)tid))
        return;
    if (waitid(P_PID, (id_t)tid, &info, LOOK) == 0)
        ptrace(PTRACE_DETACH, tid, 0, 0);
}

/* Lets a thread go on from where it stands. */
static void go_on(struct holder *h, const struct hold_event *ev)
{
    struct tracee *e = find(h, ev->tid);
    int32_t signo = ev->kind == HOLD_SIGNAL && hold_in(h->pass, ev->signo) ? ev->signo : 0;

    if (!e && !is_own_thread(h, ev->tid)) {
        ptrace(PTRACE_DETACH, ev->tid, 0, 0);
        return;
    }
    if (!e) {
        *vec_push(&h->t.tracees) = (struct tracee){.tid = ev->tid};
        e = &h->t.tracees.v[h->t.tracees.n - 1];
    }
    if (ev->kind == HOLD_CLONE)
        let_go_if_other(h, ev->tid);
    e->reported = e->at_exec = false;
    (void)tracer_read_registers(&h->t, e);
    e->state = TRACEE_SEIZED;
    /* PTRACE_LISTEN leaves a thread of a stopped process stopped until SIGCONT. */
    ptrace(ev->kind == HOLD_GROUP_STOP ? PTRACE_LISTEN : PTRACE_CONT, ev->tid, 0, (unsigned long)signo);
}

/* A thread that ended is taken from the kernel: its process cannot end, nor run another program, before. The
 * last one of the process is the leader; taking it tells its parent. */
static bool reap(struct holder *h, const struct hold_event *ev)
{
    siginfo_t info;

    forget(h, ev->tid);
    (void)waitid(P_PID, (id_t)ev->tid, &info, WEXITED | __WALL | __WNOTHREAD);
    if (ev->tid != h->im->pid)
        return false;
    h->gone = true;
    h->result = (struct image_stop){.kind = ev->signo ? IMAGE_STOP_KILLED : IMAGE_STOP_EXITED,
                                    .tid = ev->tid,
                                    .signo = ev->signo,
                                    .code = ev->code,
                                    .core = ev->core};
    return true;
}

/* What a stop is reported for, once. */
static bool is_news(const struct holder *h, const struct tracee *e, const struct hold_event *ev)
{
    if (e && e->reported)
        return false;
    return ev->kind == HOLD_EXEC || (ev->kind == HOLD_SIGNAL && hold_in(h->stop, ev->signo));
}

/* A thread at an execve() is the one stop that must be taken: it has the leader's id now, and the kernel wants its
 * tracer to know that (kernel/ptrace.c, looks_like_a_spurious_pid()). No signal is lost with it. The call has ended
 * all other threads. */
static void take_exec(struct holder *h, int32_t tid)
{
    siginfo_t info;

    h->t.tracees.n = 0;
    *vec_push(&h->t.tracees) = (struct tracee){.tid = tid, .at_exec = true};
    (void)waitid(P_PID, (id_t)tid, &info, WSTOPPED | __WALL | __WNOTHREAD);
}

static void report(struct holder *h, const struct hold_event *ev)
{
    struct tracee *e = find(h, ev->tid);
    bool exec = ev->kind == HOLD_EXEC;

    if (exec && !(e && e->at_exec))
        take_exec(h, ev->tid);
    else if (!e)
        *vec_push(&h->t.tracees) = (struct tracee){.tid = ev->tid};
    find(h, ev->tid)->reported = true;
    h->result = (struct image_stop){
        .kind = exec ? IMAGE_STOP_EXEC : IMAGE_STOP_SIGNAL, .tid = ev->tid, .signo = exec ? 0 : ev->signo};
}

/* True: this is what the caller waits for. */
static bool handle(struct holder *h, const struct hold_event *ev)
{
    if (ev->kind == HOLD_ENDED)
        return reap(h, ev);
    if (is_news(h, find(h, ev->tid), ev)) {
        report(h, ev);
        return true;
    }
    go_on(h, ev);
    return false;
}

/* What happened to a thread while the last stop was made is reported before anything runs. */
static bool report_waiting(struct holder *h)
{
    for (size_t i = 0; i < h->t.tracees.n; i++) {
        struct hold_event ev;
        if (hold_event_of(&h->t.tracees.v[i], &ev) && is_news(h, &h->t.tracees.v[i], &ev)) {
            report(h, &ev);
            return true;
        }
    }
    return false;
}

static void resume(struct holder *h)
{
    for (size_t i = 0; i < h->t.tracees.n; i++) {
        struct hold_event ev;
        if (hold_event_of(&h->t.tracees.v[i], &ev) && ev.kind != HOLD_ENDED)
            go_on(h, &ev);
    }
}

void hold_run(struct holder *h)
{
    if (report_waiting(h))
        return;
    resume(h);
    for (;;) {
        siginfo_t info = {0};
        if (progress_cancelled(h->progress)) {
            h->result = (struct image_stop){.kind = IMAGE_STOP_ASKED, .tid = h->im->pid};
            return;
        }
        if (waitid(P_ALL, 0, &info, LOOK) != 0) {
            if (errno == EINTR)
                continue;
            h->gone = true; /* no thread is left that could tell how it ended */
            return;
        }
        struct hold_event ev = decode(&info);
        if (handle(h, &ev))
            return;
    }
}

void hold_stop_all(struct holder *h)
{
    for (size_t i = 0; i < h->t.tracees.n; i++) {
        h->t.tracees.v[i].state = TRACEE_SEIZED;
        (void)tracer_read_registers(&h->t, &h->t.tracees.v[i]); /* of those that stand already */
    }
    tracer_stop(&h->t);
    for (size_t i = 0; i < h->t.tracees.n; i++) {
        struct tracee *e = &h->t.tracees.v[i];
        struct hold_event ev;
        if (!hold_event_of(e, &ev))
            continue;
        if (ev.kind == HOLD_CLONE)
            let_go_if_other(h, ev.tid);
        if (ev.kind == HOLD_EXEC && !e->at_exec) {
            take_exec(h, ev.tid);
            (void)tracer_read_registers(&h->t, &h->t.tracees.v[0]);
        }
    }
}

/* ---- what the image has of threads that stand ---- */

/* The signal that a thread stands at. The record is of our own word size, whatever the target's. */
static void fill_signal(struct holder *h, const struct tracee *e, struct image_thread *th)
{
    struct image *im = h->im;
    struct hold_event ev;
    siginfo_t info = {0};
    struct bytes raw = {(const uint8_t *)&info, sizeof(info)};

    if (!hold_event_of(e, &ev) || ev.kind != HOLD_SIGNAL || ptrace(PTRACE_GETSIGINFO, th->tid, 0, &info) != 0)
        return;
    th->signal = ev.signo;
    if (im->arch->addr_size == sizeof(void *))
        live_add_note(im, th, "CORE", NT_SIGINFO, &info, sizeof(info));
    if (h->result.kind == IMAGE_STOP_SIGNAL && h->result.tid == th->tid) {
        im->signal.tid = th->tid;
        im->crashed_tid = th->tid;
        image_decode_siginfo(&im->signal, raw, sizeof(void *));
    }
}

void hold_fill(struct holder *h)
{
    h->t.arch = h->im->arch;
    for (size_t i = 0; i < h->t.tracees.n; i++) {
        const struct tracee *e = &h->t.tracees.v[i];
        struct image_thread *th = live_thread(h->im, e->tid, i);
        live_set_registers(h->im, th, e);
        if (!th->has_regs)
            continue;
        live_read_sets(h->im, th);
        fill_signal(h, e, th);
    }
    live_finish_space(h->im);
}
