/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Room for n more bytes and the NUL. */
static void reserve(struct text *t, size_t n)
{
    size_t want;
    if (__builtin_add_overflow(t->n, n, &want) || __builtin_add_overflow(want, 1, &want))
        mem_exhausted();
    if (!t->p || want > t->cap)
        t->p = vec_grow_(t->p, &t->cap, want, 1);
}

void text_done(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

void text_clear(struct text *t)
{
    t->n = 0;
    if (t->p)
        t->p[0] = '\0';
}

void text_putn(struct text *t, const char *s, size_t n)
{
    reserve(t, n);
    if (n) /* nothing may be nowhere */
        memcpy(t->p + t->n, s, n);
    t->n += n;
    t->p[t->n] = '\0';
}

void text_put(struct text *t, const char *s)
{
    text_putn(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
    text_putn(t, &c, 1);
}

void text_put_i64(struct text *t, int64_t v)
{
    char digits[20]; /* of 2^63, and a sign */
    size_t at = sizeof(digits);
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do
        digits[--at] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        digits[--at] = '-';
    text_putn(t, digits + at, sizeof(digits) - at);
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    size_t room = t->p ? t->cap - t->n : 0;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(room ? t->p + t->n : NULL, room, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();
    if ((size_t)n >= room) {
        reserve(t, (size_t)n);
        vsnprintf(t->p + t->n, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    t->n += (size_t)n;
}

/* The length of a sequence by its first byte, and the range of the second (Unicode 15, table 3-7):
 * that range is what excludes overlong forms, surrogates and everything above U+10FFFF. */
static size_t utf8_shape(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t utf8_sequence(const char *s, size_t n)
{
    const uint8_t *b = (const uint8_t *)s;
    uint8_t low, high;
    size_t len = n ? utf8_shape(b[0], &low, &high) : 0;
    if (len <= 1)
        return len;
    if (len > n || b[1] < low || b[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (b[i] < 0x80 || b[i] > 0xbf)
            return 0;
    }
    return len;
}

bool utf8_is_control(const char *s, size_t len)
{
    const uint8_t *b = (const uint8_t *)s;
    if (len == 1)
        return b[0] < 0x20 || b[0] == 0x7f;
    return len == 2 && b[0] == 0xc2 && b[1] < 0xa0;
}

void text_put_escaped(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = utf8_sequence(s + i, n - i);
        if (len && !utf8_is_control(s + i, len)) {
            text_putn(t, s + i, len);
            i += len;
            continue;
        }
        /* Byte by byte: the second half of a C1 control is no valid start, so it comes here again. */
        if (s[i] == '\n')
            text_put(t, "\\n");
        else if (s[i] == '\t')
            text_put(t, "\\t");
        else
            text_printf(t, "\\x%02x", (uint8_t)s[i]);
        i++;
    }
}

const char *text_str(const struct text *t)
{
    return t->p ? t->p : "";
}

char *text_take(struct text *t)
{
    char *s = t->p ? t->p : xstrdup("");
    *t = (struct text){0};
    return s;
}
