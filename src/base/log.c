/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"

static int threshold;

void log_set_level(int level)
{
    threshold = level;
}

int log_level(void)
{
    return threshold;
}

void log_line(int level, const char *fmt, ...)
{
    if (level > threshold)
        return;
    SCOPED(freep) char *line = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();

    /* Written at once, so that lines of two threads do not mix; escaped, since names come from targets. */
    struct text t = {0};
    text_put(&t, "inquest: ");
    text_put_escaped(&t, line, (size_t)n);
    text_putc(&t, '\n');
    fwrite(t.p, 1, t.n, stderr);
    text_done(&t);
}

uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}
