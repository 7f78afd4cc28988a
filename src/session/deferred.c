/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that frames of a task make when they are left. */
#include "session/session_values.h"
#include "session/tasks.h"

#include <stdlib.h>

enum { FIRST_GUESS = 64, DEFERRED_MAX = 1 << 20 };
#define NO_FRAME UINT32_MAX

/* Physical frames, innermost first. Those that cannot be told have zeros. */
struct known {
    VEC(struct task_frame) v;
};

static void known_done(struct known *f)
{
    vec_done(&f->v);
}

static struct err *list_frames(struct session *s, const struct sstack *st, struct known *out)
{
    const struct arch *a = s->im->arch;
    for (size_t i = 0; i < st->n; i++) {
        const struct vframe *f;
        if (st->frames[i].physical < out->v.n)
            continue;
        while (out->v.n < st->frames[i].physical)
            *vec_push(&out->v) = (struct task_frame){0};
        struct err *e = session_frame(s, st, i, &f);
        if (e && e->code == ERR_CANCELLED)
            return e;
        *vec_push(&out->v) = e ? (struct task_frame){0}
                               : (struct task_frame){.pc = f->lookup,
                                                     .sp = regs_has(&f->regs, a->sp) ? f->regs.val[a->sp] : 0,
                                                     .cfa = f->cfa};
        err_free(e); /* what is not known of it is left out */
    }
    return NULL;
}

/* As many as there are: most tasks have a few, a loop may have made very many. */
static size_t ask(struct session *s, const struct tasks *t, const struct task *task, const struct known *f,
                  struct task_defer **out)
{
    const struct attached *a = t->attached;
    size_t max = FIRST_GUESS, n;
    do {
        *out = arena_array(&s->values->arena, struct task_defer, max);
        n = a->runtime->defers(a->rt, task, f->v.v, f->v.n, *out, max);
        max *= 16;
    } while (n == max / 16 && max <= DEFERRED_MAX);
    return n;
}

static uint32_t frame_with(const struct known *f, taddr sp)
{
    for (size_t i = 0; sp && i < f->v.n; i++)
        if (f->v.v[i].sp == sp)
            return (uint32_t)i;
    return NO_FRAME;
}

/* Stable: of a frame they stay in their order. */
static void sort(struct deferred *v, size_t n, size_t n_frames, struct deferred *sorted)
{
    size_t *at = xcalloc(n_frames + 2, sizeof(*at));
    for (size_t i = 0; i < n; i++)
        at[(v[i].physical == NO_FRAME ? n_frames : v[i].physical) + 1]++;
    for (size_t i = 0; i < n_frames + 1; i++)
        at[i + 1] += at[i];
    for (size_t i = 0; i < n; i++)
        sorted[at[v[i].physical == NO_FRAME ? n_frames : v[i].physical]++] = v[i];
    free(at);
}

struct err *session_deferred(struct session *s, const struct tasks *t, const struct task *task, const struct sstack *st,
                             const struct deferred **out, size_t *n)
{
    SCOPED(known_done) struct known frames = {0};
    struct task_defer *found;
    *n = 0;
    if (!t->attached->runtime->defers)
        return NULL;
    (void)session_values(s);
    TRY(list_frames(s, st, &frames));
    size_t count = ask(s, t, task, &frames, &found);
    struct deferred *all = arena_array(&s->values->arena, struct deferred, count);
    struct deferred *sorted = arena_array(&s->values->arena, struct deferred, count);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct deferred){.of = found[i], .physical = frame_with(&frames, found[i].sp)};
    sort(all, count, frames.v.n, sorted);
    *out = sorted;
    *n = count;
    return NULL;
}

struct err *session_deferred_stack(struct session *s, const struct deferred *d, const struct sstack **out)
{
    const struct splace *outer, *at = session_task_place(s, d->of.function, &outer);
    if (!at)
        return err_new(ERR_NO_DATA, "the function of this deferred call is not known");
    struct image_thread *th = arena_new(&s->arena, struct image_thread);
    struct sframe *frame = arena_new(&s->arena, struct sframe);
    struct sstack *st = arena_new(&s->arena, struct sstack);
    th->has_regs = true;
    regs_set(&th->regs, s->im->arch->pc, d->of.function);
    *frame = (struct sframe){.pc = d->of.function, .at = outer, .kind = FRAME_NORMAL, .how = FRAME_FIRST};
    *st = (struct sstack){.thread = th, .frames = frame, .n = 1, .number = s->stacks_made++, .closure = d->of.closure};
    *out = st;
    return NULL;
}
