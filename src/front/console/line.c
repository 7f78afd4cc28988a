/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that somebody types: libedit, with a history that is kept. */
#include "front/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

struct line_input {
    struct console_input input;
    struct console *console;
    EditLine *editor;
    History *history;
    HistEvent event; /* of the last call */
    const char *prompt;
    struct winsize window; /* at the last line */
    mbstate_t state;       /* of the character that is being read */
    int terminal; /* standard input, opened once more: reading it never waits, and nobody else's reading changes */
};

/* ---- the history's file ---- */

/* Makes the folders of a path, private ones; what is missing shows when the file is opened. */
static void make_folders(const char *path)
{
    SCOPED(freep) char *copy = xstrdup(path);
    for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = 0;
        mkdir(copy, 0700);
        *p = '/';
    }
}

static void history_load(struct line_input *in)
{
    const struct settings *set = &in->console->set;
    history(in->history, &in->event, H_SETSIZE, set->history_size ? (int)set->history_size : INT32_MAX);
    history(in->history, &in->event, H_SETUNIQUE, 1);
    if (set->history_file)
        history(in->history, &in->event, H_LOAD, set->history_file);
}

static void history_store(struct line_input *in)
{
    const struct settings *set = &in->console->set;
    if (!set->history_save || !set->history_file)
        return;
    make_folders(set->history_file);
    mode_t before = umask(0077);
    if (history(in->history, &in->event, H_SAVE, set->history_file) < 0)
        console_warn(in->console, "Could not save the history to %s: %s\n", set->history_file, strerror(errno));
    umask(before);
}

/* ---- completion ---- */

static size_t common_start(const struct words *w)
{
    size_t n = strlen(w->v.v[0]);
    for (size_t i = 1; i < w->v.n; i++) {
        size_t k = 0;
        while (k < n && w->v.v[i][k] == w->v.v[0][k])
            k++;
        n = k;
    }
    return n;
}

/* All candidates in columns below the line, as many as fit. */
static void list_words(struct line_input *in, const struct words *w)
{
    enum { SHOWN_MAX = 200 };
    struct text t = {0};
    size_t widest = 1, n = w->v.n < SHOWN_MAX ? w->v.n : SHOWN_MAX;
    for (size_t i = 0; i < n; i++) {
        size_t columns = text_columns(w->v.v[i]);
        widest = columns > widest ? columns : widest;
    }
    size_t width = in->console->set.width ? in->console->set.width : 80;
    size_t per_line = width / (widest + 2) ? width / (widest + 2) : 1;
    size_t lines = (n + per_line - 1) / per_line;
    text_putc(&t, '\n');
    for (size_t row = 0; row < lines; row++) {
        for (size_t i = row; i < n; i += lines) {
            put_safe(&t, w->v.v[i]);
            if (i + lines < n)
                put_pad(&t, text_columns(w->v.v[i]), widest + 2);
        }
        text_putc(&t, '\n');
    }
    if (n < w->v.n)
        text_printf(&t, "... %zu more\n", w->v.n - n);
    fputs(text_str(&t), stdout);
    fflush(stdout);
    text_done(&t);
}

static unsigned char on_tab(EditLine *editor, int key)
{
    (void)key;
    struct line_input *in = NULL;
    if (el_get(editor, EL_CLIENTDATA, &in) != 0 || !in)
        return CC_ERROR;
    const LineInfo *info = el_line(editor);
    SCOPED(freep) char *line = xstrndup(info->buffer, (size_t)(info->cursor - info->buffer));
    struct words words = {0};
    size_t start;
    console_complete(in->console, line, &start, &words);
    unsigned char result = CC_ERROR;
    if (words.v.n) {
        size_t typed = strlen(line) - start, same = common_start(&words);
        SCOPED(freep) char *more = xstrndup(words.v.v[0] + typed, same > typed ? same - typed : 0);
        if (*more && el_insertstr(editor, more) == 0)
            result = CC_REFRESH;
        if (words.v.n == 1 && same && words.v.v[0][same - 1] != '/' && el_insertstr(editor, " ") == 0) {
            result = CC_REFRESH;
        } else if (words.v.n > 1 && !*more) {
            list_words(in, &words);
            result = CC_REDISPLAY;
        }
    }
    words_done(&words);
    return result;
}

/* ---- reading ---- */

