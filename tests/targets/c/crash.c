/* SPDX-License-Identifier: Apache-2.0
 *
 * Die, or wait, in a chosen way, with other threads blocked in known calls.
 *
 *   crash [-t] DEATH     -t: die on a thread instead of on main
 *   crash                list the deaths
 *
 * Prints "ready" once every helper thread sleeps in its call. The way down is
 * main, run, [on_thread,] level_one, level_two, level_three and inner (both
 * inlined, at -O0 too), tail_first, tail_second (tail calls from -O2 on), blow,
 * die_*.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
/* Keeps a call from becoming a jump, and a value from being removed. */
#define KEEP(value) __asm__ volatile("" : : "r"(value) : "memory")

enum { HELPERS = 5 };

struct item {
    struct item *next;
    int count;
};

static volatile pid_t helper_tid[HELPERS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t no_sem;
static int no_pipe[2];
static volatile int zero;
static struct item *volatile no_item;
static int on_thread_wanted;

/* Helper threads: each waits for good in its own call. */

NOINLINE static void wait_cond(void)
{
    pthread_mutex_lock(&lock);
    for (;;)
        pthread_cond_wait(&never, &lock);
}

NOINLINE static void wait_poll(void)
{
    struct pollfd fd = {.fd = no_pipe[0], .events = POLLIN};
    for (;;)
        poll(&fd, 1, -1);
}

NOINLINE static void wait_sleep(void)
{
    for (;;) {
        struct timespec day = {.tv_sec = 86400};
        nanosleep(&day, NULL);
    }
}

NOINLINE static void wait_read(void)
{
    char byte;
    for (;;)
        if (read(no_pipe[0], &byte, 1) < 0)
            abort();
}

NOINLINE static void wait_sem(void)
{
    for (;;)
        sem_wait(&no_sem);
}

static const struct {
    const char *name;
    void (*wait)(void);
} helpers[HELPERS] = {
    {"cond-waiter", wait_cond}, {"poller", wait_poll},   {"sleeper", wait_sleep},
    {"reader", wait_read},      {"sem-waiter", wait_sem},
};

static void *helper_main(void *arg)
{
    size_t i = (size_t)(uintptr_t)arg;
    pthread_setname_np(pthread_self(), helpers[i].name);
    helper_tid[i] = (pid_t)syscall(SYS_gettid);
    helpers[i].wait();
    return NULL;
}

/* Has the thread gone to sleep in the kernel? */
static int asleep(pid_t tid)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    char *end = strrchr(text, ')');
    return end && end[1] && end[2] == 'S';
}

static void start_helpers(void)
{
    if (pipe(no_pipe) || sem_init(&no_sem, 0, 0))
        abort();
    for (size_t i = 0; i < HELPERS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, helper_main, (void *)(uintptr_t)i))
            abort();
    }
    for (size_t i = 0; i < HELPERS; i++)
        while (!helper_tid[i] || !asleep(helper_tid[i]))
            usleep(1000);
}

/* Deaths. */

NOINLINE static int die_segv(struct item *list)
{
    int count = list->next ? 1 : 0;
    no_item->count = count;
    return count;
}

NOINLINE static int die_abort(struct item *list)
{
    abort();
    return list->count;
}

NOINLINE static int die_null_call(struct item *list)
{
    int (*volatile function)(struct item *) = NULL;
    int result = function(list);
    KEEP(result);
    return result + 1;
}

NOINLINE static int die_bad_jump(struct item *list)
{
    int (*volatile function)(struct item *) = (int (*)(struct item *))(uintptr_t)0x600000000123;
    int result = function(list);
    KEEP(result);
    return result + 1;
}

static unsigned char not_code[64] = {0x90, 0x90, 0xc3};

NOINLINE static int die_data_jump(struct item *list)
{
    int (*volatile function)(struct item *) = (int (*)(struct item *))(uintptr_t)not_code;
    int result = function(list);
    KEEP(result);
    return result + 1;
}

NOINLINE static int die_div0(struct item *list)
{
    int result = list->count / zero;
    KEEP(result);
    return result;
}

NOINLINE static int die_trap(struct item *list)
{
    KEEP(list);
    __builtin_trap();
}

NOINLINE static int die_sigbus(struct item *list)
{
    long page = sysconf(_SC_PAGESIZE);
    FILE *file = tmpfile();
    if (!file || ftruncate(fileno(file), 2 * page))
        abort();
    volatile char *map = mmap(NULL, (size_t)(2 * page), PROT_READ, MAP_SHARED, fileno(file), 0);
    if (map == MAP_FAILED || ftruncate(fileno(file), page))
        abort();
    return map[page + list->count];
}

NOINLINE static int overflow(int depth)
{
    volatile int here = depth;
    int below = zero ? 0 : overflow(depth + 1);
    KEEP(&here);
    return below + here;
}

NOINLINE static int die_overflow(struct item *list)
{
    int result = overflow(list->count);
    KEEP(result);
    return result;
}

NOINLINE static void handler_crash(int number)
{
    KEEP(number);
    no_item->count = number;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    KEEP(info);
    KEEP(context);
    handler_crash(number);
    KEEP(number);
}

NOINLINE static void on_signal_abort(int number, siginfo_t *info, void *context)
{
    KEEP(number);
    KEEP(info);
    KEEP(context);
    abort();
}

static void catch(int number, void (*action)(int, siginfo_t *, void *), int flags)
{
    static char stack[128 * 1024];
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction how;
    memset(&how, 0, sizeof how);
    how.sa_sigaction = action;
    how.sa_flags = SA_SIGINFO | flags;
    if ((flags & SA_ONSTACK) && sigaltstack(&alternative, NULL))
        abort();
    if (sigaction(number, &how, NULL))
        abort();
}

