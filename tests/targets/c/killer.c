/* SPDX-License-Identifier: Apache-2.0 */
/* Kills a process of another program with SIGKILL at a chosen instant.
 *
 *   killer N PROGRAM [ARGUMENT...]
 *
 * The program runs, with all the processes that it begins, until one of these has asked for the signals that a thread of
 * its blocks (PTRACE_GETSIGMASK, once); at the entry of its N-th system call after that, of which 1 is the first, it is
 * killed, so that the call is not made. One line says what the call was: its name or number, for ptrace the request; or
 * "end", and status 1, when there were fewer. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static long calls_left;
static pid_t victim;

/* Says whether it was killed. */
static int at_entry(pid_t pid)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
        return 0;
    int asks = regs.orig_rax == SYS_ptrace && regs.rdi == PTRACE_GETSIGMASK;
    if (!victim && asks)
        victim = pid;
    else if (pid == victim && --calls_left == 0) {
        kill(pid, SIGKILL);
        printf("%s %llx\n", regs.orig_rax == SYS_ptrace ? "ptrace" : "call", regs.orig_rax == SYS_ptrace ? regs.rdi : regs.orig_rax);
        return 1;
    }
    return 0;
}

static int is_entry(pid_t pid)
{
    struct __ptrace_syscall_info info;
    return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

int main(int argc, char **argv)
{
    int status, killed = 0, result = 1;
    if (argc < 3)
        return 2;
    calls_left = atol(argv[1]);
    pid_t first = fork();
    if (first == 0) {
        raise(SIGSTOP);
        execv(argv[2], argv + 2);
        _exit(127);
    }
    waitpid(first, &status, WUNTRACED);
    unsigned long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, first, 0, options) != 0)
        return 2;
    kill(first, SIGCONT);
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (pid == first)
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
            continue;
        }
        int sig = WSTOPSIG(status), event = status >> 16;
        if (sig == (SIGTRAP | 0x80)) {
            if (!killed && is_entry(pid))
                killed = at_entry(pid);
            sig = 0;
        } else if (event)
            sig = 0;
        ptrace(killed ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, sig);
    }
    if (!killed)
        puts("end");
    return killed ? 0 : result == 0 ? 1 : 2;
}
