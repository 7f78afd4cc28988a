/* SPDX-License-Identifier: Apache-2.0 */
/* Names, attributes, indices and slices. What Python finds by running code (properties, descriptors of C, __getattr__) is
 * an error that says so. */
#include "rt/cpython/expr.h"

#include <inttypes.h>

enum {
    T_SHORT, /* Include/structmember.h: numbers that C keeps in objects */
    T_INT,
    T_LONG,
    T_BYTE = 8,
    T_UBYTE,
    T_USHORT,
    T_UINT,
    T_ULONG,
    T_BOOL = 14,
    T_LONGLONG = 17,
    T_ULONGLONG,
    T_PYSSIZET,
    ROWS_MAX = 1000, /* elements of a slice */
    RANGE_START = 16,
};

static struct operand object(taddr at)
{
    return (struct operand){.kind = OPERAND_OBJECT, .object = at};
}

static struct err *must_run(struct expr *e, size_t at, const char *name, const struct py_type *t, const char *what)
{
    return expr_fail(e, at, "the attribute '%s' of '%s' objects is computed by %s, which is not run", name, t->name,
                     what);
}

const struct py_type *access_without_dict(struct expr *e, const struct py_type *t)
{
    const struct py_type *base;
    for (unsigned i = 0; (base = py_mro_at(e->rt, t, i)); i++)
        if (!base->dict && (base->base || base == t))
            return base;
    return NULL;
}

/* ---- names ---- */

static bool builtin(struct expr *e, const char *name, taddr *out)
{
    taddr dict = e->scope.builtins, of;
    const struct py_type *t;
    if (!dict && !py_dict_get(e->rt, e->scope.globals, "__builtins__", &dict))
        return false;
    t = py_type(e->rt, dict);
    if (t && t->kind == PYK_MODULE && py_field(e->rt, dict, e->rt->l.module_dict, &of))
        dict = of;
    return py_dict_get(e->rt, dict, name, out);
}

struct err *access_name(struct expr *e, size_t at, const char *name, struct operand *out)
{
    struct py_locals all;
    taddr found;
    if (py_locals_read(e->rt, &e->scope, e->arena, &all))
        for (size_t i = 0; i < all.n; i++)
            if (strcmp(all.v[i].name, name) == 0) {
                *out = object(all.v[i].object);
                return out->object ? NULL
                                   : expr_fail(e, at,
                                               "UnboundLocalError: cannot access local variable '%s' where it is not "
                                               "associated with a value",
                                               name);
            }
    if ((e->scope.locals && py_dict_get(e->rt, e->scope.locals, name, &found)) ||
        py_dict_get(e->rt, e->scope.globals, name, &found) || builtin(e, name, &found)) {
        *out = object(found);
        return NULL;
    }
    return expr_fail(e, at, "NameError: name '%s' is not defined", name);
}

/* ---- attributes ---- */

/* What C gives out by functions that only look. */
static bool known_attribute(struct expr *e, taddr at, const struct py_type *t, const char *name, taddr *out)
{
    const struct py_layout *l = &e->rt->l;
    const struct {
        const char *name;
        uint32_t offset;
        uint8_t kind;
    } fields[] = {
        {"args", l->exception_args, PYK_EXCEPTION},
        {"__cause__", l->exception_cause, PYK_EXCEPTION},
        {"__context__", l->exception_context, PYK_EXCEPTION},
        {"__traceback__", l->exception_traceback, PYK_EXCEPTION},
        {"__notes__", l->exception_notes, PYK_EXCEPTION},
        {"__name__", l->func_name, PYK_FUNCTION},
        {"__qualname__", l->func_qualname, PYK_FUNCTION},
        {"__code__", l->func_code, PYK_FUNCTION},
        {"__defaults__", l->func_defaults, PYK_FUNCTION},
        {"__closure__", l->func_closure, PYK_FUNCTION},
        {"__globals__", l->func_globals, PYK_FUNCTION},
        {"__dict__", l->func_dict, PYK_FUNCTION},
        {"__dict__", l->module_dict, PYK_MODULE},
        {"__dict__", l->type_dict, PYK_TYPE},
        {"__name__", l->gen_name, PYK_GENERATOR},
        {"__name__", l->gen_name, PYK_COROUTINE},
        {"__qualname__", l->gen_qualname, PYK_GENERATOR},
        {"__qualname__", l->gen_qualname, PYK_COROUTINE},
        {"cell_contents", l->cell_value, PYK_CELL},
        {"tb_frame", l->traceback_frame, PYK_TRACEBACK},
        {"tb_next", l->traceback_next, PYK_TRACEBACK},
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].kind == t->kind && strcmp(fields[i].name, name) == 0)
            return py_field(e->rt, at, fields[i].offset, out) && *out;
    if (strcmp(name, "__class__") == 0) {
        *out = t->at;
        return true;
    }
    struct py_attrs a;
    if (strcmp(name, "__dict__") != 0 || !py_attrs_open(e->rt, at, t, &a) || !a.dict)
        return false;
    *out = a.dict;
    return true;
}

