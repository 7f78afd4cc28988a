/* SPDX-License-Identifier: Apache-2.0 */
/* Text of scripts: echo and printf. */
#include "front/console/console.h"

#include <ctype.h>
#include <string.h>

enum { STRING_MAX = 1024 * 1024, WIDTH_MAX = 10000 };

/* ---- escapes ---- */

/* The character after a backslash, as C has them; *p moves behind it. */
static char take_escape(const char **p)
{
    static const char letters[] = "abefnrtv", values[] = "\a\b\033\f\n\r\t\v";
    char ch = *(*p)++;
    const char *at = strchr(letters, ch);
    if (at && ch)
        return values[at - letters];
    if (ch < '0' || ch > '7')
        return ch;
    unsigned v = (unsigned)(ch - '0');
    for (int i = 0; i < 2 && **p >= '0' && **p <= '7'; i++)
        v = v * 8 + (unsigned)(*(*p)++ - '0');
    return (char)v;
}

static struct err *run_echo(struct console *c, const char *args)
{
    for (const char *p = args; *p;) {
        if (*p == '\\' && p[1]) {
            p++;
            text_putc(&c->out, take_escape(&p));
        } else if (*p == '\\') {
            break; /* one at the end keeps the blanks before it */
        } else {
            text_putc(&c->out, *p++);
        }
    }
    return NULL;
}

/* ---- printf ---- */

/* The text between the quotes that the arguments begin with. */
static struct err *take_format(const char **args, struct text *out)
{
    const char *p = *args;
    if (!*p)
        return err_new(ERR_USAGE, "argument required (format-control string and values to print)");
    if (*p++ != '"')
        return err_new(ERR_USAGE, "bad format string");
    while (*p != '"') {
        if (!*p || (*p == '\\' && !p[1]))
            return err_new(ERR_USAGE, "bad format string, non-terminated '\"'");
        if (*p == '\\') {
            p++;
            text_putc(out, take_escape(&p));
        } else {
            text_putc(out, *p++);
        }
    }
    p++;
    *args = p + strspn(p, " \t");
    if (**args && **args != ',')
        return err_new(ERR_USAGE, "invalid argument syntax");
    return NULL;
}

/* One conversion: what stands between '%' and its letter, without length modifiers. */
struct conversion {
    char flags[8];
    int width, precision; /* -1: none */
    bool wide;            /* l, ll, z, j, t: 64 bits */
    char letter;
};

static int take_width(const char **p)
{
    int v = 0;
    for (; isdigit((unsigned char)**p); (*p)++)
        v = v < WIDTH_MAX ? v * 10 + (**p - '0') : v;
    return v > WIDTH_MAX ? WIDTH_MAX : v;
}

static struct err *take_conversion(const char **p, struct conversion *out)
{
    size_t n = 0;
    *out = (struct conversion){.width = 0, .precision = -1};
    for (; **p && strchr("-+ #0", **p); (*p)++)
        if (n + 1 < sizeof(out->flags) && !strchr(out->flags, **p))
            out->flags[n++] = **p;
    out->width = take_width(p);
    if (**p == '.') {
        ++*p;
        out->precision = take_width(p);
    }
    for (; **p && strchr("lzjtL", **p); (*p)++)
        out->wide = true;
    if (!**p || !strchr("dioxXucsfgeEGap", **p))
        return err_new(ERR_USAGE, "unrecognized format specifier '%c' in printf", **p ? **p : '%');
    out->letter = *(*p)++;
    return NULL;
}

/* The conversion for printf itself: made of checked parts only. */
static char *make_spec(const struct conversion *v, const char *length, char letter)
{
    struct text t = {0};
    text_printf(&t, "%%%s", v->flags);
    if (v->width)
        text_printf(&t, "%d", v->width);
    if (v->precision >= 0)
        text_printf(&t, ".%d", v->precision);
    text_printf(&t, "%s%c", length, letter);
    return text_take(&t);
}

