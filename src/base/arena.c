/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    ALIGN = 16,
    MIN_BLOCK = 4 << 10, /* most arenas of a module or a command stay this small */
    MAX_BLOCK = 1 << 20, /* blocks double up to this; more would only waste the last one's rest */
};

struct arena_block {
    struct arena_block *next;
    _Alignas(ALIGN) char data[];
};

static char *block_add(struct arena *a, size_t n)
{
    size_t size;
    if (__builtin_add_overflow(n, sizeof(struct arena_block), &size))
        mem_exhausted();
    struct arena_block *b = xcalloc(1, size);
    b->next = a->blocks;
    a->blocks = b;
    a->total += size;
    return b->data;
}

static size_t next_block_size(const struct arena *a)
{
    size_t n = a->total < MIN_BLOCK ? MIN_BLOCK : a->total > MAX_BLOCK ? MAX_BLOCK : a->total;
    return n / ALIGN * ALIGN;
}

void arena_done(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    *a = (struct arena){0};
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN)
        mem_exhausted();
    n = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (n > (size_t)(a->end - a->at)) {
        size_t block = next_block_size(a);
        /* Something large gets a block to itself, so that the rest of the current one stays in use. */
        if (n > block / 4)
            return block_add(a, n);
        a->at = block_add(a, block);
        a->end = a->at + block;
    }
    void *p = a->at;
    a->at += n;
    return p;
}

void *arena_alloc_array(struct arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        mem_exhausted();
    return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    n = n ? strnlen(s, n) : 0;
    char *copy = arena_alloc(a, n + 1);
    return n ? memcpy(copy, s, n) : copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();
    char *s = arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}
