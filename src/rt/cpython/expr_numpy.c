/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's arrays in expressions: indices, slices, fields, and what C keeps of them. Elements take part in arithmetic as Python's
 * numbers. */
#include "rt/cpython/expr.h"
#include "rt/cpython/numpy.h"

#include <inttypes.h>

static struct err *damaged(struct expr *e, size_t at, taddr what)
{
    return expr_fail(e, at, "the array at 0x%" PRIx64 " cannot be read", what);
}

/* Does a class give out elements by code of its own, which may be others than those that it has: numpy.ma.MaskedArray? */
static bool has_own_elements(struct expr *e, const struct py_type *t)
{
    static const char *const plain[] = {"memmap", "recarray"}; /* NumPy's, which give out the same */
    taddr method;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (begins_with(t->qualified, "numpy.") && strcmp(t->name, plain[i]) == 0)
            return false;
    if (t->exact || !py_class_attr(e->rt, t, "__getitem__", &method))
        return false;
    const struct py_type *of = py_type(e->rt, method);
    return of && of->kind == PYK_FUNCTION;
}

bool numpy_operand(struct expr *e, const struct operand *o, struct numpy_array *out)
{
    struct numpy_type type;
    if (o->kind == OPERAND_ARRAY) {
        *out = *o->array;
        return true;
    }
    const struct py_type *t = o->kind == OPERAND_OBJECT ? py_type(e->rt, o->object) : NULL;
    if (t && t->kind == PYK_NDARRAY)
        return !has_own_elements(e, t) && numpy_array_read(e->rt, o->object, out);
    *out = (struct numpy_array){.n = 0};
    if (!t || t->kind != PYK_NUMPY_SCALAR || !numpy_scalar_read(e->rt, o->object, t, &type, &out->data) || !type.at)
        return false;
    out->type = type.at;
    return true;
}

/* ---- elements as values ---- */

static struct err *text_element(struct expr *e, const struct numpy_type *t, taddr data, struct operand *out)
{
    enum { TEXT_MAX = 1 << 24, WIDTH = 4 };
    bool str = t->form == NUMPY_STR;
    size_t n = (size_t)t->size;
    if (t->size > TEXT_MAX)
        return err_new(ERR_LIMIT, "the element is too long");
    uint8_t *b =
        arena_array(e->arena, uint8_t, n + WIDTH); /* a character more, for a size that is no whole number of them */
    if (!py_read(e->rt, data, b, n))
        return modules_read(e->rt->ms, data, b, n);
    while (n && !b[n - 1])
        n--;
    if (!str) {
        *out = (struct operand){.kind = OPERAND_BYTES, .text = {b, n}};
        return NULL;
    }
    SCOPED(text_done) struct text utf8 = {0};
    for (size_t i = 0; i < n; i += WIDTH) { /* the zeros behind the last character are there */
        uint32_t c;
        char one[4];
        memcpy(&c, b + i, sizeof(c));
        size_t bytes = py_utf8(t->swapped ? __builtin_bswap32(c) : c, one);
        text_putn(&utf8, one, bytes);
    }
    const char *copy = arena_strndup(e->arena, text_str(&utf8), utf8.n);
    *out = (struct operand){.kind = OPERAND_STR, .text = {(const uint8_t *)copy, utf8.n}};
    return NULL;
}

static struct err *number_element(struct expr *e, size_t at, const struct numpy_type *t, taddr data,
                                  struct operand *out)
{
    uint8_t b[NUMPY_ELEMENT_MAX];
    if (!numpy_number(e->rt, t, data, b)) {
        TRY(modules_read(e->rt->ms, data, b, (size_t)t->size));
        return damaged(e, at, data);
    }
    uint64_t v = numpy_bits(t, b);
    if (t->form == NUMPY_FLOAT)
        *out = (struct operand){.kind = OPERAND_FLOAT, .f = (double)numpy_real(e->rt, b, t->size)};
    else if (t->form == NUMPY_UINT && v > INT64_MAX) {
        *out = operand_of_big(bigint_of_u64(e->arena, v));
    } else
        *out = t->form == NUMPY_BOOL ? operand_bool(v != 0) : operand_int((int64_t)v);
    return NULL;
}

