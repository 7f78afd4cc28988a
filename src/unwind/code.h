/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions tell where no table does. A processor is one file in code/ and one line in code.c.
 * Private to unwind/. */
#ifndef UNWIND_CODE_H
#define UNWIND_CODE_H

#include "unwind/row.h"

/* Where to look. */
struct code_view {
    const struct arch *arch;
    taddr pc;
    bool exact;     /* the instruction at pc is the next to run; otherwise it follows a call */
    taddr function; /* start of the function that holds pc; 0 unknown */
    taddr end;      /* one past its end; 0 unknown */
    /* At most n bytes of code; returns how many could be read. */
    size_t (*read)(void *arg, taddr at, void *buf, size_t n);
    void *arg;
};

/* Instructions may allow for more than one answer: the caller tries each against the stack. */
enum { CODE_ANSWERS = 4 };

struct code_ops {
    uint16_t elf_machine;
    /* Do the bytes before a return address end in a call? *target: where it goes when the instruction says
     * so, else 0. */
    bool (*is_call)(const struct arch *a, struct bytes before, taddr ret, taddr *target);
    /* Where the caller's registers are, best answer first. Returns the number of answers; 0 when the
     * instructions do not tell. */
    size_t (*rules)(const struct code_view *v, struct rules out[static CODE_ANSWERS]);
};

/* NULL for a processor without a file in code/. */
const struct code_ops *code_ops_find(const struct arch *a);

extern const struct code_ops code_x86_64, code_i386, code_aarch64, code_riscv64;

/* Bytes before a return address that is_call() wants. */
enum { CODE_BEFORE = 16 };

#endif
