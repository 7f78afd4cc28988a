/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers of any size. Division is Knuth's algorithm D (The Art of Computer Programming 2, 4.3.1). */
#include "rt/cpython/bigint.h"

#include <ctype.h>
#include <math.h>

enum { MASK = (1 << BIGINT_BITS) - 1, DOUBLE_BITS = 53 };

static uint32_t *room(struct arena *a, size_t n)
{
    return arena_array(a, uint32_t, n + 1);
}

struct bigint bigint_of_digits(const uint32_t *digits, size_t n, bool negative)
{
    while (n && !digits[n - 1])
        n--;
    return (struct bigint){.digits = digits, .n = n, .negative = negative && n};
}

static struct err *checked(struct bigint v, struct bigint *out)
{
    if (v.n > BIGINT_DIGITS_MAX)
        return err_new(ERR_LIMIT, "the number has more than %d bits", BIGINT_DIGITS_MAX * BIGINT_BITS);
    *out = v;
    return NULL;
}

static struct bigint of_size(struct arena *a, uint64_t v, bool negative)
{
    enum { DIGITS = 3 };
    uint32_t *d = room(a, DIGITS);
    for (int i = 0; i < DIGITS; i++, v >>= BIGINT_BITS)
        d[i] = (uint32_t)(v & MASK);
    return bigint_of_digits(d, DIGITS, negative);
}

struct bigint bigint_of_u64(struct arena *a, uint64_t v)
{
    return of_size(a, v, false);
}

