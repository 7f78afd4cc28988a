/* SPDX-License-Identifier: Apache-2.0 */
#include "image/core/unpack.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum {
    PIECE = 1 << 20,        /* bytes decoded between two writes */
    CHECK_EVERY = 64 << 20, /* bytes between two looks at the free space */
};

/* The file that grows. */
struct sink {
    int fd;
    const char *dir;
    uint64_t at, checked_at;
};

static const char *temp_dir(void)
{
    const char *dir = secure_getenv("TMPDIR");
    return dir && dir[0] == '/' ? dir : "/var/tmp";
}

static struct err *sink_open(struct sink *s)
{
    s->dir = temp_dir();
    s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (s->fd >= 0)
        return NULL;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return err_hint(err_errno(errno, "cannot make a temporary file in %s", s->dir),
                        "set TMPDIR to a directory with room for the unpacked core");

    /* A file system without O_TMPFILE. */
    SCOPED(freep) char *name = xasprintf("%s/inquest-XXXXXX", s->dir);
    s->fd = mkostemp(name, O_CLOEXEC);
    if (s->fd < 0)
        return err_errno(errno, "cannot make a temporary file in %s", s->dir);
    unlink(name);
    return NULL;
}

static struct err *check_space(struct sink *s)
{
    struct statvfs v;

    if (s->at - s->checked_at < CHECK_EVERY && s->at > 0)
        return NULL;
    s->checked_at = s->at;
    if (fstatvfs(s->fd, &v) != 0 || v.f_bavail > v.f_blocks / 20)
        return NULL;
    return err_hint(
        err_new(ERR_LIMIT, "%s is nearly full: unpacking stopped after %" PRIu64 " MiB", s->dir, s->at >> 20),
        "set TMPDIR to a directory with more room");
}

/* Blocks of zeros become holes. */
static struct err *sink_put(struct sink *s, const uint8_t *p, size_t n)
{
    TRY(check_space(s));
    int error = file_write_sparse(s->fd, p, n, s->at);
    if (error)
        return err_hint(err_errno(error, "cannot write the unpacked core in %s", s->dir),
                        "set TMPDIR to a directory with more room");
    s->at += n;
    return NULL;
}

struct source {
    int fd;
    const char *path;
    uint8_t *buf;
    struct bytes in; /* what of buf is still to be decoded */
    uint64_t at, size;
    bool ended;
};

static struct err *refill(struct source *s)
{
    while (s->in.n == 0 && !s->ended) {
        ssize_t n = pread(s->fd, s->buf, PIECE, (off_t)s->at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(errno, "cannot read %s", s->path);
        s->in = (struct bytes){s->buf, (size_t)n};
        s->at += (uint64_t)n;
        s->ended = n == 0;
    }
    return NULL;
}

struct coder {
    const struct codec *codec;
    void *state;
    bool between; /* a stream has just ended */
};

static void coder_done(struct coder *c)
{
    if (c->state)
        c->codec->close(c->state);
}

static struct err *run(struct source *src, struct coder *c, struct sink *sink, struct progress *progress,
                       struct err **problem)
{
    SCOPED(freep) uint8_t *out = xmalloc(PIECE);
    const char *bad = NULL;
    bool stuck = false;

    while (!bad && !stuck) {
        if (progress_cancelled(progress))
            return err_new(ERR_CANCELLED, "unpacking %s was stopped", src->path);
        progress_report(progress, "bytes unpacked", src->at - src->in.n, src->size);

        uint8_t *to = out;
        size_t left = PIECE;
        while (left > 0 && !bad && !stuck) {
            TRY(refill(src));
            size_t in_before = src->in.n, left_before = left;
            if (src->ended && c->between) {
                stuck = true;
                break;
            }
            bool ended = false;
            bad = c->codec->run(c->state, &src->in, &to, &left, &ended);
            /* At the end of the input a decoder may still hold output; when it gives none, that was all. */
            stuck = src->in.n == in_before && left == left_before && !ended;
            c->between = ended;
        }
        TRY(sink_put(sink, out, PIECE - left));
    }
    if (bad)
        *problem =
            err_new(ERR_CORRUPT, "%s: its %s data is damaged (%s); the %" PRIu64 " bytes before that were unpacked",
                    src->path, c->codec->name, bad, sink->at);
    else if (!c->between)
        *problem = err_new(ERR_TRUNCATED, "%s: its %s data ends early; the %" PRIu64 " bytes before that were unpacked",
                           src->path, c->codec->name, sink->at);
    return NULL;
}

struct err *unpack(int fd, const char *path, const struct codec *codec, struct progress *progress, int *out,
                   struct err **problem)
{
    SCOPED(freep) uint8_t *buf = xmalloc(PIECE);
    SCOPED(coder_done) struct coder coder = {.codec = codec, .state = codec->open()};
    SCOPED(err_freep) struct err *trouble = NULL;
    struct source src = {.fd = fd, .path = path, .buf = buf};
    struct sink sink = {.fd = -1};
    struct stat st;

    if (!coder.state)
        return err_new(ERR_NOMEM, "no memory to unpack %s", path);
    if (fstat(fd, &st) == 0)
        src.size = (uint64_t)st.st_size;
    TRY(sink_open(&sink));
    SCOPED(closep) int made = sink.fd;
    TRY(run(&src, &coder, &sink, progress, &trouble));
    if (trouble && sink.at == 0)
        return TAKE(trouble);
    if (ftruncate(made, (off_t)sink.at) != 0) /* a hole at the end */
        return err_errno(errno, "cannot write the unpacked core in %s", sink.dir);
    *out = made;
    made = -1;
    *problem = TAKE(trouble);
    return NULL;
}
