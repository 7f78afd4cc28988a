/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64. Instruction encodings: Arm Architecture Reference Manual for A-profile, chapter C6. */
#include "unwind/code.h"

#include <elf.h>

enum {
    BL_MASK = 0xfc000000U,
    BL = 0x94000000U,
    BLR_MASK = 0xfefff000U, /* BLR, BLRAAZ, BLRABZ, BLRAA, BLRAB */
    BLR = 0xd63f0000U,
    RET_MASK = 0xfffff3ffU, /* RET x30, RETAA, RETAB */
    RET = 0xd65f03c0U & RET_MASK,
    STP_FRAME_MASK = 0xffc07fffU,
    STP_FRAME = 0xa9807bfdU, /* stp x29, x30, [sp, #-n]! */
    BR_X17 = 0xd61f0220U,
    ADRP_X16_MASK = 0x9f00001fU,
    ADRP_X16 = 0x90000010U,
};

enum { MAX_HINTS = 4 };

static bool is_call(const struct arch *a, struct bytes before, taddr ret, taddr *target)
{
    uint32_t op;

    (void)a;
    *target = 0;
    if (before.n < sizeof(op))
        return false;
    memcpy(&op, before.p + before.n - sizeof(op), sizeof(op));
    if ((op & BL_MASK) == BL) {
        int64_t by = (int32_t)(op << 6) >> 4;
        *target = ret - 4 + (taddr)by;
        return true;
    }
    return (op & BLR_MASK) == BLR;
}

/* Hints that stand before everything else: BTI, PACIASP, PACIBSP (all in the HINT space). */
static bool is_hint(uint32_t op)
{
    return (op & 0xfffff01fU) == 0xd503201fU;
}

static uint32_t read_op(const struct code_view *v, taddr at)
{
    uint8_t buf[4];
    uint32_t op = 0;

    if (v->read(v->arg, at, buf, sizeof(buf)) == sizeof(buf))
        memcpy(&op, buf, sizeof(op));
    return op;
}

/* Nothing but hints lies between the start of the function and pc. */
static bool is_at_start(const struct code_view *v)
{
    if (!v->function || v->pc < v->function || v->pc - v->function > MAX_HINTS * 4)
        return false;
    for (taddr at = v->function; at < v->pc; at += 4)
        if (!is_hint(read_op(v, at)))
            return false;
    return true;
}

/* The return address is in the link register before the frame record is pushed, at the return, and in the
 * stubs of the procedure linkage table. */
static size_t rules(const struct code_view *v, struct rules out[static CODE_ANSWERS])
{
    uint32_t op = v->exact ? read_op(v, v->pc) : 0;

    if (!v->exact || op == 0)
        return 0;
    bool in_register = (op & RET_MASK) == RET || op == BR_X17 || (op & STP_FRAME_MASK) == STP_FRAME ||
                       ((op & ADRP_X16_MASK) == ADRP_X16 && read_op(v, v->pc + 12) == BR_X17) || is_at_start(v);
    if (!in_register)
        return 0;
    out[0] = (struct rules){.cfa = {.reg = v->arch->sp}};
    return 1;
}

const struct code_ops code_aarch64 = {.elf_machine = EM_AARCH64, .is_call = is_call, .rules = rules};
