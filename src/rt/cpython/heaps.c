/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of a build without a GIL. Its collector keeps no lists: it goes through the blocks of the allocator, which has
 * for each thread a heap for objects and one for those with words before them, and gets both from threads that ended.
 * Layouts: Include/internal/mimalloc/mimalloc/types.h as in release builds, Include/internal/pycore_mimalloc.h. */
#include "rt/cpython/gc.h"

enum {
    HEAPS = 4, /* of a thread; each has its number as its tag */
    HEAP_GC = 2,
    HEAP_GC_PRE = 3,
    INTERPRETERS_MAX = 4096,
    THREADS_MAX = 1 << 17,

    HEAP_OWNER = 0, /* mi_heap_t::tld: the same for all heaps of a thread; 0: the thread has not begun */
    QUEUES = 75,
    QUEUE_WORDS = 3, /* mi_page_queue_t: first page, last page, size of blocks */

    /* A segment lies at a multiple of its size. For each slice of it there is an entry, which may be a page's. */
    SEGMENT = 1 << 25,
    SLICE = 1 << 16,
    ENTRIES_MAX = SEGMENT / SLICE,
    HEAD_MAX = 128,

    OBJECT_AT_MAX = 64, /* in a block: two words before it, and two that PYTHONMALLOC=debug adds */
    BLOCKS_MAX = UINT16_MAX,
    FREE_LISTS = 3,
};

/* Byte offsets that differ between releases of the allocator. */
struct shape {
    uint16_t heap_size, queues, heap_tag; /* mi_heap_t */
    uint16_t cookie, entries, thread, slices; /* mi_segment_t */
    uint16_t entry, local_free, others_free, next; /* mi_page_t; `entry`: its size */
    uint16_t tag, tag_shift, object, block, block_size, blocks; /* `object`: debug_offset */
    uint16_t start; /* 0: it is computed */
};

static const struct shape shapes[] = {
    /* 2.1.2: Python 3.13, 3.14.0 to 3.14.7, 3.15.0rc1 */
    {.heap_size = 3064,
     .queues = 1040,
     .heap_tag = 3057,
     .cookie = 216,
     .entries = 248,
     .thread = 256,
     .slices = 264,
     .entry = 96,
     .local_free = 32,
     .others_free = 40,
     .next = 56,
     .tag = 8,
     .tag_shift = 3,
     .object = 9,
     .block = 28,
     .block_size = 4,
     .blocks = 10},
    /* 2.5.2: Python 3.14.10, 3.15.2 */
    {.heap_size = 3088,
     .queues = 1288,
     .heap_tag = 249,
     .cookie = 224,
     .entries = 272,
     .thread = 280,
     .slices = 288,
     .entry = 112,
     .local_free = 24,
     .others_free = 56,
     .next = 72,
     .tag = 35,
     .tag_shift = 0,
     .object = 37,
     .block = 40,
     .block_size = 8,
     .blocks = 10,
     .start = 48},
};

enum { PAGE_SLICES = 0, PAGE_FREE = 16 }; /* mi_page_t of all of them */

struct heaps {
    struct py_walk *w;
    const struct shape *s; /* NULL: no thread's heaps were found yet */
    uint32_t at; /* in a thread's record */
    uint64_t cookie; /* what a segment's has beside its address */
    bool have_cookie;
};

/* What of a page is read. */
struct page {
    taddr start; /* of its blocks */
    uint64_t block;
    uint32_t slices, object; /* `object`: into a block */
    uint32_t blocks; /* that have been given out, or are in a list of free ones */
    uint8_t tag;
    uint64_t free[FREE_LISTS];
};

static uint64_t get(const uint8_t *b, size_t at, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, b + at, size); /* targets and hosts are little-endian */
    return v;
}

/* Until 2.1.2 blocks of small sizes do not begin where their page does (_mi_segment_page_start_from_slice()). */
static uint64_t skipped(uint64_t block)
{
    return block <= 64 ? 3 * block : block <= 512 ? block : 0;
}

static taddr segment_of(taddr at)
{
    return at & ~(taddr)(SEGMENT - 1);
}

