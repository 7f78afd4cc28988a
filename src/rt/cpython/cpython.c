/* SPDX-License-Identifier: Apache-2.0 */
/* CPython as a runtime: what it can do, and how it is found. */
#include "base/log.h"
#include "rt/cpython/expr.h"
#include "rt/cpython/greenlets.h"

static struct err *detect(struct modules *ms, bool *found)
{
    *found = py_is_there(ms);
    return NULL;
}

void py_forget(struct rt *rt)
{
    memset(rt->pages, 0, sizeof(rt->pages));
    vec_done(&rt->threads);
    for (size_t i = 0; i < rt->stacks.n; i++)
        py_stack_done(&rt->stacks.v[i]);
    vec_done(&rt->stacks);
    err_free(TAKE(rt->no_threads));
    rt->tried_threads = false;
    map64_done(&rt->codes);
    map64_done(&rt->places);
    rt->codes = rt->places = (struct map64){0};
    rt->code_type = 0;
    functions_free(TAKE(rt->functions));
    py_tasks_free(TAKE(rt->tasks));
    py_objects_free(TAKE(rt->objects));
}

static void rt_free(struct rt *rt)
{
    if (!rt)
        return;
    vec_done(&rt->facts);
    py_forget(rt);
    py_greenlets_free(rt->greenlets);
    arena_done(&rt->arena);
    free(rt);
}

static void rt_freep(struct rt **rt)
{
    rt_free(*rt);
}

static struct err *attach(struct modules *ms, struct rt **out)
{
    SCOPED(rt_freep) struct rt *rt = xcalloc(1, sizeof(*rt));
    rt->ms = ms;
    TRY(py_find(rt));
    *out = TAKE(rt);
    return NULL;
}

/* Where greenlets are cannot be found within the time that a process may stand still. */
static uint64_t plan(struct rt *rt, struct image *im, const struct rt_copy_wish *wish)
{
    enum { TIME_MAX = 2 }; /* seconds */
    py_plan_whole(rt, im, wish);
    rt->greenlets = py_greenlets_find(rt, now_ns() + (uint64_t)TIME_MAX * 1000000000);
    return 0;
}

static void inherit(struct rt *rt, struct rt *planned)
{
    rt->greenlets = TAKE(planned->greenlets);
}

const struct runtime runtime_cpython = {
    .name = "cpython",
    .detect = detect,
    .attach = attach,
    .free = rt_free,
    .doubt = py_doubt,
    .facts = py_facts,
    .plan = plan,
    .copy = py_copy,
    .inherit = inherit,
    .interprets = "python",
    .tasks = py_tasks,
    .state_name = py_task_state_name,
    .task_name = py_task_name,
    .task_kind = py_task_kind,
    .wait_reason = py_task_reason,
    .task_frames = py_task_frames,
    .awaits = py_task_awaits,
    .threads = py_threads,
    .annotate = py_annotate,
    .is_interpreter = py_is_interpreter,
    .formatter = py_formatter,
    .exceptions = py_exceptions,
    .variables = py_variables,
    .is_global = py_is_global,
    .evaluate = py_evaluate,
};
