/* SPDX-License-Identifier: Apache-2.0 */
/* int, float and complex, as repr() writes them. */
#include "rt/cpython/object.h"

#include <inttypes.h>
#include <math.h>

enum {
    DIGIT_BITS = 30,           /* of a digit of an int (Include/cpython/longintrepr.h) */
    TAG_SIZE_SHIFT = 3,        /* lv_tag since 3.12: the sign in two bits (2: negative), one more, the count */
    TAG_NEGATIVE = 2,
    DECIMAL_BASE = 1000000000, /* what fits into 32 bits */
    FIRST_EXPONENT = -4,       /* below 1e-4, and from 1e16 on, repr() of a float has an exponent */
    LAST_EXPONENT = 16,
};

static bool head(struct rt *rt, taddr object, uint64_t *n, bool *negative)
{
    uint64_t tag;
    int64_t size;
    if (rt->l.long_tag != PY_NONE) {
        if (!py_field(rt, object, rt->l.long_tag, &tag))
            return false;
        *n = tag >> TAG_SIZE_SHIFT;
        *negative = (tag & 3) == TAG_NEGATIVE;
        if ((tag & 3) == 1) /* zero */
            *n = 0;
        return true;
    }
    if (!py_var_size(rt, object, &size))
        return false;
    *negative = size < 0;
    *n = size < 0 ? -(uint64_t)size : (uint64_t)size;
    return true;
}

bool py_int_digits(struct rt *rt, taddr object, uint32_t *digits, size_t max, size_t *n, bool *negative)
{
    uint64_t count;
    if (!head(rt, object, &count, negative) || count > max ||
        !py_read(rt, object + rt->l.long_digits, digits, (size_t)count * sizeof(*digits)))
        return false;
    *n = (size_t)count;
    for (size_t i = 0; i < *n; i++)
        if (digits[i] >> DIGIT_BITS)
            return false;
    return true;
}

bool py_int(struct rt *rt, taddr object, int64_t *out)
{
    uint32_t d[3];
    size_t n;
    bool negative;
    const struct py_type *t = py_type(rt, object);
    if (!t || (t->kind != PYK_INT && t->kind != PYK_BOOL) ||
        !py_int_digits(rt, object, d, ARRAY_LEN(d), &n, &negative) || (n == 3 && d[2] >> 3))
        return false;
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << DIGIT_BITS | d[i];
    if (v > INT64_MAX)
        return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

void py_put_digits(struct text *out, const uint32_t *digits, size_t n, bool negative)
{
    size_t room = n + n / 8 + 2, used = 0;
    SCOPED(freep) uint32_t *decimal = xcalloc(room, sizeof(*decimal));
    for (size_t i = n; i-- > 0;) {
        uint64_t carry = digits[i];
        for (size_t k = 0; k < used; k++) {
            carry += (uint64_t)decimal[k] << DIGIT_BITS;
            decimal[k] = (uint32_t)(carry % DECIMAL_BASE);
            carry /= DECIMAL_BASE;
        }
        for (; carry && used < room; carry /= DECIMAL_BASE)
            decimal[used++] = (uint32_t)(carry % DECIMAL_BASE);
    }
    text_printf(out, "%s%" PRIu32, negative && used ? "-" : "", used ? decimal[used - 1] : 0);
    for (size_t i = used ? used - 1 : 0; i-- > 0;)
        text_printf(out, "%09" PRIu32, decimal[i]);
}

bool py_float(struct rt *rt, taddr object, double *out)
{
    uint64_t bits;
    if (!py_field(rt, object, rt->l.float_value, &bits))
        return false;
    memcpy(out, &bits, sizeof(*out));
    return true;
}

void py_put_float_digits(struct text *out, bool negative, const char *digits, int exponent, bool dot_zero)
{
    int n = (int)strlen(digits);
    if (negative)
        text_putc(out, '-');
    if (exponent < FIRST_EXPONENT || exponent >= LAST_EXPONENT) {
        text_printf(out, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "", digits + 1, exponent < 0 ? '-' : '+',
                    abs(exponent));
        return;
    }
    format_positional(out, digits, exponent);
    if (dot_zero && exponent >= 0 && n <= exponent + 1)
        text_put(out, ".0");
}

void py_put_float(struct text *out, double v, bool dot_zero)
{
    char digits[32];
    if (isnan(v) || isinf(v)) {
        text_put(out, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
        return;
    }
    int exponent = format_shortest(fabs(v), 64, digits, sizeof(digits));
    py_put_float_digits(out, signbit(v), digits, exponent, dot_zero);
}
