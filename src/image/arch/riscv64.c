/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V, 64 bits. Register numbers: riscv-elf-psabi, "DWARF register numbers". pr_reg is struct
 * user_regs_struct (Linux arch/riscv/include/uapi/asm/ptrace.h): pc, then x1 to x31. */
#include "image/arch.h"

#include <elf.h>

/* The psABI gives the program counter no number; 65 is in its reserved part. */
enum { PC = 65 };

/* clang-format off */
#define REG(reg_name, number) {.name = reg_name, .dwarf = number, .offset = (number) * 8, .size = 8}

static const struct reg_desc regs[] = {
    {.name = "pc", .dwarf = PC, .offset = 0, .size = 8},
    REG("ra", 1),   REG("sp", 2),   REG("gp", 3),   REG("tp", 4),   REG("t0", 5),   REG("t1", 6),
    REG("t2", 7),   REG("s0", 8),   REG("s1", 9),   REG("a0", 10),  REG("a1", 11),  REG("a2", 12),
    REG("a3", 13),  REG("a4", 14),  REG("a5", 15),  REG("a6", 16),  REG("a7", 17),  REG("s2", 18),
    REG("s3", 19),  REG("s4", 20),  REG("s5", 21),  REG("s6", 22),  REG("s7", 23),  REG("s8", 24),
    REG("s9", 25),  REG("s10", 26), REG("s11", 27), REG("t3", 28),  REG("t4", 29),  REG("t5", 30),
    REG("t6", 31),
};
/* clang-format on */

/* The return address register is listed too: where CFI does not mention it, it still holds it. */
static const uint16_t callee_saved[] = {1, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, REG_NONE};

/* rt_sigframe: siginfo (128 bytes), then struct ucontext with its sigcontext at 176, which starts with
 * pc and x1 to x31. */
/* clang-format off */
#define SAVED(number) {number, 128 + 176 + (number) * 8}
static const struct saved_reg rt_saved[] = {
    {PC, 128 + 176}, SAVED(1),  SAVED(2),  SAVED(3),  SAVED(4),  SAVED(5),  SAVED(6),  SAVED(7),
    SAVED(8),        SAVED(9),  SAVED(10), SAVED(11), SAVED(12), SAVED(13), SAVED(14), SAVED(15),
    SAVED(16),       SAVED(17), SAVED(18), SAVED(19), SAVED(20), SAVED(21), SAVED(22), SAVED(23),
    SAVED(24),       SAVED(25), SAVED(26), SAVED(27), SAVED(28), SAVED(29), SAVED(30), SAVED(31),
};
/* clang-format on */

static const struct sigframe_desc sigframes[] = {
    {
        /* li a7, __NR_rt_sigreturn; ecall */
        .code = {0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00},
        .code_size = 8,
        .second = 4,
        .n_saved = ARRAY_LEN(rt_saved),
        .saved = rt_saved,
    },
};

static const struct regset_desc sets[] = {
    {"CORE", NT_PRFPREG},
};

const struct arch arch_riscv64 = {
    .name = "riscv64",
    .elf_machine = EM_RISCV,
    .addr_size = 8,
    .pc = PC,
    .sp = 2,
    .fp = 8,
    .lr = 1,
    .fp_saved_fp = -16,
    .fp_ret = -8,
    .pc_mask = UINT64_MAX,
    .regs = regs,
    .n_regs = ARRAY_LEN(regs),
    .prstatus_size = 376,
    .prstatus_cursig = 12,
    .prstatus_pid = 32,
    .prstatus_reg = 112,
    .prstatus_reg_size = 256,
    .prpsinfo_size = 136,
    .prpsinfo_uid = 16,
    .prpsinfo_pid = 24,
    .prpsinfo_fname = 40,
    .prpsinfo_psargs = 56,
    .prpsinfo_id_size = 4,
    .callee_saved = callee_saved,
    .call_argument = 10,
    .sigframes = sigframes,
    .n_sigframes = ARRAY_LEN(sigframes),
    .n_sets = ARRAY_LEN(sets),
    .sets = sets,
};
