/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of runtimes and their stacks. A million tasks have some dozens of different stacks: pcs are hashed as they
 * are read, and all that costs more is done once for each stack. */
#include "session/tasks.h"

#include "session/language.h"
#include "session/priv.h"

#include <stdatomic.h>

enum { TASK_FRAMES_MAX = 4096, CHUNK = 4096, WORKERS_MAX = 64 };
#define ON_THREAD UINT32_MAX /* instead of the number of a stack: it has its thread's */

/* Stacks met by one worker; later those of all. */
struct shape {
    const taddr *pcs;
    uint32_t n, tasks;
    uint32_t number; /* among those of all workers */
    bool whole;
};
struct shapes {
    struct map64 by_hash; /* hash -> 1 + index of the last with it; others of that hash are chained by `next` */
    VEC(struct shape) v;
    VEC(uint32_t) next; /* 1 + index of another with the same hash; 0 none */
    struct arena arena;
};

struct reading {
    struct session *s;
    const struct attached *a;
    const struct task *tasks;
    size_t n;
    const struct sstack *threads; /* of which some run tasks */
    size_t n_threads;
    uint32_t *stack;   /* first the worker's number of the shape, then that of all; ON_THREAD */
    uint8_t *worker;   /* who read it */
    struct shapes *by; /* a worker each */
    size_t workers;
    atomic_size_t next_chunk;
};

static void shapes_done(struct shapes *s)
{
    map64_done(&s->by_hash);
    vec_done(&s->v);
    vec_done(&s->next);
    arena_done(&s->arena);
}

/* The number of the shape with these pcs, made when new. */
static uint32_t shape_of(struct shapes *s, const taddr *pcs, uint32_t n, bool whole, uint32_t tasks)
{
    bool fresh;
    uint64_t *slot = map64_put(&s->by_hash, hash_bytes(pcs, n * sizeof(*pcs)), &fresh);
    for (uint32_t i = fresh ? 0 : (uint32_t)*slot; i; i = s->next.v[i - 1]) {
        struct shape *shape = &s->v.v[i - 1];
        if (shape->n == n && shape->whole == whole && memcmp(shape->pcs, pcs, n * sizeof(*pcs)) == 0) {
            shape->tasks += tasks;
            return i - 1;
        }
    }
    taddr *copy = arena_array(&s->arena, taddr, n);
    memcpy(copy, pcs, n * sizeof(*pcs));
    *vec_push(&s->next) = fresh ? 0 : (uint32_t)*slot;
    *vec_push(&s->v) = (struct shape){.pcs = copy, .n = n, .tasks = tasks, .whole = whole};
    *slot = s->v.n;
    return (uint32_t)s->v.n - 1;
}

const struct sstack *task_thread_stack(const struct sstack *threads, size_t n, const struct task *t)
{
    for (size_t i = 0; t->tid && i < n; i++)
        if (threads[i].thread->tid == t->tid && threads[i].n)
            return &threads[i];
    return NULL;
}

static const struct sstack *thread_of(const struct reading *r, const struct task *t)
{
    return task_thread_stack(r->threads, r->n_threads, t);
}

static void read_some(void *arg, size_t worker)
{
    struct reading *r = arg;
    const struct runtime *rt = r->a->runtime;
    struct task_walker *w = rt->walker_new(r->a->rt);
    taddr pcs[TASK_FRAMES_MAX];
    for (;;) {
        size_t first = atomic_fetch_add(&r->next_chunk, 1) * CHUNK;
        if (first >= r->n || progress_cancelled(r->s->opts.progress))
            break;
        size_t end = first + CHUNK < r->n ? first + CHUNK : r->n;
        for (size_t i = first; i < end; i++) {
            bool whole;
            r->stack[i] = ON_THREAD;
            if (thread_of(r, &r->tasks[i]))
                continue;
            size_t n = rt->walk(w, &r->tasks[i], pcs, TASK_FRAMES_MAX, &whole);
            r->stack[i] = shape_of(&r->by[worker], pcs, (uint32_t)n, whole, 1);
            r->worker[i] = (uint8_t)worker;
        }
        progress_report(r->s->opts.progress, "stacks", end, r->n);
    }
    rt->walker_free(w);
}

/* All workers' shapes as one list. */
static void merge_shapes(struct reading *r, struct shapes *all)
{
    for (size_t w = 0; w < r->workers; w++)
        for (size_t i = 0; i < r->by[w].v.n; i++) {
            struct shape *s = &r->by[w].v.v[i];
            s->number = shape_of(all, s->pcs, s->n, s->whole, s->tasks);
        }
    for (size_t i = 0; i < r->n; i++)
        if (r->stack[i] != ON_THREAD)
            r->stack[i] = r->by[r->worker[i]].v.v[r->stack[i]].number;
}

/* ---- frames ---- */

