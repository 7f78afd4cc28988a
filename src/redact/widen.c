/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions for text of wider units, made from those for bytes (syntax: PCRE2's pcre2pattern(3)). */
#include "redact/priv.h"

#include <ctype.h>

struct widening {
    const char *at;
    unsigned width;
    struct text *out;
};

/* ---- atoms ---- */

void exact_regex(const char *bytes, size_t n, struct text *out)
{
    for (size_t i = 0; i < n; i++)
        text_printf(out, "\\x%02x", (unsigned)(uint8_t)bytes[i]);
}

static void put_code(struct text *out, uint32_t code, unsigned width)
{
    text_putn(out, (const char *)&code, width); /* hosts are little-endian, as targets are */
}

/* UTF-16's pairs stand for what has no 16 bits. */
static void put_character(struct text *out, uint32_t code, unsigned width)
{
    if (width == 2 && code > 0xffff) {
        put_code(out, 0xd800 + ((code - 0x10000) >> 10), width);
        put_code(out, 0xdc00 + ((code - 0x10000) & 0x3ff), width);
    } else {
        put_code(out, code, width);
    }
}

static void put_zero_bytes(struct text *out, unsigned n)
{
    while (n-- > 0)
        text_put(out, "\\x00");
}

/* An atom that matches a byte. `open`: one that says what must not stand there, so that what has no such byte fits, too. */
static void put_atom(struct widening *z, const char *atom, size_t n, bool open)
{
    text_put(z->out, "(?:");
    text_putn(z->out, atom, n);
    put_zero_bytes(z->out, z->width - 1);
    if (open) {
        text_put(z->out, "|[\\x00-\\xff][\\x01-\\xff]");
        put_zero_bytes(z->out, z->width - 2);
    }
    if (open && z->width == 4)
        text_put(z->out, "|[\\x00-\\xff]{2}[\\x01-\\x10]\\x00");
    text_putc(z->out, ')');
}

static uint32_t decode(const char *s, size_t n)
{
    uint32_t code = (uint8_t)*s;

    if (n > 1)
        code &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((uint8_t)s[i] & 0x3f);
    return code;
}

/* Bytes that the first character takes. */
static size_t first_length(const char *s, size_t n, unsigned width)
{
    size_t len = width == 1 ? 0 : utf8_sequence(s, n);

    return len ? len : 1;
}

void widen_text(const char *text, size_t n, unsigned width, struct text *out)
{
    for (size_t at = 0, len; at < n; at += len) {
        len = first_length(text + at, n - at, width);
        put_character(out, decode(text + at, len), width);
    }
}

/* Each character by itself: a count may follow the last one. */
static void put_exactly(struct widening *z, const char *s, size_t n)
{
    SCOPED(text_done) struct text wide = {0};

    for (size_t at = 0, len; at < n; at += len) {
        len = first_length(s + at, n - at, z->width);
        text_clear(&wide);
        widen_text(s + at, len, z->width, &wide);
        text_put(z->out, "(?:");
        exact_regex(wide.p, wide.n, z->out);
        text_putc(z->out, ')');
    }
}

/* ---- the syntax around them ---- */

static struct err *class_end(const char *at, const char **end)
{
    const char *p = at + 1;

    p += *p == '^';
    p += *p == ']'; /* the first is one of the class */
    for (; *p && *p != ']'; p++) {
        if (*p & 0x80)
            return err_new(ERR_USAGE, "brackets can have characters of ASCII only, for others use a|b");
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '[' && (p[1] == ':' || p[1] == '=' || p[1] == '.')) {
            char close[] = {p[1], ']', '\0'};
            const char *inner = strstr(p + 2, close);
            p = inner ? inner + 1 : p;
        }
    }
    *end = *p ? p + 1 : p;
    return NULL;
}

static struct err *widen_class(struct widening *z)
{
    const char *end;

    TRY(class_end(z->at, &end));
    put_atom(z, z->at, (size_t)(end - z->at), z->at[1] == '^');
    z->at = end;
    return NULL;
}

/* \Q...\E: as it stands. */
static void widen_quoted(struct widening *z)
{
    const char *start = z->at + 2, *end = strstr(start, "\\E");

    put_exactly(z, start, end ? (size_t)(end - start) : strlen(start));
    z->at = end ? end + 2 : start + strlen(start);
}

static size_t escape_length(const char *at)
{
    size_t n = 2;

    if (at[1] == 'x' && at[2] == '{') {
        const char *close = strchr(at, '}');
        return close ? (size_t)(close - at) + 1 : strlen(at);
    }
    if (at[1] == 'x')
        while (n < 4 && isxdigit((unsigned char)at[n]))
            n++;
    if (at[1] == 'c' && at[2])
        n++;
    if (isdigit((unsigned char)at[1]))
        while (n < 4 && isdigit((unsigned char)at[n]))
            n++;
    return n;
}

static void widen_escape(struct widening *z)
{
    char c = z->at[1];

    if (c == 'Q') {
        widen_quoted(z);
        return;
    }
    size_t n = c ? escape_length(z->at) : 1;
    if (!c || !strchr("bB", c)) /* at the edge of wide characters there is always a zero: words cannot be told */
        put_atom(z, z->at, n, c && strchr("DSWNHV", c));
    z->at += n;
}

/* "(?:", "(?i)", and what the engine will refuse: up to where what is grouped begins. */
static void copy_open(struct widening *z)
{
    size_t n = 1;

    if (z->at[1] == '?') {
        n += 1 + strspn(z->at + 2, "imsx-");
        n += z->at[n] != '\0' && strchr(":)=!<>|", z->at[n]);
    }
    text_putn(z->out, z->at, n);
    z->at += n;
}

/* "{2,5}"; 0: it is a brace like any other. */
static size_t count_length(const char *at)
{
    size_t n = 1, digits = strspn(at + 1, "0123456789");

    n += digits;
    if (at[n] == ',')
        n += 1 + strspn(at + n + 1, "0123456789");
    return digits && at[n] == '}' ? n + 1 : 0;
}

static struct err *widen_next(struct widening *z)
{
    size_t count = *z->at == '{' ? count_length(z->at) : 0;

    if (*z->at == '\\') {
        widen_escape(z);
    } else if (*z->at == '[') {
        return widen_class(z);
    } else if (*z->at == '(') {
        copy_open(z);
    } else if (*z->at == '.') {
        put_atom(z, z->at++, 1, true);
    } else if (count || strchr(")|*+?^$", *z->at)) {
        text_putn(z->out, z->at, count ? count : 1);
        z->at += count ? count : 1;
    } else if (isalnum((unsigned char)*z->at)) { /* may be of either case */
        put_atom(z, z->at++, 1, false);
    } else {
        size_t n = first_length(z->at, strlen(z->at), z->width);
        put_exactly(z, z->at, n);
        z->at += n;
    }
    return NULL;
}

struct err *widen_regex(const char *regex, unsigned width, struct text *out)
{
    struct widening z = {.at = regex, .width = width, .out = out};

    while (*z.at)
        TRY(widen_next(&z));
    return NULL;
}
