/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that walk a stack share. Private to unwind/. */
#ifndef UNWIND_UNWINDER_H
#define UNWIND_UNWINDER_H

#include "unwind/code.h"
#include "unwind/unwind.h"

enum { REG_WORDS = (REG_MAX + 63) / 64 };

struct saved_rule {
    uint16_t reg;
    struct rule rule;
};

enum row_kind {
    ROW_NONE,     /* neither a table nor instructions tell */
    ROW_RULES,    /* `cfa`, `saved` and `keep` do */
    ROW_SIGFRAME, /* the kernel's signal frame */
    ROW_END,      /* the program's first instructions: nobody called them */
};

/* How to leave the frame at one lookup address: made once, kept as long as the unwinder. */
struct row {
    struct module *module; /* NULL: the address is in none */
    uint8_t kind;          /* enum row_kind */
    uint8_t how;           /* enum frame_how of the frame that it leads to */
    bool is_signal, outermost;
    uint16_t ra; /* register that gets the return address */
    uint16_t n_saved;
    struct cfa_rule cfa;
    uint64_t keep[REG_WORDS]; /* registers that the caller has unchanged */
    const struct sigframe_desc *sigframe;
    struct err *problem; /* ROW_NONE: its table is damaged; NULL: it has none */
    struct row *other;   /* what the instructions may mean if this one leads nowhere; NULL */
    struct saved_rule saved[];
};

/* A place in a stack: one frame and the registers in it. */
struct walk {
    struct regs regs;
    struct frame frame;
    const struct row *row;
    size_t depth;        /* frames below this one */
    taddr last_cfa;      /* of the frame below; 0 at the first */
    bool after_signal;   /* the frame below is a signal frame */
    /* Steps that do not go outwards (a switch to another stack) can loop: Brent's algorithm compares each
     * with one that it remembers for longer and longer. */
    size_t jumps, renew_at;
    taddr mark_pc, mark_cfa;
};

struct unwinder {
    struct modules *ms;
    const struct image *im;
    const struct arch *arch;
    const struct code_ops *code;
    struct arena arena;
    struct map64 rows[2]; /* by exact_pc: lookup address -> struct row * */
    struct map64 cfis; /* struct module * -> struct cfi * */
    VEC(struct cfi *) all_cfis; /* also of modules that are no longer listed */
    VEC(struct err *) problems; /* of rows */
    VEC(struct stepper) steppers;
    uint64_t callee_saved[REG_WORDS];
    size_t searches;                 /* of code, so far */
    const struct space_range *stack; /* that the last word came from */
    taddr entry;                     /* first instruction of the program; 0 unknown */
    /* Where unwind_regs() stopped last: asking frame after frame stays linear. */
    bool has_checkpoint;
    struct regs checkpoint_start;
    struct walk checkpoint;
};

/* The caller's frame as a step finds it, before it is believed. */
struct move {
    taddr cfa, pc;
    bool exact_pc;
    bool switched; /* to a stack that may lie anywhere */
    uint8_t how;
    uint64_t keep[REG_WORDS];
    size_t n;
    struct {
        uint16_t reg;
        uint64_t value;
    } set[REG_MAX];
};

static inline void move_set(struct move *m, uint16_t reg, uint64_t value)
{
    if (m->n < REG_MAX) {
        m->set[m->n].reg = reg;
        m->set[m->n++].value = value;
    }
}

/* A word of the target; the stack's range is found once. False when it is not there. A word_fn. */
bool unwinder_word(void *u, taddr at, unsigned size, uint64_t *out);
/* Does the address lie in memory that may be executed? */
bool unwinder_is_code(const struct unwinder *u, taddr at);

/* The row for a frame at pc (rows.c). Never NULL. */
const struct row *unwinder_row(struct unwinder *u, taddr pc, bool exact_pc);
void unwinder_rows_done(struct unwinder *u);

/* Follows a row (step.c). *end: it is the outermost frame. */
struct err *row_apply(struct unwinder *u, const struct walk *w, struct move *out, bool *end) MUST_CHECK;
/* Where the row says that registers are saved (step.c); as unwind_saved(). */
size_t row_saved(struct unwinder *u, const struct walk *w, struct saved_place out[static REG_MAX]);

/* Without a row: the frame pointer, or a scan of the stack (guess.c). False when nothing is plausible;
 * *end: the chain of frame pointers ends here. */
bool guess_caller(struct unwinder *u, const struct walk *w, struct move *out, bool *end);
/* Can this be a return address: in code, and behind a call as far as can be seen? */
bool guess_is_return(struct unwinder *u, taddr ret);
/* Frame with a pc that is no code: what a call to a bad address left behind. */
bool guess_bad_call(struct unwinder *u, const struct walk *w, struct move *out);

/* Why a walk stops (stop.c). */
struct err *stop_no_row(struct unwinder *u, const struct walk *w) MUST_CHECK;
struct err *stop_bad_return(const struct walk *w, taddr ret) MUST_CHECK;
/* `what`, "the return address", cannot be read at `at`. */
struct err *stop_missing(struct unwinder *u, taddr at, const char *what) MUST_CHECK;
/* Adds what would bring a missing table; takes time, so only for a stop that is final. */
struct err *stop_hint(const struct walk *w, struct err *why) MUST_CHECK;

#endif