NOINLINE static int die_handler(struct item *list)
{
    catch(SIGUSR1, on_signal, 0);
    int result = raise(SIGUSR1);
    KEEP(result);
    return result + list->count;
}

NOINLINE static int die_handler_altstack(struct item *list)
{
    catch(SIGUSR1, on_signal, SA_ONSTACK);
    int result = raise(SIGUSR1);
    KEEP(result);
    return result + list->count;
}

/* The interrupted instruction is a faulting one, not a system call. */
NOINLINE static int die_caught_segv(struct item *list)
{
    catch(SIGSEGV, on_signal_abort, 0);
    return die_segv(list) + zero;
}

NOINLINE static int die_caught_overflow(struct item *list)
{
    catch(SIGSEGV, on_signal_abort, SA_ONSTACK);
    int result = overflow(list->count);
    KEEP(result);
    return result;
}

NOINLINE static int die_caught_null_call(struct item *list)
{
    catch(SIGSEGV, on_signal_abort, 0);
    return die_null_call(list) + zero;
}

NOINLINE static int die_assert(struct item *list)
{
    assert(list->count == 42 && "the list has forty-two items");
    KEEP(list);
    return list->count;
}

NOINLINE static int die_double_free(struct item *list)
{
    void *volatile block = malloc(4096);
    void *volatile other = malloc(4096);
    free(block);
    free(block);
    KEEP(other);
    return list->count;
}

/* Return to an address that no program can have. */
NOINLINE static int die_smash_return(struct item *list)
{
    void *volatile *frame = __builtin_frame_address(0);
    KEEP(list);
    frame[0] = (void *)(uintptr_t)0x4242424242424242;
    frame[1] = (void *)(uintptr_t)0x4141414141414141;
    return list->count;
}

/* The frame is overwritten and then the process dies further down. */
NOINLINE static int die_smash_up(struct item *list)
{
    void *volatile *frame = __builtin_frame_address(0);
    KEEP(list);
    for (int i = 0; i < 16; i++)
        frame[i] = (void *)(uintptr_t)0x4141414141414141;
    abort();
}

NOINLINE static int die_hang(struct item *list)
{
    for (;;)
        pause();
    return list->count;
}

/* Both wait for the other's lock. */
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *take_second_first(void *unused)
{
    pthread_setname_np(pthread_self(), "deadlocked");
    pthread_mutex_lock(&second);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&first);
    return unused;
}

NOINLINE static int die_deadlock(struct item *list)
{
    pthread_t thread;
    pthread_barrier_init(&both, NULL, 2);
    pthread_mutex_lock(&first);
    if (pthread_create(&thread, NULL, take_second_first, NULL))
        abort();
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&second);
    KEEP(list);
    return list->count;
}

static const struct death {
    const char *name;
    int (*die)(struct item *);
} deaths[] = {
    {"segv", die_segv},
    {"abort", die_abort},
    {"null-call", die_null_call},
    {"bad-jump", die_bad_jump},
    {"data-jump", die_data_jump},
    {"div0", die_div0},
    {"trap", die_trap},
    {"sigbus", die_sigbus},
    {"overflow", die_overflow},
    {"handler", die_handler},
    {"handler-altstack", die_handler_altstack},
    {"caught-segv", die_caught_segv},
    {"caught-overflow", die_caught_overflow},
    {"caught-null-call", die_caught_null_call},
    {"assert", die_assert},
    {"double-free", die_double_free},
    {"smash-return", die_smash_return},
    {"smash-up", die_smash_up},
    {"deadlock", die_deadlock},
    {"hang", die_hang}, /* for a death from outside, too */
};

/* The way down. */

NOINLINE static int blow(const struct death *death, struct item *list)
{
    int result = death->die(list);
    KEEP(result);
    return result + 1;
}

NOINLINE static int tail_second(const struct death *death, struct item *list)
{
    KEEP(list);
    return blow(death, list);
}

NOINLINE static int tail_first(const struct death *death, struct item *list)
{
    KEEP(death);
    return tail_second(death, list);
}

INLINE int inner(const struct death *death, struct item *list)
{
    int result = tail_first(death, list);
    KEEP(result);
    return result * 2;
}

INLINE int level_three(const struct death *death, struct item *list)
{
    int result = inner(death, list->next);
    KEEP(result);
    return result + 3;
}

NOINLINE static int level_two(const struct death *death, struct item *list)
{
    struct item tail = {.next = NULL, .count = 7};
    list->next = &tail;
    int result = level_three(death, list);
    KEEP(&tail);
    return result + 5;
}

NOINLINE static int level_one(const struct death *death)
{
    struct item head = {.next = NULL, .count = 3};
    int result = level_two(death, &head);
    KEEP(&head);
    return result;
}

static void *on_thread(void *death)
{
    pthread_setname_np(pthread_self(), "victim");
    int result = level_one(death);
    KEEP(result);
    return NULL;
}

NOINLINE static int run(const struct death *death)
{
    start_helpers();
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return 1;
    if (on_thread_wanted) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, on_thread, (void *)(uintptr_t)death))
            abort();
        pthread_join(thread, NULL);
        return 0;
    }
    int result = level_one(death);
    KEEP(result);
    return result;
}

int main(int argc, char **argv)
{
    int arg = 1;
    if (arg < argc && !strcmp(argv[arg], "-t")) {
        on_thread_wanted = 1;
        arg++;
    }
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        if (arg >= argc)
            puts(deaths[i].name);
        else if (!strcmp(argv[arg], deaths[i].name))
            return run(&deaths[i]);
    }
    return 2;
}
