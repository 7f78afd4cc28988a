/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "image/space.h"

static const uint8_t letters[] = "abcdefghijklmnopqrstuvwxyz";
static const uint8_t digits[] = "0123456789";

static struct space_range range(taddr start, taddr end, const uint8_t *data, uint64_t have)
{
    return (struct space_range){.start = start, .end = end, .data = data, .have = have};
}

static void reads_across_ranges(void **state)
{
    (void)state;
    struct space s = {0};
    char buf[32] = "";

    space_add(&s, range(0x1010, 0x101a, digits, 10));
    space_add(&s, range(0x1000, 0x1010, letters, 16));
    space_sort(&s);
    assert_ok(space_read(&s, 0x100e, buf, 4));
    assert_memory_equal(buf, "op01", 4);
    assert_int_equal(space_read_some(&s, 0x1018, buf, 8), 2);
    assert_null(space_view(&s, 0x100e, 4));
    assert_ptr_equal(space_view(&s, 0x1002, 14), letters + 2);
    space_done(&s);
}

static void says_why_bytes_are_missing(void **state)
{
    (void)state;
    struct space s = {0};
    char buf[32];
    struct space_range cut = range(0x1000, 0x2000, letters, 4);

    cut.absent = ABSENT_TRUNCATED;
    space_add(&s, cut);
    space_add(&s, range(0x3000, 0x4000, NULL, 0));
    assert_err(space_read(&s, 0x1002, buf, 8), ERR_TRUNCATED);
    assert_err(space_read(&s, 0x3000, buf, 1), ERR_NOT_IN_DUMP);
    assert_err(space_read(&s, 0x2000, buf, 1), ERR_UNMAPPED);
    assert_err(space_read(&s, UINT64_MAX, buf, 1), ERR_UNMAPPED);
    assert_err(space_read(&s, UINT64_MAX - 2, buf, 8), ERR_UNMAPPED);

    struct err *e = space_read(&s, 0x1002, buf, 8);
    assert_int_equal(e->where, ERR_AT_ADDRESS);
    assert_int_equal(e->at, 0x1004);
    err_free(e);
    space_done(&s);
}

static void bytes_win_then_the_first(void **state)
{
    (void)state;
    struct space s = {0};
    char buf[16];

    space_add(&s, range(0x1000, 0x2000, NULL, 0));
    space_add(&s, range(0x1004, 0x1008, letters, 4));
    space_add(&s, range(0x1006, 0x1010, digits, 10));
    space_sort(&s);
    assert_int_equal(space_read_some(&s, 0x1004, buf, 16), 12);
    assert_memory_equal(buf, "abcd23456789", 12);
    assert_int_equal(space_find(&s, 0x1003)->have, 0);
    assert_int_equal(space_find(&s, 0x1fff)->end, 0x2000);
    for (size_t i = 1; i < s.ranges.n; i++)
        assert_true(s.ranges.v[i - 1].end <= s.ranges.v[i].start);
    space_done(&s);
}

/* Against a byte map: whatever the ranges, every byte is that of the best range that covers it. */
static void overlaps_agree_with_a_byte_map(void **state)
{
    (void)state;
    static const uint8_t bytes[256] = {1, 2, 3, 4, 5};
    unsigned seed = 1;

    for (int round = 0; round < 300; round++) {
        struct space s = {0};
        const uint8_t *want[256] = {0};
        bool mapped[256] = {0};
        for (int i = 0; i < 12; i++) {
            unsigned start = (unsigned)rand_r(&seed) % 200, size = (unsigned)rand_r(&seed) % 56;
            unsigned have = size ? (unsigned)rand_r(&seed) % (size + 1) : 0, at = (unsigned)rand_r(&seed) % 100;
            space_add(&s, range(start, start + size, bytes + at, have));
            for (unsigned k = 0; k < size; k++) {
                mapped[start + k] = true;
                if (k < have && !want[start + k])
                    want[start + k] = bytes + at + k;
            }
        }
        space_sort(&s);
        for (unsigned a = 0; a < 256; a++) {
            assert_ptr_equal(space_view(&s, a, 1), want[a]);
            assert_int_equal(space_find(&s, a) != NULL, mapped[a]);
        }
        space_done(&s);
    }
}

