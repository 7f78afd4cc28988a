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

static bool word_at(struct bytes b, size_t offset, uint32_t *out)
{
    struct cursor c = cursor_of(b, 0, "code");

    cursor_skip(&c, offset);
    *out = cursor_u32(&c);
    return !c.failed;
}

static bool is_call(const struct arch *a, struct bytes before, taddr ret, taddr *target)
{
    uint32_t op;

    (void)a;
    *target = 0;
    if (before.n < 4 || !word_at(before, before.n - 4, &op))
        return false;
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

/* The return address is in the link register before the frame record is pushed, at the return, and in the
 * stubs of the procedure linkage table. */
static bool rules(const struct code_view *v, struct rules *out)
{
    uint32_t op, next;
    bool in_register = false;

    if (!v->exact || !word_at(v->after, 0, &op))
        return false;
    if ((op & RET_MASK) == RET || op == BR_X17 || (op & STP_FRAME_MASK) == STP_FRAME)
        in_register = true;
    else if ((op & ADRP_X16_MASK) == ADRP_X16)
        in_register = word_at(v->after, 12, &next) && next == BR_X17;
    else if (v->starts && v->whole) {
        in_register = true;
        for (size_t at = 0; at < v->function.n; at += 4)
            in_register &= word_at(v->function, at, &next) && is_hint(next);
    }
    if (!in_register)
        return false;
    *out = (struct rules){.cfa = {.reg = v->arch->sp}};
    return true;
}

const struct code_ops code_aarch64 = {.elf_machine = EM_AARCH64, .is_call = is_call, .rules = rules};
