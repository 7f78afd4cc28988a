/* SPDX-License-Identifier: Apache-2.0 */
/* What tasks, interpreters and their threads are read from. */
#include "session/needs_priv.h"

enum { LABELS_MAX = 256, AWAITS_MAX = 1024, DEFERS_MAX = 4096, ANCESTORS_MAX = 1024, CHECK_EVERY = 4096 };

/* Room for one answer of each kind. */
struct answers {
    struct task_label labels[LABELS_MAX];
    uint32_t awaits[AWAITS_MAX];
    struct task_defer defers[DEFERS_MAX];
    struct task_ancestor ancestors[ANCESTORS_MAX];
};

static void ask_task(struct session *s, const struct tasks *t, const struct task *task, bool values, struct answers *a)
{
    const struct runtime *r = t->attached->runtime;
    struct rt *rt = t->attached->rt;

    (void)session_task_reason(s, t, task);
    if (values) {
        (void)session_task_name(s, t, task);
        (void)session_task_labels(s, t, task, a->labels, LABELS_MAX);
    }
    (void)session_task_awaits(s, t, task, a->awaits, AWAITS_MAX);
    (void)session_task_waits_on(s, t, task, UINT64_MAX); /* no object is there: all that it waits for is read */
    if (r->defers)
        (void)r->defers(rt, task, NULL, 0, a->defers, DEFERS_MAX);
    if (r->ancestors)
        (void)r->ancestors(rt, task, a->ancestors, ANCESTORS_MAX);
}

static struct err *ask_all(struct session *s, const struct tasks *t, bool values)
{
    SCOPED(freep) struct answers *a = xcalloc(1, sizeof(*a));

    for (size_t i = 0; i < t->n; i++) {
        if (i % CHECK_EVERY == 0)
            TRY(session_check(s));
        ask_task(s, t, &t->v[i], values, a);
    }
    return NULL;
}

static void ask_threads(struct session *s, bool values)
{
    const struct rt_exception *raised, *handled;
    const struct rt_thread *threads;
    size_t n;

    for (size_t i = 0; i < s->runtimes.n; i++)
        session_language_threads(s, i, &threads, &n);
    for (size_t i = 0; i < s->im->threads.n && values; i++)
        session_exceptions(s, s->im->threads.v[i].tid, &raised, &handled);
}

struct err *needs_ask_tasks(struct session *s, bool values)
{
    const struct trouble *troubles;
    const struct rt_fact *facts;
    const struct tasks *tasks;
    const char *name;
    size_t n;

    ask_threads(s, values);
    for (size_t i = 0; session_runtime_facts(s, i, &name, &facts, &n); i++)
        ;
    TRY(session_tasks(s, true, &tasks, &n));
    for (size_t i = 0; i < n; i++)
        TRY(ask_all(s, &tasks[i], values));
    return session_troubles(s, &troubles, &n);
}

struct keeping {
    const struct session *s;
    needs_fn *take;
    void *arg;
};

/* A piece is what a damaged record says: it ends where its mapping does. */
static void keep(void *arg, taddr at, uint64_t n)
{
    const struct keeping *k = arg;
    const struct mapping *m = image_mapping(k->s->im, at);

    if (m)
        k->take(k->arg, at, n < m->end - at ? n : m->end - at);
}

void needs_runtimes(struct session *s, needs_fn *take, void *arg)
{
    struct keeping k = {.s = s, .take = take, .arg = arg};

    for (size_t i = 0; i < s->runtimes.n; i++)
        if (s->runtimes.v[i].runtime->needed)
            s->runtimes.v[i].runtime->needed(s->runtimes.v[i].rt, keep, &k);
}
