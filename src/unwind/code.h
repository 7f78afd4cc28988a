/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions tell where no table does. A processor is one file in code/ and one line in code.c.
 * Private to unwind/. */
#ifndef UNWIND_CODE_H
#define UNWIND_CODE_H

#include "unwind/row.h"

/* Instructions around a pc, as far as they can be read. */
struct code_view {
    const struct arch *arch;
    bool exact;             /* the instruction at pc is the next to run; otherwise it follows a call */
    bool starts;            /* `function` starts at the start of the function */
    struct bytes function;  /* from the start of the function up to pc, at most CODE_VIEW bytes */
    bool whole;             /* `function` reaches up to pc */
    struct bytes before;    /* the last bytes before pc, at most CODE_VIEW_BEFORE */
    struct bytes after;     /* from pc, at most CODE_VIEW bytes */
};
enum { CODE_VIEW = 96, CODE_VIEW_BEFORE = 16 };

struct code_ops {
    uint16_t elf_machine;
    /* Do the bytes before a return address end in a call? *target: where it goes when the instruction says
     * so, else 0. */
    bool (*is_call)(const struct arch *a, struct bytes before, taddr ret, taddr *target);
    /* Where the caller's registers are: in the first and last instructions of a function, in a function
     * that sets up a frame pointer, in a PLT stub. False when the instructions do not tell. */
    bool (*rules)(const struct code_view *v, struct rules *out);
};

/* NULL for a processor without a file in code/. */
const struct code_ops *code_ops_find(const struct arch *a);

extern const struct code_ops code_x86_64, code_i386, code_aarch64, code_riscv64;

#endif
