/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of a build without a GIL. Its collector keeps no lists: it goes through the blocks of the allocator, which has
 * for each thread a heap for objects and one for those with words before them, and gets both from threads that ended.
 * Layouts: Include/internal/mimalloc/mimalloc/types.h (2.1.2: Python 3.13 to 3.15), as in release builds;
 * Include/internal/pycore_mimalloc.h. */
#include "rt/cpython/gc.h"

enum {
    HEAPS = 4, /* of a thread; each has its number as its tag */
    HEAP_GC = 2,
    HEAP_GC_PRE = 3,
    THREADS_MAX = 1 << 17,

    /* mi_heap_t */
    HEAP_SIZE = 3064,
    HEAP_OWNER = 0, /* the same for all heaps of a thread; 0: the thread has not begun */
    HEAP_QUEUES = 1040,
    HEAP_TAG = 3057,
    QUEUES = 75,
    QUEUE_WORDS = 3, /* mi_page_queue_t: first page, last page, size of blocks */

    /* mi_segment_t, which lies at a multiple of its size; of each slice an entry, which may be a page's (mi_page_t) */
    SEGMENT = 1 << 25,
    SLICE = 1 << 16,
    SEGMENT_NEXT = 176,
    SEGMENT_ENTRIES = 248,
    SEGMENT_SLICES = 264,
    ENTRIES_MAX = SEGMENT / SLICE,
    PAGE_ENTRY = 96,
    PAGE_NEXT = 56,

    /* mi_abandoned_pool_t: two lists of segments */
    POOL_VISITED = 0,
    POOL_ABANDONED = 64,

    OBJECT_AT_MAX = 64, /* two words before it, and two that PYTHONMALLOC=debug adds */
    BLOCKS_MAX = UINT16_MAX,
    FREE_LISTS = 3,
};

/* What of a page is read. */
struct page {
    taddr start; /* of its blocks */
    uint32_t slices, block;
    uint16_t blocks; /* that have been given out, or are in a list of free ones */
    uint8_t tag;
    uint32_t object; /* into a block */
    uint64_t free[FREE_LISTS];
};

static uint64_t get(const uint8_t *b, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, b, size); /* targets and hosts are little-endian */
    return v;
}

/* Blocks of small sizes do not begin where their page does (_mi_segment_page_start_from_slice()). */
static uint32_t first_block(uint32_t block)
{
    return block <= 64 ? 3 * block : block <= 512 ? block : 0;
}

static bool read_page(struct py_walk *w, taddr at, struct page *out)
{
    uint8_t b[48];
    taddr segment = at & ~(taddr)(SEGMENT - 1);
    uint64_t entry = at - segment - SEGMENT_SLICES;
    if (at - segment < SEGMENT_SLICES || entry % PAGE_ENTRY || entry / PAGE_ENTRY >= ENTRIES_MAX ||
        !py_walk_read(w, at, b, sizeof(b)))
        return false;
    *out = (struct page){.slices = (uint32_t)get(b, 4),
                         .tag = b[8] >> 3 & 15,
                         .blocks = (uint16_t)get(b + 10, 2),
                         .block = (uint32_t)get(b + 28, 4),
                         /* The lowest bits of the last say how other threads free blocks. */
                         .free = {get(b + 16, 8), get(b + 32, 8), get(b + 40, 8) & ~(uint64_t)3}};
    out->start = segment + entry / PAGE_ENTRY * SLICE + first_block(out->block);
    /* The page knows up to where an object is left as it is when it is freed: its type follows. */
    out->object = (uint32_t)b[9] - w->rt->l.object_type;
    return true;
}

/* Are its blocks large enough for objects, and within it? */
static bool is_sound(const struct py_layout *l, const struct page *p)
{
    uint64_t size = (uint64_t)p->slices * SLICE;
    return p->object <= OBJECT_AT_MAX && p->object % 8 == 0 && p->block >= p->object + l->object_size &&
           (p->blocks <= 1 || first_block(p->block) + (uint64_t)p->blocks * p->block <= size);
}

struct block_set {
    uint64_t bits[BLOCKS_MAX / 64 + 1];
};

/* Adds the blocks of a list, each of which begins with where the next one is. False: the list leaves the page. */
static bool add_free(struct py_walk *w, const struct page *p, taddr at, struct block_set *set)
{
    for (size_t n = 0; at; n++) {
        uint64_t i = (at - p->start) / p->block;
        if (n >= p->blocks || at < p->start || i >= p->blocks || (at - p->start) % p->block ||
            !py_walk_read(w, at, &at, sizeof(at)))
            return false;
        set->bits[i / 64] |= UINT64_C(1) << i % 64;
    }
    return true;
}

/* Untracked objects are on their way to be made or freed, or refer to nothing: no list would have them either. */
static bool visit_block(struct py_walk *w, const struct page *p, uint32_t i)
{
    const struct py_layout *l = &w->rt->l;
    uint8_t b[64];
    taddr object = p->start + (uint64_t)i * p->block + p->object;
    if (l->object_size > sizeof(b) || l->object_type + 8 > l->object_size || !l->object_refcnt ||
        l->object_refcnt > l->object_size || !py_walk_read(w, object, b, l->object_size))
        return false;
    if (b[l->object_refcnt - 1] & 1) /* ob_gc_bits, which is before ob_ref_local: _PyGC_BITS_TRACKED */
        w->visit(w->arg, object, get(b + l->object_type, 8));
    return true;
}

