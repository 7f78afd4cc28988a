/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is reached from registers and stacks, the nearest first.
 *
 * Every aligned word that may be an address is taken for one, as a conservative garbage collector does. What lies there
 * is a block of glibc's malloc where the word before it and the block behind it agree with that (malloc/malloc.c, "struct
 * malloc_chunk"), else a page: what is no block costs a page that nobody needs, and nothing else. */
#include "session/needs_priv.h"

enum {
    WORD = 8,
    WORDS_AT_ONCE = 8192,
    HEADER = 16, /* bytes before a block: the size of the one before it, if that is free, and its own */
    BLOCK_MIN = 32,
    IN_USE_BEFORE = 1,
    FLAGS = 7,
    CHECK_EVERY = 1024, /* pieces */
};

/* [start, end), whose words are to be looked at. */
struct piece {
    taddr start, end;
};
struct reach {
    struct session *s;
    struct page_set *pages;
    uint64_t left;      /* pages that may be added */
    struct map64 known; /* where pieces begin that were queued */
    VEC(struct piece) queue;
    const struct mapping *last; /* of the word that was looked at last */
};

/* Memory that the program writes, and that a core has. */
static const struct mapping *data_at(struct reach *r, taddr at)
{
    const struct mapping *m = r->last;

    if (!m || at < m->start || at >= m->end)
        m = image_mapping(r->s->im, at);
    if (!m)
        return NULL;
    r->last = m;
    return (m->prot & PROT_BIT_READ) && (m->prot & PROT_BIT_WRITE) ? m : NULL;
}

static bool size_at(const struct reach *r, const struct mapping *m, taddr block, uint64_t *size, bool *used_before)
{
    uint64_t v;

    if (block < m->start || m->end - block < HEADER || !space_word(&r->s->im->space, block + WORD, WORD, &v))
        return false;
    *size = v & ~(uint64_t)FLAGS;
    *used_before = v & IN_USE_BEFORE;
    return *size >= BLOCK_MIN && *size % HEADER == 0 && *size <= m->end - block;
}

static struct piece what_lies_at(const struct reach *r, const struct mapping *m, taddr at)
{
    taddr page = at - at % IMAGE_PAGE, block = at - HEADER;
    uint64_t size, next_size;
    bool used, unused;

    if (at % HEADER == 0 && at - m->start >= HEADER && size_at(r, m, block, &size, &unused) &&
        (block + size == m->end || (size_at(r, m, block + size, &next_size, &used) && used)))
        return (struct piece){block, block + size};
    return (struct piece){page, page + IMAGE_PAGE};
}

/* Page by page, since the limit may be in the middle. */
static void reach_word(struct reach *r, taddr at)
{
    const struct mapping *m = data_at(r, at);
    bool fresh;

    if (!m)
        return;
    struct piece p = what_lies_at(r, m, at);
    (void)map64_put(&r->known, p.start, &fresh);
    if (!fresh)
        return;
    for (taddr page = p.start - p.start % IMAGE_PAGE; page < p.end && r->left; page += IMAGE_PAGE)
        r->left -= page_set_add(r->pages, page, 1);
    if (r->left)
        *vec_push(&r->queue) = p;
}

static void look_at(struct reach *r, struct piece p)
{
    uint64_t words[WORDS_AT_ONCE];

    for (taddr at = p.start; at < p.end && r->left;) {
        size_t n = p.end - at < sizeof(words) ? (size_t)(p.end - at) : sizeof(words);
        size_t got = space_read_some(&r->s->im->space, at, words, n) / WORD;
        for (size_t i = 0; i < got && r->left; i++)
            reach_word(r, words[i]);
        at += n;
    }
}

static void look_at_registers(struct reach *r)
{
    for (size_t i = 0; i < r->s->im->threads.n; i++) {
        const struct regs *regs = &r->s->im->threads.v[i].regs;
        for (uint16_t k = 0; k < REG_MAX && r->left; k++)
            if (regs_has(regs, k))
                reach_word(r, regs->val[k]);
    }
}

/* What is kept already, stacks first: those are where threads stand. */
static void queue_kept(struct reach *r, const struct page_set *stacks)
{
    struct page_runs runs;

    page_set_runs(stacks, &runs);
    for (size_t i = 0; i < runs.v.n; i++)
        *vec_push(&r->queue) = (struct piece){runs.v.v[i].start, runs.v.v[i].end};
    page_runs_done(&runs);
    page_set_runs(r->pages, &runs);
    for (size_t i = 0; i < runs.v.n; i++)
        if (data_at(r, runs.v.v[i].start) && !page_set_has(stacks, runs.v.v[i].start))
            *vec_push(&r->queue) = (struct piece){runs.v.v[i].start, runs.v.v[i].end};
    page_runs_done(&runs);
}

struct err *needs_heap(struct session *s, const struct page_set *stacks, uint64_t limit, struct page_set *pages)
{
    struct reach r = {.s = s, .pages = pages, .left = limit / IMAGE_PAGE};
    struct err *e = NULL;

    if (s->im->arch->addr_size == WORD) {
        look_at_registers(&r);
        queue_kept(&r, stacks);
    }
    for (size_t i = 0; i < r.queue.n && r.left && !e; i++) {
        if (i % CHECK_EVERY == 0) {
            e = session_check(s);
            progress_report(s->opts.progress, "bytes", limit - r.left * IMAGE_PAGE, limit);
        }
        look_at(&r, r.queue.v[i]);
    }
    map64_done(&r.known);
    vec_done(&r.queue);
    return e;
}
