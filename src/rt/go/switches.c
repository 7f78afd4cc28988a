/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that changed stacks and wait for what they called: by what the runtime saved.
 *
 * A thread has a stack for the scheduler and for C (g0), one for signals (gsignal), and that of its goroutine (curg).
 * What is on g0 was called by the goroutine, and Go that C calls is on the goroutine's stack again: the walk changes
 * stacks at the functions that do, so that all is one stack. */
#include "rt/go/stepper.h"

enum { CALLBACKS_MAX = 10000 };

/* ---- threads of the runtime ---- */

const struct go_m *go_m_of(struct go_stepper *s, const struct regs *r)
{
    struct go_ms all = go_threads(s->rt);
    taddr sp = r->val[RSP], g = regs_has(r, R14) ? r->val[R14] : 0;
    for (size_t i = 0; i < all.n; i++)
        if ((sp > all.v[i].g0_lo && sp <= all.v[i].g0_hi) || (sp > all.v[i].curg_lo && sp <= all.v[i].curg_hi))
            return &all.v[i];
    for (size_t i = 0; g && i < all.n; i++)
        if (g == all.v[i].g0 || g == all.v[i].curg || g == all.v[i].gsignal)
            return &all.v[i];
    return NULL;
}

bool go_on_stack_of(const struct rt *rt, taddr g, taddr sp)
{
    uint64_t lo, hi;
    return go_bounds_of(rt, g, &lo, &hi) && sp > lo && sp <= hi;
}

void go_forget_saved(struct regs *r)
{
    static const uint16_t lost[] = {RBX, RBP, R12, R13, R15};
    for (size_t i = 0; i < ARRAY_LEN(lost); i++)
        regs_forget(r, lost[i]);
}

/* On the stack of this g now. */
static void switch_to(taddr g, struct stepped *out)
{
    go_forget_saved(&out->caller);
    regs_set(&out->caller, R14, g);
    out->switched = true;
}

bool go_to_saved(struct go_stepper *s, taddr g, taddr sp, struct stepped *out)
{
    const struct go_module *m;
    struct go_function f;
    uint64_t pc;
    if (!go_field(s->rt, g, s->rt->layout->g_sched_pc, &pc) || !go_on_stack_of(s->rt, g, sp) ||
        !go_function_at(s->rt, pc, &m, &f))
        return false;
    switch_to(g, out);
    /* It never ran, or has recovered; else this is a return address. */
    out->exact_pc = pc == f.entry || (f.deferreturn && pc == f.entry + f.deferreturn);
    out->cfa = sp;
    regs_set(&out->caller, RIP, pc);
    regs_set(&out->caller, RSP, sp);
    return true;
}

/* Where the goroutine left its stack. */
static bool to_goroutine(struct go_stepper *s, const struct go_m *m, struct stepped *out)
{
    uint64_t sp;
    return m && go_field(s->rt, m->curg, s->rt->layout->g_sched_sp, &sp) && go_to_saved(s, m->curg, sp, out);
}

/* What g.sched names only pretends to be the function that is left now (systemstack_switch for systemstack): its caller
 * is next. */
static bool to_caller_on_goroutine(struct go_stepper *s, const struct go_m *m, struct stepped *out)
{
    if (!to_goroutine(s, m, out))
        return false;
    out->exact_pc = false;
    return go_call_at(s, out->caller.val[RSP], go_place(s->rt, out->caller.val[RIP]).size, out);
}

/* The scheduler runs for no goroutine: it is a function of the thread, which began in mstart0. */
static bool to_thread_start(struct go_stepper *s, const struct go_m *m, taddr sp, struct stepped *out)
{
    const struct go_layout *l = s->rt->layout;
    uint64_t pc, at, above;
    struct place p;
    if (!m || !go_field(s->rt, m->g0, l->g_sched_sp, &at) || at != sp || !go_field(s->rt, m->g0, l->g_sched_pc, &pc))
        return false;
    p = go_place(s->rt, pc - 1);
    if (p.leave != LEAVE_PLAIN || !go_word(s->rt, sp + p.size, &above) ||
        go_place(s->rt, above - 1).leave != LEAVE_MSTART)
        return false;
    out->cfa = sp;
    out->switched = true; /* morestack has nothing on this stack: its frame ends where that of newstack does */
    regs_forget(&out->caller, RBP);
    regs_set(&out->caller, RIP, pc);
    regs_set(&out->caller, RSP, sp);
    return true;
}

