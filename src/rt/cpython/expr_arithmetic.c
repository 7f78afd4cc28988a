/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in expressions: whole ones of any size, and floats, by Python's rules. */
#include "rt/cpython/expr.h"

#include <inttypes.h>
#include <math.h>

static const int64_t exact_max = INT64_C(1) << 53; /* up to here each int is a float */

bool operand_is_number(const struct operand *o)
{
    return o->kind == OPERAND_INT || o->kind == OPERAND_BOOL || o->kind == OPERAND_BIG || o->kind == OPERAND_FLOAT;
}

static struct bigint big_of(struct expr *e, const struct operand *o)
{
    return o->kind == OPERAND_BIG ? o->big : bigint_of_i64(e->arena, o->i);
}

struct operand operand_of_big(struct bigint v)
{
    int64_t small;
    return bigint_fits_i64(&v, &small) ? operand_int(small) : (struct operand){.kind = OPERAND_BIG, .big = v};
}

/* ---- comparing ---- */

/* A whole number and one that is not NaN: by the whole part, then by what is behind the point. */
static int compare_with_float(struct expr *e, const struct operand *a, double f)
{
    if (isinf(f))
        return f > 0 ? -1 : 1;
    struct bigint x = big_of(e, a), y = bigint_of_double(e->arena, trunc(f));
    int c = bigint_compare(&x, &y);
    double part = f - trunc(f);
    return c ? c : part > 0 ? -1 : part < 0;
}

bool operand_compare(struct expr *e, const struct operand *a, const struct operand *b, int *out)
{
    bool real[2] = {a->kind == OPERAND_FLOAT, b->kind == OPERAND_FLOAT};
    if ((real[0] && isnan(a->f)) || (real[1] && isnan(b->f))) {
        *out = 1;
        return false;
    }
    if (real[0] && real[1])
        *out = a->f < b->f ? -1 : a->f > b->f;
    else if (real[0])
        *out = -compare_with_float(e, b, a->f);
    else if (real[1])
        *out = compare_with_float(e, a, b->f);
    else if (a->kind == OPERAND_BIG || b->kind == OPERAND_BIG) {
        struct bigint x = big_of(e, a), y = big_of(e, b);
        *out = bigint_compare(&x, &y);
    } else
        *out = a->i < b->i ? -1 : a->i > b->i;
    return true;
}

/* ---- floats ---- */

static struct err *as_real(struct expr *e, size_t at, const struct operand *o, double *out)
{
    struct bigint one = bigint_of_i64(e->arena, 1);
    if (o->kind == OPERAND_FLOAT)
        *out = o->f;
    else if (o->kind != OPERAND_BIG)
        *out = (double)o->i;
    else if (!bigint_ratio(e->arena, &o->big, &one, out))
        return expr_fail(e, at, "OverflowError: int too large to convert to float");
    return NULL;
}

/* x // y and x % y of floats: y times the first and the second are x, the second has the sign of y. */
static double floor_divide(double x, double y, double *rest)
{
    double r = fmod(x, y), q = (x - r) / y;
    if (r != 0 && (y < 0) != (r < 0)) {
        r += y;
        q -= 1;
    }
    *rest = r != 0 ? r : copysign(0, y);
    double whole = floor(q);
    return q != 0 ? whole + (q - whole > 0.5) : copysign(0, x / y);
}

static struct err *real_power(struct expr *e, size_t at, double x, double y, double *out)
{
    if (x == 0 && y < 0)
        return expr_fail(e, at, "ZeroDivisionError: zero to a negative power");
    if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y))
        return expr_fail(e, at, "the result is a complex number, which is not computed here");
    *out = pow(x, y);
    return isinf(*out) && isfinite(x) && isfinite(y) ? expr_fail(e, at, "OverflowError: the result is too large")
                                                     : NULL;
}

