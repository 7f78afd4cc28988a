/* SPDX-License-Identifier: Apache-2.0 */
/* Panics of tasks and fatal errors of their runtimes. */
#include "session/priv.h"

/* Panics of panics of one task. */
enum { PANICS_MAX = 16 };

static void add_task(struct session *s, const struct tasks *t, const struct task *task)
{
    struct task_panic panics[PANICS_MAX];
    size_t n = t->attached->runtime->panics(t->attached->rt, task, panics, PANICS_MAX);
    for (size_t i = 0; i < n; i++)
        *vec_push(&s->troubles) = (struct trouble){.task = task, .panic = panics[i]};
}

static void find_troubles(struct session *s, const struct tasks *t)
{
    const struct runtime *r = t->attached->runtime;
    const char *fatal = r->fatal ? r->fatal(t->attached->rt) : NULL;
    if (fatal)
        *vec_push(&s->troubles) = (struct trouble){.panic = {.text = fatal}};
    for (int others = 0; r->panics && others < 2; others++)
        for (size_t i = 0; i < t->n; i++) {
            bool crashed = s->im->crashed_tid && t->v[i].tid == s->im->crashed_tid;
            if (t->v[i].panicking && crashed == !others)
                add_task(s, t, &t->v[i]);
        }
}

struct err *session_troubles(struct session *s, const struct trouble **out, size_t *n)
{
    const struct tasks *tasks;
    size_t n_tasks;
    if (!s->have_troubles) {
        TRY(session_tasks(s, false, &tasks, &n_tasks));
        for (size_t i = 0; i < n_tasks; i++)
            find_troubles(s, &tasks[i]);
        s->have_troubles = true;
    }
    *out = s->troubles.v;
    *n = s->troubles.n;
    return NULL;
}
