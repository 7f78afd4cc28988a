/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that is stopped inside of the assembly that changes stacks: between the switch and the call, or between the
 * return and the switch back, where the sizes in the function table do not hold. Which side of the switch it is on
 * follows from the stack pointer and from what the runtime keeps of both stacks. */
#include "rt/go/stepper.h"

/* More than SP can be below what it was when room was made on it, and it was aligned to 16. */
enum { ASMCGOCALL_ROOM = 24 + 16, NO_G_ROOM = 32 + 16, ALIGNED = 16, VDSO_ROOM = 32 + 16 };

static bool is_on_g0(const struct go_m *m, taddr sp)
{
    return m && sp > m->g0_lo && sp <= m->g0_hi;
}

/* Where g0 goes on (g0.sched) is where a switch to it begins: all that was called there has its frames below. */
static bool has_switched(const struct go_stepper *s, const struct go_m *m, taddr sp, uint64_t room)
{
    uint64_t base;
    return is_on_g0(m, sp) && go_field(s->rt, m->g0, s->rt->layout->g_sched_sp, &base) && base - sp <= room;
}

/* Between the switch and the end of the call asmcgocall's own frame is where the goroutine was left. */
static bool leave_to_g0(struct go_stepper *s, const struct go_m *m, const struct place *p, struct stepped *out)
{
    uint64_t sp;
    return m && go_field(s->rt, m->curg, s->rt->layout->g_sched_sp, &sp) && go_to_saved(s, m->curg, sp, out) &&
           go_call_at(s, sp, p->size, out);
}

/* Its frame begins at `own`, if that is where the stack pointer was before room was made below it. */
static bool leave_by(struct go_stepper *s, taddr sp, taddr own, uint64_t room, const struct place *p,
                     struct stepped *out)
{
    if (own <= sp || own - sp >= room || !go_call_at(s, own, p->size, out))
        return false;
    go_forget_saved(&out->caller);
    return true;
}

/* It calls C on the stack that it is on: its stack pointer is in rdx, and at `kept` during the call. */
static bool leave_aligned(struct go_stepper *s, const struct regs *callee, taddr kept, uint64_t room,
                          const struct place *p, struct stepped *out)
{
    taddr sp = callee->val[RSP];
    uint64_t own;
    return (regs_has(callee, RDX) && leave_by(s, sp, callee->val[RDX], room, p, out)) ||
           (go_word(s->rt, kept, &own) && leave_by(s, sp, own, room, p, out));
}

static bool leave_asmcgocall(struct go_stepper *s, const struct regs *callee, const struct place *p,
                             struct stepped *out)
{
    const struct go_m *m = go_m_of(s, callee);
    taddr sp = callee->val[RSP];
    uint64_t below = go_asmcgocall_room(s->rt), room = below + ASMCGOCALL_ROOM;
    if (has_switched(s, m, sp, room))
        return leave_to_g0(s, m, p, out);
    return leave_aligned(s, callee, sp + below, room, p, out);
}

/* m.vdsoSP is that of the caller from before the switch to after the switch back. In a signal handler r12 may still be
 * that of what it interrupted. */
static bool leave_vdso(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    const struct go_m *m = go_m_of(s, callee);
    taddr sp = callee->val[RSP], own = regs_has(callee, R12) ? callee->val[R12] : 0, noted;
    if (!m || own == sp || !go_field(s->rt, m->at, s->rt->layout->m_vdso_sp, &noted) || noted != own + p->size + 8)
        return false;
    return (is_on_g0(m, sp) || own - sp < VDSO_ROOM) && go_leave_switch(s, callee, p, out);
}

/* Which g it jumps to is in r14 before its stack is. Its g.sched.sp is zero soon after. */
static bool leave_gogo(struct go_stepper *s, const struct regs *callee, struct stepped *out)
{
    const struct go_m *m = go_m_of(s, callee);
    taddr g = regs_has(callee, R14) ? callee->val[R14] : 0, sp = callee->val[RSP], left;
    if (!m || (g != m->curg && g != m->g0) || !go_field(s->rt, g, s->rt->layout->g_sched_sp, &left))
        return false;
    bool there = left == sp || (!left && (g == m->curg || is_on_g0(m, sp)));
    return there && go_to_saved(s, g, sp, out);
}

bool go_leave_inside(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    enum { MCALL_PUSHED = 8 };
    taddr sp = callee->val[RSP];
    const struct go_m *m = go_m_of(s, callee);
    switch (p->leave) {
    case LEAVE_SYSTEMSTACK:
    case LEAVE_MCALL:
    case LEAVE_MORESTACK:
        return has_switched(s, m, sp, p->leave == LEAVE_MCALL ? MCALL_PUSHED : 0) && go_leave_switch(s, callee, p, out);
    case LEAVE_ASMCGOCALL:
        return leave_asmcgocall(s, callee, p, out);
    case LEAVE_ASMCGOCALL_NO_G:
        return leave_aligned(s, callee, sp + 8, NO_G_ROOM, p, out);
    case LEAVE_CGOCALLBACK:
        return m && go_on_stack_of(s->rt, m->curg, sp) && go_leave_switch(s, callee, p, out);
    case LEAVE_GOGO:
        return leave_gogo(s, callee, out);
    case LEAVE_VDSO:
        return leave_vdso(s, callee, p, out);
    case LEAVE_SIGFWD:
        return regs_has(callee, RBX) && leave_by(s, sp, callee->val[RBX], ALIGNED, p, out);
    case LEAVE_UNKNOWN:
    case LEAVE_PLAIN:
    case LEAVE_END:
    case LEAVE_INTERRUPTED:
    case LEAVE_MSTART:
    case LEAVE_CROSSCALL:
    case LEAVE_CLONE:
    case LEAVE_SIGTRAMP:
    case LEAVE_SIGRETURN:
        break;
    }
    return false;
}
