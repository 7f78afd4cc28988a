/* SPDX-License-Identifier: Apache-2.0 */
/* An image of a running process. What does not need it to stand still is read before the stop, and what can
 * be worked out is worked out after it. */
#include "image/live/live.h"

#include <inttypes.h>

enum {
    RED_ZONE = 128,           /* bytes below the stack pointer that leaf functions use (x86-64 psABI 3.2.2) */
    STACK_MAX = 64 << 20,     /* bytes of one stack that are copied */
    BUDGET_DEFAULT = 256 << 20,
};

/* One opening, while it lasts. */
struct opening {
    struct image *im;
    struct live *live;
    struct proc_status status;
    const struct image_live_opts *opts;
};

static void set_threads(struct opening *o, const struct tracer *t)
{
    for (size_t i = 0; i < t->tracees.n; i++)
        live_set_registers(o->im, live_thread(o->im, t->tracees.v[i].tid, i), &t->tracees.v[i]);
}

static void fill(struct opening *o, const struct tracer *t)
{
    set_threads(o, t);
    for (size_t i = 0; o->opts->registers && i < o->im->threads.n; i++)
        if (o->im->threads.v[i].has_regs)
            live_read_sets(o->im, &o->im->threads.v[i]);
    live_finish_space(o->im);
}

/* The used part of the stack: from the stack pointer to the end of its mapping. */
static bool want_stack(const struct opening *o, taddr sp, struct stack_want *out)
{
    const struct mapping *m = image_mapping(o->im, sp);
    taddr start = sp;

    /* After an overflow it points into the guard area; the stack lies right above. */
    if (m && !(m->prot & PROT_BIT_READ)) {
        start = m->end;
        m = image_mapping(o->im, start);
    } else if (m) {
        start = sp - m->start > RED_ZONE ? sp - RED_ZONE : m->start;
    }
    if (!m || !(m->prot & PROT_BIT_READ))
        return false;
    taddr end = o->opts->stack_end ? o->opts->stack_end(o->opts->arg, sp) : 0;
    uint64_t size = (end > start && end < m->end ? end : m->end) - start;
    *out = (struct stack_want){.start = start, .end = start + (size < STACK_MAX ? size : STACK_MAX)};
    return true;
}

static bool stack_pointer(const struct image *im, const struct tracee *e, taddr *out)
{
    struct regs regs;

    if (e->state != TRACEE_STOPPED || e->gp_size != im->arch->prstatus_reg_size)
        return false;
    arch_regs_from_prstatus(im->arch, (struct bytes){e->gp, e->gp_size}, &regs);
    *out = regs.val[im->arch->sp];
    return true;
}

static size_t collect_stacks(const struct opening *o, const struct tracer *t, struct stack_want *want, size_t *missed)
{
    size_t n = 0;

    *missed = 0;
    for (size_t i = 0; i < t->tracees.n; i++) {
        taddr sp;
        if (!stack_pointer(o->im, &t->tracees.v[i], &sp))
            continue;
        if (want_stack(o, sp, &want[n]))
            n++;
        else
            ++*missed;
    }
    return n;
}

static void while_stopped(struct tracer *t, void *arg)
{
    struct opening *o = arg;
    struct image *im = o->im;
    SCOPED(freep) struct stack_want *want = xcalloc(t->tracees.n + 1, sizeof(*want));
    size_t missed, n = collect_stacks(o, t, want, &missed);
    char name[64];

    if (missed) {
        /* Stacks that are younger than the list of mappings. */
        image_problem(im, proc_read_maps(&o->live->proc, live_own(o->live, name, "maps"), im));
        n = collect_stacks(o, t, want, &missed);
    }
    stacks_copy(&o->live->stacks, o->live->reader, want, n);
    for (size_t i = 0; i < n; i++)
        space_add(&im->space, (struct space_range){.start = want[i].start,
                                                   .end = want[i].start + want[i].have,
                                                   .data = want[i].data,
                                                   .have = want[i].have,
                                                   .absent = ABSENT_NOT_COPIED});
    if (o->opts->registers || o->opts->while_stopped)
        fill(o, t);
    if (o->opts->while_stopped) {
        o->live->held = true;
        o->opts->while_stopped(im, o->opts->arg);
        o->live->held = false;
        space_sort(&im->space);
    }
}

static struct err *stop_and_copy(struct opening *o)
{
    SCOPED(tracer_done)
    struct tracer t = {.proc = &o->live->proc,
                       .arch = o->im->arch,
                       .only_tid = o->opts->only_tid,
                       .while_stopped = while_stopped,
                       .arg = o};

    if (progress_cancelled(o->opts->progress))
        return err_new(ERR_CANCELLED, "looking at process %" PRId32 " was stopped", o->live->proc.pid);
    stacks_prepare(&o->live->stacks, o->im->threads.n, o->opts->stack_budget ? o->opts->stack_budget : BUDGET_DEFAULT);
    TRY(tracer_run(&t));
    o->im->pause_ns = t.pause_ns;
    TRY(live_refused(o->im, &t, &o->status));
    if (!o->opts->registers && !o->opts->while_stopped) /* otherwise it was done meanwhile */
        fill(o, &t);
    return NULL;
}

static struct err *check_thread(const struct opening *o)
{
    for (size_t i = 0; i < o->im->threads.n; i++)
        if (o->im->threads.v[i].tid == o->opts->only_tid)
            return NULL;
    return err_new(ERR_NOT_FOUND, "process %" PRId32 " has no thread %" PRId32, o->live->proc.pid, o->opts->only_tid);
}

static struct err *open_live(struct opening *o, int32_t pid)
{
    TRY(live_prepare(o->im, pid, &o->status));
    if (o->opts->only_tid)
        TRY(check_thread(o));
    if (o->opts->before_stop)
        TRY(o->opts->before_stop(o->im, o->opts->arg));
    return stop_and_copy(o);
}

struct err *image_live_open(int32_t pid, const struct image_live_opts *opts, struct image **out)
{
    static const struct image_live_opts defaults = {0};
    struct image *im = live_new(pid);
    struct opening o = {.im = im, .live = im->priv, .opts = opts ? opts : &defaults};

    struct err *e = open_live(&o, pid);
    if (e) {
        image_free(im);
        return e;
    }
    *out = im;
    return NULL;
}

struct err *image_peek_open(int32_t pid, struct image **out)
{
    struct image *im = live_new(pid);
    struct proc_status status;

    struct err *e = live_prepare(im, pid, &status);
    if (e) {
        image_free(im);
        return e;
    }
    live_finish_space(im);
    *out = im;
    return NULL;
}
