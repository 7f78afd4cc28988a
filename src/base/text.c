/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <string.h>

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

/* Room for n more bytes and the NUL. */
static char *text_room(struct text *t, size_t n)
{
    if (t->cap - t->n <= n) {
        size_t cap = t->cap ? t->cap : 64;
        while (cap - t->n <= n)
            cap *= 2;
        t->p = xrealloc_array(t->p, cap, 1);
        t->cap = cap;
    }
    return t->p + t->n;
}

void text_putn(struct text *t, const char *s, size_t n)
{
    char *at = text_room(t, n);

    memcpy(at, s, n);
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

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0) {
        vsnprintf(text_room(t, (size_t)n), (size_t)n + 1, fmt, again);
        t->n += (size_t)n;
    }
    va_end(again);
}

void text_put_escaped(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t len = utf8_valid(s + i, n - i);

        /* C1 controls (U+0080..U+009F) move cursors in some terminals just as C0 ones do. */
        bool c1 = len == 2 && c == 0xc2 && (unsigned char)s[i + 1] < 0xa0;
        if (len > 1 && !c1) {
            text_putn(t, s + i, len);
            i += len;
            continue;
        }
        if (c == '\n')
            text_put(t, "\\n");
        else if (c == '\t')
            text_put(t, "\\t");
        else if (c >= 0x20 && c < 0x7f)
            text_putc(t, (char)c);
        else
            text_printf(t, "\\x%02x", c);
        i++;
    }
}

const char *text_str(const struct text *t)
{
    return t->p ? t->p : "";
}

char *text_take(struct text *t)
{
    char *p = t->p ? t->p : xstrdup("");

    *t = (struct text){0};
    return p;
}
