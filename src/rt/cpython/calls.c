/* SPDX-License-Identifier: Apache-2.0 */
/* Which built-in functions native frames run. What proves it is code: where the frame's function begins by the unwind tables.
 *
 * - The interpreter calls what is in the evaluation stack of a Python frame. When nothing but its own ways of calling lies between
 *   the two, that is one of those there whose function of C the native frame runs, or (the function may have ended with a jump to
 *   another) whose way of being called that is.
 * - A list that is being sorted is marked, and list.sort() needs it to the end: so that is known that C sorts, for sorted().
 * - Any other frame runs the function of a callable that is somewhere on the C stack in between.
 *
 * Evaluation stacks keep what they held before, and several names may share a function: where more than one callable is
 * possible, what they differ in is not said. */
#include "rt/cpython/calls.h"

#include "rt/cpython/callables.h"
#include "unwind/unwind.h"

#include <inttypes.h>

enum { FUNCTION_MAX = 1 << 20 }; /* bytes of a function */

/* The native frames that a Python frame called: those inside of the one that runs it, up to the next that runs Python. */
struct gap {
    struct rt *rt;
    const struct image_thread *thread;
    const struct rt_native *natives;
    size_t first, end; /* [first, end); `end` runs the Python frame */
    size_t direct; /* the one that the Python frame's instruction called; end: it is not known */
    enum py_instruction_kind instruction;
    struct py_evaluation evaluation;
    struct py_callables callables;
};

static bool is_at(struct rt *rt, const struct rt_native *f, taddr function)
{
    if (!function || f->lookup < function || f->lookup - function >= FUNCTION_MAX)
        return false;
    if (!rt->functions)
        rt->functions = functions_new(rt->ms);
    return functions_start(rt->functions, f->lookup) == function;
}

static bool calls(const struct gap *g, size_t i, const struct py_callable *c)
{
    for (size_t k = 0; k < ARRAY_LEN(c->callers); k++)
        if (is_at(g->rt, &g->natives[i], c->callers[k]))
            return true;
    return false;
}

/* Does the function of the interpreter do nothing but call what it is given? Objects/call.c, methodobject.c, descrobject.c,
 * Python/ceval.c. */
static bool is_way_of_calling(const struct gap *g, size_t i)
{
    static const char *const names[] = {
        "_Py_VectorCallInstrumentation_StackRefSteal",
        "_Py_VectorCall_StackRefSteal",
        "PyObject_Vectorcall",
        "_PyObject_Vectorcall",
        "_PyObject_VectorcallTstate",
        "call_function",
        "do_call_core",
        "PyObject_Call",
        "_PyObject_Call",
        "_PyObject_MakeTpCall",
        "PyVectorcall_Call",
        "_PyVectorcall_Call",
        "PyCFunction_Call",
        "_PyCFunction_FastCallKeywords",
        "_PyCFunction_FastCallDict",
        "_PyMethodDef_RawFastCallKeywords",
        "_PyMethodDef_RawFastCallDict",
        "_PyMethodDescr_Vectorcall",
        "_PyMethodDescr_FastCallKeywords",
        "_PyObject_FastCallDict",
        "_PyObject_CallNoArg",
        "PyObject_CallNoArgs",
        "cfunction_call_varargs",
        "PyObject_CallFunctionObjArgs",
        "_PyObject_CallNoArgs",
    };
    struct symbol s;
    taddr at = g->natives[i].lookup;
    struct module *m = modules_find(g->rt->ms, at);
    for (size_t k = 0; k < g->callables.v.n; k++)
        if (calls(g, i, &g->callables.v.v[k]))
            return true;
    bool known = m && module_symbol(m, at, &s);
    for (size_t k = 0; known && k < ARRAY_LEN(names); k++)
        if (strncmp(s.name, names[k], strcspn(s.name, ".")) == 0 && !names[k][strcspn(s.name, ".")])
            return true; /* compilers name copies of a function after it: "name.constprop.0" */
    return false;
}