/* The same while C calls Go on this thread: the scheduler's part of the stack begins in cgocallback's frame. */
static bool to_crosscall(struct go_stepper *s, taddr sp, struct stepped *out)
{
    enum { CGOCALLBACK_FRAME = 32 };
    uint64_t pc;
    if (!go_word(s->rt, sp + CGOCALLBACK_FRAME, &pc) || go_place_cached(s, pc - 1).leave != LEAVE_CROSSCALL)
        return false;
    regs_forget(&out->caller, RBP);
    return go_call_at(s, sp, CGOCALLBACK_FRAME, out);
}

/* What mcall and newstack run may have let go of the goroutine: others may run it. */
static bool leave_scheduler(struct go_stepper *s, const struct regs *callee, uint64_t pushed, struct stepped *out)
{
    const struct go_m *m = go_m_of(s, callee);
    if (m && m->curg)
        return to_goroutine(s, m, out);
    taddr sp = callee->val[RSP] + pushed;
    return to_thread_start(s, m, sp, out) || to_crosscall(s, sp, out);
}

uint64_t go_asmcgocall_room(const struct rt *rt)
{
    return rt->build.minor >= 22 ? 0 : 40;
}

/* asmcgocall keeps the g and how deep its stack was (or 0 and the old stack pointer) at its stack pointer. */
static bool saved_depth(const struct go_stepper *s, taddr at, taddr *g, taddr *sp)
{
    uint64_t depth, hi;
    at += go_asmcgocall_room(s->rt);
    if (!go_word(s->rt, at, &depth) || !go_word(s->rt, at + 8, g))
        return false;
    *sp = depth;
    if (!*g)
        return true;
    if (!go_field(s->rt, *g, s->rt->layout->g_stack_hi, &hi) || depth > hi)
        return false;
    *sp = hi - depth;
    return go_on_stack_of(s->rt, *g, *sp);
}

static bool leave_asmcgocall(struct go_stepper *s, const struct regs *callee, const struct place *p,
                             struct stepped *out)
{
    taddr g, sp;
    if (!saved_depth(s, callee->val[RSP], &g, &sp))
        return false;
    if (g)
        switch_to(g, out);
    return go_call_at(s, sp, p->size, out);
}

/* C called Go. cgocallback began on g0, whose g.sched keeps that stack pointer; the older one is at it, so that they
 * are a chain when calls nest. Ours is the one that C made for the asmcgocall that ends where our frame on the
 * goroutine's stack does; a thread of C itself has none above its first. A panic that has run the deferred calls of
 * cgocallbackg has left C's frames already: then the goroutine's stack goes on as if it had called itself. */
static bool leave_cgocallback(struct go_stepper *s, const struct regs *callee, const struct place *p,
                              struct stepped *out)
{
    const struct go_m *m = go_m_of(s, callee);
    taddr end = callee->val[RSP] + p->size + 8, at, older, g, sp;
    unsigned room = s->rt->build.minor >= 22 ? 16 : 64;
    if (!m || !go_field(s->rt, m->g0, s->rt->layout->g_sched_sp, &at))
        return false;
    for (unsigned i = 0; i < CALLBACKS_MAX; i++) {
        if (!go_word(s->rt, at, &older))
            return false;
        bool called_by_go = older > at && saved_depth(s, (older - room) & ~(taddr)15, &g, &sp) && g == m->curg;
        if (!called_by_go || sp == end)
            break;
        at = older;
    }
    uint64_t pc;
    if (!go_word(s->rt, at + p->size, &pc) || go_place_cached(s, pc - 1).leave != LEAVE_CROSSCALL)
        return false;
    switch_to(m->g0, out);
    return go_call_at(s, at, p->size, out);
}