struct err *numpy_load(struct expr *e, size_t at, struct operand *o)
{
    struct numpy_type t;
    struct numpy_array a;
    const struct py_type *of = o->kind == OPERAND_OBJECT ? py_type(e->rt, o->object) : NULL;
    bool found = of && of->kind == PYK_NUMPY_SCALAR
                     ? numpy_scalar_read(e->rt, o->object, of, &t, &a.data)
                     : o->kind == OPERAND_ARRAY && !o->array->n && numpy_type_read(e->rt, o->array->type, &t);
    if (!found)
        return NULL;
    taddr data = o->kind == OPERAND_ARRAY ? o->array->data : a.data;
    switch ((enum numpy_form)t.form) {
    case NUMPY_BOOL:
    case NUMPY_INT:
    case NUMPY_UINT:
    case NUMPY_FLOAT:
        return number_element(e, at, &t, data, o);
    case NUMPY_BYTES:
    case NUMPY_STR:
        return text_element(e, &t, data, o);
    case NUMPY_UNKNOWN:
    case NUMPY_COMPLEX:
    case NUMPY_OBJECT:
    case NUMPY_VOID:
    case NUMPY_DATETIME:
    case NUMPY_TIMEDELTA:
        break;
    }
    return NULL;
}

static struct operand kept(struct expr *e, const struct numpy_array *a)
{
    struct numpy_array *copy = arena_new(e->arena, struct numpy_array);
    *copy = *a;
    return (struct operand){.kind = OPERAND_ARRAY, .array = copy};
}

/* What is left of an array: an object where it is one element that refers to it. */
static struct err *result(struct expr *e, size_t at, const struct numpy_array *a, struct operand *out)
{
    struct numpy_type t;
    uint64_t object;
    if (!numpy_type_read(e->rt, a->type, &t))
        return damaged(e, at, a->type);
    if (!a->n && t.form == NUMPY_OBJECT) {
        TRY(modules_read(e->rt->ms, a->data, &object, sizeof(object)));
        *out = (struct operand){.kind = object ? OPERAND_OBJECT : OPERAND_NONE, .object = object};
        return NULL;
    }
    *out = kept(e, a);
    return NULL;
}

/* ---- indices ---- */

static struct err *pick(struct expr *e, size_t at, const struct operand *index, unsigned number, unsigned axis,
                        struct numpy_array *a)
{
    struct operand i = *index;
    TRY(operand_load(e, at, &i));
    if (i.kind != OPERAND_INT)
        return expr_fail(e, at, "only integers, slices and the names of fields are indices of arrays here, not %s",
                         operand_type(e, &i));
    int64_t n = a->shape[axis], v = i.i < 0 ? i.i + n : i.i;
    if (v < 0 || v >= n)
        return expr_fail(e, at, "IndexError: index %" PRId64 " is out of bounds for axis %u with size %" PRId64, i.i,
                         number, n);
    a->data += (uint64_t)v * (uint64_t)a->strides[axis];
    a->n--;
    for (unsigned k = axis; k < a->n; k++) {
        a->shape[k] = a->shape[k + 1];
        a->strides[k] = a->strides[k + 1];
    }
    return NULL;
}

static struct err *narrow(struct expr *e, size_t at, const struct operand *const bounds[3], unsigned axis,
                          struct numpy_array *a)
{
    int64_t start, stop, step;
    TRY(access_bounds(e, at, bounds, a->shape[axis], &start, &stop, &step));
    uint64_t wide = step > 0 ? (uint64_t)step : -(uint64_t)step;
    uint64_t far = step > 0 ? (uint64_t)(stop - start) : (uint64_t)(start - stop);
    bool any = step > 0 ? start < stop : start > stop;
    a->data += any ? (uint64_t)start * (uint64_t)a->strides[axis] : 0;
    a->shape[axis] = any ? (int64_t)((far - 1) / wide + 1) : 0;
    a->strides[axis] = (int64_t)((uint64_t)a->strides[axis] * (uint64_t)step);
    return NULL;
}

static struct err *field(struct expr *e, size_t at, struct bytes name, struct numpy_array *a)
{
    struct numpy_type t, of;
    struct numpy_array rows;
    struct numpy_field f;
    if (!numpy_type_read(e->rt, a->type, &t))
        return damaged(e, at, a->type);
    uint64_t i = 0;
    while (numpy_field_at(e->rt, &t, i, &f) && (strlen(f.name) != name.n || memcmp(f.name, name.p, name.n) != 0))
        i++;
    if (!numpy_field_at(e->rt, &t, i, &f))
        return expr_fail(e, at, "ValueError: no field of name %.*s", (int)name.n, (const char *)name.p);
    a->data += f.offset;
    a->type = f.type;
    if (!numpy_type_read(e->rt, f.type, &of))
        return damaged(e, at, f.type);
    if (!of.base)
        return NULL;
    if (!numpy_rows(e->rt, &of, a->data, &rows) || a->n + rows.n > NUMPY_DIMENSIONS_MAX)
        return damaged(e, at, f.type);
    memcpy(a->shape + a->n, rows.shape, rows.n * sizeof(*rows.shape));
    memcpy(a->strides + a->n, rows.strides, rows.n * sizeof(*rows.strides));
    a->n += rows.n;
    a->type = rows.type;
    return NULL;
}

