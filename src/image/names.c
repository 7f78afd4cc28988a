/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that the kernel uses, as words. Linux include/uapi/asm-generic/{signal,siginfo}.h (the same on
 * every processor that arch/ knows) and include/uapi/linux/auxvec.h. Spelled out here, because a build
 * machine's headers may be older than the kernel that wrote a core. */
#include "image/image.h"

struct code_name {
    int signo; /* 0: any signal */
    int code;
    const char *text;
};

enum {
    SIG_ILL = 4,
    SIG_TRAP = 5,
    SIG_BUS = 7,
    SIG_FPE = 8,
    SIG_SEGV = 11,
    SIG_CHLD = 17,
    SIG_POLL = 29,
    SIG_SYS = 31,
};

static const struct code_name codes[] = {
    {0, 0, "sent by a process with kill (SI_USER)"},
    {0, 0x80, "sent by the kernel (SI_KERNEL)"},
    {0, -1, "sent with sigqueue (SI_QUEUE)"},
    {0, -2, "a timer expired (SI_TIMER)"},
    {0, -3, "message queue changed (SI_MESGQ)"},
    {0, -4, "asynchronous I/O completed (SI_ASYNCIO)"},
    {0, -5, "I/O became possible (SI_SIGIO)"},
    {0, -6, "sent to one thread with tgkill (SI_TKILL)"},
    {0, -7, "sent by execve to other threads (SI_DETHREAD)"},
    {0, -60, "name lookup completed (SI_ASYNCNL)"},
    {SIG_ILL, 1, "illegal opcode (ILL_ILLOPC)"},
    {SIG_ILL, 2, "illegal operand (ILL_ILLOPN)"},
    {SIG_ILL, 3, "illegal addressing mode (ILL_ILLADR)"},
    {SIG_ILL, 4, "illegal trap (ILL_ILLTRP)"},
    {SIG_ILL, 5, "privileged opcode (ILL_PRVOPC)"},
    {SIG_ILL, 6, "privileged register (ILL_PRVREG)"},
    {SIG_ILL, 7, "coprocessor error (ILL_COPROC)"},
    {SIG_ILL, 8, "internal stack error (ILL_BADSTK)"},
    {SIG_ILL, 9, "unimplemented instruction address (ILL_BADIADDR)"},
    {SIG_FPE, 1, "integer division by zero (FPE_INTDIV)"},
    {SIG_FPE, 2, "integer overflow (FPE_INTOVF)"},
    {SIG_FPE, 3, "floating-point division by zero (FPE_FLTDIV)"},
    {SIG_FPE, 4, "floating-point overflow (FPE_FLTOVF)"},
    {SIG_FPE, 5, "floating-point underflow (FPE_FLTUND)"},
    {SIG_FPE, 6, "floating-point inexact result (FPE_FLTRES)"},
    {SIG_FPE, 7, "invalid floating-point operation (FPE_FLTINV)"},
    {SIG_FPE, 8, "subscript out of range (FPE_FLTSUB)"},
    {SIG_FPE, 14, "undiagnosed floating-point exception (FPE_FLTUNK)"},
    {SIG_FPE, 15, "trap on condition (FPE_CONDTRAP)"},
    {SIG_SEGV, 1, "address not mapped (SEGV_MAPERR)"},
    {SIG_SEGV, 2, "access not permitted (SEGV_ACCERR)"},
    {SIG_SEGV, 3, "bounds check failed (SEGV_BNDERR)"},
    {SIG_SEGV, 4, "denied by protection keys (SEGV_PKUERR)"},
    {SIG_SEGV, 5, "ADI not enabled (SEGV_ACCADI)"},
    {SIG_SEGV, 6, "ADI disrupting mismatch (SEGV_ADIDERR)"},
    {SIG_SEGV, 7, "ADI precise mismatch (SEGV_ADIPERR)"},
    {SIG_SEGV, 8, "asynchronous memory tag mismatch (SEGV_MTEAERR)"},
    {SIG_SEGV, 9, "memory tag mismatch (SEGV_MTESERR)"},
    {SIG_SEGV, 10, "control protection: shadow stack mismatch (SEGV_CPERR)"},
    {SIG_BUS, 1, "address not aligned (BUS_ADRALN)"},
    {SIG_BUS, 2, "no such physical address, as past the end of a mapped file (BUS_ADRERR)"},
    {SIG_BUS, 3, "hardware error of the object (BUS_OBJERR)"},
    {SIG_BUS, 4, "memory error, action required (BUS_MCEERR_AR)"},
    {SIG_BUS, 5, "memory error, action optional (BUS_MCEERR_AO)"},
    {SIG_TRAP, 1, "breakpoint (TRAP_BRKPT)"},
    {SIG_TRAP, 2, "single step (TRAP_TRACE)"},
    {SIG_TRAP, 3, "taken branch (TRAP_BRANCH)"},
    {SIG_TRAP, 4, "hardware breakpoint or watchpoint (TRAP_HWBKPT)"},
    {SIG_TRAP, 5, "undiagnosed trap (TRAP_UNK)"},
    {SIG_TRAP, 6, "performance event (TRAP_PERF)"},
    {SIG_CHLD, 1, "child exited (CLD_EXITED)"},
    {SIG_CHLD, 2, "child was killed (CLD_KILLED)"},
    {SIG_CHLD, 3, "child dumped core (CLD_DUMPED)"},
    {SIG_CHLD, 4, "child was trapped (CLD_TRAPPED)"},
    {SIG_CHLD, 5, "child stopped (CLD_STOPPED)"},
    {SIG_CHLD, 6, "child continued (CLD_CONTINUED)"},
    {SIG_POLL, 1, "input is available (POLL_IN)"},
    {SIG_POLL, 2, "output is possible (POLL_OUT)"},
    {SIG_POLL, 3, "message is available (POLL_MSG)"},
    {SIG_POLL, 4, "I/O error (POLL_ERR)"},
    {SIG_POLL, 5, "priority input is available (POLL_PRI)"},
    {SIG_POLL, 6, "device disconnected (POLL_HUP)"},
    {SIG_SYS, 1, "a seccomp filter refused the system call (SYS_SECCOMP)"},
    {SIG_SYS, 2, "system call user dispatch (SYS_USER_DISPATCH)"},
};

