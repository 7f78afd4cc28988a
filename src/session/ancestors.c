/* SPDX-License-Identifier: Apache-2.0 */
/* Who made a task: stacks of the past, of return addresses alone. */
#include "session/priv.h"
#include "session/tasks.h"

enum { ANCESTORS_MAX = 1024 };

static struct err *make_frames(struct session *s, const struct task_ancestor *a, struct ancestor *out)
{
    uint32_t *places = arena_array(&s->arena, uint32_t, a->n);
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++)
        places[i] = places_intern(&s->places, a->pcs[i] - 1);
    TRY(places_resolve(s));
    for (size_t i = 0; i < a->n; i++)
        n += a->single ? 1 : s->places.all.v[places[i]].n;
    struct sframe *frames = arena_array(&s->arena, struct sframe, n);
    n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct place *p = &s->places.all.v[places[i]];
        for (uint32_t k = 0; k < (a->single ? 1 : p->n); k++)
            frames[n++] = (struct sframe){.pc = a->pcs[i],
                                          .at = &p->at[k],
                                          .physical = (uint32_t)i,
                                          .kind = k + 1 < p->n ? FRAME_INLINED : FRAME_NORMAL,
                                          .how = FRAME_STEPPER};
    }
    *out = (struct ancestor){.id = a->id, .frames = frames, .n = n};
    return NULL;
}

struct err *session_task_ancestors(struct session *s, const struct tasks *t, const struct task *task,
                                   const struct ancestor **out, size_t *n)
{
    const struct runtime *r = t->attached->runtime;
    SCOPED(freep) struct task_ancestor *found = xcalloc(ANCESTORS_MAX, sizeof(*found));
    size_t count = r->ancestors ? r->ancestors(t->attached->rt, task, found, ANCESTORS_MAX) : 0;
    struct ancestor *all = arena_array(&s->arena, struct ancestor, count);
    for (size_t i = 0; i < count; i++)
        TRY(make_frames(s, &found[i], &all[i]));
    *out = all;
    *n = count;
    return NULL;
}
