/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions that a thread raises or handles, where they were raised, and what they came from.
 *
 * A thread state has the exception that is on its way, and a chain of those that `except` and `finally` blocks of its
 * functions handle, the innermost first (Include/cpython/pystate.h). A traceback is a list of frames from the outermost
 * in; the line of each is that of its last instruction, since from 3.12 on it is worked out only when it is asked for. */
#include "rt/cpython/object.h"

enum {
    STACK_MAX = 10000,
    PLACES_MAX = 10000,
    CHAIN_MAX = 100,
    TEXT_MAX = 4096, /* characters of a message */
};

/* ---- what they say ---- */

static bool derives_from(struct rt *rt, const struct py_type *t, const char *name)
{
    const struct py_type *base;
    for (unsigned i = 0; (base = py_mro_at(rt, t, i)); i++)
        if (!base->heap && strcmp(base->name, name) == 0)
            return true;
    return false;
}

/* An argument as str() would write it; of objects in general that takes running code, and repr() stands for it. */
static void put_argument(struct rt *rt, taddr object, struct text *out)
{
    const struct py_type *t = py_type(rt, object);
    if (!t || t->kind != PYK_STR || !py_str_text(rt, object, TEXT_MAX, out))
        py_repr(rt, object, &format_defaults, false, NULL, out);
}

static taddr member_named(struct rt *rt, taddr object, const struct py_type *t, const char *name)
{
    const struct py_type *base;
    const struct py_member *m;
    taddr value = 0;
    for (unsigned i = 0; (base = py_mro_at(rt, t, i)); i++)
        for (unsigned k = 0; (m = py_member_at(rt, base, k)); k++)
            if (strcmp(m->name, name) == 0 && py_member_is_object(m) && py_member_value(rt, object, t, m, &value))
                return value;
    return 0;
}

static bool is_something(struct rt *rt, taddr object)
{
    const struct py_type *t = object ? py_type(rt, object) : NULL;
    return t && t->kind != PYK_NONE;
}

/* "[Errno 2] No such file or directory: 'x'" (Objects/exceptions.c, OSError_str). */
static bool put_os_error(struct rt *rt, taddr object, const struct py_type *t, struct text *out)
{
    taddr number = member_named(rt, object, t, "errno"), says = member_named(rt, object, t, "strerror");
    taddr file = member_named(rt, object, t, "filename"), other = member_named(rt, object, t, "filename2");
    if (!derives_from(rt, t, "OSError") || !number || !says)
        return false;
    text_put(out, "[Errno ");
    put_argument(rt, number, out);
    text_put(out, "] ");
    put_argument(rt, says, out);
    if (is_something(rt, file)) {
        text_put(out, ": ");
        py_repr(rt, file, &format_defaults, false, NULL, out);
    }
    if (is_something(rt, file) && is_something(rt, other)) {
        text_put(out, " -> ");
        py_repr(rt, other, &format_defaults, false, NULL, out);
    }
    return true;
}

/* Does a class write its message in a way of its own? */
static bool has_own_text(struct rt *rt, const struct py_type *t)
{
    const struct py_type *base;
    taddr method;
    for (unsigned i = 0; (base = py_mro_at(rt, t, i)) && base->heap; i++)
        if (base->dict && py_dict_get(rt, base->dict, "__str__", &method))
            return true;
    return derives_from(rt, t, "SyntaxError") || derives_from(rt, t, "UnicodeError") ||
           derives_from(rt, t, "BaseExceptionGroup");
}

/* str(): the only argument, or all of them. NULL: not known without running code. */
static const char *text_of(struct rt *rt, taddr object, const struct py_type *t)
{
    SCOPED(text_done) struct text out = {0};
    struct py_items it;
    struct py_item item;
    uint64_t args;
    const struct py_type *of = NULL;
    if (has_own_text(rt, t))
        return NULL;
    if (put_os_error(rt, object, t, &out))
        return arena_strdup(&rt->arena, text_str(&out));
    if (py_field(rt, object, rt->l.exception_args, &args))
        of = py_type(rt, args);
    if (!of || of->kind != PYK_TUPLE || !py_items_begin(rt, args, of, &it))
        return NULL;
    if (it.length > 1 || derives_from(rt, t, "KeyError")) {
        if (it.length == 1 && py_items_next(&it, &item))
            py_repr(rt, item.value, &format_defaults, false, NULL, &out);
        else if (it.length)
            py_repr(rt, args, &format_defaults, false, NULL, &out);
    } else if (py_items_next(&it, &item)) {
        put_argument(rt, item.value, &out);
    }
    return arena_strdup(&rt->arena, text_str(&out));
}

/* ---- where they were raised ---- */

