/* SPDX-License-Identifier: Apache-2.0 */
/* How threads leave frames of Go code: by the sizes in the function table, and where the runtime changes stacks by
 * what it saved there (switches.c, inside.c).
 *
 * A thread has a stack for the scheduler and for C (g0), one for signals (gsignal), and that of its goroutine (curg).
 * What is on g0 was called by the goroutine, and Go that C calls is on the goroutine's stack again: the walk changes
 * stacks at the functions that do, so that all is one stack. */
#include "rt/go/stepper.h"

#include <elf.h>

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
        {"runtime.gogo", LEAVE_GOGO, true},
        {"runtime.clone", LEAVE_CLONE, true},
        {"crosscall2", LEAVE_CROSSCALL, true},
        {"runtime.nanotime1", LEAVE_VDSO, true},
        {"runtime.walltime", LEAVE_VDSO, true},
        {"time.now", LEAVE_VDSO, true},
        {"runtime.vgetrandom1", LEAVE_VDSO, true},
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

/* gogo goes on in a function of its file alone, whose name has no package. */
static bool is_second_gogo(const struct pclntab *t, const struct go_function *f)
{
    static const char file[] = "runtime/asm_amd64.s";
    struct go_line line;
    if (strcmp(f->name, "gogo") != 0 || !pclntab_lines(t, f, f->entry, &line, 1))
        return false;
    size_t n = strlen(line.file), want = sizeof(file) - 1;
    return n >= want && strcmp(line.file + n - want, file) == 0;
}

struct place go_place(const struct rt *rt, taddr lookup)
{
    struct place p = {LEAVE_UNKNOWN, false, 0};
    const struct go_module *m;
    struct go_function f;
    if (!go_function_at(rt, lookup, &m, &f))
        return p;
    p.assembly = pclntab_is_assembly(&m->table, &f);
    bool sized = pclntab_frame_size(&m->table, &f, lookup, &p.size);
    p.leave = p.assembly && is_second_gogo(&m->table, &f) ? LEAVE_GOGO : leave_of_name(f.name, p.assembly);
    if (p.leave == LEAVE_PLAIN && (f.flags & GO_FUNC_TOP_FRAME))
        p.leave = LEAVE_END;
    else if (!sized)
        p.leave = LEAVE_UNKNOWN;
    return p;
}

/* The same, remembered: long recursions ask for few places. An entry is one word, so that threads share them:
 * 1 + offset in the code << 24 | size / 8 << 6 | assembly << 5 | leave. */
struct place go_place_cached(struct go_stepper *s, taddr lookup)
{
    taddr offset = lookup - s->rt->modules.v[0].text;
    if (offset >> 39)
        return go_place(s->rt, lookup);
    atomic_uint_least64_t *slot = &s->places[(offset ^ offset >> 10) % GO_STEPPER_PLACES];
    uint64_t known = atomic_load_explicit(slot, memory_order_relaxed);
    if (known >> 24 == offset + 1)
        return (struct place){known & 31, known >> 5 & 1, (known >> 6 & 0x3ffff) * 8};
    struct place p = go_place(s->rt, lookup);
    if (p.size % 8 == 0 && p.size / 8 <= 0x3ffff)
        atomic_store_explicit(slot,
                              (offset + 1) << 24 | p.size / 8 << 6 | (uint64_t)p.assembly << 5 | (uint64_t)p.leave,
                              memory_order_relaxed);
    return p;
}

bool go_interrupts(struct rt *rt, taddr lookup)
{
    enum leave l = go_place(rt, lookup).leave;
    return l == LEAVE_INTERRUPTED || l == LEAVE_CGOCALLBACK; /* that has systemstack_switch for its caller */
}

/* ---- steps ---- */

static bool is_code(const struct rt *rt, taddr pc)
{
    if (go_module_at(rt, pc))
        return true;
    const struct mapping *m = image_mapping(modules_image(rt->ms), pc);
    return m ? (m->prot & PROT_BIT_EXEC) != 0 : modules_find(rt->ms, pc) != NULL;
}

bool go_call_at(const struct go_stepper *s, taddr sp, uint64_t size, struct stepped *out)
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

/* By its size, if that leads to code. */
static enum step_result leave_plain(struct go_stepper *s, const struct regs *callee, const struct place *p,
                                    struct stepped *out)
{
    if (!go_call_at(s, callee->val[RSP], p->size, out))
        return STEP_NOT_MINE;
    if (p->leave == LEAVE_SIGTRAMP && to_interrupted(s, out))
        return STEP_DONE;
    restore_plain(s, p, out);
    out->exact_pc = p->leave == LEAVE_INTERRUPTED;
    bool made_by_go = p->leave == LEAVE_MSTART && go_place_cached(s, out->caller.val[RIP] - 1).leave != LEAVE_UNKNOWN;
    return made_by_go ? STEP_END : STEP_DONE;
}

/* The new thread has nothing on its stack, which is that of its g0. */
static bool begins_thread(struct go_stepper *s, const struct regs *callee)
{
    const struct go_m *m = go_m_of(s, callee);
    return m && callee->val[RSP] == m->g0_hi;
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
    if (!exact_pc && go_place_cached(s, pc).leave == LEAVE_SIGRETURN)
        return STEP_NOT_MINE;
    struct place p = go_place_cached(s, exact_pc ? pc : pc - 1);
    if (p.leave == LEAVE_UNKNOWN || p.leave == LEAVE_SIGRETURN)
        return STEP_NOT_MINE;
    if (p.leave == LEAVE_END)
        return STEP_END;
    *out = (struct stepped){.caller = *callee};
    forget_scratch(&out->caller);
    if (p.leave == LEAVE_CLONE && begins_thread(s, callee))
        return STEP_END;
    if (p.leave > LEAVE_MSTART && p.leave < LEAVE_CLONE) {
        bool waits = !exact_pc && !go_before_switch(s, callee, &p);
        if (waits)
            return go_leave_switch(s, callee, &p, out) ? STEP_DONE : STEP_NOT_MINE;
        if (exact_pc && go_leave_inside(s, callee, &p, out))
            return STEP_DONE;
        *out = (struct stepped){.caller = *callee};
        forget_scratch(&out->caller);
    }
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
