/* SPDX-License-Identifier: Apache-2.0 */
/* Words of gdb for what Inquest does not do, so that who types one learns why. */
#include "front/console/console.h"

static struct err *run_breakpoint(struct console *c, const char *args)
{
    (void)c;
    (void)args;
    return err_hint(err_new(ERR_UNSUPPORTED, "Inquest does not set breakpoints"),
                    "it changes nothing in a process; a fatal signal stops it, and Ctrl-C after \"continue\"");
}

static struct err *run_step(struct console *c, const char *args)
{
    (void)c;
    (void)args;
    return err_hint(err_new(ERR_UNSUPPORTED, "Inquest does not step"),
                    "it changes nothing in a process; \"continue\" lets it run until a signal stops it");
}

static struct err *run_start(struct console *c, const char *args)
{
    (void)c;
    (void)args;
    return err_hint(err_new(ERR_UNSUPPORTED, "Inquest does not start programs"),
                    "start it yourself and use \"attach PID\", or open its core");
}

static struct err *run_info_breakpoints(struct console *c, const char *args)
{
    (void)args;
    text_put(&c->out, "No breakpoints or watchpoints.\n");
    return NULL;
}

#define REFUSED(name, aliases, help, run)                                                 \
    {                                                                                     \
        name, aliases, CLASS_RUNNING, NULL, help, NULL, COMPLETE_PLACE, REPEAT_NEVER, run \
    }
static const struct console_command rows[] = {
    REFUSED("break", "b|br|bre|brea|brk", "Refused: Inquest does not set breakpoints.", run_breakpoint),
    REFUSED("tbreak", "tb|tbr", "Refused: Inquest does not set breakpoints.", run_breakpoint),
    REFUSED("hbreak", "hb", "Refused: Inquest does not set breakpoints.", run_breakpoint),
    REFUSED("rbreak", NULL, "Refused: Inquest does not set breakpoints.", run_breakpoint),
    REFUSED("watch", NULL, "Refused: Inquest does not set watchpoints.", run_breakpoint),
    REFUSED("rwatch", NULL, "Refused: Inquest does not set watchpoints.", run_breakpoint),
    REFUSED("awatch", NULL, "Refused: Inquest does not set watchpoints.", run_breakpoint),
    REFUSED("catch", NULL, "Refused: Inquest does not set catchpoints.", run_breakpoint),
    REFUSED("commands", NULL, "Refused: there are no breakpoints.", run_breakpoint),
    REFUSED("condition", NULL, "Refused: there are no breakpoints.", run_breakpoint),
    REFUSED("ignore", NULL, "Refused: there are no breakpoints.", run_breakpoint),
    REFUSED("step", "s", "Refused: Inquest does not step.", run_step),
    REFUSED("next", "n", "Refused: Inquest does not step.", run_step),
    REFUSED("stepi", "si", "Refused: Inquest does not step.", run_step),
    REFUSED("nexti", "ni", "Refused: Inquest does not step.", run_step),
    REFUSED("finish", "fin", "Refused: Inquest does not step.", run_step),
    REFUSED("until", "u", "Refused: Inquest does not step.", run_step),
    REFUSED("advance", NULL, "Refused: Inquest does not step.", run_step),
    REFUSED("jump", "j", "Refused: Inquest does not change where a thread is.", run_step),
    REFUSED("return", NULL, "Refused: Inquest does not change where a thread is.", run_step),
    REFUSED("run", "r", "Refused: Inquest does not start programs.", run_start),
    REFUSED("start", NULL, "Refused: Inquest does not start programs.", run_start),
    {"info breakpoints", "info b|info watchpoints", CLASS_STATUS, NULL, "Say that there are no breakpoints.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_info_breakpoints},
};
const struct console_table console_refused_table = {rows, ARRAY_LEN(rows)};
