/* SPDX-License-Identifier: Apache-2.0 */
/* Is there room for a core? */
#include "capture/priv.h"

#include <inttypes.h>
#include <sys/statvfs.h>

enum {
    PAGE = 4096,
    PER_THREAD = 16 << 10, /* bytes of notes at most */
    SAMPLES = 128,
    SAMPLE = 256 << 10, /* bytes */
};
static const uint64_t keep_free = UINT64_C(1) << 30; /* bytes, or a twentieth of a smaller disk */

bool room_left(int fd, uint64_t *left)
{
    struct statvfs v;

    if (fstatvfs(fd, &v) != 0)
        return false;
    uint64_t there = (uint64_t)v.f_bavail * v.f_frsize, share = (uint64_t)v.f_blocks * v.f_frsize / 20;
    uint64_t keep = share < keep_free ? share : keep_free;
    *left = there > keep ? there - keep : 0;
    return true;
}

static size_t used_pages(const uint8_t *p, size_t n)
{
    static const uint8_t zeros[PAGE];
    size_t used = 0;

    for (size_t at = 0; at < n; at += PAGE)
        used += memcmp(p + at, zeros, n - at < PAGE ? n - at : PAGE) != 0;
    return used;
}

/* Bytes that a piece of the file takes; `packer` NULL: it is not packed. */
static uint64_t taken(struct packer *packer, const uint8_t *raw, uint8_t *packed, size_t room)
{
    if (!packer)
        return used_pages(raw, SAMPLE) * PAGE;
    size_t size = packer_frame(packer, raw, SAMPLE, packed, room);
    return size ? size : SAMPLE;
}

/* Bytes of a piece of the file, from pieces at even distances. */
struct samples {
    uint64_t n;
    double mean, variance;
};

static struct samples look(const struct plan *p, struct packer *packer)
{
    size_t room = packer_room(SAMPLE);
    SCOPED(freep) uint8_t *raw = xmalloc(SAMPLE), *packed = packer ? xmalloc(room) : NULL;
    uint64_t even = p->end / SAMPLES / PAGE * PAGE, step = even > SAMPLE ? even : SAMPLE;
    struct samples s = {.n = step == SAMPLE ? p->end / SAMPLE : SAMPLES};
    double sum = 0, squares = 0;

    for (uint64_t i = 0; i < s.n; i++) {
        struct making m = {.out = raw};
        plan_block(p, i * step, SAMPLE, &m);
        double bytes = (double)taken(packer, raw, packed, room);
        sum += bytes;
        squares += bytes * bytes;
    }
    if (s.n) {
        s.mean = sum / (double)s.n;
        s.variance = squares / (double)s.n - s.mean * s.mean;
    }
    return s;
}

/* By more than two standard errors of the mean, so that what fits is hardly ever refused. */
static bool surely_above(const struct samples *s, double limit)
{
    double above = s->mean - limit;
    return above > 0 && above * above * (double)s->n > 4 * s->variance;
}

static void packer_done(struct packer **p)
{
    packer_free(*p);
}

struct err *room_check(const struct plan *p, const struct output *to)
{
    uint64_t left;

    if (!room_left(to->fd, &left) || p->end <= left)
        return NULL;
    SCOPED(packer_done) struct packer *packer = to->pack ? packer_new() : NULL;
    if (to->pack && !packer)
        return err_new(ERR_NOMEM, "no memory to pack the core");
    struct samples s = look(p, packer);
    double pieces = (double)p->end / SAMPLE;
    if (!surely_above(&s, (double)left / pieces))
        return NULL;
    struct err *e = err_new(ERR_LIMIT, "the core would take about %" PRIu64 " MiB%s, and %s has room for %" PRIu64,
                            ((uint64_t)(s.mean * pieces) >> 20) + 1, to->pack ? " (an estimate: it is packed)" : "",
                            to->dir, left >> 20);
    return err_hint(e, "write it where there is more room%s", to->pack ? "" : ", or pack it (--compress)");
}

uint64_t room_at_most(const struct image *im)
{
    return im->resident + im->maps.n * PAGE + im->threads.n * PER_THREAD;
}
