/* SPDX-License-Identifier: Apache-2.0 */
/* Where values that are redacted by name or type are looked for. */
#include "session/redact_values.h"
#include "session/priv.h"

enum { TASKS_MAX = 20000 };

struct roots {
    struct session *s;
    struct redact_walk *walk;
    struct redact_values *out;
};

void redact_values_done(struct redact_values *v)
{
    vec_done(&v->ranges);
}

/* ---- frames ---- */

static void take_frame(struct roots *r, const struct vframe *f)
{
    struct variables all;
    struct value v;
    struct err *e = session_variables(r->s, f, &all);

    for (size_t i = 0; !e && i < all.n; i++) {
        const struct variable *var = &all.v[i];
        if (!redact_walk_named(r->walk, var->name) && !redact_walk_reaches(r->walk, var->type))
            continue;
        struct err *none = session_variable(r->s, f, var, &v);
        if (!none)
            redact_walk_from(r->walk, &v, var->name);
        err_free(none); /* it has no value here */
    }
    err_free(e); /* there is no debug information of it */
}

static struct err *take_stack(struct roots *r, const struct sstack *st)
{
    const struct vframe *f;

    for (size_t i = 0; i < st->n; i++) {
        struct err *e = session_frame(r->s, st, i, &f);
        if (!e)
            take_frame(r, f);
        err_free(e); /* its registers are not known */
        if (i % 64 == 63)
            session_forget_values(r->s);
    }
    session_forget_values(r->s);
    return session_check(r->s);
}

static struct err *take_tasks(struct roots *r)
{
    const struct tasks *all;
    const struct sstack *st;
    size_t n;

    TRY(session_tasks(r->s, true, &all, &n));
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < all[k].n; i++) {
            if (i == TASKS_MAX) {
                r->out->cut = true;
                break;
            }
            if (all[k].v[i].tid) /* its thread has it */
                continue;
            struct err *e = session_task_stack(r->s, &all[k], &all[k].v[i], &st);
            if (!e)
                e = take_stack(r, st);
            if (e && e->code == ERR_CANCELLED)
                return e;
            err_free(e); /* its stack is not in the core */
        }
    return NULL;
}

/* ---- the program's ---- */

static bool take_global(void *arg, const struct index_hit *hit, const char *name)
{
    struct roots *r = arg;
    struct values *vs = session_values(r->s);
    struct value v;

    if (!hit->die.unit || hit->declaration)
        return !progress_cancelled(r->s->opts.progress);
    const struct type *t = type_of(vs->types, &hit->die);
    if (redact_walk_named(r->walk, name) || redact_walk_reaches(r->walk, t)) {
        struct err *e = scope_global(vs, NULL, &hit->die, &v);
        if (!e)
            redact_walk_from(r->walk, &v, name);
        err_free(e); /* it was optimised out, or is a thread's */
        session_forget_values(r->s);
    }
    return !progress_cancelled(r->s->opts.progress);
}

static int by_start(const void *a, const void *b)
{
    const struct redact_range *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static struct err *take_all(struct roots *r)
{
    const struct sstack *stacks;
    size_t n;

    TRY(session_stacks(r->s, &stacks, &n));
    session_prepare_frames(r->s);
    for (size_t i = 0; i < n; i++)
        TRY(take_stack(r, &stacks[i]));
    TRY(take_tasks(r));
    TRY(index_each(session_index(r->s), INDEX_VARIABLE, take_global, r));
    return session_check(r->s);
}

struct err *redact_find_values(struct session *s, const struct redact_opts *opts, struct redactor *to,
                               struct redact_values *out)
{
    struct roots r = {.s = s, .walk = redact_walk_new(s, opts, to, out), .out = out};

    struct err *e = take_all(&r);
    redact_walk_free(r.walk);
    if (!e && out->ranges.n)
        qsort(out->ranges.v, out->ranges.n, sizeof(*out->ranges.v), by_start);
    return e;
}