struct bigint bigint_of_i64(struct arena *a, int64_t v)
{
    return of_size(a, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
}

struct err *bigint_parse(struct arena *a, const char *text, unsigned base, struct bigint *out)
{
    size_t n = 0, most = strlen(text) / 4 + 2; /* a digit of 30 bits has five characters or more: 36^5 < 2^30 */
    if (most > 2 * BIGINT_DIGITS_MAX)
        return checked((struct bigint){.n = SIZE_MAX}, out);
    uint32_t *d = room(a, most);
    for (const char *p = text; *p; p++) {
        uint64_t carry =
            isdigit((unsigned char)*p) ? (uint64_t)(*p - '0') : (uint64_t)(tolower((unsigned char)*p) - 'a' + 10);
        if (!isalnum((unsigned char)*p) || carry >= base)
            return err_new(ERR_USAGE, "'%c' is no digit", *p);
        for (size_t i = 0; i < n; i++, carry >>= BIGINT_BITS) {
            carry += (uint64_t)d[i] * base;
            d[i] = (uint32_t)(carry & MASK);
        }
        if (carry && n < most)
            d[n++] = (uint32_t)carry;
    }
    return checked(bigint_of_digits(d, n, false), out);
}

static uint64_t bits_of(const struct bigint *v)
{
    return v->n ? v->n * BIGINT_BITS - (uint64_t)__builtin_clz(v->digits[v->n - 1]) + (32 - BIGINT_BITS) : 0;
}

static struct bigint absolute(const struct bigint *v)
{
    return (struct bigint){.digits = v->digits, .n = v->n};
}

struct bigint bigint_negate(const struct bigint *v)
{
    return (struct bigint){.digits = v->digits, .n = v->n, .negative = !v->negative && v->n};
}

bool bigint_fits_i64(const struct bigint *v, int64_t *out)
{
    uint64_t u = 0;
    if (bits_of(v) > 64)
        return false;
    for (size_t i = v->n; i-- > 0;)
        u = u << BIGINT_BITS | v->digits[i];
    if (u > (uint64_t)INT64_MAX + v->negative)
        return false;
    *out = v->negative ? (int64_t)-u : (int64_t)u;
    return true;
}

/* ---- comparing, adding ---- */

static int compare_sizes(const struct bigint *x, const struct bigint *y)
{
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    for (size_t i = x->n; i-- > 0;)
        if (x->digits[i] != y->digits[i])
            return x->digits[i] < y->digits[i] ? -1 : 1;
    return 0;
}

int bigint_compare(const struct bigint *x, const struct bigint *y)
{
    if (x->negative != y->negative)
        return x->negative ? -1 : 1;
    return x->negative ? -compare_sizes(x, y) : compare_sizes(x, y);
}

/* |x| + |y| */
static struct bigint add_sizes(struct arena *a, const struct bigint *x, const struct bigint *y, bool negative)
{
    size_t n = (x->n > y->n ? x->n : y->n) + 1;
    uint32_t *d = room(a, n), carry = 0;
    for (size_t i = 0; i < n; i++, carry >>= BIGINT_BITS) {
        carry += (i < x->n ? x->digits[i] : 0) + (i < y->n ? y->digits[i] : 0);
        d[i] = carry & MASK;
    }
    return bigint_of_digits(d, n, negative);
}

/* |x| - |y|, of which the first is not smaller. */
static struct bigint subtract_sizes(struct arena *a, const struct bigint *x, const struct bigint *y, bool negative)
{
    uint32_t *d = room(a, x->n);
    int32_t borrow = 0;
    for (size_t i = 0; i < x->n; i++) {
        borrow += (int32_t)x->digits[i] - (int32_t)(i < y->n ? y->digits[i] : 0);
        d[i] = (uint32_t)borrow & MASK;
        borrow = borrow < 0 ? -1 : 0;
    }
    return bigint_of_digits(d, x->n, negative);
}

struct err *bigint_add(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    if (x->negative == y->negative)
        return checked(add_sizes(a, x, y, x->negative), out);
    return checked(
        compare_sizes(x, y) >= 0 ? subtract_sizes(a, x, y, x->negative) : subtract_sizes(a, y, x, y->negative), out);
}

/* ---- multiplying ---- */

struct err *bigint_multiply(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out)
{
    size_t n = x->n + y->n;
    if (n > BIGINT_DIGITS_MAX + 1)
        return checked((struct bigint){.n = n}, out);
    uint32_t *d = room(a, n);
    memset(d, 0, (n + 1) * sizeof(*d));
    for (size_t i = 0; i < x->n; i++) {
        uint64_t carry = 0;
        for (size_t k = 0; k < y->n; k++, carry >>= BIGINT_BITS) {
            carry += d[i + k] + (uint64_t)x->digits[i] * y->digits[k];
            d[i + k] = (uint32_t)(carry & MASK);
        }
        d[i + y->n] = (uint32_t)carry;
    }
    return checked(bigint_of_digits(d, n, x->negative != y->negative), out);
}

struct err *bigint_power(struct arena *a, const struct bigint *x, int64_t exponent, struct bigint *out)
{
    struct bigint power = bigint_of_i64(a, 1);
    bool small = x->n == 0 || (x->n == 1 && x->digits[0] == 1); /* 0, 1 and -1 do not grow */
    if (small && exponent > 1)
        exponent = exponent % 2 ? 1 : 2;
    if (!small && (uint64_t)exponent > (uint64_t)BIGINT_DIGITS_MAX * BIGINT_BITS)
        return checked((struct bigint){.n = SIZE_MAX}, out);
    for (int bit = exponent ? 63 - __builtin_clzll((uint64_t)exponent) : -1; bit >= 0; bit--) {
        TRY(bigint_multiply(a, &power, &power, &power));
        if (exponent >> bit & 1)
            TRY(bigint_multiply(a, &power, x, &power));
    }
    *out = power;
    return NULL;
}

/* ---- shifting ---- */

static struct bigint shift_left(struct arena *a, const struct bigint *x, uint64_t by)
{
    size_t whole = (size_t)(by / BIGINT_BITS), n = x->n + whole + 1;
    unsigned part = (unsigned)(by % BIGINT_BITS);
    uint32_t *d = room(a, n);
    memset(d, 0, (n + 1) * sizeof(*d));
    uint64_t carry = 0;
    for (size_t i = 0; i < x->n; i++, carry >>= BIGINT_BITS) {
        carry |= (uint64_t)x->digits[i] << part;
        d[whole + i] = (uint32_t)(carry & MASK);
    }
    d[whole + x->n] = (uint32_t)carry;
    return bigint_of_digits(d, n, x->negative);
}

/* Without what is shifted out; `lost`: that was not 0. */
static struct bigint cut_right(struct arena *a, const struct bigint *x, uint64_t by, bool *lost)
{
    size_t whole = by / BIGINT_BITS < x->n ? (size_t)(by / BIGINT_BITS) : x->n, n = x->n - whole;
    unsigned part = (unsigned)(by % BIGINT_BITS);
    uint32_t *d = room(a, n);
    *lost = n && (x->digits[whole] & ((1u << part) - 1));
    for (size_t i = 0; i < whole; i++)
        *lost |= x->digits[i] != 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t two = x->digits[whole + i] | (i + 1 < n ? (uint64_t)x->digits[whole + i + 1] << BIGINT_BITS : 0);
        d[i] = (uint32_t)(two >> part & MASK);
    }
    return bigint_of_digits(d, n, x->negative);
}

