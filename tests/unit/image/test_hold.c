/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that are held: children of the test, each started for one case. */
#define UNIT_ASAN_OPTIONS ":detect_leaks=0"
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image/image.h"

/* Shared with the child. */
struct shared {
    atomic_int ready, go;
    atomic_long beats, got[65];
    long value;
};
static struct shared *shared;

static const struct image_signals all = {.stop = UINT64_MAX, .pass = UINT64_MAX};

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void on_signal(int signo)
{
    shared->got[signo]++;
}

static pid_t start(void (*body)(void))
{
    memset(shared, 0, sizeof(*shared));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        signal(SIGUSR1, on_signal);
        signal(SIGUSR2, on_signal);
        signal(SIGALRM, on_signal);
        signal(SIGCONT, on_signal);
        body();
        _exit(0);
    }
    for (int i = 0; i < 5000 && !shared->ready; i++)
        nap(1);
    assert_true(shared->ready);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static bool comes_true(const atomic_long *v, long least)
{
    for (int i = 0; i < 3000 && *v < least; i++)
        nap(1);
    return *v >= least;
}

static char state_of(pid_t pid)
{
    char path[32], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        fclose(f);
    return n > 0 ? strrchr(text, ')')[2] : 'X';
}

static void beat(void)
{
    shared->ready = 1;
    for (;;) {
        shared->beats++;
        nap(1);
    }
}

static struct image *hold(pid_t pid)
{
    struct image *im = NULL;
    assert_ok(image_hold_open(pid, &im));
    return im;
}

static void test_stands_still(void **state)
{
    (void)state;
    pid_t pid = start(beat);
    struct image *im = hold(pid);
    assert_int_equal(im->threads.n, 1);
    assert_true(im->threads.v[0].has_regs);
    assert_int_equal(im->threads.v[0].n_notes, im->arch->n_sets);
    assert_int_equal(im->signal.signo, 0);
    assert_int_equal(state_of(pid), 't');
    long beats = shared->beats;
    nap(20);
    assert_int_equal(shared->beats, beats);
    uint64_t seen = 0;
    assert_ok(space_read(&im->space, (taddr)(uintptr_t)&shared->beats, &seen, sizeof(seen)));
    assert_int_equal(seen, beats);
    image_free(im);
    assert_true(comes_true(&shared->beats, beats + 3));
    end(pid);
}

static void test_signals(void **state)
{
    (void)state;
    pid_t pid = start(beat);
    struct image *im = hold(pid);
    struct image_stop stop;

    kill(pid, SIGUSR1);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    assert_int_equal(stop.kind, IMAGE_STOP_SIGNAL);
    assert_int_equal(stop.signo, SIGUSR1);
    assert_int_equal(stop.tid, pid);
    assert_int_equal(im->signal.signo, SIGUSR1);
    assert_true(im->signal.has_sender);
    assert_int_equal(im->signal.pid, getpid());
    assert_int_equal(im->threads.v[0].n_notes, im->arch->n_sets + 1u);
    assert_int_equal(shared->got[SIGUSR1], 0);

    /* The next one waits already; the first is delivered before it. */
    kill(pid, SIGUSR2);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    assert_int_equal(stop.signo, SIGUSR2);
    assert_true(comes_true(&shared->got[SIGUSR1], 0));

    /* SIGUSR2 is dropped; SIGALRM passes without a stop. */
    struct image_signals some = {.stop = 1u << (SIGUSR1 - 1), .pass = 1u << (SIGALRM - 1) | 1u << (SIGUSR1 - 1)};
    kill(pid, SIGALRM);
    kill(pid, SIGUSR1);
    for (int i = 0; i < 2; i++) {
        assert_ok(image_hold_continue(im, &some, NULL, &stop));
        assert_int_equal(stop.signo, SIGUSR1);
        kill(pid, SIGUSR1);
    }
    assert_int_equal(shared->got[SIGUSR2], 0);
    assert_int_equal(shared->got[SIGALRM], 1);
    image_free(im);
    assert_true(comes_true(&shared->got[SIGUSR1], 4));
    assert_int_equal(shared->got[SIGUSR1], 4);
    end(pid);
}

static void *cancel_soon(void *arg)
{
    struct progress *p = arg;
    nap(30);
    atomic_store(&p->cancelled, true);
    return NULL;
}

static struct image_stop run_a_while(struct image *im)
{
    struct progress p = {0};
    struct image_stop stop = {0};
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_soon, &p);
    assert_ok(image_hold_continue(im, &all, &p, &stop));
    pthread_join(thread, NULL);
    return stop;
}

