/* SPDX-License-Identifier: Apache-2.0 */
/* Help, from the command table. */
#include "tool/tool.h"

#include <string.h>

enum { WIDTH_MAX = 100, WIDTH_DEFAULT = 80, NAME_COLUMN = 30, COMMAND_COLUMN = 14 };

static unsigned help_width(const struct screen *sc)
{
    if (!sc->columns)
        return WIDTH_DEFAULT;
    return sc->columns > WIDTH_MAX ? WIDTH_MAX : sc->columns < 40 ? 40 : sc->columns;
}

/* s in lines of at most `width` columns, all but the first indented; used: columns before the first word. */
static void put_wrapped(struct text *t, const char *s, size_t used, size_t indent, size_t width)
{
    bool first = true;
    while (*s) {
        size_t n = strcspn(s, " ");
        if (!first && used + 1 + n > width) {
            text_printf(t, "\n%*s", (int)indent, "");
            used = indent;
        } else if (!first) {
            text_putc(t, ' ');
            used++;
        }
        text_putn(t, s, n);
        used += n;
        first = false;
        s += n + strspn(s + n, " ");
    }
    text_putc(t, '\n');
}

static void put_paragraphs(struct text *t, const char *s, size_t width)
{
    while (*s) {
        size_t n = strcspn(s, "\n");
        SCOPED(freep) char *line = xstrndup(s, n);
        text_putc(t, '\n');
        put_wrapped(t, line, 0, 0, width);
        s += n + (s[n] == '\n');
    }
}

static void put_option(struct text *t, const struct option_row *row, size_t width)
{
    struct text name = {0};
    if (row->letter)
        text_printf(&name, "  -%c, --%s", row->letter, row->name);
    else
        text_printf(&name, "      --%s", row->name);
    if (row->kind == VALUE_MAYBE)
        text_printf(&name, "[=%s]", row->value);
    else if (row->value)
        text_printf(&name, "%c%s", row->kind == VALUE_CHOICE ? '=' : ' ', row->value);
    text_put(t, text_str(&name));
    size_t used = text_columns(text_str(&name));
    if (used + 2 > NAME_COLUMN) {
        text_putc(t, '\n');
        used = 0;
    }
    put_pad(t, used, NAME_COLUMN);
    put_wrapped(t, row->help, NAME_COLUMN, NAME_COLUMN, width);
    text_done(&name);
}

static void put_title(struct text *t, const struct screen *sc, const char *title)
{
    text_putc(t, '\n');
    put_coloured(t, sc, COLOUR_BOLD, title);
    text_put(t, ":\n");
}

static void help_command(struct text *t, const struct screen *sc, const struct command *cmd)
{
    size_t width = help_width(sc);
    bool options = cmd->groups && *cmd->groups;
    text_printf(t, "usage: inquest %s%s%s%s\n", cmd->name, options ? " [OPTION]..." : "", cmd->operands ? " " : "",
                cmd->operands ? cmd->operands : "");
    if (cmd->aliases)
        text_printf(t, "   also: %s\n", cmd->aliases);
    put_paragraphs(t, cmd->about, width);
    if (cmd->examples) {
        put_title(t, sc, "Examples");
        for (const char *p = cmd->examples; *p;) {
            size_t n = strcspn(p, "\n");
            text_printf(t, "  %.*s\n", (int)n, p);
            p += n + (p[n] == '\n');
        }
    }
    for (const struct option_group *const *g = cmd->groups; *g; g++) {
        put_title(t, sc, (*g)->title);
        for (size_t i = 0; i < (*g)->n; i++)
            put_option(t, &(*g)->rows[i], width);
    }
}

void help_overview(struct text *t, const struct screen *sc)
{
    size_t width = help_width(sc);
    text_put(t, "usage: inquest COMMAND [OPTION]... [TARGET]\n");
    put_paragraphs(t,
                   "Inquest tells why a process crashed or hangs. TARGET is the id of a running process, or a "
                   "core file, plain or packed.",
                   width);
    put_title(t, sc, "Commands");
    for (const struct command *const *c = all_commands; *c; c++) {
        text_put(t, "  ");
        put_coloured(t, sc, COLOUR_YELLOW, (*c)->name);
        put_pad(t, 2 + strlen((*c)->name), COMMAND_COLUMN);
        put_wrapped(t, (*c)->help, COMMAND_COLUMN, COMMAND_COLUMN, width);
    }
    text_put(t, "\n'inquest help COMMAND' tells more of one.\n");
}

/* The commands themselves. */

static const struct option_row help_rows[] = {{"help", 'h', VALUE_NONE, NULL, "show this help"}};
static const struct option_group help_group = {"Options", help_rows, ARRAY_LEN(help_rows)};
static const struct option_group *const help_groups[] = {&help_group, NULL};

static struct err *print(struct call *c, struct text *t)
{
    fwrite(text_str(t), 1, t->n, call_output(c));
    text_done(t);
    return NULL; /* a failed stream is found when it is closed */
}

struct err *help_print(struct call *c, const struct command *cmd)
{
    struct text t = {0};
    help_command(&t, &c->screen, cmd);
    return print(c, &t);
}

static struct err *run_help(struct call *c)
{
    if (!c->n_operands) {
        struct text t = {0};
        help_overview(&t, &c->screen);
        return print(c, &t);
    }
    const struct command *cmd = command_find(c->operands[0]);
    return cmd ? help_print(c, cmd) : command_unknown(c->operands[0]);
}

const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operand_kind = OPERAND_COMMAND,
    .max_operands = 1,
    .help = "show the commands, or the options of one",
    .about = "Shows the commands, or what one of them does and its options.",
    .groups = help_groups,
    .run = run_help,
};

static struct err *run_version(struct call *c)
{
    struct text t = {0};
    text_put(&t, "inquest " INQ_VERSION "\n");
    return print(c, &t);
}

const struct command command_version = {
    .name = "version",
    .help = "show the version",
    .about = "Shows the version.",
    .groups = help_groups,
    .run = run_version,
};
