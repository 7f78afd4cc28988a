/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for bytes in the target's memory: pieces on all cores, a few at a time, so that what is found comes in order
 * and nothing is kept for long. */
#include "session/memory.h"
#include "session/priv.h"

enum { PIECE = 256 << 10, BATCH = 64, PAGE = 4096 };

struct piece {
    taddr start, end; /* where a match may begin */
    VEC(taddr) found;
    uint64_t skipped;
};

struct search {
    struct session *s;
    struct bytes want;
    struct piece pieces[BATCH];
    size_t n;
    bool (*fn)(void *arg, taddr at);
    void *arg;
    uint64_t done, total, skipped;
    bool enough;
};

static void search_bytes(struct piece *p, struct bytes want, taddr at, const uint8_t *b, size_t n)
{
    const uint8_t *from = b, *end = b + n, *hit;
    while ((size_t)(end - from) >= want.n && (hit = memmem(from, (size_t)(end - from), want.p, want.n))) {
        taddr found = at + (uint64_t)(hit - b);
        if (found >= p->end)
            return;
        *vec_push(&p->found) = found;
        from = hit + 1;
    }
}

/* Where memory may be readable again after an address at which it is not. */
static taddr after_gap(const struct session *s, taddr at, taddr end)
{
    const struct space_range *r = space_find(&s->im->space, at);
    const struct module *m = modules_find(s->ms, at);
    taddr next = r && !m && !s->im->space.fallback ? r->end : (at / PAGE + 1) * PAGE;
    return next > at && next < end ? next : end;
}

static void search_piece(void *arg, size_t i)
{
    struct search *q = arg;
    struct piece *p = &q->pieces[i];
    const size_t more = q->want.n - 1;
    uint8_t *own = NULL;
    for (taddr at = p->start; at < p->end && !progress_cancelled(q->s->opts.progress);) {
        size_t n = (size_t)(p->end - at) + more;
        const uint8_t *view = space_view(&q->s->im->space, at, n);
        if (!view) {
            if (!own)
                own = xmalloc(PIECE + more);
            n = modules_read_some(q->s->ms, at, own, n);
        }
        search_bytes(p, q->want, at, view ? view : own, n);
        at += n;
        if (at < p->end) {
            taddr next = after_gap(q->s, at, p->end);
            p->skipped += next - at;
            at = next;
        }
    }
    free(own);
}

static struct err *run_batch(struct search *q)
{
    parallel_for(q->n, search_piece, q);
    for (size_t i = 0; i < q->n; i++) {
        struct piece *p = &q->pieces[i];
        for (size_t k = 0; k < p->found.n && !q->enough; k++)
            q->enough = !q->fn(q->arg, p->found.v[k]);
        q->skipped += p->skipped;
        q->done += p->end - p->start;
        vec_done(&p->found);
    }
    q->n = 0;
    progress_report(q->s->opts.progress, "bytes", q->done, q->total);
    return session_check(q->s);
}

static struct err *search_range(struct search *q, taddr start, taddr end)
{
    while (start < end && !q->enough) {
        taddr next = end - start > PIECE ? start + PIECE : end;
        q->pieces[q->n++] = (struct piece){.start = start, .end = next};
        start = next;
        if (q->n == BATCH)
            TRY(run_batch(q));
    }
    return NULL;
}

/* Only what is mapped is looked at. */
static struct err *search_maps(struct search *q, taddr start, taddr end)
{
    const struct image *im = q->s->im;
    for (size_t i = 0; i < im->maps.n && !q->enough; i++) {
        taddr from = im->maps.v[i].start > start ? im->maps.v[i].start : start;
        taddr to = im->maps.v[i].end < end ? im->maps.v[i].end : end;
        if (from < to)
            TRY(search_range(q, from, to));
    }
    return q->n ? run_batch(q) : NULL;
}

static uint64_t mapped_bytes(const struct image *im, taddr start, taddr end)
{
    uint64_t total = 0;
    for (size_t i = 0; i < im->maps.n; i++) {
        taddr from = im->maps.v[i].start > start ? im->maps.v[i].start : start;
        taddr to = im->maps.v[i].end < end ? im->maps.v[i].end : end;
        total += from < to ? to - from : 0;
    }
    return total;
}

struct err *session_search(struct session *s, taddr start, taddr end, const void *bytes, size_t n,
                           bool (*fn)(void *arg, taddr at), void *arg, uint64_t *skipped)
{
    if (n == 0 || n > PIECE)
        return err_new(ERR_USAGE, n ? "the bytes to look for are too many" : "there are no bytes to look for");
    struct search *q = xcalloc(1, sizeof(*q));
    q->s = s;
    q->want = (struct bytes){bytes, n};
    q->fn = fn;
    q->arg = arg;
    /* A match ends before `end`. */
    end = end - start >= n ? end - (n - 1) : start;
    q->total = mapped_bytes(s->im, start, end);
    struct err *e = search_maps(q, start, end);
    if (!e && skipped)
        *skipped = q->skipped;
    for (size_t i = 0; i < BATCH; i++)
        vec_done(&q->pieces[i].found);
    free(q);
    return e;
}
