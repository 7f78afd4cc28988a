/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <string.h>

_Noreturn static void out_of_memory(void)
{
    static const char msg[] = "inquest: out of memory\n";
    ssize_t written = write(STDERR_FILENO, msg, sizeof(msg) - 1);

    (void)written; /* nothing is left to do about it */
    _exit(70);
}

void *xmalloc(size_t n)
{
    void *p = malloc(n ? n : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *xrealloc_array(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);

    if (!q)
        out_of_memory();
    return q;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
    char *p = strndup(s, n);

    if (!p)
        out_of_memory();
    return p;
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        out_of_memory();
    return s;
}

void vec_reserve_(void **v, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return;
    *v = xrealloc_array(*v, want, size);
    *cap = want;
}

void *vec_push_(void **v, size_t *n, size_t *cap, size_t size)
{
    if (*n == *cap)
        vec_reserve_(v, cap, *cap ? *cap * 2 : 8, size);

    void *slot = (char *)*v + (*n)++ * size;
    memset(slot, 0, size);
    return slot;
}
