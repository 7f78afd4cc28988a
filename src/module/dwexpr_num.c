/* SPDX-License-Identifier: Apache-2.0 */
#include "module/dwexpr_num.h"

#include "module/dwarf_const.h"

#include <float.h>

__extension__ typedef __int128 wide_signed;

static const char no_float[] = "computes with a floating-point type that this machine does not have";

static wide_signed as_signed(struct num a)
{
    unsigned shift = 128 - 8U * a.size;
    return (wide_signed)(a.bits << shift) >> shift;
}

/* float, double, and the processor's long double where it is the host's as well: x87's 80 bits. */
static bool to_real(struct num a, long double *out)
{
    if (a.size == sizeof(float)) {
        float f;
        memcpy(&f, &a.bits, sizeof(f));
        *out = (long double)f;
    } else if (a.size == sizeof(double)) {
        double d;
        memcpy(&d, &a.bits, sizeof(d));
        *out = (long double)d;
    } else if (LDBL_MANT_DIG == 64 && a.size >= 10) {
        *out = 0;
        memcpy(out, &a.bits, 10);
    } else {
        return false;
    }
    return true;
}

static bool from_real(long double v, unsigned size, struct num *out)
{
    *out = (struct num){0, NUM_FLOAT, (uint8_t)size};
    if (size == sizeof(float)) {
        float f = (float)v;
        memcpy(&out->bits, &f, sizeof(f));
    } else if (size == sizeof(double)) {
        double d = (double)v;
        memcpy(&out->bits, &d, sizeof(d));
    } else if (LDBL_MANT_DIG == 64 && size >= 10) {
        memcpy(&out->bits, &v, 10);
    } else {
        return false;
    }
    return true;
}

/* ---- one operand ---- */

static const char *unary_real(uint8_t op, struct num a, struct num *out)
{
    long double v;
    if (op == DW_OP_not)
        return "inverts the bits of a floating-point number";
    if (!to_real(a, &v))
        return no_float;
    bool negate = op == DW_OP_neg || v < 0;
    return from_real(negate ? -v : v, a.size, out) ? NULL : no_float;
}

const char *num_unary(uint8_t op, struct num a, struct num *out)
{
    if (a.kind == NUM_FLOAT)
        return unary_real(op, a, out);
    switch (op) {
    case DW_OP_abs:
        *out = a.kind != NUM_UNSIGNED && as_signed(a) < 0 ? num_of(a.kind, a.size, 0 - a.bits) : a;
        return NULL;
    case DW_OP_neg:
        *out = num_of(a.kind, a.size, 0 - a.bits);
        return NULL;
    default: /* DW_OP_not */
        *out = num_of(a.kind, a.size, ~a.bits);
        return NULL;
    }
}

/* ---- two operands ---- */

static bool compare(uint8_t op, int order)
{
    switch (op) {
    case DW_OP_eq:
        return order == 0;
    case DW_OP_ge:
        return order >= 0;
    case DW_OP_gt:
        return order > 0;
    case DW_OP_le:
        return order <= 0;
    case DW_OP_lt:
        return order < 0;
    default: /* DW_OP_ne */
        return order != 0;
    }
}

static bool is_comparison(uint8_t op)
{
    return op >= DW_OP_eq && op <= DW_OP_ne;
}

static const char *binary_real(uint8_t op, struct num a, struct num b, unsigned generic, struct num *out)
{
    long double x, y;
    if (!to_real(a, &x) || !to_real(b, &y))
        return no_float;
    if (is_comparison(op)) {
        bool unordered = x != x || y != y;
        bool holds = unordered ? op == DW_OP_ne : compare(op, x < y ? -1 : x > y);
        *out = num_of(NUM_GENERIC, generic, holds);
        return NULL;
    }
    switch (op) {
    case DW_OP_plus:
        x += y;
        break;
    case DW_OP_minus:
        x -= y;
        break;
    case DW_OP_mul:
        x *= y;
        break;
    case DW_OP_div:
        x /= y;
        break;
    default:
        return "uses the bits of a floating-point number";
    }
    return from_real(x, a.size, out) ? NULL : no_float;
}

