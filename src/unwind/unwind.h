/* SPDX-License-Identifier: Apache-2.0 */
/* FRAMES: from registers to the chain of physical frames.
 *
 * Order of means for a step: a stepper of a runtime that claims the pc, .eh_frame, .debug_frame, known
 * code (PLT, signal trampoline, first or last instruction of a function), the frame pointer, a scan of the
 * stack. The last two mark their frame, since they can be wrong. */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include "module/module.h"

enum frame_how {
    FRAME_FIRST,   /* registers of the thread itself */
    FRAME_CFI,     /* call frame information */
    FRAME_STEPPER, /* a runtime's own tables */
    FRAME_CODE,    /* recognised instructions */
    FRAME_POINTER, /* frame-pointer chain: likely, not certain */
    FRAME_SCAN,    /* found by scanning the stack: a guess, shown as such */
};

struct frame {
    taddr pc;              /* where it executes, or the return address into it */
    taddr cfa;             /* canonical frame address; 0 unknown (the last frame) */
    struct module *module; /* NULL when pc lies in no module */
    uint8_t how;           /* enum frame_how: how this frame was found from the one below */
    bool is_signal;        /* a signal frame: the kernel built it (S augmentation) */
    bool exact_pc;         /* pc is the next instruction to run (first frame, or below a signal frame):
                              look up pc itself, otherwise pc - 1 */
};

/* Registers of a frame are recomputed on demand (unwind_regs), so that 100,000 frames stay small. */
struct frames {
    VEC(struct frame) frames;
    struct err *stopped; /* why it ended before the outermost frame; NULL: the outermost was reached */
};
void frames_done(struct frames *f);

enum step_result { STEP_DONE, STEP_NOT_MINE, STEP_END };
/* Where a runtime's step leads. */
struct stepped {
    struct regs caller; /* those of the frame that called */
    taddr cfa;          /* the callee's CFA, on the caller's stack where that is another one */
    bool exact_pc;      /* the caller was interrupted: its pc is no return address */
    bool switched;      /* the caller is on another stack, which may lie anywhere */
};
/* How a runtime leaves its own frames. `callee` are the registers in the frame at pc; `out` is written on STEP_DONE.
 * STEP_END: outermost frame. Threads: called by many at once. */
struct stepper {
    const char *name;
    enum step_result (*step)(void *self, struct modules *ms, const struct regs *callee, bool exact_pc,
                             struct stepped *out);
    void *self;
};

struct unwinder;
/* The modules must outlive it. Threads: one unwinder a thread (its caches are its own); many unwinders may
 * share the modules. */
struct unwinder *unwinder_new(struct modules *ms);
void unwinder_free(struct unwinder *u);
void unwinder_add_stepper(struct unwinder *u, const struct stepper *s);

/* All frames of a thread, innermost first. max_frames 0: no limit. Every step must move the CFA outwards or
 * (once) change the pc; a loop ends with a reason. Always gives at least the first frame when pc is known. */
void unwind_stack(struct unwinder *u, const struct regs *start, size_t max_frames, struct frames *out);
/* Registers in frame `index` of a stack that unwind_stack() gave for the same start. */
struct err *unwind_regs(struct unwinder *u, const struct regs *start, size_t index, struct regs *out) MUST_CHECK;

/* One step, for front ends and runtimes that walk by themselves. *end: `callee` is the outermost frame. */
struct err *unwind_step(struct unwinder *u, const struct regs *callee, bool exact_pc, struct regs *caller,
                        struct frame *caller_frame, taddr *callee_cfa, bool *end) MUST_CHECK;

/* Where a frame keeps a register of its caller in memory. */
struct saved_place {
    uint16_t reg; /* DWARF number */
    taddr at;
};
/* Those that unwind tables or recognised code tell of, in no order; the count. 0 too when nothing is known. */
size_t unwind_saved(struct unwinder *u, const struct regs *callee, bool exact_pc,
                    struct saved_place out[static REG_MAX]);

/* Where functions of modules begin, by their unwind tables, which are there in stripped files. Threads: one a thread. */
struct functions;
/* The modules must outlive it. */
struct functions *functions_new(struct modules *ms);
void functions_free(struct functions *f); /* NULL is allowed */
/* The first address of the piece of code that covers a lookup address: a function, or a part of one that the compiler put
 * elsewhere. 0: no table covers it, or it is damaged. */
taddr functions_start(struct functions *f, taddr lookup);

#endif
