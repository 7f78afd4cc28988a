/* SPDX-License-Identifier: Apache-2.0 */
/* The file's bytes to where they go, block by block, made on all processors.
 *
 * A plain file has each block written at its place, in no order. A pipe gets them in order. Packed, each block is a
 * frame of zstd, in order, and a table of frames follows: `zstd -d` unpacks the whole, and Inquest reads any part of it
 * as it is. Frames are gathered in a buffer; who fills it writes it, while others go on with another.
 *
 * Most of an address space was never used: no block is made of that. Frames of nothing are all the same one. */
#include "capture/priv.h"

#include "base/file.h"
#include "base/workers.h"
#include "image/core/seekable.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

enum {
    BLOCK = 4 << 20,
    SMALL_BLOCK = 1 << 20, /* of a process of less than SMALL bytes: memory for larger ones takes as long as it all */
    SMALL = 256 << 20,
    FRAME = 1 << 20, /* what a reader unpacks for one word */
    BLANK_MIN = 64 << 10, /* bytes that were never used, from which on they are frames of their own */
    BLANK_SIZES = 5,      /* BLANK_MIN to FRAME, each twice the last */
    GATHERED = 4 << 20, /* bytes of frames; one takes less */
};
static const uint64_t check_every = UINT64_C(64) << 20; /* bytes between two looks at the free space */

