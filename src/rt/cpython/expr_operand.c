/* SPDX-License-Identifier: Apache-2.0 */
/* Values of expressions: loading, comparing. */
#include "rt/cpython/expr.h"

#include <inttypes.h>

enum { TEXT_MAX = 16 * 1024 * 1024, DEEP = 20, ELEMENTS_MAX = 100000 };

struct operand operand_int(int64_t v)
{
    return (struct operand){.kind = OPERAND_INT, .i = v};
}

struct operand operand_bool(bool v)
{
    return (struct operand){.kind = OPERAND_BOOL, .i = v};
}

static struct err *unreadable(struct expr *e, size_t at, taddr object)
{
    uint8_t b[16];
    TRY(modules_read(e->rt->ms, object, b, sizeof(b)));
    return expr_fail(e, at, "the object at 0x%" PRIx64 " cannot be read", object);
}

/* ---- loading ---- */

static struct err *load_int(struct expr *e, size_t at, struct operand *o)
{
    int64_t v;
    size_t n;
    bool negative;
    if (py_int(e->rt, o->object, &v)) {
        *o = operand_int(v);
        return NULL;
    }
    uint32_t *digits = arena_array(e->arena, uint32_t, BIGINT_DIGITS_MAX);
    if (!py_int_digits(e->rt, o->object, digits, BIGINT_DIGITS_MAX, &n, &negative))
        return unreadable(e, at, o->object);
    *o = operand_of_big(bigint_of_digits(digits, n, negative));
    return NULL;
}

static struct err *load_str(struct expr *e, size_t at, struct operand *o)
{
    SCOPED(text_done) struct text t = {0};
    if (!py_str_text(e->rt, o->object, TEXT_MAX, &t))
        return unreadable(e, at, o->object);
    uint8_t *copy = arena_alloc(e->arena, t.n + 1);
    if (t.n)
        memcpy(copy, t.p, t.n);
    *o = (struct operand){.kind = OPERAND_STR, .text = {copy, t.n}};
    return NULL;
}

static struct err *load_bytes(struct expr *e, size_t at, struct operand *o, bool array)
{
    int64_t n;
    uint64_t data = o->object + e->rt->l.bytes_data;
    if (!py_var_size(e->rt, o->object, &n) || n < 0 || n > TEXT_MAX ||
        (array && !py_field(e->rt, o->object, e->rt->l.bytearray_start, &data)))
        return unreadable(e, at, o->object);
    uint8_t *copy = arena_alloc(e->arena, (size_t)n + 1);
    if (!py_read(e->rt, data, copy, (size_t)n))
        return unreadable(e, at, o->object);
    *o = (struct operand){.kind = OPERAND_BYTES, .text = {copy, (size_t)n}};
    return NULL;
}

struct err *operand_load(struct expr *e, size_t at, struct operand *o)
{
    if (o->kind == OPERAND_ARRAY)
        return numpy_load(e, at, o);
    if (o->kind != OPERAND_OBJECT)
        return NULL;
    const struct py_type *t = py_type(e->rt, o->object);
    if (!t)
        return unreadable(e, at, o->object);
    int64_t v;
    switch ((int)t->kind) {
    case PYK_NONE:
        *o = (struct operand){.kind = OPERAND_NONE};
        return NULL;
    case PYK_BOOL:
        if (!py_int(e->rt, o->object, &v))
            return unreadable(e, at, o->object);
        *o = operand_bool(v != 0);
        return NULL;
    case PYK_INT:
        return load_int(e, at, o);
    case PYK_FLOAT:
        o->kind = OPERAND_FLOAT;
        return py_float(e->rt, o->object, &o->f) ? NULL : unreadable(e, at, o->object);
    case PYK_STR:
        return load_str(e, at, o);
    case PYK_BYTES:
    case PYK_BYTEARRAY:
        return load_bytes(e, at, o, t->kind == PYK_BYTEARRAY);
    case PYK_NUMPY_SCALAR:
        return numpy_load(e, at, o);
    default:
        return NULL;
    }
}

const char *operand_type(struct expr *e, const struct operand *o)
{
    static const char *const names[] = {
        [OPERAND_INT] = "int",       [OPERAND_BIG] = "int", [OPERAND_FLOAT] = "float", [OPERAND_BOOL] = "bool",
        [OPERAND_NONE] = "NoneType", [OPERAND_STR] = "str", [OPERAND_BYTES] = "bytes", [OPERAND_TUPLE] = "tuple",
    };
    if (o->kind == OPERAND_SHOWN)
        return o->type;
    if (o->kind == OPERAND_ARRAY)
        return o->array->n ? "numpy.ndarray" : "numpy.generic";
    if (o->kind != OPERAND_OBJECT)
        return names[o->kind];
    const struct py_type *t = py_type(e->rt, o->object);
    return t ? t->name : "object";
}

