/* SPDX-License-Identifier: Apache-2.0 */
/* Writing past the page cache: open(2), "O_DIRECT". */
#include "capture/priv.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

/* Each write waits for the disk, which takes so many bytes in the time that it needs for one write more. */
enum { HOLE = 16 << 10 };

void sink_open(struct sink *s, int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    *s = (struct sink){.fd = fd, .direct = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC)};
}

void sink_close(struct sink *s)
{
    closep(&s->direct);
}

void *sink_buffer(size_t n)
{
    void *p = aligned_alloc(SINK_ALIGN, (n + SINK_ALIGN - 1) / SINK_ALIGN * SINK_ALIGN);
    if (!p)
        mem_exhausted();
    return p;
}

static bool may_pass_cache(const struct sink *s, size_t n, uint64_t at)
{
    return s->direct >= 0 && n % SINK_ALIGN == 0 && at % SINK_ALIGN == 0;
}

/* EINVAL: a file system may refuse what it let us open, and before the disk is full it may take a part of a page. */
int sink_write(const struct sink *s, const void *p, size_t n, uint64_t at)
{
    int error = may_pass_cache(s, n, at) ? file_write(s->direct, p, n, at) : EINVAL;

    return error == EINVAL ? file_write(s->fd, p, n, at) : error;
}

int sink_write_sparse(const struct sink *s, const void *p, size_t n, uint64_t at)
{
    int error = may_pass_cache(s, n, at) ? file_write_sparse(s->direct, p, n, at, HOLE) : EINVAL;

    return error == EINVAL ? file_write_sparse(s->fd, p, n, at, 1) : error;
}
