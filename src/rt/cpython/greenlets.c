/* SPDX-License-Identifier: Apache-2.0 */
/* Greenlets are found among the collector's objects, since nothing lists them. The library says nowhere how its records
 * are laid out, and that changes with its releases and Python's: it is measured on the record of a thread's main
 * greenlet, which is marked as such, points back to its object, and whose thread's record points to it, too. */
#include "rt/cpython/greenlets.h"

#include "base/log.h"

enum {
    GREENLETS_MAX = 10000000,
    RECORD = 32, /* PyGreenlet (src/greenlet/greenlet.h, 2.0 and later): where it points to its record */
    OBJECT_SIZE = 40, /* of that; until 1.1 the object itself is the record, and larger */
    WORDS = 64, /* of a record: more than any release has */
    NAME_CHARS_MAX = 256,
    MAIN_STOP = -1, /* StackState::stack_stop of a main greenlet */
};

/* Offsets into a record (src/greenlet/TGreenlet.hpp, until 3.1 greenlet_greenlet.hpp: Greenlet, UserGreenlet,
 * MainGreenlet); 0: it has none. */
struct shape {
    bool apart; /* from the object */
    uint32_t start, stop, top_frame; /* StackState::_stack_start and stack_stop, PythonState::_top_frame */
    uint32_t main, run, parent; /* of a UserGreenlet */
    uint32_t thread; /* of a MainGreenlet: its ThreadState: main greenlet, current greenlet */
};

struct one {
    taddr object;
    uint64_t start, stop, top_frame, main, run, parent;
};

/* ---- which there are ---- */

static const struct py_type *greenlet_class(struct rt *rt, taddr type)
{
    const struct py_type *t = py_class(rt, type), *base;
    for (unsigned i = 0; t && i < PY_MRO_MAX && (base = py_mro_at(rt, t, i)); i++)
        if (strcmp(base->qualified, "greenlet.greenlet") == 0)
            return base;
    return NULL;
}

struct finding {
    struct rt *rt;
    struct py_greenlets *g;
};

static void add_if_one(void *arg, taddr object, taddr type)
{
    struct finding *f = arg;
    bool fresh;
    uint64_t *is = map64_put(&f->g->types, type, &fresh);
    if (fresh)
        *is = greenlet_class(f->rt, type) != NULL;
    if (!*is || f->g->v.n >= GREENLETS_MAX)
        return;
    map64_put(&f->g->known, object, &fresh);
    if (fresh)
        *vec_push(&f->g->v) = object;
}

static bool is_imported(struct rt *rt)
{
    uint64_t at, modules;
    taddr module;
    return py_word(rt, rt->interpreters, &at) && py_field(rt, at, rt->l.interp_modules, &modules) &&
           py_dict_get(rt, modules, "greenlet", &module);
}

struct py_greenlets *py_greenlets_find(struct rt *rt, uint64_t end)
{
    if (!is_imported(rt))
        return NULL;
    struct py_greenlets *g = xcalloc(1, sizeof(*g));
    struct finding f = {rt, g};
    g->cut = !py_each_gc(rt, false, end, add_if_one, &f);
    g->over = g->cut && end && now_ns() >= end;
    return g;
}

void py_greenlets_free(struct py_greenlets *g)
{
    if (!g)
        return;
    vec_done(&g->v);
    map64_done(&g->types);
    map64_done(&g->known);
    free(g);
}

/* ---- how they are laid out ---- */

static taddr record_of(struct rt *rt, const struct shape *s, taddr object)
{
    uint64_t at;
    return !s->apart ? object : py_field(rt, object, py_offset(rt, RECORD), &at) ? at : 0;
}

/* The fields in words from the start: [a virtual table], [the object, from 3.1 on], ExceptionState, SwitchingArgs (2),
 * StackState (5: start, stop, copy, saved, previous), PythonState (a context from Python 3.7 on, the frame, ...). What
 * follows PythonState begins with the object in a MainGreenlet, and until 3.0 in a UserGreenlet. */
static bool measure(struct rt *rt, taddr main, struct shape *out)
{
    uint64_t w[WORDS], back;
    taddr record = record_of(rt, &(struct shape){.apart = true}, main);
    size_t n = record ? py_read_some(rt, record, w, sizeof(w)) / sizeof(*w) : 0;
    unsigned minor = py_minor(rt), own = n > 1 && w[1] == main ? 2 : 1;
    unsigned start = own + (minor <= 6 ? 3 : minor <= 10 ? 5 : 3) + 2, top = start + (minor <= 6 ? 5 : 6), self;
    if (top >= n || w[start + 1] != (uint64_t)MAIN_STOP)
        return false;
    for (self = top + 1; self < n && w[self] != main; self++) {
    }
    if (self + 1 >= n || (w[self + 1] && (!py_word(rt, w[self + 1], &back) || back != main)))
        return false;
    unsigned user = self + (own == 1);
    *out = (struct shape){.apart = true,
                          .start = 8 * start,
                          .stop = 8 * start + 8,
                          .top_frame = 8 * top,
                          .main = 8 * user,
                          .run = 8 * user + 8,
                          .parent = 8 * user + 16,
                          .thread = 8 * self + 8};
    return true;
}