static bool number_member(struct expr *e, taddr at, const struct py_member *m, struct operand *out)
{
    static const struct {
        uint8_t type, size;
        bool is_signed;
    } kinds[] = {
        {T_SHORT, 2, true},    {T_INT, 4, true},        {T_LONG, 8, true},     {T_BYTE, 1, true},
        {T_UBYTE, 1, false},   {T_USHORT, 2, false},    {T_UINT, 4, false},    {T_ULONG, 8, false},
        {T_LONGLONG, 8, true}, {T_ULONGLONG, 8, false}, {T_PYSSIZET, 8, true}, {T_BOOL, 1, false},
    };
    uint64_t v;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        unsigned unused = 64 - 8u * kinds[i].size;
        if (kinds[i].type != m->type || !py_uint(e->rt, at + (uint64_t)m->offset, kinds[i].size, &v))
            continue;
        *out = operand_int(kinds[i].is_signed ? (int64_t)(v << unused) >> unused : (int64_t)v);
        if (m->type == T_BOOL)
            out->kind = OPERAND_BOOL;
        return true;
    }
    return false;
}

/* Members that C declares, of any class. */
static bool member(struct expr *e, taddr at, const struct py_type *t, const char *name, struct operand *out)
{
    const struct py_type *base;
    const struct py_member *m;
    taddr value;
    for (unsigned i = 0; (base = py_mro_at(e->rt, t, i)); i++)
        for (unsigned k = 0; (m = py_member_at(e->rt, base, k)); k++) {
            if (strcmp(m->name, name) != 0 || m->offset <= 0 || m->offset >= t->basicsize)
                continue;
            if (!py_member_is_object(m))
                return number_member(e, at, m, out);
            *out = object(0);
            return py_member_value(e->rt, at, t, m, &value) && value && (*out = object(value), true);
        }
    return false;
}

/* The field of a namedtuple. */
static bool tuple_field(struct expr *e, taddr at, const struct py_type *t, const char *name, taddr *out)
{
    struct py_items names, it;
    struct py_item item;
    taddr fields;
    const struct py_type *of;
    if (!t->is_fields || !py_class_attr(e->rt, t, "_fields", &fields) || !(of = py_type(e->rt, fields)) ||
        !py_items_begin(e->rt, fields, of, &names) || !py_items_begin(e->rt, at, t, &it))
        return false;
    for (uint64_t i = 0; py_items_next(&names, &item); i++)
        if (py_str_is(e->rt, item.value, name))
            return py_items_at(&it, i, out);
    return false;
}

/* What a class has under a name: itself, unless it computes something. */
static struct err *from_class(struct expr *e, size_t at, const struct py_type *t, const char *name, taddr found,
                              struct operand *out)
{
    taddr method;
    const struct py_type *of = py_type(e->rt, found);
    if (of && (of->kind == PYK_GETSET || of->kind == PYK_MEMBER))
        return must_run(e, at, name, t, "C code");
    bool plain = !of || of->kind == PYK_FUNCTION || of->kind == PYK_TYPE || of->kind == PYK_METHOD_DESCRIPTOR ||
                 of->kind == PYK_SLOT_WRAPPER;
    if (!plain && (strcmp(of->name, "property") == 0 || strcmp(of->name, "cached_property") == 0 ||
                   (of->heap && py_class_attr(e->rt, of, "__get__", &method))))
        return must_run(e, at, name, t, "Python code");
    *out = object(found);
    return NULL;
}

