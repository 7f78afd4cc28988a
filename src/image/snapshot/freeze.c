/* SPDX-License-Identifier: Apache-2.0 */
/* A fork that the target does not notice.
 *
 * A thread of it begins a helper that shares its memory but has a table of descriptors of its own, an empty one, and is
 * itself again; the helper forks the copy. So page tables are copied once, the copy keeps no socket or pipe open, and the target has no
 * child but the helper, which ends without a signal (its exit signal is 0: clone(2)) and is waited for on behalf of
 * the target, whose own waits do not see it. As a rule it ends at once, and the copy is given to init. Where the
 * target itself is given orphans (init of a container, PR_SET_CHILD_SUBREAPER), the helper stays as long as the copy.
 * Neither ever runs an instruction of the program but the one that enters the kernel. */
#include "image/snapshot/call.h"
#include "image/snapshot/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { TRIES_MAX = 16 }; /* threads that are asked */

/* Options of the thread that makes the calls; the processes that it begins inherit them. */
static struct err *set_options(int32_t tid, const struct snap_order *o, unsigned long more)
{
    unsigned long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | more;

    if (o->seccomp)
        options |= PTRACE_O_SUSPEND_SECCOMP;
    if (ptrace(PTRACE_SETOPTIONS, tid, 0, options) == 0)
        return NULL;
    if (o->seccomp)
        return err_hint(err_new(ERR_UNSUPPORTED,
                                "the process has a seccomp filter, which could kill it for the fork, "
                                "and may not be suspended: %s",
                                strerror(errno)),
                        "run it as root (CAP_SYS_ADMIN), or write the core while the process stands still");
    return err_errno(errno, "cannot trace the calls of thread %" PRId32, tid);
}

static struct err *refused(int64_t result)
{
    struct err *e = err_new(ERR_LIMIT, "the process could not be forked: %s", strerror((int)-result));

    if (result == -EAGAIN)
        return err_hint(e, "a limit on processes was reached (RLIMIT_NPROC, pids.max of its cgroup)");
    if (result == -ENOMEM)
        return err_hint(e, "memory is short, or overcommitting it is forbidden (vm.overcommit_memory is 2)");
    return e;
}

/* One call whose failure ends the work. */
static struct err *must(struct caller *c, long number, const uint64_t args[static 6], int64_t *result, int32_t *child)
{
    TRY(call_make(c, number, args, result, child));
    return *result < 0 ? refused(*result) : NULL;
}

/* ---- the helper ---- */

/* Its descriptors, shared so far, become none: with the last possible number as the end, none is copied first. */
static struct err *drop_descriptors(struct caller *helper)
{
    const uint64_t args[6] = {0, UINT32_MAX, CLOSE_RANGE_UNSHARE};
    int64_t result;

    TRY(call_make(helper, SYS_close_range, args, &result, NULL));
    if (result < 0)
        return err_new(ERR_UNSUPPORTED, "this kernel cannot fork a process without its descriptors: Linux 5.9 can");
    return NULL;
}

static struct err *fork_copy(const struct snap_order *o, struct caller *helper, struct frozen *f)
{
    const uint64_t args[6] = {CLONE_FILES}; /* of the empty table */
    int64_t id;

    TRY(drop_descriptors(helper));
    TRY(must(helper, SYS_clone, args, &id, &f->copy));
    f->copy_inside = (uint64_t)id;
    if (!f->copy)
        return err_new(ERR_UNSUPPORTED, "the kernel did not show the process that was forked");
    return set_options(f->copy, o, PTRACE_O_EXITKILL);
}

static struct err *helper_forks(const struct snap_order *o, struct frozen *f)
{
    struct caller c;

    /* The target stands still for as long as it takes: other work should not come first, where we may ask for that. */
    sched_setscheduler(f->helper, SCHED_FIFO | SCHED_RESET_ON_FORK, &(struct sched_param){.sched_priority = 1});
    TRY(call_begin(&c, f->helper, o->arch, o->insn));
    return fork_copy(o, &c, f);
}

/* By its tracer: then it is a zombie of its parent. */
static void kill_traced(int32_t pid)
{
    siginfo_t info;

    kill(pid, SIGKILL);
    (void)waitid(P_PID, (id_t)pid, &info, WEXITED | __WALL);
}

/* ---- the thread of the target ---- */

static struct err *wait_for(struct caller *c, uint64_t child)
{
    const uint64_t args[6] = {child, 0, __WALL};
    int64_t result;

    TRY(call_make(c, SYS_wait4, args, &result, NULL));
    return result < 0 && result != -ECHILD ? refused(result) : NULL;
}

/* Is it given the orphans among its descendants? The kernel's answer goes below its stack, where by the psABIs nothing
 * is kept, and what was there comes back. */
static struct err *is_reaper(struct caller *c, const struct snap_order *o, bool *out)
{
    enum { BELOW = 512, ALIGN = 16 };
    const uint64_t none[6] = {0};
    struct regs regs;
    int64_t result;