struct err *numpy_subscript(struct expr *e, size_t at, const struct numpy_array *o, const struct subscript *items,
                            size_t n, struct operand *out)
{
    struct numpy_array a = *o;
    struct subscript several[NUMPY_DIMENSIONS_MAX];
    unsigned axis = 0;
    const struct operand *one = n == 1 && !items[0].slice ? items[0].bounds[0] : NULL;
    if (one && one->kind == OPERAND_TUPLE && one->n <= ARRAY_LEN(several)) { /* a[(1, 2)] */
        for (size_t i = 0; i < one->n; i++)
            several[i] = (struct subscript){.bounds = {&one->items[i]}};
        items = several;
        n = one->n;
    }
    struct operand name = n == 1 && !items[0].slice ? *items[0].bounds[0] : operand_int(0);
    TRY(operand_load(e, at, &name));
    if (name.kind == OPERAND_STR) {
        TRY(field(e, at, name.text, &a));
        return result(e, at, &a, out);
    }
    if (n > o->n)
        return expr_fail(e, at, "IndexError: too many indices for array: array is %u-dimensional, but %zu were indexed",
                         o->n, n);
    for (size_t i = 0; i < n; i++) {
        if (items[i].slice)
            TRY(narrow(e, at, items[i].bounds, axis++, &a));
        else
            TRY(pick(e, at, items[i].bounds[0], (unsigned)i, axis, &a));
    }
    return result(e, at, &a, out);
}

/* ---- attributes ---- */

static struct operand tuple(struct expr *e, const int64_t *v, unsigned n)
{
    struct operand *items = arena_array(e->arena, struct operand, n ? n : 1);
    for (unsigned i = 0; i < n; i++)
        items[i] = operand_int(v[i]);
    return (struct operand){.kind = OPERAND_TUPLE, .items = items, .n = n};
}

bool numpy_attribute(struct expr *e, const struct operand *o, const char *name, struct operand *out)
{
    struct numpy_array a;
    struct numpy_type t;
    const struct py_type *of = o->kind == OPERAND_OBJECT ? py_type(e->rt, o->object) : NULL;
    if (of && strcmp(of->name, "MaskedArray") == 0 && of->kind == PYK_NDARRAY && strcmp(name, "data") == 0 &&
        numpy_array_read(e->rt, o->object, &a)) {
        *out = kept(e, &a);
        return true;
    }
    if (!numpy_operand(e, o, &a) || !numpy_type_read(e->rt, a.type, &t))
        return false;
    uint64_t count = numpy_count(&a), bytes;
    taddr base = o->kind == OPERAND_OBJECT ? numpy_base(e->rt, o->object) : 0;
    if (strcmp(name, "shape") == 0)
        *out = tuple(e, a.shape, a.n);
    else if (strcmp(name, "strides") == 0)
        *out = tuple(e, a.strides, a.n);
    else if (strcmp(name, "ndim") == 0)
        *out = operand_int(a.n);
    else if (strcmp(name, "itemsize") == 0)
        *out = operand_int((int64_t)t.size);
    else if (strcmp(name, "dtype") == 0)
        *out = (struct operand){.kind = OPERAND_OBJECT, .object = a.type};
    else if (strcmp(name, "base") == 0 && base && py_type(e->rt, base))
        *out = (struct operand){.kind = OPERAND_OBJECT, .object = base};
    else if (strcmp(name, "size") == 0 && count <= INT64_MAX)
        *out = operand_int((int64_t)count);
    else if (strcmp(name, "nbytes") == 0 && !__builtin_mul_overflow(count, t.size, &bytes) && bytes <= INT64_MAX)
        *out = operand_int((int64_t)bytes);
    else
        return false;
    return true;
}

struct err *numpy_length(struct expr *e, size_t at, const struct numpy_array *a, int64_t *out)
{
    struct numpy_type t;
    struct numpy_field f;
    if (a->n) {
        *out = a->shape[0];
        return NULL;
    }
    if (!numpy_type_read(e->rt, a->type, &t) || !t.names)
        return expr_fail(e, at, "TypeError: len() of unsized object");
    for (*out = 0; numpy_field_at(e->rt, &t, (uint64_t)*out, &f);)
        ++*out;
    return NULL;
}

struct err *numpy_truth(struct expr *e, size_t at, const struct numpy_array *a, bool *out)
{
    struct numpy_array one = {.data = a->data, .type = a->type};
    struct operand x;
    if (numpy_count(a) != 1)
        return expr_fail(e, at,
                         "ValueError: The truth value of an array with more than one element, or none, is ambiguous");
    TRY(result(e, at, &one, &x));
    TRY(operand_load(e, at, &x));
    if (x.kind == OPERAND_ARRAY)
        return expr_fail(e, at, "whether such an element is true takes running its code");
    return operand_truth(e, at, &x, out);
}
