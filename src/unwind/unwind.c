/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: frame after frame, each step judged before it is believed. */
#include "unwind/unwinder.h"

#include <elf.h>
#include <inttypes.h>

/* Of any stack: 16 million frames of 16 bytes are 256 MiB of it. */
#define MAX_FRAMES ((size_t)1 << 24)
/* Switches from one stack to another. */
#define MAX_JUMPS 65536

struct unwinder *unwinder_new(struct modules *ms)
{
    struct unwinder *u = xcalloc(1, sizeof(*u));

    u->ms = ms;
    u->im = modules_image(ms);
    u->arch = u->im->arch;
    u->code = code_ops_find(u->arch);
    for (const uint16_t *r = u->arch->callee_saved; *r != REG_NONE; r++)
        if (*r < REG_MAX && *r != u->arch->sp)
            u->callee_saved[*r / 64] |= UINT64_C(1) << (*r % 64);
    uint64_t entry;
    if (image_auxv(u->im, AT_ENTRY, &entry))
        u->entry = entry;
    return u;
}

void unwinder_free(struct unwinder *u)
{
    if (!u)
        return;
    unwinder_rows_done(u);
    vec_done(&u->steppers);
    arena_done(&u->arena);
    free(u);
}

void unwinder_add_stepper(struct unwinder *u, const struct stepper *s)
{
    *vec_push(&u->steppers) = *s;
}

void frames_done(struct frames *f)
{
    vec_done(&f->frames);
    err_free(f->stopped);
    f->stopped = NULL;
}

bool unwinder_is_code(const struct unwinder *u, taddr at)
{
    const struct mapping *m = image_mapping(u->im, at);

    /* A dump may leave out the mapping of a file's code; its module is still known. */
    return m ? (m->prot & PROT_BIT_EXEC) != 0 : modules_find(u->ms, at) != NULL;
}

/* Finds out where the walk stands: the module, and how to go on. */
static void arrive(struct unwinder *u, struct walk *w)
{
    w->row = unwinder_row(u, w->frame.pc, w->frame.exact_pc);
    w->frame.module = w->row->module;
    w->frame.is_signal = w->row->is_signal;
}

static bool walk_start(struct unwinder *u, const struct regs *start, bool exact_pc, struct walk *w)
{
    w->regs = *start;
    w->frame = (struct frame){.how = FRAME_FIRST, .exact_pc = exact_pc};
    w->depth = 0;
    w->last_cfa = 0;
    w->after_signal = false;
    w->jumps = 0;
    w->renew_at = 1;
    w->mark_pc = w->mark_cfa = 0;
    if (!regs_has(start, u->arch->pc))
        return false;
    w->frame.pc = start->val[u->arch->pc];
    arrive(u, w);
    return true;
}

static struct err *not_outwards(const struct walk *w, taddr cfa)
{
    return err_at(err_new(ERR_CORRUPT,
                          "the frame of 0x%" PRIx64 " would end at 0x%" PRIx64
                          ", not above the frame that it called (0x%" PRIx64 ")",
                          w->frame.pc, cfa, w->last_cfa),
                  ERR_AT_ADDRESS, cfa);
}

/* A step that leads to a lower or equal address: a signal on another stack or a switch of stacks, unless it
 * goes round in circles. */
static struct err *check_jump(struct unwinder *u, struct walk *w, const struct move *m)
{
    bool leaf = u->arch->lr != REG_NONE && m->cfa == w->last_cfa && m->pc != w->frame.pc;

    if (leaf && w->depth <= 1) /* it has not pushed anything */
        return NULL;
    if (!w->frame.is_signal && !w->after_signal && !m->switched &&
        image_mapping(u->im, m->cfa - 1) == image_mapping(u->im, w->last_cfa - 1))
        return not_outwards(w, m->cfa);
    if (++w->jumps == MAX_JUMPS || (w->mark_pc == w->frame.pc && w->mark_cfa == m->cfa))
        return err_at(err_new(ERR_CORRUPT, "the stack runs in a circle at 0x%" PRIx64, m->cfa), ERR_AT_ADDRESS, m->cfa);
    if (w->jumps == w->renew_at) {
        w->mark_pc = w->frame.pc;
        w->mark_cfa = m->cfa;
        w->renew_at *= 2;
    }
    return NULL;
}

