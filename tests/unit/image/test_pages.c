/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "image/pages.h"

enum { P = IMAGE_PAGE, MANY = 4000 };

static void check_runs(const struct page_set *s, const struct page_run *want, size_t n)
{
    struct page_runs runs;
    page_set_runs(s, &runs);
    assert_int_equal(runs.v.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(runs.v.v[i].start, want[i].start);
        assert_int_equal(runs.v.v[i].end, want[i].end);
    }
    page_runs_done(&runs);
}

static void bytes_are_pages(void **state)
{
    (void)state;
    struct page_set s = {0};
    assert_int_equal(page_set_add(&s, 5 * P + 7, 0), 0);
    assert_int_equal(page_set_add(&s, 5 * P + 7, 1), 1);
    assert_int_equal(page_set_add(&s, 6 * P - 1, 2), 1);
    assert_int_equal(page_set_add(&s, 4 * P, 3 * P), 1);
    assert_int_equal(s.n, 3);
    assert_true(page_set_has(&s, 7 * P - 1));
    assert_false(page_set_has(&s, 7 * P));
    assert_false(page_set_has(&s, UINT64_MAX));
    check_runs(&s, (struct page_run[]){{4 * P, 7 * P}}, 1);
    page_set_done(&s);
}

/* Across the words of 64 pages, out of order, and at the end of the address space. */
static void runs_join(void **state)
{
    (void)state;
    struct page_set s = {0};
    const taddr top = UINT64_MAX - P + 1;
    assert_int_equal(page_set_add(&s, 1000 * P, 200 * P), 200);
    assert_int_equal(page_set_add(&s, 63 * P, 2 * P), 2);
    assert_int_equal(page_set_add(&s, 0, P), 1);
    assert_int_equal(page_set_add(&s, 900 * P, 150 * P), 100);
    assert_int_equal(page_set_add(&s, top - P, UINT64_MAX), 2);
    check_runs(&s, (struct page_run[]){{0, P}, {63 * P, 65 * P}, {900 * P, 1200 * P}, {top - P, 0 /* the end */}}, 4);
    page_set_done(&s);
}

/* As an array of bools has them. */
static void agrees_with_a_map(void **state)
{
    (void)state;
    static bool map[MANY];
    struct page_set s = {0};
    uint32_t seed = 12345;
    uint64_t n = 0;
    for (unsigned i = 0; i < 400; i++) {
        seed = seed * 1664525 + 1013904223;
        unsigned from = seed >> 8 & 2047, len = seed >> 24 & 63;
        uint64_t fresh = 0;
        for (unsigned k = from; len && k < from + len; k++) {
            fresh += !map[k];
            map[k] = true;
        }
        assert_int_equal(page_set_add(&s, (taddr)from * P, (uint64_t)len * P), fresh);
        n += fresh;
    }
    assert_int_equal(s.n, n);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(page_set_has(&s, (taddr)i * P), map[i]);
    page_set_done(&s);
}

/* Three pages from P on, each full of its own number. */
static const uint8_t *numbered(void *arg, taddr at)
{
    uint8_t *page = arg;
    if (at < P || at >= 4 * P)
        return NULL;
    memset(page, (int)(at / P), P);
    return page;
}

static void reads_go_on_to_what_is_not_there(void **state)
{
    (void)state;
    static uint8_t page[P], got[5 * P];
    assert_int_equal(page_read(numbered, page, P, got, 0), 0);
    assert_int_equal(page_read(numbered, page, P - 1, got, 2), 0);
    assert_int_equal(page_read(numbered, page, 2 * P - 1, got, 2), 2);
    assert_memory_equal(got, "\1\2", 2);
    assert_int_equal(page_read(numbered, page, P + 5, got, sizeof(got)), 3 * P - 5);
    for (size_t i = 0; i < 3 * P - 5; i++)
        assert_int_equal(got[i], (i + 5) / P + 1);
}

RUN_TESTS(cmocka_unit_test(bytes_are_pages), cmocka_unit_test(runs_join), cmocka_unit_test(agrees_with_a_map),
          cmocka_unit_test(reads_go_on_to_what_is_not_there))
