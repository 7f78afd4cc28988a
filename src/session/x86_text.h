/* SPDX-License-Identifier: Apache-2.0 */
/* The text of x86 instructions, spelled as binutils spells it (the GNU assembler's manual, "i386-Dependent"; what it
 * leaves open by observation). Private to session/. */
#ifndef SESSION_X86_TEXT_H
#define SESSION_X86_TEXT_H

#include "base/text.h"
#include "session/code.h"

#include <capstone/capstone.h>

/* Puts the text of an instruction that capstone decoded with details, in Intel's order of operands. `wide`: 64-bit
 * code. Sets the target in `out`. */
void x86_text(csh handle, const cs_insn *in, bool wide, bool intel, struct text *t, struct instruction *out);

/* x86_extra.c: the 64-bit instruction at the first of n bytes, in capstone's form, where capstone does not know it.
 * False: neither do we. */
bool x86_extra(const uint8_t *bytes, size_t n, taddr pc, cs_insn *in);

/* ---- what the files x86_*.c share ---- */

/* Families whose operands are written in a way of their own. */
enum x86_kind {
    X86_PLAIN,
    X86_BRANCH, /* jumps, calls: targets */
    X86_STRING, /* movs, stos, ...: implied segments */
    X86_PORT,   /* in, out */
    X86_FPU,
    X86_SHIFT,
};

struct x86_line {
    csh handle;
    const cs_insn *in;
    const cs_x86 *x;
    bool wide, intel;
    struct text *t;
    struct instruction *out;
    /* From the bytes: x86_prefix.c. */
    uint8_t n_prefixes; /* bytes in front of the opcode, REX included */
    uint8_t opcode;     /* the first byte of it */
    uint8_t rex;        /* 0: none */
    uint8_t segment;    /* the last override; 0: none */
    bool data16, repz, repnz, lock, addr32;
    uint8_t mask;       /* of EVEX: the register that masks; 0 none */
    bool evex, zeroing;
    enum x86_kind kind;
    char prefixes[64];  /* those that are written: "lock ", "rep " */
    char name[32];
};

/* Reads the prefixes of the instruction. */
void x86_prefixes_read(struct x86_line *p);
/* Writes those that do not show elsewhere into p->prefixes. */
void x86_prefixes_name(struct x86_line *p);
/* Finds the kind, and the mnemonic. */
void x86_name(struct x86_line *p);
const cs_x86_op *x86_memory(const cs_x86 *x);

#endif
