/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point numbers of targets: IEEE 754-2019 section 3.4; x87's extended precision (Intel SDM volume 1,
 * section 4.2.2); bfloat16 is the upper half of binary32. */
#include <float.h>
#include <math.h>

#include "base/text.h"
#include "value/value_priv.h"

struct real_layout {
    uint8_t bytes, exponent_bits, fraction_bits; /* fraction: with the integer bit where it is explicit */
    bool integer_bit;
};

static const struct real_layout layouts[] = {
    [REAL_NONE] = {0, 0, 0, false},     [REAL_HALF] = {2, 5, 10, false},    [REAL_BFLOAT] = {2, 8, 7, false},
    [REAL_SINGLE] = {4, 8, 23, false},  [REAL_DOUBLE] = {8, 11, 52, false}, [REAL_X87] = {10, 15, 64, true},
    [REAL_QUAD] = {16, 15, 112, false},
};

/* A number taken apart. */
struct real_parts {
    bool negative, special, invalid; /* special: infinite or not a number */
    uint32_t exponent;               /* biased */
    uint64_t high, low;              /* of the fraction */
};

static bool is_x86(const struct arch *arch)
{
    return arch == &arch_x86_64 || arch == &arch_i386;
}

enum real_format real_format_of_size(const struct arch *arch, size_t size)
{
    switch (size) {
    case 4:
        return REAL_SINGLE;
    case 8:
        return REAL_DOUBLE;
    case 10:
    case 12:
        return REAL_X87;
    case 16:
        return is_x86(arch) ? REAL_X87 : REAL_QUAD;
    default:
        return REAL_NONE;
    }
}

enum real_format real_format_of(const struct arch *arch, const struct type *type)
{
    const struct type *t = type_strip(type);
    if (t->kind == TYPE_COMPLEX && t->target)
        t = type_strip(t->target);
    const char *name = t->name ? t->name : "";
    if (t->size == 2)
        return strstr(name, "bf16") || strstr(name, "bfloat16") ? REAL_BFLOAT : REAL_HALF;
    if (t->size == 16 && strstr(name, "loat128"))
        return REAL_QUAD;
    return real_format_of_size(arch, (size_t)t->size);
}

static uint64_t bits_at(const uint8_t *bytes, unsigned from, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)(bytes[(from + i) / 8] >> ((from + i) % 8) & 1) << i;
    return v;
}

static struct real_parts take_apart(enum real_format f, const uint8_t *bytes)
{
    const struct real_layout *l = &layouts[f];
    unsigned low = l->fraction_bits < 64 ? l->fraction_bits : 64;
    struct real_parts p = {
        .low = bits_at(bytes, 0, low),
        .high = bits_at(bytes, low, l->fraction_bits - low),
        .exponent = (uint32_t)bits_at(bytes, l->fraction_bits, l->exponent_bits),
        .negative = bits_at(bytes, l->fraction_bits + l->exponent_bits, 1) != 0,
    };
    p.special = p.exponent == (1u << l->exponent_bits) - 1;
    p.invalid = l->integer_bit && p.exponent != 0 && !(p.low >> 63);
    return p;
}

static bool is_infinite(enum real_format f, const struct real_parts *p)
{
    uint64_t low = layouts[f].integer_bit ? p->low << 1 : p->low;
    return p->special && low == 0 && p->high == 0;
}

long double real_decode(enum real_format f, const uint8_t *bytes)
{
    const struct real_layout *l = &layouts[f];
    struct real_parts p = take_apart(f, bytes);
    if (p.special)
        return is_infinite(f, &p) ? (p.negative ? -HUGE_VALL : HUGE_VALL) : (p.negative ? -(long double)NAN : NAN);
    int bias = (1 << (l->exponent_bits - 1)) - 1;
    int scale = (int)(p.exponent ? p.exponent : 1) - bias - l->fraction_bits + (l->integer_bit ? 1 : 0);
    long double v = ldexpl((long double)p.low, scale);
    v += ldexpl((long double)p.high, scale + 64);
    if (p.exponent && !l->integer_bit)
        v += ldexpl(1.0L, scale + l->fraction_bits);
    return p.negative ? -v : v;
}

