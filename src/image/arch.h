/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between processors, as data. A new one is a new file in image/arch/ and one line in
 * arch.c; no layer above image/ names one.
 *
 * Registers are numbered as in the processor's DWARF supplement (x86-64: System V psABI figure 3.36;
 * AArch64: aadwarf64; RISC-V: riscv-elf-psabi, "DWARF register numbers"; i386: psABI table 2.14), with
 * the program counter at `pc`. */
#ifndef IMAGE_ARCH_H
#define IMAGE_ARCH_H

#include "base/cursor.h"
#include "base/mem.h"

typedef uint64_t taddr; /* an address in the target */

#define REG_MAX 72   /* registers that unwinding may need; a larger DWARF number is not tracked */
#define REG_NONE 0xffff
#define REGISTER_MAX 64 /* bytes of the widest register */

/* General registers of one thread or frame, zero-extended to 64 bits. */
struct regs {
    uint64_t val[REG_MAX];
    uint64_t known[(REG_MAX + 63) / 64]; /* bit set: val is meaningful */
};

static inline bool regs_has(const struct regs *r, unsigned n)
{
    return n < REG_MAX && ((r->known[n / 64] >> (n % 64)) & 1);
}
static inline void regs_set(struct regs *r, unsigned n, uint64_t v)
{
    if (n < REG_MAX) {
        r->val[n] = v;
        r->known[n / 64] |= UINT64_C(1) << (n % 64);
    }
}
static inline void regs_forget(struct regs *r, unsigned n)
{
    if (n < REG_MAX)
        r->known[n / 64] &= ~(UINT64_C(1) << (n % 64));
}

/* One general register as the kernel lays it out in NT_PRSTATUS's pr_reg. */
struct reg_desc {
    const char *name;
    uint16_t dwarf;  /* DWARF number, or REG_NONE (orig_rax) */
    uint16_t offset; /* bytes from the start of pr_reg */
    uint8_t size;    /* bytes */
};

/* A signal frame as the kernel builds it: the code that its return address points at, and where it saved
 * the registers of the interrupted code. Each is addr_size bytes, at `offset` bytes from the stack pointer
 * that the trampoline runs with (Linux arch/<arch>/kernel/signal.c and uapi/asm/{ucontext,sigcontext}.h). */
struct saved_reg {
    uint16_t dwarf, offset;
};
struct sigframe_desc {
    uint8_t code[12];
    uint8_t code_size; /* bytes */
    uint8_t second; /* bytes of it before its last instruction, where the stack is still the same; 0: another one */
    uint8_t n_saved;
    const struct saved_reg *saved;
};

/* A register, or its low part, that is called by another name or is no general one. */
struct reg_view {
    const char *name;
    uint16_t dwarf;
    uint8_t size; /* bytes */
};

/* A register set beyond the general ones that a core holds a note of (Linux arch/<arch>/kernel/ptrace.c). */
struct regset_desc {
    const char *owner; /* of the note: "CORE", "LINUX" */
    uint32_t type;     /* NT_*, also for PTRACE_GETREGSET */
};

/* Where thread-local memory hangs (ELF Handling For Thread-Local Storage, 3.4; variant II). */
struct tls_desc {
    uint16_t tp;  /* DWARF number of the register with the thread pointer */
    uint16_t dtv; /* bytes from there to the pointer to the vector of modules' blocks, in glibc and musl */
};

/* A signal frame that the kernel would have built, and which gives a thread all its registers back when it returns to it. */
struct frame_want {
    taddr at; /* of the return address; a multiple of 64 */
    taddr returns_to; /* the code of a signal frame (struct sigframe_desc) */
    const uint8_t *pr_reg; /* what an interrupted call left in it begins anew */
    struct bytes state; /* the set `state`; empty: such registers get their initial values */
    uint64_t blocked; /* signals, bit signo - 1 */
};
struct frame_desc {
    uint8_t insn[4]; /* the instruction that enters the kernel, and one that returns to the caller */
    uint8_t insn_size;
    uint32_t state; /* NT_* of the registers beyond pr_reg */
    uint32_t shadow_stack; /* the same of a stack of return addresses, which such a frame is not on */
    /* Bytes of it, 0: there is no room, or the state is not understood. */
    size_t (*put)(const struct frame_want *w, uint8_t *out, size_t room);
    /* A thread that stands at the entry of a system call makes that with this number instead. */
    void (*entered)(uint8_t *pr_reg, uint64_t number);
    /* Would an interrupted call go on with what is left of its time limit? With the frame it waits for all of it anew. */
    bool (*is_timed)(const uint8_t *pr_reg);
};

