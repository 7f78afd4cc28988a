/* SPDX-License-Identifier: Apache-2.0 */
#include "session/globals.h"

#include "session/values.h"

#include <stdlib.h>
#include <string.h>

struct search {
    bool (*wanted)(const void *arg, const struct dw_die *die, const char *name);
    const void *arg;
    struct progress *progress;
    struct globals *out;
};

static bool take(void *arg, const struct index_hit *hit, const char *name)
{
    struct search *s = arg;
    if (hit->die.unit && !hit->declaration && s->wanted(s->arg, &hit->die, name))
        *vec_push(&s->out->v) = (struct global){xstrdup(name), hit->die};
    return !progress_cancelled(s->progress);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct global *)a)->name, ((const struct global *)b)->name);
}

struct err *globals_find(struct session *s, bool (*wanted)(const void *arg, const struct dw_die *die, const char *name),
                         const void *arg, struct globals *out)
{
    struct values *vs = session_values(s);
    struct search search = {.wanted = wanted, .arg = arg, .progress = vs->progress, .out = out};
    TRY(index_each(vs->index, INDEX_VARIABLE, take, &search));
    if (out->v.n)
        qsort(out->v.v, out->v.n, sizeof(*out->v.v), by_name);
    return NULL;
}

void globals_done(struct globals *g)
{
    for (size_t i = 0; i < g->v.n; i++)
        free(g->v.v[i].name);
    vec_done(&g->v);
}
