/* SPDX-License-Identifier: Apache-2.0 */
/* Writing past the page cache: open(2), "O_DIRECT". */
#include "capture/priv.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

enum {
    HUGE = 2 << 20, /* bytes of a huge page */
    HOLE = 16 << 10,  /* bytes that the disk takes in the time that it needs for one write more */
    PIECE = 64 << 10, /* each write waits for the disk: smaller ones are left to the kernel to gather */
};

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

/* Of huge pages where it has the size of some: a fault a page is a tenth of what a dump of some MiB takes, and each write
 * past the page cache looks up every page. */
void *sink_buffer(size_t n)
{
    size_t align = n >= HUGE ? HUGE : SINK_ALIGN;
    void *p = aligned_alloc(align, (n + align - 1) / align * align);

    if (!p)
        mem_exhausted();
    if (align == HUGE)
        (void)madvise(p, n, MADV_HUGEPAGE);
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

/* What is written. */
struct pieces {
    struct runs runs;
    size_t bytes;
};

/* Not far behind the last one it is a part of that. */
static void add_piece(struct pieces *pieces, uint8_t *block, size_t start, size_t n)
{
    struct run *last = pieces->runs.v.n ? &pieces->runs.v.v[pieces->runs.v.n - 1] : NULL;
    size_t gap = last ? start - (last->start + last->n) : 0;

    if (last && gap < HOLE) {
        memset(block + start - gap, 0, gap);
        last->n += gap + n;
        pieces->bytes += gap + n;
    } else {
        *vec_push(&pieces->runs.v) = (struct run){.start = start, .n = n};
        pieces->bytes += n;
    }
}

static void find_pieces(uint8_t *block, const struct runs *runs, struct pieces *out)
{
    for (size_t i = 0; i < runs->v.n; i++) {
        struct run r = runs->v.v[i];
        for (size_t at = 0, size; (size = file_next_piece(block + r.start, r.n, HOLE, &at)) > 0; at += size)
            add_piece(out, block, r.start + at, size);
    }
}

int sink_write_runs(const struct sink *s, uint8_t *block, const struct runs *runs, uint64_t at)
{
    struct pieces pieces = {0};
    int error = 0;

    find_pieces(block, runs, &pieces);
    bool large = pieces.bytes / PIECE >= pieces.runs.v.n;
    for (size_t i = 0; i < pieces.runs.v.n && !error; i++) {
        size_t start = pieces.runs.v.v[i].start, size = pieces.runs.v.v[i].n;
        error = large ? sink_write(s, block + start, size, at + start)
                      : file_write_sparse(s->fd, block + start, size, at + start);
    }
    vec_done(&pieces.runs.v);
    return error;
}