static bool shape_of(struct rt *rt, const struct py_greenlets *g, struct shape *out)
{
    uint64_t type;
    const struct py_type *t;
    if (!g->v.n || !py_field(rt, g->v.v[0], rt->l.object_type, &type) || !(t = greenlet_class(rt, type)))
        return false;
    if (t->basicsize > (int64_t)py_offset(rt, OBJECT_SIZE)) { /* 0.4 to 1.1: struct _greenlet of greenlet.h */
        *out = (struct shape){.start = 16, .stop = 24, .parent = 56, .run = 64, .top_frame = 72};
        return true;
    }
    for (size_t i = 0; i < g->v.n; i++)
        if (measure(rt, g->v.v[i], out))
            return true;
    return false;
}

static bool read_one(struct rt *rt, const struct shape *s, taddr object, struct one *out)
{
    taddr at = record_of(rt, s, object);
    uint64_t type;
    *out = (struct one){.object = object};
    if (!at || !py_field(rt, object, rt->l.object_type, &type) || !greenlet_class(rt, type) ||
        !py_word(rt, at + s->start, &out->start) || !py_word(rt, at + s->stop, &out->stop) ||
        !py_word(rt, at + s->top_frame, &out->top_frame))
        return false;
    if (out->stop == (uint64_t)MAIN_STOP)
        return !s->thread || py_word(rt, at + s->thread, &out->run);
    return (!s->main || py_word(rt, at + s->main, &out->main)) && py_word(rt, at + s->run, &out->run) &&
           py_word(rt, at + s->parent, &out->parent);
}

/* ---- as tasks ---- */

struct adding {
    struct rt *rt;
    struct py_tasks *t;
    const struct shape *shape;
    struct map64 current; /* main greenlet -> the one that its thread runs */
    struct map64 threads; /* main greenlet -> tid */
    struct map64 ids;
};

static bool is_main(const struct one *g)
{
    return g->stop == (uint64_t)MAIN_STOP;
}

/* The thread of a started greenlet is the one on whose stack it began. */
static void note_thread(struct adding *a, const struct one *g)
{
    bool fresh;
    uint64_t current;
    if (is_main(g)) { /* `run` holds its ThreadState */
        if (g->run && py_word(a->rt, g->run + 8, &current))
            *map64_put(&a->current, g->object, NULL) = current;
        return;
    }
    if (!g->start || !g->main || map64_find(&a->threads, g->main))
        return;
    const struct image_thread *th = py_thread_at(a->rt, g->stop);
    if (th)
        *map64_put(&a->threads, g->main, &fresh) = (uint64_t)th->tid;
}

static bool is_running(const struct adding *a, const struct one *g)
{
    const uint64_t *current = map64_find(&a->current, is_main(g) ? g->object : g->main);
    return current ? *current == g->object : !g->top_frame;
}

static int32_t thread_of(const struct adding *a, const struct one *g)
{
    const uint64_t *tid = map64_find(&a->threads, is_main(g) ? g->object : g->main);
    if (!tid && !a->shape->main && !is_main(g)) {
        const struct image_thread *th = py_thread_at(a->rt, g->stop);
        return th ? th->tid : 0;
    }
    return tid ? (int32_t)*tid : 0;
}

/* What the program called it, or what its class is called when it is one of the program's. */
static const char *name_of(struct rt *rt, const struct one *g)
{
    taddr name;
    const struct py_type *t = py_type(rt, g->object);
    const char *given = py_attr(rt, g->object, "name", &name) ? py_name(rt, name, NAME_CHARS_MAX) : NULL;
    if (given && *given)
        return given;
    if (is_main(g))
        return "main";
    return t && strcmp(t->qualified, "greenlet.greenlet") != 0 ? t->name : NULL;
}

/* What one will run that has not begun. */
static const char *not_started(struct rt *rt, const struct one *g)
{
    uint64_t name;
    const struct py_type *t = g->run ? py_type(rt, g->run) : NULL;
    const char *function = t && t->kind == PYK_FUNCTION && py_field(rt, g->run, rt->l.func_qualname, &name)
                               ? py_name(rt, name, NAME_CHARS_MAX)
                               : NULL;
    return function ? arena_printf(&rt->arena, "not started: %s", function) : "not started";
}