static bool read_page(const struct heaps *h, taddr at, struct page *out)
{
    const struct shape *s = h->s;
    uint8_t b[HEAD_MAX];
    taddr segment = segment_of(at);
    uint64_t entry = at - segment - s->slices;
    if (at - segment < s->slices || entry % s->entry || entry / s->entry >= ENTRIES_MAX ||
        !py_walk_read(h->w, at, b, s->entry))
        return false;
    *out = (struct page){
        .slices = (uint32_t)get(b, PAGE_SLICES, 4),
        .tag = b[s->tag] >> s->tag_shift & 15,
        .blocks = (uint32_t)get(b, s->blocks, 2),
        .block = get(b, s->block, s->block_size),
        /* The lowest bits of the last say how other threads free blocks. */
        .free = {get(b, PAGE_FREE, 8), get(b, s->local_free, 8), get(b, s->others_free, 8) & ~(uint64_t)3},
        /* The page knows up to where an object is left as it is when it is freed: its type follows. */
        .object = (uint32_t)b[s->object] - h->w->rt->l.object_type,
    };
    taddr first = segment + entry / s->entry * SLICE;
    out->start = s->start ? get(b, s->start, 8) : first + skipped(out->block);
    return out->start >= first && out->start - first < SLICE;
}

/* Are its blocks large enough for objects, and within it? */
static bool is_sound(const struct py_layout *l, const struct page *p)
{
    uint64_t size = (uint64_t)p->slices * SLICE - p->start % SLICE;
    return p->slices && p->object <= OBJECT_AT_MAX && p->object % 8 == 0 && p->block >= p->object + l->object_size &&
           (p->blocks <= 1 || p->block <= size / p->blocks);
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
    uint8_t b[OBJECT_AT_MAX];
    taddr object = p->start + i * p->block + p->object;
    if (l->object_size > sizeof(b) || l->object_type + 8 > l->object_size || !l->object_refcnt ||
        l->object_refcnt > l->object_size || !py_walk_read(w, object, b, l->object_size))
        return false;
    if (b[l->object_refcnt - 1] & 1) /* ob_gc_bits, which is before ob_ref_local: _PyGC_BITS_TRACKED */
        w->visit(w->arg, object, get(b, l->object_type, 8));
    return true;
}

static bool visit_page(const struct heaps *h, taddr at)
{
    struct page p;
    struct block_set set;
    bool whole = true;
    h->w->seen++;
    if (!read_page(h, at, &p))
        return false;
    if (p.tag != HEAP_GC && p.tag != HEAP_GC_PRE)
        return true; /* an abandoned segment has pages of all heaps */
    if (!is_sound(&h->w->rt->l, &p))
        return false;
    memset(&set, 0, sizeof(set));
    for (unsigned i = 0; i < FREE_LISTS; i++)
        whole &= add_free(h->w, &p, p.free[i], &set);
    for (uint32_t i = 0; i < p.blocks && py_walk_goes_on(h->w); i++, h->w->seen++)
        if (!(set.bits[i / 64] >> i % 64 & 1))
            whole &= visit_block(h->w, &p, i);
    return whole && py_walk_goes_on(h->w);
}

/* ---- of threads ---- */

static bool visit_heap(struct heaps *h, taddr heap)
{
    struct rt *rt = h->w->rt;
    uint64_t queues[QUEUES * QUEUE_WORDS], at, cookie;
    bool whole = true;
    if (!py_read(rt, heap + h->s->queues, queues, sizeof(queues)))
        return false;
    for (unsigned q = 0; q < QUEUES; q++) {
        struct py_loop loop = {0};
        for (at = queues[q * QUEUE_WORDS]; at; whole &= py_word(rt, at + h->s->next, &at)) {
            if (!py_goes_on(&loop, at) || !py_walk_goes_on(h->w))
                return false;
            if (!h->have_cookie && py_word(rt, segment_of(at) + h->s->cookie, &cookie)) {
                h->cookie = cookie ^ segment_of(at);
                h->have_cookie = true;
            }
            whole &= visit_page(h, at);
        }
    }
    return whole;
}

/* Have all heaps there the tags that they should have, and one owner? */
static bool are_heaps(struct rt *rt, const struct shape *s, taddr heaps)
{
    uint64_t owner, other;
    uint8_t tag;
    if (!py_word(rt, heaps + HEAP_OWNER, &owner) || !owner)
        return false;
    for (unsigned i = 0; i < HEAPS; i++) {
        taddr heap = heaps + (uint64_t)i * s->heap_size;
        if (!py_word(rt, heap + HEAP_OWNER, &other) || other != owner || !py_read(rt, heap + s->heap_tag, &tag, 1) ||
            tag != i)
            return false;
    }
    return true;
}