static const char *divide(uint8_t op, struct num a, struct num b, struct num *out)
{
    /* A generic number is signed in a division, and unsigned for its remainder (2.5.1.4). */
    bool with_sign = a.kind == NUM_SIGNED || (a.kind == NUM_GENERIC && op == DW_OP_div);
    dwx_wide v;
    if (b.bits == 0)
        return "divides by zero";
    if (!with_sign)
        v = op == DW_OP_div ? a.bits / b.bits : a.bits % b.bits;
    else if (as_signed(b) == -1) /* the smallest number has no positive counterpart */
        v = op == DW_OP_div ? 0 - a.bits : 0;
    else
        v = (dwx_wide)(op == DW_OP_div ? as_signed(a) / as_signed(b) : as_signed(a) % as_signed(b));
    *out = num_of(a.kind, a.size, v);
    return NULL;
}

static struct num shift(uint8_t op, struct num a, struct num by)
{
    bool out = by.bits >= 8U * a.size; /* shifts by more than C defines */
    unsigned n = out ? 8U * a.size - 1 : (unsigned)by.bits;
    switch (op) {
    case DW_OP_shl:
        return num_of(a.kind, a.size, out ? 0 : a.bits << n);
    case DW_OP_shr:
        return num_of(a.kind, a.size, out ? 0 : a.bits >> n);
    default: /* DW_OP_shra */
        return num_of(a.kind, a.size, (dwx_wide)(as_signed(a) >> n));
    }
}

static int order_of(struct num a, struct num b)
{
    if (a.kind == NUM_UNSIGNED)
        return a.bits < b.bits ? -1 : a.bits > b.bits;
    return as_signed(a) < as_signed(b) ? -1 : as_signed(a) > as_signed(b);
}

static const char *arithmetic(uint8_t op, struct num a, struct num b, struct num *out)
{
    dwx_wide v;
    switch (op) {
    case DW_OP_div:
    case DW_OP_mod:
        return divide(op, a, b, out);
    case DW_OP_and:
        v = a.bits & b.bits;
        break;
    case DW_OP_minus:
        v = a.bits - b.bits;
        break;
    case DW_OP_mul:
        v = a.bits * b.bits;
        break;
    case DW_OP_or:
        v = a.bits | b.bits;
        break;
    case DW_OP_plus:
        v = a.bits + b.bits;
        break;
    default: /* DW_OP_xor */
        v = a.bits ^ b.bits;
        break;
    }
    *out = num_of(a.kind, a.size, v);
    return NULL;
}

const char *num_binary(uint8_t op, struct num a, struct num b, unsigned generic, struct num *out)
{
    bool is_shift = op == DW_OP_shl || op == DW_OP_shr || op == DW_OP_shra;
    if (is_shift && a.kind != NUM_FLOAT && b.kind != NUM_FLOAT) {
        *out = shift(op, a, b); /* the count may be of another type */
        return NULL;
    }
    if (a.kind != b.kind || a.size != b.size)
        return "mixes numbers of different types";
    if (a.kind == NUM_FLOAT)
        return binary_real(op, a, b, generic, out);
    if (is_comparison(op)) {
        *out = num_of(NUM_GENERIC, generic, compare(op, order_of(a, b)));
        return NULL;
    }
    return arithmetic(op, a, b, out);
}

/* ---- other types ---- */

/* Towards zero; what does not fit has no meaning in C, and is 0 here. */
static dwx_wide truncated(long double v)
{
    const long double limit = 0x1p126L;
    return v > -limit && v < limit ? (dwx_wide)(wide_signed)v : 0;
}

const char *num_convert(struct num a, uint8_t kind, unsigned size, struct num *out)
{
    long double v;
    if (a.kind != NUM_FLOAT && kind != NUM_FLOAT) {
        /* What C does: the sign of the source widens it. */
        *out = num_of(kind, size, a.kind == NUM_UNSIGNED ? a.bits : (dwx_wide)as_signed(a));
        return NULL;
    }
    if (a.kind == NUM_FLOAT) {
        if (!to_real(a, &v))
            return no_float;
    } else if (a.kind == NUM_UNSIGNED) {
        v = (long double)a.bits;
    } else {
        v = (long double)as_signed(a);
    }
    if (kind == NUM_FLOAT)
        return from_real(v, size, out) ? NULL : no_float;
    *out = num_of(kind, size, truncated(v));
    return NULL;
}
