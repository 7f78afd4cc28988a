/* SPDX-License-Identifier: Apache-2.0 */
/* AArch64. Register numbers: DWARF for the Arm 64-bit Architecture (aadwarf64), section 4.1. pr_reg is
 * struct user_pt_regs (Linux arch/arm64/include/uapi/asm/ptrace.h). */
#include "image/arch.h"

#include <elf.h>

/* clang-format off */
#define REG(reg_name, number) {.name = reg_name, .dwarf = number, .offset = (number) * 8, .size = 8}

static const struct reg_desc regs[] = {
    REG("x0", 0),   REG("x1", 1),   REG("x2", 2),   REG("x3", 3),   REG("x4", 4),   REG("x5", 5),
    REG("x6", 6),   REG("x7", 7),   REG("x8", 8),   REG("x9", 9),   REG("x10", 10), REG("x11", 11),
    REG("x12", 12), REG("x13", 13), REG("x14", 14), REG("x15", 15), REG("x16", 16), REG("x17", 17),
    REG("x18", 18), REG("x19", 19), REG("x20", 20), REG("x21", 21), REG("x22", 22), REG("x23", 23),
    REG("x24", 24), REG("x25", 25), REG("x26", 26), REG("x27", 27), REG("x28", 28), REG("x29", 29),
    REG("x30", 30), REG("sp", 31),  REG("pc", 32),
    {.name = "pstate", .dwarf = REG_NONE, .offset = 33 * 8, .size = 8},
};
/* clang-format on */

/* The link register is listed too: where CFI does not mention it, it still holds the return address. */
static const uint16_t callee_saved[] = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, REG_NONE};

/* rt_sigframe: siginfo (128 bytes), then struct ucontext with its sigcontext at 176: fault_address,
 * regs[31], sp, pc. */
/* clang-format off */
#define SAVED(number) {number, 128 + 176 + 8 + (number) * 8}
static const struct saved_reg rt_saved[] = {
    SAVED(0),  SAVED(1),  SAVED(2),  SAVED(3),  SAVED(4),  SAVED(5),  SAVED(6),  SAVED(7),  SAVED(8),
    SAVED(9),  SAVED(10), SAVED(11), SAVED(12), SAVED(13), SAVED(14), SAVED(15), SAVED(16), SAVED(17),
    SAVED(18), SAVED(19), SAVED(20), SAVED(21), SAVED(22), SAVED(23), SAVED(24), SAVED(25), SAVED(26),
    SAVED(27), SAVED(28), SAVED(29), SAVED(30), SAVED(31), SAVED(32),
};
/* clang-format on */

static const struct sigframe_desc sigframes[] = {
    {
        /* mov x8, #__NR_rt_sigreturn; svc #0 */
        .code = {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4},
        .code_size = 8,
        .second = 4,
        .n_saved = ARRAY_LEN(rt_saved),
        .saved = rt_saved,
    },
};

static const struct regset_desc sets[] = {
    {"CORE", NT_PRFPREG},
    {"LINUX", NT_ARM_TLS},
};

const struct arch arch_aarch64 = {
    .name = "aarch64",
    .elf_machine = EM_AARCH64,
    .addr_size = 8,
    .pc = 32,
    .sp = 31,
    .fp = 29,
    .lr = 30,
    .fp_saved_fp = 0,
    .fp_ret = 8,
    /* 48-bit user addresses: pointer authentication and tags use the bits above. */
    .pc_mask = (UINT64_C(1) << 48) - 1,
    .regs = regs,
    .n_regs = ARRAY_LEN(regs),
    .prstatus_size = 392,
    .prstatus_cursig = 12,
    .prstatus_pid = 32,
    .prstatus_reg = 112,
    .prstatus_reg_size = 272,
    .prpsinfo_size = 136,
    .prpsinfo_uid = 16,
    .prpsinfo_pid = 24,
    .prpsinfo_fname = 40,
    .prpsinfo_psargs = 56,
    .prpsinfo_id_size = 4,
    .callee_saved = callee_saved,
    .call_argument = 0,
    .sigframes = sigframes,
    .n_sigframes = ARRAY_LEN(sigframes),
    .n_sets = ARRAY_LEN(sets),
    .sets = sets,
};
