/* SPDX-License-Identifier: Apache-2.0 */
/* Heap memory, descriptors and vectors.
 *
 * Sizes that come from input are clamped by their reader first (ERR_LIMIT); what is left that fails to
 * allocate means that the machine is out of memory, and x*() end the process with a plain message. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/err.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc_array(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

static inline void freep(void *p)
{
    free(*(void **)p);
}
static inline void closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
static inline void fclosep(FILE **f)
{
    if (*f)
        fclose(*f);
}

/* A growing array: `VEC(struct frame) frames = {0}; *vec_push(&frames) = f; vec_done(&frames);` */
#define VEC(type)        \
    struct {             \
        type *v;         \
        size_t n, cap;   \
    }
/* Room for one more, zeroed; yields a pointer to it that is valid until the next push. */
#define vec_push(vec)                                                                          \
    ((__typeof__((vec)->v))vec_push_((void **)&(vec)->v, &(vec)->n, &(vec)->cap, sizeof(*(vec)->v)))
#define vec_reserve(vec, want) vec_reserve_((void **)&(vec)->v, &(vec)->cap, (want), sizeof(*(vec)->v))
#define vec_done(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)
void *vec_push_(void **v, size_t *n, size_t *cap, size_t size);
void vec_reserve_(void **v, size_t *cap, size_t want, size_t size);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