/* ---- truth ---- */

struct err *operand_truth(struct expr *e, size_t at, const struct operand *o, bool *out)
{
    struct operand x = *o;
    int64_t n;
    TRY(operand_load(e, at, &x));
    switch ((enum operand_kind)x.kind) {
    case OPERAND_INT:
    case OPERAND_BOOL:
        *out = x.i != 0;
        return NULL;
    case OPERAND_FLOAT:
        *out = x.f != 0;
        return NULL;
    case OPERAND_NONE:
        *out = false;
        return NULL;
    case OPERAND_STR:
    case OPERAND_BYTES:
        *out = x.text.n != 0;
        return NULL;
    case OPERAND_TUPLE:
        *out = x.n != 0;
        return NULL;
    case OPERAND_BIG:
    case OPERAND_SHOWN:
        *out = true;
        return NULL;
    case OPERAND_ARRAY:
    case OPERAND_OBJECT:
        break;
    }
    struct py_items it;
    struct numpy_array array;
    if (numpy_operand(e, &x, &array))
        return numpy_truth(e, at, &array, out);
    taddr method;
    const struct py_type *t = py_type(e->rt, x.object);
    if (t && py_items_begin(e->rt, x.object, t, &it)) {
        TRY(access_length(e, at, &x, &n));
        *out = n != 0;
        return NULL;
    }
    if (t && (py_class_attr(e->rt, t, "__bool__", &method) || py_class_attr(e->rt, t, "__len__", &method)))
        return expr_fail(e, at, "whether a %s is true takes running its code", t->name);
    if (t && (t->kind == PYK_OBJECT || t->kind == PYK_MEMORYVIEW) && access_without_dict(e, t))
        return expr_fail(e, at, "whether a %s is true only its C code knows", t->name);
    *out = true;
    return NULL;
}

/* ---- comparing ---- */

