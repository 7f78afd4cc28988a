/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts: if, while and source; bodies are the lines up to their "end". */
#include "front/console/script.h"

#include <string.h>

enum { BODY_MAX = 100 * 1000, ROUNDS_MAX = 10 * 1000 * 1000 };

/* ---- bodies ---- */

void body_done(struct body *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->v[i]);
    vec_done(b);
}

/* Does a line open a body of its own? */
static bool opens(const char *line)
{
    static const char *const words[] = {"if", "while", "define", "document"};
    line += strspn(line, " \t");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *p = line;
        if (args_word(&p, words[i]))
            return true;
    }
    return false;
}

/* Is a line just this word? */
static bool is_word(const char *line, const char *word)
{
    line += strspn(line, " \t");
    return args_word(&line, word) && !*line;
}

struct err *body_read(struct console *c, bool text, struct body *out)
{
    size_t depth = 0;
    if (!c->input)
        return err_new(ERR_USAGE, "no lines follow that could end with \"end\"");
    for (;;) {
        char *line = c->input->next(c->input, c, ">");
        if (!line)
            return err_new(ERR_USAGE, "the input ends before \"end\"");
        bool ends = is_word(line, "end");
        if ((ends && !depth) || out->n >= BODY_MAX) {
            free(line);
            return ends ? NULL : err_new(ERR_LIMIT, "more than %d lines", BODY_MAX);
        }
        if (ends)
            depth--;
        else if (!text && opens(line))
            depth++;
        *vec_push(out) = line;
    }
}

/* Lines of a body as an input of their own. */
struct body_input {
    struct console_input input;
    char *const *lines;
    size_t n, at;
};

static char *next_of_body(struct console_input *in, struct console *c, const char *prompt)
{
    (void)prompt;
    struct body_input *b = (struct body_input *)in;
    return b->at < b->n && c->loop == LOOP_RUNS ? xstrdup(b->lines[b->at++]) : NULL;
}

struct err *body_run(struct console *c, char *const *lines, size_t n)
{
    struct body_input in = {.input = {.next = next_of_body}, .lines = lines, .n = n};
    return console_run_input(c, &in.input);
}

/* ---- if, while ---- */

static struct err *is_true(struct console *c, const char *condition, bool *out)
{
    uint64_t v;
    if (!*condition)
        return err_new(ERR_USAGE, "a condition is missing");
    TRY(console_number(c, condition, &v));
    *out = v != 0;
    return NULL;
}

/* The line of the `else` that belongs to the body's own `if`; n when there is none. */
static size_t find_else(const struct body *b)
{
    size_t depth = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (!depth && is_word(b->v[i], "else"))
            return i;
        if (depth && is_word(b->v[i], "end"))
            depth--;
        else if (opens(b->v[i]))
            depth++;
    }
    return b->n;
}

static struct err *run_if(struct console *c, const char *args)
{
    SCOPED(body_done) struct body b = {0};
    bool yes;
    TRY(body_read(c, false, &b));
    TRY(is_true(c, args, &yes));
    size_t other = find_else(&b);
    if (yes)
        return body_run(c, b.v, other);
    return other < b.n ? body_run(c, b.v + other + 1, b.n - other - 1) : NULL;
}

static struct err *run_rounds(struct console *c, const char *condition, const struct body *b)
{
    for (size_t i = 0; i < ROUNDS_MAX; i++) {
        bool yes;
        TRY(is_true(c, condition, &yes));
        if (!yes)
            return NULL;
        TRY(body_run(c, b->v, b->n));
        TRY(console_flush(c)); /* notices Ctrl-C */
        if (c->loop == LOOP_BREAK)
            return NULL;
        c->loop = LOOP_RUNS;
    }
    return err_new(ERR_LIMIT, "a loop of more than %d rounds", ROUNDS_MAX);
}

static struct err *run_while(struct console *c, const char *args)
{
    SCOPED(body_done) struct body b = {0};
    TRY(body_read(c, false, &b));
    SCOPED(freep) char *condition = xstrdup(args);
    struct err *e = run_rounds(c, condition, &b);
    c->loop = LOOP_RUNS;
    return e;
}

static struct err *run_loop_break(struct console *c, const char *args)
{
    (void)args;
    c->loop = LOOP_BREAK;
    return NULL;
}

static struct err *run_loop_continue(struct console *c, const char *args)
{
    (void)args;
    c->loop = LOOP_NEXT;
    return NULL;
}

static struct err *run_source(struct console *c, const char *args)
{
    while (args_word(&args, "-v") || args_word(&args, "-s"))
        continue;
    if (!*args)
        return err_new(ERR_USAGE, "source command requires file name of file to source");
    SCOPED(freep) char *path = console_expand_path(args);
    if (!console_is_script(path))
        return console_run_file(c, path);
    int status;
    TRY(console_run_script(c, path, NULL, 0, &status));
    return status ? err_new(ERR_USAGE, "the script %s failed", path) : NULL;
}

static const struct console_command rows[] = {
    {"source", NULL, CLASS_SUPPORT, "FILE", "Run the commands in a file, or a script (.py, .star).",
     "A script of Python (.py) has the module inquest; its functions command_NAME become commands, and its main() "
     "runs. \"set script time-limit\" and \"set script memory-limit\" bound it.",
     COMPLETE_FILE, REPEAT_NEVER, run_source},
    {"if", NULL, CLASS_SUPPORT, "CONDITION", "Run the lines that follow if the condition is not 0.",
     "The lines end with \"end\"; \"else\" may stand between.", COMPLETE_EXPRESSION, REPEAT_NEVER, run_if},
    {"while", NULL, CLASS_SUPPORT, "CONDITION", "Run the lines that follow, up to \"end\", while it is not 0.", NULL,
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_while},
    {"loop_break", NULL, CLASS_SUPPORT, NULL, "Leave a \"while\".", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_loop_break},
    {"loop_continue", NULL, CLASS_SUPPORT, NULL, "Begin the next round of a \"while\".", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_loop_continue},
};
const struct console_table console_script_table = {rows, ARRAY_LEN(rows)};
