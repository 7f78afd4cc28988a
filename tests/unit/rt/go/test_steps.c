/* SPDX-License-Identifier: Apache-2.0 */
/* A Go program runs one instruction at a time, all of its threads. Calls, returns and signals are followed by what the
 * processor does, and after each instruction the stack must be the one that they make.
 *
 *     test_steps STEPS PROGRAM [ARG...]     a program that prints "ready"; tells where the two differ */
#define UNIT_ASAN_OPTIONS ":detect_leaks=0"
#include "unit.h"

#include <stdio.h>

#if defined(__x86_64__)

#include <dirent.h>
#include <elf.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "rt/go/go.h"
#include "rt/go/stepper.h"

enum { MAX_THREADS = 64, MAX_REPORTS = 40, SYS_SIGRETURN = 15, LONGEST = 300 };

/* What lies between two frames: a call's return address, or where a signal came. */
struct link {
    taddr pc;
    bool interrupted;
    taddr saved_at; /* of an interrupted one: where the kernel keeps it, and the handler may change it */
};
typedef VEC(struct link) links;

struct thread {
    pid_t tid;
    struct user_regs_struct regs;
    links shadow; /* innermost last */
    bool known;   /* the shadow is */
    links leaving; /* in gogo: what it said; checked when it has arrived */
    taddr leaving_pc;
    int deliver;
    bool stepped;
};

struct tracer {
    pid_t pid;
    struct image im;
    struct modules *ms;
    struct rt *rt;
    struct unwinder *u;
    VEC(char *) paths;
    struct thread threads[MAX_THREADS];
    size_t n_threads, steps, wrong, guessed, adopted;
    VEC(taddr) reported;
};

static size_t read_target(void *arg, taddr at, void *buf, size_t n)
{
    struct tracer *t = arg;
    struct iovec local = {buf, n}, remote = {(void *)(uintptr_t)at, n}; /* an address of the other process */
    ssize_t got = process_vm_readv(t->pid, &local, 1, &remote, 1, 0);
    return got > 0 ? (size_t)got : 0;
}

static void load_maps(struct tracer *t)
{
    char name[64], line[4096];
    snprintf(name, sizeof(name), "/proc/%d/maps", (int)t->pid);
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    t->im.maps.n = 0;
    while (fgets(line, sizeof(line), f)) {
        char prot[5], path[2048] = "";
        struct mapping m = {0};
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %2047s", &m.start, &m.end, prot, &m.offset,
                   path) < 4)
            continue;
        m.prot = (uint8_t)((prot[0] == 'r' ? PROT_BIT_READ : 0) | (prot[1] == 'w' ? PROT_BIT_WRITE : 0) |
                           (prot[2] == 'x' ? PROT_BIT_EXEC : 0));
        m.present = m.end - m.start;
        if (path[0]) {
            *vec_push(&t->paths) = xstrdup(path);
            m.path = t->paths.v[t->paths.n - 1];
        }
        *vec_push(&t->im.maps) = m;
    }
    fclose(f);
}

static void load_auxv(struct tracer *t)
{
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/auxv", (int)t->pid);
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    struct image_auxv a;
    while (fread(&a, sizeof(a), 1, f) == 1)
        *vec_push(&t->im.auxv) = a;
    fclose(f);
}

static void load(struct tracer *t)
{
    t->im = (struct image){.kind = IMAGE_LIVE, .arch = arch_native(), .pid = t->pid};
    t->im.space.fallback = read_target;
    t->im.space.fallback_arg = t;
    load_maps(t);
    load_auxv(t);
    struct module_opts opts = {.no_debuginfod = true};
    t->ms = modules_load(&t->im, &opts);
    t->u = unwinder_new(t->ms);
    struct err *e = runtime_go.attach(t->ms, &t->rt);
    if (e)
        fail_msg("%s", e->msg);
    assert_non_null(go_stepper(t->rt));
    unwinder_add_stepper(t->u, go_stepper(t->rt));
}

static const char *function_at(struct tracer *t, taddr pc, taddr *start)
{
    const struct go_module *m;
    struct go_function f;
    if (!go_function_at(t->rt, pc, &m, &f))
        return "?";
    *start = f.entry;
    return f.name;
}

