/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers of any size, with Python's rules: a quotient is rounded down, a remainder has the divisor's sign, the bits of a
 * negative number go on for ever. Digits are those of Python's ints (Include/cpython/longintrepr.h).
 * Threads: none is shared; results live in the arena that is given. */
#ifndef RT_CPYTHON_BIGINT_H
#define RT_CPYTHON_BIGINT_H

#include "base/arena.h"
#include "base/err.h"

enum {
    BIGINT_BITS = 30, /* of a digit */
    BIGINT_DIGITS_MAX = 1 << 14, /* of a number: some 148,000 decimal ones */
};

/* The least digit first, none of 0 at the end; no digits, and not negative: 0. */
struct bigint {
    const uint32_t *digits;
    size_t n;
    bool negative;
};

/* Of digits that may end with zeros; they are not copied. */
struct bigint bigint_of_digits(const uint32_t *digits, size_t n, bool negative);
struct bigint bigint_of_u64(struct arena *a, uint64_t v);
struct bigint bigint_of_i64(struct arena *a, int64_t v);
/* The whole part of a finite number. */
struct bigint bigint_of_double(struct arena *a, double v);
/* Of digits of a base of 2 to 36, without a sign. ERR_LIMIT: too many. ERR_USAGE: another character. */
struct err *bigint_parse(struct arena *a, const char *text, unsigned base, struct bigint *out) MUST_CHECK;
bool bigint_fits_i64(const struct bigint *v, int64_t *out);
/* Below 0, 0, above 0. */
int bigint_compare(const struct bigint *a, const struct bigint *b);
struct bigint bigint_negate(const struct bigint *v);

/* ERR_LIMIT: the result would have more than BIGINT_DIGITS_MAX digits. */
struct err *bigint_add(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *out) MUST_CHECK;
struct err *bigint_multiply(struct arena *a, const struct bigint *x, const struct bigint *y,
                            struct bigint *out) MUST_CHECK;
/* `exponent` of 0 or more. */
struct err *bigint_power(struct arena *a, const struct bigint *x, int64_t exponent, struct bigint *out) MUST_CHECK;
/* To the left, of a negative count to the right. */
struct err *bigint_shift(struct arena *a, const struct bigint *x, int64_t left, struct bigint *out) MUST_CHECK;
/* By what is not 0. Either result may be NULL. */
void bigint_divide(struct arena *a, const struct bigint *x, const struct bigint *y, struct bigint *quotient,
                   struct bigint *rest);
/* '&', '|' or '^'. */
struct bigint bigint_bitwise(struct arena *a, char op, const struct bigint *x, const struct bigint *y);
/* x / y, y not 0, rounded to the nearest double (to an even one of two). False: it is too large for one. */
bool bigint_ratio(struct arena *a, const struct bigint *x, const struct bigint *y, double *out);

#endif