/* A target whose byte at every address from 0x500 up to 0x5000 is '.'. */
static size_t dots(void *arg, taddr at, void *buf, size_t n)
{
    ++*(int *)arg;
    if (at < 0x500 || at >= 0x5000)
        return 0;
    if (n > 0x5000 - at)
        n = (size_t)(0x5000 - at);
    memset(buf, '.', n);
    return n;
}

static void fallback_fills_the_gaps(void **state)
{
    (void)state;
    int calls = 0;
    struct space s = {.fallback = dots, .fallback_arg = &calls};
    char buf[32];

    space_add(&s, range(0x1000, 0x1100, letters, 3));
    space_add(&s, range(0x1105, 0x1200, letters, 3));
    assert_ok(space_read(&s, 0x0ffe, buf, 8));
    assert_memory_equal(buf, "..abc...", 8);
    assert_int_equal(calls, 2);
    assert_ok(space_read(&s, 0x10fe, buf, 12));
    assert_memory_equal(buf, ".......abc..", 12);
    assert_err(space_read(&s, 0x4ffc, buf, 8), ERR_UNMAPPED);
    space_done(&s);
}

static void words_and_strings(void **state)
{
    (void)state;
    static uint8_t page[0x2000];
    struct space s = {0};
    uint64_t v = 7;
    char *text;

    memset(page, 'x', sizeof(page));
    memcpy(page, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    page[0x1800] = 0;
    space_add(&s, range(0x10000, 0x12000, page, sizeof(page)));
    assert_true(space_word(&s, 0x10000, 8, &v));
    assert_int_equal(v, UINT64_C(0x0807060504030201));
    assert_true(space_word(&s, 0x10001, 2, &v));
    assert_int_equal(v, 0x0302);
    assert_false(space_word(&s, 0x11ffc, 8, &v));
    assert_false(space_word(&s, 0x10000, 3, &v));
    assert_int_equal(v, 0x0302);

    assert_ok(space_cstr(&s, 0x10010, 0x2000, &text));
    assert_int_equal(strlen(text), 0x17f0);
    free(text);
    assert_ok(space_cstr(&s, 0x11800, 0, &text));
    assert_string_equal(text, "");
    free(text);
    assert_err(space_cstr(&s, 0x10010, 0x17ef, &text), ERR_LIMIT);
    assert_err(space_cstr(&s, 0x11801, 0x2000, &text), ERR_UNMAPPED);
    space_done(&s);
}

struct noted {
    struct space_watch watch;
    taddr at;
    size_t n;
};

static void note(struct space_watch *w, taddr at, size_t n)
{
    struct noted *noted = (struct noted *)(void *)w;
    noted->at = at;
    noted->n = n;
}

static void reads_are_watched(void **state)
{
    (void)state;
    struct noted noted = {.watch = {.read = note}};
    struct space s = {.watch = &noted.watch};
    char buf[32];

    space_add(&s, range(0x1000, 0x2000, letters, 16));
    assert_int_equal(space_read_some(&s, 0x1004, buf, 30), 12);
    assert_int_equal(noted.at, 0x1004);
    assert_int_equal(noted.n, 12);
    assert_non_null(space_view(&s, 0x1001, 3));
    assert_int_equal(noted.at, 0x1001);
    assert_int_equal(noted.n, 3);
    assert_int_equal(space_read_some(&s, 0x3000, buf, 4), 0);
    assert_null(space_view(&s, 0x1010, 1));
    assert_int_equal(noted.n, 3); /* nothing was read */
    space_done(&s);
}

RUN_TESTS(cmocka_unit_test(reads_across_ranges), cmocka_unit_test(says_why_bytes_are_missing),
          cmocka_unit_test(bytes_win_then_the_first), cmocka_unit_test(overlaps_agree_with_a_byte_map),
          cmocka_unit_test(fallback_fills_the_gaps), cmocka_unit_test(words_and_strings),
          cmocka_unit_test(reads_are_watched))
