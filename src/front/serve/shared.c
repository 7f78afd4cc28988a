/* SPDX-License-Identifier: Apache-2.0 */
#include "front/serve/shared.h"

#include "session/values.h"

#include <pthread.h>
#include <time.h>

/* How often shared_attend() looks whether a signal came, in nanoseconds. */
enum { LOOK_NS = 100 * 1000 * 1000, SECOND_NS = 1000 * 1000 * 1000 };

/* Something for the session's own thread. */
struct job {
    struct err *(*fn)(struct session *s, void *arg);
    void *arg;
    struct err *result;
    bool done;
};

struct shared {
    struct session *session;
    struct progress progress;
    pthread_t own;
    pthread_mutex_t mutex; /* of everything below */
    pthread_cond_t changed;
    struct turn *first, *last; /* first come, first served; the first one has its turn */
    struct job *job;
    uint64_t generation;
    bool ended;
};

/* Work is not to wait for who has it measured: what comes while another thread is here is left out. */
static void report(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
    struct shared *sh = p->arg;
    if (pthread_mutex_trylock(&sh->mutex) != 0)
        return;
    const struct turn *t = sh->first;
    if (t && t->session && t->report)
        t->report(t->report_arg, what, done, total);
    pthread_mutex_unlock(&sh->mutex);
}

struct err *shared_open(struct call *call, const char *target, bool hold, struct shared **out)
{
    struct session_opts opts = front_session_opts(call);
    opts.hold = hold;
    return shared_open_with(target, &opts, out);
}

struct err *shared_open_with(const char *target, const struct session_opts *given, struct shared **out)
{
    struct shared *sh = xcalloc(1, sizeof(*sh));
    struct session_opts opts = *given;
    opts.progress = opts.modules.progress = &sh->progress;
    struct err *e = session_open(target, &opts, &sh->session);
    if (e) {
        free(sh);
        return e;
    }
    sh->own = pthread_self();
    pthread_mutex_init(&sh->mutex, NULL);
    pthread_cond_init(&sh->changed, NULL);
    sh->progress.arg = sh;
    sh->progress.report = report;
    *out = sh;
    return NULL;
}

void shared_free(struct shared *sh)
{
    if (!sh)
        return;
    session_free(sh->session);
    pthread_cond_destroy(&sh->changed);
    pthread_mutex_destroy(&sh->mutex);
    free(sh);
}

/* ---- turns; the mutex is held in those named *_locked ---- */

static void leave_locked(struct shared *sh, struct turn *t)
{
    struct turn *before = NULL, *at = sh->first;
    for (; at && at != t; at = at->next)
        before = at;
    if (!at)
        return;
    if (before)
        before->next = t->next;
    else
        sh->first = t->next;
    if (sh->last == t)
        sh->last = before;
    t->next = NULL;
    pthread_cond_broadcast(&sh->changed);
}

static struct err *enter_locked(struct shared *sh, struct turn *t)
{
    t->next = NULL;
    if (sh->last)
        sh->last->next = t;
    else
        sh->first = t;
    sh->last = t;
    while (sh->first != t && !t->cancelled && !sh->ended)
        pthread_cond_wait(&sh->changed, &sh->mutex);
    if (t->cancelled || sh->ended) {
        leave_locked(sh, t);
        t->active = t->cancelled = false;
        t->session = NULL;
        return err_new(ERR_CANCELLED, "cancelled");
    }
    atomic_store(&sh->progress.cancelled, false);
    t->session = sh->session;
    return NULL;
}

struct err *turn_begin(struct turn *t, struct shared *sh)
{
    pthread_mutex_lock(&sh->mutex);
    t->shared = sh;
    t->active = true;
    t->cancelled = false;
    struct err *e = enter_locked(sh, t);
    pthread_mutex_unlock(&sh->mutex);
    return e;
}

void turn_end(struct turn *t)
{
    struct shared *sh = t->shared;
    if (!sh || !t->session)
        return;
    session_forget_values(t->session);
    pthread_mutex_lock(&sh->mutex);
    leave_locked(sh, t);
    t->session = NULL;
    t->active = t->cancelled = false;
    pthread_mutex_unlock(&sh->mutex);
}

struct err *turn_yield(struct turn *t, struct err *(*send)(void *arg), void *arg)
{
    struct shared *sh = t->shared;
    session_forget_values(t->session);
    pthread_mutex_lock(&sh->mutex);
    leave_locked(sh, t);
    t->session = NULL;
    pthread_mutex_unlock(&sh->mutex);
    struct err *e = send(arg);
    pthread_mutex_lock(&sh->mutex);
    if (e)
        t->active = t->cancelled = false;
    else
        e = enter_locked(sh, t);
    pthread_mutex_unlock(&sh->mutex);
    return e;
}

void turn_cancel(struct turn *t)
{
    struct shared *sh = t->shared;
    if (!sh)
        return;
    pthread_mutex_lock(&sh->mutex);
    if (t->active) {
        t->cancelled = true;
        if (sh->first == t)
            session_cancel(sh->session);
        pthread_cond_broadcast(&sh->changed);
    }
    pthread_mutex_unlock(&sh->mutex);
}

uint64_t turn_generation(const struct turn *t)
{
    struct shared *sh = t->shared;
    pthread_mutex_lock(&sh->mutex);
    uint64_t generation = sh->generation;
    pthread_mutex_unlock(&sh->mutex);
    return generation;
}

/* ---- the session's own thread ---- */

struct err *turn_control(struct turn *t, struct err *(*fn)(struct session *s, void *arg), void *arg)
{
    struct shared *sh = t->shared;
    struct job job = {.fn = fn, .arg = arg};
    pthread_mutex_lock(&sh->mutex);
    sh->generation++;
    bool own = pthread_equal(sh->own, pthread_self());
    if (!own) {
        sh->job = &job;
        pthread_cond_broadcast(&sh->changed);
        while (!job.done && !(sh->ended && sh->job == &job))
            pthread_cond_wait(&sh->changed, &sh->mutex);
        if (!job.done) { /* nobody attends any more */
            sh->job = NULL;
            job.result = err_new(ERR_CANCELLED, "cancelled");
        }
    }
    pthread_mutex_unlock(&sh->mutex);
    return own ? fn(sh->session, arg) : job.result;
}

static void run_job_locked(struct shared *sh)
{
    struct job *job = sh->job;
    sh->job = NULL;
    pthread_mutex_unlock(&sh->mutex);
    job->result = job->fn(sh->session, job->arg);
    pthread_mutex_lock(&sh->mutex);
    job->done = true;
    pthread_cond_broadcast(&sh->changed);
}

void shared_attend(struct shared *sh, struct progress *stop)
{
    pthread_mutex_lock(&sh->mutex);
    while (!sh->ended && !progress_cancelled(stop)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NS;
        until.tv_sec += until.tv_nsec / SECOND_NS;
        until.tv_nsec %= SECOND_NS;
        if (sh->job)
            run_job_locked(sh);
        else
            pthread_cond_timedwait(&sh->changed, &sh->mutex, &until);
    }
    pthread_mutex_unlock(&sh->mutex);
}

void shared_end(struct shared *sh)
{
    pthread_mutex_lock(&sh->mutex);
    sh->ended = true;
    session_cancel(sh->session);
    pthread_cond_broadcast(&sh->changed);
    pthread_mutex_unlock(&sh->mutex);
}
