/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic with C's promotions and usual conversions (C11 6.3.1), as gdb applies them: in the sizes of the
 * target, floating point in the precision of the wider operand. Nothing overflows: integers wrap. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/value_priv.h"

typedef unsigned __int128 wide;
typedef __int128 swide;

struct number {
    const struct type *type; /* below typedefs and qualifiers */
    bool real;
    wide i; /* extended by the sign of the type */
    long double f;
};

bool number_is_integral(const struct type *t)
{
    return t->kind == TYPE_INT || t->kind == TYPE_CHAR || t->kind == TYPE_BOOL || t->kind == TYPE_ENUM;
}

bool number_is(const struct type *t)
{
    return number_is_integral(t) || t->kind == TYPE_FLOAT;
}

static wide extend(wide v, uint64_t size, bool is_signed)
{
    unsigned bits = size < sizeof(v) ? (unsigned)size * 8 : 128;
    if (bits == 0 || bits == 128)
        return v;
    v &= ((wide)1 << bits) - 1;
    return is_signed && v >> (bits - 1) ? v | ~(wide)0 << bits : v;
}

static struct err *load(struct eval *ev, const struct node *n, const struct value *v, struct number *out)
{
    const struct type *t = type_strip(v->type);
    struct scalar s;
    *out = (struct number){.type = t, .real = t->kind == TYPE_FLOAT};
    if (!number_is(t))
        return eval_fail(ev, n, "Argument to arithmetic operation not a number or boolean.");
    if (ev->types_only) {
        out->i = 1; /* divides */
        out->f = 1;
        return NULL;
    }
    if (out->real)
        return value_double(ev->vs, v, &out->f);
    TRY(value_scalar(ev->vs, v, &s));
    memcpy(&out->i, s.bytes, sizeof(out->i));
    out->i = extend(out->i, t->size, t->is_signed);
    return NULL;
}

static struct value store(struct eval *ev, const struct number *x)
{
    uint8_t bytes[sizeof(wide)];
    if (x->real)
        return value_of_double(ev->vs, x->type, x->f);
    wide i = x->type->kind == TYPE_BOOL ? x->i != 0 : x->i;
    memcpy(bytes, &i, sizeof(bytes));
    return value_of_bytes(ev->vs, x->type, bytes,
                          x->type->size < sizeof(bytes) ? (size_t)x->type->size : sizeof(bytes));
}

static struct value store_bool(struct eval *ev, bool v)
{
    return value_of_int(ev->vs, eval_bool_type(ev), v);
}

static void convert(struct number *x, const struct type *to)
{
    bool real = to->kind == TYPE_FLOAT;
    if (real && !x->real)
        x->f = x->type->is_signed ? (long double)(swide)x->i : (long double)x->i;
    x->real = real;
    x->type = to;
    if (!real)
        x->i = extend(x->i, to->size, to->is_signed);
}

/* The type of an integer of a size and sign after promotion. */
static const struct type *promoted(struct eval *ev, uint64_t size, bool is_signed)
{
    static const char *const names[] = {"int", "long", "long long", "__int128"};
    static const char *const unsigned_names[] = {"unsigned int", "unsigned long", "unsigned long long",
                                                 "unsigned __int128"};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(names) && eval_c_type(ev, names[i])->size < size)
        i++;
    return eval_c_type(ev, is_signed ? names[i] : unsigned_names[i]);
}

/* Rust has no promotion: operands of one type stay what they are. */
static const struct type *promote_one(struct eval *ev, const struct type *t)
{
    uint64_t least = eval_c_type(ev, "int")->size;
    if (t->kind == TYPE_FLOAT || ev->language == EXPR_RUST)
        return t;
    return t->size < least ? promoted(ev, least, true) : promoted(ev, t->size, t->is_signed);
}

