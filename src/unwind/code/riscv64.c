/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V. Instruction encodings: The RISC-V Instruction Set Manual, volume I, chapters "RV32I" and "C". */
#include "unwind/code.h"

#include <elf.h>

enum {
    RD_MASK = 0xfffU, /* opcode and destination */
    JAL_RA = 0x0efU,
    JALR_RA = 0x0e7U,
    C_JALR_MASK = 0xf07fU,
    C_JALR = 0x9002U,
    C_RET = 0x8082U,
    RET = 0x00008067U,
};

static uint32_t tail(struct bytes b, size_t n)
{
    uint32_t op = 0;

    if (b.n >= n)
        memcpy(&op, b.p + b.n - n, n);
    return op;
}

static taddr jal_target(uint32_t op, taddr at)
{
    uint32_t by =
        ((op >> 31) << 20) | (((op >> 12) & 0xff) << 12) | (((op >> 20) & 1) << 11) | (((op >> 21) & 0x3ff) << 1);
    return at + (taddr)(int64_t)((int32_t)(by << 11) >> 11);
}

static bool is_call(const struct arch *a, struct bytes before, taddr ret, taddr *target)
{
    uint32_t op = tail(before, 4);

    (void)a;
    *target = 0;
    if ((op & RD_MASK) == JAL_RA) {
        *target = jal_target(op, ret - 4);
        return true;
    }
    uint32_t half = tail(before, 2);
    return ((op & RD_MASK) == JALR_RA && ((op >> 12) & 7) == 0) ||
           ((half & C_JALR_MASK) == C_JALR && (half >> 7) != 0x120); /* not c.ebreak */
}

/* The return address is in its register at the first instruction and at the return. */
static size_t rules(const struct code_view *v, struct rules out[static CODE_ANSWERS])
{
    uint8_t buf[4];
    uint32_t op = 0;

    if (!v->exact)
        return 0;
    size_t got = v->read(v->arg, v->pc, buf, sizeof(buf));
    memcpy(&op, buf, got < sizeof(op) ? got : sizeof(op));
    bool returns = op == RET || (got >= 2 && (op & 0xffff) == C_RET);
    if (!returns && v->pc != v->function)
        return 0;
    out[0] = (struct rules){.cfa = {.reg = v->arch->sp}};
    return 1;
}

const struct code_ops code_riscv64 = {.elf_machine = EM_RISCV, .is_call = is_call, .rules = rules};
