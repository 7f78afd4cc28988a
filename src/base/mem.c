/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

void mem_exhausted(void)
{
    /* write, not stdio: stdio may want to allocate a buffer. */
    static const char message[] = "inquest: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)ignored;
    _exit(MEM_EXIT_STATUS);
}

static void *checked(void *p)
{
    if (!p)
        mem_exhausted();
    return p;
}

void *xmalloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
    return checked(n && size ? calloc(n, size) : calloc(1, 1));
}

void *xrealloc_array(void *p, size_t n, size_t size)
{
    return checked(n && size ? reallocarray(p, n, size) : realloc(p, 1));
}

char *xstrdup(const char *s)
{
    return checked(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
    return checked(strndup(n ? s : "", n));
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();
    return s;
}

void mem_touch(void *p, size_t n)
{
    const uintptr_t page = 4096;
    uintptr_t start = ((uintptr_t)p + page - 1) / page * page, end = ((uintptr_t)p + n) / page * page;
    if (start >= end)
        return;
#ifdef MADV_POPULATE_WRITE
    if (madvise((void *)start, end - start, MADV_POPULATE_WRITE) == 0)
        return;
#endif
    for (volatile uint8_t *at = (volatile uint8_t *)start; (uintptr_t)at < end; at += page)
        *at = *at;
}

void *vec_grow_(void *v, size_t *cap, size_t want, size_t size)
{
    if (v && want <= *cap)
        return v;
    size_t grown = *cap + *cap / 2;
    if (grown < want)
        grown = want;
    if (grown < 8)
        grown = 8;
    v = xrealloc_array(v, grown, size);
    *cap = grown;
    return v;
}
