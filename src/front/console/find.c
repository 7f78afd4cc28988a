/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for bytes in memory: find. */
#include "front/console/code.h"
#include "session/memory.h"

#include <inttypes.h>

struct find {
    struct console *c;
    uint64_t max, n;
    char size; /* 'b', 'h', 'w', 'g'; 0: by the value */
    taddr start, end;
    struct text want;
    struct err *stopped; /* by Ctrl-C, among what was found */
};
enum { FLUSH_AT = 4096 };

/* "/w10": a size and the most that are shown, in any order. */
static struct err *read_flags(struct find *f, const char **args)
{
    f->max = UINT64_MAX;
    if (**args != '/')
        return NULL;
    const char *p = *args + 1;
    while (*p && *p != ' ' && *p != '\t') {
        if (strchr("bhwg", *p)) {
            f->size = *p++;
        } else if (*p >= '1' && *p <= '9') {
            char *end;
            f->max = strtoull(p, &end, 10);
            p = end;
        } else {
            return err_new(ERR_USAGE, "invalid size granularity");
        }
    }
    *args = p + strspn(p, " \t");
    return NULL;
}

/* Takes one argument: to the next comma outside of quotes and brackets. Heap, the caller's; NULL: none is left. */
static char *take_argument(const char **args)
{
    const char *p = *args;
    int depth = 0;
    char quote = 0;
    if (!*p)
        return NULL;
    for (; *p && (quote || depth > 0 || *p != ','); p++) {
        if (quote && *p == '\\' && p[1])
            p++;
        else if (quote)
            quote = *p == quote ? 0 : quote;
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else
            depth += (*p == '(' || *p == '[' || *p == '{') - (*p == ')' || *p == ']' || *p == '}');
    }
    char *word = xstrndup(*args, (size_t)(p - *args));
    *args = *p ? p + 1 + strspn(p + 1, " \t") : p;
    return word;
}

static struct err *read_range(struct find *f, const char **args)
{
    SCOPED(freep) char *start = take_argument(args);
    SCOPED(freep) char *end = take_argument(args);
    uint64_t n;
    if (!start || !end)
        return err_new(ERR_USAGE, "missing search parameters");
    TRY(console_number(f->c, start, &f->start));
    TRY(console_number(f->c, *end == '+' ? end + 1 : end, &n));
    if (*end == '+') {
        if (n == 0)
            return err_new(ERR_USAGE, "empty search range");
        f->end = f->start + n < f->start ? UINT64_MAX : f->start + n;
    } else {
        if (n < f->start)
            return err_new(ERR_USAGE, "invalid search space, end precedes start");
        f->end = n == UINT64_MAX ? n : n + 1; /* the last address belongs to it */
    }
    return NULL;
}

/* An integer has the size that was asked for. */
static struct err *add_value(struct find *f, const char *word)
{
    enum { MOST = 1 << 16 };
    static const char letters[] = "bhwg";
    struct values *vs = session_values(f->c->session);
    struct value v;
    uint64_t number;
    TRY(console_evaluate(f->c, word, &v));
    const struct type *t = type_strip(v.type);
    uint64_t size = t->size;
    if (f->size && (t->kind == TYPE_INT || t->kind == TYPE_CHAR || t->kind == TYPE_BOOL || t->kind == TYPE_ENUM)) {
        TRY(value_int(vs, &v, &number));
        text_putn(&f->want, (const char *)&number, (size_t)1 << (strchr(letters, f->size) - letters));
        return NULL;
    }
    if (size == 0 || size > MOST)
        return err_new(ERR_USAGE, "%s is no value to look for", word);
    SCOPED(freep) char *bytes = xmalloc((size_t)size);
    TRY(value_read(vs, &v, 0, bytes, (size_t)size));
    text_putn(&f->want, bytes, (size_t)size);
    return NULL;
}

static bool put_found(void *arg, taddr at)
{
    struct find *f = arg;
    text_printf(&f->c->out, "0x%" PRIx64, at);
    console_put_symbol(f->c, at);
    text_putc(&f->c->out, '\n');
    f->n++;
    if (f->c->out.n > FLUSH_AT)
        f->stopped = console_flush(f->c);
    return !f->stopped && f->n < f->max;
}

static struct err *search(struct find *f, const char *args)
{
    uint64_t skipped = 0;
    char *word;
    TRY(read_flags(f, &args));
    TRY(read_range(f, &args));
    while ((word = take_argument(&args))) {
        struct err *e = add_value(f, word);
        free(word);
        TRY(e);
    }
    if (!f->want.n)
        return err_new(ERR_USAGE, "missing search pattern");
    if (f->end - f->start < f->want.n)
        return err_new(ERR_USAGE, "search space too small to contain pattern");
    TRY(session_search(f->c->session, f->start, f->end, f->want.p, f->want.n, put_found, f, &skipped));
    if (f->stopped)
        return f->stopped;
    if (f->n)
        text_printf(&f->c->out, "%" PRIu64 " pattern%s found.\n", f->n, f->n == 1 ? "" : "s");
    else
        text_put(&f->c->out, "Pattern not found.\n");
    if (skipped) {
        text_put(&f->c->out, "(");
        put_size(&f->c->out, skipped);
        text_put(&f->c->out, " of the range could not be read.)\n");
    }
    return NULL;
}

static struct err *run_find(struct console *c, const char *args)
{
    const struct image *im;
    struct find f = {.c = c};
    TRY(console_target(c, &im));
    struct err *e = search(&f, args);
    text_done(&f.want);
    return e;
}

static const struct console_command rows[] = {
    {"find", NULL, CLASS_DATA, "[/SIZE-CHAR] [/MAX-COUNT] START, END | +LENGTH, VALUE...", "Look for bytes in memory.",
     "The values follow each other in memory: numbers of their types' sizes, or of 1, 2, 4 or 8 bytes with /b, /h, /w, "
     "/g; \"strings\" with their NUL, as in gdb. What is not mapped is left out.",
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_find},
};
const struct console_table console_find_table = {rows, ARRAY_LEN(rows)};