static void add_task(struct adding *a, const struct one *g)
{
    struct py_task made = {.greenlet = true, .task = {.object = g->object, .returns = true}};
    bool begun = g->stop != 0;
    if (begun && !g->start)
        return; /* it has ended */
    made.name = name_of(a->rt, g);
    if (!begun) {
        made.task.state = TASK_OTHER;
        made.reason = not_started(a->rt, g);
    } else if (is_running(a, g)) {
        made.task.state = TASK_RUNNING;
        made.task.tid = thread_of(a, g);
    } else {
        made.task.state = TASK_WAITING;
        made.top_frame = g->top_frame;
    }
    made.task.raw_state = made.task.state;
    made.task.id = a->t->v.n + 1;
    made.parent = is_main(g) ? 0 : g->parent;
    *map64_put(&a->ids, g->object, NULL) = made.task.id;
    *vec_push(&a->t->v) = made;
}

static void add_all(struct adding *a, const struct py_greenlets *g)
{
    size_t first = a->t->v.n;
    struct one one;
    for (size_t i = 0; i < g->v.n; i++)
        if (read_one(a->rt, a->shape, g->v.v[i], &one))
            note_thread(a, &one);
    for (unsigned others = 0; others < 2; others++) /* main ones first */
        for (size_t i = 0; i < g->v.n; i++)
            if (read_one(a->rt, a->shape, g->v.v[i], &one) && is_main(&one) != others)
                add_task(a, &one);
    for (size_t i = first; i < a->t->v.n; i++) {
        const uint64_t *id = map64_find(&a->ids, a->t->v.v[i].parent);
        a->t->v.v[i].task.parent = id ? *id : 0;
    }
}

void py_greenlets_add(struct rt *rt, struct py_tasks *t)
{
    struct shape s;
    if (!rt->greenlets)
        rt->greenlets = py_greenlets_find(rt, 0);
    if (!rt->greenlets)
        return;
    if (!rt->greenlets->v.n || !shape_of(rt, rt->greenlets, &s)) {
        t->no_greenlets = rt->greenlets->v.n    ? "this release of the library has them laid out in another way"
                          : rt->greenlets->over ? "the process has more objects than can be searched while it runs"
                          : rt->greenlets->cut  ? "the objects of this Python cannot be gone through"
                                                : NULL;
        return;
    }
    struct adding a = {.rt = rt, .t = t, .shape = &s};
    add_all(&a, rt->greenlets);
    map64_done(&a.current);
    map64_done(&a.threads);
    map64_done(&a.ids);
}

/* What a thread runs now. */
static taddr record_on_thread(struct rt *rt, int32_t tid)
{
    const struct rt_thread *v;
    size_t n;
    struct err *e = py_threads(rt, &v, &n);
    taddr found = 0;
    for (size_t i = 0; !e && i < n && !found; i++)
        if (v[i].tid == tid && rt->stacks.v[i].frames.n)
            found = rt->stacks.v[i].frames.v[0].record;
    err_free(e); /* said where threads are asked for */
    return found;
}

/* The interpreter's record of a frame object. */
static bool record_of_frame(struct rt *rt, taddr frame, uint64_t *out)
{
    const struct py_type *t = py_type(rt, frame);
    *out = frame;
    return t && t->kind == PYK_FRAME && (py_minor(rt) < 11 || py_field(rt, frame, rt->l.frameobj_frame, out));
}

void py_greenlet_frames(struct rt *rt, const struct py_task *p, struct rt_stack *out)
{
    struct py_stack s = {0};
    uint64_t record = p->task.tid ? record_on_thread(rt, p->task.tid) : 0;
    *out = (struct rt_stack){0};
    if (p->top_frame && !record_of_frame(rt, p->top_frame, &record)) {
        out->note = "its frame cannot be read";
        return;
    }
    if (!record)
        return;
    py_frames_from(rt, record, &s);
    struct rt_frame *frames = arena_array(&rt->arena, struct rt_frame, s.frames.n);
    for (size_t i = 0; i < s.frames.n; i++)
        frames[i] = (struct rt_frame){.record = s.frames.v[i].record, .at = s.frames.v[i].at, .native = RT_UNPLACED};
    *out = (struct rt_stack){.frames = frames, .n = s.frames.n};
    if (s.stopped)
        out->note = arena_printf(&rt->arena, "the Python frames end early: %s", s.stopped);
    py_stack_done(&s);
}

void py_greenlets_touch(struct rt *rt, struct py_greenlets *g)
{
    struct shape s;
    struct one one;
    struct rt_stack stack;
    struct finding f = {rt, g};
    struct py_copy *copy = TAKE(rt->copy); /* what young objects there are is not kept */
    py_each_gc(rt, true, 0, add_if_one, &f);
    rt->copy = copy;
    if (!shape_of(rt, g, &s))
        return;
    for (size_t i = 0; i < g->v.n && py_copy_has_time(rt->copy); i++)
        if (read_one(rt, &s, g->v.v[i], &one) && one.start && one.top_frame)
            py_greenlet_frames(rt, &(struct py_task){.top_frame = one.top_frame}, &stack);
}
