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

/* A stack as it is to be seen. */
static struct sstack view_of(const struct console *c, const struct sstack *whole)
{
    struct sstack st = *whole;
    st.n = c->set.past_main ? st.n : frames_up_to_main(&st);
    if (st.n < whole->n) {
        st.stopped = st.stopped_hint = NULL;
        st.more = false;
    }
    return st;
}

/* At least the first `frames` frames of thread `tid`, 0: of all. */
static struct err *load_stacks(struct console *c, int32_t tid, size_t frames)
{
    if (!c->session)
        return err_new(ERR_NO_DATA, "no stack");
    size_t n;
    TRY(session_first_frames(c->session, tid, frames, &c->whole, &n));
    bool anew = c->stacks.n != n || c->stacks_past_main != c->set.past_main;
    c->stacks_past_main = c->set.past_main;
    if (anew) {
        c->stacks.n = 0;
        for (size_t i = 0; i < n; i++)
            (void)vec_push(&c->stacks);
    }
    for (size_t i = 0; i < n; i++)
        if (anew || (c->stacks.v[i].more && (!tid || c->whole[i].thread->tid == tid)))
            c->stacks.v[i] = view_of(c, &c->whole[i]);
    return NULL;
}

static struct sstack *find_stack(struct console *c, int32_t tid)
{
    for (size_t i = 0; i < c->stacks.n; i++)
        if (c->stacks.v[i].thread->tid == tid)
            return &c->stacks.v[i];
    return NULL;
}

struct err *console_stack_of(struct console *c, int32_t tid, size_t frames, const struct sstack **out)
{
    TRY(load_stacks(c, tid, frames));
    const struct sstack *st = find_stack(c, tid);
    if (!st || !st->n)
        return err_new(ERR_NO_DATA, "no stack");
    *out = st;
    return NULL;
}

struct err *console_first_frames(struct console *c, size_t frames, const struct sstack **out)
{
    const struct sstack *st;
    if (c->deferred)
        st = c->deferred;
    else if (c->task)
        TRY(session_task_stack(c->session, c->tasks, c->task, &st));
    else
        TRY(console_stack_of(c, c->tid, frames > c->frame ? frames : c->frame + 1, &st));
    if (!st->n)
        return err_new(ERR_NO_DATA, "no stack");
    if (c->frame >= st->n)
        c->frame = st->n - 1;
    *out = st;
    return NULL;
}

struct err *console_stack(struct console *c, const struct sstack **out)
{
    return console_first_frames(c, SIZE_MAX, out);
}

struct err *console_first_frames_of_all(struct console *c)
{
    return load_stacks(c, 0, 1);
}

/* Errors of the selected frame are all of one kind for who asks: it cannot be used. */
static struct err *selected_stack(struct console *c, const struct sstack **out)
{
    struct err *e = console_first_frames(c, 1, out);
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
    bool cut = c->stacks.n && st >= c->stacks.v && st < c->stacks.v + c->stacks.n;
    return session_frame(c->session, cut ? &c->whole[st - c->stacks.v] : st, index, out);
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
    c->task = NULL;
    c->deferred = NULL;
}

struct console_selection console_selection(const struct console *c)
{
    return (struct console_selection){c->tasks, c->task, c->deferred, c->tid, c->frame, c->list};
}

struct err *console_run_selected(struct console *c, const struct console_selection *before, const char *command)
{
    struct text answer = {0};
    c->list = (struct console_list){0}; /* it begins at the frame that is selected now */
    struct err *e = console_capture(c, command, &answer);
    c->tasks = before->tasks;
    c->task = before->task;
    c->deferred = before->deferred;
    c->tid = before->tid;
    c->frame = before->frame;
    c->list = before->list;
    text_putn(&c->out, text_str(&answer), answer.n);
    text_done(&answer);
    return e;
}

void console_moved(struct console *c)
{
    const struct image *im = c->session ? session_image(c->session) : NULL;
    c->stacks.n = 0;
    c->frame = 0;
    c->tid = 0;
    c->task = NULL;
    c->deferred = NULL;
    c->list.file = c->list.missing = c->list.newer = NULL;
    console_script_moved(c);
    if (im && im->threads.n)
        c->tid = im->crashed_tid && console_thread_number(c, im->crashed_tid) ? im->crashed_tid : im->threads.v[0].tid;
}
