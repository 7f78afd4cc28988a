/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/mem.h"

static const char *kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    default:
        return "not a regular file";
    }
}

struct err *filemap_fd(int fd, const char *path, struct filemap *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(errno, "cannot stat %s", path);
    if (!S_ISREG(st.st_mode))
        return err_new(ERR_UNSUPPORTED, "cannot read %s: it is %s", path, kind_name(st.st_mode));
    if (st.st_size == 0)
        return err_new(ERR_UNSUPPORTED, "cannot read %s: it is empty", path);

    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_errno(errno, "cannot map %s", path);
    *out = (struct filemap){
        .data = {.p = p, .n = (size_t)st.st_size},
        .path = xstrdup(path),
    };
    return NULL;
}

struct err *filemap_open(const char *path, struct filemap *out)
{
    /* O_NONBLOCK: a pipe without a writer is refused below, not waited for. */
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_errno(errno, "cannot open %s", path);
    return filemap_fd(fd, path, out);
}

void filemap_done(struct filemap *f)
{
    if (f->data.p)
        munmap((void *)f->data.p, f->data.n);
    free(f->path);
    *f = (struct filemap){0};
}

/* A page or more a read: files of /proc are made up anew at each. */
enum { SLURP_STEP = 4096 };

struct err *file_slurp(const char *path, size_t limit, char **out, size_t *n_out)
{
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_errno(errno, "cannot open %s", path);

    SCOPED(freep) char *buf = NULL;
    size_t n = 0, cap = 0;
    for (;;) {
        buf = vec_grow_(buf, &cap, n + SLURP_STEP, 1);
        ssize_t got = read(fd, buf + n, cap - n - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(errno, "cannot read %s", path);
        if (got == 0)
            break;
        n += (size_t)got;
        if (n > limit)
            return err_new(ERR_LIMIT, "%s is longer than %zu bytes", path, limit);
    }
    buf[n] = '\0';
    *out = TAKE(buf);
    if (n_out)
        *n_out = n;
    return NULL;
}

int file_write(int fd, const void *p, size_t n, uint64_t at)
{
    const uint8_t *from = p;

    while (n > 0) {
        ssize_t done = pwrite(fd, from, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return errno;
        from += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

enum { SPARSE_BLOCK = 4096 };

/* How many bytes from `at` on belong to blocks that are all zeros, or none of which is. */
static size_t run_of(const uint8_t *p, size_t n, size_t at, bool zeros)
{
    size_t end = at;

    while (end < n) {
        size_t len = n - end < SPARSE_BLOCK ? n - end : SPARSE_BLOCK;
        if (all_zero(p + end, len) != zeros)
            break;
        end += len;
    }
    return end - at;
}

size_t file_next_piece(const void *bytes, size_t n, size_t hole, size_t *start)
{
    const uint8_t *p = bytes;
    size_t end = *start += run_of(p, n, *start, true);

    while (end < n) {
        end += run_of(p, n, end, false);
        size_t zeros = run_of(p, n, end, true);
        if (zeros >= hole || end + zeros == n)
            break;
        end += zeros;
    }
    return end - *start;
}

int file_write_sparse(int fd, const void *p, size_t n, uint64_t at)
{
    const uint8_t *from = p;
    int error = 0;

    for (size_t start = 0, size; !error && (size = file_next_piece(from, n, 1, &start)) > 0; start += size)
        error = file_write(fd, from + start, size, at + start);
    return error;
}
