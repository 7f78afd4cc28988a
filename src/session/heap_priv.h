/* SPDX-License-Identifier: Apache-2.0 */
/* What heap*.c share. */
#ifndef SESSION_HEAP_PRIV_H
#define SESSION_HEAP_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "session/heap.h"

/* A chunk is two words before what malloc() returns: the size of the one before it, if that is free, and its own,
 * with three flags. */
enum {
    CHUNK_HEADER = 16,
    CHUNK_MIN = 32,
    CHUNK_PREV_INUSE = 1,
    CHUNK_MMAPPED = 2,
    CHUNK_NON_MAIN = 4,
    CHUNK_FLAGS = 7,
    CHUNKS_PER_MARK = 32,
};

struct heap_arena {
    taddr start;       /* of its struct malloc_state */
    taddr bins;        /* of malloc_state.bins: what comes before and after it is counted from here */
    taddr top;         /* its last chunk */
    uint64_t system;   /* bytes that it got from the system */
    const char *name;  /* "main arena", "arena 2" */
};

/* Chunks one after the other. */
struct heap_region {
    taddr start, end;
    taddr top; /* chunk; 0: the arena's top is elsewhere */
    const char *name;
    VEC(taddr) marks; /* each 32nd chunk, for finding one without a walk from the start */
    const char *bad;  /* why the walk ended before the end; NULL: it did not */
    taddr good_end;   /* of what was walked */
};

struct heap {
    struct modules *ms;
    struct progress *progress;
    struct arena arena;
    VEC(struct heap_arena) arenas;
    VEC(struct heap_region) regions;
    struct map64 met;    /* heaps of other arenas: damage may lead to one again */
    VEC(taddr) caches;   /* chunks that have the size of a thread's cache */
    struct map64 kept;   /* chunk -> 1 + index into heap_keepers: free, but marked as used */
    bool cache_known;    /* a thread's cache was found */
    const char *why;     /* why there is none */
};
enum { KEPT_TCACHE = 1, KEPT_FASTBIN = 2 };

static inline uint64_t heap_word(const struct heap *h, taddr at)
{
    uint64_t v = 0;
    return modules_word(h->ms, at, 8, &v) ? v : 0;
}

/* heap_arena.c: the arenas and their heaps. */
void heap_find_arenas(struct heap *h);
/* heap_kept.c: fills h->kept. */
void heap_find_kept(struct heap *h);
bool heap_is_chunk(const struct heap *h, taddr chunk);

#endif
