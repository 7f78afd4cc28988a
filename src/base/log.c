/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static int level;

void log_set_level(int l)
{
    level = l;
}

int log_level(void)
{
    return level;
}

void log_line(int l, const char *fmt, ...)
{
    va_list ap;

    if (l > level)
        return;
    va_start(ap, fmt);
    flockfile(stderr);
    fputs("inquest: ", stderr);
    vfprintf(stderr, fmt, ap);
    putc('\n', stderr);
    funlockfile(stderr);
    va_end(ap);
}

uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