static struct err *of_class(struct expr *e, size_t at, taddr class, const char *name, struct operand *out)
{
    taddr found;
    const struct py_type *t = py_class(e->rt, class), *meta = py_type(e->rt, class);
    if (t && py_class_attr(e->rt, t, name, &found)) {
        *out = object(found);
        return NULL;
    }
    if (t && strcmp(name, "__name__") == 0) {
        *out = (struct operand){.kind = OPERAND_STR, .text = {(const uint8_t *)t->name, strlen(t->name)}};
        return NULL;
    }
    if (meta && (known_attribute(e, class, meta, name, &found) || py_class_attr(e->rt, meta, name, &found))) {
        *out = object(found);
        return NULL;
    }
    return expr_fail(e, at, "AttributeError: type object '%s' has no attribute '%s'", t ? t->name : "?", name);
}

struct err *access_attribute(struct expr *e, size_t at, const struct operand *o, const char *name, struct operand *out)
{
    taddr found;
    if (numpy_attribute(e, o, name, out))
        return NULL;
    if (o->kind != OPERAND_OBJECT)
        return expr_fail(e, at, "a %s that was computed here has no attributes that can be read", operand_type(e, o));
    const struct py_type *t = py_type(e->rt, o->object);
    if (!t)
        return expr_fail(e, at, "the object at 0x%" PRIx64 " cannot be read", o->object);
    if (t->is_enum && (strcmp(name, "name") == 0 || strcmp(name, "value") == 0))
        name = *name == 'n' ? "_name_" : "_value_";
    if (t->kind == PYK_TYPE)
        return of_class(e, at, o->object, name, out);
    if (py_attr(e->rt, o->object, name, &found) || tuple_field(e, o->object, t, name, &found) ||
        known_attribute(e, o->object, t, name, &found)) {
        *out = object(found);
        return NULL;
    }
    if (member(e, o->object, t, name, out))
        return NULL;
    if (py_class_attr(e->rt, t, name, &found))
        return from_class(e, at, t, name, found, out);
    if (py_class_attr(e->rt, t, "__getattr__", &found))
        return must_run(e, at, name, t, "its __getattr__");
    const struct py_type *hidden = access_without_dict(e, t);
    if (hidden)
        return expr_fail(e, at, "the attributes that '%s' has from C are not known; '%s' is none of the others",
                         hidden->name, name);
    if (t->kind == PYK_MODULE)
        return expr_fail(e, at, "AttributeError: the module has no attribute '%s'", name);
    return expr_fail(e, at, "AttributeError: '%s' object has no attribute '%s'", t->name, name);
}

/* ---- lengths ---- */

static int64_t characters(struct bytes utf8)
{
    int64_t n = 0;
    for (size_t i = 0; i < utf8.n; i++)
        n += (utf8.p[i] & 0xc0) != 0x80;
    return n;
}

struct err *access_length(struct expr *e, size_t at, const struct operand *o, int64_t *out)
{
    struct py_items it;
    struct py_str s;
    struct numpy_array array;
    taddr n;
    const struct py_type *t = o->kind == OPERAND_OBJECT ? py_type(e->rt, o->object) : NULL;
    if (numpy_operand(e, o, &array))
        return numpy_length(e, at, &array, out);
    if (o->kind == OPERAND_STR || o->kind == OPERAND_BYTES)
        *out = o->kind == OPERAND_STR ? characters(o->text) : (int64_t)o->text.n;
    else if (o->kind == OPERAND_TUPLE)
        *out = (int64_t)o->n;
    else if (t && py_items_begin(e->rt, o->object, t, &it) && it.length != UINT64_MAX)
        *out = (int64_t)it.length;
    else if (t && t->kind == PYK_STR && py_str_open(e->rt, o->object, &s))
        *out = (int64_t)s.length;
    else if (t && (t->kind == PYK_BYTES || t->kind == PYK_BYTEARRAY) && py_var_size(e->rt, o->object, out))
        return NULL;
    else if (t && t->kind == PYK_RANGE && py_word(e->rt, o->object + py_offset(e->rt, RANGE_START) + 24, &n) &&
             py_int(e->rt, n, out))
        return NULL;
    else if (t && py_class_attr(e->rt, t, "__len__", &n))
        return expr_fail(e, at, "the length of a %s takes running its code", t->name);
    else if (t && access_without_dict(e, t) && (t->kind == PYK_OBJECT || t->kind == PYK_MEMORYVIEW))
        return expr_fail(e, at, "whether a %s has a length only its C code knows", t->name);
    else
        return expr_fail(e, at, "TypeError: object of type '%s' has no len()", operand_type(e, o));
    return NULL;
}