static size_t find_direct(const struct gap *g)
{
    size_t i = g->end;
    while (i > g->first && is_way_of_calling(g, i - 1))
        i--;
    return i > g->first && g->instruction != PY_OTHER ? i - 1 : g->end;
}

/* ---- what is sure of one frame ---- */

/* Callables that may be what a frame runs. */
struct choice {
    const struct py_callable *one; /* any of them; NULL: there are none */
    const char *name; /* NULL: they have several */
    bool same_self;
};

static void consider(const struct gap *g, const struct py_callable *c, struct choice *all)
{
    const char *name = py_callable_name(g->rt, c->def);
    all->name = !all->one || (all->name && name && strcmp(name, all->name) == 0) ? name : NULL;
    all->same_self = !all->one || (all->same_self && all->one->self == c->self);
    all->one = c;
}

static bool is_called(const struct gap *g, const struct py_callable *c, const char *name)
{
    const char *own = py_callable_name(g->rt, c->def);
    return own && strcmp(own, name) == 0;
}

/* Was an object entered by `with`? It, or (until 3.12) its __exit__ is in the evaluation stack. */
static bool is_entered(const struct gap *g, taddr object)
{
    for (size_t i = 0; i < g->callables.v.n; i++) {
        const struct py_callable *c = &g->callables.v.v[i];
        if (c->stacked && !c->owner && c->self == object && is_called(g, c, "__exit__"))
            return true;
    }
    return py_evaluation_has(g->rt, &g->evaluation, object);
}

/* May the instruction of the Python frame have called it? */
static bool is_callable_there(const struct gap *g, const struct py_callable *c)
{
    if (g->instruction != PY_ENTERS)
        return c->stacked;
    return !c->owner && c->self && is_called(g, c, "__enter__") && is_entered(g, c->self);
}

/* By its function; else, `by_caller`, by what called it. */
static struct choice choose(const struct gap *g, size_t i, bool direct, bool by_caller)
{
    struct choice all = {0};
    for (size_t k = 0; k < g->callables.v.n; k++) {
        const struct py_callable *c = &g->callables.v.v[k];
        bool fits = by_caller ? i + 1 < g->end && calls(g, i + 1, c) : is_at(g->rt, &g->natives[i], c->function);
        if (fits && (!direct || is_callable_there(g, c)))
            consider(g, c, &all);
    }
    return all;
}

/* What it is a method of: "time", "_thread.lock"; NULL: a built-in function, or not known. */
static const char *owner_name(struct rt *rt, const struct py_type *self, taddr object)
{
    uint64_t name;
    if (!self)
        return NULL;
    if (self->kind != PYK_MODULE)
        return self->c_name;
    const char *module = py_field(rt, object, rt->l.module_name, &name) ? py_name(rt, name, 200) : NULL;
    return module && strcmp(module, "builtins") != 0 ? module : NULL;
}

/* `self`: what it is a method of; 0: not sure. */
static void describe(struct rt *rt, const struct choice *c, taddr self, struct rt_call *out)
{
    const struct py_type *t = self ? py_type(rt, self) : NULL;
    const char *owner = owner_name(rt, t, self);
    out->name = owner ? arena_printf(&rt->arena, "%s.%s", owner, c->name) : c->name;
    out->self = t && t->kind != PYK_MODULE ? self : 0;
    if (t)
        out->text = arena_printf(&rt->arena, "<built-in method %s of %s object at remote 0x%" PRIx64 ">", c->name,
                                 t->c_name, self);
    else
        out->text = arena_printf(&rt->arena, "<built-in %s %s>", c->one->owner || c->one->self ? "method" : "function",
                                 c->name);
}

static bool is_of_module(const struct gap *g, const struct py_callable *c)
{
    const struct py_type *t = c->self ? py_type(g->rt, c->self) : NULL;
    return t && t->kind == PYK_MODULE;
}

