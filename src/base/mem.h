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
#include <string.h>
#include <unistd.h>

/* Exit status without memory: EX_SOFTWARE of <sysexits.h>. */
enum { MEM_EXIT_STATUS = 70 };
/* Prints "inquest: out of memory" and ends the process. */
_Noreturn void mem_exhausted(void);

/* Of 0 bytes: a pointer that can be freed. */
void *xmalloc(size_t n) NEVER_NULL;
void *xcalloc(size_t n, size_t size) NEVER_NULL;
void *xrealloc_array(void *p, size_t n, size_t size) NEVER_NULL;
char *xstrdup(const char *s) NEVER_NULL;
/* Here and wherever base takes an address and a length: of 0 bytes the address may be NULL. */
char *xstrndup(const char *s, size_t n) NEVER_NULL;
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) NEVER_NULL;

/* Takes the page faults of memory that is written to later; what is in it stays. Only whole pages. */
void mem_touch(void *p, size_t n);

static inline void freep(void *p)
{
    void *q;
    memcpy(&q, p, sizeof(q)); /* p points to a pointer of any type */
    free(q);
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
#define VEC(type)      \
    struct {           \
        type *v;       \
        size_t n, cap; \
    }
/* Room for one more, zeroed; yields a pointer to it that is valid until the next push. */
#define vec_push(vec)                                                          \
    __extension__({                                                            \
        __typeof__(vec) vec_ = (vec);                                          \
        if (vec_->n == vec_->cap)                                              \
            vec_reserve(vec_, vec_->n + 1);                                    \
        (__typeof__(vec_->v))memset(&vec_->v[vec_->n++], 0, sizeof(*vec_->v)); \
    })
/* Room for `want` elements in all. */
#define vec_reserve(vec, want) ((void)((vec)->v = vec_grow_((vec)->v, &(vec)->cap, (want), sizeof(*(vec)->v))))
#define vec_done(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)
/* v, or a larger copy of it, and its new capacity. At least grows by half. */
void *vec_grow_(void *v, size_t *cap, size_t want, size_t size) NEVER_NULL;

/* Which of n elements is the first for which `before`, an expression of `e`, a pointer to it, does not hold; n: it holds
 * for all. Those for which it holds come first: `sorted_first(v, n, e, e->end <= at)` */
#define sorted_first(v, n, e, before)                      \
    __extension__({                                        \
        size_t low_ = 0, high_ = (n);                      \
        while (low_ < high_) {                             \
            size_t middle_ = low_ + (high_ - low_) / 2;    \
            const __typeof__((v)[0]) *(e) = &(v)[middle_]; \
            if (before)                                    \
                low_ = middle_ + 1;                        \
            else                                           \
                high_ = middle_;                           \
        }                                                  \
        low_;                                              \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
