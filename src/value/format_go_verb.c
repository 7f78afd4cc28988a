/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, strings and booleans by a verb of Go's package fmt, "%08x": of values that hold others each by itself, as
 * Delve's `print %x` has it. */
#include "value/format_priv.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum { WIDTH_MAX = 1000 }; /* of what is padded */

struct verb {
    bool sharp, zero, plus, space, minus;
    int width, precision; /* -1: unsaid */
    char letter;
};

static int take_number(const char **at)
{
    int n = 0;
    for (; isdigit((unsigned char)**at); ++*at)
        n = n < WIDTH_MAX ? n * 10 + (**at - '0') : n;
    return n < WIDTH_MAX ? n : WIDTH_MAX;
}

static bool parse(const char *text, struct verb *out)
{
    *out = (struct verb){.width = -1, .precision = -1};
    if (*text++ != '%')
        return false;
    for (; *text && strchr("#0+- ", *text); text++) {
        out->sharp |= *text == '#';
        out->zero |= *text == '0';
        out->plus |= *text == '+';
        out->space |= *text == ' ';
        out->minus |= *text == '-';
    }
    if (isdigit((unsigned char)*text))
        out->width = take_number(&text);
    if (*text == '.') {
        text++;
        out->precision = take_number(&text);
    }
    out->letter = *text;
    return isalpha((unsigned char)text[0]) && !text[1];
}

bool format_verb_valid(const char *text)
{
    struct verb v;
    return strlen(text) < sizeof(((struct format *)NULL)->verb) && parse(text, &v);
}

/* ---- laying out ---- */

static void pad(struct text *out, const struct verb *v, const char *body, size_t columns)
{
    int missing = v->width > 0 && columns < (size_t)v->width ? v->width - (int)columns : 0;
    text_printf(out, "%*s%s%*s", v->minus ? 0 : missing, "", body, v->minus ? missing : 0, "");
}

static void put_wrong(struct text *out, const struct verb *v, const char *type, const char *value)
{
    text_printf(out, "%%!%c(%s=%s)", v->letter, type, value);
}

/* ---- numbers ---- */

static const char *sign_of(const struct verb *v, bool negative)
{
    return negative ? "-" : v->plus ? "+" : v->space ? " " : "";
}

static void put_digits(struct text *out, const struct verb *v, uint64_t n, bool negative, unsigned base)
{
    static const char *const prefixes[] = {['b'] = "0b", ['o'] = "0", ['O'] = "0o", ['x'] = "0x", ['X'] = "0X"};
    char digits[72];
    size_t at = sizeof(digits) - 1;
    const char *sign = sign_of(v, negative);
    bool prefixed = v->letter == 'O' || (v->sharp && base != 10 && !(v->letter == 'o' && n == 0));
    digits[at] = 0;
    do {
        digits[--at] = (v->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[n % base];
        n /= base;
    } while (n);
    int have = (int)(sizeof(digits) - 1 - at), least = v->precision;
    if (least < 0 && v->zero && !v->minus)
        least = v->width - (int)strlen(sign);
    SCOPED(text_done) struct text body = {0};
    text_printf(&body, "%s%s", sign, prefixed ? prefixes[(unsigned char)v->letter] : "");
    for (int i = have; i < least; i++)
        text_putc(&body, '0');
    text_put(&body, digits + at);
    pad(out, v, text_str(&body), body.n);
}

static void put_integer(struct text *out, const struct verb *v, uint64_t n, bool is_signed)
{
    static const struct {
        char letter;
        uint8_t base;
    } rows[] = {{'d', 10}, {'v', 10}, {'x', 16}, {'X', 16}, {'o', 8}, {'O', 8}, {'b', 2}};
    bool negative = is_signed && (int64_t)n < 0;
    uint64_t size = negative ? 0 - n : n;
    char text[32];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].letter == v->letter) {
            put_digits(out, v, size, negative, rows[i].base);
            return;
        }
    SCOPED(text_done) struct text character = {0};
    if (v->letter == 'c' || v->letter == 'q') {
        text_put(&character, v->letter == 'q' ? "'" : "");
        print_go_rune(&character, negative || n > 0x10ffff ? 0xfffd : (uint32_t)n);
        text_put(&character, v->letter == 'q' ? "'" : "");
        pad(out, v, text_str(&character), v->letter == 'q' ? 3 : 1);
    } else if (v->letter == 'U') {
        snprintf(text, sizeof(text), "U+%04" PRIX64, n);
        pad(out, v, text, strlen(text));
    } else {
        snprintf(text, sizeof(text), negative ? "-%" PRIu64 : "%" PRIu64, size);
        put_wrong(out, v, is_signed ? "int64" : "uint64", text);
    }
}

