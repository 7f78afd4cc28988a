/* SPDX-License-Identifier: Apache-2.0 */
/* What can be called: functions and methods of Python and of C, and objects that stand for one. */
#include "rt/cpython/repr.h"

/* The same in 3.6 to 3.15. */
enum {
    DESCRIPTOR_TYPE = 16,    /* Include/cpython/descrobject.h */
    DESCRIPTOR_NAME = 24,
    WRAPPER_DESCRIPTOR = 16, /* Objects/descrobject.c: wrapperobject */
    WRAPPER_SELF = 24,
    METHOD_NAME = 0,         /* PyMethodDef */
    WRAPPED = 16, /* Objects/funcobject.c, descrobject.c: the function of a staticmethod, classmethod, property */
    PARTIAL_FUNCTION = 16, /* Modules/_functoolsmodule.c */
    PARTIAL_ARGUMENTS = 24,
    PARTIAL_KEYWORDS = 32,
    C_NAME = 128,
};

void repr_function(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t name;
    if (!py_field(r->rt, at, r->rt->l.func_qualname, &name)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, "<function ");
    repr_put_str_name(r, name);
    text_printf(r->out, " at 0x%" PRIx64 ">", at);
}

/* A name that C code has. */
static void put_c_name(struct repr *r, taddr at)
{
    char b[C_NAME];
    size_t n = py_read_some(r->rt, at, b, sizeof(b));
    const char *end = n ? memchr(b, 0, n) : NULL;
    if (end)
        text_put_escaped(r->out, b, (size_t)(end - b));
    else
        text_putc(r->out, '?');
}

void repr_builtin(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t def, name, self;
    if (!py_field(r->rt, at, r->rt->l.cfunction_ml, &def) || !py_word(r->rt, def + METHOD_NAME, &name) ||
        !py_field(r->rt, at, r->rt->l.cfunction_self, &self)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    const struct py_type *of = self ? py_type(r->rt, self) : NULL;
    bool method = of && of->kind != PYK_MODULE;
    text_put(r->out, method ? "<built-in method " : "<built-in function ");
    put_c_name(r, name);
    if (method) {
        text_put(r->out, " of ");
        repr_put_name(r, of->c_name);
        text_printf(r->out, " object at 0x%" PRIx64, self);
    }
    text_putc(r->out, '>');
}

void repr_method(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t func, self, name;
    const struct py_type *of;
    if (!py_field(r->rt, at, r->rt->l.method_func, &func) || !py_field(r->rt, at, r->rt->l.method_self, &self)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, "<bound method ");
    of = py_type(r->rt, func);
    if (of && of->kind == PYK_FUNCTION && py_field(r->rt, func, r->rt->l.func_qualname, &name))
        repr_put_str_name(r, name);
    else
        text_putc(r->out, '?');
    text_put(r->out, " of ");
    r->instances += REPR_LEVELS; /* of whom, not what is in it */
    repr_put(r, self);
    r->instances -= REPR_LEVELS;
    text_putc(r->out, '>');
}

void repr_descriptor(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t owner, name;
    const struct py_type *of = NULL;
    if (py_field(r->rt, at, py_offset(r->rt, DESCRIPTOR_TYPE), &owner))
        of = py_class(r->rt, owner);
    if (!of || !py_field(r->rt, at, py_offset(r->rt, DESCRIPTOR_NAME), &name)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, t->kind == PYK_SLOT_WRAPPER        ? "<slot wrapper '"
                     : t->kind == PYK_METHOD_DESCRIPTOR ? "<method '"
                     : t->kind == PYK_GETSET            ? "<attribute '"
                                                        : "<member '");
    repr_put_str_name(r, name);
    text_put(r->out, "' of '");
    repr_put_name(r, of->c_name);
    text_put(r->out, "' objects>");
}

void repr_method_wrapper(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t descriptor, name, self;
    const struct py_type *of = NULL;
    if (py_field(r->rt, at, py_offset(r->rt, WRAPPER_SELF), &self))
        of = py_type(r->rt, self);
    if (!of || !py_field(r->rt, at, py_offset(r->rt, WRAPPER_DESCRIPTOR), &descriptor) ||
        !py_field(r->rt, descriptor, py_offset(r->rt, DESCRIPTOR_NAME), &name)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, "<method-wrapper '");
    repr_put_str_name(r, name);
    text_put(r->out, "' of ");
    repr_put_name(r, of->c_name);
    text_printf(r->out, " object at 0x%" PRIx64 ">", self);
}

/* ---- around a function ---- */

/* The first two say what they wrap since 3.10; before, and for a property, it stands behind what Python tells. */
void repr_wrapping(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t function;
    if (!py_field(r->rt, at, py_offset(r->rt, WRAPPED), &function)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    bool brackets = t->kind != PYK_PROPERTY && py_minor(r->rt) >= 10;
    if (brackets) {
        text_putc(r->out, '<');
        repr_put_name(r, t->name);
        text_putc(r->out, '(');
    } else {
        repr_put_object(r, at, t);
        text_put(r->out, ": ");
    }
    if (repr_is_cycle(r, function))
        text_put(r->out, "...");
    else
        repr_put(r, function);
    text_put(r->out, brackets ? ")>" : ">");
}

/* Arguments by position or by name, each behind a comma. */
static void put_arguments(struct repr *r, taddr at, uint8_t kind, uint8_t shape)
{
    struct py_items it;
    const struct py_type *of = py_type(r->rt, at);
    if (!of || of->kind != kind || !py_items_begin(r->rt, at, of, &it)) {
        text_put(r->out, ", ");
        repr_put_unreadable(r, at);
    } else if (it.length) {
        it.shape = shape;
        repr_put_items(r, &it, NULL, NULL);
    }
}

void repr_partial(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t arguments, keywords;
    if (!py_field(r->rt, at, py_offset(r->rt, PARTIAL_ARGUMENTS), &arguments) ||
        !py_field(r->rt, at, py_offset(r->rt, PARTIAL_KEYWORDS), &keywords)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    repr_put_name(r, t->qualified);
    if (repr_is_cycle(r, at) || r->summary || (r->f->depth && r->level > r->f->depth)) {
        text_put(r->out, "(...)");
        return;
    }
    repr_open(r, "(");
    repr_put_field(r, at, py_offset(r->rt, PARTIAL_FUNCTION));
    put_arguments(r, arguments, PYK_TUPLE, PY_SHAPE_ROW);
    put_arguments(r, keywords, PYK_DICT, PY_SHAPE_NAMED);
    repr_close(r, ")");
}