static void test_asked(void **state)
{
    (void)state;
    pid_t pid = start(beat);
    struct image *im = hold(pid);
    for (int i = 0; i < 5; i++) {
        long beats = shared->beats;
        assert_int_equal(run_a_while(im).kind, IMAGE_STOP_ASKED);
        assert_true(shared->beats > beats);
        assert_int_equal(state_of(pid), 't');
    }
    image_free(im);
    end(pid);
}

static void *thread_beat(void *arg)
{
    (void)arg;
    nap(20);
    shared->beats++;
    return NULL;
}

static void begin_threads(void)
{
    pthread_t t;
    shared->ready = 1;
    for (;;) {
        if (pthread_create(&t, NULL, thread_beat, NULL) == 0)
            pthread_detach(t);
        nap(1);
    }
}

static void test_threads_come_and_go(void **state)
{
    (void)state;
    pid_t pid = start(begin_threads);
    struct image *im = hold(pid);
    size_t others = 0;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(run_a_while(im).kind, IMAGE_STOP_ASKED);
        size_t with_regs = 0;
        for (size_t k = 0; k < im->threads.n; k++)
            with_regs += im->threads.v[k].has_regs;
        assert_true(with_regs >= 1);
        others += with_regs - 1;
        assert_true(im->threads.n < 1000); /* those that ended are gone */
    }
    assert_true(others > 0);
    image_free(im);
    long beats = shared->beats;
    assert_true(comes_true(&shared->beats, beats + 50));
    end(pid);
}

static void wait_then_exit(void)
{
    shared->ready = 1;
    while (!shared->go)
        nap(1);
    if (shared->go == 2)
        abort();
    if (shared->go == 3)
        execl("/bin/sleep", "sleep", "100", (char *)NULL);
    _exit(7);
}

static void *exec_in_thread(void *arg)
{
    wait_then_exit();
    return arg;
}

static void threads_then_exec(void)
{
    pthread_t t[4];
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, (void *(*)(void *))(void *)beat, NULL);
    pthread_create(&t[3], NULL, exec_in_thread, NULL);
    for (;;)
        nap(100);
}

static void test_ends(void **state)
{
    (void)state;
    struct image_stop stop;
    static const struct image_signals rest = {.stop = 0, .pass = UINT64_MAX};
    for (int go = 1; go <= 2; go++) {
        pid_t pid = start(wait_then_exit);
        struct image *im = hold(pid);
        shared->go = go;
        assert_ok(image_hold_continue(im, &rest, NULL, &stop));
        assert_int_equal(stop.kind, go == 1 ? IMAGE_STOP_EXITED : IMAGE_STOP_KILLED);
        assert_int_equal(stop.code, go == 1 ? 7 : 0);
        assert_int_equal(stop.signo, go == 1 ? 0 : SIGABRT);
        assert_err(image_hold_continue(im, &rest, NULL, &stop), ERR_GONE);
        image_free(im);
        end(pid);
    }
}

static void test_killed_while_held(void **state)
{
    (void)state;
    struct image_stop stop;
    pid_t pid = start(threads_then_exec);
    struct image *im = hold(pid);
    kill(pid, SIGKILL);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    assert_int_equal(stop.kind, IMAGE_STOP_KILLED);
    assert_int_equal(stop.signo, SIGKILL);
    image_free(im);
    end(pid);
}

static void test_exec(void **state)
{
    (void)state;
    struct image_stop stop;
    void (*bodies[])(void) = {wait_then_exit, threads_then_exec};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        pid_t pid = start(bodies[i]);
        struct image *im = hold(pid);
        shared->go = 3;
        assert_ok(image_hold_continue(im, &all, NULL, &stop));
        assert_int_equal(stop.kind, IMAGE_STOP_EXEC);
        assert_int_equal(im->threads.n, 1);
        assert_string_equal(im->comm, "sleep");
        uint64_t entry;
        uint8_t byte;
        assert_true(image_auxv(im, AT_ENTRY, &entry));
        assert_ok(space_read(&im->space, entry, &byte, 1));
        kill(pid, SIGUSR1);
        assert_ok(image_hold_continue(im, &all, NULL, &stop));
        assert_int_equal(stop.signo, SIGUSR1);
        image_free(im);
        end(pid);
    }
}

