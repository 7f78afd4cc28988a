/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the console itself: quit, pwd, cd, what is allowed and does nothing. */
#include "front/console/console.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

char *console_expand_path(const char *path)
{
    const char *home = getenv("HOME");
    if (path[0] == '~' && (!path[1] || path[1] == '/') && home)
        return xasprintf("%s%s", home, path + 1);
    return xstrdup(path);
}

static struct err *run_pwd(struct console *c, const char *args)
{
    (void)args;
    char path[PATH_MAX];
    if (!getcwd(path, sizeof(path)))
        return err_errno(errno, "getcwd");
    text_put(&c->out, "Working directory ");
    put_safe(&c->out, path);
    text_put(&c->out, ".\n");
    return NULL;
}

static struct err *run_cd(struct console *c, const char *args)
{
    SCOPED(freep) char *path = console_expand_path(*args ? args : "~");
    if (chdir(path) != 0)
        return err_errno(errno, "%s", path);
    return run_pwd(c, "");
}

static struct err *run_quit(struct console *c, const char *args)
{
    (void)args;
    c->quit = true;
    return NULL;
}

static const struct console_command rows[] = {
    {"quit", "q|exit", CLASS_SUPPORT, NULL, "Leave the console; a process that was attached to runs on.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_quit},
    {"pwd", NULL, CLASS_FILES, NULL, "Show the working directory.", NULL, COMPLETE_NOTHING, REPEAT_NEVER, run_pwd},
    {"cd", NULL, CLASS_FILES, "[FOLDER]", "Change the working directory.", NULL, COMPLETE_FILE, REPEAT_NEVER, run_cd},
};
const struct console_table console_support_table = {rows, ARRAY_LEN(rows)};
