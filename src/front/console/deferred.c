/* SPDX-License-Identifier: Apache-2.0 */
/* deferred: the calls that a frame of a goroutine makes when it is left. */
#include "front/console/goroutine.h"

#include <inttypes.h>

/* ---- which ---- */

struct err *deferred_of_stack(struct console *c, const struct tasks *t, const struct task *task,
                              struct deferred_calls *out)
{
    const struct sstack *st; /* whole, since each call belongs to a frame of it */
    TRY(session_task_stack(c->session, t, task, &st));
    return session_deferred(c->session, t, task, st, &out->v, &out->n);
}

struct deferred_calls deferred_of_frame(const struct deferred_calls *all, const struct sstack *st, size_t index)
{
    struct deferred_calls out = {0};
    const struct sframe *f = &st->frames[index];
    if (f->kind == FRAME_INLINED) /* the function that it is inlined into makes them */
        return out;
    for (size_t i = 0; i < all->n; i++) {
        if (all->v[i].physical != f->physical)
            continue;
        if (!out.n)
            out.v = &all->v[i];
        out.n++;
    }
    return out;
}

/* ---- text ---- */

static void put_at(struct text *t, const struct splace *at)
{
    text_put(t, "at ");
    goroutine_path_put(t, at && at->file ? at->file : "?");
    text_printf(t, ":%" PRIu32 "\n", at ? at->line : 0);
}

static void put_made(struct console *c, const struct sstack *st, size_t index, const struct deferred *d)
{
    const struct splace *at = d->of.made_at ? session_task_place(c->session, d->of.made_at - 1, NULL) : NULL;
    const char *by = st->frames[index].at->function;
    text_put(&c->out, "deferred by ");
    put_safe(&c->out, by ? by : "???");
    if (at) {
        text_putc(&c->out, ' ');
        put_at(&c->out, at);
    } else {
        text_putc(&c->out, '\n');
    }
}

void deferred_put(struct console *c, const struct tasks *t, const struct sstack *st, size_t index,
                  const struct deferred *d, size_t number, const char *indent)
{
    struct text *out = &c->out;
    taddr target;
    const char *meant = session_wrapped(c->session, t, d->of.function, &target);
    taddr entry = target ? target : d->of.function;
    const struct splace *outer = NULL, *at = session_task_place(c->session, entry, &outer);
    SCOPED(freep) char *deeper = xasprintf("%s%*s", indent, (int)sizeof("defer 1: ") - 1, "");
    text_printf(out, "%sdefer %zu: 0x%016" PRIx64 " in ", indent, number, entry);
    put_safe(out, outer && outer->function ? outer->function : "???");
    text_printf(out, "%s\n%s", d->of.running ? " (being made)" : "", deeper);
    put_at(out, at);
    if (meant && !target) {
        text_printf(out, "%swhich calls ", deeper);
        put_safe(out, meant);
        text_putc(out, '\n');
    }
    text_put(out, deeper);
    put_made(c, st, index, d);
}

/* ---- the command ---- */

/* Those of the frame that is looked at. */
static struct err *calls_here(struct console *c, const struct tasks **t, const struct sstack **st,
                              struct deferred_calls *out)
{
    struct deferred_calls all;
    TRY(console_tasks(c, t));
    const struct task *task = console_task(c, *t);
    if (!task)
        return err_new(ERR_NO_DATA, "the thread runs no goroutine");
    TRY(console_first_frames(c, 1, st));
    TRY(deferred_of_stack(c, *t, task, &all));
    *out = deferred_of_frame(&all, *st, c->frame);
    return NULL;
}

static struct err *find_call(struct console *c, int64_t number, struct deferred_calls *calls)
{
    const struct tasks *t;
    const struct sstack *st;
    TRY(calls_here(c, &t, &st, calls));
    if (number < 1 || (uint64_t)number > calls->n)
        return err_new(ERR_NOT_FOUND, "frame %zu has %zu deferred calls", c->frame, calls->n);
    return NULL;
}

static struct err *list_calls(struct console *c)
{
    const struct tasks *t;
    const struct sstack *st;
    struct deferred_calls calls;
    TRY(calls_here(c, &t, &st, &calls));
    for (size_t i = 0; i < calls.n; i++)
        deferred_put(c, t, st, c->frame, &calls.v[i], i + 1, "");
    if (!calls.n)
        text_printf(&c->out, "Frame %zu has no deferred calls.\n", c->frame);
    return NULL;
}

static struct err *run_deferred(struct console *c, const char *args)
{
    struct deferred_calls calls;
    const struct sstack *st;
    int64_t number;
    if (!*args)
        return list_calls(c);
    if (!args_number(&args, &number))
        return err_new(ERR_USAGE, "'%s' is no number of a deferred call", args);
    TRY(find_call(c, number, &calls));
    TRY(session_deferred_stack(c->session, &calls.v[number - 1], &st));
    struct console_selection before = console_selection(c);
    c->deferred = st;
    c->frame = 0;
    return console_run_selected(c, &before, *args ? args : "frame");
}

static const struct console_command rows[] = {
    {"deferred", NULL, CLASS_STACK, "[N COMMAND]", "List the calls that the selected frame deferred, or look at one.",
     "The COMMAND (print, args, locals, list, disassemble) is run as if call N had just begun: it sees what the "
     "function "
     "captured.",
     COMPLETE_NOTHING, REPEAT_SAME, run_deferred},
};
const struct console_table console_deferred_table = {rows, ARRAY_LEN(rows)};
