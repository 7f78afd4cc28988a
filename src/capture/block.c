/* SPDX-License-Identifier: Apache-2.0 */
/* Any piece of the file that is to be written. */
#include "capture/priv.h"

enum { PAGE = 4096, PAGES_AT_ONCE = 1024 };

/* What cannot be read is zeros, page by page. */
static void read_run(struct image *im, taddr at, size_t n, uint8_t *out, uint64_t *skipped)
{
    for (size_t done = 0; done < n;) {
        done += space_read_some(&im->space, at + done, out + done, n - done);
        if (done == n)
            break;
        size_t rest = PAGE - (size_t)((at + done) % PAGE), gap = rest < n - done ? rest : n - done;
        memset(out + done, 0, gap);
        *skipped += gap;
        done += gap;
    }
}

/* Pages that were never used are not read, so that they do not come to be in the target. False: all were such. */
static bool read_pages(struct image *im, taddr at, size_t n, uint8_t *out, uint64_t *skipped)
{
    uint8_t touched[PAGES_AT_ONCE];
    size_t pages = (n + PAGE - 1) / PAGE;
    bool any = false;

    if (!image_touched(im, at, pages, touched)) {
        read_run(im, at, n, out, skipped);
        return true;
    }
    for (size_t i = 0; i < pages;) {
        size_t from = i;
        while (i < pages && touched[i] == touched[from])
            i++;
        size_t start = from * PAGE, end = i * PAGE < n ? i * PAGE : n;
        if (touched[from])
            read_run(im, at + start, end - start, out + start, skipped);
        else
            memset(out + start, 0, end - start);
        any |= touched[from];
    }
    return any;
}

bool read_segment(struct image *im, const struct segment *s, taddr at, size_t n, uint8_t *out, uint64_t *skipped)
{
    bool any = false;

    if (s->untouched) {
        memset(out, 0, n);
        return false;
    }
    if (!s->anonymous) {
        read_run(im, at, n, out, skipped);
        return true;
    }
    for (size_t done = 0, part; done < n; done += part) {
        part = n - done < PAGES_AT_ONCE * PAGE ? n - done : PAGES_AT_ONCE * PAGE;
        any |= read_pages(im, at + done, part, out + done, skipped);
    }
    return any;
}

static bool make_segment(const struct plan *p, size_t i, taddr at, size_t n, uint8_t *out, uint64_t *skipped)
{
    if (!read_segment(p->im, &p->segments.v.v[i], at, n, out, skipped))
        return false;
    if (p->filtering)
        filter_memory(p, at, n, out);
    return true;
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

static size_t put_text(const struct text *t, uint64_t start, uint64_t at, uint8_t *out, size_t n)
{
    size_t skip = (size_t)(at - start), left = at < start + t->n ? t->n - skip : 0;

    memcpy(out, t->p + skip, left < n ? left : n);
    return left < n ? left : n;
}

static bool make_block(const struct plan *p, uint64_t at, size_t n, uint8_t *out, uint64_t *skipped)
{
    size_t done = 0, i = first_segment(&p->segments, at);
    bool any = at < p->head.n;

    if (any)
        done = put_text(&p->head, 0, at, out, n);
    while (done < n) {
        const struct segment *s = i < p->segments.v.n ? &p->segments.v.v[i] : NULL;
        uint64_t here = at + done, end = at + n;
        if (s && here >= s->offset) {
            uint64_t stop = s->offset + s->size < end ? s->offset + s->size : end;
            any |= make_segment(p, i, s->start + (here - s->offset), (size_t)(stop - here), out + done, skipped);
            done += (size_t)(stop - here);
            i++;
        } else {
            uint64_t stop = s && s->offset < end ? s->offset : end;
            memset(out + done, 0, (size_t)(stop - here));
            done += (size_t)(stop - here);
        }
    }
    return any;
}

/* The end of the file says what was found in the rest of it. */
static bool make_filtered(const struct plan *p, uint64_t at, size_t n, uint8_t *out, uint64_t *skipped)
{
    uint64_t record = p->end - RECORD_SIZE;
    size_t before = at >= record ? 0 : record - at < n ? (size_t)(record - at) : n;
    bool any = make_block(p, at, before, out, skipped);

    filter_made(p->filtering, before);
    if (before == n)
        return any;
    memcpy(out + before, filter_record(p->filtering) + (at + before - record), n - before);
    return true;
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

bool plan_block(const struct plan *p, uint64_t at, size_t n, uint8_t *out, uint64_t *skipped)
{
    return (p->filtering ? make_filtered : make_block)(p, at, n, out, skipped);
}
