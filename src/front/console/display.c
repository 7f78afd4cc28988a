/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions that are shown again after each stop: display, undisplay, info display. */
#include "front/console/format_letters.h"

#include <ctype.h>
#include <string.h>

/* "1: x = 5", or for memory "1: x/2i $pc" and the units below it. Its error is part of the answer. */
static struct err *show(struct console *c, const struct console_display *d)
{
    const char *letters = d->format;
    struct format_letters l;
    struct value v;
    TRY(format_letters_take(&letters, &l));
    size_t from = c->out.n;
    bool memory = l.letter == 'i' || l.letter == 's' || l.counted || l.size;
    text_printf(&c->out, "%u: %s%s%s", d->number, memory ? "x" : "", d->format, *d->format ? " " : "");
    put_safe(&c->out, d->text);
    text_put(&c->out, memory ? "\n" : " = ");
    if (memory)
        return console_examine(c, &l, d->text);
    struct err *e = console_evaluate(c, d->text, &v);
    if (e && e->code == ERR_CANCELLED)
        return e;
    struct format f = c->set.print;
    f.letter = l.letter;
    if (e) {
        text_put(&c->out, "<error: ");
        put_err(&c->out, e);
        text_putc(&c->out, '>');
    } else {
        format_value(session_values(c->session), &v, &f, &c->out);
        console_wrap_value(c, from, 0);
    }
    err_free(e);
    text_putc(&c->out, '\n');
    return NULL;
}

struct err *console_show_displays(struct console *c)
{
    for (size_t i = 0; i < c->displays.n; i++)
        if (!c->displays.v[i].off)
            TRY(show(c, &c->displays.v[i]));
    return NULL;
}

static struct err *run_display(struct console *c, const char *args)
{
    if (!*args)
        return console_show_displays(c);
    const char *text = args;
    struct format_letters l;
    struct value v;
    TRY(format_letters_take(&text, &l));
    TRY(console_evaluate(c, text, &v));
    struct console_display *d = vec_push(&c->displays);
    d->number = ++c->n_displays;
    d->text = xstrdup(text);
    d->format = xstrndup(args, strcspn(args, " \t") * (*args == '/'));
    return show(c, d);
}

static struct err *run_info_display(struct console *c, const char *args)
{
    (void)args;
    if (!c->displays.n) {
        text_put(&c->out, "There are no auto-display expressions now.\n");
        return NULL;
    }
    text_put(&c->out, "Auto-display expressions now in effect:\nNum Enb Expression\n");
    for (size_t i = 0; i < c->displays.n; i++) {
        const struct console_display *d = &c->displays.v[i];
        text_printf(&c->out, "%u:   %c  %s%s", d->number, d->off ? 'n' : 'y', d->format, *d->format ? " " : "");
        put_safe(&c->out, d->text);
        text_putc(&c->out, '\n');
    }
    return NULL;
}

/* ---- by number ---- */

enum display_change { DISPLAY_DELETE, DISPLAY_ON, DISPLAY_OFF };

static void change_one(struct console *c, size_t i, enum display_change how)
{
    struct console_display *d = &c->displays.v[i];
    if (how != DISPLAY_DELETE) {
        d->off = how == DISPLAY_OFF;
        return;
    }
    free(d->format);
    free(d->text);
    memmove(d, d + 1, (c->displays.n - i - 1) * sizeof(*d));
    c->displays.n--;
}

static struct err *change(struct console *c, const char *args, enum display_change how)
{
    for (size_t i = c->displays.n; !*args && i-- > 0;)
        change_one(c, i, how);
    while (*args) {
        int64_t number;
        size_t i = 0;
        if (!args_number(&args, &number))
            return err_new(ERR_USAGE, "arguments must be display numbers");
        while (i < c->displays.n && c->displays.v[i].number != number)
            i++;
        if (i == c->displays.n)
            return err_new(ERR_NOT_FOUND, "no display number %lld", (long long)number);
        change_one(c, i, how);
    }
    return NULL;
}

static struct err *run_undisplay(struct console *c, const char *args)
{
    return change(c, args, DISPLAY_DELETE);
}

static struct err *run_enable_display(struct console *c, const char *args)
{
    return change(c, args, DISPLAY_ON);
}

static struct err *run_disable_display(struct console *c, const char *args)
{
    return change(c, args, DISPLAY_OFF);
}

static const struct console_command rows[] = {
    {"display", NULL, CLASS_DATA, "[/FMT] [EXPRESSION]", "Show an expression now and after each stop.",
     "Without arguments all of them are shown.", COMPLETE_EXPRESSION, REPEAT_NEVER, run_display},
    {"info display", NULL, CLASS_STATUS, NULL, "List the expressions that are shown after each stop.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_info_display},
    {"undisplay", "delete display", CLASS_DATA, "[NUMBER]...", "Drop expressions of display, or all.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_undisplay},
    {"enable display", NULL, CLASS_DATA, "[NUMBER]...", "Show expressions of display again.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_enable_display},
    {"disable display", NULL, CLASS_DATA, "[NUMBER]...", "Keep expressions of display, but do not show them.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_disable_display},
};
const struct console_table console_display_table = {rows, ARRAY_LEN(rows)};
