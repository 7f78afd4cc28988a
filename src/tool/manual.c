/* SPDX-License-Identifier: Apache-2.0 */
/* The option list of a manual page, in scdoc's language, from the command table. */
#include "tool/tool.h"

/* scdoc(5): these would start formatting. */
static void put_plain(struct text *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '_' || *s == '*' || *s == '\\' || *s == '#')
            text_putc(t, '\\');
        text_putc(t, *s);
    }
}

static void put_row(struct text *t, const struct option_row *row)
{
    if (row->letter)
        text_printf(t, "*-%c*, ", row->letter);
    text_printf(t, "*--%s*", row->name);
    if (row->kind == VALUE_MAYBE) {
        text_printf(t, "[=%s]", row->value);
    } else if (row->value) {
        text_putc(t, row->kind == VALUE_CHOICE ? '=' : ' ');
        text_printf(t, row->kind == VALUE_CHOICE ? "%s" : "_%s_", row->value);
    }
    text_put(t, "\n\t");
    put_plain(t, row->help);
    text_put(t, ".\n\n");
}

struct err *manual_options(struct text *t, const char *command)
{
    const struct command *cmd = command_find(command);
    if (!cmd)
        return command_unknown(command);
    for (const struct option_group *const *g = cmd->groups; *g; g++) {
        if (cmd->groups[1])
            text_printf(t, "## %s\n\n", (*g)->title);
        for (size_t i = 0; i < (*g)->n; i++)
            put_row(t, &(*g)->rows[i]);
    }
    return NULL;
}
