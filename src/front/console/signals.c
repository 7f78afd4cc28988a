/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of signals: info signals, handle. The table is gdb's, without the signals that Linux lacks. */
#include "front/console/console.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>

enum { REAL_TIME_FIRST = 32, LAST = 64 };

/* In gdb's order, in its words; the real-time ones come behind them. */
static const struct {
    uint8_t number;
    const char *name, *text;
} known[] = {
    {SIGHUP, "SIGHUP", "Hangup"},
    {SIGINT, "SIGINT", "Interrupt"},
    {SIGQUIT, "SIGQUIT", "Quit"},
    {SIGILL, "SIGILL", "Illegal instruction"},
    {SIGTRAP, "SIGTRAP", "Trace/breakpoint trap"},
    {SIGABRT, "SIGABRT", "Aborted"},
    {SIGFPE, "SIGFPE", "Arithmetic exception"},
    {SIGKILL, "SIGKILL", "Killed"},
    {SIGBUS, "SIGBUS", "Bus error"},
    {SIGSEGV, "SIGSEGV", "Segmentation fault"},
    {SIGSYS, "SIGSYS", "Bad system call"},
    {SIGPIPE, "SIGPIPE", "Broken pipe"},
    {SIGALRM, "SIGALRM", "Alarm clock"},
    {SIGTERM, "SIGTERM", "Terminated"},
    {SIGURG, "SIGURG", "Urgent I/O condition"},
    {SIGSTOP, "SIGSTOP", "Stopped (signal)"},
    {SIGTSTP, "SIGTSTP", "Stopped (user)"},
    {SIGCONT, "SIGCONT", "Continued"},
    {SIGCHLD, "SIGCHLD", "Child status changed"},
    {SIGTTIN, "SIGTTIN", "Stopped (tty input)"},
    {SIGTTOU, "SIGTTOU", "Stopped (tty output)"},
    {SIGIO, "SIGIO", "I/O possible"},
    {SIGXCPU, "SIGXCPU", "CPU time limit exceeded"},
    {SIGXFSZ, "SIGXFSZ", "File size limit exceeded"},
    {SIGVTALRM, "SIGVTALRM", "Virtual timer expired"},
    {SIGPROF, "SIGPROF", "Profiling timer expired"},
    {SIGWINCH, "SIGWINCH", "Window size changed"},
    {SIGUSR1, "SIGUSR1", "User defined signal 1"},
    {SIGUSR2, "SIGUSR2", "User defined signal 2"},
    {SIGPWR, "SIGPWR", "Power fail/restart"},
    {SIGSTKFLT, "SIGSTKFLT", "Stack fault"},
};

void console_put_signal(struct text *t, int signo, bool description)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].number == signo) {
            text_put(t, description ? known[i].text : known[i].name);
            return;
        }
    text_printf(t, description ? "Real-time event %d" : "SIG%d", signo);
}

static uint64_t bit(int signo)
{
    return UINT64_C(1) << (signo - 1);
}

struct console_signals console_signals_default(void)
{
    struct console_signals s = {.rules = signal_rules_default()};
    s.print = s.rules.stop;
    return s;
}

/* ---- which ones are meant ---- */

/* A name with or without "SIG" ... is not gdb's way: it wants the full name, or a number up to 15. */
static struct err *signal_number(const char *word, char **end, int *out)
{
    long n = strtol(word, end, 10);
    if (n < 1 || n > 15)
        return err_hint(err_new(ERR_USAGE, "only signals 1-15 are valid as numeric signals"),
                        "use \"info signals\" for a list of symbolic signals");
    *out = (int)n;
    return NULL;
}

static bool parse_name(const char *word, int *out)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(word, known[i].name) == 0) {
            *out = known[i].number;
            return true;
        }
    if (strcmp(word, "SIGPOLL") == 0) {
        *out = SIGPOLL;
        return true;
    }
    char *end;
    long n = begins_with(word, "SIG") && isdigit((unsigned char)word[3]) ? strtol(word + 3, &end, 10) : 0;
    if (n < REAL_TIME_FIRST || n > LAST || *end)
        return false;
    *out = (int)n;
    return true;
}

/* "SIGUSR1", "14", "14-15", "all": those that gdb itself uses are not among all. */
static struct err *parse_signals(const char *word, uint64_t *out)
{
    int first, last;
    char *end;

