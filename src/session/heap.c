/* SPDX-License-Identifier: Apache-2.0 */
#include "session/heap_priv.h"

#include "base/text.h"

#include <inttypes.h>

/* Chunks of a size that glibc 2.26 to 2.41 give a thread's cache. */
static bool may_be_cache(uint64_t size)
{
    return size == 0x290 || size == 0x250;
}

/* ---- the walk ---- */

struct chunk {
    taddr at;
    uint64_t size;
    unsigned flags;
};

static bool read_chunk(const struct heap *h, const struct heap_region *r, taddr at, struct chunk *out)
{
    uint64_t v;
    if (!modules_word(h->ms, at + 8, 8, &v))
        return false;
    *out = (struct chunk){.at = at, .size = v & ~(uint64_t)CHUNK_FLAGS, .flags = (unsigned)(v & CHUNK_FLAGS)};
    if (out->size % 16 || out->size < CHUNK_HEADER || out->size > r->end - at)
        return false;
    /* Two short ones fence the end of a heap that the arena has left. */
    return out->size >= CHUNK_MIN || r->end - at <= 4 * CHUNK_HEADER;
}

static void walk(struct heap *h, struct heap_region *r)
{
    enum { CHECK_EACH = 1 << 16 };
    struct chunk c;
    taddr at = r->start;
    for (uint64_t i = 0; at < r->end; i++, at += c.size) {
        if (i % CHECK_EACH == 0 && progress_cancelled(h->progress)) {
            r->bad = "cancelled";
            break;
        }
        /* The second fence has a size of 0. */
        if (!r->top && r->end - at <= CHUNK_HEADER)
            break;
        if (!read_chunk(h, r, at, &c)) {
            r->bad = arena_printf(&h->arena,
                                  "%s is damaged, or partly not in the dump: the chunk at 0x%" PRIx64
                                  " has no size that can be",
                                  r->name, at);
            break;
        }
        if (i % CHUNKS_PER_MARK == 0)
            *vec_push(&r->marks) = at;
        if (may_be_cache(c.size))
            *vec_push(&h->caches) = at;
    }
    r->good_end = at;
}

static int by_start(const void *a, const void *b)
{
    taddr x = ((const struct heap_region *)a)->start, y = ((const struct heap_region *)b)->start;
    return x < y ? -1 : x > y;
}

static const char *why_none(struct heap *h)
{
    struct module *m;
    struct symbol sym;
    if (modules_symbol_named(h->ms, "malloc", &sym, &m) && !begins_with(m->name, "libc.so") &&
        !begins_with(m->name, "libc-") && !m->is_exe)
        return arena_printf(&h->arena, "malloc is that of %s, not glibc's", m->name);
    return "malloc is not glibc's, or its state is not in the dump";
}

struct heap *heap_read(struct modules *ms, struct progress *progress)
{
    struct heap *h = xcalloc(1, sizeof(*h));
    const struct arch *arch = modules_image(ms)->arch;
    h->ms = ms;
    h->progress = progress;
    if (!arch || arch->addr_size != 8) {
        h->why = "the heaps of 32-bit programs are not known";
        return h;
    }
    heap_find_arenas(h);
    if (!h->arenas.n)
        h->why = why_none(h);
    for (size_t i = 0; i < h->regions.n; i++)
        walk(h, &h->regions.v[i]);
    if (h->regions.n)
        qsort(h->regions.v, h->regions.n, sizeof(*h->regions.v), by_start);
    heap_find_kept(h);
    return h;
}

void heap_free(struct heap *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->regions.n; i++)
        vec_done(&h->regions.v[i].marks);
    vec_done(&h->regions);
    vec_done(&h->arenas);
    vec_done(&h->caches);
    map64_done(&h->kept);
    map64_done(&h->met);
    arena_done(&h->arena);
    free(h);
}

/* ---- one chunk ---- */

