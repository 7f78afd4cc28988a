/* SPDX-License-Identifier: Apache-2.0 */
/* How threads leave frames of Go code: by the sizes in the function table, and where the runtime changes stacks by
 * what it saved there (runtime/asm_amd64.s, runtime/sys_linux_amd64.s and runtime/cgo/asm_amd64.s of Go 1.17 to 1.27).
 *
 * A thread has a stack for the scheduler and for C (g0), one for signals (gsignal), and that of its goroutine (curg).
 * What is on g0 was called by the goroutine, and Go that C calls is on the goroutine's stack again: the walk changes
 * stacks at the functions that do, so that all is one stack. */
#include "rt/go/priv.h"

#include <elf.h>

/* DWARF numbers of x86-64 (System V psABI, figure 3.36). */
enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, R13, R14, R15, RIP };
enum { CALLBACKS_MAX = 10000 };

/* What a frame is to the walk. Assembly unless said otherwise: a function that the compiler wrote around it to change
 * calling conventions has the same name. */
enum leave {
    LEAVE_UNKNOWN,     /* no function, or one of C, of which the table has no sizes */
    LEAVE_PLAIN,
    LEAVE_END,         /* the first function of a goroutine or thread */
    LEAVE_INTERRUPTED, /* its caller did not call it: sigpanic (Go) and asyncPreempt */
    LEAVE_MSTART,      /* of a thread, which C may have made */
    LEAVE_SYSTEMSTACK,
    LEAVE_MCALL,
    LEAVE_MORESTACK,
    LEAVE_ASMCGOCALL,
    LEAVE_ASMCGOCALL_NO_G,
    LEAVE_CGOCALLBACK,
    LEAVE_CROSSCALL,
    LEAVE_VDSO,      /* calls the vdso on g0 */
    LEAVE_SIGFWD,    /* calls a handler of C */
    LEAVE_SIGTRAMP,  /* the kernel called it */
    LEAVE_SIGRETURN, /* the kernel's frame: the unwinder knows it */
};