/* clang-format off */
static const char *const signals[] = {
    NULL,       "SIGHUP",    "SIGINT",  "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",   "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD",  "SIGCONT", "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",  "SIGXFSZ",   "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGPOLL", "SIGPWR", "SIGSYS",
    /* The kernel's numbers: libraries take the first real-time signals for themselves. */
    "SIGRT32",  "SIGRT33",   "SIGRT34", "SIGRT35", "SIGRT36",   "SIGRT37", "SIGRT38", "SIGRT39",
    "SIGRT40",  "SIGRT41",   "SIGRT42", "SIGRT43", "SIGRT44",   "SIGRT45", "SIGRT46", "SIGRT47",
    "SIGRT48",  "SIGRT49",   "SIGRT50", "SIGRT51", "SIGRT52",   "SIGRT53", "SIGRT54", "SIGRT55",
    "SIGRT56",  "SIGRT57",   "SIGRT58", "SIGRT59", "SIGRT60",   "SIGRT61", "SIGRT62", "SIGRT63",
    "SIGRT64",
};
/* clang-format on */

static const char *const auxv_names[] = {
    [0] = "AT_NULL",
    [1] = "AT_IGNORE",
    [2] = "AT_EXECFD",
    [3] = "AT_PHDR",
    [4] = "AT_PHENT",
    [5] = "AT_PHNUM",
    [6] = "AT_PAGESZ",
    [7] = "AT_BASE",
    [8] = "AT_FLAGS",
    [9] = "AT_ENTRY",
    [10] = "AT_NOTELF",
    [11] = "AT_UID",
    [12] = "AT_EUID",
    [13] = "AT_GID",
    [14] = "AT_EGID",
    [15] = "AT_PLATFORM",
    [16] = "AT_HWCAP",
    [17] = "AT_CLKTCK",
    [18] = "AT_FPUCW",
    [19] = "AT_DCACHEBSIZE",
    [20] = "AT_ICACHEBSIZE",
    [21] = "AT_UCACHEBSIZE",
    [22] = "AT_IGNOREPPC",
    [23] = "AT_SECURE",
    [24] = "AT_BASE_PLATFORM",
    [25] = "AT_RANDOM",
    [26] = "AT_HWCAP2",
    [27] = "AT_RSEQ_FEATURE_SIZE",
    [28] = "AT_RSEQ_ALIGN",
    [29] = "AT_HWCAP3",
    [30] = "AT_HWCAP4",
    [31] = "AT_EXECFN",
    [32] = "AT_SYSINFO",
    [33] = "AT_SYSINFO_EHDR",
    [34] = "AT_L1I_CACHESHAPE",
    [35] = "AT_L1D_CACHESHAPE",
    [36] = "AT_L2_CACHESHAPE",
    [37] = "AT_L3_CACHESHAPE",
    [40] = "AT_L1I_CACHESIZE",
    [41] = "AT_L1I_CACHEGEOMETRY",
    [42] = "AT_L1D_CACHESIZE",
    [43] = "AT_L1D_CACHEGEOMETRY",
    [44] = "AT_L2_CACHESIZE",
    [45] = "AT_L2_CACHEGEOMETRY",
    [46] = "AT_L3_CACHESIZE",
    [47] = "AT_L3_CACHEGEOMETRY",
    [51] = "AT_MINSIGSTKSZ",
};

const char *signal_name(int signo)
{
    return signo > 0 && (size_t)signo < ARRAY_LEN(signals) ? signals[signo] : NULL;
}

const char *signal_code_text(int signo, int code)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].code == code && (codes[i].signo == 0 || codes[i].signo == signo))
            return codes[i].text;
    return NULL;
}

const char *auxv_name(uint64_t type)
{
    return type < ARRAY_LEN(auxv_names) ? auxv_names[type] : NULL;
}

const char *image_unfrozen_name(enum image_unfrozen_why why)
{
    switch (why) {
    case UNFROZEN_SHARED:
        return "shared";
    case UNFROZEN_NOT_FORKED:
        return "not-forked";
    case UNFROZEN_WIPED:
        return "wiped-on-fork";
    }
    return "shared";
}
