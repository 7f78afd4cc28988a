/* SPDX-License-Identifier: Apache-2.0 */
/* Any piece of the file that is to be written. */
#include "capture/priv.h"

enum { PAGE = 4096, PAGES_AT_ONCE = 1024 };

/* ---- what is made ---- */

static void add_zeros(struct making *m, size_t n)
{
    if (!m->runs)
        memset(m->out + m->n, 0, n);
    m->n += n;
}

/* n bytes of which some may be other than zeros are there. */
static void add_made(struct making *m, size_t n)
{
    struct run *last = m->runs && m->runs->v.n ? &m->runs->v.v[m->runs->v.n - 1] : NULL;

    if (last && last->start + last->n == m->n)
        last->n += n;
    else if (m->runs && n)
        *vec_push(&m->runs->v) = (struct run){.start = m->n, .n = n};
    m->n += n;
}

static void add_text(struct making *m, const void *p, size_t n)
{
    memcpy(m->out + m->n, p, n);
    add_made(m, n);
}

/* What cannot be read is zeros, page by page. */
static void add_memory(struct making *m, struct image *im, taddr at, size_t n)
{
    uint8_t *out = m->out + m->n;

    for (size_t done = 0; done < n;) {
        done += space_read_some(&im->space, at + done, out + done, n - done);
        if (done == n)
            break;
        size_t rest = PAGE - (size_t)((at + done) % PAGE), gap = rest < n - done ? rest : n - done;
        memset(out + done, 0, gap);
        m->skipped += gap;
        done += gap;
    }
    add_made(m, n);
}

/* ---- memory ---- */

/* Pages that were never used are not read, so that they do not come to be in the target. */
static void add_pages(struct making *m, struct image *im, taddr at, size_t n)
{
    uint8_t touched[PAGES_AT_ONCE];
    size_t pages = (n + PAGE - 1) / PAGE;

    if (!image_touched(im, at, pages, touched)) {
        add_memory(m, im, at, n);
        return;
    }
    for (size_t i = 0; i < pages;) {
        size_t from = i;
        while (i < pages && touched[i] == touched[from])
            i++;
        size_t start = from * PAGE, end = i * PAGE < n ? i * PAGE : n;
        if (touched[from])
            add_memory(m, im, at + start, end - start);
        else
            add_zeros(m, end - start);
    }
}

void make_segment(struct making *m, struct image *im, const struct segment *s, taddr at, size_t n)
{
    if (s->untouched) {
        add_zeros(m, n);
        return;
    }
    if (!s->anonymous) {
        add_memory(m, im, at, n);
        return;
    }
    for (size_t done = 0, part; done < n; done += part) {
        part = n - done < PAGES_AT_ONCE * PAGE ? n - done : PAGES_AT_ONCE * PAGE;
        add_pages(m, im, at + done, part);
    }
}

/* Memory that was made, for a filter: neighbours are shown to it at once, since it looks around each piece. */
struct shown {
    const struct segment *first;
    taddr at;
    uint8_t *bytes;
    size_t n;
};

static void show(const struct plan *p, struct shown *sh)
{
    if (sh->n)
        filter_memory(p, sh->at, sh->n, sh->bytes);
    sh->n = 0;
}

/* A filter judges code, and what is of a file, otherwise than data. */
static bool alike(const struct image *im, const struct segment *a, const struct segment *b)
{
    const struct mapping *x = image_mapping(im, a->start), *y = image_mapping(im, b->start);
    return x && y && !x->path && !y->path && !((x->prot ^ y->prot) & PROT_BIT_EXEC);
}

/* A filter looks at all of it. */
static void make_filtered_segment(const struct plan *p, const struct segment *s, taddr at, size_t n, struct making *m,
                                  struct shown *sh)
{
    struct making whole = {.out = m->out + m->n};

    if (s->untouched) {
        add_zeros(m, n);
        return;
    }
    make_segment(&whole, p->im, s, at, n);
    m->skipped += whole.skipped;
    add_made(m, n);
    if (sh->n && (at != sh->at + sh->n || whole.out != sh->bytes + sh->n || !alike(p->im, sh->first, s)))
        show(p, sh);
    if (!sh->n)
        *sh = (struct shown){.first = s, .at = at, .bytes = whole.out};
    sh->n += n;
}

/* The first segment that ends behind a place in the file. */
static size_t first_segment(const struct segments *all, uint64_t at)
{
    size_t low = 0, high = all->v.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->v.v[middle].offset + all->v.v[middle].size <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_block(const struct plan *p, uint64_t at, size_t n, struct making *m)
{
    size_t i = first_segment(&p->segments, at);
    struct shown shown = {0};

    if (at < p->head.n)
        add_text(m, p->head.p + at, p->head.n - at < n ? (size_t)(p->head.n - at) : n);
    while (m->n < n) {
        const struct segment *s = i < p->segments.v.n ? &p->segments.v.v[i] : NULL;
        uint64_t here = at + m->n, end = at + n;
        if (s && here >= s->offset) {
            uint64_t stop = s->offset + s->size < end ? s->offset + s->size : end;
            taddr from = s->start + (here - s->offset);
            if (p->filtering)
                make_filtered_segment(p, s, from, (size_t)(stop - here), m, &shown);
            else
                make_segment(m, p->im, s, from, (size_t)(stop - here));
            i++;
        } else {
            uint64_t stop = s && s->offset < end ? s->offset : end;
            add_zeros(m, (size_t)(stop - here));
        }
    }
    show(p, &shown);
}

/* The end of the file says what was found in the rest of it. */
static void make_filtered(const struct plan *p, uint64_t at, size_t n, struct making *m)
{
    uint64_t record = p->end - RECORD_SIZE;
    size_t before = at >= record ? 0 : record - at < n ? (size_t)(record - at) : n;

    make_block(p, at, before, m);
    filter_made(p->filtering, before);
    if (before < n)
        add_text(m, filter_record(p->filtering) + (at + before - record), n - before);
}

/* What of a segment's bytes from `at` on was not never used; its end: nothing. */
static taddr next_in_segment(const struct plan *p, const struct segment *s, taddr at)
{
    taddr end = s->start + s->size;

    if (s->untouched || at == end)
        return end;
    return s->anonymous ? image_next_touched(p->im, at, end) : at;
}

uint64_t plan_next(const struct plan *p, uint64_t at)
{
    uint64_t end = p->filtering ? p->end - RECORD_SIZE : p->end;

    if (at < p->head.n || at >= end)
        return at;
    for (size_t i = first_segment(&p->segments, at); i < p->segments.v.n; i++) {
        const struct segment *s = &p->segments.v.v[i];
        taddr from = s->start + (at > s->offset ? at - s->offset : 0), next = next_in_segment(p, s, from);
        if (next < s->start + s->size)
            return s->offset + (next - s->start);
    }
    return end;
}

void plan_pass(const struct plan *p, uint64_t n)
{
    if (p->filtering)
        filter_made(p->filtering, n);
}

void plan_block(const struct plan *p, uint64_t at, size_t n, struct making *m)
{
    (p->filtering ? make_filtered : make_block)(p, at, n, m);
}
