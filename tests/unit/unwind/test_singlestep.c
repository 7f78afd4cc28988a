/* SPDX-License-Identifier: Apache-2.0 */
/* A program runs one instruction at a time. Calls, returns and signals are followed by what the processor
 * does, and after each instruction the unwinder must find the same stack.
 *
 *     test_singlestep                      the scenarios below, as tests
 *     test_singlestep PROGRAM [ARG...]     any program; prints where the two differ */
#define UNIT_ASAN_OPTIONS ":detect_leaks=0"
#include "unit.h"

#include <stdio.h>

#if defined(__x86_64__)

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unwind/unwind.h"

enum { STACK_COPY = 1 << 16, MAX_REPORTS = 10 };

/* A return address that lies on the stack, pushed by a call or by the kernel for a signal. */
struct pushed {
    taddr slot, ret;
    bool is_signal;
    taddr interrupted; /* where the signal came */
};

typedef VEC(taddr) address_list;

struct tracer {
    pid_t pid;
    struct user_regs_struct regs;
    struct image im;
    struct modules *ms;
    struct unwinder *u;
    uint8_t stack[STACK_COPY];
    VEC(struct pushed) shadow;
    VEC(char *) paths;
    size_t steps, wrong, guessed;
};

static size_t read_target(void *arg, taddr at, void *buf, size_t n)
{
    struct tracer *t = arg;
    struct iovec local = {buf, n}, remote = {(void *)(uintptr_t)at, n}; /* an address of the other process */
    ssize_t got = process_vm_readv(t->pid, &local, 1, &remote, 1, 0);
    return got > 0 ? (size_t)got : 0;
}

static void drop_modules(struct tracer *t)
{
    unwinder_free(t->u);
    modules_free(t->ms);
    vec_done(&t->im.maps);
    vec_done(&t->im.auxv);
    for (size_t i = 0; i < t->paths.n; i++)
        free(t->paths.v[i]);
    vec_done(&t->paths);
    space_done(&t->im.space);
    arena_done(&t->im.arena);
}

