/* SPDX-License-Identifier: Apache-2.0 */
/* help and apropos, from the rows. */
#include "front/console/console.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

static const struct {
    const char *name, *about;
} classes[] = {
    [CLASS_DATA] = {"data", "Values, types and memory."},
    [CLASS_FILES] = {"files", "Source text and files."},
    [CLASS_RUNNING] = {"running", "A process that is held stopped."},
    [CLASS_STACK] = {"stack", "Stacks, frames and threads."},
    [CLASS_STATUS] = {"status", "What is known of the target."},
    [CLASS_SUPPORT] = {"support", "The console itself, and scripts."},
    [CLASS_USER] = {"user-defined", "Commands that \"define\" made."},
};

/* ---- rows ---- */

/* Calls fn for all rows, sorted by name. */
typedef void row_fn(struct console *c, const struct console_command *row, const void *arg);

static int by_name(const void *a, const void *b)
{
    const struct console_command *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void each_row(struct console *c, row_fn *fn, const void *arg)
{
    VEC(const struct console_command *) all = {0};
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            *vec_push(&all) = &(*t)->rows[i];
    if (all.n)
        qsort(all.v, all.n, sizeof(*all.v), by_name);
    for (size_t i = 0; i < all.n; i++)
        fn(c, all.v[i], arg);
    vec_done(&all);
}

/* "backtrace, bt, where -- Show the stack." */
static void put_row(struct console *c, const struct console_command *row)
{
    put_coloured(&c->out, &c->screen, COLOUR_BOLD, row->name);
    for (const char *p = row->aliases; p && *p;) {
        size_t n = strcspn(p, "|");
        if (n)
            text_printf(&c->out, ", %.*s", (int)n, p);
        p += n + (p[n] == '|');
    }
    text_printf(&c->out, " -- %s\n", row->help);
}

/* ---- help ---- */

static void put_wrapped(struct text *t, const char *s, size_t width)
{
    size_t used = 0;
    for (; *s; s += strspn(s, " ")) {
        size_t n = strcspn(s, " \n");
        if (used && used + 1 + n > width) {
            text_putc(t, '\n');
            used = 0;
        }
        text_put(t, used ? " " : "");
        text_putn(t, s, n);
        used += n + (used > 0);
        s += n;
        if (*s == '\n') {
            text_putc(t, '\n');
            used = 0;
            s++;
        }
    }
    text_putc(t, '\n');
}

static void put_if_below(struct console *c, const struct console_command *row, const void *arg)
{
    const char *prefix = arg;
    size_t n = strlen(prefix);
    if (strncmp(row->name, prefix, n) == 0 && row->name[n] == ' ')
        put_row(c, row);
}

static bool has_below(const char *prefix)
{
    size_t n = strlen(prefix);
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            if (strncmp((*t)->rows[i].name, prefix, n) == 0 && (*t)->rows[i].name[n] == ' ')
                return true;
    return false;
}

static struct err *help_command(struct console *c, const struct console_command *row)
{
    size_t width = c->set.width && c->set.width < 100 ? c->set.width : 100;
    put_row(c, row);
    if (row->usage)
        text_printf(&c->out, "Usage: %s %s\n", row->name, row->usage);
    if (row->about) {
        text_putc(&c->out, '\n');
        put_wrapped(&c->out, row->about, width);
    }
    if (has_below(row->name)) {
        text_printf(&c->out, "\nList of %s subcommands:\n\n", row->name);
        each_row(c, put_if_below, row->name);
    }
    return NULL;
}

static void put_if_class(struct console *c, const struct console_command *row, const void *arg)
{
    const enum console_class *class = arg;
    if (row->class == *class)
        put_row(c, row);
}

static void put_any(struct console *c, const struct console_command *row, const void *arg)
{
    (void)arg;
    put_row(c, row);
}

static void put_macros(struct console *c)
{
    for (size_t i = 0; i < c->macros.n; i++) {
        const struct console_macro *m = &c->macros.v[i];
        const char *help = m->help ? m->help : "User-defined.";
        text_printf(&c->out, "%s -- %.*s\n", m->name, (int)strcspn(help, "\n"), help);
    }
}

static void help_overview(struct console *c)
{
    text_put(&c->out, "List of classes of commands:\n\n");
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        text_printf(&c->out, "%s -- %s\n", classes[i].name, classes[i].about);
    text_put(&c->out, "\nType \"help\" followed by a class name for a list of its commands, or \"help all\".\n"
                      "Type \"help\" followed by a command name for more of it.\n"
                      "Type \"apropos word\" to search for commands related to \"word\".\n"
                      "Any unique start of a name is enough.\n");
}

/* A class of commands; false: it is none. */
static bool help_class(struct console *c, const char *name)
{
    for (enum console_class i = 0; i < ARRAY_LEN(classes); i++) {
        if (strcmp(classes[i].name, name) != 0)
            continue;
        text_printf(&c->out, "%s\n\nList of commands:\n\n", classes[i].about);
        each_row(c, put_if_class, &i);
        if (i == CLASS_USER)
            put_macros(c);
        return true;
    }
    return false;
}

/* Help of the user's own, of several lines. */
static void put_lines(struct console *c, const char *help)
{
    for (const char *p = help; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        SCOPED(freep) char *line = xstrndup(p, strcspn(p, "\n"));
        put_safe(&c->out, line);
        text_putc(&c->out, '\n');
    }
}

static struct err *run_help(struct console *c, const char *args)
{
    const struct console_command *row;
    const struct console_macro *macro;
    const char *rest;
    if (!*args)
        return help_overview(c), NULL;
    if (strcmp(args, "all") == 0) {
        each_row(c, put_any, NULL);
        put_macros(c);
        return NULL;
    }
    if (help_class(c, args))
        return NULL;
    TRY(command_find_row(c, args, &row, &macro, &rest));
    if (*rest)
        return err_hint(err_new(ERR_USAGE, "undefined %s command: \"%s\"", row ? row->name : "", rest),
                        "try \"help %s\"", row ? row->name : "");
    if (row)
        return help_command(c, row);
    put_lines(c, macro->help ? macro->help : "User-defined.");
    return NULL;
}

/* ---- apropos ---- */

static void put_if_matching(struct console *c, const struct console_command *row, const void *arg)
{
    const regex_t *re = arg;
    const char *const texts[] = {row->name, row->aliases, row->help, row->about};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i] && regexec(re, texts[i], 0, NULL, 0) == 0) {
            put_row(c, row);
            return;
        }
    }
}

