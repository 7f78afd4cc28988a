/* SPDX-License-Identifier: Apache-2.0 */
/* i386. Register numbers: System V psABI Intel386 supplement, table 2.14. pr_reg is struct
 * user_regs_struct (Linux arch/x86/include/asm/user_32.h); 16-bit ids as in its elf_prpsinfo. */
#include "image/arch.h"

#include <elf.h>

/* clang-format off */
#define REG(reg_name, number, index) {.name = reg_name, .dwarf = number, .offset = (index) * 4, .size = 4}

static const struct reg_desc regs[] = {
    REG("ebx", 3, 0),
    REG("ecx", 1, 1),
    REG("edx", 2, 2),
    REG("esi", 6, 3),
    REG("edi", 7, 4),
    REG("ebp", 5, 5),
    REG("eax", 0, 6),
    REG("ds", 43, 7),
    REG("es", 40, 8),
    REG("fs", 44, 9),
    REG("gs", 45, 10),
    REG("orig_eax", REG_NONE, 11),
    REG("eip", 8, 12),
    REG("cs", 41, 13),
    REG("eflags", 9, 14),
    REG("esp", 4, 15),
    REG("ss", 42, 16),
};
/* clang-format on */

static const uint16_t callee_saved[] = {3, 5, 6, 7, REG_NONE};

/* struct sigcontext starts with four segment registers of 4 bytes. At its trampoline the classic frame
 * has it behind the signal number; the rt frame behind signal number, two pointers, siginfo (128 bytes)
 * and the 20 bytes of flags, link and stack_t. */
/* clang-format off */
#define SIGCONTEXT(base)                                                                         \
    {                                                                                            \
        {7, (base) + 16}, {6, (base) + 20}, {5, (base) + 24}, {4, (base) + 28}, {3, (base) + 32}, \
            {2, (base) + 36}, {1, (base) + 40}, {0, (base) + 44}, {8, (base) + 56},               \
    }
/* clang-format on */
static const struct saved_reg rt_saved[] = SIGCONTEXT(12 + 128 + 20);
static const struct saved_reg classic_saved[] = SIGCONTEXT(4);

static const struct sigframe_desc sigframes[] = {
    {
        /* mov $__NR_rt_sigreturn, %eax; int $0x80 */
        .code = {0xb8, 0xad, 0x00, 0x00, 0x00, 0xcd, 0x80},
        .code_size = 7,
        .second = 5,
        .n_saved = ARRAY_LEN(rt_saved),
        .saved = rt_saved,
    },
    {
        /* pop %eax; mov $__NR_sigreturn, %eax; int $0x80 */
        .code = {0x58, 0xb8, 0x77, 0x00, 0x00, 0x00, 0xcd, 0x80},
        .code_size = 8,
        .n_saved = ARRAY_LEN(classic_saved),
        .saved = classic_saved,
    },
};

static const struct regset_desc sets[] = {
    {"CORE", NT_PRFPREG},
    {"LINUX", NT_PRXFPREG},
    {"LINUX", NT_X86_XSTATE},
    {"LINUX", NT_386_TLS},
};

const struct arch arch_i386 = {
    .name = "i386",
    .elf_machine = EM_386,
    .addr_size = 4,
    .pc = 8,
    .sp = 4,
    .fp = 5,
    .lr = REG_NONE,
    .fp_saved_fp = 0,
    .fp_ret = 4,
    .pc_mask = UINT32_MAX,
    .regs = regs,
    .n_regs = ARRAY_LEN(regs),
    .prstatus_size = 144,
    .prstatus_cursig = 12,
    .prstatus_pid = 24,
    .prstatus_reg = 72,
    .prstatus_reg_size = 68,
    .prpsinfo_size = 124,
    .prpsinfo_uid = 8,
    .prpsinfo_pid = 12,
    .prpsinfo_fname = 28,
    .prpsinfo_psargs = 44,
    .prpsinfo_id_size = 2,
    .callee_saved = callee_saved,
    .call_argument = 3,
    .sigframes = sigframes,
    .n_sigframes = ARRAY_LEN(sigframes),
    .n_sets = ARRAY_LEN(sets),
    .sets = sets,
};
