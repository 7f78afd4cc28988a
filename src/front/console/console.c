/* SPDX-License-Identifier: Apache-2.0 */
/* One command after the other: its answer, its error, its pages. */
#include "front/console/code.h"
#include "front/console/redirect.h"
#include "front/console/script.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH_MAX = 100, LINE_MAX_BYTES = 64 * 1024 };

const struct console_table *const console_tables[] = {
    &console_frame_table,         &console_thread_table,      &console_goroutine_table,
    &console_goroutines_table,    &console_task_stack_table,  &console_deferred_table,
    &console_apply_table,         &console_variable_table,    &console_find_table,
    &console_what_table,          &console_info_frame_table,  &console_register_table,
    &console_print_table,         &console_save_table,        &console_examine_table,
    &console_display_table,       &console_echo_table,        &console_list_table,
    &console_disassemble_table,   &console_code_table,        &console_info_names_table,
    &console_program_names_table, &console_info_target_table, &console_auxv_table,
    &console_settings_table,      &console_source_path_table, &console_script_table,
    &console_define_table,        &console_logging_table,     &console_open_table,
    &console_redirect_table,      &console_process_table,     &console_python_table,
    &console_signal_table,        &console_refused_table,     &console_help_table,
    &console_support_table,       &console_task_table,        NULL,
};

/* ---- output ---- */

/* gdb's question at the end of a page. False: enough. */
static bool next_page(struct console *c)
{
    fputs("--Type <RET> for more, q to quit, c to continue without paging--", c->screen.out);
    fflush(c->screen.out);
    char answer[64];
    if (!console_wait_typed(c, STDIN_FILENO) || !fgets(answer, sizeof(answer), stdin) ||
        progress_cancelled(c->call->progress))
        return false;
    const char *word = answer + strspn(answer, " \t");
    c->all_pages = *word == 'c';
    c->page_line = 0;
    return *word != 'q';
}

static size_t lines_taken(const struct console *c, const char *s, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\033')
            while (i + 1 < n && s[i] != 'm')
                i++;
        else
            columns += ((unsigned char)s[i] & 0xc0) != 0x80;
    }
    return c->set.width && columns > c->set.width ? (columns + c->set.width - 1) / c->set.width : 1;
}

static struct err *flush_pages(struct console *c)
{
    const char *p = c->out.p, *end = p + c->out.n;
    while (p < end) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        size_t n = line_end ? (size_t)(line_end - p) + 1 : (size_t)(end - p);
        size_t lines = lines_taken(c, p, n);
        if (!c->all_pages && c->page_line && c->page_line + lines >= c->set.height && !next_page(c)) {
            text_clear(&c->out);
            return err_new(ERR_CANCELLED, "quit");
        }
        fwrite(p, 1, n, c->screen.out);
        c->page_line += line_end ? lines : 0;
        p += n;
    }
    return NULL;
}

/* In parts, since a terminal takes its time and Ctrl-C is to be noticed meanwhile. */
static struct err *flush_parts(struct console *c)
{
    enum { PART = 16 * 1024 };
    for (size_t at = 0; at < c->out.n; at += PART) {
        if (progress_cancelled(c->call->progress)) {
            text_clear(&c->out);
            return err_new(ERR_CANCELLED, "quit");
        }
        fwrite(c->out.p + at, 1, c->out.n - at < PART ? c->out.n - at : PART, c->screen.out);
    }
    return NULL;
}

struct err *console_flush(struct console *c)
{
    if (progress_cancelled(c->call->progress)) {
        text_clear(&c->out);
        return err_new(ERR_CANCELLED, "quit");
    }
    if (!c->out.n || c->capture)
        return NULL;
    c->call->question(c->call, false);
    console_log(c, c->out.p, c->out.n);
    if (c->log && c->set.log_redirect)
        text_clear(&c->out);
    else if (c->interactive && c->screen.terminal && c->set.pagination && c->set.height)
        TRY(flush_pages(c));
    else
        TRY(flush_parts(c));
    text_clear(&c->out);
    if (fflush(c->screen.out) != 0 && errno != EPIPE)
        return err_errno(errno, "cannot write the answer");
    return NULL;
}

void console_warn(struct console *c, const char *fmt, ...)
{
    SCOPED(freep) char *s = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0)
        mem_exhausted();
    va_end(ap);
    IGNORE_ERR(console_flush(c)); /* in the order in which it happened; that error would be this one's again */
    c->call->question(c->call, false);
    fputs(s, c->err);
}

/* gdb's words for memory that is not there; that a dump left it out is said besides. */
static void put_memory_error(struct text *t, const struct err *e)
{
    text_printf(t, "Cannot access memory at address 0x%" PRIx64, e->at);
    if (e->code != ERR_UNMAPPED) {
        text_put(t, ": ");
        put_err(t, e);
    }
}

