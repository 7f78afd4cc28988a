/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks of asyncio: found through the lists that the interpreter keeps of them. */
#include "rt/cpython/greenlets.h"

#include <inttypes.h>

enum { TASKS_MAX = 10000000, INTERPRETERS_MAX = 4096, NAME_CHARS_MAX = 256, WEAKREF_OBJECT = 16, STATIC_MAX = 1 << 16 };

/* Read with gdb (ptype /o TaskObj) from DWARF of _asyncio in builds of these versions. */
static const struct py_task_layout layouts[] = {
    [6] = {.callbacks = 24, .state = 56, .waiter = 88, .coro = 96},
    [7] = {.callback0 = 24, .callbacks = 40, .state = 72, .waiter = 104, .coro = 112},
    [8] = {.callback0 = 24, .callbacks = 40, .state = 72, .waiter = 104, .coro = 112, .name = 120},
    [9] = {.callback0 = 24, .callbacks = 40, .state = 80, .waiter = 144, .coro = 152, .name = 160},
    [10] = {.callback0 = 24, .callbacks = 40, .state = 88, .waiter = 152, .coro = 160, .name = 168},
    [11] = {.callback0 = 24, .callbacks = 40, .state = 88, .waiter = 128, .coro = 136, .name = 144},
    [12] = {.callback0 = 24, .callbacks = 40, .state = 88, .waiter = 128, .coro = 136, .name = 144},
    [13] = {.callback0 = 24, .callbacks = 40, .state = 96, .waiter = 112, .coro = 120, .name = 128},
    [14] = {.callback0 = 24, .callbacks = 40, .state = 104, .waiter = 120, .coro = 128, .name = 136, .node = 152},
    [15] = {.callback0 = 24, .callbacks = 40, .state = 104, .waiter = 120, .coro = 128, .name = 136, .node = 152},
};

enum { FUTURE_PENDING = 0 };

void py_tasks_free(struct py_tasks *t)
{
    if (!t)
        return;
    vec_done(&t->v);
    free(t);
}

static const struct py_task *py_task_of(struct rt *rt, const struct task *t)
{
    return &rt->tasks->v.v[t - rt->tasks->tasks];
}

/* ---- fields ---- */

static bool derives_from(struct rt *rt, const struct py_type *t, const char *a, const char *b)
{
    for (unsigned i = 0; i < PY_MRO_MAX; i++) {
        const struct py_type *base = py_mro_at(rt, t, i);
        if (!base)
            return false;
        if (base->qualified && (strcmp(base->qualified, a) == 0 || strcmp(base->qualified, b) == 0))
            return true;
    }
    return false;
}

bool py_is_c_future(struct rt *rt, taddr object)
{
    const struct py_type *t = py_type(rt, object);
    return t && derives_from(rt, t, "_asyncio.Future", "_asyncio.Task");
}

bool py_future_field(struct rt *rt, taddr future, uint16_t offset, const char *attribute, taddr *out)
{
    if (py_is_c_future(rt, future))
        return offset && py_field(rt, future, py_offset(rt, offset), out) && *out;
    return py_attr(rt, future, attribute, out);
}

/* Of one written in Python, "PENDING". */
static bool is_pending(struct rt *rt, const struct py_task_layout *l, taddr task)
{
    uint64_t v;
    if (py_is_c_future(rt, task))
        return py_uint(rt, task + py_offset(rt, l->state), 4, &v) && v == FUTURE_PENDING;
    return py_attr(rt, task, "_state", &v) && py_str_is(rt, v, "PENDING");
}

/* A number stands for "Task-N" from 3.12 on. */
static const char *name_of(struct rt *rt, const struct py_task_layout *l, taddr task)
{
    taddr name;
    int64_t number;
    if (!py_future_field(rt, task, l->name, "_name", &name))
        return NULL;
    if (py_int(rt, name, &number))
        return arena_printf(&rt->arena, "Task-%" PRId64, number);
    return py_name(rt, name, NAME_CHARS_MAX);
}

static taddr none_is_0(struct rt *rt, taddr object)
{
    const struct py_type *t = py_type(rt, object);
    return t && t->kind != PYK_NONE ? object : 0;
}

/* ---- which there are ---- */

struct finding {
    struct rt *rt;
    struct py_tasks *t;
    struct map64 seen;
};

static void add_task(struct finding *f, taddr object)
{
    bool fresh;
    struct rt *rt = f->rt;
    const struct py_task_layout *l = f->t->layout;
    struct py_task made = {.task = {.object = object}};
    map64_put(&f->seen, object, &fresh);
    if (!fresh || f->t->v.n >= TASKS_MAX || !is_pending(rt, l, object) ||
        !py_future_field(rt, object, l->coro, "_coro", &made.coro))
        return;
    if (py_future_field(rt, object, l->waiter, "_fut_waiter", &made.waiter))
        made.waiter = none_is_0(rt, made.waiter);
    made.name = name_of(rt, l, object);
    *vec_push(&f->t->v) = made;
}