    if (strcmp(word, "all") == 0) {
        *out |= ~(bit(SIGINT) | bit(SIGTRAP));
        return NULL;
    }
    if (parse_name(word, &first)) {
        *out |= bit(first);
        return NULL;
    }
    if (!isdigit((unsigned char)*word))
        return err_new(ERR_USAGE, "unrecognized or ambiguous flag word: \"%s\"", word);
    TRY(signal_number(word, &end, &first));
    last = first;
    if (*end == '-')
        TRY(signal_number(end + 1, &end, &last));
    if (*end)
        return err_new(ERR_USAGE, "unrecognized or ambiguous flag word: \"%s\"", word);
    for (int n = first < last ? first : last; n <= (first < last ? last : first); n++)
        *out |= bit(n);
    return NULL;
}

/* ---- the table ---- */

static const char *yes_no(uint64_t mask, int signo)
{
    return mask & bit(signo) ? "Yes" : "No";
}

static void put_row(struct console *c, int signo)
{
    size_t from = c->out.n;
    console_put_signal(&c->out, signo, false);
    put_pad(&c->out, c->out.n - from, 14);
    text_printf(&c->out, "%s\t%s\t%s\t\t", yes_no(c->signals.rules.stop, signo), yes_no(c->signals.print, signo),
                yes_no(c->signals.rules.pass, signo));
    console_put_signal(&c->out, signo, true);
    text_putc(&c->out, '\n');
}

static void put_table(struct console *c, uint64_t which)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (which & bit(known[i].number))
            put_row(c, known[i].number);
    for (int n = REAL_TIME_FIRST; n <= LAST; n++)
        if (which & bit(n))
            put_row(c, n);
}

static const char heading[] = "Signal        Stop\tPrint\tPass to program\tDescription\n";

static struct err *run_info_signals(struct console *c, const char *args)
{
    uint64_t which = 0;
    if (*args)
        TRY(parse_signals(args, &which));
    text_put(&c->out, heading);
    text_put(&c->out, *args ? "" : "\n");
    put_table(c, *args ? which : UINT64_MAX);
    if (!*args)
        text_put(&c->out, "\nUse the \"handle\" command to change these tables.\n");
    return NULL;
}

/* Stopping shows the signal, and what is not shown does not stop. */
static bool apply_action(struct console_signals *s, const char *word, uint64_t which)
{
    if (strcmp(word, "stop") == 0) {
        s->rules.stop |= which;
        s->print |= which;
    } else if (strcmp(word, "nostop") == 0) {
        s->rules.stop &= ~which;
    } else if (strcmp(word, "print") == 0) {
        s->print |= which;
    } else if (strcmp(word, "noprint") == 0) {
        s->print &= ~which;
        s->rules.stop &= ~which;
    } else if (strcmp(word, "pass") == 0 || strcmp(word, "noignore") == 0) {
        s->rules.pass |= which;
    } else if (strcmp(word, "nopass") == 0 || strcmp(word, "ignore") == 0) {
        s->rules.pass &= ~which;
    } else {
        return false;
    }
    return true;
}

static struct err *run_handle(struct console *c, const char *args)
{
    SCOPED(freep) char *words = xstrdup(args);
    struct console_signals rules = c->signals;
    uint64_t which = 0;
    char *save = NULL;

    if (!*args)
        return err_new(ERR_USAGE, "argument required (signal to handle)");
    for (char *w = strtok_r(words, " \t", &save); w; w = strtok_r(NULL, " \t", &save))
        if (!apply_action(&rules, w, which))
            TRY(parse_signals(w, &which));
    c->signals = rules;
    text_put(&c->out, heading);
    put_table(c, which);
    return NULL;
}

static const struct console_command rows[] = {
    {"info signals", "info handle", CLASS_STATUS, "[SIGNAL]", "What happens when the process gets a signal.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_info_signals},
    {"handle", NULL, CLASS_RUNNING, "SIGNAL... ACTION...", "Say what happens when the process gets a signal.",
     "SIGNAL is a name (SIGUSR1), a number from 1 to 15, a range of these, or all (but those that debuggers use). "
     "ACTION is stop or nostop, print or noprint, pass or nopass (ignore): whether the process stops, whether the "
     "signal is shown, and whether it is delivered.",
     COMPLETE_NOTHING, REPEAT_NEVER, run_handle},
};
const struct console_table console_signal_table = {rows, ARRAY_LEN(rows)};