/* Without a precision: as many digits as tell the number from all others. */
static void put_shortest(struct text *out, const struct verb *v, double x, unsigned bits)
{
    char digits[32];
    int exponent = format_shortest(fabs(x), bits, digits, sizeof(digits)), most = v->letter == 'v' ? 21 : 6;
    if (exponent >= -4 && exponent < most) {
        print_go_float(out, fabs(x), bits);
        return;
    }
    text_printf(out, "%c%s%s%c%c%02d", digits[0], digits[1] ? "." : "", digits + 1, v->letter == 'G' ? 'E' : 'e',
                exponent < 0 ? '-' : '+', abs(exponent));
}

/* 0x1.8p+01: C's, with an exponent of two digits at least. */
static void put_hex(struct text *out, const struct verb *v, double x)
{
    char text[64];
    if (v->precision < 0)
        snprintf(text, sizeof(text), v->letter == 'x' ? "%a" : "%A", x);
    else
        snprintf(text, sizeof(text), v->letter == 'x' ? "%.*a" : "%.*A", v->precision < 32 ? v->precision : 32, x);
    size_t n = strcspn(text, "pP");
    int exponent = (int)strtol(text + n + 1, NULL, 10);
    text_printf(out, "%.*s%c%c%02d", (int)n, text, v->letter == 'x' ? 'p' : 'P', exponent < 0 ? '-' : '+',
                abs(exponent));
}

static void put_real(struct text *out, const struct verb *v, double x, unsigned bits)
{
    SCOPED(text_done) struct text body = {0};
    bool negative = signbit(x) && !isnan(x), finite = isfinite(x);
    int precision = v->precision < 0 ? 6 : v->precision;
    text_put(&body, sign_of(v, negative));
    if (!finite)
        text_put(&body, isnan(x) ? "NaN" : negative || v->plus ? "Inf" : "+Inf");
    else if (strchr("xX", v->letter))
        put_hex(&body, v, fabs(x));
    else if (strchr("eE", v->letter))
        text_printf(&body, v->letter == 'e' ? "%.*e" : "%.*E", precision, fabs(x));
    else if (strchr("fF", v->letter))
        text_printf(&body, "%.*f", precision, fabs(x));
    else if (v->precision >= 0)
        text_printf(&body, v->letter == 'G' ? "%.*G" : "%.*g", precision, fabs(x));
    else
        put_shortest(&body, v, x, bits);
    pad(out, v, text_str(&body), body.n);
}

void print_go_number(struct printer *p, uint64_t n, bool is_signed)
{
    struct verb v;
    if (parse(p->f->verb, &v))
        put_integer(p->out, &v, n, is_signed);
}

void print_go_real(struct printer *p, double x, unsigned bits, bool signs)
{
    struct verb v;
    SCOPED(text_done) struct text plain = {0};
    if (!parse(p->f->verb, &v))
        return;
    v.plus |= signs;
    if (strchr("eEfFgGvxX", v.letter)) {
        put_real(p->out, &v, x, bits);
        return;
    }
    print_go_float(&plain, x, bits);
    put_wrong(p->out, &v, "float64", text_str(&plain));
}

void print_go_bool(struct printer *p, bool truth)
{
    struct verb v;
    const char *text = truth ? "true" : "false";
    if (!parse(p->f->verb, &v))
        return;
    if (v.letter == 't' || v.letter == 'v')
        pad(p->out, &v, text, strlen(text));
    else
        put_wrong(p->out, &v, "bool", text);
}

/* ---- strings ---- */

/* False: the verb quotes, as a value without a verb is printed. */
bool print_go_bytes(struct printer *p, const char *bytes, size_t n)
{
    struct verb v;
    SCOPED(text_done) struct text body = {0};
    if (!parse(p->f->verb, &v) || v.letter == 'q')
        return false;
    if (v.precision >= 0 && n > (size_t)v.precision)
        n = (size_t)v.precision;
    if ((v.letter == 'x' || v.letter == 'X') && v.sharp && n)
        text_put(&body, v.letter == 'x' ? "0x" : "0X");
    if (v.letter == 'x' || v.letter == 'X')
        for (size_t i = 0; i < n; i++)
            text_printf(&body, v.letter == 'x' ? "%02x" : "%02X", (uint8_t)bytes[i]);
    else
        text_put_escaped(&body, bytes, n);
    if (strchr("svxX", v.letter))
        pad(p->out, &v, text_str(&body), body.n);
    else
        put_wrong(p->out, &v, "string", text_str(&body));
    return true;
}
