/* SPDX-License-Identifier: Apache-2.0 */
/* inquest debug: the command row, and what a console begins with. */
#include "front/console/debug.h"

#include "front/console/console.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct option_row rows[] = {
    {"ex", 0, VALUE_TEXT, "CMD", "run CMD once the target is open; may be given again"},
    {"command", 'x', VALUE_FILE, "FILE", "run the commands in FILE; may be given again"},
    {"iex", 0, VALUE_TEXT, "CMD", "run CMD before the target is opened"},
    {"batch", 0, VALUE_NONE, NULL, "end after -ex and -x; exit status 1 when the last command failed"},
    {"pid", 'p', VALUE_NUMBER, "PID", "attach to this process"},
    {"core", 'c', VALUE_FILE, "FILE", "open this core"},
    {"quiet", 'q', VALUE_NONE, NULL, "show no banner"},
    {"nx", 'n', VALUE_NONE, NULL, "for gdb's habit: no start-up file is read anyway"},
    {"nh", 0, VALUE_NONE, NULL, "do not read or write the history"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

/* What is to be opened, as gdb takes it: TARGET, PROGRAM TARGET, -p PID, -c FILE. */
struct wish {
    const char *program, *target;
};

static struct err *find_wish(const struct call *c, struct wish *w)
{
    const char *pid = call_value(c, "pid"), *core = call_value(c, "core");
    if (pid && core)
        return err_new(ERR_USAGE, "--pid and --core exclude each other");
    const char *named = pid ? pid : core;
    *w = (struct wish){.target = named};
    if (named && c->n_operands > 1)
        return err_new(ERR_USAGE, "two targets: '%s' and '%s'", named, c->operands[1]);
    if (c->n_operands == 2 || (named && c->n_operands))
        w->program = c->operands[0];
    if (!named && c->n_operands)
        w->target = c->operands[c->n_operands - 1];
    return NULL;
}

/* -iex before the target is opened, -ex and -x after it, in their order. */
static void run_given(struct console *c, bool early)
{
    for (size_t i = 0; i < c->call->given.n && !c->quit; i++) {
        const struct given *g = &c->call->given.v[i];
        bool file = strcmp(g->row->name, "command") == 0;
        if (strcmp(g->row->name, early ? "iex" : "ex") != 0 && !(file && !early))
            continue;
        struct err *e = file ? console_run_file(c, g->value) : console_run(c, g->value);
        c->status = e ? 1 : 0;
        if (e)
            console_say(c, e);
    }
}

static struct err *run(struct call *call)
{
    struct wish w;
    TRY(find_wish(call, &w));
    SCOPED(console_done)
    struct console c = {.call = call, .screen = call->screen, .err = stderr, .signals = console_signals_default()};
    settings_init(&c);
    /* As gdb does, it goes on without a program that is not there. */
    if (w.program && access(w.program, F_OK) < 0)
        console_say(&c, err_errno(errno, "%s", w.program));
    else
        c.program = w.program;
    run_given(&c, true);
    if (w.target)
        TRY(console_open(&c, w.target));
    run_given(&c, false);
    if (!c.quit && !call_has(call, "batch")) {
        TRY(isatty(STDIN_FILENO) ? console_run_terminal(&c) : console_run_stream(&c, stdin));
    }
    call->status = call_has(call, "batch") ? c.status : 0;
    return NULL;
}

const struct command console_debug = {
    .name = "debug",
    .aliases = "gdb",
    .operands = "[PROGRAM] TARGET",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 0,
    .max_operands = 2,
    .single_dash = true,
    .help = "look around in a core or a stopped process, with gdb's commands",
    .about =
        "Opens a prompt on TARGET, a core file or the id of a process, which stays stopped meanwhile; or on a program, "
        "library or vmlinux that does not run, for its types and data. It knows "
        "gdb's words and abbreviations: bt full, frame 3, info locals, print *p, x/8xg $rsp, thread apply all bt, "
        "list, disassemble. `help` at the prompt lists them.\n"
        "Options may have one dash or two. With --batch, or when commands come through a pipe, nothing is asked.",
    .examples = "inquest debug core                      # a prompt\n"
                "inquest debug -batch -ex 'bt full' core # one answer\n"
                "inquest debug -p $(pidof -s nginx)      # a process, stopped meanwhile\n",
    .groups = groups,
    .run = run,
};