static const struct heap_region *region_of(const struct heap *h, taddr at)
{
    for (size_t i = 0; i < h->regions.n; i++)
        if (at >= h->regions.v[i].start && at < h->regions.v[i].end)
            return &h->regions.v[i];
    return NULL;
}

/* The last chunk that begins at or before an address, and the one before it (size 0: none). */
static bool chunk_of(const struct heap *h, const struct heap_region *r, taddr at, struct chunk *out,
                     struct chunk *before)
{
    size_t behind = sorted_first(r->marks.v, r->marks.n, mark, *mark <= at);
    /* From one mark earlier, so that the one before is met. */
    taddr from = behind > 1 ? r->marks.v[behind - 2] : r->start;
    *before = (struct chunk){0};
    while (from < r->good_end && read_chunk(h, r, from, out)) {
        if (at - from < out->size)
            return true;
        *before = *out;
        from += out->size;
    }
    return false;
}

bool heap_is_chunk(const struct heap *h, taddr chunk)
{
    struct chunk c, before;
    const struct heap_region *r = region_of(h, chunk);
    return r && chunk_of(h, r, chunk, &c, &before) && c.at == chunk;
}

static void describe(const struct heap *h, const struct heap_region *r, const struct chunk *c, struct heap_block *out)
{
    struct arena *a = &((struct heap *)h)->arena;
    struct chunk next;
    uint64_t *kept = map64_find(&h->kept, c->at);
    bool used = c->at != r->top && read_chunk(h, r, c->at + c->size, &next) && (next.flags & CHUNK_PREV_INUSE);
    enum { CACHED_MOST = 1040 };
    *out = (struct heap_block){
        .state = c->at == r->top ? HEAP_TOP
                 : used && !kept ? HEAP_USED
                                 : HEAP_FREE,
        .block = c->at + CHUNK_HEADER,
        .size = c->size - (used ? 8 : CHUNK_HEADER),
        .note = r->name,
    };
    if (out->state == HEAP_FREE)
        out->note = arena_printf(a, "%s, %s", r->name,
                                 !kept                  ? "in a bin"
                                 : *kept == KEPT_TCACHE ? "in a thread's cache"
                                                        : "in a fastbin");
    else if (out->state == HEAP_USED && !h->cache_known && c->size <= CACHED_MOST)
        out->note = arena_printf(a, "%s; or free in a thread's cache, which was not found", r->name);
}

/* Large blocks have a mapping of their own, but the kernel joins neighbours. */
static bool find_mmapped(const struct heap *h, taddr at, struct heap_block *out)
{
    const struct mapping *m = image_mapping(modules_image(h->ms), at);
    enum { PAGE = 4096 };
    if (!m || m->path || !(m->prot & PROT_BIT_WRITE))
        return false;
    for (taddr pos = m->start; pos <= at;) {
        uint64_t before = heap_word(h, pos), size = heap_word(h, pos + 8);
        uint64_t whole = (size & ~(uint64_t)CHUNK_FLAGS) + before;
        if ((size & CHUNK_FLAGS) != CHUNK_MMAPPED || before >= PAGE || whole % PAGE || whole == 0 ||
            whole > m->end - pos)
            return false;
        if (at - pos < whole) {
            *out = (struct heap_block){HEAP_USED, pos + before + CHUNK_HEADER, whole - before - CHUNK_HEADER,
                                       "mapped for itself"};
            return true;
        }
        pos += whole;
    }
    return false;
}

bool heap_find(struct heap *h, taddr at, struct heap_block *out, const char **why)
{
    struct chunk c, before;
    const struct heap_region *r = region_of(h, at);
    *why = h->why;
    if (h->why)
        return false;
    if (!r)
        return find_mmapped(h, at, out);
    *why = r->bad;
    if (!chunk_of(h, r, at, &c, &before))
        return false;
    *why = NULL;
    /* A block in use reaches over the first word of the chunk behind it. */
    if (at - c.at < 8 && (c.flags & CHUNK_PREV_INUSE) && before.size)
        c = before;
    describe(h, r, &c, out);
    return true;
}
