/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc as text: those of a live process, and the copies that a minidump holds. Private to
 * image/. Formats: proc(5). */
#ifndef IMAGE_PROC_TEXT_H
#define IMAGE_PROC_TEXT_H

#include "image/build.h"

/* From /proc/PID/status. */
struct proc_status {
    int32_t tgid, ppid, tracer;
    uint32_t uid[3], gid[3]; /* real, effective, saved */
    uint64_t cap_permitted, cap_effective;
    uint32_t seccomp; /* mode; 0 none */
    uint64_t own; /* bytes: anonymous, of shared memory, in swap, of huge pages */
    uint64_t page_tables; /* bytes */
    char state;
    char comm[64]; /* as escaped there */
};

/* From /proc/PID/stat or task/TID/stat. */
struct proc_stat {
    char comm[64];
    char state;
    int32_t pgrp, sid;
    uint32_t flags;        /* PF_* */
    uint64_t utime, stime; /* ticks */
    uint64_t start;        /* ticks since boot */
    uint64_t threads, resident; /* pages */
};

/* Fields that are absent are 0 or "". */
struct proc_status proc_text_status(const char *text);
/* False when the text is not as documented. */
bool proc_text_stat(const char *text, struct proc_stat *out);
/* Adds a mapping to im->maps for each line; lines of another form are passed over. Changes `text`. */
void proc_text_maps(char *text, struct image *im);

#endif
