/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of classes that programs define: what is in them, and the forms that the standard library gives some. */
#include "rt/cpython/repr.h"

static bool put_dataclass(struct repr *r, taddr at, const struct py_type *t, taddr fields);

/* ---- attributes ---- */

void repr_instance(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_items it, first;
    struct py_item item;
    if (repr_is_cycle(r, at)) {
        text_put(r->out, "<...>");
        return;
    }
    bool open = t->heap && !r->summary && r->instances <= r->f->recurse && (!r->f->depth || r->level <= r->f->depth);
    taddr fields = open ? py_dataclass_fields(r->rt, t) : 0;
    if (fields && put_dataclass(r, at, t, fields))
        return;
    repr_put_object(r, at, t);
    py_attributes_begin(r->rt, at, t, &it);
    first = it;
    if (open && (py_items_next(&first, &item) || first.bad || first.corrupt)) {
        r->instances++;
        repr_put_items(r, &it, ": ", "");
        r->instances--;
    }
    text_putc(r->out, '>');
}

/* types.SimpleNamespace: attributes as arguments. Python before 3.9 sorts them. */
void repr_namespace(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_items it;
    repr_put_name(r, t->exact ? "namespace" : t->name);
    if (repr_is_cycle(r, at) || r->summary || (r->f->depth && r->level > r->f->depth)) {
        text_put(r->out, "(...)");
        return;
    }
    py_attributes_begin(r->rt, at, t, &it);
    repr_put_items(r, &it, "(", ")");
}

/* ---- dataclasses (Lib/dataclasses.py) ---- */

/* Did dataclasses write the class's __repr__? Theirs is a function called "wrapper". */
static bool has_generated_repr(struct repr *r, const struct py_type *t)
{
    taddr function;
    uint64_t code, name;
    const struct py_type *of;
    return py_class_attr(r->rt, t, "__repr__", &function) && (of = py_type(r->rt, function)) &&
           of->kind == PYK_FUNCTION && py_field(r->rt, function, r->rt->l.func_code, &code) &&
           py_field(r->rt, code, r->rt->l.code_name, &name) && py_str_is(r->rt, name, "wrapper");
}

/* Is a field one that is shown: no pseudo-field (ClassVar, InitVar), and repr=True? */
static bool is_shown(struct repr *r, taddr field)
{
    taddr shown, kind, name;
    int64_t yes = 1;
    if (py_attr(r->rt, field, "repr", &shown) && py_int(r->rt, shown, &yes) && !yes)
        return false;
    return !py_attr(r->rt, field, "_field_type", &kind) || !py_attr(r->rt, kind, "name", &name) ||
           py_str_is(r->rt, name, "_FIELD");
}

static void put_attribute(struct repr *r, taddr at, const struct py_type *t, taddr name)
{
    SCOPED(text_done) struct text s = {0};
    taddr value;
    if (!py_str_text(r->rt, name, REPR_NAME, &s)) {
        repr_put_unreadable(r, name);
        return;
    }
    repr_put_name(r, text_str(&s));
    text_putc(r->out, '=');
    if (py_attr(r->rt, at, text_str(&s), &value) || py_class_attr(r->rt, t, text_str(&s), &value))
        repr_put(r, value);
    else
        text_put(r->out, "<unbound>");
}

static bool put_dataclass(struct repr *r, taddr at, const struct py_type *t, taddr fields)
{
    struct py_items it;
    struct py_item item;
    const struct py_type *of = py_type(r->rt, fields);
    uint64_t n = 0, limit = r->f->elements ? r->f->elements : UINT64_MAX;
    if (!of || of->kind != PYK_DICT || !has_generated_repr(r, t) || !py_items_begin(r->rt, fields, of, &it))
        return false;
    repr_put_name(r, t->qualname);
    repr_open(r, "(");
    r->instances++;
    while (n < limit && py_items_next(&it, &item)) {
        if (!is_shown(r, item.value))
            continue;
        repr_next(r, n++);
        put_attribute(r, at, t, item.key);
    }
    r->instances--;
    repr_close(r, n < limit ? ")" : "...)");
    return true;
}