static taddr code_of_frame(struct rt *rt, taddr frame)
{
    uint64_t code, inner;
    if (py_field(rt, frame, rt->l.frameobj_code, &code))
        return code;
    return py_field(rt, frame, rt->l.frameobj_frame, &inner) && py_field(rt, inner, rt->l.frame_code, &code)
               ? py_untag(rt, code)
               : 0;
}

static const struct rt_place *place_of(struct rt *rt, taddr traceback)
{
    uint64_t frame;
    int32_t lasti;
    if (!py_field(rt, traceback, rt->l.traceback_frame, &frame) ||
        !py_field_int(rt, traceback, rt->l.traceback_lasti, &lasti))
        return NULL;
    const struct py_code *code = py_code(rt, code_of_frame(rt, frame));
    return code ? py_place(rt, code, lasti) : NULL;
}

static void read_traceback(struct rt *rt, taddr object, struct rt_exception *out)
{
    uint64_t at;
    VEC(const struct rt_place *) places = {0};
    if (!py_field(rt, object, rt->l.exception_traceback, &at))
        return;
    while (at && places.n < PLACES_MAX && is_something(rt, at)) {
        const struct rt_place *p = place_of(rt, at);
        if (!p || !py_field(rt, at, rt->l.traceback_next, &at)) {
            out->cut = true;
            break;
        }
        *vec_push(&places) = p;
    }
    const struct rt_place **copy = arena_array(&rt->arena, const struct rt_place *, places.n + 1);
    for (size_t i = 0; i < places.n; i++)
        copy[i] = places.v[i];
    out->places = copy;
    out->n_places = places.n;
    vec_done(&places);
}

/* ---- all of one ---- */

static const struct rt_exception *read_exception(struct rt *rt, taddr object, unsigned depth)
{
    const struct py_type *t = py_type(rt, object);
    uint64_t from = 0;
    uint8_t suppress = 0;
    SCOPED(text_done) struct text repr = {0};
    if (!t || t->kind != PYK_EXCEPTION)
        return NULL;
    struct rt_exception *x = arena_new(&rt->arena, struct rt_exception);
    py_repr(rt, object, &format_defaults, false, NULL, &repr);
    *x = (struct rt_exception){.type = t->qualified,
                               .text = text_of(rt, object, t),
                               .repr = arena_strdup(&rt->arena, text_str(&repr)),
                               .object = object};
    read_traceback(rt, object, x);
    x->caused = py_field(rt, object, rt->l.exception_cause, &from) && from;
    if (!x->caused && (!py_field_byte(rt, object, rt->l.exception_suppress_context, &suppress) || suppress ||
                       !py_field(rt, object, rt->l.exception_context, &from)))
        from = 0;
    if (from && depth < CHAIN_MAX)
        x->from = read_exception(rt, from, depth + 1);
    return x;
}

/* Before 3.12 what is on its way may be a class and what its object will be made of. */
static const struct rt_exception *raised(struct rt *rt, taddr thread)
{
    uint64_t value;
    if (py_field(rt, thread, rt->l.thread_current_exception, &value) ||
        py_field(rt, thread, rt->l.thread_curexc_value, &value)) {
        const struct rt_exception *x = value ? read_exception(rt, value, 0) : NULL;
        if (x)
            return x;
    }
    const struct py_type *t =
        py_field(rt, thread, rt->l.thread_curexc_type, &value) && value ? py_class(rt, value) : NULL;
    if (!t || t->kind != PYK_EXCEPTION)
        return NULL;
    struct rt_exception *x = arena_new(&rt->arena, struct rt_exception);
    *x = (struct rt_exception){.type = t->qualified, .repr = t->name};
    return x;
}

/* What sys.exc_info() would give: the innermost that is handled. */
static const struct rt_exception *handled(struct rt *rt, taddr thread)
{
    uint64_t item, value;
    if (!py_field(rt, thread, rt->l.thread_exc_info, &item))
        return py_field(rt, thread, rt->l.thread_exc_value, &value) && value ? read_exception(rt, value, 0) : NULL;
    for (unsigned i = 0; item && i < STACK_MAX; i++) {
        if (!py_field(rt, item, rt->l.exc_item_value, &value))
            return NULL;
        if (is_something(rt, value))
            return read_exception(rt, value, 0);
        if (!py_field(rt, item, rt->l.exc_item_previous, &item))
            return NULL;
    }
    return NULL;
}

void py_exceptions(struct rt *rt, const struct rt_thread *th, const struct rt_exception **on_its_way,
                   const struct rt_exception **in_handler)
{
    *on_its_way = raised(rt, th->object);
    *in_handler = handled(rt, th->object);
}
