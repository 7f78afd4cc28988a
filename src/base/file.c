/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct err *filemap_fd(int fd, const char *path, struct filemap *out)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_errno(errno, "cannot stat %s", path);
    if (!S_ISREG(st.st_mode))
        return err_hint(err_new(ERR_UNSUPPORTED, "%s is not a regular file", path), "give a regular file");
    if (st.st_size == 0)
        return err_new(ERR_UNSUPPORTED, "%s is empty", path);

    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_errno(errno, "cannot map %s", path);
    *out = (struct filemap){
        .data = {p, (size_t)st.st_size},
        .path = xstrdup(path),
        .dev = st.st_dev,
        .ino = st.st_ino,
    };
    return NULL;
}

struct err *filemap_open(const char *path, struct filemap *out)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer; it changes nothing for regular files. */
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return err_errno(errno, "cannot open %s", path);
    return filemap_fd(fd, path, out);
}

void filemap_done(struct filemap *f)
{
    if (f->data.p)
        munmap((void *)(uintptr_t)f->data.p, f->data.n);
    free(f->path);
    *f = (struct filemap){0};
}

struct err *file_slurp(const char *path, size_t limit, char **out, size_t *n_out)
{
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    SCOPED(freep) char *buf = NULL;
    size_t n = 0, cap = 0;

    if (fd < 0)
        return err_errno(errno, "cannot open %s", path);
    for (;;) {
        if (n + 1 >= cap) {
            cap = cap ? cap * 2 : 4096;
            buf = xrealloc_array(buf, cap, 1);
        }
        ssize_t got = read(fd, buf + n, cap - 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(errno, "cannot read %s", path);
        if (got == 0)
            break;
        n += (size_t)got;
        if (n > limit)
            return err_new(ERR_LIMIT, "%s is larger than %zu bytes", path, limit);
    }
    buf[n] = '\0';
    *out = TAKE(buf);
    *n_out = n;
    return NULL;
}
