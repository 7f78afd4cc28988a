/* SPDX-License-Identifier: Apache-2.0
 *
 * threads N [-b FILE] [-d DEPTH] [crash]: N threads that wait in various
 * calls, DEPTH calls deep (10). Prints "ready" once all of them sleep.
 *
 * -b FILE runs a heartbeat thread beside them for measuring pauses: it sleeps
 * 200 microseconds at a time and writes what it sees to FILE, four 64-bit
 * numbers that the reader maps too:
 *   0  beats so far
 *   1  longest time between two beats, nanoseconds
 *   2  set to 1 by the reader to start anew; set to 0 by the next beat
 *   3  time of the last beat, CLOCK_MONOTONIC nanoseconds
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

enum { KINDS = 6, STACK = 128 * 1024 };

struct waiter {
    pid_t tid;
    int number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t no_sem;
static int no_pipe[2];
static int no_epoll;
static int depth = 10;
static int *volatile no_int;
static volatile int stop;

NOINLINE static void wait_in(int kind)
{
    char byte;
    struct pollfd fd = {.fd = no_pipe[0], .events = POLLIN};
    struct timespec day = {.tv_sec = 86400};
    struct epoll_event event;
    switch (kind) {
    case 0:
        pthread_mutex_lock(&lock);
        pthread_cond_wait(&never, &lock);
        pthread_mutex_unlock(&lock);
        break;
    case 1: poll(&fd, 1, -1); break;
    case 2: nanosleep(&day, NULL); break;
    case 3:
        if (read(no_pipe[0], &byte, 1) < 0)
            abort();
        break;
    case 4: sem_wait(&no_sem); break;
    default: epoll_wait(no_epoll, &event, 1, -1); break;
    }
}

NOINLINE static int descend(int left, int kind)
{
    volatile int here = left;
    int below = 0;
    if (left > 0)
        below = descend(left - 1, kind);
    else
        while (!stop)
            wait_in(kind);
    __asm__ volatile("" : : "r"(&here) : "memory");
    return below + here;
}

static void *waiter_main(void *arg)
{
    struct waiter *waiter = arg;
    char name[16];
    snprintf(name, sizeof name, "waiter-%d", waiter->number);
    pthread_setname_np(pthread_self(), name);
    __atomic_store_n(&waiter->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
    descend(depth, waiter->number % KINDS);
    return NULL;
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void *heartbeat(void *arg)
{
    volatile uint64_t *page = arg;
    pthread_setname_np(pthread_self(), "heartbeat");
    prctl(PR_SET_TIMERSLACK, 1);
    for (uint64_t last = now();;) {
        struct timespec pause = {.tv_nsec = 200000};
        nanosleep(&pause, NULL);
        uint64_t beat = now();
        if (page[2]) {
            page[1] = 0;
            page[2] = 0;
        } else if (beat - last > page[1]) {
            page[1] = beat - last;
        }
        page[3] = last = beat;
        page[0]++;
    }
    return NULL;
}

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

static void start_heartbeat(const char *path)
{
    pthread_t thread;
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, 4096))
        abort();
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED || pthread_create(&thread, NULL, heartbeat, page))
        abort();
}

NOINLINE static void crash(void)
{
    *no_int = 1;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    int want_crash = 0;
    const char *beats = NULL;
    if (count < 1)
        return 2;
    for (int i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "-b") && i + 1 < argc)
            beats = argv[++i];
        else if (!strcmp(argv[i], "-d") && i + 1 < argc)
            depth = atoi(argv[++i]);
        else if (!strcmp(argv[i], "crash"))
            want_crash = 1;
        else
            return 2;
    }
    struct waiter *waiters = calloc((size_t)count, sizeof *waiters);
    pthread_attr_t attr;
    if (!waiters || pipe(no_pipe) || sem_init(&no_sem, 0, 0) || (no_epoll = epoll_create1(0)) < 0)
        abort();
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK + (size_t)depth * 256);
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        waiters[i].number = i;
        if (pthread_create(&thread, &attr, waiter_main, &waiters[i])) {
            perror("pthread_create");
            return 1;
        }
    }
    for (int i = 0; i < count; i++) {
        pid_t tid;
        while (!(tid = __atomic_load_n(&waiters[i].tid, __ATOMIC_ACQUIRE)) || !asleep(tid))
            usleep(1000);
    }
    if (beats)
        start_heartbeat(beats);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return 1;
    if (want_crash)
        crash();
    for (;;)
        pause();
}