static bool is_list(struct rt *rt, taddr head)
{
    uint64_t next, last, back, on;
    return py_word(rt, head, &next) && py_word(rt, head + 8, &last) && next && last && py_word(rt, next + 8, &back) &&
           back == head && py_word(rt, last, &on) && on == head;
}

/* A list that goes in a circle through its head (Include/internal/pycore_llist.h). */
static void add_list(struct finding *f, taddr head)
{
    uint64_t at;
    struct py_loop loop = {0};
    if (!f->t->layout->node || !py_word(f->rt, head, &at))
        return;
    for (size_t i = 0; at && at != head && i < TASKS_MAX && py_goes_on(&loop, at); i++) {
        add_task(f, at - py_offset(f->rt, f->t->layout->node));
        if (!py_word(f->rt, at, &at))
            break;
    }
}

static void add_set(struct finding *f, taddr set)
{
    struct py_items it;
    struct py_item item;
    uint64_t object;
    const struct py_type *t = py_type(f->rt, set);
    if (!t || !py_items_begin(f->rt, set, t, &it))
        return;
    while (py_items_next(&it, &item)) {
        const struct py_type *kind = py_type(f->rt, item.value);
        if (!kind)
            continue;
        if (kind->kind != PYK_WEAKREF)
            add_task(f, item.value);
        else if (py_field(f->rt, item.value, py_offset(f->rt, WEAKREF_OBJECT), &object) && none_is_0(f->rt, object))
            add_task(f, object);
    }
}

/* A weakref.WeakSet keeps its references in a set named `data`; a plain set is its own. */
static void add_weak_set(struct finding *f, taddr set)
{
    taddr data;
    add_set(f, py_attr(f->rt, set, "data", &data) ? data : set);
}

/* Looks through the static variables of a library for a WeakSet. */
static void add_static(struct finding *f, const struct module *m, const struct elf_section *bss)
{
    struct rt *rt = f->rt;
    for (uint64_t at = 0; at + 8 <= bss->size && at < STATIC_MAX; at += 8) {
        uint64_t object = 0;
        bool set = py_word(rt, bss->addr + m->bias + at, &object) && object;
        const struct py_type *t = set ? py_type(rt, object) : NULL;
        if (t && t->name && strcmp(t->name, "WeakSet") == 0)
            add_weak_set(f, object);
    }
}

/* 3.6 keeps the set in a static variable of the library _asyncio. */
static void add_library(struct finding *f)
{
    struct modules *ms = f->rt->ms;
    for (size_t i = 0; i < modules_count(ms); i++) {
        size_t n = 0;
        struct module *m = modules_get(ms, i);
        struct elf *e = begins_with(m->name, "_asyncio.") && m->bias_known ? module_elf(m) : NULL;
        const struct elf_section *sections = e ? elf_sections(e, &n) : NULL;
        for (size_t k = 0; k < n; k++)
            if (sections[k].name && strcmp(sections[k].name, ".bss") == 0)
                add_static(f, m, &sections[k]);
    }
}

/* asyncio.tasks: _all_tasks (3.7), _scheduled_tasks and _eager_tasks (3.12); until 3.6 _all_tasks of the class. */
static void add_module(struct finding *f, taddr module)
{
    static const char *const names[] = {"_all_tasks", "_scheduled_tasks", "_eager_tasks"};
    struct rt *rt = f->rt;
    uint64_t dict;
    taddr found;
    if (!py_field(rt, module, rt->l.module_dict, &dict))
        return;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (py_dict_get(rt, dict, names[i], &found))
            add_weak_set(f, found);
    if (py_minor(rt) == 6)
        add_library(f);
    /* Of a class that is written in Python. */
    const struct py_type *task = py_dict_get(rt, dict, "Task", &found) ? py_class(rt, found) : NULL;
    if (task && py_class_attr(rt, task, "_all_tasks", &found))
        add_weak_set(f, found);
}

static void add_interpreter(struct finding *f, taddr interpreter)
{
    struct rt *rt = f->rt;
    uint64_t at;
    taddr module;
    if (!py_field(rt, interpreter, rt->l.interp_modules, &at) || !py_dict_get(rt, at, "asyncio.tasks", &module))
        return;
    add_module(f, module);
    if (rt->l.interp_asyncio_tasks_head == PY_NONE)
        return;
    taddr head = interpreter + rt->l.interp_asyncio_tasks_head, older = head + py_older_allocator(rt);
    add_list(f, rt->free_threaded && !is_list(rt, head) && is_list(rt, older) ? older : head);
}

static void add_threads(struct finding *f)
{
    struct rt *rt = f->rt;
    const struct rt_thread *threads;
    size_t n;
    struct err *e = py_threads(rt, &threads, &n);
    for (size_t i = 0; !e && i < n && rt->l.thread_asyncio_tasks_head != PY_NONE; i++)
        add_list(f, threads[i].object + rt->l.thread_asyncio_tasks_head);
    err_free(e); /* said where threads are asked for */
}

static void add_all(struct finding *f)
{
    struct rt *rt = f->rt;
    uint64_t at;
    if (!py_word(rt, rt->interpreters, &at))
        return;
    for (size_t i = 0; at && i < INTERPRETERS_MAX; i++) {
        add_interpreter(f, at);
        if (!py_field(rt, at, rt->l.interp_next, &at))
            break;
    }
    add_threads(f);
}

