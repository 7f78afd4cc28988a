/* SPDX-License-Identifier: Apache-2.0 */
/* On real processes: children of the test, each started for one case. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image/image.h"

enum { THREADS = 30 };

/* Shared with the child. */
struct shared {
    atomic_int ready, stop;
    atomic_long beats, sent, got, returned[8];
    atomic_long tid, value_at;
};
static struct shared *shared;

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static pid_t start(void (*body)(void), int ready)
{
    memset(shared, 0, sizeof(*shared));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        body();
        _exit(0);
    }
    for (int i = 0; i < 5000 && shared->ready < ready; i++)
        nap(1);
    assert_true(shared->ready >= ready);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static char state_of(pid_t pid)
{
    char path[32], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 ? strrchr(text, ')')[2] : 'X';
}

static void wait_state(pid_t pid, char state)
{
    for (int i = 0; i < 2000 && state_of(pid) != state; i++)
        nap(1);
    assert_int_equal(state_of(pid), state);
}

static void ready_and_wait(void)
{
    shared->ready++;
    for (;;)
        pause();
}

/* --- what an image holds ------------------------------------------------------------------------- */

static void *waiter(void *arg)
{
    volatile uint64_t mark = UINT64_C(0x1122334455667788);
    pthread_setname_np(pthread_self(), "waiter");
    if (arg) {
        shared->value_at = (long)(uintptr_t)&mark;
        shared->tid = syscall(SYS_gettid);
    }
    shared->ready++;
    while (!shared->stop)
        pause();
    return NULL;
}

static void many_threads(void)
{
    pthread_t t;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&t, NULL, waiter, i == 7 ? shared : NULL))
            abort();
    ready_and_wait();
}

static void holds_threads_and_stacks(void **state)
{
    (void)state;
    pid_t pid = start(many_threads, THREADS + 1);
    struct image *im;
    uint64_t v = 0, at = (uint64_t)shared->value_at;

    assert_ok(image_live_open(pid, NULL, &im));
    assert_int_equal(im->threads.n, THREADS + 1);
    assert_int_equal(im->threads.v[0].tid, pid);
    assert_int_equal(im->pid, pid);
    assert_int_equal(im->ppid, getpid());
    assert_true(im->pause_ns > 0 && im->pause_ns < 1000000000);
    assert_true(im->start_time <= im->dump_time && im->dump_time - im->start_time < 60);
    assert_non_null(im->exe);
    assert_true(im->auxv.n > 10);
    assert_true(im->limits.n > 10);
    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *t = &im->threads.v[i];
        assert_true(t->has_regs);
        const struct mapping *m = image_mapping(im, t->regs.val[im->arch->sp]);
        assert_non_null(m);
        assert_true(m->prot & PROT_BIT_WRITE);
        if (i > 0)
            assert_string_equal(t->name, "waiter");
        if (t->tid == shared->tid)
            assert_true(t->regs.val[im->arch->sp] < at && m->end > at);
    }
    /* In the copied stack, so it needs no process any more. */
    assert_non_null(space_view(&im->space, at, 8));
    assert_true(space_word(&im->space, at, 8, &v));
    assert_int_equal(v, UINT64_C(0x1122334455667788));
    /* Elsewhere: from the process, as long as it lives. */
    taddr code = im->threads.v[0].regs.val[im->arch->pc];
    assert_null(space_view(&im->space, code, 1));
    assert_ok(space_read(&im->space, code, &v, 8));
    end(pid);
    assert_err(space_read(&im->space, code, &v, 8), ERR_UNMAPPED);
    assert_true(space_word(&im->space, at, 8, &v));
    image_free(im);
}

static void one_thread_only(void **state)
{
    (void)state;
    pid_t pid = start(many_threads, THREADS + 1);
    struct image_live_opts opts = {.only_tid = (int32_t)shared->tid};
    struct image *im;
    size_t read = 0;

    assert_ok(image_live_open(pid, &opts, &im));
    for (size_t i = 0; i < im->threads.n; i++)
        read += im->threads.v[i].has_regs;
    assert_int_equal(read, 1);
    image_free(im);

    opts.only_tid = 1;
    assert_err(image_live_open(pid, &opts, &im), ERR_NOT_FOUND);

    /* The id of a thread stands for its process. */
    assert_ok(image_live_open((int32_t)shared->tid, NULL, &im));
    assert_int_equal(im->pid, pid);
    assert_int_equal(im->problems.n, 1);
    image_free(im);
    end(pid);
}

struct seen {
    char state;
    uint64_t code, stack;
    taddr pc;
};