/* ---- indices ---- */

static struct err *dict_item(struct expr *e, size_t at, const struct operand *o, const struct py_type *t,
                             const struct operand *key, struct operand *out)
{
    struct py_items it;
    struct py_item item;
    SCOPED(text_done) struct text text = {0};
    if (!py_items_begin(e->rt, o->object, t, &it))
        return expr_fail(e, at, "the %s at 0x%" PRIx64 " cannot be read", t->name, o->object);
    while (py_items_next(&it, &item)) {
        struct operand candidate = object(item.key);
        bool same = false;
        struct err *unknown = operand_equal(e, at, key, &candidate, &same);
        err_free(unknown); /* a key of a class with code of its own is not the one */
        if (!unknown && same) {
            *out = object(item.value);
            return NULL;
        }
    }
    if (it.bad || it.corrupt)
        return expr_fail(e, at, "the %s cannot be read to its end", t->name);
    operand_put(e, key, &text);
    return expr_fail(e, at, "KeyError: %s", text_str(&text));
}

/* An index that may count from the end. */
static struct err *place(struct expr *e, size_t at, const struct operand *o, const struct operand *key, int64_t n,
                         uint64_t *out)
{
    struct operand i = *key;
    TRY(operand_load(e, at, &i));
    if (i.kind != OPERAND_INT && i.kind != OPERAND_BOOL)
        return expr_fail(e, at, "TypeError: %s indices must be integers, not %s", operand_type(e, o),
                         operand_type(e, &i));
    int64_t v = i.i < 0 ? i.i + n : i.i;
    if (v < 0 || v >= n)
        return expr_fail(e, at, "IndexError: %s index out of range", operand_type(e, o));
    *out = (uint64_t)v;
    return NULL;
}

/* Character i of a string. */
static struct bytes character(struct bytes s, uint64_t i)
{
    size_t at = 0;
    for (;; at++) {
        if (at >= s.n)
            return (struct bytes){.p = s.p, .n = 0};
        if ((s.p[at] & 0xc0) != 0x80 && i-- == 0)
            break;
    }
    size_t n = 1;
    while (at + n < s.n && (s.p[at + n] & 0xc0) == 0x80)
        n++;
    return (struct bytes){.p = s.p + at, .n = n};
}

