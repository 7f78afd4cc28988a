/* SPDX-License-Identifier: Apache-2.0 */
#include "image/snapshot/call.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { SYSCALL_STOP = SIGTRAP | 0x80 }; /* PTRACE_O_TRACESYSGOOD */

static struct err *gone(int32_t tid)
{
    return err_new(ERR_GONE, "thread %" PRId32 " ended while it was stopped", tid);
}

static bool set_registers(const struct caller *c, const uint8_t *gp)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)gp, .iov_len = c->size};
    return ptrace(PTRACE_SETREGSET, c->tid, NT_PRSTATUS, &iov) == 0;
}

/* What a thread stands at next: the signal and the event above it. It stays with the kernel. */
static struct err *look(int32_t tid, int *stop)
{
    siginfo_t info = {0};

    while (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | __WALL | WNOWAIT) != 0)
        if (errno != EINTR)
            return gone(tid);
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
        return gone(tid);
    *stop = info.si_status;
    return NULL;
}

/* The same, and takes it, so that the next look waits for the next stop. A signal that is about to be delivered is left:
 * so the kernel delivers it when the thread goes on. */
static struct err *next_stop(int32_t tid, int *stop)
{
    siginfo_t info;

    TRY(look(tid, stop));
    if (*stop == SYSCALL_STOP || *stop >> 8)
        (void)waitid(P_PID, (id_t)tid, &info, WSTOPPED | __WALL);
    return NULL;
}

/* ---- which threads may ---- */

/* Only outside of the kernel can a thread be in a restartable sequence; then rseq_cs says so (rseq(2)). */
static bool in_sequence(int32_t tid)
{
    struct { /* struct ptrace_rseq_configuration, linux/ptrace.h */
        uint64_t pointer;
        uint32_t size, signature, flags, pad;
    } config = {0};
    enum { GET_RSEQ_CONFIGURATION = 0x420f, RSEQ_CS = 8 };

    if (ptrace((enum __ptrace_request)GET_RSEQ_CONFIGURATION, tid, sizeof(config), &config) < 0)
        return errno != EIO && errno != EINVAL; /* a kernel without the request: without sequences, or nearly */
    if (!config.pointer)
        return false;
    errno = 0;
    long cs = ptrace(PTRACE_PEEKDATA, tid, config.pointer + RSEQ_CS, 0);
    return cs != 0 || errno != 0;
}

struct err *call_again(struct caller *c, int32_t tid, const struct arch *arch, taddr insn)
{
    struct caller new = {.tid = tid, .arch = arch, .insn = insn};
    struct iovec iov = {.iov_base = new.own, .iov_len = sizeof(new.own)};

    if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) != 0 || iov.iov_len != arch->prstatus_reg_size)
        return err_new(ERR_BUSY, "the registers of thread %" PRId32 " cannot be read", tid);
    new.size = iov.iov_len;
    *c = new;
    return NULL;
}

struct err *call_begin(struct caller *c, int32_t tid, const struct arch *arch, taddr insn)
{
    struct caller new;
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | __WALL | WNOWAIT | WNOHANG) != 0 ||
        info.si_status >> 8 != PTRACE_EVENT_STOP)
        return err_new(ERR_BUSY, "thread %" PRId32 " stands at a signal", tid);
    TRY(call_again(&new, tid, arch, insn));
    if (!arch->call->inside(new.own) && in_sequence(tid))
        return err_new(ERR_BUSY, "thread %" PRId32 " may be in a restartable sequence", tid);
    *c = new;
    return NULL;
}

void call_heals(struct caller *c, const struct heal_place *p, const struct tracer *t, bool may_wait)
{
    c->pid = t->proc->pid;
    heal_begin(&c->heal, p, t, c->tid, c->own, may_wait);
}

/* ---- the call ---- */

