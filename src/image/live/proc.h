/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a process. Private to image/live/.
 *
 * All files are opened below one descriptor of /proc/PID, which stays bound to the process: when the id is
 * given to another one, reads fail instead of showing that one. Formats: proc(5). */
#ifndef IMAGE_LIVE_PROC_H
#define IMAGE_LIVE_PROC_H

#include "image/proc_text.h"

struct proc {
    int32_t pid; /* of the thread group */
    int dir;     /* /proc/PID, O_PATH */
    int mem;     /* /proc/PID/mem, read-only; -1 until proc_open_mem() */
    int pages;   /* /proc/PID/pagemap; -1: not open, which is no error */
};
/* Nothing is open. */
#define PROC_NONE ((struct proc){.dir = -1, .mem = -1, .pages = -1})

/* ERR_NOT_FOUND when there is no such process. `pid` may be any thread of it. */
struct err *proc_open(int32_t pid, struct proc *out) MUST_CHECK;
/* Opens the memory, and what is known of its pages, below `folder` of /proc/PID ("" or "task/TID/"); anew, where they
 * were open. The kernel asks for the same rights as for ptrace. Returns 0 or errno. */
int proc_open_mem(struct proc *p, const char *folder);
void proc_done(struct proc *p);

/* The whole of a file below /proc/PID, NUL-terminated; heap, caller's. n may be NULL. */
struct err *proc_slurp(const struct proc *p, const char *name, char **out, size_t *n) MUST_CHECK;
struct err *proc_read_status(const struct proc *p, const char *name, struct proc_status *out) MUST_CHECK;
struct err *proc_read_stat(const struct proc *p, const char *name, struct proc_stat *out) MUST_CHECK;
/* Fills im->maps anew. */
struct err *proc_read_maps(const struct proc *p, const char *name, struct image *im) MUST_CHECK;
/* Thread ids, oldest first; heap, caller's. Returns 0 or errno. */
int proc_list_tasks(const struct proc *p, int32_t **tids, size_t *n);
/* The names in a folder below /proc/PID that are numbers, in the kernel's order; the same. */
int proc_list_numbers(const struct proc *p, const char *folder, int32_t **out, size_t *n);
/* How many threads there are: cheap enough for a stopped target. 0 when the process is gone. */
size_t proc_count_tasks(const struct proc *p);
/* Target of a link ("exe", "ns/user"); heap, NULL when it cannot be read. */
char *proc_readlink(const struct proc *p, const char *name);

#endif