/* Did the process run on when its stacks were copied? Then its objects are of a later moment. */
static bool went_on(const struct image *im)
{
    const char *method = image_fact(im, "method");
    return im->kind == IMAGE_LIVE ? im->pause_ns != 0 : method && strcmp(method, "copy") == 0;
}

/* The list that frame i sorts, if it runs list.sort(); 0. */
static taddr sorted_list(const struct gap *g, size_t i, const struct choice *c)
{
    struct rt *rt = g->rt;
    const struct image *im = modules_image(rt->ms);
    const struct py_type *t = c->one->self    ? py_type(rt, c->one->self)
                              : c->one->owner ? py_class(rt, c->one->owner)
                                              : NULL;
    bool sorts =
        t && t->kind == PYK_LIST && strcmp(c->name, "sort") == 0 && is_at(rt, &g->natives[i], c->one->function);
    return sorts && !went_on(im) && g->thread->has_regs ? py_list_in_sort(rt, &g->thread->regs, g->natives[i].cfa) : 0;
}

/* The built-in function that native frame i runs. False: none, or that is not sure. */
static bool call_of(const struct gap *g, size_t i, struct rt_call *out)
{
    bool direct = i == g->direct;
    struct choice c = choose(g, i, direct, false);
    if (!c.one && direct)
        c = choose(g, i, true, true);
    if (!c.one && direct) { /* what was called is nowhere to be seen, but for its function */
        direct = false;
        c = choose(g, i, false, false);
    }
    if (!c.one || !c.name || (!direct && py_callable_has_aliases(g->rt, c.one)))
        return false;
    bool has_arguments = g->instruction != PY_CALLS_TUPLE || !c.one->owner;
    *out = (struct rt_call){.native = (uint32_t)i};
    bool sure_of_self = c.same_self && ((direct && has_arguments) || is_of_module(g, c.one));
    describe(g->rt, &c, sure_of_self ? c.one->self : sorted_list(g, i, &c), out);
    return true;
}

/* ---- all ---- */

static void find_in_gap(struct gap *g, taddr record, struct py_calls *out)
{
    struct rt_call call;
    struct rt *rt = g->rt;
    if (py_evaluation_open(rt, record, &g->evaluation))
        py_callables_stacked(rt, &g->evaluation, &g->callables);
    if (g->natives[g->first].sp)
        py_callables_of_words(rt, g->natives[g->first].sp, g->natives[g->end].cfa, &g->callables);
    g->instruction = py_instruction_kind(rt, record);
    g->direct = g->callables.v.n ? find_direct(g) : g->end;
    for (size_t i = g->first; i < g->end && g->callables.v.n; i++)
        if (!g->natives[i].guess && call_of(g, i, &call))
            *vec_push(&out->v) = call;
    py_callables_done(&g->callables);
}

void py_calls_find(struct rt *rt, const struct image_thread *th, const struct rt_native *natives, size_t n,
                   const struct rt_frame *frames, size_t n_frames, struct py_calls *out)
{
    size_t first = 0;
    for (size_t i = 0; i < n_frames && frames[i].native < n; i++) {
        if (i && frames[i].native == frames[i - 1].native)
            continue;
        struct gap g = {.rt = rt, .thread = th, .natives = natives, .first = first, .end = frames[i].native};
        if (g.first < g.end)
            find_in_gap(&g, frames[i].record, out);
        first = g.end + 1;
    }
}

void py_calls_touch(struct rt *rt, taddr record)
{
    struct py_evaluation e;
    struct py_callables unused = {0};
    if (py_evaluation_open(rt, record, &e))
        py_callables_stacked(rt, &e, &unused);
    for (size_t i = 0; i < unused.v.n; i++) /* what they are of */
        if (unused.v.v[i].self)
            (void)py_type(rt, unused.v.v[i].self);
    py_callables_done(&unused);
}
