/* SPDX-License-Identifier: Apache-2.0 */
#include "front/report/tasks.h"

#include "front/words.h"

#include <inttypes.h>
#include <string.h>

/* ---- the list ---- */

static int by_id(const void *a, const void *b, void *arg)
{
    const struct task *v = arg;
    const uint32_t *x = a, *y = b;
    if (v[*x].id != v[*y].id)
        return v[*x].id < v[*y].id ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

struct task_list task_list_make(const struct report *r, const struct tasks *of)
{
    struct task_list l = {.of = of, .v = xcalloc(of->n, sizeof(*l.v))};
    bool system = call_has(r->call, "system"), one = call_has(r->call, "goroutine"), sorted = true;
    uint64_t id = call_number(r->call, "goroutine", 0);
    for (size_t i = 0; i < of->n; i++) {
        const struct task *t = &of->v[i];
        bool crashed = t->tid && t->tid == r->im->crashed_tid;
        if (one ? t->id != id : t->system && !system && !crashed) {
            l.n_system += !one;
            continue;
        }
        sorted = sorted && (!l.n || of->v[l.v[l.n - 1]].id <= t->id);
        l.v[l.n++] = (uint32_t)i;
    }
    if (!sorted)
        qsort_r(l.v, l.n, sizeof(*l.v), by_id, (void *)(uintptr_t)of->v);
    return l;
}

void task_list_done(struct task_list *l)
{
    free(l->v);
}

/* ---- what a task is ---- */

void task_labels_put(struct text *t, const struct report *r, const struct tasks *of, const struct task *task)
{
    struct task_label labels[TASK_LABELS_MAX];
    size_t n = session_task_labels(r->session, of, task, labels, TASK_LABELS_MAX);
    for (size_t i = 0; i < n; i++) {
        text_put(t, i ? ", " : "");
        put_safe(t, labels[i].key);
        text_putc(t, '=');
        put_safe(t, labels[i].value);
    }
}

const struct splace *task_made_at(const struct report *r, const struct task *task)
{
    /* A return address: the statement stands before it. */
    const struct splace *at = task->created_at ? session_task_place(r->session, task->created_at - 1, NULL) : NULL;
    return at && at->function && !session_place_hidden(r->session, at) ? at : NULL;
}

const struct sstack *task_thread(const struct report *r, const struct task *task)
{
    for (size_t i = 0; task->tid && i < r->n_stacks; i++)
        if (r->stacks[i].thread->tid == task->tid)
            return &r->stacks[i];
    return NULL;
}

struct sstack task_stack_of(const struct report *r, const struct tasks *of, uint32_t stack)
{
    const struct task_stack *st = &of->stacks[stack];
    uint64_t limit = call_number(r->call, "limit", 0);
    struct sstack out = {.frames = st->frames, .n = st->n};
    if (limit && out.n > limit) {
        out.n = limit;
        out.stopped = "the limit of frames was reached";
    } else if (!st->whole) {
        out.stopped = st->n ? "the next frame was not found" : "the stack cannot be read";
    }
    return out;
}

/* ---- groups ---- */

/* Numbers from 0 for the distinct keys. */
static uint32_t number_of(struct map64 *m, uint64_t key)
{
    bool fresh;
    uint64_t *slot = map64_put(m, key, &fresh);
    if (fresh)
        *slot = m->n - 1;
    return (uint32_t)*slot;
}

/* "main.f  /x/f.go:12" */
static const char *place_name(struct arena *a, const struct splace *at)
{
    if (!at || !at->function)
        return "an unknown place";
    if (!at->file)
        return arena_strdup(a, at->function);
    return arena_printf(a, "%s %s:%" PRIu32, at->function, at->file, at->line);
}

/* While groups are made. */
struct grouping {
    const struct report *r;
    const struct tasks *of;
    enum task_key key;
    struct map64 looks, makers, raw;
    struct mapstr names, labels;
    struct task_groups *out;
    VEC(struct task_group) groups;
    VEC(uint32_t) by_raw; /* number of a raw key -> group */
};

static uint64_t stack_key(const struct grouping *g, uint32_t i)
{
    const struct task *t = &g->of->v[i];
    return t->tid && task_thread(g->r, t) ? UINT64_C(1) << 32 | (uint32_t)t->tid : g->of->stack[i];
}

static uint32_t label_number(struct grouping *g, const struct task *t)
{
    struct text labels = {0};
    task_labels_put(&labels, g->r, g->of, t);
    const uint64_t *known = mapstr_find(&g->labels, text_str(&labels), labels.n);
    uint64_t number = known ? *known : g->labels.n;
    if (!known)
        *mapstr_put(&g->labels, arena_strndup(&g->out->arena, text_str(&labels), labels.n), labels.n, NULL) = number;
    text_done(&labels);
    return (uint32_t)number;
}

/* What tells tasks apart under a key; tasks with different ones may still have the same name. */
static uint64_t raw_key(struct grouping *g, uint32_t i)
{
    const struct task *t = &g->of->v[i];
    switch (g->key) {
    case TASK_BY_LOOK: {
        uint64_t state = (uint64_t)t->raw_state << 9 | (uint64_t)t->wait_reason << 1 | t->locked;
        uint64_t look = number_of(&g->looks, stack_key(g, i) << 20 | state);
        return look << 32 | number_of(&g->makers, t->created_at);
    }
    case TASK_BY_STACK:
        return stack_key(g, i);
    case TASK_BY_USER: {
        const struct sframe *f = session_task_user_frame(g->r->session, g->of, t);
        return f ? (uint64_t)(uintptr_t)f->at : 0;
    }
    case TASK_BY_GO:
        return t->created_at;
    case TASK_BY_START:
        return t->start;
    case TASK_BY_LABEL:
        return label_number(g, t);
    case TASK_BY_STATE:
        return (uint64_t)t->raw_state << 9 | (uint64_t)t->wait_reason << 1 | t->locked;
    }
    return 0;
}

static const char *name_of(struct grouping *g, uint32_t i)
{
    const struct task *t = &g->of->v[i];
    struct arena *a = &g->out->arena;
    const struct splace *at;
    switch (g->key) {
    case TASK_BY_LOOK:
    case TASK_BY_STACK:
        break;
    case TASK_BY_USER: {
        const struct sframe *f = session_task_user_frame(g->r->session, g->of, t);
        return place_name(a, f ? f->at : NULL);
    }
    case TASK_BY_GO:
        at = task_made_at(g->r, t);
        return at ? place_name(a, at) : "the runtime";
    case TASK_BY_START:
        return place_name(a, session_task_place(g->r->session, session_task_start(g->r->session, g->of, t), NULL));
    case TASK_BY_LABEL:
    case TASK_BY_STATE: {
        struct text text = {0};
        if (g->key == TASK_BY_STATE)
            put_task_state(&text, g->r->session, g->of, t);
        else
            task_labels_put(&text, g->r, g->of, t);
        const char *name = text.n ? arena_strdup(a, text_str(&text)) : "no labels";
        text_done(&text);
        return name;
    }
    }
    return NULL;
}

/* The group of a raw key that is new. */
static uint32_t new_group(struct grouping *g, uint32_t i)
{
    const char *name = name_of(g, i);
    bool fresh = true;
    uint64_t *slot = name ? mapstr_put(&g->names, name, strlen(name), &fresh) : NULL;
    if (!fresh)
        return (uint32_t)*slot;
    if (slot)
        *slot = g->groups.n;
    *vec_push(&g->groups) = (struct task_group){.name = name};
    return (uint32_t)g->groups.n - 1;
}

static void fill_groups(const struct grouping *g, const struct task_list *l, struct task_groups *out)
{
    uint32_t at = 0;
    SCOPED(freep) uint32_t *next = xcalloc(g->groups.n, sizeof(*next));
    out->v = xcalloc(g->groups.n, sizeof(*out->v));
    out->n = (uint32_t)g->groups.n;
    out->order = xcalloc(l->n, sizeof(*out->order));
    for (uint32_t k = 0; k < out->n; k++) {
        out->v[k] = g->groups.v[k];
        out->v[k].v = out->order + at;
        next[k] = at;
        at += out->v[k].n;
    }
    for (uint32_t i = 0; i < l->n; i++)
        out->order[next[out->of[i]]++] = l->v[i];
}

struct task_groups task_groups_make(const struct report *r, const struct task_list *l, enum task_key key)
{
    struct task_groups out = {.of = xcalloc(l->n, sizeof(*out.of))};
    struct grouping g = {.r = r, .of = l->of, .key = key, .out = &out};
    for (uint32_t i = 0; i < l->n; i++) {
        uint32_t raw = number_of(&g.raw, raw_key(&g, l->v[i]));
        if (raw == g.by_raw.n) {
            uint32_t group = new_group(&g, l->v[i]);
            *vec_push(&g.by_raw) = group;
        }
        out.of[i] = g.by_raw.v[raw];
        g.groups.v[out.of[i]].n++;
    }
    fill_groups(&g, l, &out);
    map64_done(&g.looks);
    map64_done(&g.makers);
    map64_done(&g.raw);
    mapstr_done(&g.names);
    mapstr_done(&g.labels);
    vec_done(&g.groups);
    vec_done(&g.by_raw);
    return out;
}

static int by_size(const void *a, const void *b)
{
    const struct task_group *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->v < y->v ? -1 : x->v > y->v;
}

void task_groups_sort(struct task_groups *g)
{
    qsort(g->v, g->n, sizeof(*g->v), by_size);
}

void task_groups_done(struct task_groups *g)
{
    free(g->v);
    free(g->of);
    free(g->order);
    arena_done(&g->arena);
}

bool task_groups_asked(const struct report *r, enum task_key *key)
{
    static const struct {
        const char *name;
        enum task_key key;
    } keys[] = {{"user", TASK_BY_USER},
                {"go", TASK_BY_GO},
                {"start", TASK_BY_START},
                {"state", TASK_BY_STATE},
                {"label", TASK_BY_LABEL}};
    const char *by = call_value(r->call, "by");
    *key = TASK_BY_STACK;
    for (size_t i = 0; by && i < ARRAY_LEN(keys); i++)
        if (strcmp(by, keys[i].name) == 0)
            *key = keys[i].key;
    return by || call_has(r->call, "group");
}
