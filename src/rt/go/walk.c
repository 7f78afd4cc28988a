/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of a goroutine that no thread runs, by the sizes of frames in the function table: what the runtime's
 * own tracebacks do (runtime/traceback.go). Each distinct pc is looked up once. */
#include "rt/go/priv.h"

#include <inttypes.h>

enum {
    STEPS_MAX = 1 << 27, /* longer than any Go stack can be: 1 GB of the smallest frames */
    VIEW_MAX = 1 << 30,  /* bytes of a stack that is read in place */
    WINDOW = 1024,       /* bytes that are copied at once where no more are: most stacks are shorter */
};

struct task_walker {
    struct rt *rt;
    struct map64 sizes; /* pc -> bytes up to the caller's stack pointer, and ENDS */
    /* The part of a stack at hand: [start, end). */
    const uint8_t *part;
    taddr start, end;
    struct go_ahead gs, stacks;
};
enum { SIZE_UNKNOWN = 1, SIZE_ENDS = 2, SIZE_SHIFT = 2 };

struct task_walker *go_walker_new(struct rt *rt)
{
    struct task_walker *w = xcalloc(1, sizeof(*w));
    w->rt = rt;
    return w;
}

void go_walker_free(struct task_walker *w)
{
    if (!w)
        return;
    map64_done(&w->sizes);
    free(w);
}

static uint64_t find_size(const struct rt *rt, taddr pc)
{
    const struct go_module *m;
    struct go_function f;
    uint64_t size;
    if (!go_function_at(rt, pc, &m, &f))
        return SIZE_UNKNOWN;
    if (f.flags & GO_FUNC_TOP_FRAME)
        return SIZE_ENDS;
    if (!pclntab_frame_size(&m->table, &f, pc, &size))
        return SIZE_UNKNOWN;
    return (size + 8) << SIZE_SHIFT; /* the return address is above the frame */
}

static uint64_t frame_size(struct task_walker *w, taddr pc)
{
    bool fresh;
    uint64_t *slot = map64_put(&w->sizes, pc, &fresh);
    if (fresh)
        *slot = find_size(w->rt, pc);
    return *slot;
}

/* Where a goroutine goes on: from a system call, or where it was parked. */
static void start_of(const struct go_layout *l, const struct go_g *g, const struct task *t, taddr *pc, taddr *sp)
{
    *sp = t->state == TASK_SYSCALL ? go_g_word(g, l->g_syscallsp) : 0;
    *pc = go_g_word(g, *sp ? l->g_syscallpc : l->g_sched_pc);
    if (!*sp)
        *sp = go_g_word(g, l->g_sched_sp);
}

/* A stack in one piece where it is one: a million of them are read here. */
static void view_stack(struct task_walker *w, taddr sp, taddr hi)
{
    const struct space *space = &modules_image(w->rt->ms)->space;
    bool whole = sp < hi && hi - sp <= VIEW_MAX && !space_is_exact(space);
    w->part = whole ? space_view(space, sp, (size_t)(hi - sp)) : NULL;
    w->start = w->part ? sp : 0;
    w->end = w->part ? hi : 0;
}

/* The word at an address of the stack that ends at `hi`, which lies behind the word. */
static bool stack_word(struct task_walker *w, taddr at, taddr hi, taddr *out)
{
    if (at < w->start || at >= w->end || w->end - at < sizeof(*out)) {
        size_t want = hi - at < WINDOW ? (size_t)(hi - at) : WINDOW, have = 0;
        w->part = go_ahead(&w->stacks, w->rt, at, sizeof(*out), want, &have);
        w->start = at;
        w->end = at + have;
        if (!have)
            return false;
    }
    memcpy(out, w->part + (at - w->start), sizeof(*out));
    return true;
}

size_t go_walk(struct task_walker *w, const struct task *t, taddr *pcs, size_t max, bool *whole)
{
    taddr pc, sp;
    struct go_g g;
    size_t n = 0;
    *whole = false;
    if (!go_g_read_ahead(w->rt, &w->gs, t->object, &g))
        return 0;
    start_of(w->rt->layout, &g, t, &pc, &sp);
    if (!pc)
        return 0;
    taddr hi = go_g_word(&g, w->rt->layout->g_stack_hi);
    view_stack(w, sp, hi);
    while (n < max && n < STEPS_MAX) {
        pcs[n++] = pc;
        uint64_t size = frame_size(w, pc);
        if (size & SIZE_ENDS) {
            *whole = true;
            return n;
        }
        size >>= SIZE_SHIFT;
        if (!size || sp + size > hi || sp + size < sp)
            return n;
        sp += size;
        if (!stack_word(w, sp - 8, hi, &pc) || !pc)
            return n;
    }
    return n;
}

struct err *go_task_regs(struct rt *rt, const struct task *t, struct regs *out)
{
    const struct arch *a = modules_image(rt->ms)->arch;
    taddr pc, sp;
    uint64_t bp;
    struct go_g g;
    if (!rt->layout || !go_g_read(rt, t->object, &g))
        return err_new(ERR_NOT_IN_DUMP, "the state of goroutine %" PRIu64 " cannot be read", t->id);
    start_of(rt->layout, &g, t, &pc, &sp);
    *out = (struct regs){0};
    regs_set(out, a->pc, pc);
    regs_set(out, a->sp, sp);
    if (t->state != TASK_SYSCALL && go_field(rt, t->object, rt->layout->g_sched_bp, &bp))
        regs_set(out, a->fp, bp);
    return NULL;
}

bool go_bounds(struct rt *rt, const struct task *t, taddr *lo, taddr *hi)
{
    return rt->layout && go_bounds_of(rt, t->object, lo, hi) && *lo < *hi;
}
