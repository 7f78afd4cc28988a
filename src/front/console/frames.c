/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks and the selected frame: backtrace, frame, up, down. */
#include "front/console/console.h"
#include "front/console/variables.h"

#include <inttypes.h>
#include <string.h>

/* ---- backtrace ---- */

struct bt_options {
    int64_t count; /* from the innermost, negative: from the outermost; 0: all */
    bool full;
};

/* "-frame-arguments scalars", "-frame-info location": settings for this one answer. */
static struct err *bt_setting(struct console *c, const char **args, const char *option, const char *name, bool *taken)
{
    *taken = args_word(args, option);
    if (!*taken)
        return NULL;
    size_t n = strcspn(*args, " \t");
    SCOPED(freep) char *value = xstrndup(*args, n);
    *args += n + strspn(*args + n, " \t");
    return settings_assign(c, name, value);
}

static struct err *parse_bt(struct console *c, const char *args, struct bt_options *o)
{
    static const char *const ignored[] = {"-past-main", "-past-entry", "-no-filters", "no-filters", "-hide",
                                          "hide",       "on",          "off",         "--"};
    *o = (struct bt_options){0};
    while (*args) {
        bool taken = args_word(&args, "full") || args_word(&args, "-full");
        o->full |= taken;
        for (size_t i = 0; i < ARRAY_LEN(ignored) && !taken; i++)
            taken = args_word(&args, ignored[i]);
        if (!taken)
            TRY(bt_setting(c, &args, "-frame-arguments", "print frame-arguments", &taken));
        if (!taken)
            TRY(bt_setting(c, &args, "-entry-values", "print entry-values", &taken));
        if (!taken)
            TRY(bt_setting(c, &args, "-frame-info", "print frame-info", &taken));
        if (taken || args_number(&args, &o->count))
            continue;
        uint64_t n; /* an expression, as gdb takes it */
        TRY(console_number(c, args, &n));
        o->count = (int64_t)n;
        break;
    }
    return NULL;
}

static struct err *put_stack(struct console *c, const struct bt_options *o)
{
    const struct sstack *st;
    size_t first = 0, limit = c->set.backtrace_limit, wanted = limit ? limit : SIZE_MAX;
    if (o->count > 0 && (uint64_t)o->count < wanted)
        wanted = (size_t)o->count;
    TRY(console_first_frames(c, wanted, &st));
    size_t n = st->n;
    if (limit && n > limit)
        n = limit;
    if (o->count < 0 && -(uint64_t)o->count < n)
        first = n - (size_t) - (uint64_t)o->count;
    if (o->count > 0 && (uint64_t)o->count < n)
        n = (size_t)o->count;
    for (size_t i = first; i < n; i++) {
        console_put_frame(c, st, i, 0);
        if (o->full)
            TRY(variables_put_full(c, st, i));
        TRY(console_flush(c));
        session_forget_values(c->session); /* a deep stack's arguments would add up */
    }
    bool more = n < st->n || st->more;
    if (limit && n == limit && more)
        text_printf(&c->out, "Backtrace limit of %zu exceeded.\n", limit);
    else if (more && c->interactive && !c->capture)
        text_put(&c->out, "(More stack frames follow...)\n");
    else if (!more && st->stopped) {
        text_put(&c->out, "Backtrace stopped: ");
        put_safe(&c->out, st->stopped);
        text_putc(&c->out, '\n');
    }
    return NULL;
}

static struct err *run_backtrace(struct console *c, const char *args)
{
    struct bt_options o;
    struct settings before = c->set; /* its strings stay the same */
    struct err *e = parse_bt(c, args, &o);
    if (!e)
        e = put_stack(c, &o);
    c->set = before;
    return e;
}

/* ---- frame ---- */

static struct err *select_level(struct console *c, const char *args)
{
    const struct sstack *st;
    uint64_t n;
    TRY(console_first_frames(c, 1, &st));
    TRY(console_number(c, args, &n));
    TRY(console_first_frames(c, n < SIZE_MAX ? (size_t)n + 1 : SIZE_MAX, &st));
    if (n >= st->n)
        return err_new(ERR_NOT_FOUND, "no frame at level %s", args);
    c->frame = (size_t)n;
    return NULL;
}

/* Does a command follow the number? */
static bool has_command(const char *args)
{
    size_t digits = strspn(args, "0123456789"), blank = strspn(args + digits, " \t");
    return digits && blank && args[digits + blank] >= 'a' && args[digits + blank] <= 'z';
}

static struct err *run_frame(struct console *c, const char *args)
{
    int64_t n;
    const struct sstack *st;
    if (has_command(args) && args_number(&args, &n)) {
        TRY(console_stack(c, &st));
        if (n < 0 || (uint64_t)n >= st->n)
            return err_new(ERR_NOT_FOUND, "no frame at level %" PRId64, n);
        struct console_selection before = console_selection(c);
        c->frame = (size_t)n;
        return console_run_selected(c, &before, args);
    }
    if (*args)
        TRY(select_level(c, args));
    return console_show_frame(c);
}

