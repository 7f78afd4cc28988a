/* SPDX-License-Identifier: Apache-2.0 */
/* Which goroutine, thread and frame a request is about. */
#include "front/delve/priv.h"

#include <inttypes.h>

/* ---- threads ---- */

const struct task *task_of_thread(struct client *c, int32_t tid, const struct tasks **t)
{
    *t = NULL;
    struct err *e = goroutine_tasks(c->session, t);
    if (e) {
        err_free(e); /* no Go: threads alone */
        return NULL;
    }
    for (size_t i = 0; i < (*t)->n; i++)
        if ((*t)->v[i].tid == tid)
            return &(*t)->v[i];
    return NULL;
}

struct err *select_thread(struct client *c, int32_t tid)
{
    const struct tasks *t;
    if (!session_thread(c->session, tid))
        return err_new(ERR_NOT_FOUND, "thread %" PRId32 " does not exist", tid);
    const struct task *task = task_of_thread(c, tid, &t);
    c->tid = tid;
    c->goroutine = task ? task->id : 0;
    c->selected = true;
    return NULL;
}

/* At first the thread that the target died of. */
static struct err *ensure_selection(struct client *c)
{
    const struct image *im = session_image(c->session);
    if (c->selected)
        return NULL;
    if (!im->threads.n)
        return err_new(ERR_NO_DATA, "the target has no threads");
    return select_thread(c, session_thread(c->session, im->crashed_tid) ? im->crashed_tid : im->threads.v[0].tid);
}

/* ---- goroutines ---- */

/* Clients ask for the stacks of all goroutines, one by one. */
static const struct task *by_number(struct client *c, const struct tasks *t, uint64_t id)
{
    if (c->by_id_of != t || c->by_id_generation != c->generation || c->by_id.n > t->n) {
        map64_done(&c->by_id);
        c->by_id = (struct map64){0};
        for (size_t i = t->n; i-- > 0;)
            *map64_put(&c->by_id, t->v[i].id, NULL) = i;
        c->by_id_of = t;
        c->by_id_generation = c->generation;
    }
    const uint64_t *at = map64_find(&c->by_id, id);
    return at && *at < t->n ? &t->v[*at] : NULL;
}

static struct err *find_task(struct client *c, int64_t goroutine, struct subject *out)
{
    struct err *e = goroutine_tasks(c->session, &out->tasks);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* then no number is one of a goroutine */
    out->task = e || goroutine <= 0 ? NULL : by_number(c, out->tasks, (uint64_t)goroutine);
    if (!out->task)
        return err_new(ERR_NOT_FOUND, "unknown goroutine %" PRId64, goroutine);
    out->tid = out->task->tid;
    return NULL;
}

struct err *subject_find(struct client *c, int64_t goroutine, struct subject *out)
{
    struct subject who = {0};
    TRY(ensure_selection(c));
    if (goroutine != -1) {
        TRY(find_task(c, goroutine, &who));
    } else {
        who.tid = c->tid;
        (void)task_of_thread(c, c->tid, &who.tasks);
        who.task = who.tasks && c->goroutine ? by_number(c, who.tasks, c->goroutine) : NULL;
        if (who.task)
            who.tid = who.task->tid;
    }
    *out = who;
    return NULL;
}

struct err *select_goroutine(struct client *c, int64_t goroutine)
{
    struct subject who = {0};
    TRY(ensure_selection(c));
    TRY(find_task(c, goroutine, &who));
    c->goroutine = who.task->id;
    if (who.tid)
        c->tid = who.tid;
    return NULL;
}

struct err *subject_stack(struct client *c, const struct subject *who, size_t frames, const struct sstack **out)
{
    const struct sstack *all;
    size_t n;
    if (who->task)
        return session_task_stack(c->session, who->tasks, who->task, out);
    TRY(session_first_frames(c->session, who->tid, frames, &all, &n));
    for (size_t i = 0; i < n; i++)
        if (all[i].thread->tid == who->tid)
            return *out = &all[i], NULL;
    return err_new(ERR_NOT_FOUND, "thread %" PRId32 " does not exist", who->tid);
}

/* ---- frames ---- */

/* The n-th call (from 1) that the frame makes when it is left. */
static struct err *find_deferred(struct scope *sc, int64_t n)
{
    const struct deferred *all;
    size_t count, of_frame = 0;
    const struct sframe *f = &sc->stack->frames[sc->index];
    struct session *s = sc->client->session;
    if (!sc->who.task)
        return err_new(ERR_NOT_FOUND, "Frame %zu only has 0 deferred calls", sc->index);
    TRY(session_deferred(s, sc->who.tasks, sc->who.task, sc->stack, &all, &count));
    for (size_t i = 0; i < count && f->kind != FRAME_INLINED; i++) {
        if (all[i].physical != f->physical || (int64_t)++of_frame != n)
            continue;
        sc->index = 0;
        return session_deferred_stack(s, &all[i], &sc->stack);
    }
    return err_new(ERR_NOT_FOUND, "Frame %zu only has %zu deferred calls", sc->index, of_frame);
}

struct err *scope_find(struct client *c, struct arguments *a, struct scope *out)
{
    int64_t goroutine = a->object ? argument_integer(a, "GoroutineID", 0) : -1;
    int64_t frame = argument_integer(a, "Frame", 0), deferred = argument_integer(a, "DeferredCall", 0);
    struct scope sc = {.client = c};
    TRY(arguments_check(a));
    if (frame < 0 || frame > INT32_MAX)
        return err_new(ERR_USAGE, "negative maximum stack depth");
    TRY(subject_find(c, goroutine, &sc.who));
    TRY(subject_stack(c, &sc.who, (size_t)frame + 1, &sc.stack));
    if ((size_t)frame >= sc.stack->n)
        return err_new(ERR_NOT_FOUND, "Frame %" PRId64 " does not exist in goroutine %" PRId64, frame, goroutine);
    sc.index = (size_t)frame;
    if (deferred > 0)
        TRY(find_deferred(&sc, deferred));
    TRY(session_frame(c->session, sc.stack, sc.index, &sc.frame));
    *out = sc;
    return NULL;
}

/* ---- expressions ---- */

static struct err *task_record(void *arg, taddr *out)
{
    const struct scope *sc = arg;
    *out = sc->who.task ? sc->who.task->object : 0;
    return sc->who.task ? NULL : err_new(ERR_NO_DATA, "the thread runs no goroutine");
}

static struct err *frame_at(void *arg, size_t n, const struct vframe **out)
{
    const struct scope *sc = arg;
    if (n >= sc->stack->n)
        return err_new(ERR_NOT_FOUND, "Frame %zu does not exist in goroutine %" PRIu64, n,
                       sc->who.task ? sc->who.task->id : 0);
    return session_frame(sc->client->session, sc->stack, n, out);
}

struct err *scope_evaluate(struct scope *sc, const char *text, struct value *out, bool *is_type)
{
    struct expr_env env = {
        .vs = session_values(sc->client->session),
        .frame = sc->frame,
        .arg = sc,
        .task = task_record,
        .frame_at = frame_at,
        .tid = sc->who.tid,
    };
    return expr_evaluate(&env, text, out, is_type);
}
