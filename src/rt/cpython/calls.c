/* SPDX-License-Identifier: Apache-2.0 */
/* Which built-in functions native frames run. What proves it is the code: a frame runs the function of C that a callable
 * in the evaluation stack of the Python frame that called, or on the C stack in between, says it is of. Evaluation stacks keep
 * what they held before, and several names may share a function of C: what then is not sure is not said. */
#include "rt/cpython/calls.h"

#include "rt/cpython/callables.h"
#include "unwind/unwind.h"

#include <inttypes.h>

enum { FUNCTION_MAX = 1 << 20 }; /* bytes of a function */

/* The native frames that a Python frame called: those inside of the one that runs it, up to the next that runs Python. */
struct gap {
    struct rt *rt;
    const struct rt_native *natives;
    size_t first, end; /* [first, end); `end` runs the Python frame */
    struct py_evaluation evaluation;
    struct py_callables callables;
    bool enters; /* it runs a `with`, which looks __enter__ up by itself (until 3.13) */
};

static bool is_at(struct rt *rt, const struct rt_native *f, taddr function)
{
    if (f->lookup < function || f->lookup - function >= FUNCTION_MAX || !function)
        return false;
    if (!rt->functions)
        rt->functions = functions_new(rt->ms);
    return functions_start(rt->functions, f->lookup) == function;
}

/* Does the function of the interpreter do nothing but call what the evaluation stack says? Objects/call.c, methodobject.c,
 * descrobject.c, Python/ceval.c. */
static bool is_plumbing(struct rt *rt, const struct rt_native *f, taddr vectorcall)
{
    static const char *const names[] = {
        "PyObject_Vectorcall",         "_PyObject_Vectorcall",           "_PyObject_VectorcallTstate",
        "call_function",               "_PyCFunction_FastCallKeywords",  "_PyMethodDef_RawFastCallKeywords",
        "_PyCFunction_FastCallDict",   "_PyMethodDescr_FastCallKeywords", "_PyMethodDef_RawFastCallDict",
        "_PyMethodDescr_Vectorcall",
    };
    struct symbol s;
    struct module *m = modules_find(rt->ms, f->lookup);
    if (is_at(rt, f, vectorcall))
        return true;
    if (m && module_symbol(m, f->lookup, &s))
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (strcmp(s.name, names[i]) == 0)
                return true;
    return false;
}

/* Was it the instruction of the Python frame that called the function of native frame i? */
static bool is_direct(const struct gap *g, size_t i, taddr vectorcall)
{
    for (i++; i < g->end; i++)
        if (!is_plumbing(g->rt, &g->natives[i], vectorcall))
            return false;
    return true;
}

/* Is the instruction that a frame is at SETUP_WITH, or BEFORE_WITH (Lib/opcode.py, Include/opcode_ids.h)? From 3.14 on a
 * `with` puts what it calls on the evaluation stack, as other calls do. */
static bool is_entering(struct rt *rt, taddr record)
{
    static const uint8_t with[] = {[6] = 143, [7] = 143, [8] = 143, [9] = 143, [10] = 143, [11] = 53, [12] = 53, [13] = 2};
    const struct py_layout *l = &rt->l;
    uint64_t at = 0, code;
    int32_t last;
    uint8_t op;
    unsigned minor = py_minor(rt);
    bool read;
    if (minor >= ARRAY_LEN(with))
        return false;
    if (minor >= 11)
        read = py_field(rt, record, l->frame_instr_ptr != PY_NONE ? l->frame_instr_ptr : l->frame_prev_instr, &at);
    else {
        read = py_field(rt, record, l->frameobj_code, &code) && py_field_int(rt, record, l->frameobj_lasti, &last) &&
               last >= 0 && py_field(rt, code, l->code_code, &at);
        at += l->bytes_data + (taddr)last * (minor == 10 ? 2 : 1);
    }
    return !read || !py_read(rt, at, &op, 1) || op == with[minor]; /* not known: nothing is sure */
}

/* ---- what is sure of one frame ---- */

/* Callables that may be what a frame runs. */
struct choice {
    const char *name; /* NULL: they have several */
    const struct py_callable *one; /* any of them; NULL: there are none */
    bool same_self;
};

static bool fits(const struct gap *g, const struct py_callable *c, bool direct)
{
    if (direct && g->enters)
        return !c->owner && c->self && py_evaluation_has(g->rt, &g->evaluation, c->self);
    return !direct || c->stacked;
}

static struct choice choose(const struct gap *g, size_t i, bool direct)
{
    struct choice all = {.same_self = true};
    for (size_t k = 0; k < g->callables.v.n; k++) {
        const struct py_callable *c = &g->callables.v.v[k];
        if (!is_at(g->rt, &g->natives[i], c->function) || !fits(g, c, direct))
            continue;
        const char *name = py_callable_name(g->rt, c->def);
        all.name = !all.one || (all.name && name && strcmp(name, all.name) == 0) ? name : NULL;
        all.same_self &= !all.one || all.one->self == c->self;
        all.one = c;
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

static void describe(struct rt *rt, const struct choice *c, bool sure_of_self, struct rt_call *out)
{
    taddr self = sure_of_self ? c->one->self : 0;
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

/* The built-in function that native frame i runs. False: none, or that is not sure. */
static bool call_of(const struct gap *g, size_t i, struct rt_call *out)
{
    struct choice all = choose(g, i, false);
    if (!all.one)
        return false;
    bool direct = is_direct(g, i, all.one->vectorcall), alias = py_callable_has_aliases(g->rt, all.one);
    struct choice c = direct ? choose(g, i, true) : all;
    if (!c.one || !c.name) { /* what it calls is nowhere to be seen, but for its function */
        if (alias || !all.name)
            return false;
        c = all;
        direct = false;
    }
    if (alias && !direct)
        return false;
    const struct py_type *t = c.one->self ? py_type(g->rt, c.one->self) : NULL;
    bool of_module = t && t->kind == PYK_MODULE;
    *out = (struct rt_call){.native = (uint32_t)i};
    describe(g->rt, &c, c.same_self && (direct || of_module), out);
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
    g->enters = g->callables.v.n && is_entering(rt, record);
    for (size_t i = g->first; i < g->end && g->callables.v.n; i++)
        if (!g->natives[i].guess && call_of(g, i, &call))
            *vec_push(&out->v) = call;
    py_callables_done(&g->callables);
}

void py_calls_find(struct rt *rt, const struct rt_native *natives, size_t n, const struct rt_frame *frames,
                   size_t n_frames, struct py_calls *out)
{
    size_t first = 0;
    for (size_t i = 0; i < n_frames && frames[i].native < n; i++) {
        if (i && frames[i].native == frames[i - 1].native)
            continue;
        struct gap g = {.rt = rt, .natives = natives, .first = first, .end = frames[i].native};
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
