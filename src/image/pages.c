/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pages.h"

enum { WORD_PAGES = 64 };
static const uint64_t word_bytes = (uint64_t)WORD_PAGES * IMAGE_PAGE;

void page_set_done(struct page_set *s)
{
    map64_done(&s->index);
    vec_done(&s->words);
}

void page_runs_done(struct page_runs *r)
{
    vec_done(&r->v);
}

/* Neighbours are asked for most: the word of the last question is tried first. */
static struct page_word *word_of(struct page_set *s, uint64_t number)
{
    bool fresh;

    if (s->words.n && s->words.v[s->last].number == number)
        return &s->words.v[s->last];
    uint64_t *place = map64_put(&s->index, number, &fresh);
    if (fresh) {
        *place = s->words.n;
        vec_push(&s->words)->number = number;
    }
    s->last = (size_t)*place;
    return &s->words.v[s->last];
}

/* Bits [from, to]. */
static uint64_t bits_between(unsigned from, unsigned to)
{
    return (UINT64_MAX >> (WORD_PAGES - 1 - to)) & (UINT64_MAX << from);
}

uint64_t page_set_add(struct page_set *s, taddr at, uint64_t n)
{
    uint64_t added = 0;

    if (!n)
        return 0;
    taddr last = n - 1 < UINT64_MAX - at ? at + n - 1 : UINT64_MAX; /* byte */
    for (uint64_t i = at / word_bytes; i <= last / word_bytes; i++) {
        unsigned from = i == at / word_bytes ? (unsigned)(at / IMAGE_PAGE % WORD_PAGES) : 0;
        unsigned to = i == last / word_bytes ? (unsigned)(last / IMAGE_PAGE % WORD_PAGES) : WORD_PAGES - 1;
        struct page_word *w = word_of(s, i);
        uint64_t fresh = bits_between(from, to) & ~w->bits;
        w->bits |= fresh;
        added += (uint64_t)__builtin_popcountll(fresh);
    }
    s->n += added;
    return added;
}

bool page_set_has(const struct page_set *s, taddr at)
{
    const uint64_t *place = map64_find(&s->index, at / word_bytes);
    return place && s->words.v[*place].bits >> (at / IMAGE_PAGE % WORD_PAGES) & 1;
}

static int by_number(const void *a, const void *b)
{
    const struct page_word *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void add_run(struct page_runs *out, taddr start, uint64_t n)
{
    struct page_run *last = out->v.n ? &out->v.v[out->v.n - 1] : NULL;

    if (last && last->end == start)
        last->end += n;
    else
        *vec_push(&out->v) = (struct page_run){start, start + n};
}

void page_set_runs(const struct page_set *s, struct page_runs *out)
{
    SCOPED(freep) struct page_word *words = xcalloc(s->words.n + 1, sizeof(*words));

    if (s->words.n)
        memcpy(words, s->words.v, s->words.n * sizeof(*words));
    qsort(words, s->words.n, sizeof(*words), by_number);
    *out = (struct page_runs){.v = {0}};
    for (size_t i = 0; i < s->words.n; i++)
        for (unsigned k = 0; k < WORD_PAGES; k++)
            if (words[i].bits >> k & 1)
                add_run(out, words[i].number * word_bytes + (taddr)k * IMAGE_PAGE, IMAGE_PAGE);
}

void page_set_add_all(struct page_set *to, const struct page_set *from)
{
    struct page_runs runs;

    page_set_runs(from, &runs);
    for (size_t i = 0; i < runs.v.n; i++)
        page_set_add(to, runs.v.v[i].start, runs.v.v[i].end - runs.v.v[i].start);
    page_runs_done(&runs);
}

size_t page_read(page_bytes *page, void *arg, taddr at, void *buf, size_t n)
{
    size_t done = 0;

    while (done < n) {
        size_t skip = (size_t)((at + done) % IMAGE_PAGE), left = IMAGE_PAGE - skip;
        const uint8_t *p = page(arg, at + done - skip);
        if (!p)
            break;
        size_t part = n - done < left ? n - done : left;
        memcpy((uint8_t *)buf + done, p + skip, part);
        done += part;
    }
    return done;
}
