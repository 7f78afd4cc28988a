/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the whole program as Delve has them: a name a line. gdb's are info functions and so on. */
#include "front/console/console.h"
#include "front/pattern.h"
#include "session/globals.h"
#include "session/names.h"

#include <string.h>

static struct err *list_names(struct console *c, enum program_names kind, const char *args)
{
    const struct image *im;
    const char *const *names;
    size_t n;
    SCOPED(pattern_freep) struct pattern *wanted = NULL;
    TRY(console_target(c, &im));
    TRY(session_names(c->session, kind, &names, &n));
    TRY(pattern_compile(args, &wanted));
    struct err *e = NULL;
    for (size_t i = 0; i < n && !e; i++) {
        if (!pattern_fits(wanted, names[i]))
            continue;
        put_safe(&c->out, names[i]);
        text_putc(&c->out, '\n');
        e = console_flush(c);
    }
    return e ? e : pattern_check(wanted);
}

static struct err *run_funcs(struct console *c, const char *args)
{
    return list_names(c, NAMES_FUNCTIONS, args);
}

static struct err *run_types(struct console *c, const char *args)
{
    return list_names(c, NAMES_TYPES, args);
}

static struct err *run_packages(struct console *c, const char *args)
{
    return list_names(c, NAMES_PACKAGES, args);
}

static struct err *run_sources(struct console *c, const char *args)
{
    return list_names(c, NAMES_SOURCES, args);
}

/* ---- variables ---- */

/* "main.five = 5"; whole only when asked for, since lists may be long. */
static void put_global(struct console *c, const struct global *g, bool whole)
{
    enum { ELEMENTS = 8, STRING = 64 };
    struct values *vs = session_values(c->session);
    struct format f = c->set.print;
    const struct vframe *frame = NULL;
    struct value v;
    if (!whole) {
        f.elements = ELEMENTS;
        f.characters = STRING;
    }
    IGNORE_ERR(console_frame(c, &frame)); /* only thread-local ones need it */
    put_safe(&c->out, g->name);
    text_put(&c->out, " = ");
    struct err *e = scope_global(vs, frame, &g->die, &v);
    if (e)
        put_err(&c->out, e);
    else
        format_variable(vs, &v, &f, &c->out);
    err_free(e);
    text_putc(&c->out, '\n');
}

static struct err *run_vars(struct console *c, const char *args)
{
    const struct image *im;
    SCOPED(pattern_freep) struct pattern *wanted = NULL;
    bool whole = args_word(&args, "-v");
    SCOPED(globals_done) struct globals g = {0};
    TRY(console_target(c, &im));
    TRY(pattern_compile(args, &wanted));
    struct err *e = globals_find(c->session, pattern_fits_global, &wanted, &g);
    if (!e)
        e = pattern_check(wanted);
    for (size_t i = 0; i < g.v.n && !e; i++) {
        put_global(c, &g.v.v[i], whole);
        e = console_flush(c);
    }
    return e;
}

static const struct console_command rows[] = {
    {"funcs", NULL, CLASS_STATUS, "[REGEX]", "List the names of the program's functions, one a line.",
     "Of a stripped program in Go, too. \"info functions\" adds files, lines and types.", COMPLETE_NOTHING,
     REPEAT_NEVER, run_funcs},
    {"types", NULL, CLASS_STATUS, "[REGEX]", "List the names of the program's types, one a line.",
     "\"info types\" adds files and lines.", COMPLETE_NOTHING, REPEAT_NEVER, run_types},
    {"vars", NULL, CLASS_STATUS, "[-v] [REGEX]",
     "List the program's variables outside of functions, with their values.",
     "-v shows all of long ones. \"info variables\" adds files, lines and types.", COMPLETE_NOTHING, REPEAT_NEVER,
     run_vars},
    {"packages", NULL, CLASS_STATUS, "[REGEX]", "List the packages of a program in Go.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_packages},
    {"sources", NULL, CLASS_STATUS, "[REGEX]", "List the program's source files, one a line.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_sources},
};
const struct console_table console_program_names_table = {rows, ARRAY_LEN(rows)};