/* The first letter is made a capital; of a file's name nothing. */
static void begin_sentence(char *text)
{
    size_t word = strcspn(text, " ");
    if (!memchr(text, '/', word) && !memchr(text, '.', word) && !memchr(text, ':', word))
        text[0] = (char)toupper((unsigned char)text[0]);
}

/* gdb's messages are sentences, but those about memory end without a full stop. */
static void console_put_error(struct text *t, const struct err *e)
{
    bool memory = e->code == ERR_UNMAPPED || e->code == ERR_NOT_IN_DUMP || e->code == ERR_TRUNCATED;
    if (memory && e->where == ERR_AT_ADDRESS) {
        put_memory_error(t, e);
        return;
    }
    size_t from = t->n;
    put_safe(t, e->code == ERR_CANCELLED ? "quit" : e->msg);
    if (t->n == from)
        return;
    begin_sentence(t->p + from);
    bool ends = strchr(".!?'", t->p[t->n - 1]) != NULL;
    if (e->code == ERR_CANCELLED)
        return;
    if (!memory && !ends)
        text_putc(t, '.');
    if (e->hint) {
        text_put(t, memory ? ".  " : "  ");
        size_t hint = t->n;
        put_safe(t, e->hint);
        begin_sentence(t->p + hint);
        if (!strchr(".!?", t->p[t->n - 1]))
            text_putc(t, '.');
    }
}

void console_say(struct console *c, struct err *e)
{
    struct text t = {0};
    console_put_error(&t, e);
    console_warn(c, "%s\n", text_str(&t));
    text_done(&t);
    err_free(e);
}

/* ---- running ---- */

void console_question(struct console *c)
{
    c->call->question(c->call, true);
    c->page_line = 0;
    c->all_pages = false;
}

static struct err *run_row(struct console *c, const char *line)
{
    const struct console_command *row;
    const struct console_macro *macro;
    const char *rest;
    if (redirect_wanted(line))
        return redirect_run(c, line);
    TRY(command_find_row(c, line, &row, &macro, &rest));
    SCOPED(freep) char *args = xstrdup(rest);
    if (macro)
        return console_run_macro(c, macro, args);
    if (!row || !row->run)
        return err_hint(err_new(ERR_USAGE, "\"%s\" must be followed by the name of a subcommand", line),
                        "try \"help %s\"", line);
    return row->run(c, args);
}

struct err *console_capture(struct console *c, const char *line, struct text *answer)
{
    struct text before = c->out;
    bool captured = c->capture;
    c->out = (struct text){0};
    c->capture = true;
    struct err *e = console_run(c, line);
    *answer = c->out;
    c->out = before;
    c->capture = captured;
    return e;
}

struct err *console_run(struct console *c, const char *line)
{
    line += strspn(line, " \t\r\n");
    if (!*line || *line == '#')
        return NULL;
    size_t n = strlen(line);
    if (n > LINE_MAX_BYTES)
        return err_new(ERR_LIMIT, "a command line of more than %d bytes", LINE_MAX_BYTES);
    if (c->depth >= DEPTH_MAX)
        return err_new(ERR_LIMIT, "commands run each other %d deep", DEPTH_MAX);
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    SCOPED(freep) char *trimmed = xstrndup(line, n);
    if (!c->depth)
        console_question(c);
    if (c->screen.out == c->call->screen.out)
        c->screen.color = c->set.color;
    if (c->set.trace_commands)
        console_warn(c, "%.*s%s\n", (int)(c->depth + 1 < 40 ? c->depth + 1 : 40),
                     "++++++++++++++++++++++++++++++++++++++++", trimmed);
    c->depth++;
    struct err *e = run_row(c, trimmed);
    c->depth--;
    if (!e)
        e = console_flush(c);
    else
        IGNORE_ERR(console_flush(c)); /* what was answered before the error */
    c->status = e ? 1 : 0;
    if (c->session)
        session_forget_values(c->session);
    return e;
}

/* ---- the end ---- */

void console_done(struct console *c)
{
    console_close(c);
    console_script_done(c);
    console_log_end(c);
    free(c->own_program);
    free(c->debug_dirs);
    for (size_t i = 0; i < c->macros.n; i++) {
        struct console_macro *m = &c->macros.v[i];
        free(m->name);
        free(m->help);
        body_done(&m->lines);
    }
    vec_done(&c->macros);
    console_source_paths_done(c);
    for (size_t i = 0; i < c->displays.n; i++) {
        free(c->displays.v[i].format);
        free(c->displays.v[i].text);
    }
    vec_done(&c->displays);
    vec_done(&c->history);
    vec_done(&c->variables);
    vec_done(&c->stacks);
    settings_done(c);
    text_done(&c->out);
}