static bool is_mapped(const struct unwinder *u, taddr at)
{
    const struct space_range *r = u->stack;

    return (r && at - r->start < r->end - r->start) || space_find(&u->im->space, at) || image_mapping(u->im, at);
}

/* Is the step believable? A zero return address is the end of the stack and believable. */
static struct err *check_move(struct unwinder *u, struct walk *w, const struct move *m)
{
    if (m->cfa <= w->last_cfa)
        TRY(check_jump(u, w, m));
    /* What overflows its stack is interrupted below it. */
    if (!w->frame.is_signal && !is_mapped(u, m->cfa - 1))
        return err_at(err_new(ERR_CORRUPT, "the frame of 0x%" PRIx64 " would end at 0x%" PRIx64 ", which is not mapped",
                              w->frame.pc, m->cfa),
                      ERR_AT_ADDRESS, m->cfa);
    /* Below a signal frame any pc is possible: a jump to nowhere is what raised it. */
    if (m->pc == 0 || m->exact_pc)
        return NULL;
    bool believable = m->how == FRAME_CODE
                          ? guess_is_return(u, m->pc)
                          : unwinder_row(u, m->pc, false)->kind != ROW_NONE || unwinder_is_code(u, m->pc - 1);
    return believable ? NULL : stop_bad_return(w, m->pc);
}

static void commit(struct unwinder *u, struct walk *w, const struct move *m)
{
    struct regs *r = &w->regs;

    for (size_t i = 0; i < REG_WORDS; i++)
        r->known[i] &= m->keep[i];
    for (size_t i = 0; i < m->n; i++)
        regs_set(r, m->set[i].reg, m->set[i].value);
    regs_set(r, u->arch->pc, m->pc);
    w->after_signal = w->frame.is_signal;
    w->last_cfa = m->cfa;
    w->depth++;
    w->frame = (struct frame){.pc = m->pc, .how = m->how, .exact_pc = m->exact_pc};
    arrive(u, w);
}

/* What a runtime says of its own frames. It knows its code; only that it goes outwards is checked. *mine: one
 * answered. */
static struct err *step_by_runtime(struct unwinder *u, struct walk *w, bool *mine, taddr *cfa, bool *end)
{
    enum step_result r = STEP_NOT_MINE;
    struct stepped to; /* large: only what answers writes it */

    for (size_t i = 0; i < u->steppers.n && r == STEP_NOT_MINE; i++) {
        const struct stepper *s = &u->steppers.v[i];
        r = s->step(s->self, u->ms, &w->regs, w->frame.exact_pc, &to);
    }
    *mine = r != STEP_NOT_MINE;
    *end = r == STEP_END;
    *cfa = r == STEP_DONE ? to.cfa : 0;
    if (r != STEP_DONE)
        return NULL;
    struct move m = {.cfa = to.cfa,
                     .pc = to.caller.val[u->arch->pc],
                     .exact_pc = to.exact_pc,
                     .switched = to.switched,
                     .how = FRAME_STEPPER};
    if (m.cfa <= w->last_cfa)
        TRY(check_jump(u, w, &m));
    commit(u, w, &m);
    w->regs = to.caller;
    return NULL;
}

/* The caller by tables or instructions. Of what instructions may mean, an answer with a caller goes before
 * one that says that there is none. */
static struct err *step_by_row(struct unwinder *u, struct walk *w, struct move *m, bool *end)
{
    const struct row *first = w->row, *ending = NULL;
    struct err *why = NULL;

    if (first->kind == ROW_NONE)
        return stop_no_row(u, w);
    for (; w->row; w->row = w->row->other) {
        err_free(why);
        why = row_apply(u, w, m, end);
        if (!why && !*end)
            why = check_move(u, w, m);
        if (!why && (*end || m->exact_pc || m->pc != 0 || m->how != FRAME_CODE))
            return NULL;
        if (!why && !ending)
            ending = w->row;
    }
    w->row = first;
    if (!ending)
        return why;
    err_free(why);
    w->row = ending;
    return row_apply(u, w, m, end);
}

/* The end of a chain of frame pointers is the end of the stack, if nothing but the chain was to be had. */
static bool ends_here(struct unwinder *u, const struct walk *w)
{
    uint64_t word;

    return w->row->kind == ROW_NONE && !w->row->problem && unwinder_is_code(u, w->frame.pc) &&
           regs_has(&w->regs, u->arch->sp) && unwinder_word(u, w->regs.val[u->arch->sp], u->arch->addr_size, &word);
}

