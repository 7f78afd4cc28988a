/* SPDX-License-Identifier: Apache-2.0 */
/* Free chunks that look used: those of threads' caches (tcache) and of fastbins. */
#include "session/heap_priv.h"

enum {
    WORD = 8,
    CACHE_BINS = 64,
    CACHE_MAX = 127,  /* chunks in one bin; 7 unless it was tuned */
    FASTBINS = 10,    /* two words before the bins: top and last_remainder */
    MAX_FAST = 1 << 24,
};

/* struct tcache_perthread_struct: numbers, then the first chunk's memory, for each size. */
struct cache_shape {
    uint64_t chunk; /* size of the chunk that holds it */
    unsigned count; /* bytes of a number */
};
static const struct cache_shape shapes[] = {
    {0x290, 2}, /* 2.30 to 2.41 */
    {0x250, 1}, /* 2.26 to 2.29 */
};

/* A link, which since 2.32 is mixed with its own address. */
static taddr link_at(const struct heap *h, taddr at, bool mixed)
{
    uint64_t v = heap_word(h, at);
    return mixed ? v ^ (at >> 12) : v;
}

/* Does a list of `n` blocks begin here, that ends with 0? Then they are put into `out`. */
static bool read_list(const struct heap *h, taddr at, unsigned n, bool mixed, taddr *out)
{
    for (unsigned i = 0; i < n; i++) {
        if (at % 16 || !heap_is_chunk(h, at - CHUNK_HEADER))
            return false;
        out[i] = at;
        at = link_at(h, at, mixed);
    }
    return at == 0;
}

static bool read_counts(const struct heap *h, taddr mem, const struct cache_shape *s, unsigned *counts, taddr *heads)
{
    bool any = false;
    for (unsigned i = 0; i < CACHE_BINS; i++) {
        uint64_t n = 0;
        if (!modules_word(h->ms, mem + i * s->count, s->count, &n))
            return false;
        counts[i] = (unsigned)n;
        heads[i] = heap_word(h, mem + CACHE_BINS * s->count + (uint64_t)i * WORD);
        if (n > CACHE_MAX || (n != 0) != (heads[i] != 0))
            return false;
        any |= n != 0;
    }
    return any;
}

/* All lists of what may be a thread's cache must be lists, else it is none. */
static bool read_cache(struct heap *h, taddr mem, const struct cache_shape *s, bool mixed, bool take)
{
    unsigned counts[CACHE_BINS];
    taddr heads[CACHE_BINS], blocks[CACHE_MAX];
    if (!read_counts(h, mem, s, counts, heads))
        return false;
    for (unsigned i = 0; i < CACHE_BINS; i++) {
        if (!read_list(h, heads[i], counts[i], mixed, blocks))
            return false;
        for (unsigned k = 0; take && k < counts[i]; k++)
            *map64_put(&h->kept, blocks[k] - CHUNK_HEADER, NULL) = KEPT_TCACHE;
    }
    return true;
}

static void try_cache(struct heap *h, taddr chunk)
{
    uint64_t size = heap_word(h, chunk + WORD) & ~(uint64_t)CHUNK_FLAGS;
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        for (int mixed = 1; mixed >= 0 && size == shapes[i].chunk; mixed--) {
            if (!read_cache(h, chunk + CHUNK_HEADER, &shapes[i], mixed, false))
                continue;
            h->cache_known = read_cache(h, chunk + CHUNK_HEADER, &shapes[i], mixed, true);
            return;
        }
    }
}

static void read_fastbin(struct heap *h, taddr chunk)
{
    /* Which form links have shows in the first that leads on: only one makes it a chunk, or 0. */
    for (unsigned i = 0; i < MAX_FAST && chunk && chunk % 16 == 0 && heap_is_chunk(h, chunk); i++) {
        bool fresh;
        uint64_t *kept = map64_put(&h->kept, chunk, &fresh);
        if (!fresh)
            return;
        *kept = KEPT_FASTBIN;
        taddr mixed = link_at(h, chunk + CHUNK_HEADER, true), plain = link_at(h, chunk + CHUNK_HEADER, false);
        chunk = !mixed || heap_is_chunk(h, mixed) ? mixed : plain;
    }
}

void heap_find_kept(struct heap *h)
{
    for (size_t i = 0; i < h->caches.n; i++)
        try_cache(h, h->caches.v[i]);
    for (size_t i = 0; i < h->arenas.n; i++)
        for (unsigned k = 0; k < FASTBINS; k++)
            read_fastbin(h, heap_word(h, h->arenas.v[i].bins - (2 + FASTBINS - k) * WORD));
}
