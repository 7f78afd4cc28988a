/* SPDX-License-Identifier: Apache-2.0 */
/* Which task waits for which. asyncio notes it the other way round: a future has callbacks that wake whoever waits for
 * it. What waits through gather(), wait(), shield(), wait_for() or a TaskGroup waits for a future of its own; the tasks
 * behind that have callbacks which refer to it: in a closure, in the arguments of a partial, in an attribute of the
 * object whose method it is. */
#include "rt/cpython/tasks.h"

enum {
    CALLBACKS_MAX = 10000, /* of one future */
    CELLS_MAX = 64,
    DEPTH_MAX = 8,      /* futures that wait for futures */
    PARTIAL_FN = 16,
    PARTIAL_ARGS = 24,  /* fn and args of a functools.partial (Modules/_functoolsmodule.c, partialobject) */
    ATTRIBUTES_MAX = 64,
};

struct linking {
    struct rt *rt;
    struct py_tasks *t;
    struct map64 tasks;   /* their addresses */
    struct map64 waiting; /* future or task -> 1 + the task that waits for it, others of the same by `next` */
    uint32_t *next;       /* a task each: 1 + another that waits for the same; 0 none */
    VEC(uint64_t) links;  /* waiting task << 32 | task */
};

static void add_link(struct linking *l, uint32_t who, uint32_t whom)
{
    if (who != whom)
        *vec_push(&l->links) = (uint64_t)who << 32 | whom;
}

/* Notes that whoever waits for `future` waits for the task. */
static bool note_waiting(struct linking *l, taddr future, uint32_t task)
{
    const uint64_t *first = map64_find(&l->waiting, future);
    for (uint32_t i = first ? (uint32_t)*first : 0; i; i = l->next[i - 1])
        add_link(l, i - 1, task);
    return first != NULL;
}

static void follow(struct linking *l, taddr future, uint32_t task, unsigned depth);

/* A future that a callback refers to. Tasks that it knows for other reasons (who made a TaskGroup) are none. */
static void reach(struct linking *l, taddr object, uint32_t task, unsigned depth)
{
    if (map64_find(&l->tasks, object))
        return;
    if (!note_waiting(l, object, task) && depth < DEPTH_MAX && py_is_c_future(l->rt, object))
        follow(l, object, task, depth + 1);
}

static void reach_all(struct linking *l, taddr container, unsigned max, uint32_t task, unsigned depth)
{
    struct py_items it;
    struct py_item item;
    const struct py_type *t = py_type(l->rt, container);
    if (!t || !py_items_begin(l->rt, container, t, &it))
        return;
    for (unsigned i = 0; i < max && py_items_next(&it, &item); i++) {
        const struct py_type *kind = py_type(l->rt, item.value);
        uint64_t held = item.value;
        if (kind && kind->kind == PYK_CELL && !py_field(l->rt, item.value, l->rt->l.cell_value, &held))
            continue;
        reach(l, held, task, depth);
    }
}

static void reach_attributes(struct linking *l, taddr object, uint32_t task, unsigned depth)
{
    struct py_items it;
    struct py_item item;
    const struct py_type *t = py_type(l->rt, object);
    if (!t)
        return;
    py_attributes_begin(l->rt, object, t, &it);
    for (unsigned i = 0; i < ATTRIBUTES_MAX && py_items_next(&it, &item); i++)
        reach(l, item.value, task, depth);
}

static void look_at_callback(struct linking *l, taddr callback, uint32_t task, unsigned depth)
{
    struct rt *rt = l->rt;
    const struct py_type *t = py_type(rt, callback);
    uint64_t at;
    if (!t)
        return;
    if (t->kind == PYK_FUNCTION && py_field(rt, callback, rt->l.func_closure, &at))
        reach_all(l, at, CELLS_MAX, task, depth);
    else if (t->kind == PYK_METHOD && py_field(rt, callback, rt->l.method_self, &at))
        reach_attributes(l, at, task, depth);
    else if (t->name && strcmp(t->name, "partial") == 0 && depth < DEPTH_MAX) {
        if (py_field(rt, callback, py_offset(rt, PARTIAL_ARGS), &at))
            reach_all(l, at, CELLS_MAX, task, depth);
        if (py_field(rt, callback, py_offset(rt, PARTIAL_FN), &at))
            look_at_callback(l, at, task, depth + 1);
    }
}

/* Callbacks are (function, context) from 3.7 on. */
static void look_at_entry(struct linking *l, taddr entry, uint32_t task, unsigned depth)
{
    struct py_items it;
    const struct py_type *t = py_type(l->rt, entry);
    taddr callback = entry;
    if (t && t->kind == PYK_TUPLE && (!py_items_begin(l->rt, entry, t, &it) || !py_items_at(&it, 0, &callback)))
        return;
    look_at_callback(l, callback, task, depth);
}

/* All that waits for a future waits for the task: it ends when the task has. */
static void follow(struct linking *l, taddr future, uint32_t task, unsigned depth)
{
    struct rt *rt = l->rt;
    const struct py_task_layout *layout = l->t->layout;
    taddr at;
    struct py_items it;
    struct py_item item;
    if (layout->callback0 && py_is_c_future(rt, future) &&
        py_field(rt, future, py_offset(rt, layout->callback0), &at) && at)
        look_at_callback(l, at, task, depth);
    if (!py_future_field(rt, future, layout->callbacks, "_callbacks", &at))
        return;
    const struct py_type *t = py_type(rt, at);
    if (!t || t->kind != PYK_LIST || !py_items_begin(rt, at, t, &it))
        return;
    for (unsigned i = 0; i < CALLBACKS_MAX && py_items_next(&it, &item); i++)
        look_at_entry(l, item.value, task, depth);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Links to the tasks' own lists. */
static void store(struct linking *l)
{
    if (!l->links.n)
        return;
    qsort(l->links.v, l->links.n, sizeof(*l->links.v), by_value);
    uint32_t *all = arena_array(&l->rt->arena, uint32_t, l->links.n);
    for (size_t i = 0, k = 0; i < l->links.n; i++) {
        struct py_task *who = &l->t->v.v[l->links.v[i] >> 32];
        if (i && l->links.v[i] == l->links.v[i - 1])
            continue;
        if (!who->awaits)
            who->awaits = &all[k];
        all[k++] = (uint32_t)l->links.v[i];
        who->n_awaits++;
    }
}

void py_tasks_link(struct rt *rt, struct py_tasks *t)
{
    struct linking l = {.rt = rt, .t = t, .next = xcalloc(t->v.n + 1, sizeof(*l.next))};
    for (uint32_t i = 0; i < t->v.n; i++) {
        bool fresh;
        map64_put(&l.tasks, t->v.v[i].task.object, NULL);
        if (!t->v.v[i].waiter)
            continue;
        uint64_t *slot = map64_put(&l.waiting, t->v.v[i].waiter, &fresh);
        l.next[i] = fresh ? 0 : (uint32_t)*slot;
        *slot = i + 1;
    }
    for (uint32_t i = 0; i < t->v.n && l.waiting.n; i++) {
        note_waiting(&l, t->v.v[i].task.object, i);
        follow(&l, t->v.v[i].task.object, i, 0);
    }
    store(&l);
    map64_done(&l.tasks);
    map64_done(&l.waiting);
    vec_done(&l.links);
    free(l.next);
}
