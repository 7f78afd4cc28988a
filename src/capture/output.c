/* SPDX-License-Identifier: Apache-2.0 */
/* The file's bytes to where they go, block by block, made on all processors.
 *
 * A plain file has each block written at its place, in no order. A pipe gets them in order. Packed, each block is a
 * frame of zstd, in order, and a table of frames follows (zstd contrib/seekable_format, version 0.1.0): `zstd -d`
 * unpacks the whole, and Inquest reads any part of it as it is. */
#include "capture/priv.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <zstd.h>

enum {
    BLOCK = 4 << 20,
    FRAME = 1 << 20, /* what a reader unpacks for one word */
    LEVEL = 1,       /* 3 takes a quarter to a half longer for a few percent */
};
static const uint32_t skippable_magic = 0x184d2a5e, seekable_magic = 0x8f92eab1;
static const uint64_t check_every = UINT64_C(64) << 20; /* bytes between two looks at the free space */

struct writing {
    const struct plan *plan;
    const struct output *out;
    size_t block; /* bytes */
    struct progress *progress;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t moved;
    uint64_t at;         /* the next block to be made */
    uint64_t written_to; /* blocks up to here are out, when they go in order */
    uint64_t done, checked, skipped, size;
    VEC(uint32_t) frames; /* bytes of each */
    struct err *error;    /* the first */
};

static struct err *failed(const struct writing *w, int error)
{
    return err_errno(error, "cannot write the core %s%s", w->out->dir ? "in " : "", w->out->dir ? w->out->dir : "");
}

static struct err *check_space(struct writing *w)
{
    uint64_t left;

    if (!w->out->dir || (w->checked && w->done - w->checked < check_every))
        return NULL;
    w->checked = w->done + 1;
    if (!room_left(w->out->fd, &left) || left > 0)
        return NULL;
    return err_hint(err_new(ERR_LIMIT, "%s is nearly full: the core was given up after %" PRIu64 " of %" PRIu64 " MiB",
                            w->out->dir, w->done >> 20, w->plan->end >> 20),
                    "write it where there is more room");
}

/* ---- a block ---- */

struct maker {
    struct writing *w;
    uint8_t *raw, *packed;
    size_t room; /* of packed */
    ZSTD_CCtx *z;
};

static bool in_order(const struct writing *w)
{
    return w->out->stream || w->out->pack;
}

/* At the end of what is out. A descriptor that was given to us may not allow to write anywhere else. */
static int append(struct writing *w, const void *p, size_t n)
{
    if (!w->out->stream)
        return file_write(w->out->fd, p, n, w->size);
    for (size_t done = 0; done < n;) {
        ssize_t got = write(w->out->fd, (const uint8_t *)p + done, n - done);
        if (got < 0 && errno != EINTR)
            return errno;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* Called with the lock, which is free while others write before. */
static void append_in_turn(struct maker *m, uint64_t at, size_t n)
{
    struct writing *w = m->w;
    const void *bytes = m->raw;
    size_t size = n;

    if (m->z) {
        pthread_mutex_unlock(&w->lock);
        size = ZSTD_compressCCtx(m->z, m->packed, m->room, m->raw, n, LEVEL);
        bytes = m->packed;
        pthread_mutex_lock(&w->lock);
    }
    while (w->written_to != at && !w->error)
        pthread_cond_wait(&w->moved, &w->lock);
    if (w->error)
        return;
    int error = m->z && ZSTD_isError(size) ? ENOMEM : append(w, bytes, size);
    if (error)
        w->error = failed(w, error);
    if (m->z)
        *vec_push(&w->frames) = (uint32_t)size;
    w->size += size;
    w->written_to = at + n;
    pthread_cond_broadcast(&w->moved);
}

/* Called with the lock. */
static void make(struct maker *m, uint64_t at, size_t n)
{
    struct writing *w = m->w;
    uint64_t skipped = 0;
    int error = 0;

    pthread_mutex_unlock(&w->lock);
    bool any = plan_block(w->plan, at, n, m->raw, &skipped);
    if (!in_order(w) && any)
        error = file_write_sparse(w->out->fd, m->raw, n, at);
    pthread_mutex_lock(&w->lock);
    if (in_order(w))
        append_in_turn(m, at, n);
    else if (error && !w->error)
        w->error = failed(w, error);
    w->done += n;
    w->skipped += skipped;
    progress_report(w->progress, "bytes", w->done, w->plan->end);
}

static void fail(struct writing *w, struct err *e)
{
    if (w->error)
        err_free(e); /* the first is enough */
    else
        w->error = e;
    pthread_cond_broadcast(&w->moved);
}

static void make_some(void *arg, size_t worker)
{
    (void)worker;
    struct writing *w = arg;
    struct maker m = {.w = w, .raw = xmalloc(w->block)};

    if (w->out->pack) {
        m.z = ZSTD_createCCtx();
        m.room = ZSTD_compressBound(w->block);
        m.packed = xmalloc(m.room);
    }
    pthread_mutex_lock(&w->lock);
    if (w->out->pack && !m.z)
        fail(w, err_new(ERR_NOMEM, "no memory to pack the core"));
    while (!w->error && w->at < w->plan->end) {
        struct err *e =
            progress_cancelled(w->progress) ? err_new(ERR_CANCELLED, "writing the core was stopped") : check_space(w);
        if (e) {
            fail(w, e);
            break;
        }
        uint64_t at = w->at, left = w->plan->end - at;
        size_t n = left < w->block ? (size_t)left : w->block;
        w->at += n;
        make(&m, at, n);
    }
    pthread_cond_broadcast(&w->moved);
    pthread_mutex_unlock(&w->lock);
    ZSTD_freeCCtx(m.z);
    free(m.packed);
    free(m.raw);
}

/* ---- the whole ---- */

/* A frame that decoders skip, with the two sizes of each frame before it, their number, and a last word by which the
 * format is known. */
static struct err *put_table(struct writing *w)
{
    SCOPED(text_done) struct text t = {0};

    put_uint(&t, skippable_magic, 4);
    put_uint(&t, w->frames.n * 8 + 9, 4);
    for (size_t i = 0; i < w->frames.n; i++) {
        uint64_t left = w->plan->end - i * w->block;
        put_uint(&t, w->frames.v[i], 4);
        put_uint(&t, left < w->block ? left : w->block, 4);
    }
    put_uint(&t, w->frames.n, 4);
    put_uint(&t, 0, 1); /* no checksums of its own: frames have none either */
    put_uint(&t, seekable_magic, 4);
    int error = append(w, t.p, t.n);
    w->size += t.n;
    return error ? failed(w, error) : NULL;
}

static struct err *finish(struct writing *w)
{
    if (w->error)
        return TAKE(w->error);
    if (w->out->pack)
        return put_table(w);
    if (!w->out->stream && ftruncate(w->out->fd, (off_t)w->plan->end) != 0) /* a hole at the end */
        return failed(w, errno);
    w->size = w->plan->end;
    return NULL;
}

struct err *output_write(const struct plan *p, const struct output *o, struct progress *progress,
                         struct capture_result *result)
{
    struct writing w = {.plan = p, .out = o, .block = o->pack ? FRAME : BLOCK, .progress = progress};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.moved, NULL);
    parallel_for(p->end > w.block && cpus > 1 ? (size_t)cpus : 1, make_some, &w);
    pthread_cond_destroy(&w.moved);
    pthread_mutex_destroy(&w.lock);
    struct err *e = finish(&w);
    vec_done(&w.frames);
    if (!e)
        *result = (struct capture_result){.size = w.size, .skipped = w.skipped};
    return e;
}