static struct err *run_select_frame(struct console *c, const char *args)
{
    return *args ? select_level(c, args) : NULL;
}

static struct err *run_frame_level(struct console *c, const char *args)
{
    if (!*args)
        return err_new(ERR_USAGE, "missing level number");
    return run_frame(c, args);
}

/* The name as typed, or with its parameters or template arguments left out. */
static bool is_function(const char *function, const char *name)
{
    size_t n = strlen(name);
    return function && strncmp(function, name, n) == 0 && (!function[n] || function[n] == '(' || function[n] == '<');
}

static struct err *run_frame_function(struct console *c, const char *args)
{
    const struct sstack *st;
    TRY(console_stack(c, &st));
    if (!*args)
        return err_new(ERR_USAGE, "missing function name argument");
    for (size_t i = 0; i < st->n; i++) {
        const struct splace *at = st->frames[i].at;
        if (is_function(at->function, args) || is_function(at->name, args)) {
            c->frame = i;
            return console_show_frame(c);
        }
    }
    return err_new(ERR_NOT_FOUND, "no frame for function \"%s\"", args);
}

static struct err *run_frame_address(struct console *c, const char *args)
{
    const struct sstack *st;
    uint64_t cfa;
    TRY(console_stack(c, &st));
    if (!*args)
        return err_new(ERR_USAGE, "missing address argument");
    TRY(console_number(c, args, &cfa));
    for (size_t i = 0; i < st->n; i++) {
        const struct vframe *f;
        struct err *e = console_frame_at(c, st, i, &f);
        if (!e && !f->lang && f->cfa == cfa) {
            c->frame = i;
            return console_show_frame(c);
        }
        err_free(e); /* this frame is not it */
    }
    return err_new(ERR_NOT_FOUND, "no frame at address %s", args);
}

/* ---- up and down ---- */

static struct err *move(struct console *c, const char *args, bool outwards, bool silent)
{
    const struct sstack *st;
    uint64_t count = 1;
    TRY(console_stack(c, &st));
    if (*args)
        TRY(console_number(c, args, &count));
    int64_t by = (int64_t)count;
    if (!outwards)
        by = by == INT64_MIN ? INT64_MAX : -by;
    size_t outer = st->n - 1 - c->frame, to;
    if (by > 0)
        to = (uint64_t)by < outer ? c->frame + (size_t)by : st->n - 1;
    else
        to = -(uint64_t)by < c->frame ? c->frame - (size_t) - (uint64_t)by : 0;
    if (by > 0 && !outer)
        return err_new(ERR_USAGE, "initial frame selected; you cannot go up");
    if (by < 0 && !c->frame)
        return err_new(ERR_USAGE, "bottom (innermost) frame selected; you cannot go down");
    c->frame = to;
    return silent ? NULL : console_show_frame(c);
}

static struct err *run_up(struct console *c, const char *args)
{
    return move(c, args, true, false);
}

static struct err *run_down(struct console *c, const char *args)
{
    return move(c, args, false, false);
}

static struct err *run_up_silently(struct console *c, const char *args)
{
    return move(c, args, true, true);
}

static struct err *run_down_silently(struct console *c, const char *args)
{
    return move(c, args, false, true);
}

static const struct console_command rows[] = {
    {"backtrace", "bt|where|info stack|info s", CLASS_STACK, "[full] [OPTION]... [N | -N]",
     "Show the stack of the selected thread.",
     "N shows the innermost N frames, -N the outermost. \"full\" adds the local variables of each.\n"
     "Options: -full, -frame-arguments scalars|all|none|presence, -entry-values default|no, -frame-info "
     "auto|location|short-location.",
     COMPLETE_NOTHING, REPEAT_SAME, run_backtrace},
    {"frame", "f", CLASS_STACK, "[N [COMMAND]]", "Select and show frame N, or show the selected one.",
     "With a COMMAND: run it in frame N, and select none.", COMPLETE_NOTHING, REPEAT_SAME, run_frame},
    {"frame level", NULL, CLASS_STACK, "N", "Select and show frame N.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_frame_level},
    {"frame function", NULL, CLASS_STACK, "NAME", "Select and show the innermost frame of a function.", NULL,
     COMPLETE_PLACE, REPEAT_SAME, run_frame_function},
    {"frame address", NULL, CLASS_STACK, "ADDRESS", "Select and show the frame whose frame address it is.", NULL,
     COMPLETE_EXPRESSION, REPEAT_SAME, run_frame_address},
    {"select-frame", NULL, CLASS_STACK, "N", "Select frame N and show nothing.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_select_frame},
    {"up", NULL, CLASS_STACK, "[N]", "Select the frame that called this one, or the N-th outwards.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_up},
    {"down", "do|dow", CLASS_STACK, "[N]", "Select the frame that this one called, or the N-th inwards.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_down},
    {"up-silently", NULL, CLASS_STACK, "[N]", "As up, but show nothing.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_up_silently},
    {"down-silently", NULL, CLASS_STACK, "[N]", "As down, but show nothing.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_down_silently},
};
const struct console_table console_frame_table = {rows, ARRAY_LEN(rows)};