static const struct type *common(struct eval *ev, const struct type *a, const struct type *b)
{
    if (a->kind == TYPE_FLOAT || b->kind == TYPE_FLOAT) {
        if (a->kind == TYPE_FLOAT && b->kind == TYPE_FLOAT)
            return a->size < b->size ? b : a;
        return a->kind == TYPE_FLOAT ? a : b;
    }
    if ((ev->language == EXPR_RUST || ev->language == EXPR_GO) && type_equal(a, b))
        return a;
    const struct type *x = promote_one(ev, a), *y = promote_one(ev, b);
    if (x->size != y->size)
        return x->size > y->size ? x : y;
    return x->is_signed ? y : x;
}

/* ---- operations ---- */

static struct err *not_for_reals(struct eval *ev, const struct node *n)
{
    return eval_fail(ev, n, "Integer-only operation on floating point number.");
}

/* In the precision of the type, so that each operation rounds once. */
static struct err *real_operation(struct eval *ev, const struct node *n, struct number *a, const struct number *b)
{
#define IN_PRECISION(type_, op_)                \
    do {                                        \
        type_ r_ = (type_)a->f op_(type_) b->f; \
        a->f = (long double)r_;                 \
    } while (0)
#define REAL(op_)                                 \
    do {                                          \
        if (a->type->size == sizeof(float))       \
            IN_PRECISION(float, op_);             \
        else if (a->type->size == sizeof(double)) \
            IN_PRECISION(double, op_);            \
        else                                      \
            IN_PRECISION(long double, op_);       \
    } while (0)
    switch (n->op) {
    case OP_ADD:
        REAL(+);
        return NULL;
    case OP_SUB:
        REAL(-);
        return NULL;
    case OP_MUL:
        REAL(*);
        return NULL;
    case OP_DIV:
        REAL(/);
        return NULL;
    default:
        return not_for_reals(ev, n);
    }
#undef REAL
#undef IN_PRECISION
}

/* Quotient or remainder; C truncates towards 0. */
static wide divide(wide a, wide b, bool is_signed, bool remainder)
{
    if (!is_signed)
        return remainder ? a % b : a / b;
    bool minus_a = (swide)a < 0, minus_b = (swide)b < 0;
    wide x = minus_a ? 0 - a : a, y = minus_b ? 0 - b : b;
    wide r = remainder ? x % y : x / y;
    return (remainder ? minus_a : minus_a != minus_b) ? 0 - r : r;
}

/* Too far is 0, or -1 of a negative number; so is a negative count, which gdb warns of. */
static wide shift(const struct number *a, const struct number *b, bool left)
{
    bool negative = b->type->is_signed && (swide)b->i < 0;
    bool all = negative || b->i >= a->type->size * 8 || b->i >= 128;
    if (left)
        return all ? 0 : a->i << (unsigned)b->i;
    if (!a->type->is_signed)
        return all ? 0 : a->i >> (unsigned)b->i;
    bool minus = (swide)a->i < 0;
    if (all)
        return minus && !negative ? ~(wide)0 : 0;
    wide moved = a->i >> (unsigned)b->i;
    return minus && b->i > 0 ? moved | ~(wide)0 << (128 - (unsigned)b->i) : moved;
}

static struct err *integer_operation(struct eval *ev, const struct node *n, struct number *a, const struct number *b)
{
    bool is_signed = a->type->is_signed;
    switch (n->op) {
    case OP_ADD:
        a->i += b->i;
        break;
    case OP_SUB:
        a->i -= b->i;
        break;
    case OP_MUL:
        a->i *= b->i;
        break;
    case OP_DIV:
    case OP_REM:
        if (b->i == 0)
            return eval_fail(ev, n, "Division by zero");
        a->i = divide(a->i, b->i, is_signed, n->op == OP_REM);
        break;
    case OP_AND:
        a->i &= b->i;
        break;
    case OP_OR:
        a->i |= b->i;
        break;
    case OP_XOR:
        a->i ^= b->i;
        break;
    case OP_SHL:
    case OP_SHR:
        a->i = shift(a, b, n->op == OP_SHL);
        break;
    default:
        return eval_fail(ev, n, "the operator is not for numbers");
    }
    a->i = extend(a->i, a->type->size, is_signed);
    return NULL;
}