static struct err *compile(const char *text, int flags, regex_t *out)
{
    char why[256];
    int status = regcomp(out, text, REG_NOSUB | flags);
    if (status == 0)
        return NULL;
    regerror(status, out, why, sizeof(why));
    return err_new(ERR_USAGE, "%s: \"%s\"", why, text);
}

struct err *console_regex(const char *text, regex_t *out)
{
    return compile(text, 0, out);
}

static struct err *run_apropos(struct console *c, const char *args)
{
    regex_t re;
    args_word(&args, "-v");
    if (!*args)
        return err_new(ERR_USAGE, "REGEXP string is empty");
    TRY(compile(args, REG_ICASE, &re));
    each_row(c, put_if_matching, &re);
    regfree(&re);
    return NULL;
}

static struct err *run_info(struct console *c, const char *args)
{
    if (*args)
        return err_hint(err_new(ERR_USAGE, "undefined info command: \"%s\"", args), "try \"help info\"");
    text_put(&c->out, "List of info subcommands:\n\n");
    each_row(c, put_if_below, "info");
    text_put(&c->out, "\nType \"help info\" followed by a subcommand name for more of it.\n");
    return NULL;
}

static const struct console_command rows[] = {
    {"help", "h", CLASS_SUPPORT, "[COMMAND|CLASS|all]", "List the commands, or explain one.", NULL, COMPLETE_COMMAND,
     REPEAT_NEVER, run_help},
    {"apropos", NULL, CLASS_SUPPORT, "REGEXP", "List the commands whose help matches.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_apropos},
    {"info", "i|inf", CLASS_STATUS, "[SUBCOMMAND]", "Show what is known of the target.", NULL, COMPLETE_COMMAND,
     REPEAT_NEVER, run_info},
};
const struct console_table console_help_table = {rows, ARRAY_LEN(rows)};