static char *prompt_of(EditLine *editor)
{
    struct line_input *in = NULL;
    if (el_get(editor, EL_CLIENTDATA, &in) != 0 || !in)
        return (char *)(uintptr_t) "";
    return (char *)(uintptr_t)in->prompt;
}

/* The signal is let in by ppoll alone: one that came just before it waits is seen, too. */
bool console_wait_typed(const struct console *c, int fd)
{
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    struct pollfd typed = {.fd = fd, .events = POLLIN};
    int n = 0;
    while (!progress_cancelled(c->call->progress)) {
        n = ppoll(&typed, 1, NULL, &before);
        if (n > 0 || (n < 0 && errno != EINTR))
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n > 0;
}

/* As libedit has it: 1 for a character, 0 at the end, -1 with errno. Ctrl-C takes away what was typed, so that there may
 * be nothing to read any more. */
static int read_character(EditLine *editor, wchar_t *out)
{
    struct line_input *in = NULL;
    if (el_get(editor, EL_CLIENTDATA, &in) != 0 || !in)
        return -1;
    for (;;) {
        char byte;
        if (!console_wait_typed(in->console, in->terminal))
            return -1;
        ssize_t got = read(in->terminal, &byte, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return (int)got;
        size_t used = mbrtowc(out, &byte, 1, &in->state);
        if (used <= 1)
            return 1;
        if (used == (size_t)-1)
            in->state = (mbstate_t){0}; /* not of this locale's encoding: dropped */
    }
}

/* A window that was given another size since the last line: answers are to fit it. */
static void follow_window(struct line_input *in, struct console *c)
{
    struct winsize now;
    if (!c->screen.terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || !now.ws_col)
        return;
    if (in->window.ws_col && (now.ws_col != in->window.ws_col || now.ws_row != in->window.ws_row)) {
        c->screen.columns = c->set.width = now.ws_col;
        c->screen.rows = c->set.height = now.ws_row;
    }
    in->window = now;
}

static char *next_typed(struct console_input *base, struct console *c, const char *prompt)
{
    struct line_input *in = (struct line_input *)base;
    in->prompt = prompt;
    for (;;) {
        int n = 0;
        console_question(c);
        c->call->question(c->call, false); /* no bar is drawn over a line that is being typed */
        /* Before the prompt: libedit would do so behind it, and a Ctrl-D that came between the two would be lost. */
        el_set(in->editor, EL_PREP_TERM, 1);
        const char *line = el_gets(in->editor, &n);
        if (!line || n <= 0) {
            if (!progress_cancelled(c->call->progress))
                break;
            fputs("Quit\n", stdout); /* Ctrl-C drops the line, not the console */
            el_reset(in->editor);
            continue;
        }
        follow_window(in, c);
        if (line[strspn(line, " \t\n")])
            history(in->history, &in->event, H_ENTER, line);
        return xstrndup(line, strcspn(line, "\n"));
    }
    fputs("quit\n", stdout);
    return NULL;
}

struct err *console_run_terminal(struct console *c)
{
    struct line_input in = {.input = {.next = next_typed, .goes_on = true, .typed = true}, .console = c, .prompt = ""};
    in.editor = el_init("inquest", stdin, stdout, stderr);
    if (!in.editor)
        return err_new(ERR_IO, "cannot set the terminal up for editing");
    in.history = history_init();
    if (!in.history)
        mem_exhausted();
    SCOPED(closep) int terminal = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    in.terminal = terminal >= 0 ? terminal : STDIN_FILENO; /* one of somebody else's may not be opened */
    el_set(in.editor, EL_CLIENTDATA, &in);
    el_set(in.editor, EL_PROMPT, prompt_of);
    el_wset(in.editor, EL_GETCFN, read_character);
    el_set(in.editor, EL_EDITOR, "emacs");
    el_set(in.editor, EL_HIST, history, in.history);
    /* The narrow form copies both names and never frees them. */
    el_wset(in.editor, EL_ADDFN, L"complete", L"complete commands and names", on_tab);
    el_set(in.editor, EL_BIND, "\t", "complete", NULL);
    el_set(in.editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(in.editor, NULL); /* ~/.editrc, as for other programs */
    history_load(&in);
    follow_window(&in, c);
    c->interactive = true;
    struct err *e = console_run_input(c, &in.input);
    history_store(&in);
    history_end(in.history);
    el_end(in.editor);
    return e;
}