/* The format is one that make_spec() made for just this type of argument. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_integer(struct text *t, const char *spec, long long v)
{
    text_printf(t, spec, v);
}
static void put_real(struct text *t, const char *spec, long double v)
{
    text_printf(t, spec, v);
}
static void put_string(struct text *t, const char *spec, const char *s)
{
    text_printf(t, spec, s);
}
#pragma GCC diagnostic pop

/* The text of a string: an array's bytes, or what a pointer points at. Heap. */
static struct err *string_of(struct console *c, const struct value *v, char **out)
{
    struct values *vs = session_values(c->session);
    const struct type *t = type_strip(v->type);
    struct bytes s = {0};
    bool ended;
    uint64_t at;
    if (t->kind == TYPE_ARRAY && t->size && t->size <= STRING_MAX) {
        char *buf = xcalloc(1, t->size + 1);
        struct err *e = value_read(vs, v, 0, buf, t->size);
        if (e) {
            free(buf);
            return e;
        }
        *out = buf;
        return NULL;
    }
    TRY(console_address_of(c, v, &at));
    if (!at) {
        *out = xstrdup("(null)");
        return NULL;
    }
    TRY(value_cstr(vs, at, STRING_MAX, &s, &ended));
    *out = xstrndup((const char *)s.p, s.n);
    return NULL;
}

static struct err *convert(struct console *c, const struct conversion *cv, const struct value *v, struct text *t)
{
    uint64_t n;
    if (cv->letter == 's') {
        SCOPED(freep) char *s = NULL;
        TRY(string_of(c, v, &s));
        SCOPED(freep) char *spec = make_spec(cv, "", 's');
        struct text raw = {0};
        put_string(&raw, spec, s);
        text_put_escaped(t, text_str(&raw), raw.n);
        text_done(&raw);
        return NULL;
    }
    if (strchr("fgeEGa", cv->letter)) {
        long double d;
        const struct type *type = type_strip(v->type);
        if (type->kind == TYPE_FLOAT) {
            TRY(value_double(session_values(c->session), v, &d));
        } else {
            TRY(console_address_of(c, v, &n));
            d = type->is_signed ? (long double)(int64_t)n : (long double)n;
        }
        SCOPED(freep) char *spec = make_spec(cv, "L", cv->letter);
        put_real(t, spec, d);
        return NULL;
    }
    TRY(console_address_of(c, v, &n));
    if (!cv->wide && cv->letter != 'p')
        n = strchr("di", cv->letter) ? (uint64_t)(int64_t)(int32_t)n : (uint32_t)n;
    if (cv->letter == 'c') {
        SCOPED(freep) char *spec = make_spec(cv, "", 's');
        put_string(t, spec, (char[]){(char)n, 0});
        return NULL;
    }
    struct conversion hex = *cv;
    if (cv->letter == 'p' && !strchr(hex.flags, '#'))
        hex.flags[strlen(hex.flags)] = '#';
    SCOPED(freep) char *spec = make_spec(cv->letter == 'p' ? &hex : cv, "ll", cv->letter == 'p' ? 'x' : cv->letter);
    put_integer(t, spec, (long long)n);
    return NULL;
}

/* The next argument's value: after a comma, up to the next outside of brackets and quotes. */
static struct err *take_value(struct console *c, const char **args, struct value *out)
{
    const char *s = *args;
    if (*s != ',')
        return err_new(ERR_USAGE, "wrong number of arguments for specified format-string");
    size_t n = args_span(s + 1, ",");
    SCOPED(freep) char *word = xstrndup(s + 1, n);
    *args = s + 1 + n;
    return console_evaluate(c, word, out);
}

static struct err *put_formatted(struct console *c, const char *format, const char *args, struct text *t)
{
    for (const char *p = format; *p;) {
        if (*p != '%' || p[1] == '%') {
            text_putc(t, *p);
            p += *p == '%' ? 2 : 1;
            continue;
        }
        struct conversion cv;
        struct value v;
        p++;
        TRY(take_conversion(&p, &cv));
        TRY(take_value(c, &args, &v));
        TRY(convert(c, &cv, &v, t));
    }
    return *args ? err_new(ERR_USAGE, "wrong number of arguments for specified format-string") : NULL;
}

static struct err *run_printf(struct console *c, const char *args)
{
    struct text format = {0};
    struct err *e = take_format(&args, &format);
    if (!e)
        e = put_formatted(c, text_str(&format), args, &c->out);
    text_done(&format);
    return e;
}

static const struct console_command rows[] = {
    {"echo", NULL, CLASS_SUPPORT, "TEXT", "Show a text, with C's escapes.",
     "No line end is added: \\n is one. A backslash at the end keeps blanks before it.", COMPLETE_NOTHING, REPEAT_NEVER,
     run_echo},
    {"printf", NULL, CLASS_DATA, "\"FORMAT\", EXPRESSION...", "Show values by a format of C.", NULL,
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_printf},
};
const struct console_table console_echo_table = {rows, ARRAY_LEN(rows)};
