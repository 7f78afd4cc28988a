/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines in inquest.stack/1. Each distinct stack is written once, and tasks name it by its number. */
#include "front/report/tasks.h"

#include "front/words.h"

/* ---- stacks ---- */

static struct err *stacks_json(struct json *j, const struct report *r, const struct tasks *of)
{
    struct report plain = *r; /* variables are a task's own: one stack is many's */
    plain.full = plain.locals = false;
    for (size_t i = 0; i < of->n_stacks; i++) {
        struct sstack st = task_stack_of(r, of, (uint32_t)i);
        json_object_begin(j);
        json_kv_u64(j, "tasks", of->stacks[i].tasks);
        TRY(stack_frames_json(j, &plain, &st));
        json_kv_string(j, "stopped", st.stopped);
        json_object_end(j);
    }
    return NULL;
}

/* ---- tasks ---- */

static void place_json(struct json *j, const char *key, const struct splace *at)
{
    if (!at || !at->function)
        return;
    json_key(j, key);
    json_object_begin(j);
    json_kv_string(j, "function", at->function);
    json_kv_string(j, "file", at->file);
    json_kv_u64(j, "line", at->line);
    json_object_end(j);
}

/* Numbers of the tasks that it waits for. */
static void awaits_json(struct json *j, const struct report *r, const struct tasks *of, const struct task *t)
{
    size_t n = session_task_awaits(r->session, of, t, NULL, 0);
    if (!n)
        return;
    SCOPED(freep) uint32_t *on = xcalloc(n, sizeof(*on));
    n = session_task_awaits(r->session, of, t, on, n);
    json_key(j, "awaits");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++)
        json_u64(j, of->v[on[i]].id);
    json_array_end(j);
}

static struct err *task_json(struct json *j, const struct report *r, const struct tasks *of, uint32_t i,
                             size_t first_stack)
{
    const struct task *t = &of->v[i];
    json_object_begin(j);
    json_kv_u64(j, "id", t->id);
    json_kv_string(j, "kind", task_word(r->session, of, t));
    const char *name = session_task_name(r->session, of, t);
    if (name)
        json_kv_string(j, "name", name);
    json_kv_string(j, "state", session_task_state(r->session, of, t));
    json_kv_string(j, "reason", session_task_reason(r->session, of, t));
    uint64_t waited = session_task_waited(r->session, t);
    if (waited)
        json_kv_u64(j, "waited_ns", waited);
    if (t->tid)
        json_kv_i64(j, "tid", t->tid);
    json_kv_bool(j, "system", t->system);
    if (t->locked)
        json_kv_bool(j, "locked", true);
    task_labels_json(j, r->session, of, t);
    if (t->parent)
        json_kv_u64(j, "parent", t->parent);
    awaits_json(j, r, of, t);
    place_json(j, "created_by", task_made_at(r, t));
    place_json(j, "start", session_task_place(r->session, session_task_start(r->session, of, t), NULL));
    json_kv_u64(j, "stack", first_stack + of->stack[i]);
    struct err *e = r->full ? task_calls_json(j, r, of, t) : NULL;
    json_object_end(j);
    return e;
}

/* ---- groups ---- */

static void groups_json(struct json *j, const struct report *r, const struct task_list *l, enum task_key key)
{
    SCOPED(task_groups_done) struct task_groups g = task_groups_make(r, l, key);
    task_groups_sort(&g);
    for (uint32_t k = 0; k < g.n; k++) {
        json_object_begin(j);
        json_kv_string(j, "name", g.v[k].name);
        json_key(j, "tasks");
        json_array_begin(j);
        for (uint32_t i = 0; i < g.v[k].n; i++)
            json_u64(j, l->of->v[g.v[k].v[i]].id);
        json_array_end(j);
        json_object_end(j);
    }
}

struct err *tasks_json(struct json *j, const struct report *r)
{
    enum task_key key;
    size_t first_stack = 0;
    json_key(j, "task_stacks");
    json_array_begin(j);
    for (size_t i = 0; i < r->n_runtimes; i++)
        TRY(stacks_json(j, r, &r->tasks[i]));
    json_array_end(j);
    json_key(j, "tasks");
    json_array_begin(j);
    for (size_t i = 0; i < r->n_runtimes; i++) {
        SCOPED(task_list_done) struct task_list l = task_list_make(r, &r->tasks[i]);
        for (uint32_t k = 0; k < l.n; k++)
            TRY(task_json(j, r, l.of, l.v[k], first_stack));
        first_stack += r->tasks[i].n_stacks;
    }
    json_array_end(j);
    if (r->no_tasks)
        json_kv_string(j, "tasks_missing", r->no_tasks->msg);
    if (!task_groups_asked(r, &key))
        return NULL;
    json_key(j, "task_groups");
    json_array_begin(j);
    for (size_t i = 0; i < r->n_runtimes; i++) {
        SCOPED(task_list_done) struct task_list l = task_list_make(r, &r->tasks[i]);
        groups_json(j, r, &l, key);
    }
    json_array_end(j);
    return NULL;
}
