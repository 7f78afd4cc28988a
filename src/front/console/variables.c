/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and locals: in a frame's line, info args, info locals, bt full. */
#include "front/console/variables.h"

#include <regex.h>
#include <string.h>

enum { BYTES_COMPARED = 64 };

/* ---- in a frame's line ---- */

/* Is a value one that "scalars" shows? */
static bool is_scalar(const struct value *v)
{
    const struct type *t = type_strip(v->type);
    enum go_kind kind = GO_INVALID;
    if (type_is_go(t))
        type_go(v->type, &kind);
    if (kind == GO_STRING || t->foreign) /* of those only scalars are shown whole */
        return true;
    if (t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE)
        t = t->target ? type_strip(t->target) : t;
    return !type_is_record(t) && t->kind != TYPE_ARRAY;
}

static void put_argument_value(struct console *c, struct values *vs, const struct value *v)
{
    unsigned how = c->set.frame_arguments;
    if (how == ARGUMENTS_NONE || (how == ARGUMENTS_SCALARS && !is_scalar(v)))
        text_put(&c->out, "...");
    else
        format_scalar(vs, v, &c->set.print, &c->out);
}

/* Do two values of one type have the same bytes, as far as both are there? */
static bool same_value(struct values *vs, const struct value *a, const struct value *b)
{
    uint8_t x[BYTES_COMPARED], y[BYTES_COMPARED];
    size_t n = a->type->size;
    if (!n || n > sizeof(x))
        return false;
    struct err *e = value_read(vs, a, 0, x, n);
    if (!e)
        e = value_read(vs, b, 0, y, n);
    bool same = !e && memcmp(x, y, n) == 0;
    err_free(e);
    return same;
}

/* "x=1", "x=x@entry=1", "x=2, x@entry=1": gdb's way with values on entry. */
static void put_argument(struct console *c, const struct vframe *f, const struct variable *v)
{
    struct values *vs = session_values(c->session);
    struct value now, entry;
    struct err *e = session_variable(c->session, f, v, &now);
    bool known = !e && c->set.entry_values != ENTRY_NO;
    if (known) {
        struct err *lost = scope_entry_value(f, v, &entry);
        known = !lost;
        err_free(lost); /* most arguments have none */
    }
    put_coloured(&c->out, &c->screen, COLOUR_CYAN, v->name);
    text_putc(&c->out, '=');
    bool same = known && same_value(vs, &now, &entry);
    if (same) {
        put_coloured(&c->out, &c->screen, COLOUR_CYAN, v->name);
        text_put(&c->out, "@entry=");
    }
    if (e) {
        text_put(&c->out, "<error reading variable: ");
        put_err(&c->out, e);
        text_putc(&c->out, '>');
        err_free(e);
        return;
    }
    put_argument_value(c, vs, &now);
    if (known && !same) {
        text_put(&c->out, ", ");
        put_coloured(&c->out, &c->screen, COLOUR_CYAN, v->name);
        text_put(&c->out, "@entry=");
        put_argument_value(c, vs, &entry);
    }
}

void variables_put_arguments(struct console *c, const struct sstack *st, size_t index)
{
    const struct vframe *f;
    struct variables vars;
    struct err *e = console_frame_at(c, st, index, &f);
    bool framed = !e;
    if (framed)
        e = session_variables(c->session, f, &vars);
    if (e) {
        err_free(e); /* without debug information a runtime may know the words at least */
        if (framed)
            session_argument_words(c->session, f, &c->out);
        return;
    }
    bool any = false;
    for (size_t i = 0; i < vars.n; i++) {
        if (!vars.v[i].argument || !vars.v[i].name)
            continue;
        if (c->set.frame_arguments == ARGUMENTS_PRESENCE) {
            text_put(&c->out, "...");
            return;
        }
        text_put(&c->out, any ? ", " : "");
        put_argument(c, f, &vars.v[i]);
        any = true;
    }
}

/* ---- one a line ---- */

struct listing {
    bool arguments;
    const char *indent;
    const regex_t *names; /* NULL: all */
};

/* The text since `from`, with every line after the first further in. */
static void indent_lines(struct text *t, size_t from, const char *indent)
{
    if (!*indent || t->n == from || !memchr(t->p + from, '\n', t->n - from))
        return;
    SCOPED(freep) char *s = xstrndup(t->p + from, t->n - from);
    t->n = from;
    for (const char *p = s; *p;) {
        size_t n = strcspn(p, "\n");
        text_putn(t, p, n);
        p += n;
        if (*p) {
            text_printf(t, "\n%s", indent);
            p++;
        }
    }
}