struct err *bigint_shift(struct arena *a, const struct bigint *x, int64_t left, struct bigint *out)
{
    bool lost;
    if (left >= 0) {
        if (x->n && (uint64_t)left > (uint64_t)BIGINT_DIGITS_MAX * BIGINT_BITS)
            return checked((struct bigint){.n = SIZE_MAX}, out);
        return checked(shift_left(a, x, x->n ? (uint64_t)left : 0), out);
    }
    struct bigint v = cut_right(a, x, -(uint64_t)left, &lost), one = bigint_of_i64(a, 1);
    *out = x->negative && lost ? add_sizes(a, &v, &one, true) : v;
    return NULL;
}

/* ---- dividing ---- */

/* By one digit. */
static struct bigint divide_small(struct arena *a, const struct bigint *x, uint32_t by, struct bigint *rest)
{
    uint32_t *d = room(a, x->n);
    uint64_t left = 0;
    for (size_t i = x->n; i-- > 0;) {
        left = left << BIGINT_BITS | x->digits[i];
        d[i] = (uint32_t)(left / by);
        left %= by;
    }
    *rest = bigint_of_u64(a, left);
    return bigint_of_digits(d, x->n, false);
}

/* One digit of the quotient: u[k..k+n] is taken n digits of v from, as often as it has them. */
static uint32_t divide_step(uint32_t *u, const uint32_t *v, size_t n)
{
    uint64_t top = (uint64_t)u[n] << BIGINT_BITS | u[n - 1], q = top / v[n - 1], r = top % v[n - 1];
    while (q > MASK || (r <= MASK && q * v[n - 2] > (r << BIGINT_BITS | u[n - 2]))) {
        q--;
        r += v[n - 1];
    }
    int64_t borrow = 0;
    for (size_t i = 0; i <= n; i++) {
        borrow += (int64_t)u[i] - (i < n ? (int64_t)(q * v[i]) : 0);
        u[i] = (uint32_t)(borrow & MASK);
        borrow >>= BIGINT_BITS;
    }
    if (borrow >= 0)
        return (uint32_t)q;
    uint32_t carry = 0; /* it was one too many */
    for (size_t i = 0; i <= n; i++, carry >>= BIGINT_BITS) {
        carry += u[i] + (i < n ? v[i] : 0);
        u[i] = carry & MASK;
    }
    return (uint32_t)q - 1;
}

/* |x| / |y|, of two digits or more, not above |x|. */
static struct bigint divide_large(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *rest)
{
    unsigned shift = (unsigned)__builtin_clz(y->digits[y->n - 1]) - (32 - BIGINT_BITS);
    struct bigint divisor = absolute(y), dividend = absolute(x), v = shift_left(a, &divisor, shift),
                  wide = shift_left(a, &dividend, shift);
    uint32_t *u = room(a, x->n + 1), *q = room(a, x->n - y->n + 1);
    memset(u, 0, (x->n + 2) * sizeof(*u));
    memcpy(u, wide.digits, wide.n * sizeof(*u));
    for (size_t k = x->n - y->n + 1; k-- > 0;)
        q[k] = divide_step(u + k, v.digits, v.n);
    struct bigint left = bigint_of_digits(u, y->n, false);
    bool lost;
    *rest = cut_right(a, &left, shift, &lost);
    return bigint_of_digits(q, x->n - y->n + 1, false);
}