/* ---- tuples with names ---- */

/* Structures that C makes (Objects/structseq.c): names are members at the places of the elements. */
void repr_struct_sequence(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_items it;
    struct py_item item;
    const struct py_member *m;
    if (r->summary || (r->f->depth && r->level > r->f->depth) || !py_items_begin(r->rt, at, t, &it)) {
        repr_container(r, at, t);
        return;
    }
    repr_put_name(r, t->qualified);
    repr_open(r, "(");
    for (unsigned i = 0; py_items_next(&it, &item) && (m = py_member_at(r->rt, t, i)); i++) {
        repr_next(r, i);
        repr_put_name(r, m->name);
        text_putc(r->out, '=');
        repr_put(r, item.value);
    }
    repr_close(r, ")");
}

bool repr_is_struct_sequence(struct repr *r, const struct py_type *t)
{
    const struct py_member *m = t->kind == PYK_TUPLE && !t->exact ? py_member_at(r->rt, t, 0) : NULL;
    return m && m->offset == (int64_t)r->rt->l.tuple_items;
}

void repr_named_tuple(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_items it, names;
    struct py_item item, name;
    taddr fields;
    const struct py_type *of = NULL;
    if (repr_is_cycle(r, at)) {
        text_put(r->out, "(...)");
        return;
    }
    if (py_class_attr(r->rt, t, "_fields", &fields))
        of = py_type(r->rt, fields);
    if (!of || of->kind != PYK_TUPLE || of->is_fields || !py_items_begin(r->rt, at, t, &it) ||
        !py_items_begin(r->rt, fields, of, &names) || r->summary || (r->f->depth && r->level > r->f->depth)) {
        repr_container(r, at, t);
        return;
    }
    repr_put_name(r, t->name);
    repr_open(r, "(");
    for (uint64_t i = 0; py_items_next(&names, &name) && py_items_next(&it, &item); i++) {
        repr_next(r, i);
        repr_put_str_name(r, name.value);
        text_putc(r->out, '=');
        repr_put(r, item.value);
    }
    repr_close(r, ")");
}

/* ---- members of enumerations (Lib/enum.py) ---- */

void repr_enum(struct repr *r, taddr at, const struct py_type *t)
{
    taddr name, value;
    bool named = py_attr(r->rt, at, "_name_", &name);
    const struct py_type *of = named ? py_type(r->rt, name) : NULL;
    if (!py_attr(r->rt, at, "_value_", &value)) {
        repr_put_object(r, at, t);
        text_putc(r->out, '>');
        return;
    }
    text_putc(r->out, '<');
    repr_put_name(r, t->name);
    if (of && of->kind == PYK_STR) {
        text_putc(r->out, '.');
        repr_put_str_name(r, name);
    }
    text_put(r->out, ": ");
    if (repr_is_cycle(r, value))
        text_put(r->out, "...");
    else
        repr_put(r, value);
    text_putc(r->out, '>');
}

/* ---- exceptions ---- */

void repr_exception(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t args;
    int64_t n;
    const struct py_type *of = NULL;
    if (repr_is_cycle(r, at)) {
        repr_put_name(r, t->name);
        text_put(r->out, "(...)");
        return;
    }
    if (py_field(r->rt, at, r->rt->l.exception_args, &args))
        of = py_type(r->rt, args);
    if (!of || of->kind != PYK_TUPLE || !py_var_size(r->rt, args, &n)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    repr_put_name(r, t->name);
    struct py_items it;
    if (r->summary || !py_items_begin(r->rt, args, of, &it))
        text_put(r->out, n ? "(...)" : "()");
    else
        repr_put_items(r, &it, "(", n == 1 && py_minor(r->rt) < 7 ? ",)" : ")");
}
