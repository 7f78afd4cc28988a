/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's arrays by their shape and type, and its scalars. Layouts: numpy/core/include/numpy/ndarraytypes.h and
 * arrayscalars.h of 1.x, numpy/_core/include/numpy/ of 2.x. */
#include "rt/cpython/repr.h"

enum {
    NDARRAY_DATA = 16, /* PyArrayObject_fields */
    NDARRAY_DIMENSIONS = 24, /* an int; then pointers to them and to the strides */
    NDARRAY_SHAPE = 32,
    NDARRAY_DESCRIPTOR = 56,
    DESCRIPTOR_KIND = 24, /* PyArray_Descr: 'i', 'f'; its byte order two bytes further */
    DESCRIPTOR_ORDER = 26,
    DESCRIPTOR_NUMBER = 28,
    DESCRIPTOR_SIZE_1 = 32, /* of an element: an int, and from 2.0 on 8 bytes further on */
    DESCRIPTOR_SIZE_2 = 40,
    DIMENSIONS_MAX = 64,
    SCALAR_VALUE = 16,
    CHARACTER = 4, /* bytes of one in a str */
    NUMBER_BYTES = 18, /* NPY_TYPES */
    NUMBER_STR,
    NUMBER_VOID,
};

/* By NPY_TYPES, which only grows at its end; what NumPy calls them on 64-bit Linux. */
static const char *const numpy_types[] = {
    "bool",       "int8",   "uint8",  "int16",   "uint16",  "int32",      "uint32",      "int64",
    "uint64",     "int64",  "uint64", "float32", "float64", "float128",   "complex64",   "complex128",
    "complex256", "object", "bytes",  "str",     "void",    "datetime64", "timedelta64", "float16",
};

/* The major version of the module; 0: not known. */
static unsigned numpy_version(struct rt *rt)
{
    uint64_t interpreter, modules, dict;
    taddr module, version;
    const char *text;
    if (!py_word(rt, rt->interpreters, &interpreter) || !py_field(rt, interpreter, rt->l.interp_modules, &modules) ||
        !py_dict_get(rt, modules, "numpy", &module) || !py_field(rt, module, rt->l.module_dict, &dict) ||
        !py_dict_get(rt, dict, "__version__", &version) || !(text = py_name(rt, version, REPR_NAME)))
        return 0;
    return text[1] == '.' && text[0] >= '1' && text[0] <= '9' ? (unsigned)(text[0] - '0') : 0;
}

/* ---- arrays ---- */

static bool element_size(struct rt *rt, taddr descriptor, uint64_t *out)
{
    switch (numpy_version(rt)) {
    case 1:
        return py_uint(rt, descriptor + py_offset(rt, DESCRIPTOR_SIZE_1), 4, out);
    case 2:
        return py_field(rt, descriptor, py_offset(rt, DESCRIPTOR_SIZE_2), out);
    default:
        return false;
    }
}

/* As str() of it; of strings, records and foreign byte orders as its `str` attribute. */
static void put_type(struct repr *r, taddr descriptor, uint64_t number)
{
    uint8_t kind = 0, order = 0;
    uint64_t size = 0;
    bool sized = element_size(r->rt, descriptor, &size);
    if (number >= ARRAY_LEN(numpy_types))
        text_printf(r->out, "<type number %" PRIu64 ">", number);
    else if (sized && number == NUMBER_BYTES)
        text_printf(r->out, "|S%" PRIu64, size);
    else if (sized && number == NUMBER_STR)
        text_printf(r->out, "<U%" PRIu64, size / CHARACTER);
    else if (sized && number == NUMBER_VOID)
        text_printf(r->out, "|V%" PRIu64, size);
    else if (sized && py_read(r->rt, descriptor + py_offset(r->rt, DESCRIPTOR_ORDER), &order, 1) && order == '>' &&
             py_read(r->rt, descriptor + py_offset(r->rt, DESCRIPTOR_KIND), &kind, 1) && kind >= 'a' && kind <= 'z')
        text_printf(r->out, ">%c%" PRIu64, kind, size);
    else
        text_put(r->out, numpy_types[number]);
}

static void put_shape(struct repr *r, taddr shape, uint64_t n)
{
    uint64_t length;
    text_putc(r->out, '(');
    for (uint64_t i = 0; i < n; i++) {
        text_put(r->out, i ? ", " : "");
        if (!py_word(r->rt, shape + i * 8, &length)) {
            repr_put_unreadable(r, shape + i * 8);
            break;
        }
        text_printf(r->out, "%" PRId64 "%s", (int64_t)length, n == 1 ? "," : "");
    }
    text_putc(r->out, ')');
}

