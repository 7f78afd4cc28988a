/* SPDX-License-Identifier: Apache-2.0 */
/* Why a process cannot be looked at, and what to do about it. Rules: ptrace(2), "Ptrace access mode
 * checking"; Linux kernel/ptrace.c and security/yama. */
#include "image/live/live.h"

#include "base/file.h"

#include <inttypes.h>
#include <sys/stat.h>

enum { KERNEL_THREAD = 0x00200000, CAP_SYS_PTRACE_BIT = 19 }; /* PF_KTHREAD; linux/capability.h */

static const char *comm_of(int32_t pid, struct proc_status *buf)
{
    SCOPED(proc_done) struct proc p = PROC_NONE;
    struct err *e = proc_open(pid, &p);

    if (!e)
        e = proc_read_status(&p, "status", buf);
    bool found = !e;
    err_free(e); /* the name is decoration */
    return found ? buf->comm : "unknown";
}

struct err *refuse_tracer(const struct proc *p, const struct proc_status *st)
{
    struct proc_status tracer;

    return err_hint(err_new(ERR_BUSY, "process %" PRId32 " (%s) is already traced by process %" PRId32 " (%s)", p->pid,
                            st->comm, st->tracer, comm_of(st->tracer, &tracer)),
                    "detach that one first; a process has one tracer at a time");
}

struct err *refuse_kind(const struct proc *p, const struct proc_status *st, bool alive)
{
    struct proc_stat stat;
    struct proc_status parent;

    if (p->pid == getpid())
        return err_new(ERR_USAGE, "process %" PRId32 " is Inquest itself", p->pid);
    TRY(proc_read_stat(p, "stat", &stat));
    if (stat.flags & KERNEL_THREAD)
        return err_hint(err_new(ERR_UNSUPPORTED, "process %" PRId32 " (%s) is a kernel thread", p->pid, st->comm),
                        "its kernel stack is in /proc/%" PRId32 "/stack", p->pid);
    if (!alive)
        return err_hint(
            err_new(ERR_UNSUPPORTED, "process %" PRId32 " (%s) is a zombie: it has ended, and nothing is left to read",
                    p->pid, st->comm),
            "its parent, process %" PRId32 " (%s), has not waited for it", st->ppid, comm_of(st->ppid, &parent));
    if (st->tracer)
        return refuse_tracer(p, st);
    return NULL;
}

static int yama_scope(void)
{
    SCOPED(freep) char *text = NULL;
    size_t n;
    struct err *e = file_slurp("/proc/sys/kernel/yama/ptrace_scope", 64, &text, &n);
    int scope = e ? 0 : (int)strtol(text, NULL, 10);

    err_free(e); /* no file: no Yama */
    return scope;
}

/* The namespace in which the machine started maps all ids to themselves: "0 0 4294967295". */
static bool in_first_namespace(void)
{
    SCOPED(freep) char *map = NULL;
    size_t n;
    struct err *e = file_slurp("/proc/self/uid_map", 4096, &map, &n);

    if (e) {
        err_free(e); /* a kernel without user namespaces */
        return true;
    }
    char *at = map;
    unsigned long inside = strtoul(at, &at, 10), outside = strtoul(at, &at, 10), count = strtoul(at, &at, 10);
    return inside == 0 && outside == 0 && count == UINT32_MAX;
}

static bool other_user_namespace(const struct proc *p)
{
    char mine[64];
    SCOPED(freep) char *theirs = proc_readlink(p, "ns/user");
    ssize_t n = readlink("/proc/self/ns/user", mine, sizeof(mine) - 1);

    if (n <= 0)
        return false;
    mine[n] = '\0';
    /* One's own can be read: a link that cannot is that of another one, if there are several. */
    return theirs ? strcmp(mine, theirs) != 0 : !in_first_namespace();
}

static bool same_ids(const struct proc_status *st)
{
    uint32_t uid = getuid(), gid = getgid();

    for (int i = 0; i < 3; i++)
        if (st->uid[i] != uid || st->gid[i] != gid)
            return false;
    return true;
}

/* The kernel gives the files in /proc/PID to root when the process is not dumpable. */
static bool not_dumpable(const struct proc *p, const struct proc_status *st)
{
    struct stat file;
    return fstatat(p->dir, "status", &file, 0) == 0 && file.st_uid != st->uid[1];
}

static struct err *denied(const struct proc *p, const struct proc_status *st, const char *why, const char *hint)
{
    return err_hint(err_new(ERR_PERMISSION, "process %" PRId32 " (%s) may not be inspected: %s", p->pid, st->comm, why),
                    "%s", hint);
}

/* The checks in the order in which the kernel makes them. */
struct err *refuse_permission(const struct proc *p, const struct proc_status *st)
{
    static const char sudo[] = "run it as root (sudo)";
    static const char module[] = "a security module or a seccomp filter refused it";
    SCOPED(proc_done) struct proc self = PROC_NONE;
    struct proc_status me = {0};
    char why[96];

    struct err *e = proc_open(getpid(), &self);
    if (!e)
        e = proc_read_status(&self, "status", &me);
    err_free(e); /* without it: as if we had no capabilities */
    bool capable = (me.cap_effective >> CAP_SYS_PTRACE_BIT) & 1;
    int scope = yama_scope();

    if (scope == 3)
        return denied(p, st, "kernel.yama.ptrace_scope is 3, which forbids tracing until the next boot",
                      "have a core written instead");
    if (capable && other_user_namespace(p))
        return denied(p, st, "it runs in another user namespace",
                      "run Inquest in the parent user namespace, outside the container");
    if (capable)
        return denied(p, st, module,
                      "look for AppArmor or SELinux denials in the kernel log; a container may need "
                      "--cap-add=SYS_PTRACE");
    if (!same_ids(st)) {
        snprintf(why, sizeof(why), "it runs as user %u and group %u, Inquest as user %u and group %u", st->uid[0],
                 st->gid[0], getuid(), getgid());
        return denied(p, st, getuid() == 0 ? "the capability CAP_SYS_PTRACE is missing" : why,
                      getuid() == 0 ? "run the container with --cap-add=SYS_PTRACE" : sudo);
    }
    if (st->cap_permitted & ~me.cap_permitted)
        return denied(p, st, "it holds capabilities that Inquest lacks", sudo);
    if (other_user_namespace(p))
        return denied(p, st, "it runs in another user namespace", sudo);
    if (not_dumpable(p, st))
        return denied(p, st, "it is marked not dumpable (a set-uid program, or prctl(PR_SET_DUMPABLE))", sudo);
    if (scope == 2)
        return denied(p, st, "kernel.yama.ptrace_scope is 2, which reserves tracing to CAP_SYS_PTRACE", sudo);
    if (scope == 1)
        return denied(p, st, "kernel.yama.ptrace_scope is 1, which allows tracing only of own children",
                      "run it as root (sudo), or allow it: sysctl kernel.yama.ptrace_scope=0");
    return denied(p, st, module, sudo);
}