/* The first pc is where the task goes on, the others return addresses: all after a call, but for the first
 * instruction of a task that never ran, and where one was interrupted. `below`: the lookup address of the frame that
 * it called, 0 none. */
static taddr lookup_of(const struct attached *a, taddr pc, taddr below)
{
    bool first = !below;
    if (below && a->runtime->interrupts && a->runtime->interrupts(a->rt, below))
        return pc;
    struct src_frame frame;
    taddr start = 0;
    bool at_entry = first && a->runtime->lines && a->runtime->lines(a->rt, pc, &frame, 1, &start) && start == pc;
    return at_entry ? pc : pc - 1;
}

/* Frames of one stack; `places` has those of its pcs. */
static void fill_frames(struct session *s, const struct shape *shape, const uint32_t *places, struct task_stack *out)
{
    size_t n = 0, filled = 0;
    for (uint32_t k = 0; k < shape->n; k++)
        n += s->places.all.v[places[k]].n;
    struct sframe *frames = arena_array(&s->arena, struct sframe, n);
    for (uint32_t k = 0; k < shape->n; k++) {
        const struct place *p = &s->places.all.v[places[k]];
        for (uint32_t j = 0; j < p->n; j++)
            frames[filled++] = (struct sframe){.pc = shape->pcs[k],
                                               .at = &p->at[j],
                                               .physical = k,
                                               .kind = j + 1 < p->n ? FRAME_INLINED : FRAME_NORMAL,
                                               .how = k ? FRAME_STEPPER : FRAME_FIRST};
    }
    *out = (struct task_stack){.frames = frames, .n = (uint32_t)n, .tasks = shape->tasks, .whole = shape->whole};
}

static struct err *make_frames(struct session *s, const struct attached *a, const struct shapes *all,
                               struct task_stack *out)
{
    size_t n_pcs = 0, at = 0;
    taddr below = 0;
    for (size_t i = 0; i < all->v.n; i++)
        n_pcs += all->v.v[i].n;
    SCOPED(freep) uint32_t *places = xcalloc(n_pcs, sizeof(*places));
    for (size_t i = 0; i < all->v.n; i++)
        for (uint32_t k = 0; k < all->v.v[i].n; k++) {
            below = lookup_of(a, all->v.v[i].pcs[k], k ? below : 0);
            places[at++] = places_intern(&s->places, below);
        }
    TRY(places_resolve(s));
    at = 0;
    for (size_t i = 0; i < all->v.n; i++) {
        fill_frames(s, &all->v.v[i], places + at, &out[i]);
        at += all->v.v[i].n;
    }
    return NULL;
}

/* Those of threads that run tasks, after the others. */
static void add_threads(struct reading *r, struct tasks *t, struct task_stack *stacks)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->stack[i] != ON_THREAD)
            continue;
        const struct sstack *on = thread_of(r, &r->tasks[i]);
        r->stack[i] = (uint32_t)t->n_stacks;
        stacks[t->n_stacks++] =
            (struct task_stack){.frames = on->frames, .n = (uint32_t)on->n, .tasks = 1, .whole = !on->stopped};
    }
}

static struct err *finish_stacks(struct reading *r, struct tasks *t, uint64_t began)
{
    SCOPED(shapes_done) struct shapes all = {0};
    TRY(session_check(r->s));
    merge_shapes(r, &all);
    log_verbose("%zu tasks with %zu stacks: %.1f ms", t->n, all.v.n, (double)(now_ns() - began) / 1e6);
    size_t on_threads = 0;
    for (size_t i = 0; i < r->n; i++)
        on_threads += r->stack[i] == ON_THREAD;
    struct task_stack *stacks = arena_array(&r->s->arena, struct task_stack, all.v.n + on_threads);
    TRY(make_frames(r->s, r->a, &all, stacks));
    t->stacks = stacks;
    t->n_stacks = all.v.n;
    add_threads(r, t, stacks);
    t->stack = r->stack;
    return NULL;
}

static struct err *read_stacks(struct session *s, const struct attached *a, struct tasks *t)
{
    struct shapes by[WORKERS_MAX] = {0};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t workers = t->n > 2 * (size_t)CHUNK && cpus > 1 ? (size_t)cpus : 1;
    struct reading r = {.s = s,
                        .a = a,
                        .tasks = t->v,
                        .n = t->n,
                        .by = by,
                        .workers = workers < WORKERS_MAX ? workers : WORKERS_MAX,
                        .stack = arena_array(&s->arena, uint32_t, t->n),
                        .worker = arena_array(&s->arena, uint8_t, t->n)};
    TRY(session_stacks(s, &r.threads, &r.n_threads));
    uint64_t began = now_ns();
    parallel_for(r.workers, read_some, &r);
    struct err *e = finish_stacks(&r, t, began);
    for (size_t i = 0; i < r.workers; i++)
        shapes_done(&by[i]);
    return e;
}