static enum leave leave_of_name(const char *name, bool assembly)
{
    static const struct {
        const char *name;
        uint8_t leave;
        bool assembly;
    } special[] = {
        {"runtime.sigpanic", LEAVE_INTERRUPTED, false},
        {"runtime.asyncPreempt", LEAVE_INTERRUPTED, true},
        {"runtime.mstart", LEAVE_MSTART, true},
        {"runtime.systemstack", LEAVE_SYSTEMSTACK, true},
        {"runtime.mcall", LEAVE_MCALL, true},
        {"runtime.morestack", LEAVE_MORESTACK, true},
        {"runtime.asmcgocall", LEAVE_ASMCGOCALL, true},
        {"runtime.asmcgocall_no_g", LEAVE_ASMCGOCALL_NO_G, true},
        {"runtime.cgocallback", LEAVE_CGOCALLBACK, true},
        {"crosscall2", LEAVE_CROSSCALL, true},
        {"runtime.nanotime1", LEAVE_VDSO, true},
        {"runtime.walltime", LEAVE_VDSO, true},
        {"time.now", LEAVE_VDSO, true},
        {"runtime.sigfwd", LEAVE_SIGFWD, true},
        {"runtime.sigtramp", LEAVE_SIGTRAMP, true},
        {"runtime.sigreturn", LEAVE_SIGRETURN, true},
        {"runtime.sigreturn__sigaction", LEAVE_SIGRETURN, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(special); i++)
        if (special[i].assembly == assembly && strcmp(special[i].name, name) == 0)
            return special[i].leave;
    return LEAVE_PLAIN;
}

struct place {
    enum leave leave;
    bool assembly;
    uint64_t size; /* bytes from the stack pointer to the return address */
};

static struct place place_of(const struct rt *rt, taddr lookup)
{
    struct place p = {LEAVE_UNKNOWN, false, 0};
    const struct go_module *m;
    struct go_function f;
    if (!go_function_at(rt, lookup, &m, &f))
        return p;
    p.assembly = pclntab_is_assembly(&m->table, &f);
    bool sized = pclntab_frame_size(&m->table, &f, lookup, &p.size);
    p.leave = leave_of_name(f.name, p.assembly);
    if (p.leave == LEAVE_PLAIN && (f.flags & GO_FUNC_TOP_FRAME))
        p.leave = LEAVE_END;
    else if (!sized)
        p.leave = LEAVE_UNKNOWN;
    return p;
}

/* The same, remembered: long recursions ask for few places. An entry is one word, so that threads share them:
 * 1 + offset in the code << 24 | size / 8 << 5 | assembly << 4 | leave. */
static struct place cached_place(struct go_stepper *s, taddr lookup)
{
    taddr offset = lookup - s->rt->modules.v[0].text;
    if (offset >> 39)
        return place_of(s->rt, lookup);
    atomic_uint_least64_t *slot = &s->places[(offset ^ offset >> 10) % GO_STEPPER_PLACES];
    uint64_t known = atomic_load_explicit(slot, memory_order_relaxed);
    if (known >> 24 == offset + 1)
        return (struct place){known & 15, known >> 4 & 1, (known >> 5 & 0x7ffff) * 8};
    struct place p = place_of(s->rt, lookup);
    if (p.size % 8 == 0 && p.size / 8 <= 0x7ffff)
        atomic_store_explicit(slot,
                              (offset + 1) << 24 | p.size / 8 << 5 | (uint64_t)p.assembly << 4 | (uint64_t)p.leave,
                              memory_order_relaxed);
    return p;
}

bool go_interrupts(struct rt *rt, taddr lookup)
{
    enum leave l = place_of(rt, lookup).leave;
    return l == LEAVE_INTERRUPTED || l == LEAVE_CGOCALLBACK; /* that has systemstack_switch for its caller */
}

/* ---- threads of the runtime ---- */

/* The m that has this address on one of its stacks, or else that of the g in r14, where Go keeps the current one. */
static const struct go_m *m_of(struct go_stepper *s, const struct regs *r)
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

static bool on_stack_of(const struct rt *rt, taddr g, taddr sp)
{
    uint64_t lo, hi;
    return go_bounds_of(rt, g, &lo, &hi) && sp > lo && sp <= hi;
}

/* ---- steps ---- */

static bool is_code(const struct rt *rt, taddr pc)
{
    if (go_module_at(rt, pc))
        return true;
    const struct mapping *m = image_mapping(modules_image(rt->ms), pc);
    return m ? (m->prot & PROT_BIT_EXEC) != 0 : modules_find(rt->ms, pc) != NULL;
}

/* The caller of a frame whose return address is `size` bytes above `sp`. */
static bool call_at(const struct go_stepper *s, taddr sp, uint64_t size, struct stepped *out)
{
    uint64_t pc;
    if (!go_word(s->rt, sp + size, &pc) || !is_code(s->rt, pc))
        return false;
    out->cfa = sp + size + 8;
    regs_set(&out->caller, RIP, pc);
    regs_set(&out->caller, RSP, out->cfa);
    return true;
}

/* Go code keeps rbp below the return address once it has a frame; assembly may not. Others of C's registers are lost,
 * and so is r14 in no Go code: it is always the g. */
static void restore_plain(const struct go_stepper *s, const struct place *p, struct stepped *out)
{
    uint64_t bp;
    static const uint16_t lost[] = {RBX, R12, R13, R15};
    for (size_t i = 0; i < ARRAY_LEN(lost); i++)
        if (!p->assembly)
            regs_forget(&out->caller, lost[i]);
    if (!p->size)
        return;
    if (!p->assembly && go_word(s->rt, out->cfa - 16, &bp))
        regs_set(&out->caller, RBP, bp);
    else
        regs_forget(&out->caller, RBP);
}

static void forget_scratch(struct regs *r)
{
    struct regs kept = {0};
    static const uint16_t keep[] = {RBX, RBP, RSP, R12, R13, R14, R15, RIP};
    for (size_t i = 0; i < ARRAY_LEN(keep); i++)
        if (regs_has(r, keep[i]))
            regs_set(&kept, keep[i], r->val[keep[i]]);
    /* Those that no code changes: segments and their bases. */
    for (unsigned i = 50; i < REG_MAX; i++)
        if (regs_has(r, i))
            regs_set(&kept, i, r->val[i]);
    *r = kept;
}

/* On the goroutine's stack now. */
static void switch_to(taddr g, struct stepped *out)
{
    static const uint16_t lost[] = {RBX, RBP, R12, R13, R15};
    for (size_t i = 0; i < ARRAY_LEN(lost); i++)
        regs_forget(&out->caller, lost[i]);
    regs_set(&out->caller, R14, g);
    out->switched = true;
}

/* Where the goroutine left its stack (g.sched). `stands_in`: the function there only pretends to be the one that is
 * left now (systemstack_switch for systemstack): its caller is next. */
static bool to_goroutine(struct go_stepper *s, const struct go_m *m, bool stands_in, struct stepped *out)
{
    const struct go_layout *l = s->rt->layout;
    uint64_t pc, sp;
    if (!m || !go_field(s->rt, m->curg, l->g_sched_pc, &pc) || !go_field(s->rt, m->curg, l->g_sched_sp, &sp) ||
        !on_stack_of(s->rt, m->curg, sp) || !go_module_at(s->rt, pc))
        return false;
    switch_to(m->curg, out);
    if (stands_in)
        return call_at(s, sp, place_of(s->rt, pc).size, out);
    out->cfa = sp;
    regs_set(&out->caller, RIP, pc);
    regs_set(&out->caller, RSP, sp);
    return true;
}

/* The scheduler runs for no goroutine: it is a function of the thread, which began in mstart0. */
static bool to_thread_start(struct go_stepper *s, const struct go_m *m, taddr sp, struct stepped *out)
{
    const struct go_layout *l = s->rt->layout;
    uint64_t pc, at, above;
    struct place p;
    if (!m || !go_field(s->rt, m->g0, l->g_sched_sp, &at) || at != sp || !go_field(s->rt, m->g0, l->g_sched_pc, &pc))
        return false;
    p = place_of(s->rt, pc - 1);
    if (p.leave != LEAVE_PLAIN || !go_word(s->rt, sp + p.size, &above) ||
        place_of(s->rt, above - 1).leave != LEAVE_MSTART)
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
    if (!go_word(s->rt, sp + CGOCALLBACK_FRAME, &pc) || cached_place(s, pc - 1).leave != LEAVE_CROSSCALL)
        return false;
    regs_forget(&out->caller, RBP);
    return call_at(s, sp, CGOCALLBACK_FRAME, out);
}

/* What mcall and newstack run may have let go of the goroutine: others may run it. */
static bool leave_scheduler(struct go_stepper *s, const struct regs *callee, uint64_t pushed, struct stepped *out)
{
    const struct go_m *m = m_of(s, callee);
    if (m && m->curg)
        return to_goroutine(s, m, false, out);
    taddr sp = callee->val[RSP] + pushed;
    return to_thread_start(s, m, sp, out) || to_crosscall(s, sp, out);
}

/* asmcgocall keeps the g and how deep its stack was (or 0 and the old stack pointer) at its stack pointer. */
static bool saved_depth(const struct go_stepper *s, taddr at, taddr *g, taddr *sp)
{
    uint64_t depth, hi;
    at += s->rt->build.minor >= 22 ? 0 : 40; /* room for registers, as Windows asks for */
    if (!go_word(s->rt, at, &depth) || !go_word(s->rt, at + 8, g))
        return false;
    *sp = depth;
    if (!*g)
        return true;
    if (!go_field(s->rt, *g, s->rt->layout->g_stack_hi, &hi) || depth > hi)
        return false;
    *sp = hi - depth;
    return on_stack_of(s->rt, *g, *sp);
}

static bool leave_asmcgocall(struct go_stepper *s, const struct regs *callee, const struct place *p,
                             struct stepped *out)
{
    taddr g, sp;
    if (!saved_depth(s, callee->val[RSP], &g, &sp))
        return false;
    if (g)
        switch_to(g, out);
    return call_at(s, sp, p->size, out);
}

/* C called Go. cgocallback began on g0, whose g.sched keeps that stack pointer; the older one is at it, so that they
 * are a chain when calls nest. Ours is the one that C made for the asmcgocall that ends where our frame on the
 * goroutine's stack does; a thread of C itself has none above its first. A panic that has run the deferred calls of
 * cgocallbackg has left C's frames already: then the goroutine's stack goes on as if it had called itself. */
static bool leave_cgocallback(struct go_stepper *s, const struct regs *callee, const struct place *p,
                              struct stepped *out)
{
    const struct go_m *m = m_of(s, callee);
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
    if (!go_word(s->rt, at + p->size, &pc) || cached_place(s, pc - 1).leave != LEAVE_CROSSCALL)
        return false;
    switch_to(m->g0, out);
    return call_at(s, at, p->size, out);
}

/* It keeps C's registers (runtime/cgo/abi_amd64.h) above the arguments of cgocallback. */
static bool leave_crosscall(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    static const uint16_t saved[] = {RBX, R12, R13, R14, R15, RBP};
    enum { ARGUMENTS = 24, SAVED = sizeof(saved) / sizeof(saved[0]) * 8 };
    if (p->size < ARGUMENTS + SAVED || !call_at(s, callee->val[RSP], p->size, out))
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

/* m.vdsoPC and m.vdsoSP: where the call of nanotime1 goes on. They are set while it is on another stack, and its own
 * stack pointer is in r12. */
static bool leave_vdso(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    const struct go_m *m = m_of(s, callee);
    uint64_t pc, sp;
    if (!m || !go_field(s->rt, m->at, s->rt->layout->m_vdso_sp, &sp) || !sp ||
        !go_field(s->rt, m->at, s->rt->layout->m_vdso_pc, &pc) || !go_module_at(s->rt, pc))
        return false;
    if (!regs_has(callee, R12) || callee->val[R12] + p->size + 8 != sp)
        return false;
    if (on_stack_of(s->rt, m->curg, sp))
        switch_to(m->curg, out);
    out->cfa = sp;
    regs_set(&out->caller, RIP, pc);
    regs_set(&out->caller, RSP, sp);
    return true;
}

static bool leave_no_g(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    uint64_t sp;
    return go_word(s->rt, callee->val[RSP] + 8, &sp) && sp > callee->val[RSP] && call_at(s, sp, p->size, out);
}

static bool leave_special(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out)
{
    switch (p->leave) {
    case LEAVE_SYSTEMSTACK:
        return to_goroutine(s, m_of(s, callee), true, out);
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
        return call_at(s, callee->val[RSP], p->size, out);
    case LEAVE_CROSSCALL:
        return leave_crosscall(s, callee, p, out);
    case LEAVE_VDSO:
        return leave_vdso(s, callee, p, out);
    case LEAVE_SIGFWD:
        return regs_has(callee, RBX) && call_at(s, callee->val[RBX], p->size, out);
    case LEAVE_UNKNOWN:
    case LEAVE_PLAIN:
    case LEAVE_END:
    case LEAVE_INTERRUPTED:
    case LEAVE_MSTART:
    case LEAVE_SIGTRAMP:
    case LEAVE_SIGRETURN:
        break;
    }
    return false;
}

/* The kernel "called" sigtramp, with its frame above the return address. Where that leads cannot be read (a libc that
 * is not here), so the unwinder will not know it for a signal's: the frame is passed over to what was interrupted. */
static bool to_interrupted(struct go_stepper *s, struct stepped *out)
{
    const struct arch *a = modules_image(s->rt->ms)->arch;
    const struct sigframe_desc *d = a->n_sigframes ? &a->sigframes[0] : NULL;
    uint8_t code;
    uint64_t v;
    if (!d || modules_read_some(s->rt->ms, out->caller.val[RIP], &code, 1) == 1)
        return false;
    struct regs r = out->caller;
    for (size_t i = 0; i < d->n_saved; i++) {
        if (!go_word(s->rt, out->cfa + d->saved[i].offset, &v))
            return false;
        regs_set(&r, d->saved[i].dwarf, v);
    }
    *out = (struct stepped){.caller = r, .cfa = r.val[RSP], .exact_pc = true, .switched = true};
    return true;
}

/* Only its first instructions and its last ones run on the stack that it was called on: an interrupted one is left
 * by its size, if that leads to code. */
static enum step_result leave_plain(struct go_stepper *s, const struct regs *callee, const struct place *p,
                                    struct stepped *out)
{
    if (!call_at(s, callee->val[RSP], p->size, out))
        return STEP_NOT_MINE;
    if (p->leave == LEAVE_SIGTRAMP && to_interrupted(s, out))
        return STEP_DONE;
    restore_plain(s, p, out);
    out->exact_pc = p->leave == LEAVE_INTERRUPTED;
    bool made_by_go = p->leave == LEAVE_MSTART && cached_place(s, out->caller.val[RIP] - 1).leave != LEAVE_UNKNOWN;
    return made_by_go ? STEP_END : STEP_DONE;
}

static enum step_result step(void *self, struct modules *ms, const struct regs *callee, bool exact_pc,
                             struct stepped *out)
{
    struct go_stepper *s = self;
    (void)ms;
    if (!regs_has(callee, RIP) || !regs_has(callee, RSP))
        return STEP_NOT_MINE;
    taddr pc = callee->val[RIP];
    /* The kernel "returns" to the start of sigreturn; no call stands before it. */
    if (!exact_pc && cached_place(s, pc).leave == LEAVE_SIGRETURN)
        return STEP_NOT_MINE;
    struct place p = cached_place(s, exact_pc ? pc : pc - 1);
    if (p.leave == LEAVE_UNKNOWN || p.leave == LEAVE_SIGRETURN)
        return STEP_NOT_MINE;
    if (p.leave == LEAVE_END)
        return STEP_END;
    *out = (struct stepped){.caller = *callee};
    forget_scratch(&out->caller);
    if (exact_pc && p.leave == LEAVE_VDSO && leave_vdso(s, callee, &p, out))
        return STEP_DONE;
    if (!exact_pc && p.leave > LEAVE_MSTART && p.leave < LEAVE_SIGTRAMP)
        return leave_special(s, callee, &p, out) ? STEP_DONE : STEP_NOT_MINE;
    return leave_plain(s, callee, &p, out);
}

void go_stepper_init(struct rt *rt)
{
    rt->stepper.rt = rt;
    rt->stepper.hook = (struct stepper){.name = "go", .step = step, .self = &rt->stepper};
}

const struct stepper *go_stepper(struct rt *rt)
{
    const struct arch *a = modules_image(rt->ms)->arch;
    return a->elf_machine == EM_X86_64 && rt->layout ? &rt->stepper.hook : NULL;
}