static void test_group_stop(void **state)
{
    (void)state;
    struct image_stop stop;
    pid_t pid = start(beat);
    struct image *im = hold(pid);
    kill(pid, SIGSTOP);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    assert_int_equal(stop.signo, SIGSTOP);
    /* Passed on, it stops the process until SIGCONT. */
    long beats = shared->beats;
    assert_int_equal(run_a_while(im).kind, IMAGE_STOP_ASKED);
    assert_int_equal(shared->beats, beats);
    kill(pid, SIGCONT);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    assert_int_equal(stop.signo, SIGCONT);
    assert_int_equal(run_a_while(im).kind, IMAGE_STOP_ASKED);
    assert_true(shared->beats > beats);

    kill(pid, SIGSTOP);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    image_free(im);
    for (int i = 0; i < 1000 && state_of(pid) != 'T'; i++)
        nap(1);
    assert_int_equal(state_of(pid), 'T');
    end(pid);
}

static int child_body(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        shared->beats++;
        nap(1);
    }
    return 0;
}

/* fork(), vfork() and the kinds of clone() that begin a process. */
static void begin_processes(void)
{
    static char stack[1 << 16];
    shared->ready = 1;
    for (;;) {
        if (fork() == 0)
            _exit(child_body(NULL));
        if (vfork() == 0)
            _exit(0);
        (void)clone(child_body, stack + sizeof(stack), 0, NULL);
        while (waitpid(-1, NULL, __WALL) > 0)
            ;
        shared->value++;
    }
}

static void test_children_run(void **state)
{
    (void)state;
    pid_t pid = start(begin_processes);
    struct image *im = hold(pid);
    for (int i = 0; i < 20; i++) {
        static const struct image_signals rest = {.stop = 0, .pass = UINT64_MAX};
        struct progress p = {0};
        struct image_stop stop = {0};
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, &p);
        assert_ok(image_hold_continue(im, &rest, &p, &stop));
        pthread_join(thread, NULL);
        assert_int_equal(stop.kind, IMAGE_STOP_ASKED);
        assert_int_equal(im->threads.n, 1);
    }
    assert_true(shared->value > 3);
    long rounds = shared->value;
    image_free(im);
    for (int i = 0; i < 3000 && shared->value < rounds + 3; i++)
        nap(1);
    assert_true(shared->value >= rounds + 3);
    end(pid);
}

/* Whatever the moment at which we are killed, no signal is lost and the target runs on. */
static void test_our_death(void **state)
{
    (void)state;
    pid_t pid = start(beat);
    long sent = 0;
    for (int i = 0; i < 60; i++) {
        pid_t tracer = fork();
        if (tracer == 0) {
            struct image *im = NULL;
            struct image_stop stop;
            if (image_hold_open(pid, &im))
                _exit(1);
            for (;;)
                if (image_hold_continue(im, &all, NULL, &stop))
                    _exit(2);
        }
        /* One at a time: equal signals that wait are one. */
        for (int k = 0; k < 3; k++) {
            kill(pid, SIGUSR1);
            sent++;
            nap(i % 4);
            if (k == i % 3)
                kill(tracer, SIGKILL);
            assert_true(comes_true(&shared->got[SIGUSR1], sent));
        }
        waitpid(tracer, NULL, 0);
    }
    nap(10);
    assert_int_equal(shared->got[SIGUSR1], sent);
    long beats = shared->beats;
    assert_true(comes_true(&shared->beats, beats + 3));
    end(pid);
}

static void test_refused(void **state)
{
    (void)state;
    struct image *im = NULL;
    struct image_stop stop;
    assert_err(image_hold_open(getpid(), &im), ERR_USAGE);
    pid_t pid = start(beat);
    im = hold(pid);
    struct image *second = NULL;
    assert_err(image_hold_open(pid, &second), ERR_BUSY);
    assert_ok(image_hold_detach(im, UINT64_MAX));
    long beats = shared->beats;
    assert_true(comes_true(&shared->beats, beats + 3));
    assert_err(image_hold_continue(im, &all, NULL, &stop), ERR_USAGE);
    image_free(im);
    end(pid);
}

static void test_detach_drops(void **state)
{
    (void)state;
    struct image_stop stop;
    pid_t pid = start(beat);
    struct image *im = hold(pid);
    kill(pid, SIGUSR1);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    assert_ok(image_hold_detach(im, ~(UINT64_C(1) << (SIGUSR1 - 1))));
    image_free(im);
    nap(20);
    assert_int_equal(shared->got[SIGUSR1], 0);
    end(pid);
}

int main(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stands_still), cmocka_unit_test(test_signals),
        cmocka_unit_test(test_asked),        cmocka_unit_test(test_threads_come_and_go),
        cmocka_unit_test(test_ends),         cmocka_unit_test(test_killed_while_held),
        cmocka_unit_test(test_exec),         cmocka_unit_test(test_group_stop),
        cmocka_unit_test(test_children_run), cmocka_unit_test(test_our_death),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_detach_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
