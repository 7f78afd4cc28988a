/* SPDX-License-Identifier: Apache-2.0 */
#include "image/space.h"

#include <inttypes.h>

void space_done(struct space *s)
{
    vec_done(&s->ranges);
}

void space_add(struct space *s, struct space_range r)
{
    if (r.end <= r.start)
        return;
    if (!r.data)
        r.have = 0;
    if (r.have > r.end - r.start)
        r.have = r.end - r.start;
    if (r.held < r.have)
        r.held = r.have;
    if (r.held > r.end - r.start)
        r.held = r.end - r.start;
    *vec_push(&s->ranges) = r;
}

/* A range with its place in the order of precedence: bytes before none, then the order of addition. */
struct ranked {
    struct space_range r;
    size_t rank;
};

static int by_start(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->r.start != y->r.start)
        return x->r.start < y->r.start ? -1 : 1;
    return x->rank < y->rank ? -1 : 1;
}

/* [start, end) of a range, with the bytes that belong there. */
static struct space_range cut(const struct space_range *r, taddr start, taddr end)
{
    struct space_range out = {.start = start, .end = end, .absent = r->absent};
    uint64_t skip = start - r->start;

    if (r->have > skip) {
        uint64_t left = r->have - skip;
        out.data = r->data + skip;
        out.have = left < end - start ? left : end - start;
    }
    if (r->held > skip)
        out.held = r->held - skip < end - start ? r->held - skip : end - start;
    return out;
}

/* A binary heap of indexes into the sorted ranges, the one added first on top. */
struct heap {
    const struct ranked *ranges;
    size_t *v;
    size_t n;
};

static bool heap_before(const struct heap *h, size_t a, size_t b)
{
    return h->ranges[h->v[a]].rank < h->ranges[h->v[b]].rank;
}

static void heap_swap(struct heap *h, size_t a, size_t b)
{
    size_t t = h->v[a];
    h->v[a] = h->v[b];
    h->v[b] = t;
}

static void heap_push(struct heap *h, size_t index)
{
    size_t at = h->n++;

    h->v[at] = index;
    for (; at > 0 && heap_before(h, at, (at - 1) / 2); at = (at - 1) / 2)
        heap_swap(h, at, (at - 1) / 2);
}

static void heap_pop(struct heap *h)
{
    h->v[0] = h->v[--h->n];
    for (size_t at = 0, child; (child = 2 * at + 1) < h->n; at = child) {
        if (child + 1 < h->n && heap_before(h, child + 1, child))
            child++;
        if (!heap_before(h, child, at))
            break;
        heap_swap(h, at, child);
    }
}

/* One sweep over the starts, in O(n log n) whatever a hostile file holds: at every point the range of the
 * lowest rank wins, until it ends or one of a lower rank starts. */
static void sweep(struct space *s, const struct ranked *sorted, size_t n)
{
    VEC(struct space_range) out = {0};
    struct heap active = {.ranges = sorted, .v = xcalloc(n, sizeof(size_t))};
    size_t next = 0, last = SIZE_MAX; /* last: the range that the newest output came from */
    taddr at = 0;

    for (;;) {
        while (active.n && sorted[active.v[0]].r.end <= at)
            heap_pop(&active);
        if (!active.n) {
            if (next == n)
                break;
            at = sorted[next].r.start;
        }
        while (next < n && sorted[next].r.start <= at)
            heap_push(&active, next++);

        size_t top = active.v[0];
        const struct space_range *r = &sorted[top].r;
        taddr end = next < n && sorted[next].r.start < r->end ? sorted[next].r.start : r->end;
        if (top == last && out.v[out.n - 1].end == at)
            out.v[out.n - 1] = cut(r, out.v[out.n - 1].start, end);
        else
            *vec_push(&out) = cut(r, at, end);
        last = top;
        at = end;
    }
    free(active.v);
    free(s->ranges.v);
    s->ranges.v = out.v;
    s->ranges.n = out.n;
    s->ranges.cap = out.cap;
}

static bool in_order(const struct space *s)
{
    for (size_t i = 1; i < s->ranges.n; i++)
        if (s->ranges.v[i - 1].end > s->ranges.v[i].start)
            return false;
    return true;
}

void space_sort(struct space *s)
{
    size_t n = s->ranges.n, made = 0;

    if (in_order(s))
        return;
    SCOPED(freep) struct ranked *by = xcalloc(2 * n, sizeof(*by));
    for (size_t i = 0; i < n; i++) {
        struct space_range r = s->ranges.v[i];
        taddr middle = r.start + r.have;
        if (r.have)
            by[made++] = (struct ranked){.r = cut(&r, r.start, middle), .rank = i};
        if (middle < r.end)
            by[made++] = (struct ranked){.r = cut(&r, middle, r.end), .rank = n + i};
    }
    qsort(by, made, sizeof(*by), by_start);
    sweep(s, by, made);
}

/* Index of the first range that ends above `at`; n when there is none. */
static size_t lower(const struct space *s, taddr at)
{
    return sorted_first(s->ranges.v, s->ranges.n, range, range->end <= at);
}

