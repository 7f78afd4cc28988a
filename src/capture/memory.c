/* SPDX-License-Identifier: Apache-2.0 */
/* Memory to file: in large pieces, on all processors, since a process stands still for it. */
#include "capture/priv.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/statvfs.h>

enum { PAGE = 4096, CHUNK = 4 << 20, CHUNK_PAGES = CHUNK / PAGE };

static const uint64_t check_every = UINT64_C(64) << 20; /* bytes between two looks at the free space */
static const uint64_t keep_free = UINT64_C(1) << 30;    /* bytes, or a twentieth of a smaller disk */

struct copying {
    struct image *im;
    const struct segments *segments;
    int fd;
    const char *dir;
    struct progress *progress;
    uint64_t total;

    pthread_mutex_t lock; /* guards the rest */
    size_t segment;       /* the next piece to copy */
    uint64_t at;
    uint64_t done, checked, skipped;
    struct err *error; /* the first */
};

/* Bytes of one segment. */
struct piece {
    const struct segment *s;
    taddr at;
    size_t n;
};

static struct err *check_space(struct copying *c)
{
    struct statvfs v;

    if (c->checked && c->done - c->checked < check_every)
        return NULL;
    c->checked = c->done + 1;
    if (fstatvfs(c->fd, &v) != 0)
        return NULL;
    uint64_t left = (uint64_t)v.f_bavail * v.f_frsize, share = (uint64_t)v.f_blocks * v.f_frsize / 20;
    if (left > (share < keep_free ? share : keep_free))
        return NULL;
    return err_hint(err_new(ERR_LIMIT, "%s is nearly full: the core was given up after %" PRIu64 " of %" PRIu64 " MiB",
                            c->dir, c->done >> 20, c->total >> 20),
                    "write it where there is more room");
}

/* Called with the lock. */
static bool take_piece(struct copying *c, struct piece *out)
{
    const struct segments *all = c->segments;

    while (c->segment < all->v.n && (all->v.v[c->segment].untouched || c->at >= all->v.v[c->segment].size)) {
        c->segment++;
        c->at = 0;
    }
    if (c->segment == all->v.n)
        return false;
    const struct segment *s = &all->v.v[c->segment];
    uint64_t left = s->size - c->at;
    *out = (struct piece){.s = s, .at = s->start + c->at, .n = left < CHUNK ? (size_t)left : CHUNK};
    c->at += out->n;
    return true;
}

/* [at, at + n) of the piece's segment. What cannot be read is left out, page by page. */
static struct err *copy_run(struct copying *c, const struct segment *s, taddr at, size_t n, uint8_t *buf,
                            uint64_t *skipped)
{
    for (size_t done = 0; done < n;) {
        size_t got = space_read_some(&c->im->space, at + done, buf, n - done);
        int error = file_write_sparse(c->fd, buf, got, s->offset + (at + done - s->start));
        if (error)
            return err_errno(error, "cannot write the core in %s", c->dir);
        done += got;
        if (done < n) {
            size_t rest = PAGE - (size_t)((at + done) % PAGE);
            size_t gap = rest < n - done ? rest : n - done;
            *skipped += gap;
            done += gap;
        }
    }
    return NULL;
}

static struct err *copy_piece(struct copying *c, const struct piece *p, uint8_t *buf, uint64_t *skipped)
{
    uint8_t touched[CHUNK_PAGES];
    size_t pages = (p->n + PAGE - 1) / PAGE;

    if (!p->s->anonymous || !image_touched(c->im, p->at, pages, touched))
        return copy_run(c, p->s, p->at, p->n, buf, skipped);
    for (size_t i = 0; i < pages;) {
        size_t from = i;
        while (i < pages && touched[i] == touched[from])
            i++;
        if (touched[from])
            TRY(copy_run(c, p->s, p->at + from * PAGE, (i - from) * PAGE, buf, skipped));
    }
    return NULL;
}

static void copy_some(void *arg, size_t worker)
{
    (void)worker;
    struct copying *c = arg;
    SCOPED(freep) uint8_t *buf = xmalloc(CHUNK);
    struct piece p;

    pthread_mutex_lock(&c->lock);
    while (!c->error) {
        if (progress_cancelled(c->progress)) {
            c->error = err_new(ERR_CANCELLED, "writing the core was stopped");
            break;
        }
        c->error = check_space(c);
        if (c->error || !take_piece(c, &p))
            break;
        pthread_mutex_unlock(&c->lock);
        uint64_t skipped = 0;
        struct err *e = copy_piece(c, &p, buf, &skipped);
        pthread_mutex_lock(&c->lock);
        c->done += p.n;
        c->skipped += skipped;
        progress_report(c->progress, "bytes", c->done, c->total);
        if (e && c->error)
            err_free(e); /* the first is enough */
        else if (e)
            c->error = e;
    }
    pthread_mutex_unlock(&c->lock);
}

struct err *memory_copy(struct image *im, const struct segments *segments, int fd, const char *dir,
                        struct progress *progress, uint64_t *skipped)
{
    struct copying c = {.im = im, .segments = segments, .fd = fd, .dir = dir, .progress = progress};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    for (size_t i = 0; i < segments->v.n; i++)
        if (!segments->v.v[i].untouched)
            c.total += segments->v.v[i].size;
    pthread_mutex_init(&c.lock, NULL);
    parallel_for(c.total > CHUNK && cpus > 1 ? (size_t)cpus : 1, copy_some, &c);
    pthread_mutex_destroy(&c.lock);
    if (c.error)
        return c.error;
    *skipped = c.skipped;
    return NULL;
}
