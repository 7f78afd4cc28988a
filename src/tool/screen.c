/* SPDX-License-Identifier: Apache-2.0 */
/* Where answers go: a file, a terminal, a pager. */
#include "tool/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { OUT_BUFFER = 256 * 1024, COLUMNS_DEFAULT = 80 };

static pid_t pager_pid;
static char out_buffer[OUT_BUFFER]; /* for the one stream that answers go to */

static unsigned terminal_rows(void)
{
    struct winsize w;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_row : 0;
}

static unsigned terminal_columns(void)
{
    struct winsize w;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
        return w.ws_col;
    const char *s = getenv("COLUMNS");
    uint64_t n;
    return s && parse_number(s, 1000, &n) && n ? (unsigned)n : COLUMNS_DEFAULT;
}

bool screen_color(const struct screen *sc, const char *choice)
{
    if (choice && strcmp(choice, "auto") != 0)
        return strcmp(choice, "always") == 0;
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return sc->terminal && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

struct screen screen_find(void)
{
    struct screen sc = {.out = stdout, .terminal = isatty(STDOUT_FILENO) == 1};
    sc.columns = sc.terminal ? terminal_columns() : 0;
    sc.rows = sc.terminal ? terminal_rows() : 0;
    sc.color = screen_color(&sc, NULL);
    if (!sc.terminal)
        setvbuf(stdout, out_buffer, _IOFBF, OUT_BUFFER);
    return sc;
}

static bool on_path(const char *program)
{
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        SCOPED(freep) char *file = xasprintf("%.*s/%s", (int)n, p, program);
        if (access(file, X_OK) == 0)
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}

/* The user's pager, or less; NULL when none is wanted or there is none. */
static const char *pager_command(void)
{
    const char *p = getenv("INQUEST_PAGER");
    if (!p)
        p = getenv("PAGER");
    if (p)
        return *p && strcmp(p, "cat") != 0 ? p : NULL;
    return on_path("less") ? "less -FRX" : NULL;
}

static void exec_pager(const char *command, int fd)
{
    dup2(fd, STDIN_FILENO);
    close(fd);
    setenv("LESS", "FRX", 0);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

void pager_start(struct screen *sc)
{
    const char *command = sc->terminal ? pager_command() : NULL;
    int fd[2];
    if (!command || pipe2(fd, O_CLOEXEC) != 0)
        return;
    pid_t pid = fork();
    if (pid == 0)
        exec_pager(command, fd[0]);
    close(fd[0]);
    FILE *out = pid > 0 ? fdopen(fd[1], "w") : NULL;
    if (!out) {
        close(fd[1]);
        return; /* without a pager then */
    }
    setvbuf(out, out_buffer, _IOFBF, OUT_BUFFER);
    pager_pid = pid;
    sc->out = out;
}

bool screen_reader_left(const struct screen *sc)
{
    return pager_pid && ferror(sc->out);
}

struct err *screen_end(struct screen *sc)
{
    bool failed = fflush(sc->out) != 0 || ferror(sc->out);
    int why = errno;
    if (pager_pid) {
        fclose(sc->out);
        while (waitpid(pager_pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        pager_pid = 0;
        failed = false; /* whoever leaves the pager has read enough */
    }
    return failed && why != EPIPE ? err_errno(why, "cannot write the answer") : NULL;
}
