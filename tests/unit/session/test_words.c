/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "session/words.h"

enum { P = IMAGE_PAGE };

static void bytes_are_words(void **state)
{
    (void)state;
    struct word_set s = {0};
    word_set_add(&s, 5 * P + 7, 0);
    assert_false(word_set_has(&s, 5 * P + 7));
    word_set_add(&s, 5 * P + 7, 2);
    assert_true(word_set_has(&s, 5 * P));
    assert_true(word_set_has(&s, 5 * P + 15));
    assert_false(word_set_has(&s, 5 * P + 16));
    assert_false(word_set_has(&s, 4 * P));
    word_set_done(&s);
}

/* Across pages, over all words of one, and at the end of the address space. */
static void pieces_cross_pages(void **state)
{
    (void)state;
    struct word_set s = {0};
    struct page_set pages = {0};
    word_set_add(&s, 2 * P - 8, P + 16);
    for (taddr at = 2 * P - 8; at < 3 * P + 8; at += 8)
        assert_true(word_set_has(&s, at));
    assert_false(word_set_has(&s, 2 * P - 16));
    assert_false(word_set_has(&s, 3 * P + 8));
    word_set_add(&s, UINT64_MAX - 3, UINT64_MAX);
    assert_true(word_set_has(&s, UINT64_MAX));
    assert_false(word_set_has(&s, 0));
    word_set_pages(&s, &pages);
    assert_int_equal(pages.n, 4);
    assert_true(page_set_has(&pages, P) && page_set_has(&pages, 3 * P) && page_set_has(&pages, UINT64_MAX));
    page_set_done(&pages);
    word_set_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_words),
        cmocka_unit_test(pieces_cross_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