struct err *access_index(struct expr *e, size_t at, const struct operand *o, const struct operand *key,
                         struct operand *out)
{
    struct operand x = *o;
    struct py_items it;
    int64_t n;
    uint64_t i = 0;
    taddr found;
    TRY(operand_load(e, at, &x));
    const struct py_type *t = x.kind == OPERAND_OBJECT ? py_type(e->rt, x.object) : NULL;
    if (t && py_items_begin(e->rt, x.object, t, &it) && it.shape == PY_SHAPE_MAP)
        return dict_item(e, at, &x, t, key, out);
    bool row = t && (t->kind == PYK_LIST || t->kind == PYK_TUPLE || t->kind == PYK_DEQUE || t->kind == PYK_RANGE);
    if (!row && x.kind != OPERAND_STR && x.kind != OPERAND_BYTES && x.kind != OPERAND_TUPLE) {
        if (t && py_class_attr(e->rt, t, "__getitem__", &found))
            return expr_fail(e, at, "an element of a %s takes running its code", t->name);
        if (t && access_without_dict(e, t) && (t->kind == PYK_OBJECT || t->kind == PYK_MEMORYVIEW))
            return expr_fail(e, at, "whether a %s has elements only its C code knows", t->name);
        return expr_fail(e, at, "TypeError: '%s' object is not subscriptable", operand_type(e, &x));
    }
    TRY(access_length(e, at, &x, &n));
    TRY(place(e, at, &x, key, n, &i));
    if (x.kind == OPERAND_STR)
        *out = (struct operand){.kind = OPERAND_STR, .text = character(x.text, i)};
    else if (x.kind == OPERAND_BYTES)
        *out = operand_int(x.text.p[i]);
    else if (x.kind == OPERAND_TUPLE)
        *out = x.items[i];
    else if (t && t->kind == PYK_RANGE) {
        int64_t start, step;
        uint64_t part[3];
        if (!py_read(e->rt, x.object + py_offset(e->rt, RANGE_START), part, sizeof(part)) ||
            !py_int(e->rt, part[0], &start) || !py_int(e->rt, part[2], &step))
            return expr_fail(e, at, "the range is too large to be looked into");
        *out = operand_int((int64_t)((uint64_t)start + i * (uint64_t)step));
    } else {
        if (!py_items_at(&it, i, &found))
            return expr_fail(e, at, "element %" PRIu64 " of the %s cannot be read", i, t ? t->name : "row");
        *out = object(found);
    }
    return NULL;
}

/* ---- slices ---- */

static struct err *bound(struct expr *e, size_t at, const struct operand *o, int64_t otherwise, int64_t *out)
{
    *out = otherwise;
    if (!o)
        return NULL;
    struct operand x = *o;
    TRY(operand_load(e, at, &x));
    if (x.kind == OPERAND_NONE)
        return NULL;
    if (x.kind != OPERAND_INT && x.kind != OPERAND_BOOL)
        return expr_fail(e, at, "TypeError: slice indices must be integers or None");
    *out = x.i;
    return NULL;
}

static int64_t clamp(int64_t v, int64_t n, int64_t lowest, int64_t highest)
{
    v = v < 0 ? v + n : v;
    return v < lowest ? lowest : v > highest ? highest : v;
}

struct err *access_bounds(struct expr *e, size_t at, const struct operand *const bounds[3], int64_t n, int64_t *start,
                          int64_t *stop, int64_t *step)
{
    TRY(bound(e, at, bounds[2], 1, step));
    if (!*step)
        return expr_fail(e, at, "ValueError: slice step cannot be zero");
    TRY(bound(e, at, bounds[0], *step > 0 ? 0 : INT64_MAX / 2, start));
    TRY(bound(e, at, bounds[1], *step > 0 ? INT64_MAX / 2 : INT64_MIN / 2, stop));
    *start = clamp(*start, n, *step > 0 ? 0 : -1, *step > 0 ? n : n - 1);
    *stop = *stop == INT64_MIN / 2 ? -1 : clamp(*stop, n, *step > 0 ? 0 : -1, *step > 0 ? n : n - 1);
    return NULL;
}

static void put_element(struct expr *e, const struct operand *o, struct text *out)
{
    if (o->kind == OPERAND_STR || o->kind == OPERAND_BYTES)
        text_putn(out, (const char *)o->text.p, o->text.n);
    else
        operand_put(e, o, out);
}

