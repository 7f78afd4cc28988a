/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread and frame are selected. */
#include "front/console/console.h"

#include <string.h>

struct err *console_target(struct console *c, const struct image **out)
{
    if (!c->session)
        return err_hint(err_new(ERR_NO_DATA, "no target is open"), "use \"core-file FILE\" or \"attach PID\"");
    *out = session_image(c->session);
    return NULL;
}

/* Is a frame the program's main function? gdb's rule: what runs it is of no interest. */
static bool is_main(const struct sframe *f)
{
    const struct splace *at = f->at;
    return at->function && at->module && at->module->is_exe && f->kind != FRAME_INLINED &&
           strcmp(at->function, "main") == 0;
}

static size_t frames_up_to_main(const struct sstack *st)
{
    for (size_t i = 0; i < st->n; i++)
        if (is_main(&st->frames[i]))
            return i + 1;
    return st->n;
}

/* The stacks of all threads, as they are to be seen. */
static struct err *load_stacks(struct console *c)
{
    if (!c->session)
        return err_new(ERR_NO_DATA, "no stack");
    if (c->stacks.n && c->stacks_past_main == c->set.past_main)
        return NULL;
    size_t n;
    TRY(session_stacks(c->session, &c->whole, &n));
    c->stacks.n = 0;
    c->stacks_past_main = c->set.past_main;
    for (size_t i = 0; i < n; i++) {
        struct sstack *st = vec_push(&c->stacks);
        *st = c->whole[i];
        st->n = c->set.past_main ? st->n : frames_up_to_main(st);
        if (st->n < c->whole[i].n)
            st->stopped = st->stopped_hint = NULL;
    }
    return NULL;
}

const struct sstack *console_stack_of(struct console *c, int32_t tid)
{
    for (size_t i = 0; i < c->stacks.n; i++)
        if (c->stacks.v[i].thread->tid == tid)
            return &c->stacks.v[i];
    return NULL;
}

struct err *console_stack(struct console *c, const struct sstack **out)
{
    TRY(load_stacks(c));
    const struct sstack *st = console_stack_of(c, c->tid);
    if (!st || !st->n)
        return err_new(ERR_NO_DATA, "no stack");
    if (c->frame >= st->n)
        c->frame = st->n - 1;
    *out = st;
    return NULL;
}

/* Errors of the selected frame are all of one kind for who asks: it cannot be used. */
static struct err *selected_stack(struct console *c, const struct sstack **out)
{
    struct err *e = console_stack(c, out);
    if (!e || e->code == ERR_CANCELLED)
        return e;
    err_free(e);
    return err_new(ERR_NO_DATA, "no frame selected");
}

struct err *console_sframe(struct console *c, const struct sframe **out)
{
    const struct sstack *st;
    TRY(selected_stack(c, &st));
    *out = &st->frames[c->frame];
    return NULL;
}

struct err *console_frame_at(struct console *c, const struct sstack *st, size_t index, const struct vframe **out)
{
    return session_frame(c->session, &c->whole[st - c->stacks.v], index, out);
}

struct err *console_frame(struct console *c, const struct vframe **out)
{
    const struct sstack *st;
    TRY(selected_stack(c, &st));
    return console_frame_at(c, st, c->frame, out);
}

const struct image_thread *console_thread(struct console *c, uint64_t number)
{
    const struct image *im = c->session ? session_image(c->session) : NULL;
    return im && number && number <= im->threads.n ? &im->threads.v[number - 1] : NULL;
}

unsigned console_thread_number(struct console *c, int32_t tid)
{
    const struct image *im = c->session ? session_image(c->session) : NULL;
    for (size_t i = 0; im && i < im->threads.n; i++)
        if (im->threads.v[i].tid == tid)
            return (unsigned)i + 1;
    return 0;
}

void console_select(struct console *c, int32_t tid, size_t frame)
{
    c->tid = tid;
    c->frame = frame;
}

void console_moved(struct console *c)
{
    const struct image *im = c->session ? session_image(c->session) : NULL;
    c->stacks.n = 0;
    c->frame = 0;
    c->tid = 0;
    c->list.file = c->list.missing = c->list.newer = NULL;
    if (im && im->threads.n)
        c->tid = im->crashed_tid && console_thread_number(c, im->crashed_tid) ? im->crashed_tid : im->threads.v[0].tid;
}