/* Lets the thread run to its next stop. At a signal it stays: no call is made. */
static struct err *run_on(struct caller *c, int *stop)
{
    ptrace(PTRACE_SYSCALL, c->tid, 0, 0);
    struct err *e = next_stop(c->tid, stop);
    if (e) {
        c->at = CALLER_GONE;
        return e;
    }
    if (*stop == SYSCALL_STOP || *stop >> 8 == PTRACE_EVENT_CLONE)
        return NULL;
    c->at = CALLER_AT_SIGNAL;
    return err_new(ERR_BUSY, "thread %" PRId32 " got signal %d", c->tid, *stop & 0x7f);
}

/* The new one stands before its first instruction. */
static struct err *await_child(const struct caller *c, int32_t *child)
{
    unsigned long id = 0;
    int stop;

    if (ptrace(PTRACE_GETEVENTMSG, c->tid, 0, &id) != 0)
        return gone(c->tid);
    TRY(look((int32_t)id, &stop));
    *child = (int32_t)id;
    return NULL;
}

/* At its entry: of a thread that heals, `then` is the frame behind it. */
static struct err *enter(struct caller *c, long number, const uint64_t args[static 6], taddr then)
{
    uint8_t gp[GP_MAX];
    int stop;

    memcpy(gp, c->own, c->size);
    if (c->heal.insn)
        heal_stand(&c->heal, c->arch, gp);
    else
        c->arch->call->prepare(gp, c->insn, (uint64_t)number, args);
    if (!set_registers(c, gp))
        return gone(c->tid);
    c->at = CALLER_AFTER_CALL;
    heal_block(&c->heal, c->tid);
    TRY(run_on(c, &stop));
    if (!c->heal.insn)
        return NULL;
    heal_enter(&c->heal, c->arch, gp, then, (uint64_t)number, args);
    return set_registers(c, gp) ? NULL : gone(c->tid);
}

static struct err *make(struct caller *c, long number, const uint64_t args[static 6], taddr then, int64_t *result,
                        int32_t *child)
{
    uint8_t gp[GP_MAX];
    struct iovec iov = {.iov_base = gp, .iov_len = c->size};
    int32_t born = 0;
    int stop;

    TRY(enter(c, number, args, then));
    TRY(run_on(c, &stop));
    if (stop >> 8 == PTRACE_EVENT_CLONE) {
        TRY(await_child(c, &born));
        TRY(run_on(c, &stop));
    }
    if (ptrace(PTRACE_GETREGSET, c->tid, NT_PRSTATUS, &iov) != 0)
        return gone(c->tid);
    *result = c->arch->call->result(gp);
    if (child)
        *child = born;
    return NULL;
}

struct err *call_make(struct caller *c, long number, const uint64_t args[static 6], int64_t *result, int32_t *child)
{
    return make(c, number, args, c->heal.frame, result, child);
}

struct err *call_clone(struct caller *c, uint64_t flags, taddr stack, int64_t *result, int32_t *child)
{
    const uint64_t args[6] = {flags | (c->heal.child_id ? CLONE_PARENT_SETTID : 0),
                              c->heal.insn ? c->heal.child : stack, c->heal.child_id};

    return make(c, SYS_clone, args, c->heal.after_clone, result, child);
}

/* After a call the kernel would let it run on without looking at what the stop interrupted: it has to come to an
 * interruption again, behind which it starts such calls anew. */
static void put_back(struct caller *c)
{
    int stop;

    if (c->at == CALLER_GONE || c->at == CALLER_RESTS)
        return;
    if (c->at == CALLER_AFTER_CALL)
        ptrace(PTRACE_INTERRUPT, c->tid, 0, 0);
    heal_unblock(&c->heal, c->tid);
    if (!set_registers(c, c->own) || c->at != CALLER_AFTER_CALL)
        return;
    ptrace(PTRACE_CONT, c->tid, 0, 0);
    IGNORE_ERR(next_stop(c->tid, &stop)); /* it was killed: nothing is left to put back */
    c->at = CALLER_RESTS;
}

void call_end(struct caller *c)
{
    put_back(c);
    heal_end(&c->heal, c->pid);
}