/* Where heaps are in a thread's record: releases of one version have a few bytes more or less before them. */
static bool find_heaps(struct heaps *h, taddr thread)
{
    enum { STEP = 8, ASIDE = 64 };
    struct rt *rt = h->w->rt;
    uint32_t about = rt->l.thread_heaps;
    for (size_t i = 0; about != PY_NONE && i < ARRAY_LEN(shapes); i++)
        for (uint32_t at = about > ASIDE ? about - ASIDE : 0; at <= about + ASIDE; at += STEP)
            if (are_heaps(rt, &shapes[i], thread + at)) {
                h->s = &shapes[i];
                h->at = at;
                return true;
            }
    return false;
}

static bool walk_threads(struct heaps *h, taddr interpreter)
{
    struct rt *rt = h->w->rt;
    uint64_t at, owner;
    bool whole = true, any = false;
    struct py_loop loop = {0};
    if (!py_field(rt, interpreter, rt->l.interp_threads_head, &at))
        return false;
    for (size_t i = 0; at && i < THREADS_MAX; i++) {
        if (!py_goes_on(&loop, at))
            return false;
        if ((h->s || find_heaps(h, at)) && are_heaps(rt, h->s, at + h->at)) {
            any = true;
            whole &= visit_heap(h, at + h->at + (taddr)HEAP_GC * h->s->heap_size);
            whole &= visit_heap(h, at + h->at + (taddr)HEAP_GC_PRE * h->s->heap_size);
        } else if (h->s) { /* of one that has not begun they are empty */
            whole &= py_word(rt, at + h->at + HEAP_OWNER, &owner) && !owner;
        }
        if (!py_field(rt, at, rt->l.thread_next, &at))
            return false;
    }
    return whole && any;
}

/* ---- of threads that ended: their segments have none ---- */

static bool walk_segment(const struct heaps *h, taddr segment, uint64_t entries)
{
    uint32_t slices;
    bool whole = true;
    uint8_t b[HEAD_MAX];
    for (uint64_t i = 0; i < entries; i += slices) {
        taddr at = segment + h->s->slices + i * h->s->entry;
        if (!py_walk_goes_on(h->w) || !py_walk_read(h->w, at, b, h->s->entry) ||
            !(slices = (uint32_t)get(b, PAGE_SLICES, 4)))
            return false;
        /* The first is the segment's own; free ones have blocks of no size. */
        if (i && get(b, h->s->block, h->s->block_size))
            whole &= visit_page(h, at);
    }
    return whole;
}

/* A segment is known by its cookie, which depends on its address. */
static bool visit_if_abandoned(const struct heaps *h, taddr at)
{
    uint64_t cookie, thread, entries;
    if (!py_word(h->w->rt, at + h->s->cookie, &cookie) || (cookie ^ at) != h->cookie ||
        !py_word(h->w->rt, at + h->s->thread, &thread) || thread)
        return true;
    return py_word(h->w->rt, at + h->s->entries, &entries) && entries <= ENTRIES_MAX && walk_segment(h, at, entries);
}

/* How they are listed changes with the allocator's releases, in part in variables of its files: they are looked for
 * where segments can be. */
static bool walk_abandoned(const struct heaps *h)
{
    const struct image *im = modules_image(h->w->rt->ms);
    bool whole = true;
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        for (taddr at = segment_of(m->start + SEGMENT - 1); at >= m->start && at < m->end; at += SEGMENT) {
            h->w->seen++;
            if (!py_walk_goes_on(h->w))
                return false;
            whole &= visit_if_abandoned(h, at);
        }
    }
    return whole;
}

bool py_walk_heaps(struct py_walk *w)
{
    struct rt *rt = w->rt;
    struct heaps h = {.w = w};
    uint64_t at;
    bool whole = true;
    if (!py_word(rt, rt->interpreters, &at))
        return false;
    for (size_t i = 0; at && i < INTERPRETERS_MAX; i++) {
        whole &= walk_threads(&h, at);
        if (!py_field(rt, at, rt->l.interp_next, &at))
            return false;
    }
    return h.have_cookie && walk_abandoned(&h) && whole;
}
