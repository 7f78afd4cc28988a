/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of commands from files, and running them one after the other. */
#include "front/console/console.h"

#include <errno.h>
#include <string.h>

struct file_input {
    struct console_input input;
    FILE *file;
    unsigned line; /* read so far */
};

static char *next_of_file(struct console_input *in, struct console *c, const char *prompt)
{
    (void)c;
    (void)prompt;
    struct file_input *f = (struct file_input *)in;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = getline(&line, &cap, f->file);
    if (n < 0) {
        free(line);
        return NULL;
    }
    f->line++;
    if (n && line[n - 1] == '\n')
        line[--n] = 0;
    if (n && line[n - 1] == '\r')
        line[n - 1] = 0;
    return line;
}

/* What an empty line does after this one: the line again, the bare command, or NULL for nothing. */
static char *to_repeat(struct console *c, const char *line)
{
    const struct console_command *row = NULL;
    const struct console_macro *macro = NULL;
    const char *args;
    struct err *e = command_find_row(c, line, &row, &macro, &args);
    if (e) {
        err_free(e);
        return NULL;
    }
    if (row && row->repeat == REPEAT_BARE)
        return xstrdup(row->name);
    return macro || (row && row->repeat == REPEAT_SAME) ? xstrdup(line) : NULL;
}

static void repeat(struct console *c, char **last, char **line)
{
    const char *start = *line + strspn(*line, " \t");
    if (*start) {
        free(*last);
        *last = to_repeat(c, start);
    } else if (*last) {
        free(*line);
        *line = xstrdup(*last);
    }
}

struct err *console_run_input(struct console *c, struct console_input *in)
{
    struct console_input *outer = c->input;
    struct err *e = NULL;
    SCOPED(freep) char *last = NULL;
    c->input = in;
    while (!e && !c->quit) {
        SCOPED(freep) char *line = in->next(in, c, c->set.prompt);
        if (!line)
            break;
        if (in->typed)
            repeat(c, &last, &line);
        e = console_run(c, line);
        if (e && in->goes_on) {
            console_say(c, e);
            e = NULL;
        }
    }
    c->input = outer;
    return e;
}

struct err *console_run_stream(struct console *c, FILE *file)
{
    struct file_input in = {.input = {.next = next_of_file, .goes_on = true}, .file = file};
    return console_run_input(c, &in.input);
}

struct err *console_run_file(struct console *c, const char *path)
{
    SCOPED(fclosep) FILE *f = fopen(path, "re");
    if (!f)
        return err_errno(errno, "%s", path);
    struct file_input in = {.input = {.next = next_of_file}, .file = f};
    struct err *e = console_run_input(c, &in.input);
    if (e)
        console_warn(c, "%s:%u: Error in sourced command file:\n", path, in.line);
    return e;
}
