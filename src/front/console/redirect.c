/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that go elsewhere: "| COMMAND | PROGRAM", "COMMAND > FILE", shell. */
#include "front/console/redirect.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* ---- another place for the answer ---- */

/* Runs a command whose answer goes to `to`, which is no terminal. */
static struct err *run_into(struct console *c, const char *command, FILE *to)
{
    TRY(console_flush(c));
    struct screen before = c->screen;
    bool captured = c->capture;
    c->screen = (struct screen){.out = to};
    c->capture = false;
    struct err *e = console_run(c, command);
    c->screen = before;
    c->capture = captured;
    return e;
}

/* ---- > FILE ---- */

/* Where an unquoted '>' stands that begins the name of a file: after a blank, and not as an operator, so a blank or
 * another '>' or a path follows and no more words. NULL: none. */
static const char *find_redirection(const char *line)
{
    const char *found = NULL;
    char quote = 0;
    for (const char *p = line; *p; p++) {
        if (quote) {
            p += *p == '\\' && p[1];
            quote = *p == quote ? 0 : quote;
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (*p == '>' && p > line && p[-1] == ' ' && p[1] != '=') {
            found = p;
            p += p[1] == '>';
        }
    }
    if (!found)
        return NULL;
    const char *name = found + 1 + (found[1] == '>');
    name += strspn(name, " \t");
    return *name && !strpbrk(name, " \t") && strpbrk(name, "./") ? found : NULL;
}

bool redirect_wanted(const char *line)
{
    return find_redirection(line) != NULL;
}

struct err *redirect_run(struct console *c, const char *line)
{
    const char *at = find_redirection(line), *name = at + 1;
    bool append = *name == '>';
    name += append;
    name += strspn(name, " \t");
    SCOPED(freep) char *path = console_expand_path(name);
    SCOPED(freep) char *command = xstrndup(line, (size_t)(at - line));
    SCOPED(fclosep) FILE *f = fopen(path, append ? "ae" : "we");
    if (!f)
        return err_errno(errno, "%s", path);
    struct err *e = run_into(c, command, f);
    bool failed = fflush(f) != 0;
    return !e && failed ? err_errno(errno, "%s", path) : e;
}

/* ---- pipes ---- */

/* Splits "[-d WORD] COMMAND | PROGRAM". */
static struct err *split_pipe(const char *args, char **command, const char **program)
{
    SCOPED(freep) char *delimiter = xstrdup("|");
    if (args_word(&args, "-d")) {
        size_t n = strcspn(args, " \t");
        free(delimiter);
        delimiter = xstrndup(args, n);
        args += n + strspn(args + n, " \t");
    }
    const char *at = *delimiter ? strstr(args, delimiter) : NULL;
    if (!at)
        return err_new(ERR_USAGE, "missing delimiter before SHELL_COMMAND");
    const char *p = at + strlen(delimiter);
    p += strspn(p, " \t");
    if (!*p)
        return err_new(ERR_USAGE, "missing SHELL_COMMAND");
    *command = xstrndup(args, (size_t)(at - args));
    *program = p;
    return NULL;
}

static struct err *run_pipe(struct console *c, const char *args)
{
    SCOPED(freep) char *command = NULL;
    const char *program;
    TRY(split_pipe(args, &command, &program));
    TRY(console_flush(c));
    FILE *to = popen(program, "we");
    if (!to)
        return err_errno(errno, "cannot run \"%s\"", program);
    /* A reader that leaves early is no reason to end. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    struct err *e = run_into(c, command, to);
    int status = pclose(to);
    sigaction(SIGPIPE, &before, NULL);
    if (WIFEXITED(status))
        c->shell_status = WEXITSTATUS(status);
    return e;
}

static struct err *run_shell(struct console *c, const char *args)
{
    TRY(console_flush(c));
    const char *shell = getenv("SHELL");
    int status = system(*args ? args : shell ? shell : "/bin/sh");
    if (status < 0)
        return err_errno(errno, "cannot run a shell");
    if (WIFEXITED(status))
        c->shell_status = WEXITSTATUS(status);
    return NULL;
}

static const struct console_command rows[] = {
    {"pipe", NULL, CLASS_SUPPORT, "[-d WORD] COMMAND | PROGRAM", "Send the answer of a command to a program.",
     "| COMMAND | PROGRAM is the same. COMMAND > FILE writes it to a file, >> appends.", COMPLETE_COMMAND, REPEAT_SAME,
     run_pipe},
    {"shell", "!", CLASS_SUPPORT, "[PROGRAM]", "Run a program, or a shell.", NULL, COMPLETE_FILE, REPEAT_NEVER,
     run_shell},
};
const struct console_table console_redirect_table = {rows, ARRAY_LEN(rows)};
