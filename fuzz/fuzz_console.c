/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as command lines of the console, over a small fixed core; each line is completed first. Programs, folders
 * and files of the machine are out of reach: what would touch them is replaced below. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <signal.h>

#include "front/console/console.h"
#include "front/console/debug.h"
#include "small_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int system(const char *command);
FILE *popen(const char *command, const char *mode);
int chdir(const char *path);
FILE *fopen(const char *path, const char *mode);

enum { INPUT_MAX = 4096, BUDGET_MS = 300 };

/* ---- the machine, out of reach ---- */

int system(const char *command)
{
    (void)command;
    errno = EPERM;
    return -1;
}

FILE *popen(const char *command, const char *mode)
{
    (void)command;
    (void)mode;
    errno = EPERM;
    return NULL;
}

int chdir(const char *path)
{
    (void)path;
    errno = EPERM;
    return -1;
}

/* The console opens its files with "e"; the fuzzer's own has to go on. */
FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *);
    void *found = dlsym(RTLD_NEXT, "fopen");
    memcpy(&real, &found, sizeof(real));
    if (strchr(mode, 'e')) {
        errno = EPERM;
        return NULL;
    }
    return real(path, mode);
}

/* These open files in other ways. */
static bool is_safe(const char *line)
{
    static const char *const words[] = {"gcore", "gen", "attach", "core", "att", "cor"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strstr(line, words[i]))
            return false;
    return true;
}

/* ---- one run ---- */

static struct progress progress;

static void on_alarm(int signo)
{
    (void)signo;
    atomic_store(&progress.cancelled, true);
}

static void question(struct call *c, bool begins)
{
    (void)c;
    (void)begins;
}

static void set_alarm(long ms)
{
    struct itimerval t = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

static void run_lines(struct console *c, const char *text)
{
    SCOPED(fclosep) FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        SCOPED(freep) char *line = xstrndup(p, strcspn(p, "\n"));
        struct words words = {0};
        size_t start;
        console_complete(c, line, &start, &words);
        if (start > strlen(line))
            abort();
        for (size_t i = 0; i < words.v.n; i++)
            if (strncmp(words.v.v[i], line + start, strlen(line + start)) != 0)
                abort(); /* what is offered begins with what was typed */
        words_done(&words);
    }
    if (in)
        err_free(console_run_stream(c, in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    SCOPED(freep) char *text = xstrndup((const char *)data, n < INPUT_MAX ? n : INPUT_MAX);
    if (!nowhere || !*text || !is_safe(text))
        return 0;
    atomic_store(&progress.cancelled, false);
    struct call call = {
        .command = &console_debug, .screen = {.out = nowhere}, .progress = &progress, .question = question};
    struct console c = {.call = &call, .screen = call.screen, .err = nowhere, .signals = console_signals_default()};
    settings_init(&c);
    struct err *e = console_open(&c, small_core_path());
    if (e)
        abort();
    set_alarm(BUDGET_MS);
    run_lines(&c, text);
    set_alarm(0);
    console_done(&c);
    vec_done(&call.debug_dirs);
    return 0;
}