static bool is_in(struct tracer *t, taddr pc, const char *name)
{
    taddr start;
    return strcmp(function_at(t, pc, &start), name) == 0;
}

/* ---- what the processor does ---- */

static size_t prefix(const uint8_t *code, size_t n)
{
    size_t i = 0;
    while (i < n &&
           ((code[i] & 0xf0) == 0x40 || code[i] == 0x66 || code[i] == 0xf2 || code[i] == 0xf3 || code[i] == 0x3e))
        i++;
    return i;
}

static bool is_call(const uint8_t *code, size_t n)
{
    size_t i = prefix(code, n);
    return i + 1 < n && (code[i] == 0xe8 || (code[i] == 0xff && ((code[i + 1] >> 3) & 7) == 2));
}

static bool is_return(const uint8_t *code, size_t n)
{
    size_t i = prefix(code, n);
    return i < n && (code[i] == 0xc3 || code[i] == 0xc2);
}

static void push(struct thread *th, taddr pc, bool interrupted)
{
    *vec_push(&th->shadow) = (struct link){.pc = pc, .interrupted = interrupted};
}

/* Has a handler changed where it returns to? */
static bool is_redirected(struct tracer *t, const links *shadow)
{
    for (size_t i = 0; i < shadow->n; i++) {
        taddr at = shadow->v[i].saved_at, now;
        if (at && read_target(t, at, &now, sizeof(now)) == sizeof(now) && now != shadow->v[i].pc)
            return true;
    }
    return false;
}

static void get_regs(struct thread *th)
{
    struct iovec v = {&th->regs, sizeof(th->regs)};
    assert_int_equal(ptrace(PTRACE_GETREGSET, th->tid, NT_PRSTATUS, &v), 0);
}

static bool is_gogo(struct tracer *t, taddr pc)
{
    return is_in(t, pc, "runtime.gogo") || is_in(t, pc, "gogo");
}

/* Follows one instruction, or the delivery of a signal. */
static void follow(struct tracer *t, struct thread *th, const struct user_regs_struct *old, const uint8_t *code,
                   size_t n, int delivered)
{
    taddr ret = 0, pc = old->rip;
    const struct user_regs_struct *r = &th->regs;
    if (delivered && r->rip != pc) {
        push(th, pc, true);
        th->shadow.v[th->shadow.n - 1].saved_at = r->rdx + offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP]);
        read_target(t, r->rsp, &ret, sizeof(ret));
        push(th, ret, false);
    } else if (is_call(code, n) && r->rsp == old->rsp - 8) {
        read_target(t, r->rsp, &ret, sizeof(ret));
        push(th, ret, false);
    } else if (is_return(code, n) && r->rsp > old->rsp) {
        if (th->shadow.n && th->shadow.v[th->shadow.n - 1].pc == r->rip)
            th->shadow.n--;
        else
            th->known = false;
    } else if (n >= 2 && code[0] == 0x0f && code[1] == 0x05 && old->rax == SYS_SIGRETURN) {
        while (th->shadow.n && !th->shadow.v[--th->shadow.n].interrupted)
            ;
        taddr came = th->shadow.n || th->known ? th->shadow.v[th->shadow.n].pc : 0;
        if (came != r->rip && read_target(t, r->rsp, &ret, sizeof(ret)) && ret == came)
            push(th, ret, false); /* the handler made it call something */
        else if (came != r->rip)
            th->known = false;
    } else if (is_gogo(t, pc) && !is_gogo(t, r->rip))
        th->known = false;
}

/* ---- the comparison ---- */

static void print_place(struct tracer *t, taddr pc)
{
    taddr start = pc;
    const char *name = function_at(t, pc, &start);
    print_error(" 0x%" PRIx64 " %s+0x%" PRIx64, pc, name, pc - start);
}