struct writing {
    const struct plan *plan;
    const struct output *out;
    struct sink sink;
    size_t block; /* bytes */
    struct progress *progress;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t moved;
    uint64_t at;         /* the next block to be made */
    uint64_t next;       /* where the next byte other than zero may stand, when it is not before `at` */
    uint64_t written_to; /* blocks up to here are out, when they go in order */
    uint64_t done, checked, skipped, size;
    VEC(struct seekable_frame) frames;
    uint8_t *gathered; /* the last bytes of `size`, which are not out yet */
    size_t n_gathered;
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

/* ---- in order ---- */

struct made {
    uint64_t at;
    size_t n; /* bytes of the core; 0: no block */
    bool blank; /* nothing but zeros; packed, of one of BLANK_SIZES */
    const uint8_t *bytes; /* that go out, in order; the maker's */
    size_t size;
};
struct packed {
    uint8_t *p; /* NULL: none was needed yet */
    size_t size;
};
struct maker {
    struct writing *w;
    uint8_t *raw, *packed;
    size_t room; /* of packed */
    struct runs runs; /* of a block of a plain file */
    struct packer *packer; /* NULL: nothing is packed */
    uint8_t *own; /* to gather in, in place of one that is full */
    struct packed blanks[BLANK_SIZES]; /* frames of zeros */
};

static bool in_order(const struct writing *w)
{
    return w->out->stream || w->out->pack;
}

/* To a descriptor that was given to us, and may not allow to write anywhere but at the end. */
static int write_stream(int fd, const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = write(fd, (const uint8_t *)p + done, n - done);
        if (got < 0 && errno != EINTR)
            return errno;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* Keeps what fits; a buffer that is full is exchanged for *own and gets the rest: true. */
static bool gather(struct writing *w, const uint8_t *p, size_t n, uint8_t **own)
{
    size_t room = GATHERED - w->n_gathered, fits = n < room ? n : room;
    uint8_t *full = w->gathered;

    memcpy(w->gathered + w->n_gathered, p, fits);
    w->n_gathered += fits;
    w->size += n;
    if (w->n_gathered < GATHERED)
        return false;
    w->gathered = *own;
    w->n_gathered = n - fits;
    memcpy(w->gathered, p + fits, w->n_gathered);
    *own = full;
    return true;
}

/* Called with the lock, which is free meanwhile; the turn is ours. */
static int stream_on(struct writing *w, const void *p, size_t n)
{
    pthread_mutex_unlock(&w->lock);
    int error = write_stream(w->out->fd, p, n);
    pthread_mutex_lock(&w->lock);
    w->size += n;
    return error;
}

static void fail(struct writing *w, struct err *e)
{
    if (w->error)
        err_free(e); /* the first is enough */
    else
        w->error = e;
    pthread_cond_broadcast(&w->moved);
}

static void next_turn(struct writing *w, uint64_t written_to)
{
    w->written_to = written_to;
    pthread_cond_broadcast(&w->moved);
}

/* Called with the lock, which is free while others write before. */
static void append_in_turn(struct maker *m, const struct made *b)
{
    struct writing *w = m->w;
    int error = 0;

    while (w->written_to != b->at && !w->error)
        pthread_cond_wait(&w->moved, &w->lock);
    if (w->error)
        return;
    if (b->size == 0) {
        fail(w, failed(w, ENOMEM));
        return;
    }
    if (m->packer)
        *vec_push(&w->frames) = (struct seekable_frame){.packed = (uint32_t)b->size, .size = (uint32_t)b->n};
    if (w->out->stream) {
        error = stream_on(w, b->bytes, b->size);
        next_turn(w, b->at + b->n);
    } else {
        bool full = gather(w, b->bytes, b->size, &m->own);
        uint64_t start = w->size - w->n_gathered - GATHERED;
        next_turn(w, b->at + b->n);
        if (full) {
            pthread_mutex_unlock(&w->lock);
            error = sink_write(&w->sink, m->own, GATHERED, start);
            pthread_mutex_lock(&w->lock);
        }
    }
    if (error)
        fail(w, failed(w, error));
}

/* ---- which block ---- */

/* Until much follows that was never used. */
static size_t used_size(const struct writing *w)
{
    uint64_t end = w->plan->end - w->at < w->block ? w->plan->end : w->at + w->block, stop = w->next;

    while (stop < end) {
        uint64_t next = plan_next(w->plan, stop);
        if (next - stop >= BLANK_MIN)
            return (size_t)(stop - w->at);
        stop = next + BLANK_MIN;
    }
    return (size_t)(end - w->at);
}

static struct made next_block(const struct writing *w)
{
    uint64_t left = w->plan->end - w->at, unused = w->next - w->at;
    struct made b = {.at = w->at, .n = left < w->block ? (size_t)left : w->block};

    b.blank = unused >= (w->out->pack ? BLANK_MIN : w->block);
    if (!w->out->pack)
        return b;
    b.n = b.blank ? FRAME : used_size(w);
    while (b.blank && b.n > unused)
        b.n /= 2;
    return b;
}

/* Called with the lock. False: none is left. */
static bool take_block(struct writing *w, struct made *out)
{
    if (w->next <= w->at)
        w->next = plan_next(w->plan, w->at);
    if (!in_order(w)) {
        plan_pass(w->plan, w->next - w->at);
        w->done += w->next - w->at;
        w->at = w->next;
    }
    *out = next_block(w);
    w->at += out->n;
    return out->n > 0;
}

/* ---- a block ---- */

/* Of 0 bytes: there was no memory for it. */
static struct packed pack(struct maker *m, size_t n)
{
    return (struct packed){m->packed, packer_frame(m->packer, m->raw, n, m->packed, m->room)};
}

/* Frames of as many zeros are all the same. */
static struct packed pack_blank(struct maker *m, size_t n)
{
    struct packed *kept = &m->blanks[__builtin_ctzl(n / BLANK_MIN)];

    if (kept->p)
        return *kept;
    memset(m->raw, 0, n);
    struct packed frame = pack(m, n);
    if (frame.size) {
        *kept = (struct packed){xmalloc(frame.size), frame.size};
        memcpy(kept->p, frame.p, frame.size);
    }
    return frame;
}

static void make_in_order(struct maker *m, struct made *b, struct making *making)
{
    struct packed made = {m->raw, b->n};

    if (b->blank)
        plan_pass(m->w->plan, b->n);
    else
        plan_block(m->w->plan, b->at, b->n, making);
    if (m->packer)
        made = b->blank ? pack_blank(m, b->n) : pack(m, b->n);
    else if (b->blank)
        memset(m->raw, 0, b->n);
    b->bytes = made.p;
    b->size = made.size;
}

static int make_in_place(struct maker *m, const struct made *b, struct making *making)
{
    m->runs.v.n = 0;
    making->runs = &m->runs;
    plan_block(m->w->plan, b->at, b->n, making);
    return sink_write_runs(&m->w->sink, m->raw, &m->runs, b->at);
}

/* Called with the lock. */
static void make(struct maker *m, struct made *b)
{
    struct writing *w = m->w;
    struct making making = {.out = m->raw};
    int error = 0;

    pthread_mutex_unlock(&w->lock);
    if (in_order(w))
        make_in_order(m, b, &making);
    else
        error = make_in_place(m, b, &making);
    pthread_mutex_lock(&w->lock);
    if (in_order(w))
        append_in_turn(m, b);
    else if (error)
        fail(w, failed(w, error));
    w->done += b->n;
    w->skipped += making.skipped;
    progress_report(w->progress, "bytes", w->done, w->plan->end);
}

static struct err *check(struct writing *w)
{
    return progress_cancelled(w->progress) ? err_new(ERR_CANCELLED, "writing the core was stopped") : check_space(w);
}

static void make_some(void *arg, size_t worker)
{
    (void)worker;
    struct writing *w = arg;
    struct maker m = {.w = w, .raw = sink_buffer(w->block)};
    struct made block;

    if (w->out->pack) {
        m.packer = packer_new();
        m.room = packer_room(w->block);
        m.packed = xmalloc(m.room);
        m.own = sink_buffer(GATHERED);
    }
    pthread_mutex_lock(&w->lock);
    if (w->out->pack && !m.packer)
        fail(w, err_new(ERR_NOMEM, "no memory to pack the core"));
    while (!w->error && take_block(w, &block)) {
        struct err *e = check(w);
        if (e) {
            fail(w, e);
            break;
        }
        make(&m, &block);
    }
    pthread_cond_broadcast(&w->moved);
    pthread_mutex_unlock(&w->lock);
    packer_free(m.packer);
    for (size_t i = 0; i < BLANK_SIZES; i++)
        free(m.blanks[i].p);
    free(m.own);
    free(m.packed);
    free(m.raw);
    vec_done(&m.runs.v);
}

/* ---- the whole ---- */

/* The table, and what is gathered. */
static struct err *finish_packed(struct writing *w)
{
    SCOPED(text_done) struct text t = {0};
    int error;

    seekable_put_table(w->frames.v, w->frames.n, &t);
    if (w->out->stream) {
        error = write_stream(w->out->fd, t.p, t.n);
    } else {
        error = file_write(w->out->fd, w->gathered, w->n_gathered, w->size - w->n_gathered);
        error = error ? error : file_write(w->out->fd, t.p, t.n, w->size);
    }
    w->size += t.n;
    return error ? failed(w, error) : NULL;
}

static struct err *write_all(struct writing *w)
{
    bool plain = !in_order(w);

    if (plain &&
        ftruncate(w->out->fd, (off_t)w->plan->end) != 0) /* first, so that blocks are written beside each other */
        return failed(w, errno);
    if (w->plan->end > w->block)
        parallel_workers(1, make_some, w);
    else
        make_some(w, 0);
    if (w->error)
        return TAKE(w->error);
    if (w->out->pack)
        return finish_packed(w);
    w->size = w->plan->end;
    return NULL;
}

static size_t block_size(const struct plan *p, const struct output *o)
{
    if (o->pack)
        return FRAME;
    return p->im->resident > 0 && p->im->resident < SMALL ? SMALL_BLOCK : BLOCK;
}

struct err *output_write(const struct plan *p, const struct output *o, struct progress *progress,
                         struct capture_result *result)
{
    struct writing w = {.plan = p, .out = o, .block = block_size(p, o), .progress = progress};

    sink_open(&w.sink, o->stream ? -1 : o->fd);
    w.gathered = o->pack && !o->stream ? sink_buffer(GATHERED) : NULL;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.moved, NULL);
    struct err *e = write_all(&w);
    pthread_cond_destroy(&w.moved);
    pthread_mutex_destroy(&w.lock);
    free(w.gathered);
    vec_done(&w.frames);
    sink_close(&w.sink);
    if (!e)
        *result = (struct capture_result){.size = w.size, .skipped = w.skipped};
    return e;
}
