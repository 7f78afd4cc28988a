/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal floating point in the binary encoding (IEEE 754-2019 section 3.5.2), which x86 and AArch64 use. */
#include "base/text.h"
#include "value/value_priv.h"

struct decimal_layout {
    uint8_t size;          /* bytes */
    uint8_t exponent_bits;
    uint8_t digits;        /* of the largest coefficient */
    int bias;
};

static const struct decimal_layout layouts[] = {{4, 8, 7, 101}, {8, 10, 16, 398}, {16, 14, 34, 6176}};

static unsigned __int128 bits_of(unsigned __int128 v, unsigned from, unsigned n)
{
    return v >> from & (((unsigned __int128)1 << n) - 1);
}

/* Decimal digits, the highest first; how many. */
static size_t digits_of(unsigned __int128 v, char *out, size_t max)
{
    char reversed[40];
    size_t n = 0;
    do
        reversed[n++] = (char)('0' + (int)(v % 10));
    while ((v /= 10) != 0 && n < sizeof(reversed) && n < max);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

/* As IEEE 754-2019 section 5.12 leaves open, in the way of the General Decimal Arithmetic specification: plain as
 * long as at most five zeros follow the point. */
static void put_number(struct text *out, const char *digits, size_t n, int exponent)
{
    int adjusted = exponent + (int)n - 1;
    if (exponent > 0 || adjusted < -6) {
        text_putc(out, digits[0]);
        if (n > 1)
            text_printf(out, ".%.*s", (int)n - 1, digits + 1);
        text_printf(out, "E%+d", adjusted);
    } else if (adjusted < 0) {
        text_printf(out, "0.%.*s%.*s", -adjusted - 1, "00000", (int)n, digits);
    } else {
        size_t whole = (size_t)adjusted + 1;
        text_putn(out, digits, whole);
        if (whole < n)
            text_printf(out, ".%.*s", (int)(n - whole), digits + whole);
    }
}

static void print_finite(const struct decimal_layout *l, unsigned __int128 v, struct text *out)
{
    unsigned bits = l->size * 8u, trailing = bits - 1 - l->exponent_bits;
    unsigned __int128 coefficient = bits_of(v, 0, trailing), most = 1;
    unsigned exponent_at = trailing;
    if (bits_of(v, bits - 3, 2) == 3) { /* a coefficient that begins with binary 100 */
        exponent_at -= 2;
        coefficient = (unsigned __int128)4 << (trailing - 2) | bits_of(v, 0, trailing - 2);
    }
    for (unsigned i = 0; i < l->digits; i++)
        most *= 10;
    if (coefficient >= most)
        coefficient = 0; /* section 3.5.2: what is too large counts as zero */
    char digits[40];
    size_t n = digits_of(coefficient, digits, sizeof(digits));
    put_number(out, digits, n, (int)bits_of(v, exponent_at, l->exponent_bits) - l->bias);
}

bool decimal_print(const uint8_t *bytes, size_t size, struct text *out)
{
    unsigned __int128 v = 0;
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (layouts[i].size != size)
            continue;
        memcpy(&v, bytes, size);
        unsigned top = (unsigned)size * 8;
        if (bits_of(v, top - 1, 1))
            text_putc(out, '-');
        if (bits_of(v, top - 5, 4) == 15)
            text_put(out, bits_of(v, top - 6, 1) ? "NaN" : "Infinity");
        else
            print_finite(&layouts[i], v, out);
        return true;
    }
    return false;
}
