/* SPDX-License-Identifier: Apache-2.0 */
/* A set of words of a target's memory, of 8 bytes and at multiples of that, as small as a bit a word. Threads: one adds at
 * a time; any number ask when nobody adds. */
#ifndef SESSION_WORDS_H
#define SESSION_WORDS_H

#include "base/map.h"
#include "base/mem.h"
#include "image/pages.h"

enum { WORD_BYTES = 8, WORDS_IN_PAGE = IMAGE_PAGE / WORD_BYTES };

/* A zeroed struct is an empty set. */
struct word_set {
    struct map64 index; /* number of a page -> its place in `pages` */
    VEC(struct word_page) pages;
};
struct word_page {
    uint64_t number;
    uint64_t bits[WORDS_IN_PAGE / 64];
};

/* Adds the words that [at, at + n) touches, which is cut at the end of the address space. */
void word_set_add(struct word_set *s, taddr at, uint64_t n);
/* Is the word there in which `at` lies? */
bool word_set_has(const struct word_set *s, taddr at);
/* Adds the pages in which words are. */
void word_set_pages(const struct word_set *s, struct page_set *out);
void word_set_done(struct word_set *s);

#endif
