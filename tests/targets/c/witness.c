/* SPDX-License-Identifier: Apache-2.0 */
/* A program that watches whether a debugger did anything to it.
 *
 *   witness MIB THREADS [WORD...]
 *
 * Of MIB of memory every page is touched; one thread counts at both ends of it and in shared memory, first `low`, then
 * `shared`, then `high`, so that any instant has low >= shared >= high >= low - 1, and PAIRS more do so in a pair of
 * pages each, one at either end. THREADS wait, half in calls that a stop interrupts. Words:
 *
 *   reaper    it is given the orphans among its descendants
 *   seccomp   a filter kills it for beginning a process
 *   areas     `low` to `high` are followed by `unforked` and `wiped`, in memory that a fork does not hand on
 *   large     the same, and that memory is larger than what a debugger would copy at once
 *   vfork     a thread waits for a child of vfork(), as no tracer can wake it
 *   huge      the memory has pages of 2 MiB
 *   sparse    one page of 64 is touched
 *   random, heap, half   what is in it: noise; what a heap looks like, a quarter each of noise and zeros, and pointers and
 *             small numbers; noise in the first half, of which the second was never touched. Else a word a page.
 *
 * For every line on standard input one line comes on standard output:
 *
 *   gap NS child_signals N children N interrupted N descriptors N threads N
 *
 * the longest time between two beats since the last line, SIGCHLDs so far, whether waitpid() finds any child, calls
 * that ended with EINTR. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 4, PAGE = 4096 };
volatile uint64_t *low, *shared, *high, *unforked, *wiped;
struct pair {
    volatile uint64_t *low, *high;
} pairs[PAIRS];
static volatile uint64_t gap;
static volatile int child_signals, interrupted, reset;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void on_child(int signo)
{
    (void)signo;
    child_signals++;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *beat(void *arg)
{
    prctl(PR_SET_TIMERSLACK, 1);
    for (uint64_t last = now();;) {
        struct timespec pause = {.tv_nsec = 200000};
        if (nanosleep(&pause, NULL) != 0)
            interrupted++;
        uint64_t at = now();
        if (reset)
            reset = gap = 0;
        else if (at - last > gap)
            gap = at - last;
        last = at;
    }
    return arg;
}

static void *count(void *arg)
{
    for (;;) {
        ++*low;
        ++*shared;
        ++*high;
        ++*unforked;
        ++*wiped;
        if (*low % 1000 == 0)
            usleep(100);
    }
    return arg;
}

static void *count_pair(void *arg)
{
    for (struct pair *p = arg;;) {
        ++*p->low;
        ++*p->high;
        if (*p->low % 1000 == 0)
            usleep(1000);
    }
    return arg;
}

static void *wait_here(void *arg)
{
    if ((intptr_t)arg % 2 == 0) {
        pthread_mutex_lock(&lock);
        for (;;)
            pthread_cond_wait(&never, &lock);
    }
    for (;;)
        if (poll(NULL, 0, 1000) < 0)
            interrupted++;
}

static void start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    if (pthread_create(&thread, &attr, run, arg))
        abort();
}

/* What comes first in the file that says of a thread where it waits: the number of a call, or "running". */
static int waits(const char *tid)
{
    char path[64], text[16] = "";
    snprintf(path, sizeof path, "/proc/self/task/%.16s/syscall", tid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file))
        abort();
    fclose(file);
    return strtol(text, NULL, 10) == SYS_poll || strtol(text, NULL, 10) == SYS_futex;
}

/* Until so many threads are in the calls in which they wait. */
static void await(int wanted)
{
    int found;
    do {
        found = 0;
        DIR *dir = opendir("/proc/self/task");
        for (struct dirent *entry; dir && (entry = readdir(dir));)
            found += entry->d_name[0] != '.' && waits(entry->d_name);
        closedir(dir);
        usleep(1000);
    } while (found < wanted);
}