/* It keeps C's registers (runtime/cgo/abi_amd64.h) above the arguments of cgocallback. */
static bool leave_crosscall(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    static const uint16_t saved[] = {RBX, R12, R13, R14, R15, RBP};
    enum { ARGUMENTS = 24, SAVED = sizeof(saved) / sizeof(saved[0]) * 8 };
    if (p->size < ARGUMENTS + SAVED || !go_call_at(s, callee->val[RSP], p->size, out))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(saved); i++) {
        uint64_t v;
        bool in_frame = saved[i] == RBP && p->size > ARGUMENTS + SAVED; /* pushed first */
        if (go_word(s->rt, in_frame ? out->cfa - 16 : callee->val[RSP] + ARGUMENTS + i * 8, &v))
            regs_set(&out->caller, saved[i], v);
        else
            regs_forget(&out->caller, saved[i]);
    }
    return true;
}

/* Its own stack pointer is in r12, which C keeps; where nothing tells r12, the runtime noted the call for its profiler. */
static bool leave_vdso(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    const struct go_layout *l = s->rt->layout;
    const struct go_m *m;
    uint64_t sp = 0;
    out->switched = true;
    if (regs_has(callee, R12))
        sp = callee->val[R12] + p->size + 8;
    else if ((m = go_m_of(s, callee)) == NULL || !go_field(s->rt, m->at, l->m_vdso_sp, &sp) || !sp)
        return false;
    go_forget_saved(&out->caller);
    return go_call_at(s, sp - p->size - 8, p->size, out);
}

static bool leave_no_g(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    uint64_t sp;
    return go_word(s->rt, callee->val[RSP] + 8, &sp) && sp > callee->val[RSP] && go_call_at(s, sp, p->size, out);
}

bool go_before_switch(struct go_stepper *s, const struct regs *callee, const struct place *p)
{
    bool switches = p->leave == LEAVE_SYSTEMSTACK || p->leave == LEAVE_MCALL || p->leave == LEAVE_MORESTACK ||
                    p->leave == LEAVE_ASMCGOCALL;
    const struct go_m *m = switches ? go_m_of(s, callee) : NULL;
    taddr sp = callee->val[RSP];
    return m && sp > m->curg_lo && sp <= m->curg_hi;
}

bool go_leave_switch(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    switch (p->leave) {
    case LEAVE_SYSTEMSTACK:
        return to_caller_on_goroutine(s, go_m_of(s, callee), out);
    case LEAVE_MCALL:
        return leave_scheduler(s, callee, 8, out); /* its argument */
    case LEAVE_MORESTACK:
        return leave_scheduler(s, callee, 0, out);
    case LEAVE_ASMCGOCALL:
        return leave_asmcgocall(s, callee, p, out);
    case LEAVE_ASMCGOCALL_NO_G:
        return leave_no_g(s, callee, p, out);
    case LEAVE_CGOCALLBACK:
        if (leave_cgocallback(s, callee, p, out))
            return true;
        out->exact_pc = true; /* systemstack_switch stands there for asmcgocall */
        return go_call_at(s, callee->val[RSP], p->size, out);
    case LEAVE_CROSSCALL:
        return leave_crosscall(s, callee, p, out);
    case LEAVE_VDSO:
        return leave_vdso(s, callee, p, out);
    case LEAVE_SIGFWD:
        return regs_has(callee, RBX) && go_call_at(s, callee->val[RBX], p->size, out);
    case LEAVE_UNKNOWN:
    case LEAVE_PLAIN:
    case LEAVE_END:
    case LEAVE_INTERRUPTED:
    case LEAVE_MSTART:
    case LEAVE_GOGO:
    case LEAVE_CLONE:
    case LEAVE_SIGTRAMP:
    case LEAVE_SIGRETURN:
        break;
    }
    return false;
}
