/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the stepper share: what a frame is to it, and the steps that lead from one stack to another.
 *
 * runtime/asm_amd64.s, runtime/sys_linux_amd64.s, runtime/time_linux_amd64.s and runtime/cgo/asm_amd64.s of Go 1.17 to
 * 1.27. Threads: shared by all unwinders. */
#ifndef RT_GO_STEPPER_H
#define RT_GO_STEPPER_H

#include "rt/go/priv.h"

/* DWARF numbers of x86-64 (System V psABI, figure 3.36). */
enum go_register { RDX = 1, RBX = 3, RBP = 6, RSP = 7, R12 = 12, R13, R14, R15, RIP };

/* What a frame is to the walk. Assembly unless said otherwise: a function that the compiler wrote around it to change
 * calling conventions has the same name. */
enum leave {
    LEAVE_UNKNOWN, /* no function, or one of C, of which the table has no sizes */
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
    LEAVE_GOGO,      /* jumps to a goroutine */
    LEAVE_VDSO,      /* calls the vdso on g0 */
    LEAVE_SIGFWD,    /* calls a handler of C */
    LEAVE_CLONE,     /* makes a thread, and is its first function */
    LEAVE_SIGTRAMP,  /* the kernel called it */
    LEAVE_SIGRETURN, /* the kernel's frame: the unwinder knows it */
};

struct place {
    enum leave leave;
    bool assembly;
    uint64_t size; /* bytes from the stack pointer to the return address */
};

/* What is at an address (stepper.c). The second one remembers. */
struct place go_place(const struct rt *rt, taddr lookup);
struct place go_place_cached(struct go_stepper *s, taddr lookup);
/* The caller of a frame whose return address is `size` bytes above `sp` (stepper.c). False: none is there. */
bool go_call_at(const struct go_stepper *s, taddr sp, uint64_t size, struct stepped *out);

/* switches.c: frames that changed stacks and wait for what they called. False: not proven. */
bool go_leave_switch(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out);
/* Does such a frame wait for what it called before it changed stacks, to save registers or to die? */
bool go_before_switch(struct go_stepper *s, const struct regs *callee, const struct place *p);
/* The m that has the stack pointer on one of its stacks, or else that of the g in r14, where Go keeps the current one. */
const struct go_m *go_m_of(struct go_stepper *s, const struct regs *r);
/* Does a stack pointer lie on the stack of a g? */
bool go_on_stack_of(const struct rt *rt, taddr g, taddr sp);
/* To what a g says of where it goes on (g.sched), with the stack pointer `sp`. */
bool go_to_saved(struct go_stepper *s, taddr g, taddr sp, struct stepped *out);
/* Bytes below what asmcgocall keeps on the stack of its call: room for registers, as Windows asks for, until Go 1.21. */
uint64_t go_asmcgocall_room(const struct rt *rt);
/* The caller's registers that Go keeps for nobody are lost. */
void go_forget_saved(struct regs *r);

/* inside.c: a thread that is stopped at an instruction of such a function itself. False: it is on the stack that it was
 * called on, and its frame has the size that the table says. */
bool go_leave_inside(struct go_stepper *s, const struct regs *callee, const struct place *p, struct stepped *out);

#endif
