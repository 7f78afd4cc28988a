/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64. Register numbers: System V psABI AMD64 supplement, figure 3.36. pr_reg is struct
 * user_regs_struct (Linux arch/x86/include/asm/user_64.h). */
#include "image/arch.h"
#include "image/arch/x86_64_frame.h"
#include "image/arch/x86_64_vector.h"

#include <elf.h>

/* clang-format off */
#define REG(reg_name, number, index) {.name = reg_name, .dwarf = number, .offset = (index) * 8, .size = 8}

static const struct reg_desc regs[] = {
    REG("r15", 15, 0),
    REG("r14", 14, 1),
    REG("r13", 13, 2),
    REG("r12", 12, 3),
    REG("rbp", 6, 4),
    REG("rbx", 3, 5),
    REG("r11", 11, 6),
    REG("r10", 10, 7),
    REG("r9", 9, 8),
    REG("r8", 8, 9),
    REG("rax", 0, 10),
    REG("rcx", 2, 11),
    REG("rdx", 1, 12),
    REG("rsi", 4, 13),
    REG("rdi", 5, 14),
    REG("orig_rax", REG_NONE, 15),
    REG("rip", 16, 16),
    REG("cs", 51, 17),
    REG("eflags", 49, 18),
    REG("rsp", 7, 19),
    REG("ss", 52, 20),
    REG("fs_base", 58, 21),
    REG("gs_base", 59, 22),
    REG("ds", 53, 23),
    REG("es", 50, 24),
    REG("fs", 54, 25),
    REG("gs", 55, 26),
};
/* clang-format on */

static const uint16_t callee_saved[] = {3, 6, 12, 13, 14, 15, REG_NONE};

/* rt_sigframe: the return address was popped, so the stack pointer is at struct ucontext; its
 * sigcontext follows flags, link and stack_t (40 bytes). */
/* clang-format off */
static const struct saved_reg rt_saved[] = {
    {8, 40},  {9, 48},  {10, 56}, {11, 64},  {12, 72},  {13, 80},  {14, 88},  {15, 96},  {5, 104},
    {4, 112}, {6, 120}, {3, 128}, {1, 136}, {0, 144}, {2, 152}, {7, 160}, {16, 168},
};
/* clang-format on */

static const struct sigframe_desc sigframes[] = {
    {
        /* mov $__NR_rt_sigreturn, %rax; syscall */
        .code = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05},
        .code_size = 9,
        .second = 7,
        .n_saved = ARRAY_LEN(rt_saved),
        .saved = rt_saved,
    },
};

/* Indices in pr_reg (struct user_regs_struct). */
enum { R10 = 7, R9 = 8, R8 = 9, RAX = 10, RDX = 12, RSI = 13, RDI = 14, ORIG_RAX = 15, RIP = 16 };

/* System calls that the kernel does not start anew by itself after a stop: numbers from
 * arch/x86/entry/syscalls/syscall_64.tbl. `timeout`: index in pr_reg of the argument that limits the wait. */
enum { ALWAYS = 0xff };
static const struct {
    uint16_t number;
    uint8_t timeout;
    bool is_int; /* milliseconds, negative for none; otherwise a pointer, NULL for none */
} unrestarted[] = {
    {65, ALWAYS, false}, /* semop */
    {128, RDX, false},   /* rt_sigtimedwait */
    {208, R8, false},    /* io_getevents */
    {220, R10, false},   /* semtimedop */
    {232, R10, true},    /* epoll_wait */
    {281, R10, true},    /* epoll_pwait */
    {333, R8, false},    /* io_pgetevents */
    {441, R10, false},   /* epoll_pwait2 */
};

static uint64_t reg_at(const uint8_t *pr_reg, unsigned index)
{
    uint64_t v;
    memcpy(&v, pr_reg + index * 8, sizeof(v));
    return v;
}