static struct bigint divide_sizes(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *rest)
{
    *rest = absolute(x);
    if (compare_sizes(x, y) < 0)
        return (struct bigint){.n = 0};
    return y->n == 1 ? divide_small(a, x, y->digits[0], rest) : divide_large(a, x, y, rest);
}

void bigint_divide(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *quotient,
                   struct bigint *rest)
{
    struct bigint r, q = divide_sizes(a, x, y, &r), one = bigint_of_i64(a, 1);
    bool differ = x->negative != y->negative;
    if (differ && r.n) { /* rounded down, not to 0 */
        q = add_sizes(a, &q, &one, false);
        r = subtract_sizes(a, y, &r, false);
    }
    if (quotient)
        *quotient = bigint_of_digits(q.digits, q.n, differ);
    if (rest)
        *rest = bigint_of_digits(r.digits, r.n, y->negative);
}

/* ---- bits ---- */

/* Digit i of a number whose negative ones are ~(|x| - 1); `carry` is what is still to be subtracted, from 1 on. */
static uint32_t digit_of(const struct bigint *x, size_t i, uint32_t *borrow)
{
    uint32_t d = i < x->n ? x->digits[i] : 0;
    if (!x->negative)
        return d;
    uint32_t less = (d - *borrow) & MASK;
    *borrow = d < *borrow;
    return ~less & MASK;
}

struct bigint bigint_bitwise(struct arena *a, char op, const struct bigint *x, const struct bigint *y)
{
    size_t n = (x->n > y->n ? x->n : y->n) + 1;
    uint32_t *d = room(a, n), borrow_x = 1, borrow_y = 1, carry = 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t v = digit_of(x, i, &borrow_x), w = digit_of(y, i, &borrow_y);
        d[i] = op == '&' ? v & w : op == '|' ? v | w : v ^ w;
    }
    bool negative = d[n - 1] >> (BIGINT_BITS - 1);
    for (size_t i = 0; negative && i < n; i++, carry >>= BIGINT_BITS) {
        carry += ~d[i] & MASK;
        d[i] = carry & MASK;
    }
    return bigint_of_digits(d, n, negative);
}

/* ---- floating point ---- */

struct bigint bigint_of_double(struct arena *a, double v)
{
    int exponent;
    bool lost;
    int64_t fraction = (int64_t)ldexp(frexp(v, &exponent), DOUBLE_BITS);
    struct bigint x = bigint_of_i64(a, fraction);
    exponent -= DOUBLE_BITS;
    return exponent >= 0 ? shift_left(a, &x, (uint64_t)exponent) : cut_right(a, &x, (uint64_t)-exponent, &lost);
}

bool bigint_ratio(struct arena *a, const struct bigint *x, const struct bigint *y, double *out)
{
    enum { WANTED = 62, LEAST = -1074, EXPONENT_MAX = 1024 };
    struct bigint rest, up = absolute(x), down = absolute(y);
    int64_t v = 0, by = WANTED - (int64_t)bits_of(x) + (int64_t)bits_of(y); /* so that the quotient has 62 or 63 bits */
    *out = 0;
    if (x->n && by > 0)
        up = shift_left(a, &up, (uint64_t)by);
    else if (x->n)
        down = shift_left(a, &down, (uint64_t)-by);
    struct bigint q = divide_sizes(a, &up, &down, &rest);
    if ((int64_t)bits_of(&q) - by > EXPONENT_MAX)
        return false;
    (void)bigint_fits_i64(&q, &v);
    v |= rest.n != 0; /* what is lost only matters in the middle between two */
    int64_t drop = (int64_t)bits_of(&q) - DOUBLE_BITS;
    if (drop < LEAST + by)
        drop = LEAST + by; /* a subnormal has fewer */
    if (x->n && drop < WANTED + 2) {
        int64_t half = INT64_C(1) << (drop - 1), part = v & (2 * (half - 1) + 1), whole = v >> drop;
        whole += part > half || (part == half && (whole & 1));
        *out = ldexp((double)whole, (int)(drop - by));
    }
    if (x->negative != y->negative)
        *out = -*out; /* 0 / -1 is -0.0 */
    return !isinf(*out);
}
