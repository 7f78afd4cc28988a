/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is looked at again and again, without being stopped: a few system calls a look, on descriptors that
 * are kept. Threads: one at a time. */
#ifndef IMAGE_WATCH_H
#define IMAGE_WATCH_H

#include "base/err.h"

struct watch;
struct watch_sample {
    uint64_t at;       /* now_ns() */
    uint64_t cpu_ns;   /* processor time of all threads, those that ended too (clock_getcpuclockid(3)) */
    uint64_t resident; /* bytes in memory */
    uint64_t threads, files; /* files 0: not asked for */
};
/* `pid` may be any thread's. ERR_NOT_FOUND, ERR_UNSUPPORTED (Linux before 5.3). */
struct err *watch_open(int32_t pid, bool files, struct watch **out) MUST_CHECK;
void watch_free(struct watch *w); /* NULL is allowed */
/* ERR_GONE: it has ended. ERR_PERMISSION: its files may not be counted. */
struct err *watch_look(struct watch *w, struct watch_sample *out) MUST_CHECK;
/* Sleeps; less when the process ends (true) or a signal comes. */
bool watch_sleep(struct watch *w, uint64_t ns);

#endif