static struct err *list_tasks(struct session *s)
{
    for (size_t i = 0; i < s->runtimes.n; i++) {
        const struct attached *a = &s->runtimes.v[i];
        struct tasks t = {.runtime = a->runtime->name, .attached = a};
        if (!a->runtime->tasks)
            continue;
        uint64_t began = now_ns();
        TRY(a->runtime->tasks(a->rt, s->opts.progress, &t.v, &t.n));
        log_verbose("%zu tasks of %s: %.1f ms", t.n, t.runtime, (double)(now_ns() - began) / 1e6);
        /* Most programs in a language that has tasks in a library only use none. */
        if (t.n || !a->runtime->task_frames)
            *vec_push(&s->tasks) = t;
    }
    s->have_tasks = true;
    return NULL;
}

struct err *session_tasks(struct session *s, bool stacks, const struct tasks **out, size_t *n)
{
    if (!s->have_tasks)
        TRY(list_tasks(s));
    for (size_t i = 0; stacks && i < s->tasks.n; i++)
        if (!s->tasks.v[i].stack)
            TRY(s->tasks.v[i].attached->runtime->task_frames ? language_tasks(s, &s->tasks.v[i])
                                                             : read_stacks(s, s->tasks.v[i].attached, &s->tasks.v[i]));
    *out = s->tasks.v;
    *n = s->tasks.n;
    return NULL;
}

/* ---- what a task is ---- */

const char *session_task_state(struct session *s, const struct tasks *t, const struct task *task)
{
    (void)s;
    return t->attached->runtime->state_name(t->attached->rt, task);
}

const char *session_task_reason(struct session *s, const struct tasks *t, const struct task *task)
{
    (void)s;
    return t->attached->runtime->wait_reason ? t->attached->runtime->wait_reason(t->attached->rt, task) : NULL;
}

const char *session_task_name(struct session *s, const struct tasks *t, const struct task *task)
{
    (void)s;
    return t->attached->runtime->task_name ? t->attached->runtime->task_name(t->attached->rt, task) : NULL;
}

const char *session_task_kind(struct session *s, const struct tasks *t, const struct task *task)
{
    (void)s;
    return t->attached->runtime->task_kind ? t->attached->runtime->task_kind(t->attached->rt, task) : "task";
}

size_t session_task_awaits(struct session *s, const struct tasks *t, const struct task *task, uint32_t *out, size_t max)
{
    (void)s;
    return t->attached->runtime->awaits ? t->attached->runtime->awaits(t->attached->rt, task, out, max) : 0;
}

uint64_t session_task_waited(const struct session *s, const struct task *task)
{
    if (!s->im->same_clock || task->state != TASK_WAITING || !task->wait_since)
        return 0;
    uint64_t now = now_ns();
    return now > task->wait_since ? now - task->wait_since : 0;
}

const struct sframe *session_task_user_frame(struct session *s, const struct tasks *t, const struct task *task)
{
    (void)s;
    const struct runtime *rt = t->attached->runtime;
    if (!t->stack)
        return NULL;
    const struct task_stack *st = &t->stacks[t->stack[task - t->v]];
    for (uint32_t i = 0; i < st->n; i++) {
        const char *function = st->frames[i].at->function;
        bool ours = st->frames[i].kind == FRAME_SIGNAL || st->frames[i].kind == FRAME_INLINED ||
                    (function && rt->is_private && rt->is_private(t->attached->rt, function));
        if (!ours)
            return &st->frames[i];
    }
    return st->n ? &st->frames[0] : NULL;
}

const struct sframe *session_task_outermost(struct session *s, const struct tasks *t, const struct task *task)
{
    const struct task_stack *st = t->stack ? &t->stacks[t->stack[task - t->v]] : NULL;
    const struct sframe *frames = st ? st->frames : NULL;
    size_t n = st ? st->n : 0;
    if (t->attached->runtime->task_frames && task->tid) /* what is further out on the thread is not the task's */
        frames = language_task_frames(s, t, task, &n);
    return n ? &frames[n - 1] : NULL;
}

bool session_place_hidden(const struct session *s, const struct splace *at)
{
    for (size_t i = 0; at->function && i < s->runtimes.n; i++) {
        const struct attached *a = &s->runtimes.v[i];
        if (!at->language || strcmp(at->language, a->runtime->name) != 0)
            continue;
        return (a->runtime->is_hidden && a->runtime->is_hidden(a->rt, at->function, at->file)) ||
               (a->runtime->is_wrapper && at->start && a->runtime->is_wrapper(a->rt, at->start));
    }
    return false;
}

bool session_frame_hidden(const struct session *s, const struct sframe *f)
{
    return f->hidden || session_place_hidden(s, f->at);
}

