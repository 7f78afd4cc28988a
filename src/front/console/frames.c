/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks and the selected frame: backtrace, frame, up, down. */
#include "front/console/console.h"

#include <string.h>

struct bt_options {
    int64_t count; /* from the innermost, negative: from the outermost; 0: all */
    bool full;
};

static struct err *parse_bt(const char *args, struct bt_options *o)
{
    *o = (struct bt_options){0};
    while (*args) {
        if (args_word(&args, "full") || args_word(&args, "-full"))
            o->full = true;
        else if (!args_number(&args, &o->count))
            return err_new(ERR_USAGE, "no frame count: \"%s\"", args);
    }
    return NULL;
}

static struct err *run_backtrace(struct console *c, const char *args)
{
    struct bt_options o;
    const struct sstack *st;
    TRY(parse_bt(args, &o));
    TRY(console_stack(c, &st));
    size_t n = st->n, first = 0;
    if (o.count > 0 && (uint64_t)o.count < n)
        n = (size_t)o.count;
    if (o.count < 0 && (uint64_t)-o.count < n)
        first = n - (size_t)-o.count;
    for (size_t i = first; i < n; i++) {
        console_put_frame(c, st, i, 0);
        TRY(console_flush(c));
    }
    if (n < st->n) {
        if (c->interactive)
            text_put(&c->out, "(More stack frames follow...)\n");
    } else if (st->stopped) {
        text_put(&c->out, "Backtrace stopped: ");
        put_safe(&c->out, st->stopped);
        text_putc(&c->out, '\n');
    }
    return NULL;
}

static struct err *select_frame(struct console *c, uint64_t n)
{
    const struct sstack *st;
    TRY(console_stack(c, &st));
    if (n >= st->n)
        return err_new(ERR_NOT_FOUND, "no frame at level %llu", (unsigned long long)n);
    c->frame = (size_t)n;
    return NULL;
}

static struct err *run_frame(struct console *c, const char *args)
{
    uint64_t n;
    if (*args) {
        TRY(console_number(c, args, &n));
        TRY(select_frame(c, n));
    }
    return console_show_frame(c);
}

static struct err *move(struct console *c, const char *args, bool outwards)
{
    const struct sstack *st;
    uint64_t count = 1;
    TRY(console_stack(c, &st));
    if (*args)
        TRY(console_number(c, args, &count));
    int64_t by = outwards ? (int64_t)count : -(int64_t)count;
    if (by > 0 && c->frame + 1 >= st->n)
        return err_new(ERR_USAGE, "initial frame selected; you can't go up");
    if (by < 0 && c->frame == 0)
        return err_new(ERR_USAGE, "bottom (innermost) frame selected; you can't go down");
    if (by > 0)
        c->frame = (uint64_t)by < st->n - 1 - c->frame ? c->frame + (size_t)by : st->n - 1;
    else
        c->frame = (uint64_t)-by < c->frame ? c->frame - (size_t)-by : 0;
    return console_show_frame(c);
}

static struct err *run_up(struct console *c, const char *args)
{
    return move(c, args, true);
}

static struct err *run_down(struct console *c, const char *args)
{
    return move(c, args, false);
}

static const struct console_command rows[] = {
    {"backtrace", "bt|where|stack|info stack", CLASS_STACK, "[full] [N | -N]", "Show the stack of the selected thread.",
     "N shows the innermost N frames, -N the outermost.", COMPLETE_NOTHING, REPEAT_SAME, run_backtrace},
    {"frame", "f", CLASS_STACK, "[N]", "Select and show frame N, or show the selected one.", NULL, COMPLETE_NOTHING,
     REPEAT_SAME, run_frame},
    {"up", NULL, CLASS_STACK, "[N]", "Select the frame that called this one, or the N-th outwards.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_up},
    {"down", "do|dow", CLASS_STACK, "[N]", "Select the frame that this one called, or the N-th inwards.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_down},
};
const struct console_table console_frame_table = {rows, ARRAY_LEN(rows)};
