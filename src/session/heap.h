/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's malloc as it lies in memory (malloc/malloc.c and malloc/arena.c of glibc 2.26 to 2.41), 64 bits.
 *
 * No debug information is needed: bins that are empty point at themselves, which nothing else does a hundred times in
 * a row, and what hangs on them is found from there. Each heap is walked once from its first chunk to its top; where
 * a size makes no sense the walk ends, and says where.
 * Threads: one. */
#ifndef SESSION_HEAP_H
#define SESSION_HEAP_H

#include "base/work.h"
#include "module/module.h"
#include "session/memory.h"

struct heap;
/* Reads what there is; never NULL. The modules must outlive it. */
struct heap *heap_read(struct modules *ms, struct progress *progress);
void heap_free(struct heap *h); /* NULL is allowed */

struct heap_block {
    enum heap_state state;
    taddr block;      /* what malloc() returned */
    uint64_t size;    /* usable bytes */
    const char *note; /* which arena, and where a free one is kept; lives as long as the heap */
};
/* The block that holds an address. False: none; *why (or NULL) says why that could not be told. */
bool heap_find(struct heap *h, taddr at, struct heap_block *out, const char **why);

#endif
