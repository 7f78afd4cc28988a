/* SPDX-License-Identifier: Apache-2.0 */
/* Where x86 instructions end, and the operands of the few kinds that move the stack or the program counter.
 * Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2 and
 * appendix A (opcode maps). */
#ifndef UNWIND_CODE_X86_DECODE_H
#define UNWIND_CODE_X86_DECODE_H

#include "base/cursor.h"

enum x86_map { X86_ONE_BYTE, X86_0F, X86_0F38, X86_0F3A, X86_OTHER_MAP };

struct x86_insn {
    uint8_t size;   /* bytes of the whole */
    uint8_t map;    /* enum x86_map */
    uint8_t opcode; /* the byte that selects in its map */
    bool vex;       /* VEX or EVEX: never moves the stack */
    bool wide;      /* operands have the size of an address */
    bool has_modrm;
    uint8_t mod, reg, rm;  /* of ModRM; reg and rm with REX's fourth bit; without ModRM rm is that in the opcode */
    uint8_t base, index;   /* memory operands: register encodings, X86_NONE */
    int32_t disp;          /* of a memory operand */
    int64_t imm;           /* sign-extended immediate or branch distance; 0 without */
};
enum { X86_NONE = 0xff };

/* Decodes one instruction of 64-bit or 32-bit code. False when it is invalid, or does not lie in `code` as a
 * whole. */
bool x86_decode(struct bytes code, bool is_64, struct x86_insn *out);

#endif
