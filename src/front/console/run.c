/* SPDX-License-Identifier: Apache-2.0 */
/* inquest run: a script on a target, in a console that nobody types into. */
#include "front/console/console.h"
#include "front/console/debug.h"

#include <errno.h>

enum { SECONDS_MAX = 10 * 365 * 24 * 3600, MEGABYTES_MAX = 1 << 24 };

static const struct option_row rows[] = {
    {"time-limit", 't', VALUE_NUMBER, "SECONDS", "end the script after that time"},
    {"memory-limit", 'm', VALUE_NUMBER, "MB",
     "end the script when it has taken so much memory, in units of 2^20 bytes"},
    {"hold", 0, VALUE_NONE, NULL, "a process stays stopped while the script runs"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

static struct err *limit(const struct call *call, const char *name, uint64_t max, unsigned *out)
{
    uint64_t v = call_number(call, name, 0);
    if (call_has(call, name) && (!v || v > max))
        return err_new(ERR_USAGE, "--%s takes 1 to %llu", name, (unsigned long long)max);
    *out = (unsigned)v;
    return NULL;
}

static struct err *run(struct call *call)
{
    const char *path = call->operands[0];
    SCOPED(console_done)
    struct console c = {.call = call, .screen = call->screen, .err = stderr, .signals = console_signals_default()};
    settings_init(&c);
    TRY(limit(call, "time-limit", SECONDS_MAX, &c.set.script_seconds));
    TRY(limit(call, "memory-limit", MEGABYTES_MAX, &c.set.script_megabytes));
    if (!console_is_script(path))
        return err_new(ERR_USAGE, "%s is no script: its name ends neither in .py nor in .star", path);
    if (access(path, R_OK) != 0) /* before the target is stopped or read */
        return err_errno(errno, "%s", path);
    console_question(&c);
    TRY(console_open_quietly(&c, call->operands[1], call_has(call, "hold")));
    struct err *e = console_run_script(&c, path, call->operands + 2, call->n_operands - 2, &call->status);
    struct err *flushed = console_flush(&c); /* what it wrote before an error, too */
    if (e)
        err_free(flushed);
    return e ? e : flushed;
}

const struct command console_run_script_row = {
    .name = "run",
    .operands = "SCRIPT TARGET [ARGS...]",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 2,
    .max_operands = 255,
    .help = "run a script of Python or Starlark on a core or a process",
    .about =
        "Runs SCRIPT (.py; .star: Delve's Starlark) on TARGET, a core file or the id of a process. A script of Python "
        "has the module inquest: threads, frames, variables, types, memory and tasks of the target, and the commands "
        "of `inquest debug`. Its function main() is called when there is one, and ARGS are sys.argv[1:]; those "
        "that begin with a dash stand behind --.\n"
        "A process runs on while the script looks at it, as it does with `inquest stack`, unless --hold is given.\n"
        "The exit status is what sys.exit() says, 1 after an exception or a limit.",
    .examples = "inquest run walk.py core                     # a script on a core\n"
                "inquest run -t 60 -m 2048 walk.py core       # at most 60 s and 2 GiB\n"
                "inquest run walk.py $(pidof -s server) -- -v # a process; -v: for the script\n",
    .groups = groups,
    .run = run,
};