static void looks_stopped(struct image *im, void *arg)
{
    struct seen *seen = arg;
    const struct image_thread *t = &im->threads.v[0];
    static const uint8_t patch[] = "copied";

    seen->state = state_of(im->pid);
    seen->pc = t->regs.val[im->arch->pc];
    space_word(&im->space, seen->pc, 8, &seen->code);
    space_word(&im->space, t->regs.val[im->arch->sp], 8, &seen->stack);
    space_add(&im->space, (struct space_range){.start = seen->pc, .end = seen->pc + 6, .data = patch, .have = 6});
}

static void callback_sees_it_stopped(void **state)
{
    (void)state;
    pid_t pid = start(ready_and_wait, 1);
    struct seen seen = {0};
    struct image_live_opts opts = {.while_stopped = looks_stopped, .arg = &seen};
    struct image *im;
    char text[6];

    assert_ok(image_live_open(pid, &opts, &im));
    assert_int_equal(seen.state, 't');
    assert_true(seen.code != 0);
    assert_true(seen.stack != 0);
    assert_ok(space_read(&im->space, seen.pc, text, 6));
    assert_memory_equal(text, "copied", 6);
    wait_state(pid, 'S');
    image_free(im);
    end(pid);
}

static void command_line(void **state)
{
    (void)state;
    struct image *im;
    char *text;
    size_t n;
    pid_t pid = fork();

    if (pid == 0) {
        char *const args[] = {(char[]){"sleep"}, (char[]){"1000"}, NULL}, *const env[] = {(char[]){"A=1"}, NULL};
        execve("/bin/sleep", args, env);
        _exit(1);
    }
    for (int i = 0; i < 1000; i++) { /* until it has become sleep */
        nap(5);
        assert_ok(image_live_open(pid, NULL, &im));
        if (strcmp(im->comm, "sleep") == 0 && im->threads.v[0].state == 'S')
            break;
        image_free(im);
    }
    assert_string_equal(im->cmdline, "sleep 1000");
    assert_ok(image_arguments(im, &text, &n));
    assert_int_equal(n, 11);
    assert_memory_equal(text, "sleep\0001000", 11);
    free(text);
    assert_ok(image_environ(im, &text, &n));
    assert_int_equal(n, 4);
    assert_string_equal(text, "A=1");
    free(text);
    image_free(im);
    end(pid);
}

static void files_of_mappings(void **state)
{
    (void)state;
    char path[] = "/tmp/inquest-test-XXXXXX", text[6] = "";
    int fd = mkstemp(path);
    struct image *im;

    assert_int_equal(write(fd, "hello", 5), 5);
    void *p = mmap(NULL, 5, PROT_READ, MAP_PRIVATE, fd, 0);
    unlink(path); /* the child inherits the mapping of a deleted file */
    pid_t pid = start(ready_and_wait, 1);
    assert_ok(image_live_open(pid, NULL, &im));
    const struct mapping *m = image_mapping(im, (taddr)(uintptr_t)p);
    assert_string_equal(m->path, path);
    assert_true(m->deleted);
    int got = -1;
    if (geteuid() == 0) {
        assert_ok(im->ops->open_mapped(im, m, &got));
        assert_int_equal(pread(got, text, 5, 0), 5);
        assert_string_equal(text, "hello");
        close(got);
    }
    m = image_mapping(im, (taddr)(uintptr_t)files_of_mappings);
    assert_false(m->deleted);
    assert_ok(im->ops->open_mapped(im, m, &got));
    close(got);
    m = image_mapping(im, im->threads.v[0].regs.val[im->arch->sp]);
    assert_err(im->ops->open_mapped(im, m, &got), ERR_NOT_FOUND);
    image_free(im);
    end(pid);
    munmap(p, 5);
    close(fd);
}

/* --- what the target must not notice ------------------------------------------------------------- */

/* As the kernel says in one call, where it can. */
static void next_used_page(void **state)
{
    enum { PAGE = 4096 };
    (void)state;
    size_t n = (size_t)1 << 40;
    uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);
    static const size_t used[] = {3, 4, 511, 512, 513, 262144, 100000000};
    for (size_t i = 0; i < ARRAY_LEN(used); i++)
        p[used[i] * PAGE] = 1;
    pid_t pid = start(ready_and_wait, 1);
    struct image *im = NULL;
    assert_ok(image_peek_open(pid, &im));
    taddr base = (taddr)(uintptr_t)p, from = base;
    for (size_t i = 0; i < ARRAY_LEN(used); i++) {
        uint8_t flags[2];
        from = image_next_touched(im, from, base + n);
        assert_int_equal((from - base) / PAGE, used[i]);
        assert_true(image_touched(im, from - PAGE, 2, flags));
        assert_int_equal(flags[0], i > 0 && used[i - 1] + 1 == used[i]);
        assert_int_equal(flags[1], 1);
        from += PAGE;
    }
    assert_int_equal(image_next_touched(im, from, base + n), base + n);
    assert_int_equal(image_next_touched(im, base, base + 3 * PAGE), base + 3 * PAGE);
    assert_int_equal(image_next_touched(im, from, from), from);
    image_free(im);
    end(pid);
    munmap(p, n);
}

