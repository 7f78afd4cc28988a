/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of a thread that runs a signal handler: struct rt_sigframe (Linux arch/x86/include/asm/sigframe.h), which
 * is the return address, struct ucontext and, at a multiple of 64, the XSAVE area in the form of
 * arch/x86/include/uapi/asm/sigcontext.h (struct _fpx_sw_bytes). What rt_sigreturn does with it:
 * arch/x86/kernel/signal_64.c, arch/x86/kernel/fpu/signal.c. */
#include "image/arch/x86_64_frame.h"

#include <elf.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* Bytes from the return address on; in pr_reg, indices. */
enum {
    FLAGS = 8,
    STACK_FLAGS = 32,
    REGISTERS = 48,
    RAX = 152,
    RIP = 176,
    EFLAGS = 184,
    SEGMENTS = 192,
    AREA_AT = 232,
    MASK = 304,
    END = 312
};
enum { PR_RAX = 10, PR_ORIG_RAX = 15, PR_RIP = 16, PR_CS = 17, PR_EFLAGS = 18, PR_SS = 20, PR_FS = 25, PR_GS = 26 };
/* In the order of struct sigcontext: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip. */
static const uint8_t order[] = {9, 8, 7, 6, 3, 2, 1, 0, 14, 13, 4, 5, 12, 10, 11, 19, 16};

enum { CALL_SIZE = 2 }; /* bytes of `syscall` */

static uint64_t get(const uint8_t *pr_reg, unsigned index)
{
    uint64_t v;
    memcpy(&v, pr_reg + index * 8, sizeof(v));
    return v;
}

static void set(uint8_t *p, uint64_t v)
{
    memcpy(p, &v, sizeof(v));
}

/* What the stop interrupted begins anew, as behind an interruption without a signal (linux/errno.h: ERESTARTSYS,
 * ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK). With the last the kernel would go on with what is left of a
 * time limit; rt_sigreturn makes it forget that. */
static bool is_restarted(const uint8_t *pr_reg)
{
    int64_t result = (int64_t)get(pr_reg, PR_RAX);

    return (int64_t)get(pr_reg, PR_ORIG_RAX) >= 0 && ((result <= -512 && result >= -514) || result == -516);
}

bool x86_64_is_timed(const uint8_t *pr_reg)
{
    return is_restarted(pr_reg) && (int64_t)get(pr_reg, PR_RAX) == -516;
}

void x86_64_entered(uint8_t *pr_reg, uint64_t number)
{
    set(pr_reg + PR_ORIG_RAX * 8, number);
}

/* ---- the XSAVE area ---- */

enum { SOFTWARE = 464, HEADER = 512, AREA_MIN = 576, MAGIC_1 = 0x46505853, MAGIC_2 = 0x46505845 };
static const uint64_t PROTECTION_KEYS = 1 << 9;

/* Bytes of the area up to the last feature that is in use: more than the kernel gave this thread room for would not be
 * taken. 0: not known. */
static size_t used_size(uint64_t in_use)
{
    size_t size = AREA_MIN;
#if defined(__x86_64__)
    for (unsigned i = 2; i < 63; i++) {
        unsigned n, at, c, d;
        if (!(in_use >> i & 1))
            continue;
        if (!__get_cpuid_count(0xd, i, &n, &at, &c, &d)) /* Intel SDM volume 1, 13.2 */
            return 0;
        size = (size_t)at + n > size ? (size_t)at + n : size;
    }
    return size;
#else
    (void)in_use;
    return 0;
#endif
}

/* Into `out`, from what ptrace gave. Bytes; 0: it cannot be done. */
static size_t put_area(struct bytes area, uint8_t *out, size_t room)
{
    uint64_t enabled, in_use;

    if (area.n < AREA_MIN)
        return 0;
    memcpy(&enabled, area.p + SOFTWARE, sizeof(enabled));
    memcpy(&in_use, area.p + HEADER, sizeof(in_use));
    in_use |= enabled & PROTECTION_KEYS; /* kept apart by the kernel: the value is there whatever the bit says */
    size_t n = used_size(in_use);
    const uint32_t size = (uint32_t)n, extended = size + 4, magic[] = {MAGIC_1, MAGIC_2};
    if (n == 0 || n > area.n || n + 4 > room)
        return 0;
    memcpy(out, area.p, n);
    memset(out + SOFTWARE, 0, HEADER - SOFTWARE);
    memcpy(out + SOFTWARE, &magic[0], 4);
    memcpy(out + SOFTWARE + 4, &extended, 4);
    memcpy(out + SOFTWARE + 8, &enabled, 8);
    memcpy(out + SOFTWARE + 16, &size, 4);
    memcpy(out + HEADER, &in_use, 8);
    memcpy(out + n, &magic[1], 4);
    return n + 4;
}

/* ---- the frame ---- */

size_t x86_64_put_frame(const struct frame_want *w, uint8_t *out, size_t room)
{
    enum { XSTATE = 1, SEGMENT_SS = 2, STRICT_SS = 4, NO_MODE = 0x7fff, ALIGN = 64 };
    static const uint8_t segments[] = {PR_CS, PR_GS, PR_FS, PR_SS};
    size_t area = ((w->at + END + ALIGN - 1) & ~(uint64_t)(ALIGN - 1)) - w->at, n = END;

    if (room < area)
        return 0;
    memset(out, 0, area);
    if (w->state.n) {
        n = put_area(w->state, out + area, room - area);
        if (n == 0)
            return 0;
        n += area;
        set(out + AREA_AT, w->at + area);
    }
    set(out, w->returns_to);
    set(out + FLAGS, (w->state.n ? XSTATE : 0) | SEGMENT_SS | STRICT_SS);
    set(out + STACK_FLAGS, NO_MODE); /* not known: an invalid one leaves the thread its alternate stack as it is */
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        set(out + REGISTERS + 8 * i, get(w->pr_reg, order[i]));
    if (is_restarted(w->pr_reg)) {
        set(out + RAX, get(w->pr_reg, PR_ORIG_RAX));
        set(out + RIP, get(w->pr_reg, PR_RIP) - CALL_SIZE);
    }
    set(out + EFLAGS, get(w->pr_reg, PR_EFLAGS));
    for (size_t i = 0; i < ARRAY_LEN(segments); i++)
        memcpy(out + SEGMENTS + 2 * i, w->pr_reg + segments[i] * 8, 2);
    set(out + MASK, w->blocked);
    return n;
}
