/* SPDX-License-Identifier: Apache-2.0 */
/* The row of `inquest dap`. */
#include "front/dap/dap.h"

#include "base/log.h"

#include <signal.h>

static const struct option_row log_rows[] = {
    {"verbose", 'v', VALUE_NONE, NULL, "say on standard error which files are used, and what is wrong with requests"},
    {"help", 'h', VALUE_NONE, NULL, "show this help"},
    {"color", 0, VALUE_CHOICE, "auto|always|never", "colours of --help: on a terminal unless NO_COLOR is set (auto)"},
};
static const struct option_group log_group = {"Output", log_rows, ARRAY_LEN(log_rows)};
static const struct option_group *const groups[] = {&front_files_group, &server_log_group, &log_group, NULL};

static struct err *run(struct call *c)
{
    struct server_log *log;
    log_set_level(call_has(c, "verbose") ? 1 : 0);
    signal(SIGPIPE, SIG_IGN); /* an editor that has gone is an error of a write: a held process is let go */
    TRY(server_log_open(c, &log));
    struct err *e = serve_descriptors(c, log, &dap_protocol, NULL, STDIN_FILENO, STDOUT_FILENO);
    server_log_free(log);
    if (e && (e->code == ERR_GONE || e->code == ERR_CANCELLED)) {
        err_free(e);
        e = NULL;
    }
    return e;
}

const struct command dap_command = {
    .name = "dap",
    .operand_kind = OPERAND_NONE,
    .help = "serve an editor's debugger over standard input and output",
    .about = "Editors start this by themselves: it speaks the Debug Adapter Protocol. What to look at stands in the "
             "editor's "
             "launch configuration: \"core\" (and \"program\", when it is not where the core says), or \"processId\".\n"
             "A core is shown as it died; a process stands still until it is continued or left. Nothing is changed in "
             "either, and no process is ended.",
    .examples = "inquest dap  # as an editor's debug adapter\n",
    .groups = groups,
    .run = run,
};