static void load_maps(struct tracer *t)
{
    char name[64], line[4096];
    snprintf(name, sizeof(name), "/proc/%d/maps", (int)t->pid);
    FILE *f = fopen(name, "r");
    assert_non_null(f);
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

static void load_modules(struct tracer *t)
{
    drop_modules(t);
    t->im = (struct image){.kind = IMAGE_LIVE, .arch = arch_native(), .pid = t->pid};
    t->im.space.fallback = read_target;
    t->im.space.fallback_arg = t;
    load_maps(t);
    load_auxv(t);
    /* The stack is copied after each step. */
    space_add(&t->im.space, (struct space_range){.start = 0, .end = 1, .absent = ABSENT_NOT_COPIED});
    struct module_opts opts = {.no_debuginfod = true};
    t->ms = modules_load(&t->im, &opts);
    t->u = unwinder_new(t->ms);
}

static void copy_stack(struct tracer *t)
{
    struct space_range *r = &t->im.space.ranges.v[0];
    const struct mapping *m = image_mapping(&t->im, t->regs.rsp);
    uint64_t want = m ? m->end - t->regs.rsp : 0;
    r->start = t->regs.rsp;
    r->data = t->stack;
    r->have = read_target(t, r->start, t->stack, want < STACK_COPY ? (size_t)want : STACK_COPY);
    r->end = r->start + r->have;
}

static struct regs unwind_start(const struct tracer *t)
{
    struct regs r;
    struct iovec v = {(void *)(uintptr_t)&t->regs, sizeof(t->regs)};
    arch_regs_from_prstatus(arch_native(), (struct bytes){v.iov_base, v.iov_len}, &r);
    return r;
}

static bool is_call(const uint8_t *code, size_t n)
{
    size_t i = 0;
    while (i < n &&
           ((code[i] & 0xf0) == 0x40 || code[i] == 0x66 || code[i] == 0x67 || code[i] == 0xf2 || code[i] == 0x3e))
        i++;
    return i + 1 < n && (code[i] == 0xe8 || (code[i] == 0xff && ((code[i + 1] >> 3) & 7) == 2));
}

static bool is_sigreturn(const struct tracer *t, const uint8_t *code, size_t n)
{
    return n >= 2 && code[0] == 0x0f && code[1] == 0x05 && t->regs.rax == 15;
}

static void push(struct tracer *t, bool is_signal, taddr interrupted)
{
    struct pushed p = {.slot = t->regs.rsp, .is_signal = is_signal, .interrupted = interrupted};
    read_target(t, p.slot, &p.ret, sizeof(p.ret));
    *vec_push(&t->shadow) = p;
}

/* What lies below the stack pointer was returned from, or left by longjmp. A signal may run on another
 * stack, whose addresses cannot be compared. */
static void pop(struct tracer *t)
{
    while (t->shadow.n) {
        const struct pushed *p = &t->shadow.v[t->shadow.n - 1];
        if (p->slot >= t->regs.rsp)
            break;
        t->shadow.n--;
        if (p->is_signal) { /* its slot was popped by the handler's return; it lasts until sigreturn */
            t->shadow.n++;
            break;
        }
    }
}

static void print_place(struct tracer *t, taddr pc, bool exact)
{
    struct module *m = modules_find(t->ms, pc);
    struct symbol s;
    if (m && module_symbol(m, exact ? pc : pc - 1, &s))
        print_error(" 0x%" PRIx64 " %s+0x%" PRIx64, pc, s.name, pc - s.addr);
    else
        print_error(" 0x%" PRIx64 " in %s", pc, m ? m->name : "no module");
}

static void print_stacks(struct tracer *t, const struct frames *f, const address_list *want)
{
    print_error("step %zu:\n", t->steps);
    for (size_t i = 0; i < want->n || i < f->frames.n; i++) {
        const struct frame *got = i < f->frames.n ? &f->frames.v[i] : NULL;
        bool same = got && i < want->n && got->pc == want->v[i];
        print_error("  %c#%zu", same ? ' ' : '!', i);
        if (got) {
            print_place(t, got->pc, got->exact_pc);
            print_error(" (how %d)", got->how);
        }
        if (!same && i < want->n) {
            print_error(", expected");
            print_place(t, want->v[i], false);
        }
        print_error("\n");
    }
    if (f->stopped)
        print_error("  stopped: %s\n", f->stopped->msg);
}

/* glibc's table tells of the frame that it is about to restore, not of the one that called it. */
static bool in_longjmp(struct tracer *t)
{
    struct module *m = modules_find(t->ms, t->regs.rip);
    struct symbol s;
    return m && module_symbol(m, t->regs.rip, &s) && strstr(s.name, "longjmp");
}

static void compare(struct tracer *t)
{
    if (in_longjmp(t))
        return;
    address_list want = {0};
    *vec_push(&want) = t->regs.rip;
    for (size_t i = t->shadow.n; i-- > 0;) {
        const struct pushed *p = &t->shadow.v[i];
        if (!p->is_signal || p->slot >= t->regs.rsp || i + 1 < t->shadow.n)
            *vec_push(&want) = p->ret;
        if (p->is_signal)
            *vec_push(&want) = p->interrupted;
    }
    struct regs start = unwind_start(t);
    struct frames f;
    unwind_stack(t->u, &start, 0, &f);
    bool same = f.frames.n == want.n && !f.stopped;
    bool guessed = false;
    for (size_t i = 0; i < f.frames.n; i++) {
        same = same && f.frames.v[i].pc == want.v[i];
        guessed |= f.frames.v[i].how == FRAME_POINTER || f.frames.v[i].how == FRAME_SCAN;
    }
    t->guessed += guessed;
    if (!same && t->wrong++ < MAX_REPORTS)
        print_stacks(t, &f, &want);
    frames_done(&f);
    vec_done(&want);
}

static void get_regs(struct tracer *t)
{
    struct iovec v = {&t->regs, sizeof(t->regs)};
    assert_int_equal(ptrace(PTRACE_GETREGSET, t->pid, NT_PRSTATUS, &v), 0);
}

/* One instruction, or the delivery of a signal. False: the program ended. */
static bool step(struct tracer *t, int *deliver)
{
    uint8_t code[16];
    size_t n = read_target(t, t->regs.rip, code, sizeof(code));
    taddr sp = t->regs.rsp, pc = t->regs.rip;
    bool call = is_call(code, n), sigreturn = is_sigreturn(t, code, n);
    int status, delivered = *deliver;

    assert_int_equal(ptrace(PTRACE_SINGLESTEP, t->pid, NULL, (void *)(uintptr_t)delivered), 0);
    *deliver = 0;
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    if (!WIFSTOPPED(status))
        return false;
    get_regs(t);
    if (WSTOPSIG(status) != SIGTRAP)
        *deliver = WSTOPSIG(status);
    if (delivered && t->regs.rip != pc)
        push(t, true, pc);
    else if (call && t->regs.rsp == sp - 8)
        push(t, false, 0);
    if (sigreturn)
        while (t->shadow.n && !t->shadow.v[--t->shadow.n].is_signal)
            ;
    pop(t);
    return true;
}

/* Runs to the program's first own instruction, when its libraries are loaded. */
static void run_to_entry(struct tracer *t)
{
    int status;
    uint64_t entry = 0;
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    load_auxv(t);
    assert_true(image_auxv(&t->im, AT_ENTRY, &entry));
    long word = ptrace(PTRACE_PEEKTEXT, t->pid, (void *)entry, NULL);
    ptrace(PTRACE_POKETEXT, t->pid, (void *)entry, (void *)((word & ~0xffL) | 0xcc));
    ptrace(PTRACE_CONT, t->pid, NULL, NULL);
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
    ptrace(PTRACE_POKETEXT, t->pid, (void *)entry, (void *)word);
    get_regs(t);
    t->regs.rip = entry;
    struct iovec v = {&t->regs, sizeof(t->regs)};
    ptrace(PTRACE_SETREGSET, t->pid, NT_PRSTATUS, &v);
}

static struct tracer *run(char *const *argv, size_t max_steps)
{
    struct tracer *t = xcalloc(1, sizeof(*t));
    int deliver = 0;

    t->pid = fork();
    if (t->pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(argv[0], argv);
        _exit(127);
    }
    run_to_entry(t);
    load_modules(t);
    for (t->steps = 0; t->steps < max_steps; t->steps++) {
        if (!image_mapping(&t->im, t->regs.rip))
            load_modules(t);
        copy_stack(t);
        compare(t);
        if (!step(t, &deliver))
            break;
    }
    kill(t->pid, SIGKILL);
    waitpid(t->pid, NULL, 0);
    return t;
}

static void tracer_free(struct tracer *t)
{
    drop_modules(t);
    vec_done(&t->shadow);
    free(t);
}

/* What the tests run, in a process of its own. */

static jmp_buf back;
static volatile int sink;

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static int recurse(int n)
{
    volatile char room[64];
    memset((char *)(uintptr_t)room, n, sizeof(room));
    return n ? recurse(n - 1) + room[1] : 0;
}

__attribute__((noinline)) static void jump_back(int n)
{
    if (n > 0)
        jump_back(n - 1);
    if (sink >= 0)
        longjmp(back, 1);
}

__attribute__((noinline)) static int varying(int n)
{
    volatile char *p = __builtin_alloca((size_t)n * 16);
    p[0] = (char)n;
    return recurse(2) + p[0];
}

static void on_signal(int signo)
{
    sink += signo + recurse(1);
}

static void scenario_code(void)
{
    int v[] = {5, 3, 9, 1, 7};
    char text[128];
    qsort(v, 5, sizeof(v[0]), by_value);
    snprintf(text, sizeof(text), "%d %s %.3f", v[0], "text", 1.5);
    sink += recurse(3) + varying(3);
    if (!setjmp(back))
        jump_back(3);
    free(strdup(text));
}

static void scenario_signals(void)
{
    static char other[1 << 15];
    stack_t alternate = {.ss_sp = other, .ss_size = sizeof(other)};
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    sigaltstack(&alternate, NULL);
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
}

/* Functions without unwind tables: one with a frame pointer that calls one without, which calls back. */
int bare_frame(int (*f)(int), int n);
__asm__(".text\n"
        ".type bare_frame, @function\n"
        "bare_frame:\n"
        "    push %rbp\n"
        "    mov %rsp, %rbp\n"
        "    push %rbx\n"
        "    sub $24, %rsp\n"
        "    mov %esi, %ebx\n"
        "    call bare_leaf\n"
        "1:  mov %ebx, %esi\n"
        "    call bare_room\n"
        "    dec %ebx\n"
        "    jns 1b\n"
        "    mov -8(%rbp), %rbx\n"
        "    leave\n"
        "    ret\n"
        ".size bare_frame, . - bare_frame\n"
        ".type bare_leaf, @function\n"
        "bare_leaf:\n"
        "    xor %eax, %eax\n"
        "    test %esi, %esi\n"
        "    jne 1f\n"
        "    ret\n"
        "1:  sub $0x100, %rsp\n"
        "    movb $1, (%rsp)\n"
        "    add $0x100, %rsp\n"
        "    ret\n"
        ".size bare_leaf, . - bare_leaf\n"
        ".type bare_room, @function\n"
        "bare_room:\n"
        "    push %r12\n"
        "    push %rdi\n"
        "    sub $0x88, %rsp\n"
        "    mov %rdi, %r12\n"
        "    mov %esi, %edi\n"
        "    call *%r12\n"
        "    lea 0x88(%rsp), %rsp\n"
        "    pop %rdi\n"
        "    pop %r12\n"
        "    ret\n"
        ".size bare_room, . - bare_room\n");

static void scenario_bare(void)
{
    sink += bare_frame(recurse, 2);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {{"code", scenario_code}, {"signals", scenario_signals}, {"bare", scenario_bare}};

static void expect_same(const char *scenario)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(n > 0);
    self[n] = '\0';
    char *const argv[] = {self, (char *)(uintptr_t) "--scenario", (char *)(uintptr_t)scenario, NULL};
    struct tracer *t = run(argv, 2000000);
    size_t wrong = t->wrong, steps = t->steps;
    tracer_free(t);
    assert_true(steps > 1000);
    assert_int_equal(wrong, 0);
}

static void test_code(void **state)
{
    (void)state;
    expect_same("code");
}

static void test_signals(void **state)
{
    (void)state;
    expect_same("signals");
}

static void test_bare(void **state)
{
    (void)state;
    expect_same("bare");
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--scenario") == 0) {
        for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
            if (strcmp(argv[2], scenarios[i].name) == 0)
                scenarios[i].run();
        return 0;
    }
    if (argc > 1) {
        struct tracer *t = run(argv + 1, SIZE_MAX);
        printf("%zu steps, %zu wrong, %zu with guesses\n", t->steps, t->wrong, t->guessed);
        tracer_free(t);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_code), cmocka_unit_test(test_signals),
                                       cmocka_unit_test(test_bare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Following calls needs this processor's instructions. */
int main(void)
{
    printf("1..0 # SKIP x86-64 only\n");
    return 0;
}

#endif
