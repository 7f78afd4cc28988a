/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/cursor.h"

#define CURSOR(...)                                                                                                    \
    cursor_of((struct bytes){.p = (const uint8_t[]){__VA_ARGS__}, .n = sizeof((const uint8_t[]){__VA_ARGS__})}, 0x100, \
              "the test")

static void words_are_little_endian(void **state)
{
    (void)state;
    struct cursor c = CURSOR(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    assert_int_equal(cursor_u8(&c), 1);
    assert_int_equal(cursor_u16(&c), 0x0302);
    assert_int_equal(cursor_u32(&c), 0x07060504);
    assert_int_equal(cursor_u64(&c), UINT64_C(0x0f0e0d0c0b0a0908));
    assert_int_equal(cursor_left(&c), 0);
    assert_false(c.failed);
}

static void sizes_of_uint(void **state)
{
    (void)state;
    struct cursor c = CURSOR(1, 2, 3, 4, 5, 6, 7, 8);
    assert_int_equal(cursor_uint(&c, 3), 0x030201);
    cursor_seek(&c, 0);
    assert_int_equal(cursor_uint(&c, 8), UINT64_C(0x0807060504030201));
    static const unsigned bad[] = {0, 5, 6, 7, 9, 255};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct cursor d = CURSOR(1, 2, 3, 4, 5, 6, 7, 8, 9);
        assert_int_equal(cursor_uint(&d, bad[i]), 0);
        assert_true(d.failed);
    }
}

static void failure_sticks_and_says_where(void **state)
{
    (void)state;
    struct cursor c = CURSOR(1, 2, 3);
    assert_int_equal(cursor_u16(&c), 0x0201);
    assert_int_equal(cursor_u16(&c), 0);
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0); /* one byte was left, but not any more */
    assert_int_equal(cursor_left(&c), 0);
    cursor_seek(&c, 0);
    assert_int_equal(cursor_u8(&c), 0);

    struct err *e = cursor_check(&c);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_TRUNCATED);
    assert_int_equal(e->where, ERR_AT_OFFSET);
    assert_int_equal(e->at, 0x102);
    assert_string_equal(e->msg, "the test ends too early at offset 0x102");
    err_free(e);
}

static void no_bytes_at_all(void **state)
{
    (void)state;
    struct cursor c = cursor_of((struct bytes){0}, 0, "nothing");
    assert_int_equal(cursor_left(&c), 0);
    cursor_skip(&c, 0);
    cursor_seek(&c, 0);
    assert_int_equal(cursor_bytes(&c, 0).n, 0);
    assert_ok(cursor_check(&c));
    assert_string_equal(cursor_cstr(&c), "");
    assert_err(cursor_check(&c), ERR_TRUNCATED);
}

static void uleb(void **state)
{
    (void)state;
    struct cursor c = CURSOR(0x00, 0x7f, 0x80, 0x01, 0xe5, 0x8e, 0x26, 0x80, 0x00);
    assert_int_equal(cursor_uleb(&c), 0);
    assert_int_equal(cursor_uleb(&c), 127);
    assert_int_equal(cursor_uleb(&c), 128);
    assert_int_equal(cursor_uleb(&c), 624485);
    assert_int_equal(cursor_uleb(&c), 0); /* padded */
    assert_int_equal(cursor_left(&c), 0);
    assert_ok(cursor_check(&c));
}

