/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the console itself: quit. */
#include "front/console/console.h"

static struct err *run_quit(struct console *c, const char *args)
{
    (void)args;
    c->quit = true;
    return NULL;
}

static const struct console_command rows[] = {
    {"quit", "q|exit", CLASS_SUPPORT, NULL, "Leave the console; a process that was attached to runs on.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_quit},
};
const struct console_table console_support_table = {rows, ARRAY_LEN(rows)};