size_t session_task_labels(struct session *s, const struct tasks *t, const struct task *task, struct task_label *out,
                           size_t max)
{
    (void)s;
    const struct runtime *rt = t->attached->runtime;
    return rt->labels ? rt->labels(t->attached->rt, task, out, max) : 0;
}

bool session_task_waits_on(struct session *s, const struct tasks *t, const struct task *task, taddr object)
{
    (void)s;
    const struct runtime *rt = t->attached->runtime;
    return rt->waits_on && rt->waits_on(t->attached->rt, task, object);
}

const struct splace *session_task_place(struct session *s, taddr pc, const struct splace **outer)
{
    if (!pc)
        return NULL;
    uint32_t i = places_intern(&s->places, pc);
    struct err *e = places_resolve(s);
    err_free(e); /* cancelled: nothing is known */
    const struct place *p = &s->places.all.v[i];
    if (e || !p->at)
        return NULL;
    if (outer)
        *outer = &p->at[p->n - 1];
    return &p->at[0];
}

/* ---- with registers ---- */

static struct err *thread_stack(struct session *s, int32_t tid, const struct sstack **out)
{
    const struct sstack *stacks;
    size_t n;
    *out = NULL;
    TRY(session_stacks(s, &stacks, &n));
    for (size_t i = 0; i < n; i++)
        if (stacks[i].thread->tid == tid)
            *out = &stacks[i];
    return NULL;
}

/* Frames with the registers that the runtime kept. */
static struct err *with_registers(struct session *s, const struct tasks *t, const struct task *task,
                                  const struct task_stack *st, const struct sstack **out)
{
    const struct attached *a = t->attached;
    struct image_thread *th = arena_new(&s->arena, struct image_thread);
    struct sstack *own = arena_new(&s->arena, struct sstack);
    struct err *e = a->runtime->task_regs ? a->runtime->task_regs(a->rt, task, &th->regs) : NULL;
    if (e)
        return e;
    th->has_regs = a->runtime->task_regs != NULL;
    const struct sframe *frames = st->frames;
    size_t made = st->n; /* frames of a language are each task's own */
    if (a->runtime->task_frames)
        frames = language_task_frames(s, t, task, &made);
    size_t limit = s->opts.max_frames, n = limit && made > limit ? limit : made;
    *own = (struct sstack){.thread = th, .frames = frames, .n = n, .number = s->stacks_made++};
    if (n < made)
        own->stopped = arena_printf(&s->arena, "the limit of %zu frames was reached", limit);
    else if (!st->whole)
        own->stopped = st->n ? "the next frame was not found" : "the stack cannot be read";
    *out = own;
    return NULL;
}

struct err *session_task_saved_stack(struct session *s, const struct tasks *t, const struct task *task,
                                     const struct sstack **out)
{
    const struct runtime *rt = t->attached->runtime;
    SCOPED(shapes_done) struct shapes one = {0};
    struct task_stack st;
    taddr pcs[TASK_FRAMES_MAX];
    bool whole;
    if (!rt->walker_new)
        return err_new(ERR_UNSUPPORTED, "tasks of %s have no saved stack of their own", t->runtime);
    struct task_walker *w = rt->walker_new(t->attached->rt);
    size_t n = rt->walk(w, task, pcs, TASK_FRAMES_MAX, &whole);
    rt->walker_free(w);
    shape_of(&one, pcs, (uint32_t)n, whole, 1);
    TRY(make_frames(s, t->attached, &one, &st));
    return with_registers(s, t, task, &st, out);
}

bool session_task_bounds(struct session *s, const struct tasks *t, const struct task *task, taddr *lo, taddr *hi)
{
    const struct runtime *rt = t->attached->runtime;
    (void)s;
    return rt->bounds && rt->bounds(t->attached->rt, task, lo, hi);
}

struct err *session_task_stack(struct session *s, const struct tasks *t, const struct task *task,
                               const struct sstack **out)
{
    const struct sstack *found = NULL;
    if (task->tid)
        TRY(thread_stack(s, task->tid, &found));
    const uint64_t *known = map64_find(&s->task_stacks, task->object);
    if (!found && known)
        found = (const struct sstack *)(uintptr_t)*known;
    if (!found) {
        TRY(with_registers(s, t, task, &t->stacks[t->stack[task - t->v]], &found));
        *map64_put(&s->task_stacks, task->object, NULL) = (uint64_t)(uintptr_t)found;
    }
    *out = found;
    return NULL;
}

bool session_runtime_facts(struct session *s, size_t i, const char **name, const struct rt_fact **out, size_t *n)
{
    if (i >= s->runtimes.n)
        return false;
    const struct attached *a = &s->runtimes.v[i];
    *name = a->runtime->name;
    *n = 0;
    if (a->runtime->facts)
        a->runtime->facts(a->rt, out, n);
    return true;
}
