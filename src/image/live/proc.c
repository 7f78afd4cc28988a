/* SPDX-License-Identifier: Apache-2.0 */
#include "image/live/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>

enum { FILE_MAX = 64 << 20 };

void proc_done(struct proc *p)
{
    closep(&p->pages);
    closep(&p->mem);
    closep(&p->dir);
    p->pages = p->mem = p->dir = -1;
}

struct err *proc_open(int32_t pid, struct proc *out)
{
    SCOPED(proc_done) struct proc p = PROC_NONE;
    struct proc_status status;
    char path[32];

    p.pid = pid;
    snprintf(path, sizeof(path), "/proc/%" PRId32, pid);
    p.dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p.dir < 0 && errno == ENOENT)
        return err_new(ERR_NOT_FOUND, "there is no process %" PRId32, pid);
    if (p.dir < 0)
        return err_errno(errno, "cannot open %s", path);
    TRY(proc_read_status(&p, "status", &status));
    if (status.tgid != pid)
        return proc_open(status.tgid, out);
    *out = p;
    p.dir = -1;
    return NULL;
}

static void open_again(const struct proc *p, const char *folder, const char *name, int *fd)
{
    char path[64];

    closep(fd);
    snprintf(path, sizeof(path), "%s%s", folder, name);
    *fd = openat(p->dir, path, O_RDONLY | O_CLOEXEC);
}

int proc_open_mem(struct proc *p, const char *folder)
{
    open_again(p, folder, "pagemap", &p->pages);
    open_again(p, folder, "mem", &p->mem);
    return p->mem < 0 ? errno : 0;
}

static struct err *failed(const struct proc *p, const char *name)
{
    if (errno == ENOENT || errno == ESRCH)
        return err_new(ERR_GONE, "process %" PRId32 " ended while it was looked at", p->pid);
    return err_errno(errno, "cannot read /proc/%" PRId32 "/%s", p->pid, name);
}

struct err *proc_slurp(const struct proc *p, const char *name, char **out, size_t *n)
{
    SCOPED(closep) int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);
    SCOPED(freep) char *text = NULL;
    size_t len = 0, cap = 4096;

    if (fd < 0)
        return failed(p, name);
    text = xmalloc(cap + 1);
    for (;;) {
        if (len == cap) {
            if (cap >= FILE_MAX)
                return err_new(ERR_LIMIT, "/proc/%" PRId32 "/%s is larger than %d MiB", p->pid, name, FILE_MAX >> 20);
            cap *= 4;
            text = xrealloc_array(text, cap + 1, 1);
        }
        ssize_t got = read(fd, text + len, cap - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(p, name);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    if (n)
        *n = len;
    *out = TAKE(text);
    return NULL;
}

struct err *proc_read_status(const struct proc *p, const char *name, struct proc_status *out)
{
    SCOPED(freep) char *text = NULL;

    TRY(proc_slurp(p, name, &text, NULL));
    *out = proc_text_status(text);
    return NULL;
}

struct err *proc_read_stat(const struct proc *p, const char *name, struct proc_stat *out)
{
    SCOPED(freep) char *text = NULL;

    TRY(proc_slurp(p, name, &text, NULL));
    if (!proc_text_stat(text, out))
        return err_new(ERR_CORRUPT, "/proc/%" PRId32 "/%s is not as documented", p->pid, name);
    return NULL;
}

struct err *proc_read_maps(const struct proc *p, const char *name, struct image *im)
{
    SCOPED(freep) char *text = NULL;

    TRY(proc_slurp(p, name, &text, NULL));
    im->maps.n = 0;
    proc_text_maps(text, im);
    return NULL;
}

int proc_list_numbers(const struct proc *p, const char *folder, int32_t **out, size_t *n)
{
    int fd = openat(p->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    VEC(int32_t) found = {0};
    struct dirent *d;

    if (!dir) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return error;
    }
    while ((d = readdir(dir)))
        if (d->d_name[0] >= '0' && d->d_name[0] <= '9')
            *vec_push(&found) = (int32_t)strtol(d->d_name, NULL, 10);
    closedir(dir);
    *out = found.v;
    *n = found.n;
    return 0;
}

int proc_list_tasks(const struct proc *p, int32_t **tids, size_t *n)
{
    return proc_list_numbers(p, "task", tids, n);
}

size_t proc_count_tasks(const struct proc *p)
{
    struct stat st;

    /* Linux fs/proc/base.c, proc_task_getattr(): two links, and one for each thread. */
    return fstatat(p->dir, "task", &st, 0) == 0 && st.st_nlink > 2 ? (size_t)st.st_nlink - 2 : 0;
}

char *proc_readlink(const struct proc *p, const char *name)
{
    char buf[PATH_MAX + 16];
    ssize_t n = readlinkat(p->dir, name, buf, sizeof(buf));

    return n > 0 && (size_t)n < sizeof(buf) ? xstrndup(buf, (size_t)n) : NULL;
}