static struct err *of_reals(struct expr *e, size_t at, const char *op, double x, double y, struct operand *out)
{
    double rest;
    *out = (struct operand){.kind = OPERAND_FLOAT};
    if (strcmp(op, "**") == 0)
        return real_power(e, at, x, y, &out->f);
    if (strchr("/%", *op) && y == 0)
        return expr_fail(e, at, "ZeroDivisionError: float division by zero");
    if (*op == '+')
        out->f = x + y;
    else if (*op == '-')
        out->f = x - y;
    else if (*op == '*')
        out->f = x * y;
    else if (strcmp(op, "/") == 0)
        out->f = x / y;
    else if (strcmp(op, "//") == 0)
        out->f = floor_divide(x, y, &rest);
    else if (*op == '%')
        (void)floor_divide(x, y, &out->f);
    else
        return expr_fail(e, at, "TypeError: unsupported operand type(s) for %s: 'float'", op);
    return NULL;
}

/* ---- whole numbers ---- */

/* What fits; false: by of_bigs(). */
static bool of_small(const char *op, int64_t x, int64_t y, int64_t *out)
{
    if (strcmp(op, "+") == 0)
        return !__builtin_add_overflow(x, y, out);
    if (strcmp(op, "-") == 0)
        return !__builtin_sub_overflow(x, y, out);
    if (strcmp(op, "*") == 0)
        return !__builtin_mul_overflow(x, y, out);
    if (!strchr("&|^", *op))
        return false;
    *out = *op == '&' ? x & y : *op == '|' ? x | y : x ^ y;
    return true;
}

static struct err *true_quotient(struct expr *e, size_t at, const struct operand *x, const struct operand *y,
                                 struct operand *out)
{
    bool exact = x->kind != OPERAND_BIG && y->kind != OPERAND_BIG && x->i <= exact_max && x->i >= -exact_max &&
                 y->i <= exact_max && y->i >= -exact_max;
    *out = (struct operand){.kind = OPERAND_FLOAT};
    if (exact) {
        out->f = (double)x->i / (double)y->i;
        return NULL;
    }
    struct bigint up = big_of(e, x), down = big_of(e, y);
    return bigint_ratio(e->arena, &up, &down, &out->f)
               ? NULL
               : expr_fail(e, at, "OverflowError: integer division result too large for a float");
}

static struct err *power(struct expr *e, size_t at, const struct operand *x, const struct operand *y,
                         struct operand *out)
{
    struct bigint v = big_of(e, x), by = big_of(e, y);
    double base, exponent;
    if (by.negative) {
        TRY(as_real(e, at, x, &base));
        TRY(as_real(e, at, y, &exponent));
        return of_reals(e, at, "**", base, exponent, out);
    }
    int64_t times =
        y->kind == OPERAND_BIG ? INT64_MAX - !(by.digits[0] & 1) : y->i; /* 1 and -1 only ask if it is odd */
    TRY(bigint_power(e->arena, &v, times, &v));
    *out = operand_of_big(v);
    return NULL;
}

static struct err *shift(struct expr *e, size_t at, const char *op, const struct operand *x, const struct operand *y,
                         struct operand *out)
{
    struct bigint v = big_of(e, x), by = big_of(e, y);
    if (by.negative)
        return expr_fail(e, at, "ValueError: negative shift count");
    int64_t times = y->kind == OPERAND_BIG ? INT64_MAX : y->i;
    TRY(bigint_shift(e->arena, &v, *op == '<' ? times : -times, &v));
    *out = operand_of_big(v);
    return NULL;
}

static struct err *of_bigs(struct expr *e, const char *op, const struct operand *a, const struct operand *b,
                           struct operand *out)
{
    struct bigint x = big_of(e, a), y = big_of(e, b), v = {0};
    if (*op == '-')
        y = bigint_negate(&y);
    if (*op == '+' || *op == '-')
        TRY(bigint_add(e->arena, &x, &y, &v));
    else if (*op == '*')
        TRY(bigint_multiply(e->arena, &x, &y, &v));
    else if (strchr("&|^", *op))
        v = bigint_bitwise(e->arena, *op, &x, &y);
    else
        bigint_divide(e->arena, &x, &y, *op == '/' ? &v : NULL, *op == '%' ? &v : NULL);
    *out = operand_of_big(v);
    return NULL;
}