void repr_ndarray(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t n, shape, descriptor, number, data;
    if (!py_uint(r->rt, at + py_offset(r->rt, NDARRAY_DIMENSIONS), 4, &n) || n > DIMENSIONS_MAX ||
        !py_field(r->rt, at, py_offset(r->rt, NDARRAY_DATA), &data) ||
        !py_field(r->rt, at, py_offset(r->rt, NDARRAY_SHAPE), &shape) ||
        !py_field(r->rt, at, py_offset(r->rt, NDARRAY_DESCRIPTOR), &descriptor) ||
        !py_uint(r->rt, descriptor + py_offset(r->rt, DESCRIPTOR_NUMBER), 4, &number)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    repr_put_object(r, at, t);
    text_put(r->out, ": shape=");
    put_shape(r, shape, n);
    text_put(r->out, ", dtype=");
    put_type(r, descriptor, number);
    text_printf(r->out, ", data at 0x%" PRIx64 ">", data);
}

/* ---- scalars ---- */

enum form { FORM_BOOL, FORM_INT, FORM_UINT, FORM_FLOAT };
static const struct scalar {
    const char *name;
    uint8_t form, size;
} scalars[] = {
    {"bool_", FORM_BOOL, 1},    {"bool", FORM_BOOL, 1},     {"int8", FORM_INT, 1},     {"int16", FORM_INT, 2},
    {"int32", FORM_INT, 4},     {"int64", FORM_INT, 8},     {"longlong", FORM_INT, 8}, {"uint8", FORM_UINT, 1},
    {"uint16", FORM_UINT, 2},   {"uint32", FORM_UINT, 4},   {"uint64", FORM_UINT, 8},  {"ulonglong", FORM_UINT, 8},
    {"float32", FORM_FLOAT, 4}, {"float64", FORM_FLOAT, 8},
};

/* The shortest decimal number that is this one among those of 4 bytes. */
static double shortest(uint64_t bits)
{
    enum { DIGITS_MIN = 1, DIGITS_MAX = 9 };
    uint32_t low = (uint32_t)bits;
    float v;
    memcpy(&v, &low, sizeof(v));
    for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
        SCOPED(text_done) struct text t = {0};
        text_printf(&t, "%.*g", digits, (double)v);
        if (strtof(text_str(&t), NULL) == v)
            return strtod(text_str(&t), NULL);
    }
    return (double)v; /* no number */
}

static void put_number(struct repr *r, const struct scalar *s, uint64_t bits, bool prefixed)
{
    double v;
    unsigned shift = 64 - 8 * (unsigned)s->size;
    switch (s->form) {
    case FORM_BOOL:
        text_printf(r->out, "%s%s", bits ? "True" : "False", prefixed ? "_" : "");
        break;
    case FORM_INT:
        text_printf(r->out, "%" PRId64, (int64_t)(bits << shift) >> shift);
        break;
    case FORM_UINT:
        text_printf(r->out, "%" PRIu64, bits);
        break;
    default:
        memcpy(&v, &bits, sizeof(v));
        py_put_float(r->out, s->size == sizeof(v) ? v : shortest(bits), true);
    }
}

/* 7 until 1.x, np.int64(7) and np.True_ from 2.0 on. */
void repr_numpy_scalar(struct repr *r, taddr at, const struct py_type *t)
{
    const struct scalar *s = NULL;
    uint64_t bits;
    unsigned version = numpy_version(r->rt);
    for (size_t i = 0; i < ARRAY_LEN(scalars) && begins_with(t->qualified, "numpy."); i++)
        if (strcmp(scalars[i].name, t->qualified + 6) == 0)
            s = &scalars[i];
    if (!s || !version || !py_uint(r->rt, at + py_offset(r->rt, SCALAR_VALUE), s->size, &bits)) {
        repr_instance(r, at, t);
        return;
    }
    if (version > 1)
        text_put(r->out, "np.");
    if (version > 1 && s->form != FORM_BOOL)
        text_printf(r->out, "%s(", s->name);
    put_number(r, s, bits, version > 1);
    if (version > 1 && s->form != FORM_BOOL)
        text_putc(r->out, ')');
}