struct err *access_slice(struct expr *e, size_t at, const struct operand *o, const struct operand *const bounds[3],
                         struct operand *out)
{
    struct operand x = *o;
    int64_t n, start, stop, step;
    TRY(operand_load(e, at, &x));
    bool text = x.kind == OPERAND_STR || x.kind == OPERAND_BYTES;
    const struct py_type *t = x.kind == OPERAND_OBJECT ? py_type(e->rt, x.object) : NULL;
    if (!text && x.kind != OPERAND_TUPLE && !(t && (t->kind == PYK_LIST || t->kind == PYK_TUPLE)))
        return expr_fail(e, at, "TypeError: a %s is not sliced here", operand_type(e, &x));
    TRY(access_length(e, at, &x, &n));
    TRY(access_bounds(e, at, bounds, n, &start, &stop, &step));
    SCOPED(text_done) struct text s = {0};
    bool list = t && t->kind == PYK_LIST;
    unsigned made = 0;
    text_put(&s, text ? "" : list ? "[" : "(");
    for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
        struct operand index = operand_int(i), item;
        if (!text && made == ROWS_MAX) {
            text_put(&s, ", ...");
            break;
        }
        if (x.kind == OPERAND_BYTES)
            item = (struct operand){.kind = OPERAND_BYTES, .text = {x.text.p + i, 1}};
        else
            TRY(access_index(e, at, &x, &index, &item));
        text_put(&s, text || !made ? "" : ", ");
        if (text)
            put_element(e, &item, &s);
        else
            operand_put(e, &item, &s);
        made++;
        if ((step > 0 && i > INT64_MAX - step) || (step < 0 && i < INT64_MIN - step))
            break;
    }
    text_put(&s, text ? "" : list ? "]" : made == 1 ? ",)" : ")");
    const char *copy = arena_strndup(e->arena, text_str(&s), s.n);
    *out = (struct operand){
        .kind = text ? x.kind : OPERAND_SHOWN, .type = list ? "list" : "tuple", .text = {(const uint8_t *)copy, s.n}};
    return NULL;
}

/* ---- what stands between brackets ---- */

struct err *access_subscript(struct expr *e, size_t at, const struct operand *o, const struct subscript *items,
                             size_t n, bool tuple, struct operand *out)
{
    struct numpy_array array;
    bool slices = false;
    if (numpy_operand(e, o, &array))
        return numpy_subscript(e, at, &array, items, n, out);
    for (size_t i = 0; i < n; i++)
        slices |= items[i].slice;
    if (!tuple && slices)
        return access_slice(e, at, o, items[0].bounds, out);
    if (!tuple)
        return access_index(e, at, o, items[0].bounds[0], out);
    if (slices)
        return expr_fail(e, at, "a %s is not sliced by several indices here", operand_type(e, o));
    struct operand *v = arena_array(e->arena, struct operand, n);
    for (size_t i = 0; i < n; i++)
        v[i] = *items[i].bounds[0];
    return access_index(e, at, o, &(struct operand){.kind = OPERAND_TUPLE, .items = v, .n = n}, out);
}

/* ---- in ---- */

static struct err *contains_text(struct expr *e, size_t at, const struct operand *o, const struct operand *item,
                                 bool *out)
{
    struct operand x = *item;
    TRY(operand_load(e, at, &x));
    if (x.kind != o->kind)
        return expr_fail(e, at, "TypeError: 'in <%s>' requires the same type as left operand, not %s",
                         operand_type(e, o), operand_type(e, &x));
    *out = !x.text.n || memmem(o->text.p, o->text.n, x.text.p, x.text.n);
    return NULL;
}

struct err *access_contains(struct expr *e, size_t at, const struct operand *o, const struct operand *item, bool *out)
{
    struct operand x = *o;
    struct py_items it;
    struct py_item one;
    *out = false;
    TRY(operand_load(e, at, &x));
    if (x.kind == OPERAND_STR || x.kind == OPERAND_BYTES)
        return contains_text(e, at, &x, item, out);
    for (size_t i = 0; x.kind == OPERAND_TUPLE && i < x.n && !*out; i++)
        TRY(operand_equal(e, at, item, &x.items[i], out));
    if (x.kind == OPERAND_TUPLE)
        return NULL;
    const struct py_type *t = x.kind == OPERAND_OBJECT ? py_type(e->rt, x.object) : NULL;
    if (!t || !py_items_begin(e->rt, x.object, t, &it))
        return expr_fail(e, at, "whether something is in a %s takes running its code", operand_type(e, &x));
    bool unknown = false;
    while (!*out && py_items_next(&it, &one)) {
        struct operand candidate = object(it.shape == PY_SHAPE_MAP ? one.key : one.value);
        struct err *failed = operand_equal(e, at, item, &candidate, out);
        unknown |= failed != NULL;
        err_free(failed); /* others may be equal */
    }
    if (!*out && (it.bad || it.corrupt))
        return expr_fail(e, at, "the %s cannot be read to its end", t->name);
    if (!*out && unknown)
        return expr_fail(e, at, "whether it is in the %s takes running code of its elements", t->name);
    return NULL;
}
