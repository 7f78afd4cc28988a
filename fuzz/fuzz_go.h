/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a Go program, whatever was made of it: its goroutines with all that is known of them, the stacks
 * of its threads, and what it says of itself. */
#ifndef FUZZ_GO_H
#define FUZZ_GO_H

#include <stdlib.h>

#include "rt/go/priv.h"

enum {
    FUZZ_TASKS = 64,
    FUZZ_PCS = 256,
    FUZZ_LABELS = 16,
    FUZZ_PANICS = 8,
    FUZZ_LINES = 8,
    FUZZ_STEPS = 64,
    FUZZ_FRAMES = 16
};

static inline void fuzz_go_require(bool holds)
{
    if (!holds)
        abort();
}

static inline void fuzz_go_place(struct rt *rt, taddr pc)
{
    struct src_frame frames[FUZZ_LINES];
    taddr start;
    size_t n = go_lines(rt, pc, frames, FUZZ_LINES, &start);
    fuzz_go_require(n <= FUZZ_LINES);
    for (size_t i = 0; i < n; i++) {
        (void)go_is_private(rt, frames[i].function);
        (void)go_is_hidden(rt, frames[i].function, frames[i].file);
    }
    if (n)
        (void)go_is_wrapper(rt, start);
    (void)go_interrupts(rt, pc);
}

/* As an unwinder goes on, which also sees that it gets ahead. */
static inline void fuzz_go_steps(struct rt *rt, struct regs regs, bool exact_pc)
{
    const struct stepper *s = go_stepper(rt);
    for (unsigned i = 0; s && i < FUZZ_STEPS; i++) {
        struct stepped next;
        if (s->step(s->self, rt->ms, &regs, exact_pc, &next) != STEP_DONE)
            return;
        regs = next.caller;
        exact_pc = next.exact_pc;
    }
}

/* Deferred calls of frames that lie one behind the other on its stack, and who made it. */
static inline void fuzz_go_more(struct rt *rt, const struct task *t, const taddr *pcs, size_t n)
{
    struct task_frame frames[FUZZ_FRAMES];
    struct task_defer defers[FUZZ_PANICS];
    struct task_ancestor ancestors[FUZZ_PANICS];
    taddr lo, hi;
    n = n < FUZZ_FRAMES ? n : FUZZ_FRAMES;
    if (!go_bounds(rt, t, &lo, &hi))
        return;
    for (size_t i = 0; i < n; i++)
        frames[i] = (struct task_frame){.pc = pcs[i], .sp = hi - (n - i) * 48, .cfa = hi - (n - i - 1) * 48};
    fuzz_go_require(go_defers(rt, t, frames, n, defers, FUZZ_PANICS) <= FUZZ_PANICS);
    n = go_ancestors(rt, t, ancestors, FUZZ_PANICS);
    fuzz_go_require(n <= FUZZ_PANICS);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ancestors[i].n && k < FUZZ_FRAMES; k++)
            fuzz_go_place(rt, ancestors[i].pcs[k]);
}

static inline void fuzz_go_task(struct rt *rt, const struct task *t, struct task_walker *w)
{
    taddr pcs[FUZZ_PCS];
    struct task_label labels[FUZZ_LABELS];
    struct task_panic panics[FUZZ_PANICS];
    struct regs regs;
    bool whole;
    fuzz_go_require(go_state_name(rt, t) != NULL);
    (void)go_wait_reason(rt, t);
    (void)go_waits_on(rt, t, t->object);
    size_t n = go_walk(w, t, pcs, FUZZ_PCS, &whole), walked = n;
    fuzz_go_require(n <= FUZZ_PCS);
    for (size_t i = 0; i < n; i++)
        fuzz_go_place(rt, pcs[i]);
    n = go_labels(rt, t, labels, FUZZ_LABELS);
    fuzz_go_require(n <= FUZZ_LABELS);
    for (size_t i = 0; i < n; i++)
        fuzz_go_require(labels[i].key && labels[i].value);
    fuzz_go_require(go_panics(rt, t, panics, FUZZ_PANICS) <= FUZZ_PANICS);
    fuzz_go_more(rt, t, pcs, walked);
    struct err *e = go_task_regs(rt, t, &regs);
    if (!e)
        fuzz_go_steps(rt, regs, true);
    err_free(e);
}

static inline void fuzz_go_all(struct rt *rt)
{
    struct image *im = modules_image(rt->ms);
    const struct rt_fact *facts;
    const struct task *tasks = NULL;
    size_t n = 0;
    go_facts(rt, &facts, &n);
    for (size_t i = 0; i < n; i++)
        fuzz_go_require(facts[i].key && facts[i].value);
    n = 0;
    struct err *e = go_tasks(rt, NULL, &tasks, &n);
    err_free(e);
    struct task_walker *w = go_walker_new(rt);
    for (size_t i = 0; i < n && i < FUZZ_TASKS; i++)
        fuzz_go_task(rt, &tasks[i], w);
    go_walker_free(w);
    (void)go_fatal(rt);
    for (size_t i = 0; i < im->threads.n; i++)
        fuzz_go_steps(rt, im->threads.v[i].regs, true);
    for (size_t i = 0; i < rt->modules.n; i++)
        for (taddr pc = rt->modules.v[i].minpc, k = 0; k < FUZZ_STEPS; k++, pc += 37)
            fuzz_go_place(rt, pc);
}

#endif