const struct space_range *space_find(const struct space *s, taddr at)
{
    size_t i = lower(s, at);
    return i < s->ranges.n && s->ranges.v[i].start <= at ? &s->ranges.v[i] : NULL;
}

/* Bytes from `at`, which no range holds at that point, up to where one does (or n). */
static size_t gap(const struct space *s, size_t i, taddr at, size_t n)
{
    for (; i < s->ranges.n; i++) {
        const struct space_range *r = &s->ranges.v[i];
        if (r->start <= at)
            continue;
        if (r->start - at >= n)
            break;
        if (r->have)
            return (size_t)(r->start - at);
    }
    return n;
}

size_t space_peek_some(const struct space *s, taddr at, void *buf, size_t n)
{
    uint8_t *to = buf;
    size_t done = 0;

    if (n > UINT64_MAX - at)
        n = (size_t)(UINT64_MAX - at);
    for (size_t i = lower(s, at); done < n;) {
        const struct space_range *r = i < s->ranges.n ? &s->ranges.v[i] : NULL;
        taddr pos = at + done;

        if (r && pos >= r->end) {
            i++;
            continue;
        }
        if (r && pos >= r->start && pos - r->start < r->have) {
            uint64_t skip = pos - r->start, left = r->have - skip;
            size_t take = left < n - done ? (size_t)left : n - done;
            memcpy(to + done, r->data + skip, take);
            done += take;
            continue;
        }
        if (!s->fallback)
            break;
        size_t want = gap(s, i, pos, n - done);
        size_t got = s->fallback(s->fallback_arg, pos, to + done, want);
        done += got;
        if (got < want)
            break;
    }
    return done;
}

static void tell(const struct space *s, taddr at, size_t n)
{
    if (s->watch && n)
        s->watch->read(s->watch, at, n);
}

size_t space_read_some(const struct space *s, taddr at, void *buf, size_t n)
{
    size_t done = space_peek_some(s, at, buf, n);

    tell(s, at, done);
    return done;
}

static struct err *missing(const struct space *s, taddr at)
{
    const struct space_range *r = space_find(s, at);

    if (!r)
        return err_at(err_new(ERR_UNMAPPED, "0x%" PRIx64 " is not mapped", at), ERR_AT_ADDRESS, at);
    switch (r->absent) {
    case ABSENT_TRUNCATED:
        return err_at(err_new(ERR_TRUNCATED, "the core ends before the bytes of 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
    case ABSENT_NOT_COPIED:
        return err_at(err_new(ERR_UNMAPPED, "0x%" PRIx64 " cannot be read in the process", at), ERR_AT_ADDRESS, at);
    case ABSENT_NOT_DUMPED:
        break;
    }
    return err_at(err_new(ERR_NOT_IN_DUMP, "the core leaves out the bytes of 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
}

struct err *space_read(const struct space *s, taddr at, void *buf, size_t n)
{
    size_t got = space_read_some(s, at, buf, n);
    return got == n ? NULL : missing(s, at + got);
}

const uint8_t *space_view(const struct space *s, taddr at, size_t n)
{
    const struct space_range *r = space_find(s, at);

    if (!r || at - r->start >= r->have || n > r->have - (at - r->start))
        return NULL;
    tell(s, at, n);
    return r->data + (at - r->start);
}

bool space_word(const struct space *s, taddr at, unsigned size, uint64_t *out)
{
    uint64_t v = 0;

    if (size != 1 && size != 2 && size != 4 && size != 8)
        return false;
    const uint8_t *p = space_view(s, at, size);
    if (p)
        memcpy(&v, p, size); /* targets and hosts are little-endian */
    else if (space_read_some(s, at, &v, size) != size)
        return false;
    *out = v;
    return true;
}

struct err *space_cstr(const struct space *s, taddr at, size_t limit, char **out)
{
    size_t n = 0, cap = limit < 255 ? limit + 1 : 256;
    SCOPED(freep) char *text = xmalloc(cap);

    while (n <= limit) {
        /* Up to the end of a page: what lies behind it may be missing, and is seldom needed. */
        size_t chunk = 4096 - (size_t)((at + n) % 4096);
        if (chunk > limit + 1 - n)
            chunk = limit + 1 - n;
        if (n + chunk > cap) {
            cap = 2 * cap > n + chunk ? 2 * cap : n + chunk;
            text = xrealloc_array(text, cap, 1);
        }
        size_t got = space_peek_some(s, at + n, text + n, chunk);
        const char *end = memchr(text + n, 0, got);
        tell(s, at + n, end ? (size_t)(end - (text + n)) + 1 : got); /* what lies behind it is nobody's business */
        if (end) {
            *out = TAKE(text);
            return NULL;
        }
        n += got;
        if (got < chunk)
            return missing(s, at + n);
    }
    return err_at(err_new(ERR_LIMIT, "the string at 0x%" PRIx64 " has no end within %zu bytes", at, limit),
                  ERR_AT_ADDRESS, at);
}
