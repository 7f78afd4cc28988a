/* SPDX-License-Identifier: Apache-2.0 */
/* Constants in generic arguments and array lengths of v0 names. */
#include "module/demangle_v0.h"

#include "module/punycode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct hex {
    const char *p;
    size_t n;
};

/* Hexadecimal digits up to "_", without leading zeros. */
static struct hex hex_digits(struct v0 *d)
{
    struct hex h = {d->p + d->at, 0};
    for (char c = v0_next(d); c != '_'; c = v0_next(d)) {
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            v0_fail(d);
            return (struct hex){"", 0};
        }
        h.n++;
    }
    return h;
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static uint64_t hex_number(struct hex h)
{
    uint64_t v = 0;
    for (size_t i = 0; i < h.n; i++)
        v = v << 4 | hex_value(h.p[i]);
    return v;
}

static void const_integer(struct v0 *d, bool is_signed)
{
    if (is_signed && v0_eat(d, 'n'))
        v0_put(d, "-");
    struct hex h = hex_digits(d);
    if (h.n <= 16) {
        v0_put_number(d, hex_number(h));
    } else {
        v0_put(d, "0x");
        v0_putn(d, h.p, h.n);
    }
}

static void const_bool(struct v0 *d)
{
    struct hex h = hex_digits(d);
    uint64_t v = hex_number(h);
    if (h.n > 1 || v > 1)
        v0_fail(d);
    v0_put(d, v ? "true" : "false");
}

static void put_quoted_char(struct v0 *d, uint32_t c, char quote)
{
    char b[16];
    if (c == (unsigned char)quote || c == '\\') {
        b[0] = '\\';
        b[1] = (char)c;
        v0_putn(d, b, 2);
    } else if (c == '\n' || c == '\t' || c == '\r') {
        v0_put(d, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
    } else if (utf8_is_printable(c)) {
        v0_put_char(d, c);
    } else {
        snprintf(b, sizeof(b), "\\u{%" PRIx32 "}", c);
        v0_put(d, b);
    }
}

static void const_char(struct v0 *d)
{
    struct hex h = hex_digits(d);
    if (h.n > 6) {
        v0_fail(d);
        return;
    }
    v0_put(d, "'");
    put_quoted_char(d, (uint32_t)hex_number(h), '\'');
    v0_put(d, "'");
}

/* The bytes of a string, which is UTF-8. */
static void const_string(struct v0 *d)
{
    struct hex h = hex_digits(d);
    if (h.n % 2) {
        v0_fail(d);
        return;
    }
    v0_put(d, "\"");
    for (size_t i = 0; i < h.n; i += 2) {
        char byte = (char)(hex_value(h.p[i]) << 4 | hex_value(h.p[i + 1]));
        if (byte & 0x80)
            v0_putn(d, &byte, 1);
        else
            put_quoted_char(d, (uint32_t)byte, '"');
    }
    v0_put(d, "\"");
}

static unsigned const_list(struct v0 *d, const char *open, const char *close)
{
    unsigned n = 0;
    v0_put(d, open);
    for (; !d->failed && !v0_eat(d, 'E'); n++) {
        if (n)
            v0_put(d, ", ");
        v0_constant(d, true);
    }
    v0_put(d, close);
    return n;
}

static void const_fields(struct v0 *d)
{
    v0_put(d, " { ");
    for (unsigned i = 0; !d->failed && !v0_eat(d, 'E'); i++) {
        if (i)
            v0_put(d, ", ");
        (void)v0_opt_base62(d, 's');
        v0_put_ident(d, v0_identifier(d));
        v0_put(d, ": ");
        v0_constant(d, true);
    }
    v0_put(d, " }");
}

static void const_tuple(struct v0 *d)
{
    v0_put(d, "(");
    v0_put(d, const_list(d, "", "") == 1 ? ",)" : ")");
}

static void const_variant(struct v0 *d)
{
    v0_path(d, true);
    switch (v0_next(d)) {
    case 'U':
        break;
    case 'T':
        (void)const_list(d, "(", ")");
        break;
    case 'S':
        const_fields(d);
        break;
    default:
        v0_fail(d);
    }
}

static void const_compound(struct v0 *d, char tag)
{
    switch (tag) {
    case 'e':
        v0_put(d, "*");
        const_string(d);
        break;
    case 'R':
    case 'Q':
        v0_put(d, tag == 'R' ? "&" : "&mut ");
        v0_constant(d, true);
        break;
    case 'A':
        (void)const_list(d, "[", "]");
        break;
    case 'T':
        const_tuple(d);
        break;
    case 'V':
        const_variant(d);
        break;
    default:
        v0_fail(d);
    }
}

/* True when the tag was that of a plain value. */
static bool const_plain(struct v0 *d, char tag, bool in_value)
{
    size_t resume;
    if (tag == 'p')
        v0_put(d, "_");
    else if (tag && strchr("htmyoj", tag))
        const_integer(d, false);
    else if (tag && strchr("aslxni", tag))
        const_integer(d, true);
    else if (tag == 'b')
        const_bool(d);
    else if (tag == 'c')
        const_char(d);
    else if (tag == 'R' && v0_eat(d, 'e'))
        const_string(d);
    else if (tag != 'B')
        return false;
    else if (v0_back_enter(d, &resume)) {
        v0_constant(d, in_value);
        v0_back_return(d, resume);
    }
    return true;
}

/* Outside of an expression a compound value stands in braces. */
void v0_constant(struct v0 *d, bool in_value)
{
    if (!v0_enter(d))
        return;
    char tag = v0_next(d);
    if (!const_plain(d, tag, in_value)) {
        v0_put(d, in_value ? "" : "{");
        const_compound(d, tag);
        v0_put(d, in_value ? "" : "}");
    }
    v0_leave(d);
}