static bool restart_call(uint8_t *pr_reg)
{
    enum { INTERRUPTED = -4, RESTART_UNLESS_HANDLED = -514 }; /* EINTR; ERESTARTNOHAND (linux/errno.h) */

    if ((int64_t)reg_at(pr_reg, RAX) != INTERRUPTED)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(unrestarted); i++) {
        if (reg_at(pr_reg, ORIG_RAX) != unrestarted[i].number)
            continue;
        if (unrestarted[i].timeout != ALWAYS) {
            uint64_t limit = reg_at(pr_reg, unrestarted[i].timeout);
            if (unrestarted[i].is_int ? (int32_t)limit >= 0 : limit != 0)
                return false;
        }
        int64_t v = RESTART_UNLESS_HANDLED;
        memcpy(pr_reg + RAX * 8, &v, sizeof(v));
        return true;
    }
    return false;
}

static const struct regset_desc sets[] = {
    {"CORE", NT_PRFPREG},
    {"LINUX", NT_X86_XSTATE},
};

static const struct tls_desc tls = {.tp = 58, .dtv = 8};

static void set_reg_at(uint8_t *pr_reg, unsigned index, uint64_t v)
{
    memcpy(pr_reg + index * 8, &v, sizeof(v));
}

static void prepare_call(uint8_t *pr_reg, taddr at, uint64_t number, const uint64_t args[static 6])
{
    static const uint8_t places[] = {RDI, RSI, RDX, R10, R8, R9};

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        set_reg_at(pr_reg, places[i], args[i]);
    set_reg_at(pr_reg, RAX, number);
    set_reg_at(pr_reg, RIP, at);
    set_reg_at(pr_reg, ORIG_RAX, UINT64_MAX);
}

static int64_t call_result(const uint8_t *pr_reg)
{
    return (int64_t)reg_at(pr_reg, RAX);
}

static bool inside_call(const uint8_t *pr_reg)
{
    return (int64_t)reg_at(pr_reg, ORIG_RAX) >= 0;
}

static const struct frame_desc frame = {
    .insn = {0x0f, 0x05, 0xc3}, /* syscall; ret */
    .insn_size = 3,
    .state = NT_X86_XSTATE,
    .shadow_stack = 0x204, /* NT_X86_SHSTK (linux/elf.h) */
    .put = x86_64_put_frame,
    .entered = x86_64_entered,
    .is_timed = x86_64_is_timed,
};

static const struct call_desc call = {
    .insn = {0x0f, 0x05}, /* syscall */
    .insn_size = 2,
    .prepare = prepare_call,
    .result = call_result,
    .inside = inside_call,
    .frame = &frame,
};

const struct arch arch_x86_64 = {
    .name = "x86_64",
    .elf_machine = EM_X86_64,
    .addr_size = 8,
    .pc = 16,
    .sp = 7,
    .fp = 6,
    .lr = REG_NONE,
    .fp_saved_fp = 0,
    .fp_ret = 8,
    .pc_mask = UINT64_MAX,
    .regs = regs,
    .n_regs = ARRAY_LEN(regs),
    .views = x86_64_views,
    .n_views = X86_64_VIEWS,
    .prstatus_size = 336,
    .prstatus_cursig = 12,
    .prstatus_pid = 32,
    .prstatus_reg = 112,
    .prstatus_reg_size = 216,
    .prpsinfo_size = 136,
    .prpsinfo_uid = 16,
    .prpsinfo_pid = 24,
    .prpsinfo_fname = 40,
    .prpsinfo_psargs = 56,
    .prpsinfo_id_size = 4,
    .callee_saved = callee_saved,
    .call_argument = 5,
    .restart_call = restart_call,
    .call = &call,
    .note_register = x86_64_note_register,
    .tls = &tls,
    .sigframes = sigframes,
    .n_sigframes = ARRAY_LEN(sigframes),
    .n_sets = ARRAY_LEN(sets),
    .sets = sets,
};
