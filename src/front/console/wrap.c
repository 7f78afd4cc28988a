/* SPDX-License-Identifier: Apache-2.0 */
/* Long lines, broken for the terminal where gdb breaks them. */
#include "front/console/console.h"

#include <string.h>

/* What a place in a line stands in. */
struct inside {
    char quote;     /* the one that is open; 0: none */
    unsigned depth; /* of braces */
};

/* The indent of a line that may begin with p[0]; 0: none may. At least two characters stand before it. */
typedef size_t may_begin(const struct inside *in, const char *p);

/* What begins no line of its own, of a line's parts: up to `p` is done. */
static void step(struct inside *in, const char **p)
{
    char c = **p;
    if (in->quote && c == '\\' && (*p)[1])
        ++*p;
    else if (c == '\n')
        in->quote = 0;
    else if (in->quote)
        in->quote = c == in->quote ? 0 : in->quote;
    else if (c == '"' || c == '\'')
        in->quote = c;
    else if (c == '{')
        in->depth++;
    else if (c == '}' && in->depth)
        in->depth--;
    ++*p;
}

static bool follows_comma(const char *p)
{
    return p[-1] == ' ' && p[-2] == ',';
}

static size_t frame_may_begin(const struct inside *in, const char *p)
{
    bool word = p[-1] == ' ' && (begins_with(p, "at ") || begins_with(p, "from "));
    bool arguments = p[-1] == '(' && p[-2] == ' ';
    return !in->quote && (word || arguments || follows_comma(p)) ? 4 : 0;
}

static size_t value_may_begin(const struct inside *in, const char *p)
{
    return !in->quote && (p[-1] == '{' || follows_comma(p)) ? (size_t)2 * in->depth : 0;
}

/* Columns of the text from `p` to `end`, without what only colours it. */
static size_t columns(const char *p, const char *end)
{
    size_t n = 0;
    for (; p < end; p++) {
        if (*p == '\033')
            p += strcspn(p, "m");
        else
            n += ((unsigned char)*p & 0xc0) != 0x80;
    }
    return n;
}

static void wrap(struct console *c, size_t from, size_t indent, may_begin *may)
{
    struct text *t = &c->out;
    size_t width = c->set.width;
    if (!c->screen.terminal || !width || t->n == from)
        return;
    const char *before = from ? memrchr(t->p, '\n', from) : NULL;
    size_t start = before ? (size_t)(before - t->p) + 1 : 0; /* of the line, which what stands before began */
    if (t->n - start < width)
        return;
    SCOPED(freep) char *line = xstrndup(t->p + from, t->n - from);
    struct inside in = {0};
    size_t column = columns(t->p + start, t->p + from) % width;
    size_t next_indent = 0; /* of the piece that comes; 0: it cannot begin a line */
    t->n = from;
    for (const char *p = line; *p;) {
        const char *piece = p;
        size_t begins = 0;
        while (*p && *p != '\n' && !begins) {
            step(&in, &p);
            begins = *p && p - line >= 2 ? may(&in, p) : 0;
        }
        size_t n = columns(piece, p);
        if (next_indent && column + n >= width) {
            while (t->n > from && t->p[t->n - 1] == ' ')
                t->n--;
            column = indent + next_indent;
            text_printf(t, "\n%*s", (int)column, "");
        }
        text_putn(t, piece, (size_t)(p - piece));
        column += n;
        column -= column > width ? column / width * width : 0; /* what is too long the terminal has broken itself */
        next_indent = begins;
        if (*p == '\n') {
            step(&in, &p);
            text_putc(t, '\n');
            column = 0;
        }
    }
}

void console_wrap_frame(struct console *c, size_t from)
{
    wrap(c, from, 0, frame_may_begin);
}

void console_wrap_value(struct console *c, size_t from, size_t indent)
{
    wrap(c, from, indent, value_may_begin);
}
