/* SPDX-License-Identifier: Apache-2.0 */
#include "session/steady.h"

#include "base/arena.h"
#include "base/map.h"
#include "image/pages.h"

#include <pthread.h>

struct steady {
    size_t (*read)(void *arg, taddr at, void *buf, size_t n); /* the source */
    void *arg;
    pthread_mutex_t lock; /* guards the rest */
    struct map64 pages;   /* address -> its bytes; 0: it cannot be read */
    struct page_set early; /* those of them that were read in the pause */
    bool resumed;
    struct arena arena;
};

static const uint8_t *page_at(void *arg, taddr at)
{
    struct steady *s = arg;
    bool fresh;
    uint64_t *slot = map64_put(&s->pages, at, &fresh);

    if (fresh) {
        uint8_t *p = arena_alloc(&s->arena, IMAGE_PAGE);
        if (s->read(s->arg, at, p, IMAGE_PAGE) == IMAGE_PAGE)
            *slot = (uint64_t)(uintptr_t)p;
        if (!s->resumed)
            page_set_add(&s->early, at, IMAGE_PAGE);
    }
    return (const uint8_t *)(uintptr_t)*slot;
}

static size_t read_steady(void *arg, taddr at, void *buf, size_t n)
{
    struct steady *s = arg;

    pthread_mutex_lock(&s->lock);
    size_t done = page_read(page_at, s, at, buf, n);
    pthread_mutex_unlock(&s->lock);
    return done;
}

struct steady *steady_new(struct image *im)
{
    struct steady *s = xcalloc(1, sizeof(*s));

    pthread_mutex_init(&s->lock, NULL);
    s->read = im->space.fallback;
    s->arg = im->space.fallback_arg;
    im->space.fallback = read_steady;
    im->space.fallback_arg = s;
    return s;
}

void steady_resumed(struct steady *s)
{
    s->resumed = true;
}

bool steady_early(const struct steady *s, taddr at)
{
    return page_set_has(&s->early, at);
}

void steady_free(struct steady *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    map64_done(&s->pages);
    page_set_done(&s->early);
    arena_done(&s->arena);
    free(s);
}
