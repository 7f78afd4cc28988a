/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is held stopped, let run and stopped again.
 *
 * As in tracer.c, a thread of our own traces, and its end is the one way out: whatever ends it, the kernel lets the
 * target go. It waits with WNOWAIT, which leaves the number of a signal where the kernel keeps it until the thread
 * goes on; so a signal that was reported is still delivered when we die at that moment (Linux kernel/exit.c,
 * wait_task_stopped(); kernel/signal.c, ptrace_stop()). Only threads that have ended are taken from the kernel. */
#include "image/live/hold.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <time.h>

enum { TICK_NS = 10000000 }; /* between two looks at whether the user wants it to stop */

/* ---- the thread that traces ---- */

static void *serve(void *arg)
{
    struct holder *h = arg;

    pthread_mutex_lock(&h->lock);
    while (!h->end) {
        while (!h->job && !h->end)
            pthread_cond_wait(&h->changed, &h->lock);
        if (!h->job)
            break;
        pthread_mutex_unlock(&h->lock);
        h->error = h->job(h);
        pthread_mutex_lock(&h->lock);
        h->job = NULL;
        pthread_cond_broadcast(&h->changed);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void nothing(int signo)
{
    (void)signo;
}

/* waitid() has no way to be woken but a signal. Its handler does nothing; nobody else sends it. */
static int wake_signal(void)
{
    return SIGRTMIN + 7;
}

static void wake(const struct holder *h)
{
    struct sigaction act = {.sa_handler = nothing};

    sigaction(wake_signal(), &act, NULL);
    pthread_kill(h->thread, wake_signal());
}

/* Runs a job on the thread that traces. A cancelled one that waits is woken again and again, since the first
 * time may have come just before it began to wait. */
static struct err *run(struct holder *h, struct err *(*job)(struct holder *h))
{
    pthread_mutex_lock(&h->lock);
    h->job = job;
    pthread_cond_broadcast(&h->changed);
    while (h->job) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&h->changed, &h->lock, &until);
        if (h->job && progress_cancelled(h->progress))
            wake(h);
    }
    pthread_mutex_unlock(&h->lock);
    return h->error;
}

static void end_thread(struct holder *h)
{
    struct live *l = h->im->priv;

    if (!h->started)
        return;
    l->held = false;
    pthread_mutex_lock(&h->lock);
    h->end = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    h->started = false;
    tracer_wait_for_resume(&h->t);
}

void holder_free(struct holder *h)
{
    if (!h)
        return;
    end_thread(h);
    tracer_done(&h->t);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---- the jobs ---- */

static struct err *stop_first(struct holder *h)
{
    tracer_seize(&h->t);
    tracer_stop(&h->t);
    TRY(live_refused(h->im, &h->t, &h->status));
    hold_fill(h);
    return NULL;
}

static struct err *let_run(struct holder *h)
{
    struct live *l = h->im->priv;

    hold_run(h);
    l->held = !h->gone;
    if (h->gone)
        return NULL;
    hold_stop_all(h);
    image_clear(h->im);
    TRY(live_read(h->im, &h->status));
    hold_fill(h);
    return NULL;
}

/* A signal that is not to be passed would be delivered when our thread ends. */
static struct err *drop_signals(struct holder *h)
{
    for (size_t i = 0; i < h->t.tracees.n; i++) {
        const struct tracee *e = &h->t.tracees.v[i];
        struct hold_event ev;
        if (hold_event_of(e, &ev) && ev.kind == HOLD_SIGNAL && !hold_in(h->pass, ev.signo))
            ptrace(PTRACE_DETACH, e->tid, 0, 0);
    }
    return NULL;
}

/* ---- what the image offers ---- */

static struct err *hold(struct image *im, int32_t pid)
{
    struct live *l = im->priv;
    struct proc_status status;

    TRY(live_prepare(im, pid, &status));
    struct holder *h = xcalloc(1, sizeof(*h));
    l->holder = h;
    h->im = im;
    h->status = status;
    h->t = (struct tracer){.proc = &l->proc, .arch = im->arch, .options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC};
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    /* Ctrl-C is for the thread that asks: it may wait for a line and has to be woken. */
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    int error = pthread_create(&h->thread, NULL, serve, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return err_errno(error, "cannot start the thread that traces");
    h->started = true;
    l->held = true;
    return run(h, stop_first);
}

struct err *image_hold_open(int32_t pid, struct image **out)
{
    struct image *im = live_new(pid);
    struct err *e = hold(im, pid);

    if (e) {
        image_free(im);
        return e;
    }
    *out = im;
    return NULL;
}

static struct err *held(struct image *im, struct holder **out)
{
    const struct live *l = im->kind == IMAGE_LIVE ? im->priv : NULL;

    if (!l || !l->holder || !l->holder->started)
        return err_new(ERR_USAGE, "the target is not a process that is held");
    if (l->holder->gone)
        return err_new(ERR_GONE, "process %" PRId32 " has ended", l->proc.pid);
    *out = l->holder;
    return NULL;
}

struct err *image_hold_continue(struct image *im, const struct image_signals *signals, struct progress *progress,
                                struct image_stop *out)
{
    struct holder *h;

    TRY(held(im, &h));
    h->stop = signals->stop;
    h->pass = signals->pass;
    h->progress = progress;
    h->result = (struct image_stop){0};
    struct err *e = run(h, let_run);
    h->progress = NULL;
    if (e)
        return e;
    if (h->gone && h->result.kind == IMAGE_STOP_ATTACHED)
        return err_new(ERR_GONE, "process %" PRId32 " has ended; how is not known", im->pid);
    *out = h->result;
    return NULL;
}

struct err *image_hold_detach(struct image *im, uint64_t pass)
{
    struct holder *h;

    TRY(held(im, &h));
    h->pass = pass;
    IGNORE_ERR(run(h, drop_signals)); /* it has none */
    end_thread(h);
    return NULL;
}