static void put_bits_at(uint8_t *bytes, unsigned from, unsigned n, uint64_t v)
{
    for (unsigned i = 0; i < n; i++)
        if (v >> i & 1)
            bytes[(from + i) / 8] = (uint8_t)(bytes[(from + i) / 8] | 1u << ((from + i) % 8));
}

/* The fraction of |v| = fraction * 2^(exponent - 1), 0.5 <= fraction < 1, with `bits` behind the leading one. */
static void put_fraction(const struct real_layout *l, long double fraction, int drop, uint8_t *bytes)
{
    int bits = l->fraction_bits - drop - (l->integer_bit ? 1 : 0);
    for (int i = bits; i >= 0; i--) {
        fraction *= 2;
        bool one = fraction >= 1;
        if (one)
            fraction -= 1;
        if (one && (i < l->fraction_bits))
            put_bits_at(bytes, (unsigned)i, 1, 1);
    }
}

void real_encode(enum real_format f, long double v, uint8_t *bytes)
{
    const struct real_layout *l = &layouts[f];
    if (f == REAL_SINGLE) { /* the host rounds as the target does */
        float single = (float)v;
        memcpy(bytes, &single, sizeof(single));
        return;
    }
    if (f == REAL_DOUBLE) {
        double both = (double)v;
        memcpy(bytes, &both, sizeof(both));
        return;
    }
    memset(bytes, 0, l->bytes);
    if (f == REAL_NONE)
        return;
    int bias = (1 << (l->exponent_bits - 1)) - 1, exponent = 0, most = (1 << l->exponent_bits) - 1;
    long double fraction = isfinite(v) ? frexpl(fabsl(v), &exponent) : 0;
    int biased = exponent - 1 + bias;
    bool huge = !isfinite(v) || biased >= most;
    if (signbit(v))
        put_bits_at(bytes, l->fraction_bits + l->exponent_bits, 1, 1);
    if (huge) {
        put_bits_at(bytes, l->fraction_bits, l->exponent_bits, (uint64_t)most);
        if (l->integer_bit)
            put_bits_at(bytes, l->fraction_bits - 1u, 1, 1);
        if (isnan(v))
            put_bits_at(bytes, l->fraction_bits - (l->integer_bit ? 2u : 1u), 1, 1);
    } else if (fraction > 0) {
        int drop = biased > 0 ? 0 : 1 - biased; /* subnormal: leading zeros */
        put_bits_at(bytes, l->fraction_bits, l->exponent_bits, biased > 0 ? (uint64_t)biased : 0);
        put_fraction(l, fraction, drop, bytes);
    }
}

/* Digits that tell each number from its neighbours, as gdb counts them; of a binary128 those that survive the
 * host's long double. */
static int digits_of(enum real_format f)
{
    static const uint8_t digits[] = {
        [REAL_NONE] = 0,
        [REAL_HALF] = 5,
        [REAL_BFLOAT] = 4,
        [REAL_SINGLE] = 9,
        [REAL_DOUBLE] = 17,
        [REAL_X87] = 21,
        [REAL_QUAD] = LDBL_MANT_DIG >= 113 ? 36 : 18,
    };
    return digits[f];
}

void real_print(enum real_format f, const uint8_t *bytes, struct text *out)
{
    struct real_parts p = take_apart(f, bytes);
    if (f == REAL_NONE || p.invalid)
        text_put(out, "<invalid float value>");
    else if (is_infinite(f, &p))
        text_put(out, p.negative ? "-inf" : "inf");
    else if (p.special && p.high)
        text_printf(out, "%snan(0x%" PRIx64 "%016" PRIx64 ")", p.negative ? "-" : "", p.high, p.low);
    else if (p.special)
        text_printf(out, "%snan(0x%" PRIx64 ")", p.negative ? "-" : "", p.low);
    else
        text_printf(out, "%.*Lg", digits_of(f), real_decode(f, bytes));
}
