/* SPDX-License-Identifier: Apache-2.0 */
/* help and apropos, from the rows. */
#include "front/console/console.h"

#include <string.h>

static void put_line(struct text *t, const struct console_command *row)
{
    text_put(t, row->name);
    for (const char *p = row->aliases; p && *p;) {
        size_t n = strcspn(p, "|");
        text_printf(t, ", %.*s", (int)n, p);
        p += n + (p[n] == '|');
    }
    text_printf(t, " -- %s\n", row->help);
}

static struct err *run_help(struct console *c, const char *args)
{
    const struct console_command *row = NULL;
    const struct console_macro *macro;
    const char *rest;
    if (*args)
        TRY(command_find_row(c, args, &row, &macro, &rest));
    if (row) {
        put_line(&c->out, row);
        if (row->usage)
            text_printf(&c->out, "Usage: %s %s\n", row->name, row->usage);
        if (row->about)
            text_printf(&c->out, "\n%s\n", row->about);
        return NULL;
    }
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            put_line(&c->out, &(*t)->rows[i]);
    return NULL;
}

static const struct console_command rows[] = {
    {"help", "h", CLASS_SUPPORT, "[COMMAND]", "List the commands, or explain one.", NULL, COMPLETE_COMMAND,
     REPEAT_NEVER, run_help},
};
const struct console_table console_help_table = {rows, ARRAY_LEN(rows)};
