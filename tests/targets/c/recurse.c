/* SPDX-License-Identifier: Apache-2.0
 *
 * recurse [DEPTH [abort|hang [chain]]]: call itself DEPTH times (20,000), print
 * "ready", then abort or wait. The stack limit is raised to fit.
 *
 * chain: optimised, the argument of each call is known only as the caller's
 * argument at entry less one, so a debugger that shows arguments has to go up
 * the whole stack for each frame. gdb 18 takes two minutes for 20,000 frames
 * and lldb 21 runs out of its own stack.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int hang;

__attribute__((noinline)) static int bottom(void)
{
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return 1;
    while (hang)
        pause();
    abort();
}

__attribute__((noinline)) static int rec(int depth)
{
    volatile int here = depth;
    int below = depth > 1 ? rec(depth - 1) : bottom();
    __asm__ volatile("" : : "r"(&here) : "memory");
    return below + depth;
}

__attribute__((noinline)) static int rec_chain(int depth)
{
    volatile int here = depth;
    int below = depth > 1 ? rec_chain(depth - 1) : bottom();
    __asm__ volatile("" : : "r"(&here) : "memory");
    return below + here;
}

int main(int argc, char **argv)
{
    int depth = argc > 1 ? atoi(argv[1]) : 20000;
    struct rlimit limit;
    hang = argc > 2 && !strcmp(argv[2], "hang");
    if (depth < 1)
        return 2;
    /* 256 bytes a frame is plenty; the limit counts from the next exec on. */
    if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur != RLIM_INFINITY
        && limit.rlim_cur < (rlim_t)depth * 256 && !getenv("RECURSE_RAISED")) {
        limit.rlim_cur = (rlim_t)depth * 256;
        if (limit.rlim_max != RLIM_INFINITY && limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        setenv("RECURSE_RAISED", "1", 1);
        if (!setrlimit(RLIMIT_STACK, &limit))
            execv("/proc/self/exe", argv);
    }
    if (argc > 3 && !strcmp(argv[3], "chain"))
        return rec_chain(depth) == 0;
    return rec(depth) == 0;
}
