/* SPDX-License-Identifier: Apache-2.0 */
#include "image/watch.h"

#include "base/log.h"
#include "image/live/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

enum { PAGE = 4096 };

struct watch {
    struct proc proc;
    int pidfd, stat; /* stat: /proc/PID/stat */
    clockid_t clock;
    bool files;
};

void watch_free(struct watch *w)
{
    if (!w)
        return;
    closep(&w->pidfd);
    closep(&w->stat);
    proc_done(&w->proc);
    free(w);
}

static struct err *ended(const struct watch *w)
{
    return err_new(ERR_GONE, "process %" PRId32 " has ended", w->proc.pid);
}

static struct err *open_all(struct watch *w, int32_t pid)
{
    TRY(proc_open(pid, &w->proc));
    w->pidfd = (int)syscall(SYS_pidfd_open, w->proc.pid, 0);
    if (w->pidfd < 0 && errno == ENOSYS)
        return err_new(ERR_UNSUPPORTED, "this kernel cannot watch a process: Linux 5.3 can");
    if (w->pidfd < 0 || clock_getcpuclockid(w->proc.pid, &w->clock) != 0)
        return ended(w);
    w->stat = openat(w->proc.dir, "stat", O_RDONLY | O_CLOEXEC);
    return w->stat < 0 ? ended(w) : NULL;
}

struct err *watch_open(int32_t pid, bool files, struct watch **out)
{
    struct watch *w = xcalloc(1, sizeof(*w));

    *w = (struct watch){.proc = PROC_NONE, .pidfd = -1, .stat = -1, .files = files};
    struct err *e = open_all(w, pid);
    if (e)
        watch_free(w);
    else
        *out = w;
    return e;
}

/* The size of that folder is their number since Linux 6.2 (fs/proc/fd.c, proc_fd_getattr()); before, it is 0. */
static struct err *count_files(const struct watch *w, uint64_t *out)
{
    struct stat st;
    SCOPED(freep) int32_t *list = NULL;
    size_t n = 0;

    if (fstatat(w->proc.dir, "fd", &st, 0) == 0 && st.st_size > 0) {
        *out = (uint64_t)st.st_size;
        return NULL;
    }
    int error = proc_list_numbers(&w->proc, "fd", &list, &n);
    if (error)
        return error == ENOENT || error == ESRCH
                   ? ended(w)
                   : err_errno(error, "cannot count the files of process %" PRId32, w->proc.pid);
    *out = n;
    return NULL;
}

bool watch_sleep(struct watch *w, uint64_t ns)
{
    struct pollfd p = {.fd = w->pidfd, .events = POLLIN};
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};

    return ppoll(&p, 1, &t, NULL) == 1;
}

struct err *watch_look(struct watch *w, struct watch_sample *out)
{
    char text[1024];
    struct timespec cpu;
    struct proc_stat st;
    struct watch_sample s = {0};

    if (watch_sleep(w, 0) || clock_gettime(w->clock, &cpu) != 0)
        return ended(w);
    ssize_t n = pread(w->stat, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (n <= 0 || !proc_text_stat(text, &st))
        return ended(w);
    s.at = now_ns();
    s.cpu_ns = (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec;
    s.threads = st.threads;
    s.resident = st.resident * PAGE;
    if (w->files)
        TRY(count_files(w, &s.files));
    *out = s;
    return NULL;
}