static void uleb_limits(void **state)
{
    (void)state;
    struct cursor max = CURSOR(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    assert_true(cursor_uleb(&max) == UINT64_MAX);
    assert_false(max.failed);
    struct cursor wide = CURSOR(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02);
    assert_int_equal(cursor_uleb(&wide), 0);
    assert_true(wide.failed);
    assert_int_equal(wide.failed_at, 0x100);
    struct cursor longer = CURSOR(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00);
    cursor_uleb(&longer);
    assert_true(longer.failed);
    struct cursor cut = CURSOR(0x80, 0x80);
    cursor_uleb(&cut);
    assert_true(cut.failed);
}

static void sleb(void **state)
{
    (void)state;
    struct cursor c = CURSOR(0x02, 0x7e, 0xff, 0x00, 0x80, 0x7f, 0xc0, 0xbb, 0x78, 0x40);
    assert_true(cursor_sleb(&c) == 2);
    assert_true(cursor_sleb(&c) == -2);
    assert_true(cursor_sleb(&c) == 127);
    assert_true(cursor_sleb(&c) == -128);
    assert_true(cursor_sleb(&c) == -123456);
    assert_true(cursor_sleb(&c) == -64);
    assert_ok(cursor_check(&c));
}

static void sleb_limits(void **state)
{
    (void)state;
    struct cursor min = CURSOR(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f);
    assert_true(cursor_sleb(&min) == INT64_MIN);
    struct cursor max = CURSOR(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00);
    assert_true(cursor_sleb(&max) == INT64_MAX);
    struct cursor minus_one = CURSOR(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    assert_true(cursor_sleb(&minus_one) == -1);
    struct cursor wide = CURSOR(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01);
    assert_true(cursor_sleb(&wide) == 0);
    assert_true(wide.failed);
    struct cursor cut = CURSOR(0xff);
    cursor_sleb(&cut);
    assert_true(cut.failed);
}

static void strings_end_inside(void **state)
{
    (void)state;
    struct cursor c = CURSOR('o', 'k', 0, 0, 'n', 'o');
    assert_string_equal(cursor_cstr(&c), "ok");
    assert_string_equal(cursor_cstr(&c), "");
    assert_ok(cursor_check(&c));
    assert_string_equal(cursor_cstr(&c), "");
    assert_int_equal(c.failed_at, 0x104);
}

static void bytes_and_skip(void **state)
{
    (void)state;
    struct cursor c = CURSOR(1, 2, 3, 4);
    struct bytes b = cursor_bytes(&c, 3);
    assert_int_equal(b.n, 3);
    assert_int_equal(b.p[2], 3);
    assert_int_equal(cursor_offset(&c), 3);
    assert_int_equal(cursor_bytes(&c, 2).n, 0);
    assert_true(c.failed);

    struct cursor d = CURSOR(1, 2);
    cursor_skip(&d, 2);
    assert_false(d.failed);
    cursor_skip(&d, UINT64_MAX); /* would wrap when added */
    assert_true(d.failed);
}

static void seek(void **state)
{
    (void)state;
    struct cursor c = CURSOR(1, 2, 3);
    cursor_seek(&c, 2);
    assert_int_equal(cursor_u8(&c), 3);
    cursor_seek(&c, 3);
    assert_false(c.failed);
    cursor_seek(&c, UINT64_MAX);
    assert_true(c.failed);
}

static void sub_cursors(void **state)
{
    (void)state;
    struct cursor c = CURSOR(1, 2, 3, 4);
    cursor_u8(&c);
    struct cursor sub = cursor_sub(&c, 2);
    assert_int_equal(cursor_u16(&sub), 0x0302);
    assert_int_equal(cursor_offset(&sub), 2);
    assert_int_equal(cursor_u8(&sub), 0);
    assert_int_equal(sub.failed_at, 0x103);
    assert_false(c.failed); /* only the part ended */
    assert_int_equal(cursor_u8(&c), 4);

    struct cursor none = cursor_sub(&c, 1);
    assert_true(none.failed && c.failed);
    assert_int_equal(none.failed_at, 0x104);
    assert_err(cursor_check(&none), ERR_TRUNCATED);
}

RUN_TESTS(cmocka_unit_test(words_are_little_endian), cmocka_unit_test(sizes_of_uint),
          cmocka_unit_test(failure_sticks_and_says_where), cmocka_unit_test(no_bytes_at_all), cmocka_unit_test(uleb),
          cmocka_unit_test(uleb_limits), cmocka_unit_test(sleb), cmocka_unit_test(sleb_limits),
          cmocka_unit_test(strings_end_inside), cmocka_unit_test(bytes_and_skip), cmocka_unit_test(seek),
          cmocka_unit_test(sub_cursors))