static int compare_wide(wide a, wide b, bool is_signed)
{
    if (is_signed)
        return ((swide)a > (swide)b) - ((swide)a < (swide)b);
    return (a > b) - (a < b);
}

static bool compare(uint8_t op, const struct number *a, const struct number *b)
{
    bool unordered = a->real && (a->f != a->f || b->f != b->f);
    int c = a->real ? (a->f > b->f) - (a->f < b->f) : compare_wide(a->i, b->i, a->type->is_signed);
    if (unordered)
        return op == OP_NE;
    switch (op) {
    case OP_EQ:
        return c == 0;
    case OP_NE:
        return c != 0;
    case OP_LT:
        return c < 0;
    case OP_GT:
        return c > 0;
    case OP_LE:
        return c <= 0;
    default:
        return c >= 0;
    }
}

static bool is_comparison(uint8_t op)
{
    return op == OP_EQ || op == OP_NE || op == OP_LT || op == OP_GT || op == OP_LE || op == OP_GE;
}

struct err *number_binary(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                          struct value *out)
{
    struct number x, y;
    TRY(load(ev, n, a, &x));
    TRY(load(ev, n, b, &y));
    bool shifts = n->op == OP_SHL || n->op == OP_SHR;
    bool bits = n->op == OP_AND || n->op == OP_OR || n->op == OP_XOR;
    if (shifts && (x.real || y.real))
        return not_for_reals(ev, n);
    if (shifts) {
        convert(&x, promote_one(ev, x.type));
    } else if (!(bits && x.type->kind == TYPE_BOOL && y.type->kind == TYPE_BOOL)) {
        const struct type *t = common(ev, x.type, y.type);
        convert(&x, t);
        convert(&y, t);
    }
    if (is_comparison(n->op)) {
        *out = store_bool(ev, compare(n->op, &x, &y));
        return NULL;
    }
    TRY(x.real ? real_operation(ev, n, &x, &y) : integer_operation(ev, n, &x, &y));
    *out = store(ev, &x);
    return NULL;
}

struct err *number_unary(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct number x;
    TRY(load(ev, n, v, &x));
    bool rust_not = n->op == OP_NOT && ev->language == EXPR_RUST && x.type->kind != TYPE_BOOL;
    if (n->op == OP_NOT && !rust_not) {
        *out = store_bool(ev, x.real ? x.f == 0 : x.i == 0);
        return NULL;
    }
    if ((n->op == OP_COMPL || rust_not) && x.real)
        return eval_fail(ev, n, "Argument to complement operation not an integer, boolean.");
    convert(&x, promote_one(ev, x.type));
    if (n->op == OP_SUB) {
        x.f = -x.f;
        x.i = 0 - x.i;
    } else if (n->op == OP_COMPL || rust_not) {
        x.i = ~x.i;
    }
    x.i = extend(x.i, x.type->size, x.type->is_signed);
    *out = store(ev, &x);
    return NULL;
}

struct err *number_truth(struct eval *ev, const struct node *n, const struct value *v, bool *out)
{
    struct value plain;
    struct number x;
    TRY(pointer_decay(ev, n, v, &plain));
    if (type_strip(plain.type)->kind == TYPE_POINTER || type_strip(plain.type)->kind == TYPE_UNSPECIFIED) {
        uint64_t at = 0;
        if (!ev->types_only)
            TRY(value_int(ev->vs, &plain, &at));
        *out = at != 0;
        return NULL;
    }
    TRY(load(ev, n, &plain, &x));
    *out = x.real ? x.f != 0 : x.i != 0;
    return NULL;
}

struct err *number_int(struct eval *ev, const struct node *n, const struct value *v, int64_t *out)
{
    struct value plain;
    struct number x;
    TRY(pointer_referent(ev, v, &plain));
    if (!number_is_integral(type_strip(plain.type)))
        return eval_fail(ev, n, "an integer is wanted here");
    TRY(load(ev, n, &plain, &x));
    *out = (int64_t)(uint64_t)x.i;
    return NULL;
}