static void put_variable(struct console *c, const struct vframe *f, const struct variable *v, const char *indent)
{
    struct values *vs = session_values(c->session);
    struct value value;
    size_t line = c->out.n;
    text_put(&c->out, indent);
    put_coloured(&c->out, &c->screen, COLOUR_CYAN, v->name);
    text_put(&c->out, " = ");
    struct err *e = session_variable(c->session, f, v, &value);
    size_t from = c->out.n;
    if (e) {
        text_printf(&c->out, "<error reading variable %s (", v->name);
        put_err(&c->out, e);
        text_put(&c->out, ")>");
    } else {
        format_variable(vs, &value, &c->set.print, &c->out);
    }
    indent_lines(&c->out, from, indent);
    console_wrap_value(c, line, strlen(indent));
    text_putc(&c->out, '\n');
    err_free(e);
}

static struct err *put_variables(struct console *c, const struct vframe *f, const struct listing *how, bool *any)
{
    struct variables vars;
    TRY(session_variables(c->session, f, &vars));
    *any = false;
    for (size_t i = 0; i < vars.n; i++) {
        const struct variable *v = &vars.v[i];
        if (v->argument != how->arguments || !v->name)
            continue;
        if (how->names && regexec(how->names, v->name, 0, NULL, 0) != 0)
            continue;
        *any = true;
        put_variable(c, f, v, how->indent);
        TRY(console_flush(c));
    }
    return NULL;
}

struct err *variables_put_full(struct console *c, const struct sstack *st, size_t index)
{
    const struct vframe *f;
    bool any;
    struct listing how = {.indent = "        "};
    if (st->frames[index].kind == FRAME_SIGNAL)
        return text_put(&c->out, "No locals.\n"), NULL;
    struct err *e = console_frame_at(c, st, index, &f);
    if (!e)
        e = put_variables(c, f, &how, &any);
    if (e && e->code == ERR_NO_DATA)
        text_put(&c->out, "No symbol table info available.\n");
    else if (e)
        return e;
    else if (!any)
        text_put(&c->out, "No locals.\n");
    err_free(e);
    return NULL;
}

struct err *variables_put_all(struct console *c, const struct sstack *st, size_t index, const char *indent)
{
    const struct vframe *f;
    bool any;
    if (st->frames[index].kind == FRAME_SIGNAL)
        return NULL;
    struct err *e = console_frame_at(c, st, index, &f);
    for (int arguments = 1; !e && arguments >= 0; arguments--) {
        struct listing how = {.arguments = arguments, .indent = indent};
        e = put_variables(c, f, &how, &any);
    }
    if (!e || e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* no debug information: nothing is known */
    return NULL;
}

/* ---- commands ---- */

static struct err *info_variables(struct console *c, const char *args, bool arguments)
{
    const struct vframe *f;
    TRY(console_frame(c, &f));
    while (args_word(&args, "-q") || args_word(&args, "-v")) /* Delve's -v: they are whole anyway */
        ;
    struct listing how = {.arguments = arguments, .indent = ""};
    regex_t re;
    if (*args) {
        TRY(console_regex(args, &re));
        how.names = &re;
    }
    bool any;
    struct err *e = put_variables(c, f, &how, &any);
    if (e && e->code == ERR_NO_DATA) {
        err_free(e);
        text_put(&c->out, "No symbol table info available.\n");
        e = NULL;
    } else if (!e && !any) {
        text_printf(&c->out, "No %s%s.\n", how.names ? "matching " : "", arguments ? "arguments" : "locals");
    }
    if (how.names)
        regfree(&re);
    return e;
}

static struct err *run_info_locals(struct console *c, const char *args)
{
    return info_variables(c, args, false);
}

static struct err *run_info_args(struct console *c, const char *args)
{
    return info_variables(c, args, true);
}

static const struct console_command rows[] = {
    {"info locals", "locals", CLASS_STATUS, "[-v] [REGEXP]", "Show the local variables of the selected frame.",
     "The innermost block's come first.", COMPLETE_NOTHING, REPEAT_SAME, run_info_locals},
    {"info args", "args", CLASS_STATUS, "[-v] [REGEXP]", "Show the arguments of the selected frame.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_info_args},
};
const struct console_table console_variable_table = {rows, ARRAY_LEN(rows)};