static int entries(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static void forbid_processes(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the call's number */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        abort();
}

static int has_word(int argc, char **argv, const char *word)
{
    for (int i = 3; i < argc; i++)
        if (!strcmp(argv[i], word))
            return 1;
    return 0;
}

static uint64_t noise(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void fill_page(char *page, uint64_t number, int heap, uint64_t *state)
{
    uint64_t words[PAGE / sizeof(uint64_t)] = {0};
    for (size_t i = 0; i < PAGE / sizeof *words && !(heap && number % 4 == 0); i++) {
        uint64_t r = noise(state);
        words[i] = !heap || number % 4 == 1 ? r : i % 2 ? (uintptr_t)page + (r & 0x3fffff0) : r % 1000;
    }
    memcpy(page, words, sizeof words);
}

static char *make_memory(size_t size, int argc, char **argv)
{
    enum { HUGE = 2 << 20 };
    int heap = has_word(argc, argv, "heap"), half = has_word(argc, argv, "half");
    int full = heap || half || has_word(argc, argv, "random");
    size_t step = has_word(argc, argv, "sparse") ? 64 * PAGE : PAGE;
    uint64_t state = 88172645463325252u;
    char *memory = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        exit(2);
    memory += -(uintptr_t)memory % HUGE;
    madvise(memory, size, has_word(argc, argv, "huge") ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t i = 0; i < (half ? size / 2 : size); i += step)
        if (full)
            fill_page(memory + i, i / PAGE, heap, &state);
        else
            memcpy(memory + i, &i, sizeof i);
    return memory;
}

static void place_counters(char *memory, size_t size)
{
    char *end = memory + size - PAGE;
    low = (volatile uint64_t *)memory;
    high = (volatile uint64_t *)end;
    *low = *high = 0;
    for (int i = 0; i < PAIRS; i++) {
        pairs[i].low = (volatile uint64_t *)(memory + (i + 1) * PAGE);
        pairs[i].high = (volatile uint64_t *)(end - (i + 1) * PAGE);
        *pairs[i].low = *pairs[i].high = 0;
    }
}

static void *wait_for_child(void *arg)
{
    if (vfork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return arg;
}

int main(int argc, char **argv)
{
    char line[64];
    int pair[2];
    if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return 2;
    if (has_word(argc, argv, "reaper"))
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct sigaction act = {.sa_handler = on_child};
    sigaction(SIGCHLD, &act, NULL);
    size_t size = (size_t)atoi(argv[1]) << 20;
    place_counters(make_memory(size, argc, argv), size);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    size_t more = has_word(argc, argv, "large") ? 16 << 20 : 64 << 10;
    unforked = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    wiped = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (has_word(argc, argv, "large") || has_word(argc, argv, "areas")) {
        madvise((void *)unforked, more, MADV_DONTFORK);
        madvise((void *)wiped, more, MADV_WIPEONFORK);
    }
    start(count, NULL);
    for (int i = 0; i < PAIRS; i++)
        start(count_pair, &pairs[i]);
    start(beat, NULL);
    for (int i = 0; i < atoi(argv[2]); i++)
        start(wait_here, (void *)(intptr_t)i);
    await(atoi(argv[2]));
    if (has_word(argc, argv, "vfork"))
        start(wait_for_child, NULL);
    if (has_word(argc, argv, "seccomp"))
        forbid_processes();
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        if (line[0] == 'c') { /* does the other end of a socket see that this one was closed? */
            close(pair[0]);
            struct pollfd other = {.fd = pair[1], .events = POLLIN};
            printf("closed %d\n", poll(&other, 1, 1000) == 1 && (other.revents & POLLHUP));
            continue;
        }
        pid_t child = waitpid(-1, NULL, WNOHANG);
        int children = !(child < 0 && errno == ECHILD);
        printf("gap %llu child_signals %d children %d interrupted %d descriptors %d threads %d\n",
               (unsigned long long)gap, child_signals, children, interrupted, entries("/proc/self/fd"),
               entries("/proc/self/task"));
        reset = 1;
    }
    return 0;
}
