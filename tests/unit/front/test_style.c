/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "front/front.h"

/* What `put` makes, compared and freed. */
#define assert_puts(put, want)                     \
    do {                                           \
        struct text t = {0};                       \
        put;                                       \
        assert_string_equal(text_str(&t), (want)); \
        text_done(&t);                             \
    } while (0)

static void numbers(void **state)
{
    (void)state;
    assert_puts(put_grouped(&t, 0), "0");
    assert_puts(put_grouped(&t, 999), "999");
    assert_puts(put_grouped(&t, 1000), "1,000");
    assert_puts(put_grouped(&t, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_puts(put_size(&t, 0), "0 bytes");
    assert_puts(put_size(&t, 999), "999 bytes");
    assert_puts(put_size(&t, 1000), "1.0 kB");
    assert_puts(put_size(&t, 999999), "1.0 MB");
    assert_puts(put_size(&t, 42532864), "43 MB");
    assert_puts(put_size(&t, UINT64_MAX), "18 EB");
    assert_puts(put_duration(&t, 0), "0.00 ms");
    assert_puts(put_duration(&t, 1250000), "1.25 ms");
    assert_puts(put_duration(&t, 13000000), "13 ms");
    assert_puts(put_duration(&t, 3100000000), "3.1 s");
    assert_puts(put_duration(&t, 119000000000), "119.0 s");
    assert_puts(put_duration(&t, 12 * UINT64_C(60000000000)), "12 min");
    assert_puts(put_duration(&t, 20 * UINT64_C(3600000000000)), "20 h");
    assert_puts(put_duration(&t, 72 * UINT64_C(3600000000000)), "3 days");
    assert_puts(put_time(&t, 0), "1970-01-01 00:00:00 UTC");
    assert_puts(put_time(&t, 1709164800), "2024-02-29 00:00:00 UTC");
    assert_puts(put_time(&t, UINT64_MAX), "18446744073709551615 s after 1970");
}

static void paths(void **state)
{
    (void)state;
    assert_puts(put_simple_path(&t, "/usr/include/stdio.h"), "/usr/include/stdio.h");
    assert_puts(put_simple_path(&t, "./nptl/../sysdeps/nptl/x.h"), "sysdeps/nptl/x.h");
    assert_puts(put_simple_path(&t, "../../a//b/./c.c"), "../../a/b/c.c");
    assert_puts(put_simple_path(&t, "/../a"), "/../a");
    assert_puts(put_simple_path(&t, "a/.."), "");
    assert_puts(put_simple_path(&t, "/a/../b/"), "/b");
    assert_puts(put_simple_path(&t, ""), "");
    assert_string_equal(path_tail("/a/b/c.c", 1), "c.c");
    assert_string_equal(path_tail("/a/b/c.c", 2), "b/c.c");
    assert_string_equal(path_tail("c.c", 2), "c.c");
    assert_string_equal(path_tail("/", 1), "");
}

static void colour_only_where_wanted(void **state)
{
    (void)state;
    const struct screen with = {.color = true}, without = {0};
    assert_puts(put_coloured(&t, &without, COLOUR_RED, "a\033b"), "a\\x1bb");
    assert_puts(put_coloured(&t, &with, COLOUR_GREEN, "ab"), "\033[32mab\033[0m");
    assert_puts(put_coloured(&t, &with, COLOUR_NONE, "ab"), "ab");
    assert_puts(put_coloured(&t, &with, COLOUR_RED, ""), "");
    assert_puts(put_coloured(&t, &with, COLOUR_RED, NULL), "");
}

static void columns(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("a\xc3\xa4\xe2\x82\xac"), 3);
    assert_puts(put_pad(&t, 2, 5), "   ");
    assert_puts(put_pad(&t, 5, 5), " ");
    assert_puts(put_pad(&t, 9, 5), " ");
}

static void numbers_of_options(void **state)
{
    (void)state;
    uint64_t v = 7;
    assert_true(parse_number("0", 0, &v));
    assert_int_equal(v, 0);
    assert_true(parse_number("0x7fFF", UINT64_MAX, &v));
    assert_int_equal(v, 0x7fff);
    assert_true(parse_number("18446744073709551615", UINT64_MAX, &v));
    assert_false(parse_number("18446744073709551616", UINT64_MAX, &v));
    assert_false(parse_number("11", 10, &v));
    assert_false(parse_number("", UINT64_MAX, &v));
    assert_false(parse_number("-1", UINT64_MAX, &v));
    assert_false(parse_number("+1", UINT64_MAX, &v));
    assert_false(parse_number(" 1", UINT64_MAX, &v));
    assert_false(parse_number("1a", UINT64_MAX, &v));
    assert_false(parse_number("0x", UINT64_MAX, &v));
    assert_int_equal(v, UINT64_MAX);
}

static struct err *never(struct call *c)
{
    (void)c;
    return NULL;
}

static void the_last_value_counts(void **state)
{
    (void)state;
    static const struct option_row rows[] = {{"limit", 'l', VALUE_NUMBER, "N", "h"},
                                             {"json", 'j', VALUE_NONE, NULL, "h"},
                                             {"debug-dir", 0, VALUE_DIR, "D", "h"}};
    static const struct option_group group = {"T", rows, ARRAY_LEN(rows)};
    static const struct option_group *const groups[] = {&group, &front_files_group, NULL};
    static const struct command cmd = {.name = "c", .groups = groups, .run = never};
    struct call c = {.command = &cmd, .cache_dir = "/cache"};
    *vec_push(&c.given) = (struct given){&rows[0], "1"};
    *vec_push(&c.given) = (struct given){&rows[0], "0x10"};
    *vec_push(&c.given) = (struct given){&rows[2], "/one"};
    *vec_push(&c.given) = (struct given){&rows[2], "/two"};
    assert_int_equal(call_number(&c, "limit", 5), 16);
    assert_true(call_has(&c, "limit"));
    assert_false(call_has(&c, "json"));
    assert_null(call_value(&c, "exe"));
    struct session_opts opts = front_session_opts(&c);
    assert_int_equal(opts.modules.n_debug_dirs, 2);
    assert_string_equal(opts.modules.debug_dirs[1], "/two");
    assert_string_equal(opts.modules.cache_dir, "/cache");
    vec_done(&c.given);
    vec_done(&c.debug_dirs);
}

RUN_TESTS(cmocka_unit_test(numbers), cmocka_unit_test(paths), cmocka_unit_test(colour_only_where_wanted),
          cmocka_unit_test(columns), cmocka_unit_test(numbers_of_options), cmocka_unit_test(the_last_value_counts))
