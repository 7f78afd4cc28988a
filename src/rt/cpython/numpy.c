/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's arrays, types and scalars, as they lie in memory. */
#include "rt/cpython/numpy.h"

enum {
    ARRAY_DATA = 16, /* PyArrayObject_fields */
    ARRAY_DIMENSIONS = 24, /* an int */
    ARRAY_SHAPE = 32,
    ARRAY_STRIDES = 40,
    ARRAY_BASE = 48,
    ARRAY_TYPE = 56,
    TYPE_ORDER = 26, /* PyArray_Descr */
    TYPE_NUMBER = 28,
    AUXILIARY_UNIT = 32, /* PyArray_DatetimeDTypeMetaData: behind NpyAuxData */
    ROWS_BASE = 0, /* PyArray_ArrayDescr: base, shape */
    SCALAR_VALUE = 16,
    SCALAR_UNIT = 24, /* PyDatetimeScalarObject */
    VOID_VALUE = 24,  /* PyVoidScalarObject: a pointer, and the type */
    VOID_TYPE = 32,
    ALIGNED = 0x80, /* NPY_ALIGNED_STRUCT */
    NAME_CHARACTERS = 200,
    NUMBER_DATETIME = 21, /* NPY_TYPES */
    NUMBER_VOID = 20,
};

/* Where 1.x and 2.x differ in PyArray_Descr. */
static const struct places {
    uint8_t flags, flags_size, size, alignment, size_size, rows, fields, names, auxiliary;
} places[] = {
    {27, 1, 32, 36, 4, 40, 48, 56, 80},
    {32, 8, 40, 48, 8, 88, 96, 104, 112},
};

/* By NPY_TYPES, which only grows at its end; what NumPy calls them on 64-bit Linux. */
static const struct {
    const char *name;
    uint8_t form, size; /* 0: any */
} types[] = {
    {"bool", NUMPY_BOOL, 1},
    {"int8", NUMPY_INT, 1},
    {"uint8", NUMPY_UINT, 1},
    {"int16", NUMPY_INT, 2},
    {"uint16", NUMPY_UINT, 2},
    {"int32", NUMPY_INT, 4},
    {"uint32", NUMPY_UINT, 4},
    {"int64", NUMPY_INT, 8},
    {"uint64", NUMPY_UINT, 8},
    {"int64", NUMPY_INT, 8},
    {"uint64", NUMPY_UINT, 8},
    {"float32", NUMPY_FLOAT, 4},
    {"float64", NUMPY_FLOAT, 8},
    {"float128", NUMPY_FLOAT, 16},
    {"complex64", NUMPY_COMPLEX, 8},
    {"complex128", NUMPY_COMPLEX, 16},
    {"complex256", NUMPY_COMPLEX, 32},
    {"object", NUMPY_OBJECT, 8},
    {"bytes", NUMPY_BYTES, 0},
    {"str", NUMPY_STR, 0},
    {"void", NUMPY_VOID, 0},
    {"datetime64", NUMPY_DATETIME, 8},
    {"timedelta64", NUMPY_TIMEDELTA, 8},
    {"float16", NUMPY_FLOAT, 2},
};

unsigned numpy_version(struct rt *rt)
{
    uint64_t interpreter, modules, dict;
    taddr module, version;
    const char *text;
    if (!py_word(rt, rt->interpreters, &interpreter) || !py_field(rt, interpreter, rt->l.interp_modules, &modules) ||
        !py_dict_get(rt, modules, "numpy", &module) || !py_field(rt, module, rt->l.module_dict, &dict) ||
        !py_dict_get(rt, dict, "__version__", &version) || !(text = py_name(rt, version, NAME_CHARACTERS)))
        return 0;
    return text[1] == '.' && text[0] >= '1' && text[0] <= '9' ? (unsigned)(text[0] - '0') : 0;
}

/* ---- types ---- */

const char *numpy_type_name(const struct numpy_type *t)
{
    return t->number < ARRAY_LEN(types) ? types[t->number].name : NULL;
}

static bool read_unit(struct rt *rt, taddr at, struct numpy_unit *out)
{
    int32_t v[2];
    if (!py_read(rt, at, v, sizeof(v)))
        return false;
    *out = (struct numpy_unit){.base = v[0], .count = v[1]};
    return true;
}