static int compare_text(struct bytes a, struct bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

/* Elements of a tuple or list, wherever it is. */
static struct err *element(struct expr *e, size_t at, const struct operand *o, uint64_t i, struct operand *out)
{
    if (o->kind == OPERAND_TUPLE) {
        *out = o->items[i];
        return NULL;
    }
    struct operand index = operand_int((int64_t)i);
    return access_index(e, at, o, &index, out);
}

/* A tuple or list; NULL: it is neither. */
static const char *row_type(struct expr *e, const struct operand *o)
{
    const struct py_type *t = o->kind == OPERAND_OBJECT ? py_type(e->rt, o->object) : NULL;
    if (o->kind == OPERAND_TUPLE || (t && t->kind == PYK_TUPLE))
        return "tuple";
    return t && t->kind == PYK_LIST ? "list" : NULL;
}

static struct err *equal(struct expr *e, size_t at, const struct operand *a, const struct operand *b, bool *out,
                         unsigned depth);

static struct err *equal_rows(struct expr *e, size_t at, const struct operand *a, const struct operand *b, bool *out,
                              unsigned depth)
{
    int64_t n, m;
    TRY(access_length(e, at, a, &n));
    TRY(access_length(e, at, b, &m));
    *out = n == m;
    if (n > ELEMENTS_MAX)
        return err_new(ERR_LIMIT, "there are too many elements to compare");
    for (int64_t i = 0; *out && i < n; i++) {
        struct operand x, y;
        TRY(element(e, at, a, (uint64_t)i, &x));
        TRY(element(e, at, b, (uint64_t)i, &y));
        TRY(equal(e, at, &x, &y, out, depth + 1));
    }
    return NULL;
}

static struct err *equal(struct expr *e, size_t at, const struct operand *a, const struct operand *b, bool *out,
                         unsigned depth)
{
    struct operand x = *a, y = *b;
    int order;
    if (depth > DEEP)
        return err_new(ERR_LIMIT, "the values are nested too deeply to be compared");
    if (x.kind == OPERAND_OBJECT && y.kind == OPERAND_OBJECT && x.object == y.object) {
        *out = true;
        TRY(operand_load(e, at, &x));
        *out = x.kind != OPERAND_FLOAT || !__builtin_isnan(x.f) || depth; /* in a list an object equals itself */
        return NULL;
    }
    TRY(operand_load(e, at, &x));
    TRY(operand_load(e, at, &y));
    const char *rows[2] = {row_type(e, &x), row_type(e, &y)};
    if (rows[0] && rows[1]) {
        *out = false;
        return strcmp(rows[0], rows[1]) == 0 ? equal_rows(e, at, &x, &y, out, depth) : NULL;
    }
    if (x.kind == OPERAND_SHOWN || y.kind == OPERAND_SHOWN || x.kind == OPERAND_ARRAY || y.kind == OPERAND_ARRAY ||
        (x.kind == OPERAND_OBJECT && !rows[0]) || (y.kind == OPERAND_OBJECT && !rows[1])) {
        if (x.kind == OPERAND_NONE || y.kind == OPERAND_NONE) {
            *out = false;
            return NULL;
        }
        return expr_fail(e, at, "comparing %s and %s takes running their code", operand_type(e, &x),
                         operand_type(e, &y));
    }
    if (operand_is_number(&x) && operand_is_number(&y))
        *out = operand_compare(e, &x, &y, &order) && order == 0;
    else if (x.kind == y.kind && (x.kind == OPERAND_STR || x.kind == OPERAND_BYTES))
        *out = compare_text(x.text, y.text) == 0;
    else
        *out = x.kind == OPERAND_NONE && y.kind == OPERAND_NONE;
    return NULL;
}

struct err *operand_equal(struct expr *e, size_t at, const struct operand *a, const struct operand *b, bool *out)
{
    return equal(e, at, a, b, out, 0);
}

struct err *operand_order(struct expr *e, size_t at, const char *op, const struct operand *a, const struct operand *b,
                          int *out)
{
    struct operand x = *a, y = *b;
    TRY(operand_load(e, at, &x));
    TRY(operand_load(e, at, &y));
    if (operand_is_number(&x) && operand_is_number(&y)) {
        if (operand_compare(e, &x, &y, out))
            return NULL;
        *out = *op == '<' ? 1 : -1; /* NaN is in no order: neither holds */
        return NULL;
    }
    if (x.kind == y.kind && (x.kind == OPERAND_STR || x.kind == OPERAND_BYTES)) {
        *out = compare_text(x.text, y.text); /* UTF-8 has the order of code points */
        return NULL;
    }
    return expr_fail(e, at, "TypeError: '%s' not supported between instances of '%s' and '%s'", op, operand_type(e, &x),
                     operand_type(e, &y));
}

/* ---- text ---- */

static void put_str(struct text *out, struct bytes s)
{
    const char *p = (const char *)s.p;
    char quote = s.n && memchr(p, '\'', s.n) && !memchr(p, '"', s.n) ? '"' : '\'';
    text_putc(out, quote);
    for (size_t i = 0, n; i < s.n; i += n) {
        n = utf8_sequence(p + i, s.n - i);
        uint32_t c = n < 2 ? (uint8_t)p[i] : (uint8_t)p[i] & (0x7fu >> n);
        for (size_t k = 1; k < n; k++)
            c = c << 6 | ((uint8_t)p[i + k] & 0x3f);
        py_put_char(out, c, quote);
        n = n ? n : 1;
    }
    text_putc(out, quote);
}

void operand_put(struct expr *e, const struct operand *o, struct text *out)
{
    switch ((enum operand_kind)o->kind) {
    case OPERAND_OBJECT:
        py_repr(e->rt, o->object, &format_defaults, false, e->vs->progress, out);
        break;
    case OPERAND_INT:
        text_printf(out, "%" PRId64, o->i);
        break;
    case OPERAND_BIG:
        py_put_digits(out, o->big.digits, o->big.n, o->big.negative);
        break;
    case OPERAND_SHOWN:
        text_putn(out, (const char *)o->text.p, o->text.n);
        break;
    case OPERAND_FLOAT:
        py_put_float(out, o->f, true);
        break;
    case OPERAND_BOOL:
        text_put(out, o->i ? "True" : "False");
        break;
    case OPERAND_NONE:
        text_put(out, "None");
        break;
    case OPERAND_STR:
        put_str(out, o->text);
        break;
    case OPERAND_BYTES:
        py_put_bytes(out, o->text.p, o->text.n, false);
        break;
    case OPERAND_ARRAY:
        numpy_put(e->rt, o->array, e->vs->progress, out);
        break;
    case OPERAND_TUPLE:
        text_putc(out, '(');
        for (size_t i = 0; i < o->n; i++) {
            text_put(out, i ? ", " : "");
            operand_put(e, &o->items[i], out);
        }
        text_put(out, o->n == 1 ? ",)" : ")");
    }
}
