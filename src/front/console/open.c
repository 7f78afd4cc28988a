/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that choose the target: core-file, attach, file, target. */
#include "front/console/console.h"

#include <string.h>

static struct err *run_core(struct console *c, const char *args)
{
    if (!*args) {
        console_close(c);
        text_put(&c->out, "No core file now.\n");
        return NULL;
    }
    SCOPED(freep) char *path = console_expand_path(args);
    /* Digits would be taken for a process. */
    SCOPED(freep) char *target = strchr(path, '/') ? xstrdup(path) : xasprintf("./%s", path);
    return console_open(c, target);
}

static struct err *run_attach(struct console *c, const char *args)
{
    uint64_t pid;
    if (!*args)
        return err_new(ERR_USAGE, "argument required (process-id to attach)");
    if (!parse_number(args, INT32_MAX, &pid) || !pid)
        return err_new(ERR_USAGE, "illegal process-id: %s", args);
    return console_open(c, args);
}

/* The program's own file, for the next target; without one it is the target itself. */
static struct err *run_file(struct console *c, const char *args)
{
    free(c->own_program);
    c->own_program = *args ? console_expand_path(args) : NULL;
    c->program = c->own_program;
    if (!*args) {
        text_put(&c->out, "No executable file now.\n");
        return NULL;
    }
    if (!c->session)
        return console_open(c, c->program);
    text_put(&c->out, "It is used with the next target.\n");
    return NULL;
}

static const struct console_command rows[] = {
    {"core-file", "target core", CLASS_FILES, "[FILE]", "Open a core; without a name, close it.", NULL, COMPLETE_FILE,
     REPEAT_NEVER, run_core},
    {"attach", NULL, CLASS_RUNNING, "PID", "Hold a process, and look at it.", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_attach},
    {"file", "exec-file|symbol-file", CLASS_FILES, "[FILE]", "Use FILE as the program of the next target.", NULL,
     COMPLETE_FILE, REPEAT_NEVER, run_file},
};
const struct console_table console_open_table = {rows, ARRAY_LEN(rows)};
