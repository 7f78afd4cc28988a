/* SPDX-License-Identifier: Apache-2.0 */
/* The user's own commands: define, document, show user. */
#include "front/console/script.h"

#include <ctype.h>
#include <string.h>

static struct console_macro *find_macro(struct console *c, const char *name)
{
    for (size_t i = 0; i < c->macros.n; i++)
        if (strcmp(c->macros.v[i].name, name) == 0)
            return &c->macros.v[i];
    return NULL;
}

static bool is_name(const char *s)
{
    bool ok = isalpha((unsigned char)*s) || *s == '_';
    for (; ok && *s; s++)
        ok = isalnum((unsigned char)*s) || *s == '_' || *s == '-' || *s == '.';
    return ok;
}

static struct err *check_name(const char *s)
{
    return is_name(s) ? NULL
                      : err_new(ERR_USAGE, "a name of letters, digits, '-', '_' and '.' is needed, not \"%s\"", s);
}

struct err *console_macro_named(struct console *c, const char *name, struct console_macro **out)
{
    TRY(check_name(name));
    struct console_macro *m = find_macro(c, name);
    if (!m) {
        m = vec_push(&c->macros);
        m->name = xstrdup(name);
    }
    *out = m;
    return NULL;
}

static struct err *run_define(struct console *c, const char *args)
{
    struct body b = {0};
    TRY(check_name(args));
    if (c->interactive)
        console_warn(c, "Type commands for definition of \"%s\".\nEnd with a line saying just \"end\".\n", args);
    struct err *e = body_read(c, false, &b);
    if (e) {
        body_done(&b);
        return e;
    }
    struct console_macro *m;
    IGNORE_ERR(console_macro_named(c, args, &m)); /* the name was checked */
    body_done(&m->lines);
    m->lines = b;
    m->of_script = false;
    return NULL;
}

static struct err *run_document(struct console *c, const char *args)
{
    if (!find_macro(c, args))
        return err_new(ERR_NOT_FOUND, "undefined command: \"%s\"", args);
    SCOPED(body_done) struct body b = {0};
    if (c->interactive)
        console_warn(c, "Type documentation for \"%s\".\nEnd with a line saying just \"end\".\n", args);
    TRY(body_read(c, true, &b));
    struct text t = {0};
    for (size_t i = 0; i < b.n; i++)
        text_printf(&t, "%s%s", i ? "\n" : "", b.v[i]);
    struct console_macro *m = find_macro(c, args);
    free(m->help);
    m->help = text_take(&t);
    return NULL;
}

static struct err *run_show_user(struct console *c, const char *args)
{
    for (size_t i = 0; i < c->macros.n; i++) {
        const struct console_macro *m = &c->macros.v[i];
        if (*args && strcmp(args, m->name) != 0)
            continue;
        text_printf(&c->out, "User command \"%s\":\n", m->name);
        for (size_t k = 0; k < m->lines.n; k++) {
            text_put(&c->out, "  ");
            put_safe(&c->out, m->lines.v[k]);
            text_putc(&c->out, '\n');
        }
        text_putc(&c->out, '\n');
    }
    return NULL;
}

/* ---- arguments ---- */

/* A line with $argc, $arg0, ... and $arg* replaced. */
static char *substitute(const char *line, const char *whole, const struct body *given)
{
    struct text t = {0};
    for (const char *p = line; *p;) {
        bool argument = begins_with(p, "$arg");
        if (argument && p[4] == '*') {
            text_put(&t, whole);
            p += 5;
        } else if (argument && p[4] == 'c' && !isalnum((unsigned char)p[5]) && p[5] != '_') {
            text_printf(&t, "%zu", given->n);
            p += 5;
        } else if (argument && isdigit((unsigned char)p[4])) {
            char *end;
            size_t i = strtoul(p + 4, &end, 10);
            if (i < given->n)
                text_put(&t, given->v[i]);
            else
                text_putn(&t, p, (size_t)(end - p));
            p = end;
        } else {
            text_putc(&t, *p++);
        }
    }
    return text_take(&t);
}

struct err *console_run_macro(struct console *c, const struct console_macro *m, const char *args)
{
    if (m->of_script)
        return console_run_script_command(c, m->name, args);
    SCOPED(body_done) struct body given = {0};
    SCOPED(body_done) struct body lines = {0}; /* own copies: the macro may define itself anew */
    for (const char *p = args; *p;) {
        size_t n = args_span(p, " \t\n\v\f\r");
        *vec_push(&given) = xstrndup(p, n);
        p += n + strspn(p + n, " \t");
    }
    for (size_t i = 0; i < m->lines.n; i++)
        *vec_push(&lines) = substitute(m->lines.v[i], args, &given);
    return body_run(c, lines.v, lines.n);
}

static const struct console_command rows[] = {
    {"define", NULL, CLASS_SUPPORT, "NAME", "Make a command of the lines that follow, up to \"end\".",
     "In them $arg0, $arg1, ... are the words that follow the name, $argc is their number.", COMPLETE_NOTHING,
     REPEAT_NEVER, run_define},
    {"document", NULL, CLASS_SUPPORT, "NAME", "Give a command of your own its help: the lines that follow.", NULL,
     COMPLETE_COMMAND, REPEAT_NEVER, run_document},
    {"show user", NULL, CLASS_SUPPORT, "[NAME]", "Show the commands that \"define\" made.", NULL, COMPLETE_COMMAND,
     REPEAT_NEVER, run_show_user},
};
const struct console_table console_define_table = {rows, ARRAY_LEN(rows)};