/* What 2.x has in the types of its own alone. */
static bool read_rest(struct rt *rt, const struct places *p, struct numpy_type *t)
{
    uint64_t auxiliary, rows;
    if (t->form == NUMPY_DATETIME || t->form == NUMPY_TIMEDELTA)
        return py_field(rt, t->at, py_offset(rt, p->auxiliary), &auxiliary) &&
               read_unit(rt, auxiliary + AUXILIARY_UNIT, &t->unit);
    if (t->form != NUMPY_VOID)
        return true;
    if (!py_field(rt, t->at, py_offset(rt, p->names), &t->names) ||
        !py_field(rt, t->at, py_offset(rt, p->fields), &t->fields) ||
        !py_field(rt, t->at, py_offset(rt, p->rows), &rows))
        return false;
    const struct py_type *of = t->names ? py_type(rt, t->names) : NULL;
    if (!of || of->kind != PYK_TUPLE) /* None, or no pointer: it has no fields */
        t->names = t->fields = 0;
    return !rows || (py_word(rt, rows + ROWS_BASE, &t->base) && py_word(rt, rows + ROWS_BASE + 8, &t->shape));
}

bool numpy_type_read(struct rt *rt, taddr descriptor, struct numpy_type *out)
{
    unsigned version = numpy_version(rt);
    uint64_t number, size, alignment, flags;
    uint8_t order;
    if (!version || version > ARRAY_LEN(places))
        return false;
    const struct places *p = &places[version - 1];
    if (!py_uint(rt, descriptor + py_offset(rt, TYPE_NUMBER), 4, &number) ||
        !py_uint(rt, descriptor + py_offset(rt, p->size), p->size_size, &size) || size > INT64_MAX ||
        !py_uint(rt, descriptor + py_offset(rt, p->alignment), p->size_size, &alignment) || alignment > INT32_MAX ||
        !py_read(rt, descriptor + py_offset(rt, TYPE_ORDER), &order, 1) ||
        !py_uint(rt, descriptor + py_offset(rt, p->flags), p->flags_size, &flags))
        return false;
    *out = (struct numpy_type){.at = descriptor, .number = (uint32_t)number, .size = size, .swapped = order == '>'};
    out->alignment = alignment;
    out->aligned = flags & ALIGNED;
    if (number >= ARRAY_LEN(types))
        return true;
    out->form = types[number].form;
    return (!types[number].size || types[number].size == size) && read_rest(rt, p, out);
}

bool numpy_field_at(struct rt *rt, const struct numpy_type *t, uint64_t i, struct numpy_field *out)
{
    struct py_items names, pair;
    const struct py_type *of;
    taddr name, found;
    int64_t offset;
    if (!t->names || i >= NUMPY_FIELDS_MAX || !(of = py_type(rt, t->names)) || of->kind != PYK_TUPLE ||
        !py_items_begin(rt, t->names, of, &names) || !py_items_at(&names, i, &name) ||
        !(out->name = py_name(rt, name, NAME_CHARACTERS)) || !py_dict_get(rt, t->fields, out->name, &found) ||
        !(of = py_type(rt, found)) || of->kind != PYK_TUPLE || !py_items_begin(rt, found, of, &pair) ||
        !py_items_at(&pair, 0, &out->type) || !py_items_at(&pair, 1, &found) || !py_int(rt, found, &offset) ||
        offset < 0 || (uint64_t)offset > t->size)
        return false;
    out->offset = (uint64_t)offset;
    return true;
}

bool numpy_rows(struct rt *rt, const struct numpy_type *t, taddr data, struct numpy_array *out)
{
    struct numpy_type base;
    struct py_items it;
    struct py_item item;
    const struct py_type *of = t->base ? py_type(rt, t->shape) : NULL;
    *out = (struct numpy_array){.data = data, .type = t->base};
    if (!of || of->kind != PYK_TUPLE || !py_items_begin(rt, t->shape, of, &it) || !numpy_type_read(rt, t->base, &base))
        return false;
    while (out->n < NUMPY_DIMENSIONS_MAX && py_items_next(&it, &item)) {
        if (!py_int(rt, item.value, &out->shape[out->n]) || out->shape[out->n] < 0)
            return false;
        out->n++;
    }
    int64_t stride = (int64_t)base.size;
    for (unsigned i = out->n; i-- > 0;) {
        out->strides[i] = stride;
        if (__builtin_mul_overflow(stride, out->shape[i], &stride))
            return false;
    }
    return (uint64_t)stride <= t->size;
}

