/* SPDX-License-Identifier: Apache-2.0 */
/* Signals. A live target needs nothing here: the kernel lets it run on when its tracer ends. */
#include "tool/tool.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

enum { CANCEL_SECONDS = 1 };

static struct progress *to_cancel;
static volatile sig_atomic_t many_questions;

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Handlers make only async-signal-safe calls. */
static void say(const char *s, size_t n)
{
    if (write(STDERR_FILENO, s, n) < 0)
        _exit(EXIT_FAILED);
}

static void on_stop(int signo)
{
    bool again = atomic_exchange(&to_cancel->cancelled, true);
    if (many_questions && signo == SIGINT)
        return;
    if (again) {
        signal(signo, SIG_DFL);
        raise(signo);
    }
    alarm(CANCEL_SECONDS);
}

/* What was cancelled did not notice: it inflates a large section, say. Nothing is lost by ending here. */
static void on_alarm(int signo)
{
    static const char what[] = "inquest: cancelled\n";
    (void)signo;
    say(what, sizeof(what) - 1);
    _exit(EXIT_CANCELLED);
}

/* SIGBUS: a mapped file has become shorter, or its disk cannot be read. */

static uint64_t hex(const char **p)
{
    uint64_t v = 0;
    for (;; (*p)++) {
        char c = **p;
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (uint64_t)(c - 'a' + 10);
        else
            return v;
    }
}

/* Says the path of the line of /proc/self/maps that holds `at`. */
static bool say_mapping(const char *line, uint64_t at)
{
    const char *p = line;
    uint64_t start = hex(&p);
    p += *p == '-';
    uint64_t end = hex(&p);
    const char *path = strchr(p, '/');
    if (at < start || at >= end || !path)
        return false;
    say(": ", 2);
    say(path, strlen(path));
    return true;
}

static void say_file(uint64_t at)
{
    char line[4600], part[512]; /* PATH_MAX and the fields before it */
    size_t n = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = read(fd, part, sizeof(part))) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (part[i] != '\n') {
                if (n + 1 < sizeof(line))
                    line[n++] = part[i];
                continue;
            }
            line[n] = 0;
            n = 0;
            if (say_mapping(line, at))
                return;
        }
    }
}

static void on_bus(int signo, siginfo_t *info, void *context)
{
    static const char what[] = "inquest: a file became shorter while it was read, or its disk failed";
    (void)signo;
    (void)context;
    say(what, sizeof(what) - 1);
    say_file((uint64_t)(uintptr_t)info->si_addr);
    say("\n", 1);
    _exit(EXIT_FAILED);
}

void signals_install(struct progress *p)
{
    static char stack[64 * 1024]; /* a worker's stack may be what cannot be read */
    stack_t alt = {.ss_sp = stack, .ss_size = sizeof(stack)};
    sigaltstack(&alt, NULL);
    struct sigaction bus = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGBUS, &bus, NULL);

    signal(SIGPIPE, SIG_DFL); /* whatever our parent thinks of it: a reader that leaves ends us quietly */
    to_cancel = p;
    struct sigaction late = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &late, NULL);
    struct sigaction stop = {.sa_handler = on_stop};
    for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++) {
        struct sigaction old;
        /* What nohup ignores stays ignored. */
        if (sigaction(stop_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(stop_signals[i], &stop, NULL);
    }
}

void signals_question(void)
{
    many_questions = 1;
    atomic_store(&to_cancel->cancelled, false);
}

void signals_writing(bool pager)
{
    alarm(0);
    for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++) {
        struct sigaction old;
        if (sigaction(stop_signals[i], NULL, &old) == 0 && old.sa_handler == on_stop)
            signal(stop_signals[i], pager && stop_signals[i] == SIGINT ? SIG_IGN : SIG_DFL);
    }
    if (pager)
        signal(SIGPIPE, SIG_IGN);
}
