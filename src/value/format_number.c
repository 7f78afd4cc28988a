/* SPDX-License-Identifier: Apache-2.0 */
/* The letters of print: /x /z /o /t /d /u /c /a /f. */
#include "value/format_priv.h"

/* ---- radices ---- */

static bool all_zero(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (b[i])
            return false;
    return true;
}

static void put_hex(struct text *out, const uint8_t *b, size_t n, bool pad)
{
    while (!pad && n > 1 && b[n - 1] == 0)
        n--;
    text_put(out, n ? "0x" : "0x0");
    for (size_t i = n; i-- > 0;)
        text_printf(out, i == n - 1 && !pad ? "%x" : "%02x", b[i]);
}

/* Groups of `step` bits, the highest first, without leading zeros. */
static void put_groups(struct text *out, const uint8_t *b, size_t n, unsigned step)
{
    bool started = false;
    for (size_t at = (n * 8 + step - 1) / step * step; at > 0;) {
        unsigned digit = 0;
        at -= step;
        for (unsigned i = 0; i < step; i++)
            if (at + i < n * 8)
                digit |= (unsigned)(b[(at + i) / 8] >> ((at + i) % 8) & 1) << i;
        started |= digit != 0;
        if (started)
            text_putc(out, (char)('0' + digit));
    }
    if (!started && step == 1)
        text_putc(out, '0');
}

static unsigned divide_by_ten(uint8_t *b, size_t n)
{
    unsigned rest = 0;
    for (size_t i = n; i-- > 0;) {
        rest = rest << 8 | b[i];
        b[i] = (uint8_t)(rest / 10);
        rest %= 10;
    }
    return rest;
}

static void put_decimal(struct text *out, const uint8_t *from, size_t n, bool is_signed)
{
    uint8_t b[SCALAR_MAX];
    char digits[SCALAR_MAX * 3 + 1]; /* a byte takes less than 2.41 digits */
    size_t at = sizeof(digits);
    memcpy(b, from, n);
    if (is_signed && n && b[n - 1] & 0x80) {
        unsigned carry = 1;
        for (size_t i = 0; i < n; i++) {
            carry += (uint8_t)~b[i];
            b[i] = (uint8_t)carry;
            carry >>= 8;
        }
        text_putc(out, '-');
    }
    do
        digits[--at] = (char)('0' + divide_by_ten(b, n));
    while (!all_zero(b, n));
    text_putn(out, digits + at, sizeof(digits) - at);
}

void print_radix(struct text *out, const struct scalar *s, char letter)
{
    switch (letter) {
    case 'x':
    case 'z':
        put_hex(out, s->bytes, s->size, letter == 'z');
        break;
    case 'o':
        text_putc(out, '0');
        put_groups(out, s->bytes, s->size, 3);
        break;
    case 't':
        put_groups(out, s->bytes, s->size, 1);
        break;
    default:
        put_decimal(out, s->bytes, s->size, letter == 'd');
    }
}

void print_binary(struct text *out, const struct scalar *s)
{
    for (unsigned i = s->size * 8u; i-- > 0;)
        text_putc(out, s->bytes[i / 8] >> (i % 8) & 1 ? '1' : '0');
}

/* ---- the other letters ---- */

/* What /c and /a take: the number as an integer of 64 bits. False when it has none, which is said. */
static bool as_integer(struct printer *p, const struct type *t, const struct scalar *s, int64_t *out)
{
    if (t->kind == TYPE_FLOAT) {
        enum real_format f = real_format_of(modules_image(p->vs->ms)->arch, t);
        long double v = f == REAL_NONE ? 0 : real_decode(f, s->bytes);
        if (v >= 0x1p63L || v != v)
            *out = INT64_MAX;
        else
            *out = v <= -0x1p63L ? INT64_MIN : (int64_t)v;
        return true;
    }
    bool number = t->kind != TYPE_COMPLEX && t->kind != TYPE_DECIMAL && t->kind != TYPE_MEMBER_POINTER;
    if ((!number && t->kind != TYPE_MEMBER_POINTER) || s->size > sizeof(*out)) {
        text_put(p->out, number ? "<error: That operation is not available on integers of more than 8 bytes.>"
                                : "<error: Value can't be converted to integer.>");
        return false;
    }
    *out = (int64_t)scalar_u64(s);
    return true;
}

static void print_as_char(struct printer *p, const struct type *t, int64_t v)
{
    uint8_t byte = (uint8_t)v;
    struct scalar one = {.bytes = {byte}, .size = 1};
    bool is_signed = t->is_signed || t->kind == TYPE_FLOAT || t->kind == TYPE_MEMBER_POINTER;
    text_printf(p->out, "%d ", is_signed ? (int)(int8_t)byte : (int)byte);
    print_char(p, &one, (struct text_kind){.width = 1, .prefix = ""});
}

/* Bytes that have the size of a floating-point number are shown as one; others as the integer that they are. */
static void print_as_real(struct printer *p, const struct type *t, const struct scalar *s)
{
    const struct arch *arch = modules_image(p->vs->ms)->arch;
    enum real_format f = t->kind == TYPE_FLOAT ? real_format_of(arch, t) : real_format_of_size(arch, s->size);
    if (t->kind == TYPE_COMPLEX) {
        print_complex(p, t, s);
        return;
    }
    if (f != REAL_NONE)
        real_print(f, s->bytes, p->out);
    else
        print_radix(p->out, s, t->is_signed ? 'd' : 'u');
}

void print_by_letter(struct printer *p, const struct type *t, const struct scalar *s)
{
    int64_t v;
    switch (p->f->letter) {
    case 'c':
        if (as_integer(p, t, s, &v))
            print_as_char(p, t, v);
        break;
    case 'a':
        if (as_integer(p, t, s, &v))
            print_code_address(p, (taddr)v);
        break;
    case 'f':
        print_as_real(p, t, s);
        break;
    default:
        print_radix(p->out, s, p->f->letter);
    }
}