static void report(struct tracer *t, const char *what, struct thread *th, taddr pc, const struct frames *f,
                   const links *want)
{
    for (size_t i = 0; i < t->reported.n; i++)
        if (t->reported.v[i] == pc)
            return;
    *vec_push(&t->reported) = pc;
    if (t->reported.n > MAX_REPORTS)
        return;
    print_error("step %zu, thread %d: %s\n", t->steps, (int)th->tid, what);
    size_t n = want ? want->n : 0;
    for (size_t i = 0; i <= n || i < f->frames.n; i++) {
        taddr expected = i == 0 ? pc : i <= n ? want->v[n - i].pc : 0;
        const struct frame *got = i < f->frames.n ? &f->frames.v[i] : NULL;
        print_error("  %c#%zu", got && got->pc == expected ? ' ' : '!', i);
        if (got) {
            print_place(t, got->pc);
            print_error(" (how %d%s)", got->how, got->exact_pc ? ", exact" : "");
        }
        if (expected && (!got || got->pc != expected)) {
            print_error(", expected");
            print_place(t, expected);
        }
        print_error("\n");
    }
    if (f->stopped)
        print_error("  stopped: %s\n", f->stopped->msg);
}

static bool is_guessed(const struct frames *f)
{
    for (size_t i = 0; i < f->frames.n; i++)
        if (f->frames.v[i].how == FRAME_POINTER || f->frames.v[i].how == FRAME_SCAN)
            return true;
    return false;
}

/* The scheduler runs for another goroutine than the one that called it, or for none. */
static bool is_let_go(struct tracer *t, const struct frames *f, size_t i)
{
    for (; i > 0; i--) {
        taddr pc = f->frames.v[i - 1].pc;
        if (is_in(t, pc - 1, "runtime.mcall") || is_in(t, pc - 1, "runtime.morestack"))
            return true;
    }
    return false;
}

static bool is_same(struct tracer *t, const struct frames *f, const links *want)
{
    size_t n = f->frames.n;
    if (n <= want->n && want->n - n < 2 && !f->stopped && is_in(t, f->frames.v[n - 1].pc, "runtime.mstart"))
        return true; /* whatever began the thread is left out */
    for (size_t i = 1; i < f->frames.n || i <= want->n; i++)
        if (i > want->n || i >= f->frames.n || f->frames.v[i].pc != want->v[want->n - i].pc)
            return is_let_go(t, f, i < f->frames.n ? i : f->frames.n);
    return true;
}

static void adopt(struct tracer *t, struct thread *th, const struct frames *f)
{
    th->shadow.n = 0;
    for (size_t i = f->frames.n; i-- > 1;)
        push(th, f->frames.v[i].pc, f->frames.v[i].exact_pc);
    th->known = true;
    t->adopted++;
}

/* Between the switch and the jump, gogo's callers are those that it jumps to. */
static void check_leaving(struct tracer *t, struct thread *th, const struct frames *f)
{
    if (!th->leaving_pc)
        return;
    size_t n = f->frames.n;
    bool same = th->leaving.n == n;
    for (size_t i = 0; same && i < n; i++)
        same = th->leaving.v[i].pc == f->frames.v[i].pc;
    if (!same) {
        t->wrong++;
        links none = {0};
        for (size_t i = th->leaving.n; i-- > 0;)
            *vec_push(&none) = th->leaving.v[i];
        report(t, "gogo jumped elsewhere", th, th->leaving_pc, f, &none);
        vec_done(&none);
    }
    th->leaving_pc = 0;
}

/* Is it on the stack that gogo jumps to? It is called on g0, deeper than where that goes on. */
static bool has_arrived(struct tracer *t, const struct thread *th)
{
    struct go_ms all = go_threads(t->rt);
    taddr sp = th->regs.rsp;
    uint64_t base;
    for (size_t i = 0; i < all.n; i++)
        if (sp > all.v[i].g0_lo && sp <= all.v[i].g0_hi)
            return go_field(t->rt, all.v[i].g0, t->rt->layout->g_sched_sp, &base) && (base == sp || base == 0);
    return true;
}

/* Where the runtime writes the words one after the other that tell how the stack goes on: between two of them no memory
 * tells it. */
static bool is_rewriting(struct tracer *t, taddr pc)
{
    static const char *const functions[] = {"runtime.copystack", "runtime.recovery", "runtime.(*sigctxt).preparePanic"};
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (is_in(t, pc, functions[i]))
            return true;
    return false;
}

