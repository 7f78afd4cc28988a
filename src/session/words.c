/* SPDX-License-Identifier: Apache-2.0 */
#include "session/words.h"

static struct word_page *page_of(struct word_set *s, uint64_t number)
{
    bool fresh;
    uint64_t *place = map64_put(&s->index, number, &fresh);

    if (fresh) {
        *place = s->pages.n;
        *vec_push(&s->pages) = (struct word_page){.number = number};
    }
    return &s->pages.v[*place];
}

void word_set_add(struct word_set *s, taddr at, uint64_t n)
{
    if (n == 0)
        return;
    taddr last = n - 1 > UINT64_MAX - at ? UINT64_MAX : at + (n - 1);

    for (uint64_t page = at / IMAGE_PAGE; page <= last / IMAGE_PAGE; page++) {
        struct word_page *p = page_of(s, page);
        size_t from = page == at / IMAGE_PAGE ? (size_t)(at % IMAGE_PAGE / WORD_BYTES) : 0;
        size_t to = page == last / IMAGE_PAGE ? (size_t)(last % IMAGE_PAGE / WORD_BYTES) : WORDS_IN_PAGE - 1;
        for (size_t i = from; i <= to; i++)
            p->bits[i / 64] |= UINT64_C(1) << i % 64;
    }
}

bool word_set_has(const struct word_set *s, taddr at)
{
    const uint64_t *place = map64_find(&s->index, at / IMAGE_PAGE);
    size_t i = (size_t)(at % IMAGE_PAGE / WORD_BYTES);

    return place && s->pages.v[*place].bits[i / 64] >> i % 64 & 1;
}

void word_set_pages(const struct word_set *s, struct page_set *out)
{
    for (size_t i = 0; i < s->pages.n; i++)
        page_set_add(out, s->pages.v[i].number * IMAGE_PAGE, 1);
}

void word_set_done(struct word_set *s)
{
    map64_done(&s->index);
    vec_done(&s->pages);
}
