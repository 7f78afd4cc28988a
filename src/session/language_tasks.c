/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of interpreted languages: their stacks are frames of the language. Those in the same places share one. */
#include "session/language.h"
#include "session/priv.h"

/* Stacks met so far. */
struct met {
    struct map64 by_hash;  /* of the places -> 1 + index of the last with it */
    VEC(uint32_t) next;    /* 1 + index of another with the same hash; 0 none */
    VEC(struct task_stack) v;
};

static bool same_places(const struct task_stack *st, const struct language_stack *l)
{
    if (st->n != l->stack.n || st->whole != !l->stack.note)
        return false;
    for (uint32_t i = 0; i < st->n; i++)
        if (st->frames[i].at != l->at[i])
            return false;
    return true;
}

static const struct sframe *make_frames(struct session *s, const struct language_stack *l)
{
    struct sframe *frames = arena_array(&s->arena, struct sframe, l->stack.n);
    for (size_t i = 0; i < l->stack.n; i++)
        frames[i] = language_frame(l, i);
    return frames;
}

/* The index of the stack that has these places, made when new. */
static uint32_t stack_of(struct session *s, struct met *m, const struct language_stack *l)
{
    bool fresh;
    uint64_t *slot = map64_put(&m->by_hash, hash_bytes(l->at, l->stack.n * sizeof(*l->at)), &fresh);
    for (uint32_t i = fresh ? 0 : (uint32_t)*slot; i; i = m->next.v[i - 1])
        if (same_places(&m->v.v[i - 1], l)) {
            m->v.v[i - 1].tasks++;
            return i - 1;
        }
    *vec_push(&m->next) = fresh ? 0 : (uint32_t)*slot;
    *vec_push(&m->v) = (struct task_stack){
        .frames = make_frames(s, l), .n = (uint32_t)l->stack.n, .tasks = 1, .whole = !l->stack.note};
    *slot = m->v.n;
    return (uint32_t)m->v.n - 1;
}

struct err *language_tasks(struct session *s, struct tasks *t)
{
    struct met m = {0};
    const struct sstack *threads, *on;
    size_t n;
    struct language_stack l;
    TRY(session_stacks(s, &threads, &n));
    uint32_t *stack = arena_array(&s->arena, uint32_t, t->n);
    for (size_t i = 0; i < t->n && !progress_cancelled(s->opts.progress); i++) {
        if ((on = task_thread_stack(threads, n, &t->v[i]))) {
            stack[i] = (uint32_t)m.v.n;
            *vec_push(&m.next) = 0;
            *vec_push(&m.v) =
                (struct task_stack){.frames = on->frames, .n = (uint32_t)on->n, .tasks = 1, .whole = !on->stopped};
            continue;
        }
        language_task(s, t->attached, &t->v[i], &l);
        stack[i] = stack_of(s, &m, &l);
    }
    struct task_stack *stacks = arena_array(&s->arena, struct task_stack, m.v.n);
    if (m.v.n)
        memcpy(stacks, m.v.v, m.v.n * sizeof(*stacks));
    t->stacks = stacks;
    t->n_stacks = m.v.n;
    t->stack = stack;
    map64_done(&m.by_hash);
    vec_done(&m.next);
    vec_done(&m.v);
    struct err *e = session_check(s);
    if (e)
        t->stack = NULL; /* they are made again when asked again */
    return e;
}

const struct sframe *language_task_frames(struct session *s, const struct tasks *t, const struct task *task, size_t *n)
{
    struct language_stack l;
    language_task(s, t->attached, task, &l);
    *n = l.stack.n;
    return make_frames(s, &l);
}
