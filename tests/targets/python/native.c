/* SPDX-License-Identifier: Apache-2.0 */
/* C that Python calls through ctypes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static volatile int keep;

/* Calls back `n` levels further down. */
int native_visit(int (*visit)(int), int n)
{
    int result = n > 0 ? native_visit(visit, n - 1) : visit(n);
    keep = result;
    return result + 1;
}

/* Says "ready" and never comes back. */
void native_hold(void)
{
    keep = (int)write(1, "ready\n", 6);
    for (;;) {
        pause();
        keep++;
    }
}

static void store(int *at)
{
    *at = 7;
    keep++;
}

int native_crash(void)
{
    store((int *)(long)keep);
    return keep;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* A heart that beats every 200 microseconds, as that of c/threads.c, which says what the file has. Never comes back. */
void native_beat(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, 4096))
        abort();
    volatile uint64_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        abort();
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
}
