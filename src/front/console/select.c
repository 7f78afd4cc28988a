/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread and frame are selected. */
#include "front/console/console.h"

struct err *console_target(struct console *c, const struct image **out)
{
    if (!c->session)
        return err_hint(err_new(ERR_NO_DATA, "no target is open"), "use \"core-file FILE\" or \"attach PID\"");
    *out = session_image(c->session);
    return NULL;
}

/* The stacks of all threads; with the first, the crashed thread is selected. */
static struct err *load_stacks(struct console *c)
{
    if (c->stacks)
        return NULL;
    if (!c->session)
        return err_new(ERR_NO_DATA, "no stack");
    TRY(session_stacks(c->session, &c->stacks, &c->n_stacks));
    return NULL;
}

const struct sstack *console_stack_of(struct console *c, int32_t tid)
{
    for (size_t i = 0; i < c->n_stacks; i++)
        if (c->stacks[i].thread->tid == tid)
            return &c->stacks[i];
    return NULL;
}

struct err *console_stack(struct console *c, const struct sstack **out)
{
    TRY(load_stacks(c));
    const struct sstack *st = console_stack_of(c, c->tid);
    if (!st || !st->n)
        return err_new(ERR_NO_DATA, "no stack");
    *out = st;
    return NULL;
}

struct err *console_sframe(struct console *c, const struct sframe **out)
{
    const struct sstack *st;
    if (!c->session)
        return err_new(ERR_NO_DATA, "no frame selected");
    TRY(console_stack(c, &st));
    if (c->frame >= st->n)
        c->frame = 0;
    *out = &st->frames[c->frame];
    return NULL;
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
    c->stacks = NULL;
    c->n_stacks = 0;
    c->frame = 0;
    c->tid = 0;
    c->list.file = c->list.missing = c->list.newer = NULL;
    if (im && im->threads.n)
        c->tid = im->crashed_tid && console_thread_number(c, im->crashed_tid) ? im->crashed_tid : im->threads.v[0].tid;
}