/* Without them. False: nothing is plausible. */
static bool step_by_guess(struct unwinder *u, struct walk *w, struct move *m, bool *end)
{
    bool bad_pc = w->frame.exact_pc && !unwinder_is_code(u, w->frame.pc), chain_ends = false;

    if (!(bad_pc && guess_bad_call(u, w, m)) && !guess_caller(u, w, m, &chain_ends)) {
        m->cfa = 0;
        *end = chain_ends && ends_here(u, w);
        return *end;
    }
    *end = false;
    struct err *unlikely = check_move(u, w, m);
    bool plausible = !unlikely;
    err_free(unlikely); /* the reason to guess is the one to report */
    return plausible;
}

/* Moves to the caller. *cfa: of the frame that was left, 0 unknown. *end: that one was the outermost. */
static struct err *walk_step(struct unwinder *u, struct walk *w, taddr *cfa, bool *end)
{
    struct move m; /* not zeroed as a whole: it is large, and `n` says how much of it counts */
    bool mine;

    TRY(step_by_runtime(u, w, &mine, cfa, end));
    if (mine)
        return NULL;
    m.cfa = m.pc = 0;
    m.exact_pc = m.switched = false;
    struct err *why = step_by_row(u, w, &m, end);
    if (why && !step_by_guess(u, w, &m, end))
        return stop_hint(w, why);
    err_free(why); /* a guess is marked as such in its frame */
    *cfa = m.cfa;
    *end = *end || (m.pc == 0 && !m.exact_pc);
    if (!*end)
        commit(u, w, &m);
    return NULL;
}

void unwind_stack(struct unwinder *u, const struct regs *start, size_t max_frames, struct frames *out)
{
    struct walk w;
    size_t limit = max_frames && max_frames < MAX_FRAMES ? max_frames : MAX_FRAMES;

    *out = (struct frames){0};
    if (!walk_start(u, start, true, &w)) {
        out->stopped = err_new(ERR_NO_DATA, "the program counter of the thread is not known");
        return;
    }
    for (bool end = false; !end;) {
        *vec_push(&out->frames) = w.frame;
        if (out->frames.n == limit) {
            out->stopped = err_new(ERR_LIMIT, "stopped after %zu frames, the limit", limit);
            break;
        }
        taddr cfa;
        out->stopped = walk_step(u, &w, &cfa, &end);
        out->frames.v[out->frames.n - 1].cfa = cfa;
        if (out->stopped)
            break;
    }
}

struct err *unwind_regs(struct unwinder *u, const struct regs *start, size_t index, struct regs *out)
{
    struct walk *w = &u->checkpoint;
    bool end = false;
    taddr cfa;

    if (!u->has_checkpoint || index < w->depth || memcmp(start, &u->checkpoint_start, sizeof(*start)) != 0) {
        u->has_checkpoint = false;
        if (!walk_start(u, start, true, w))
            return err_new(ERR_NO_DATA, "the program counter of the thread is not known");
    }
    while (w->depth < index && !end) {
        u->has_checkpoint = false; /* until the step is made */
        TRY(walk_step(u, w, &cfa, &end));
    }
    if (end)
        return err_new(ERR_USAGE, "the stack has no frame %zu", index);
    u->checkpoint_start = *start;
    u->has_checkpoint = true;
    *out = w->regs;
    return NULL;
}

struct err *unwind_step(struct unwinder *u, const struct regs *callee, bool exact_pc, struct regs *caller,
                        struct frame *caller_frame, taddr *callee_cfa, bool *end)
{
    struct walk w;
    taddr cfa;
    bool outermost;

    if (!walk_start(u, callee, exact_pc, &w))
        return err_new(ERR_NO_DATA, "the program counter is not known");
    TRY(walk_step(u, &w, &cfa, &outermost));
    if (!outermost) {
        *caller = w.regs;
        *caller_frame = w.frame;
    }
    *callee_cfa = cfa;
    *end = outermost;
    return NULL;
}

size_t unwind_saved(struct unwinder *u, const struct regs *callee, bool exact_pc,
                    struct saved_place out[static REG_MAX])
{
    struct walk w;

    return walk_start(u, callee, exact_pc, &w) ? row_saved(u, &w, out) : 0;
}