static struct err *of_ints(struct expr *e, size_t at, const char *op, const struct operand *x, const struct operand *y,
                           struct operand *out)
{
    int64_t v;
    if (strchr("/%", *op) && y->kind != OPERAND_BIG && y->i == 0)
        return expr_fail(e, at, "ZeroDivisionError: integer division or modulo by zero");
    if (strcmp(op, "/") == 0)
        return true_quotient(e, at, x, y, out);
    if (strcmp(op, "**") == 0)
        return power(e, at, x, y, out);
    if (*op == '<' || *op == '>')
        return shift(e, at, op, x, y, out);
    if (x->kind == OPERAND_BIG || y->kind == OPERAND_BIG || !of_small(op, x->i, y->i, &v))
        return of_bigs(e, op, x, y, out);
    bool logical = x->kind == OPERAND_BOOL && y->kind == OPERAND_BOOL && strchr("&|^", *op);
    *out = logical ? operand_bool(v != 0) : operand_int(v);
    return NULL;
}

/* ---- all ---- */

static bool is_text(const struct operand *o)
{
    return o->kind == OPERAND_STR || o->kind == OPERAND_BYTES;
}

static struct err *concatenate(struct expr *e, const struct operand *x, const struct operand *y, struct operand *out)
{
    size_t n = x->text.n + y->text.n;
    uint8_t *both = arena_alloc(e->arena, n + 1);
    if (x->text.n)
        memcpy(both, x->text.p, x->text.n);
    if (y->text.n)
        memcpy(both + x->text.n, y->text.p, y->text.n);
    *out = (struct operand){.kind = x->kind, .text = {both, n}};
    return NULL;
}

/* What Python has no operator for, or what is not done here. */
static struct err *unsupported(struct expr *e, size_t at, const char *op, const struct operand *x,
                               const struct operand *y)
{
    bool plain = (operand_is_number(x) || is_text(x) || x->kind == OPERAND_NONE) &&
                 (operand_is_number(y) || is_text(y) || y->kind == OPERAND_NONE);
    bool text = is_text(x) || is_text(y);
    if (plain && (!text || (strcmp(op, "*") != 0 && strcmp(op, "%") != 0)))
        return expr_fail(e, at, "TypeError: unsupported operand type(s) for %s: '%s' and '%s'", op, operand_type(e, x),
                         operand_type(e, y));
    return expr_fail(e, at, "what %s makes of '%s' and '%s' is not computed here", op, operand_type(e, x),
                     operand_type(e, y));
}

struct err *operand_arithmetic(struct expr *e, size_t at, const char *op, const struct operand *a,
                               const struct operand *b, struct operand *out)
{
    struct operand x = *a, y = *b;
    double v, w;
    TRY(operand_load(e, at, &x));
    TRY(operand_load(e, at, &y));
    if (is_text(&x) && x.kind == y.kind && *op == '+')
        return concatenate(e, &x, &y, out);
    bool numbers = operand_is_number(&x) && operand_is_number(&y);
    bool real = x.kind == OPERAND_FLOAT || y.kind == OPERAND_FLOAT;
    if (!numbers || (real && strchr("&|^<>", *op)))
        return unsupported(e, at, op, &x, &y);
    if (!real)
        return of_ints(e, at, op, &x, &y, out);
    TRY(as_real(e, at, &x, &v));
    TRY(as_real(e, at, &y, &w));
    return of_reals(e, at, op, v, w, out);
}

struct err *operand_unary(struct expr *e, size_t at, char op, const struct operand *a, struct operand *out)
{
    struct operand x = *a, zero = operand_int(0), minus_one = operand_int(-1);
    TRY(operand_load(e, at, &x));
    if (x.kind == OPERAND_FLOAT && op != '~') {
        *out = (struct operand){.kind = OPERAND_FLOAT, .f = op == '-' ? -x.f : x.f};
        return NULL;
    }
    if (operand_is_number(&x) && x.kind != OPERAND_FLOAT) /* ~x is -1 - x */
        return of_ints(e, at, op == '+' ? "+" : "-", op == '~' ? &minus_one : &zero, &x, out);
    if (x.kind == OPERAND_OBJECT || x.kind == OPERAND_ARRAY)
        return expr_fail(e, at, "what %c makes of '%s' is not computed here", op, operand_type(e, &x));
    return expr_fail(e, at, "TypeError: bad operand type for unary %c: '%s'", op, operand_type(e, &x));
}
