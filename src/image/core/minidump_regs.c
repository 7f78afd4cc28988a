/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a minidump's threads: CONTEXT of Microsoft's winnt.h for x64, ARM64 and x86. lldb puts fs_base
 * and gs_base behind a CONTEXT for x64 that it cuts at 720 bytes, and says so with a flag of its own. */
#include "image/core/minidump.h"

#define REG(number, at, bytes)                       \
    {                                                \
        .dwarf = number, .offset = at, .size = bytes \
    }

static const struct reg_desc x64[] = {
    REG(51, 0x38, 2), /* cs */
    REG(53, 0x3a, 2), /* ds */
    REG(50, 0x3c, 2), /* es */
    REG(54, 0x3e, 2), /* fs */
    REG(55, 0x40, 2), /* gs */
    REG(52, 0x42, 2), /* ss */
    REG(49, 0x44, 4), /* eflags */
    REG(0, 0x78, 8),  /* rax */
    REG(2, 0x80, 8),  /* rcx */
    REG(1, 0x88, 8),  /* rdx */
    REG(3, 0x90, 8),  /* rbx */
    REG(7, 0x98, 8),  /* rsp */
    REG(6, 0xa0, 8),  /* rbp */
    REG(4, 0xa8, 8),  /* rsi */
    REG(5, 0xb0, 8),  /* rdi */
    REG(8, 0xb8, 8),  REG(9, 0xc0, 8),  REG(10, 0xc8, 8), REG(11, 0xd0, 8), REG(12, 0xd8, 8),
    REG(13, 0xe0, 8), REG(14, 0xe8, 8), REG(15, 0xf0, 8), REG(16, 0xf8, 8), /* rip */
};

/* x0 to x28, fp, lr, sp and pc, one after the other. */
#define X(number) REG(number, 8 + 8 * (number), 8)
static const struct reg_desc arm64[] = {
    X(0),  X(1),  X(2),  X(3),  X(4),  X(5),  X(6),  X(7),  X(8),  X(9),  X(10),
    X(11), X(12), X(13), X(14), X(15), X(16), X(17), X(18), X(19), X(20), X(21),
    X(22), X(23), X(24), X(25), X(26), X(27), X(28), X(29), X(30), X(31), X(32),
};

static const struct reg_desc x86[] = {
    REG(45, 0x8c, 4), /* gs */
    REG(44, 0x90, 4), /* fs */
    REG(40, 0x94, 4), /* es */
    REG(43, 0x98, 4), /* ds */
    REG(7, 0x9c, 4),  /* edi */
    REG(6, 0xa0, 4),  /* esi */
    REG(3, 0xa4, 4),  /* ebx */
    REG(2, 0xa8, 4),  /* edx */
    REG(1, 0xac, 4),  /* ecx */
    REG(0, 0xb0, 4),  /* eax */
    REG(5, 0xb4, 4),  /* ebp */
    REG(8, 0xb8, 4),  /* eip */
    REG(41, 0xbc, 4), /* cs */
    REG(9, 0xc0, 4),  /* eflags */
    REG(4, 0xc4, 4),  /* esp */
    REG(42, 0xc8, 4), /* ss */
};

static const struct minidump_context contexts[] = {
    {
        .processor = 9, /* AMD64 */
        .arch = &arch_x86_64,
        .regs = x64,
        .n_regs = ARRAY_LEN(x64),
        .flags = 0x30,
        .has_fs_base = UINT32_C(0x80000000),
        .fs_base = 720,
        .has_fp = 8, /* CONTEXT_FLOATING_POINT */
        .fp = 0x100, /* FXSAVE, which is NT_FPREGSET on x86-64 */
        .fp_size = 512,
    },
    {.processor = 12, .arch = &arch_aarch64, .regs = arm64, .n_regs = ARRAY_LEN(arm64)},
    /* Breakpad's number before Microsoft had one; the general registers are at the same places. */
    {.processor = 0x8003, .arch = &arch_aarch64, .regs = arm64, .n_regs = ARRAY_LEN(arm64)},
    {.processor = 0, .arch = &arch_i386, .regs = x86, .n_regs = ARRAY_LEN(x86)},
};

const struct minidump_context *minidump_context_find(uint16_t processor)
{
    for (size_t i = 0; i < ARRAY_LEN(contexts); i++)
        if (contexts[i].processor == processor)
            return &contexts[i];
    return NULL;
}

static bool word_at(struct bytes context, size_t offset, unsigned size, uint64_t *out)
{
    struct cursor cur = cursor_of(context, 0, "a CONTEXT");

    cursor_seek(&cur, offset);
    *out = cursor_uint(&cur, size);
    return !cur.failed;
}

static bool has_flag(const struct minidump_context *x, struct bytes context, uint32_t flag)
{
    uint64_t flags;
    return flag && word_at(context, x->flags, 4, &flags) && (flags & flag) == flag;
}

void minidump_regs(const struct minidump_context *x, struct bytes context, struct regs *out)
{
    enum { FS_BASE = 58, GS_BASE = 59 };
    uint64_t v;

    *out = (struct regs){0};
    for (size_t i = 0; i < x->n_regs; i++)
        if (word_at(context, x->regs[i].offset, x->regs[i].size, &v))
            regs_set(out, x->regs[i].dwarf, v);
    if (!has_flag(x, context, x->has_fs_base))
        return;
    if (word_at(context, x->fs_base, 8, &v))
        regs_set(out, FS_BASE, v);
    if (word_at(context, x->fs_base + 8u, 8, &v))
        regs_set(out, GS_BASE, v);
}

struct bytes minidump_fp_regs(const struct minidump_context *x, struct bytes context)
{
    struct cursor cur = cursor_of(context, 0, "a CONTEXT");

    if (!has_flag(x, context, x->has_fp))
        return (struct bytes){0};
    cursor_seek(&cur, x->fp);
    return cursor_bytes(&cur, x->fp_size);
}