/* How a thread that stands still is made to make a system call (the kernel's convention: syscall(2), "Architecture
 * calling conventions"). Works on pr_reg. */
struct call_desc {
    uint8_t insn[4]; /* the instruction that enters the kernel */
    uint8_t insn_size;
    /* Registers for the call with the instruction at `at`, and so that the kernel starts no interrupted call anew. */
    void (*prepare)(uint8_t *pr_reg, taddr at, uint64_t number, const uint64_t args[static 6]);
    int64_t (*result)(const uint8_t *pr_reg); /* as the kernel gives it: -errno on failure */
    bool (*inside)(const uint8_t *pr_reg); /* is the thread in a system call? */
    const struct frame_desc *frame; /* NULL: none can be made */
};

struct arch {
    const char *name; /* "x86_64", as `uname -m` says */
    uint16_t elf_machine;
    uint8_t addr_size; /* bytes: 4 or 8 */
    uint16_t pc, sp, fp, lr; /* DWARF numbers; lr REG_NONE where the call pushes the address */
    int8_t fp_saved_fp, fp_ret; /* bytes from the frame pointer to the saved one and the return address */
    uint64_t pc_mask; /* bits of a return address that are address (pointer authentication) */
    const struct reg_desc *regs;
    uint16_t n_regs;
    const struct reg_view *views; /* NULL: none */
    uint16_t n_views;
    /* Layout of struct elf_prstatus and elf_prpsinfo (Linux include/uapi/linux/elfcore.h). */
    uint16_t prstatus_size, prstatus_cursig, prstatus_pid, prstatus_reg, prstatus_reg_size;
    uint16_t prpsinfo_size, prpsinfo_uid, prpsinfo_pid, prpsinfo_fname, prpsinfo_psargs;
    uint8_t prpsinfo_id_size; /* bytes of uid and gid: 2 on i386 */
    /* DWARF numbers of callee-saved registers, REG_NONE-terminated: what CFI leaves unmentioned is
     * "same value" for these and "undefined" for the others. */
    const uint16_t *callee_saved;
    uint16_t call_argument; /* DWARF number of the register with a system call's first argument (syscall(2)) */
    /* Some system calls end with EINTR when their thread was stopped, although no signal came (signal(7),
     * "Interruption of system calls and library functions by stop signals"). Given pr_reg of a thread of this
     * machine that is stopped on its way out of one, changes it so that the kernel starts the call anew unless a
     * handler runs first, and says true. Only calls without a timeout, which would start anew too. NULL: none. */
    bool (*restart_call)(uint8_t *pr_reg);
    const struct call_desc *call; /* NULL: no calls are made on this processor */
    /* A register beyond pr_reg (vectors, floating point) from a note of a thread, by its DWARF number: at most `max`
     * little-endian bytes, *n of them. False when a note of this type does not hold it. NULL: none. */
    bool (*note_register)(uint32_t type, struct bytes desc, unsigned dwarf, uint8_t *buf, size_t max, size_t *n);
    const struct tls_desc *tls; /* NULL: not known for this processor */
    /* Signal trampolines, for where CFI does not cover them (musl, an unreadable vdso). */
    const struct sigframe_desc *sigframes;
    uint16_t n_sigframes;
    uint16_t n_sets;
    const struct regset_desc *sets; /* in the order of the kernel's notes */
};

extern const struct arch arch_x86_64, arch_i386, arch_aarch64, arch_riscv64;
/* NULL when Inquest does not know the machine. */
const struct arch *arch_find(uint16_t elf_machine, uint8_t elf_class);
/* The arch this binary runs on. */
const struct arch *arch_native(void);
/* Reads pr_reg bytes into DWARF-numbered registers. Missing bytes leave registers unknown. */
void arch_regs_from_prstatus(const struct arch *a, struct bytes pr_reg, struct regs *out);
/* The signal frame whose trampoline starts with `code` (which may be short), or NULL. */
const struct sigframe_desc *arch_sigframe(const struct arch *a, struct bytes code);
/* Name of a DWARF register number ("rip"), or NULL. */
const char *arch_reg_name(const struct arch *a, unsigned dwarf);
/* A register by its name, or "pc", "sp", "fp". *size is what the name stands for, in bytes. */
bool arch_reg_named(const struct arch *a, const char *name, unsigned *dwarf, unsigned *size);

#endif
