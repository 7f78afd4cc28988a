/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once. One arena a phase; nothing in it is freed alone.
 * Threads: one thread at a time. Allocation failure ends the process with a message (as in base/mem.h). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"
#include <stdarg.h>

struct arena_block;
struct arena {
    struct arena_block *blocks;
    char *at, *end;
    size_t total; /* bytes obtained from the system */
};

/* A zeroed struct is an empty arena. */
void arena_done(struct arena *a);
/* Zeroed, aligned to 16 bytes. */
void *arena_alloc(struct arena *a, size_t n) NEVER_NULL;
char *arena_strdup(struct arena *a, const char *s) NEVER_NULL;
char *arena_strndup(struct arena *a, const char *s, size_t n) NEVER_NULL;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) NEVER_NULL;
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_array((a), (n), sizeof(type)))
/* As arena_alloc(n * size); ends the process when the product overflows. */
void *arena_alloc_array(struct arena *a, size_t n, size_t size) NEVER_NULL;

#endif