static bool visit_page(struct py_walk *w, taddr at)
{
    struct page p;
    struct block_set set;
    bool whole = true;
    w->seen++;
    if (!read_page(w, at, &p))
        return false;
    if (p.tag != HEAP_GC && p.tag != HEAP_GC_PRE)
        return true; /* an abandoned segment has pages of all heaps */
    if (!is_sound(&w->rt->l, &p))
        return false;
    memset(&set, 0, sizeof(set));
    for (unsigned i = 0; i < FREE_LISTS; i++)
        whole &= add_free(w, &p, p.free[i], &set);
    for (uint32_t i = 0; i < p.blocks && py_walk_goes_on(w); i++, w->seen++)
        if (!(set.bits[i / 64] >> i % 64 & 1))
            whole &= visit_block(w, &p, i);
    return whole && py_walk_goes_on(w);
}

static bool visit_heap(struct py_walk *w, taddr heap)
{
    uint64_t queues[QUEUES * QUEUE_WORDS], at;
    bool whole = true;
    if (!py_read(w->rt, heap + HEAP_QUEUES, queues, sizeof(queues)))
        return false;
    for (unsigned q = 0; q < QUEUES; q++) {
        struct py_loop loop = {0};
        for (at = queues[q * QUEUE_WORDS]; at; whole &= py_word(w->rt, at + PAGE_NEXT, &at)) {
            if (!py_goes_on(&loop, at) || !py_walk_goes_on(w))
                return false;
            whole &= visit_page(w, at);
        }
    }
    return whole;
}

/* Have all heaps there the tags that they should have, and one owner? */
static bool are_heaps(struct py_walk *w, taddr heaps)
{
    uint64_t owner, other;
    uint8_t tag;
    if (!py_word(w->rt, heaps + HEAP_OWNER, &owner) || !owner)
        return false;
    for (unsigned i = 0; i < HEAPS; i++) {
        taddr heap = heaps + (uint64_t)i * HEAP_SIZE;
        if (!py_word(w->rt, heap + HEAP_OWNER, &other) || other != owner || !py_read(w->rt, heap + HEAP_TAG, &tag, 1) ||
            tag != i)
            return false;
    }
    return true;
}

/* Where a thread's heaps are, in its record: releases of one version have a few bytes more or less before them. */
static uint32_t find_heaps(struct py_walk *w, taddr thread)
{
    enum { STEP = 8, ASIDE = 64 };
    uint32_t about = w->rt->l.thread_heaps;
    for (uint32_t aside = 0; about != PY_NONE && aside <= ASIDE; aside += STEP) {
        if (are_heaps(w, thread + about + aside))
            return about + aside;
        if (aside <= about && are_heaps(w, thread + about - aside))
            return about - aside;
    }
    return PY_NONE;
}

static bool walk_threads(struct py_walk *w, taddr interpreter)
{
    struct rt *rt = w->rt;
    uint64_t at, owner;
    uint32_t heaps = PY_NONE;
    bool whole = true, any = false;
    struct py_loop loop = {0};
    if (!py_field(rt, interpreter, rt->l.interp_threads_head, &at))
        return false;
    for (size_t i = 0; at && i < THREADS_MAX; i++) {
        if (!py_goes_on(&loop, at))
            return false;
        heaps = heaps == PY_NONE ? find_heaps(w, at) : heaps;
        if (heaps != PY_NONE && are_heaps(w, at + heaps)) {
            any = true;
            whole &= visit_heap(w, at + heaps + HEAP_GC * HEAP_SIZE);
            whole &= visit_heap(w, at + heaps + HEAP_GC_PRE * HEAP_SIZE);
        } else if (heaps != PY_NONE) { /* of one that has not begun they are empty */
            whole &= py_word(rt, at + heaps + HEAP_OWNER, &owner) && !owner;
        }
        if (!py_field(rt, at, rt->l.thread_next, &at))
            return false;
    }
    return whole && any;
}

static bool walk_segment(struct py_walk *w, taddr segment)
{
    uint64_t entries;
    uint32_t slices;
    bool whole = true;
    if (segment % SEGMENT || !py_word(w->rt, segment + SEGMENT_ENTRIES, &entries) || entries > ENTRIES_MAX)
        return false;
    for (uint64_t i = 0; i < entries; i += slices) {
        taddr at = segment + SEGMENT_SLICES + i * PAGE_ENTRY;
        uint8_t b[PAGE_ENTRY];
        if (!py_walk_read(w, at, b, sizeof(b)) || !(slices = (uint32_t)get(b, 4)) || !py_walk_goes_on(w))
            return false;
        if (i && get(b + 28, 4)) /* the first is of the segment's own, free ones have no size of blocks */
            whole &= visit_page(w, at);
    }
    return whole;
}

static bool walk_abandoned(struct py_walk *w, taddr pool)
{
    static const unsigned lists[] = {POOL_VISITED, POOL_ABANDONED};
    uint64_t at;
    bool whole = true;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct py_loop loop = {0};
        if (!py_word(w->rt, pool + lists[i], &at))
            return false;
        /* A counter stands in the low bits. */
        for (at &= ~(taddr)(SEGMENT - 1); at; whole &= py_word(w->rt, at + SEGMENT_NEXT, &at)) {
            if (!py_goes_on(&loop, at) || !py_walk_goes_on(w))
                return false;
            whole &= walk_segment(w, at);
        }
    }
    return whole;
}

bool py_walk_heaps(struct py_walk *w, taddr interpreter)
{
    bool whole = walk_threads(w, interpreter);
    return w->rt->l.interp_abandoned != PY_NONE && walk_abandoned(w, interpreter + w->rt->l.interp_abandoned) && whole;
}