/* ---- in order, with numbers, threads and what they wait for ---- */

/* "Task-7" before "Task-10" before other names. */
static uint64_t number_in(const char *name)
{
    char *end = NULL;
    if (!name || !begins_with(name, "Task-") || name[5] < '0' || name[5] > '9')
        return UINT64_MAX;
    uint64_t n = strtoull(name + 5, &end, 10);
    return *end ? UINT64_MAX : n;
}

static int by_name(const void *a, const void *b)
{
    const struct py_task *x = a, *y = b;
    uint64_t nx = number_in(x->name), ny = number_in(y->name);
    int order = nx != ny ? (nx < ny ? -1 : 1) : strcmp(x->name ? x->name : "", y->name ? y->name : "");
    if (order)
        return order;
    return x->task.object < y->task.object ? -1 : x->task.object > y->task.object;
}

/* Frames that threads run: their records -> tid. */
static void find_running(struct rt *rt, struct map64 *out)
{
    const struct rt_thread *threads;
    size_t n;
    struct err *e = py_threads(rt, &threads, &n);
    for (size_t i = 0; !e && i < n && i < rt->stacks.n; i++)
        for (size_t k = 0; k < rt->stacks.v[i].frames.n; k++)
            *map64_put(out, rt->stacks.v[i].frames.v[k].record, NULL) = (uint64_t)threads[i].tid;
    err_free(e); /* then no task is known to run */
}

static void set_states(struct rt *rt, struct py_tasks *t)
{
    struct map64 running = {0};
    bool looked = false;
    for (size_t i = 0; i < t->v.n; i++) {
        struct py_task *p = &t->v.v[i];
        taddr frame = py_running_frame(rt, p->coro);
        if (frame && !looked)
            find_running(rt, &running);
        looked |= frame != 0;
        const uint64_t *tid = frame ? map64_find(&running, frame) : NULL;
        p->task.tid = tid ? (int32_t)*tid : 0;
        p->task.state = tid ? TASK_RUNNING : p->waiter ? TASK_WAITING : TASK_RUNNABLE;
        p->task.raw_state = p->task.state;
        p->task.id = i + 1;
    }
    map64_done(&running);
}

static void find_asyncio(struct rt *rt, struct py_tasks *t)
{
    struct finding f = {.rt = rt, .t = t};
    unsigned minor = py_minor(rt);
    if (minor >= ARRAY_LEN(layouts) || !layouts[minor].coro)
        return;
    t->layout = &layouts[minor];
    add_all(&f);
    map64_done(&f.seen);
    if (t->v.n)
        qsort(t->v.v, t->v.n, sizeof(*t->v.v), by_name);
    set_states(rt, t);
    py_tasks_link(rt, t);
}

static struct py_tasks *find_tasks(struct rt *rt)
{
    struct py_tasks *t = xcalloc(1, sizeof(*t));
    find_asyncio(rt, t);
    py_greenlets_add(rt, t);
    t->tasks = arena_array(&rt->arena, struct task, t->v.n);
    for (size_t i = 0; i < t->v.n; i++)
        t->tasks[i] = t->v.v[i].task;
    return t;
}

struct err *py_tasks(struct rt *rt, struct progress *progress, const struct task **out, size_t *n)
{
    (void)progress;
    if (!rt->tasks)
        rt->tasks = find_tasks(rt);
    if (!rt->tasks->v.n && rt->tasks->no_greenlets)
        return err_new(ERR_UNSUPPORTED, "greenlets cannot be listed: %s", rt->tasks->no_greenlets);
    *out = rt->tasks->tasks;
    *n = rt->tasks->v.n;
    return NULL;
}

/* ---- what the session asks of a task ---- */

const char *py_task_state_name(struct rt *rt, const struct task *t)
{
    if (py_task_of(rt, t)->greenlet)
        return t->state == TASK_RUNNING ? "running" : t->state == TASK_WAITING ? "suspended" : "not started";
    return t->state == TASK_RUNNING ? "running" : t->state == TASK_WAITING ? "waiting" : "ready";
}

const char *py_task_kind(struct rt *rt, const struct task *t)
{
    return py_task_of(rt, t)->greenlet ? "greenlet" : "task";
}

const char *py_task_reason(struct rt *rt, const struct task *t)
{
    return py_task_of(rt, t)->reason;
}

const char *py_task_name(struct rt *rt, const struct task *t)
{
    return py_task_of(rt, t)->name;
}

void py_task_frames(struct rt *rt, const struct task *t, struct rt_stack *out)
{
    const struct py_task *p = py_task_of(rt, t);
    if (p->greenlet)
        py_greenlet_frames(rt, p, out);
    else
        py_coroutine_frames(rt, p->coro, out);
}

size_t py_task_awaits(struct rt *rt, const struct task *t, uint32_t *out, size_t max)
{
    const struct py_task *p = py_task_of(rt, t);
    for (size_t i = 0; i < p->n_awaits && i < max; i++)
        out[i] = p->awaits[i];
    return p->n_awaits;
}
