/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a target: a set of them, as small as a bit a page, and reading through them. Threads: one adds at a time. */
#ifndef IMAGE_PAGES_H
#define IMAGE_PAGES_H

#include "base/map.h"
#include "image/space.h"

enum { IMAGE_PAGE = 4096 };

/* A zeroed struct is an empty set. */
struct page_set {
    struct map64 index; /* number of 64 pages in a row -> their place in `words` */
    VEC(struct page_word) words;
    size_t last; /* place of the word that was changed last */
    uint64_t n; /* pages */
};
struct page_word {
    uint64_t number, bits;
};
/* [start, end): whole pages. */
struct page_run {
    taddr start, end;
};
struct page_runs {
    VEC(struct page_run) v; /* sorted; a gap lies between any two */
};

/* Adds the pages that [at, at + n) touches, which is cut at the end of the address space; how many of them are new. */
uint64_t page_set_add(struct page_set *s, taddr at, uint64_t n);
bool page_set_has(const struct page_set *s, taddr at);
/* All of them in order; to be freed with page_runs_done(). */
void page_set_runs(const struct page_set *s, struct page_runs *out);
/* Adds the pages of another set. */
void page_set_add_all(struct page_set *to, const struct page_set *from);
void page_set_done(struct page_set *s);
void page_runs_done(struct page_runs *r);

/* The IMAGE_PAGE bytes of the page that begins at `at`; NULL: they are not there. */
typedef const uint8_t *page_bytes(void *arg, taddr at);
/* Copies [at, at + n) out of pages, up to the first that is not there; bytes from the start, 0 to n. */
size_t page_read(page_bytes *page, void *arg, taddr at, void *buf, size_t n);

#endif
