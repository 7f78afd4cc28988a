/* SPDX-License-Identifier: Apache-2.0 */
/* Where malloc's arenas are, and their heaps. */
#include "session/heap_priv.h"

#include "base/text.h"

enum {
    WORD = 8,
    N_BINS = 127,
    BINS_BYTES = N_BINS * 2 * WORD,
    SURE_BINS = 48, /* empty bins that make an arena one */
    /* Places in a struct malloc_state, from its bins: the last field before them, and those after the bit map. */
    AFTER_BITMAP = BINS_BYTES + 16,
    AT_NEXT = AFTER_BITMAP,
    AT_SYSTEM = AFTER_BITMAP + 3 * WORD,
    STATE_END = AFTER_BITMAP + 5 * WORD,
    MAX_ARENAS = 4096,
    MAX_HEAPS = 1 << 16, /* of one arena */
    MAX_DATA = 16 << 20, /* bytes of a module's data that are searched */
};
#define HEAP_MAX (UINT64_C(64) << 20) /* what other arenas' heaps are aligned to: 2 * DEFAULT_MMAP_THRESHOLD_MAX */

/* From the start of the struct to its bins; 2.26 had no have_fastchunks. */
static const unsigned heads[] = {112, 104};

static bool are_bins(const struct heap *h, taddr at)
{
    uint64_t v[N_BINS * 2];
    unsigned own = 0;
    if (modules_read_some(h->ms, at, v, sizeof(v)) != sizeof(v))
        return false;
    for (unsigned i = 0; i < N_BINS; i++)
        own += v[2 * i] == at + 2 * WORD * i - CHUNK_HEADER && v[2 * i + 1] == v[2 * i];
    return own >= SURE_BINS;
}

static taddr bins_of(const struct heap *h, taddr arena)
{
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        if (are_bins(h, arena + heads[i]))
            return arena + heads[i];
    return 0;
}

/* ---- the main arena ---- */

/* Empty bins among the words of a piece of memory; 0: none. */
static taddr search_words(const struct heap *h, const uint64_t *v, size_t n, taddr base)
{
    const size_t late = 2 * (N_BINS - 2); /* of the large bins, which are nearly always empty */
    for (size_t i = 0; i + 2 * N_BINS <= n; i++) {
        taddr at = base + i * WORD;
        if (v[i + late] == at + late * WORD - CHUNK_HEADER && are_bins(h, at))
            return at;
    }
    return 0;
}

static taddr search_mapping(const struct heap *h, taddr start, taddr end)
{
    uint64_t size = end - start < MAX_DATA ? end - start : MAX_DATA;
    uint64_t *v = xcalloc((size_t)size / WORD + 1, WORD);
    size_t got = modules_read_some(h->ms, start, v, (size_t)size);
    taddr bins = search_words(h, v, got / WORD, start);
    free(v);
    return bins;
}

static taddr search_module(const struct heap *h, const struct module *m)
{
    const struct image *im = modules_image(h->ms);
    taddr bins = 0;
    for (size_t i = 0; i < im->maps.n && !bins; i++) {
        const struct mapping *map = &im->maps.v[i];
        taddr start = map->start > m->start ? map->start : m->start, end = map->end < m->end ? map->end : m->end;
        if (start < end && (map->prot & PROT_BIT_WRITE))
            bins = search_mapping(h, start, end);
    }
    return bins;
}

static taddr main_bins(const struct heap *h)
{
    struct symbol sym;
    struct module *m;
    taddr bins = modules_symbol_named(h->ms, "main_arena", &sym, &m) ? bins_of(h, sym.addr) : 0;
    for (size_t i = 0; i < modules_count(h->ms) && !bins; i++) {
        m = modules_get(h->ms, i);
        /* "libc.so.6", "libc-2.31.so"; or in the program itself, when it is linked statically. */
        if (m->is_exe || begins_with(m->name, "libc.so") || begins_with(m->name, "libc-"))
            bins = search_module(h, m);
    }
    return bins;
}

/* ---- all arenas ---- */

static void add_arena(struct heap *h, taddr start, taddr bins)
{
    struct heap_arena *a = vec_push(&h->arenas);
    a->start = start;
    a->bins = bins;
    a->top = heap_word(h, bins - 2 * WORD);
    a->system = heap_word(h, bins + AT_SYSTEM);
    a->name = h->arenas.n == 1 ? "main arena" : arena_printf(&h->arena, "arena %zu", h->arenas.n);
}

/* The arenas are a ring. */
static void follow_ring(struct heap *h, taddr main)
{
    taddr first = heap_word(h, main + AT_NEXT), at = first;
    add_arena(h, 0, main);
    while (h->arenas.n < MAX_ARENAS) {
        taddr bins = bins_of(h, at);
        if (!bins || bins == main)
            break;
        add_arena(h, at, bins);
        at = heap_word(h, bins + AT_NEXT);
    }
}

static void add_region(struct heap *h, const struct heap_arena *a, taddr start, taddr end, bool has_top)
{
    start = (start + 15) & ~UINT64_C(15);
    if (start < end)
        *vec_push(&h->regions) = (struct heap_region){
            .start = start, .end = end, .top = has_top ? a->top : 0, .name = a->name, .good_end = start};
}

static taddr end_of_top(const struct heap *h, const struct heap_arena *a)
{
    return a->top + (heap_word(h, a->top + WORD) & ~(uint64_t)CHUNK_FLAGS);
}

/* Heaps of an arena other than the main one: {arena, previous heap, size, ...}. The first also holds the arena. */
static void add_heaps(struct heap *h, const struct heap_arena *a)
{
    taddr first = a->start & ~(HEAP_MAX - 1), base = a->top & ~(HEAP_MAX - 1);
    for (unsigned i = 0; i < MAX_HEAPS && base && heap_word(h, base) == a->start; i++) {
        bool has_top = i == 0, fresh;
        map64_put(&h->met, base, &fresh);
        if (!fresh)
            return;
        taddr start = base == first ? a->bins + STATE_END : base + (a->start - first);
        add_region(h, a, start, has_top ? end_of_top(h, a) : base + heap_word(h, base + 2 * WORD), has_top);
        base = heap_word(h, base + WORD);
    }
}

void heap_find_arenas(struct heap *h)
{
    taddr bins = main_bins(h);
    if (!bins)
        return;
    follow_ring(h, bins);
    const struct heap_arena *main = &h->arenas.v[0];
    taddr end = end_of_top(h, main);
    if (main->system && main->system < end)
        add_region(h, main, end - main->system, end, true);
    for (size_t i = 1; i < h->arenas.n; i++)
        add_heaps(h, &h->arenas.v[i]);
}