/* ---- arrays ---- */

bool numpy_array_read(struct rt *rt, taddr object, struct numpy_array *out)
{
    uint64_t n, shape, strides;
    if (!py_uint(rt, object + py_offset(rt, ARRAY_DIMENSIONS), 4, &n) || n > NUMPY_DIMENSIONS_MAX ||
        !py_field(rt, object, py_offset(rt, ARRAY_DATA), &out->data) ||
        !py_field(rt, object, py_offset(rt, ARRAY_SHAPE), &shape) ||
        !py_field(rt, object, py_offset(rt, ARRAY_STRIDES), &strides) ||
        !py_field(rt, object, py_offset(rt, ARRAY_TYPE), &out->type) ||
        !py_read(rt, shape, out->shape, (size_t)n * sizeof(*out->shape)) ||
        !py_read(rt, strides, out->strides, (size_t)n * sizeof(*out->strides)))
        return false;
    for (uint64_t i = 0; i < n; i++)
        if (out->shape[i] < 0)
            return false;
    out->n = (unsigned)n;
    return true;
}

taddr numpy_base(struct rt *rt, taddr object)
{
    uint64_t base;
    return py_field(rt, object, py_offset(rt, ARRAY_BASE), &base) ? base : 0;
}

uint64_t numpy_count(const struct numpy_array *a)
{
    uint64_t n = 1;
    bool over = false;
    for (unsigned i = 0; i < a->n; i++) {
        if (!a->shape[i])
            return 0;
        over |= __builtin_mul_overflow(n, (uint64_t)a->shape[i], &n);
    }
    return over ? UINT64_MAX : n;
}

/* ---- scalars ---- */

/* The names of classes that no type of an array has. */
static const struct {
    const char *name;
    uint8_t number;
} aliases[] = {{"bool_", 0}, {"longlong", 9}, {"ulonglong", 10},     {"longdouble", 13},     {"clongdouble", 16},
               {"intc", 5},  {"uintc", 6},    {"void", NUMBER_VOID}, {"record", NUMBER_VOID}};

static bool number_of(const char *name, uint32_t *out)
{
    for (uint32_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return *out = i, true;
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (strcmp(aliases[i].name, name) == 0)
            return *out = aliases[i].number, true;
    return false;
}

bool numpy_scalar_read(struct rt *rt, taddr object, const struct py_type *t, struct numpy_type *out, taddr *value)
{
    uint32_t number;
    uint64_t type;
    if (!begins_with(t->qualified, "numpy.") || !number_of(t->qualified + strlen("numpy."), &number) ||
        !numpy_version(rt))
        return false;
    if (number == NUMBER_VOID)
        return py_field(rt, object, py_offset(rt, VOID_VALUE), value) &&
               py_field(rt, object, py_offset(rt, VOID_TYPE), &type) && numpy_type_read(rt, type, out);
    *value = object + py_offset(rt, SCALAR_VALUE);
    *out = (struct numpy_type){.number = number, .form = types[number].form, .size = types[number].size};
    return out->size && (number < NUMBER_DATETIME || out->form == NUMPY_FLOAT ||
                         read_unit(rt, object + py_offset(rt, SCALAR_UNIT), &out->unit));
}

/* ---- elements ---- */

static void reverse(uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t other = b[n - 1 - i];
        b[n - 1 - i] = b[i];
        b[i] = other;
    }
}

bool numpy_number(struct rt *rt, const struct numpy_type *t, taddr at, uint8_t *out)
{
    if (t->size > NUMPY_ELEMENT_MAX || !py_read(rt, at, out, (size_t)t->size))
        return false;
    size_t part = t->form == NUMPY_COMPLEX ? (size_t)t->size / 2 : (size_t)t->size;
    for (size_t i = 0; t->swapped && i < t->size; i += part)
        reverse(out + i, part);
    return true;
}

uint64_t numpy_bits(const struct numpy_type *t, const uint8_t *bytes)
{
    uint64_t v = 0;
    size_t n = t->size < sizeof(v) ? (size_t)t->size : sizeof(v);
    memcpy(&v, bytes, n); /* hosts are little-endian */
    unsigned unused = 64 - 8 * (unsigned)n;
    bool is_signed = t->form == NUMPY_INT && n;
    return is_signed ? (uint64_t)((int64_t)(v << unused) >> unused) : v;
}