static int waits_pipe[2], waits_epoll, waits_sem;

static void *wait_in_call(void *arg)
{
    struct timespec day = {.tv_sec = 86400};
    struct pollfd fd = {.fd = waits_pipe[0], .events = POLLIN};
    struct sembuf down = {.sem_op = -1};
    struct epoll_event event;
    char byte;
    int word = 0;
    long kind = (long)arg;

    shared->ready++;
    for (;;) {
        switch (kind) {
        case 0:
            nanosleep(&day, NULL);
            break;
        case 1:
            poll(&fd, 1, -1);
            break;
        case 2:
            poll(&fd, 1, 86400000);
            break;
        case 3:
            syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
            break;
        case 4:
            (void)!read(waits_pipe[0], &byte, 1);
            break;
        case 5:
            epoll_wait(waits_epoll, &event, 1, -1);
            break;
        case 6:
            semop(waits_sem, &down, 1);
            break;
        default:
            pause();
            break;
        }
        shared->returned[kind]++;
    }
    return NULL;
}

static void blocked_calls(void)
{
    pthread_t t;
    for (long i = 0; i < 8; i++)
        if (pthread_create(&t, NULL, wait_in_call, (void *)i))
            abort();
    ready_and_wait();
}

static void system_calls_go_on(void **state)
{
    (void)state;
    if (pipe(waits_pipe) != 0 || (waits_epoll = epoll_create1(0)) < 0 || (waits_sem = semget(IPC_PRIVATE, 1, 0600)) < 0)
        abort();
    pid_t pid = start(blocked_calls, 9);
    nap(50); /* until all sleep */
    for (int i = 0; i < 20; i++) {
        struct image *im;
        assert_ok(image_live_open(pid, NULL, &im));
        image_free(im);
        nap(5);
    }
    semctl(waits_sem, 0, IPC_RMID);
    for (int i = 0; i < 8; i++)
        if (i != 6) /* the removal of the semaphore has ended that one */
            assert_int_equal(shared->returned[i], 0);
    end(pid);
}

static void count(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    (void)context;
    shared->got++;
}

static void count_signals(void)
{
    struct sigaction sa = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN, &sa, NULL);
    shared->ready++;
    while (!shared->stop)
        nap(1);
    shared->ready++;
    for (;;)
        pause();
}

static void no_signal_is_lost(void **state)
{
    (void)state;
    pid_t pid = start(count_signals, 1);
    for (int i = 0; i < 300; i++) {
        struct image *im;
        for (int k = 0; k < 20; k++)
            shared->sent += sigqueue(pid, SIGRTMIN, (union sigval){0}) == 0;
        assert_ok(image_live_open(pid, NULL, &im));
        image_free(im);
    }
    for (int i = 0; i < 1000 && shared->got < shared->sent; i++)
        nap(1);
    assert_int_equal(shared->got, shared->sent);
    end(pid);
}

static void stopped_stays_stopped(void **state)
{
    (void)state;
    pid_t pid = start(many_threads, THREADS + 1);
    struct image *im;

    kill(pid, SIGSTOP);
    wait_state(pid, 'T');
    for (int i = 0; i < 5; i++) {
        assert_ok(image_live_open(pid, NULL, &im));
        assert_int_equal(im->threads.v[0].state, 'T');
        assert_true(im->threads.v[0].has_regs);
        image_free(im);
        nap(2);
        wait_state(pid, 'T');
    }
    kill(pid, SIGCONT);
    wait_state(pid, 'S');
    end(pid);
}

static void *short_lived(void *arg)
{
    return arg;
}

static void churn(void)
{
    shared->ready++;
    for (;;) {
        pthread_t t;
        if (pthread_create(&t, NULL, short_lived, NULL) || pthread_join(t, NULL))
            abort();
        shared->beats++;
    }
}

static void threads_come_and_go(void **state)
{
    (void)state;
    pid_t pid = start(churn, 1);
    for (int i = 0; i < 200; i++) {
        struct image *im;
        assert_ok(image_live_open(pid, NULL, &im));
        assert_true(im->threads.v[0].has_regs);
        image_free(im);
    }
    long before = shared->beats;
    for (int i = 0; i < 2000 && shared->beats == before; i++)
        nap(1);
    assert_true(shared->beats > before);
    end(pid);
}