    TRY(must(c, SYS_getpid, none, &result, NULL));
    *out = result == 1;
    if (*out)
        return NULL;
    arch_regs_from_prstatus(o->arch, (struct bytes){c->own, c->size}, &regs);
    taddr at = (regs.val[o->arch->sp] - BELOW) & ~(taddr)(ALIGN - 1);
    const uint64_t args[6] = {PR_GET_CHILD_SUBREAPER, at};
    errno = 0;
    long before = ptrace(PTRACE_PEEKDATA, c->tid, at, 0);
    if (errno)
        return err_new(ERR_BUSY, "the stack of thread %" PRId32 " has no room", c->tid);
    TRY(call_make(c, SYS_prctl, args, &result, NULL));
    *out = result == 0 && (int32_t)ptrace(PTRACE_PEEKDATA, c->tid, at, 0) != 0;
    ptrace(PTRACE_POKEDATA, c->tid, at, before);
    return NULL;
}

/* Were we killed before it is said that it ends with us, the helper would end at once, or, where the thread does not heal,
 * fault on a stack where nothing is, and not run the thread's code. */
static struct err *begin_helper(struct caller *c, const struct snap_order *o, struct frozen *f)
{
    enum { NO_STACK = 16 };
    int64_t id;

    TRY(is_reaper(c, o, &f->reaper));
    TRY(call_clone(c, CLONE_VM | CLONE_FS | CLONE_FILES, NO_STACK, &id, &f->helper));
    if (id < 0)
        return refused(id);
    f->helper_inside = o->report->orphan = (uint64_t)id;
    if (!f->helper)
        return err_new(ERR_UNSUPPORTED, "the kernel did not show the helper that was begun");
    return set_options(f->helper, o, PTRACE_O_EXITKILL);
}

/* Has any thread of a stopped process wait for a child. */
static void reap(struct tracer *t, const struct snap_order *o, uint64_t child)
{
    bool done = false;

    for (size_t i = 0; i < t->tracees.n && !done; i++) {
        struct caller c;
        struct err *e = call_begin(&c, t->tracees.v[i].tid, o->arch, o->insn);
        if (!e) {
            call_heals(&c, &o->heal, t, false);
            e = set_options(c.tid, o, 0);
            if (!e)
                e = wait_for(&c, child);
            call_end(&c);
        }
        done = !e || e->code == ERR_GONE;
        err_free(e); /* the next one may do; if none does, a zombie is left that ends with the target */
    }
    o->report->orphan = 0;
}

/* Page tables are copied while no register is anything but its thread's own: that is what takes long. */
static struct err *try_thread(struct tracer *t, const struct snap_order *o, int32_t tid, struct frozen *f)
{
    struct caller c;

    TRY(call_begin(&c, tid, o->arch, o->insn));
    call_heals(&c, &o->heal, t, !o->seccomp);
    struct err *e = set_options(tid, o, 0);
    if (!e)
        e = begin_helper(&c, o, f);
    call_end(&c);
    if (!f->helper)
        return e;
    if (!e)
        e = helper_forks(o, f);
    if (!e && f->reaper)
        return NULL;
    kill_traced(f->helper);
    f->helper = 0;
    reap(t, o, f->helper_inside);
    return e;
}

/* Threads inside of a call come first: most wait in one, and it is certain that a call there breaks nothing. Of those the
 * ones for which the time that they wait would begin anew if we were killed are last. */
enum { BEST, TIMED, RUNS, RANKS };
static int rank(const struct arch *arch, const struct tracee *th)
{
    const struct frame_desc *frame = arch->call->frame;

    if (!arch->call->inside(th->gp))
        return RUNS;
    return frame && frame->is_timed(th->gp) ? TIMED : BEST;
}

struct err *freeze(struct tracer *t, const struct snap_order *o, struct frozen *out)
{
    struct err *e = err_new(ERR_BUSY, "no thread stands still");
    int tries = 0;

    for (int pass = BEST; pass < RANKS; pass++) {
        for (size_t i = 0; i < t->tracees.n && tries < TRIES_MAX && e && e->code == ERR_BUSY; i++) {
            const struct tracee *th = &t->tracees.v[i];
            bool whole = th->state == TRACEE_STOPPED && th->gp_size == o->arch->prstatus_reg_size;
            if (!whole || rank(o->arch, th) != pass)
                continue;
            tries++;
            err_free(e);
            *out = (struct frozen){0};
            e = try_thread(t, o, th->tid, out);
        }
    }
    return e;
}

/* ---- its end ---- */

struct ending {
    const struct snap_order *o;
    uint64_t helper;
};

static void reap_once_more(struct tracer *t, void *arg)
{
    const struct ending *end = arg;
    reap(t, end->o, end->helper);
}

void frozen_reap(const struct snap_order *o, uint64_t helper)
{
    struct ending end = {.o = o, .helper = helper};
    SCOPED(tracer_done)
    struct tracer t = {.proc = o->proc, .arch = o->arch, .while_stopped = reap_once_more, .arg = &end};

    IGNORE_ERR(tracer_run(&t)); /* then the target keeps a zombie */
}

void frozen_end(const struct snap_order *o, const struct frozen *f)
{
    struct caller c;

    kill_traced(f->copy);
    if (!f->helper)
        return;
    struct err *e = call_again(&c, f->helper, o->arch, o->insn);
    if (!e)
        e = wait_for(&c, f->copy_inside);
    err_free(e); /* then the target is given a zombie, as init is often */
    kill_traced(f->helper);
    frozen_reap(o, f->helper_inside);
}