static void compare(struct tracer *t, struct thread *th)
{
    struct regs start;
    struct frames f;
    arch_regs_from_prstatus(arch_native(), (struct bytes){(const uint8_t *)&th->regs, sizeof(th->regs)}, &start);
    t->rt->tried_ms = false;
    t->rt->ms_known.n = 0;
    unwind_stack(t->u, &start, 0, &f);
    bool bad = is_guessed(&f) || f.stopped;
    /* doSigPreempt() lowers the stack pointer of what it interrupted, then changes its place. */
    if ((bad && is_rewriting(t, th->regs.rip)) || is_in(t, th->regs.rip, "runtime.doSigPreempt")) {
        frames_done(&f);
        return;
    }
    if (th->known && is_redirected(t, &th->shadow))
        th->known = false;
    if (is_gogo(t, th->regs.rip) && has_arrived(t, th)) {
        th->leaving.n = 0;
        for (size_t i = 1; i < f.frames.n; i++)
            *vec_push(&th->leaving) = (struct link){.pc = f.frames.v[i].pc};
        th->leaving_pc = th->regs.rip;
        th->known = false;
    } else if (!th->known) {
        if (!bad) {
            check_leaving(t, th, &f);
            adopt(t, th, &f);
        }
    } else if (!is_same(t, &f, &th->shadow)) {
        t->wrong++;
        report(t, "wrong", th, th->regs.rip, &f, &th->shadow);
    }
    if (bad) {
        t->guessed++;
        report(t, "guessed", th, th->regs.rip, &f, th->known ? &th->shadow : NULL);
    }
    frames_done(&f);
}

/* ---- the program ---- */

static struct thread *thread_of(struct tracer *t, pid_t tid)
{
    for (size_t i = 0; i < t->n_threads; i++)
        if (t->threads[i].tid == tid)
            return &t->threads[i];
    size_t i = 0; /* of one that has ended, or a new one */
    while (i < t->n_threads && t->threads[i].tid)
        i++;
    assert_true(i < MAX_THREADS);
    t->n_threads += i == t->n_threads;
    vec_done(&t->threads[i].shadow);
    vec_done(&t->threads[i].leaving);
    t->threads[i] = (struct thread){.tid = tid};
    return &t->threads[i];
}

static void seize_all(struct tracer *t)
{
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/task", (int)t->pid);
    DIR *d = opendir(name);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
        if (tid && ptrace(PTRACE_SEIZE, tid, NULL, (void *)(PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) == 0) {
            thread_of(t, tid);
            ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
        }
    }
    closedir(d);
}

/* One stop of a thread. False: the program ended. */
static bool on_stop(struct tracer *t, pid_t tid, int status)
{
    struct thread *th = thread_of(t, tid);
    if (!WIFSTOPPED(status)) {
        th->tid = 0;
        return tid != t->pid;
    }
    struct user_regs_struct old = th->regs;
    uint8_t code[16];
    size_t n = th->stepped ? read_target(t, old.rip, code, sizeof(code)) : 0;
    get_regs(th);
    bool event = status >> 16 != 0;
    if (th->stepped)
        follow(t, th, &old, code, n, th->deliver);
    th->deliver = !event && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
    if (!t->ms)
        load(t);
    compare(t, th);
    t->steps++;
    th->stepped = ptrace(PTRACE_SINGLESTEP, tid, NULL, (void *)(uintptr_t)th->deliver) == 0;
    return true;
}

static pid_t start(char *const *argv)
{
    int out[2];
    char line[256] = "";
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        execv(argv[0], argv);
        _exit(127);
    }
    close(out[1]);
    assert_true(read(out[0], line, sizeof(line) - 1) > 0);
    return pid;
}

static void run(struct tracer *t, char *const *argv, size_t max_steps)
{
    int status;
    t->pid = start(argv);
    seize_all(t);
    while (t->steps < max_steps) {
        pid_t tid = waitpid(-1, &status, __WALL);
        if (tid < 0 || !on_stop(t, tid, status))
            break;
    }
    kill(t->pid, SIGKILL);
    while (waitpid(-1, NULL, __WALL) > 0) /* the first thread's end comes after the others' */
        ;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 0;
    struct tracer *t = xcalloc(1, sizeof(*t));
    alarm(LONGEST); /* it ends the program, too */
    run(t, argv + 2, (size_t)strtoul(argv[1], NULL, 10));
    printf("%zu steps, %zu wrong, %zu with guesses, %zu adopted\n", t->steps, t->wrong, t->guessed, t->adopted);
    return t->wrong || t->guessed;
}

#else

int main(void)
{
    return 0;
}

#endif