/* Killed at any moment, the one who looks leaves the target running. */
static void our_death_frees_it(void **state)
{
    (void)state;
    pid_t pid = start(churn, 1);
    unsigned seed = 3;

    for (int i = 0; i < 200; i++) {
        pid_t looker = fork();
        if (looker == 0) {
            struct image *im;
            for (;;) {
                err_free(image_live_open(pid, NULL, &im));
                image_free(im);
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = rand_r(&seed) % 3000000}, NULL);
        end(looker);
        long before = shared->beats;
        for (int k = 0; k < 5000 && shared->beats == before; k++)
            nap(1);
        assert_true(shared->beats > before);
    }
    end(pid);
}

/* --- what is no target, or a strange one --------------------------------------------------------- */

static void assert_refused(int32_t pid, enum err_code code, const char *text)
{
    struct image *im;
    struct err *e = image_live_open(pid, NULL, &im);

    assert_non_null(e);
    if (e->code != code || !strstr(e->msg, text))
        fail_msg("%s: %s", err_code_name(e->code), e->msg);
    err_free(e);
}

static void refusals(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    wait_state(pid, 'Z');
    assert_refused(pid, ERR_UNSUPPORTED, "is a zombie");
    waitpid(pid, NULL, 0);
    assert_refused(pid, ERR_NOT_FOUND, "there is no process");
    assert_refused(-1, ERR_NOT_FOUND, "there is no process");
    assert_refused(getpid(), ERR_USAGE, "is Inquest itself");

    pid = start(ready_and_wait, 1);
    assert_int_equal(ptrace(PTRACE_SEIZE, pid, 0, 0), 0);
    assert_refused(pid, ERR_BUSY, "is already traced by process");
    end(pid);
}

static void other_users_process(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t pid = start(ready_and_wait, 1), looker = fork();
    if (looker == 0) {
        struct image *im;
        if (setgid(65534) || setuid(65534))
            _exit(3);
        struct err *e = image_live_open(pid, NULL, &im);
        _exit(e && e->code == ERR_PERMISSION && strstr(e->msg, "it runs as user 0") && e->hint ? 0 : 1);
    }
    int status = 0;
    waitpid(looker, &status, 0);
    assert_int_equal(status, 0);
    end(pid);
}

static void only_the_main_thread_ends(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, waiter, shared))
        abort();
    pthread_exit(NULL);
}

static void leader_has_ended(void **state)
{
    (void)state;
    pid_t pid = start(only_the_main_thread_ends, 1);
    struct image *im;

    wait_state(pid, 'Z');
    assert_ok(image_live_open(pid, NULL, &im));
    assert_int_equal(im->threads.n, 2);
    assert_false(im->threads.v[0].has_regs);
    assert_non_null(im->threads.v[0].why);
    assert_true(im->threads.v[1].has_regs);
    assert_true(im->maps.n > 5);
    assert_non_null(im->exe);
    image_free(im);
    end(pid);
}

static void *vforks(void *arg)
{
    shared->tid = syscall(SYS_gettid);
    shared->ready++;
    /* The parent of a vfork sleeps uninterruptibly until the child has gone. */
    pid_t pid = (pid_t)syscall(SYS_vfork);
    if (pid == 0)
        for (;;)
            syscall(SYS_pause);
    return arg;
}

static void one_thread_blocked(void)
{
    pthread_t t;
    setpgid(0, 0);
    if (pthread_create(&t, NULL, vforks, NULL))
        abort();
    ready_and_wait();
}

static void uninterruptible_thread_is_left_out(void **state)
{
    (void)state;
    pid_t pid = start(one_thread_blocked, 2);
    struct image *im;

    wait_state((pid_t)shared->tid, 'D');
    for (int i = 0; i < 2; i++) {
        assert_ok(image_live_open(pid, NULL, &im));
        assert_int_equal(im->threads.n, 2);
        assert_true(im->threads.v[0].has_regs);
        assert_false(im->threads.v[1].has_regs);
        assert_string_equal(im->threads.v[1].why, "it is in uninterruptible sleep and did not stop");
        assert_true(im->pause_ns < 200000000);
        image_free(im);
    }
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int set_up(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_threads_and_stacks),
        cmocka_unit_test(one_thread_only),
        cmocka_unit_test(callback_sees_it_stopped),
        cmocka_unit_test(command_line),
        cmocka_unit_test(files_of_mappings),
        cmocka_unit_test(next_used_page),
        cmocka_unit_test(system_calls_go_on),
        cmocka_unit_test(no_signal_is_lost),
        cmocka_unit_test(stopped_stays_stopped),
        cmocka_unit_test(threads_come_and_go),
        cmocka_unit_test(our_death_frees_it),
        cmocka_unit_test(refusals),
        cmocka_unit_test(other_users_process),
        cmocka_unit_test(leader_has_ended),
        cmocka_unit_test(uninterruptible_thread_is_left_out),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
