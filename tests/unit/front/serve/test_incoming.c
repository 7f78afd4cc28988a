/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of clients: where objects end in a stream without frames, and what is asked of them. */
#include "unit.h"

#include "front/serve/incoming.h"

#include "base/mem.h"
#include "base/text.h"

static void names_are_taken_in_any_letters_but_exact_ones_first(void **state)
{
    static const char text[] = "{\"count\":1,\"Count\":2,\"b\":true,\"r\":2.9,\"l\":[1,\"x\"],\"n\":null}";
    struct incoming *v;
    int64_t n = 0;
    bool yes = false;
    (void)state;
    assert_ok(incoming_parse(text, sizeof(text) - 1, &v));
    assert_true(incoming_integer(incoming_member(v, "Count"), &n));
    assert_int_equal(n, 2);
    assert_true(incoming_bool(incoming_member(v, "B"), &yes) && yes);
    assert_true(incoming_integer(incoming_member(v, "R"), &n));
    assert_int_equal(n, 2);
    assert_false(incoming_integer(incoming_member(v, "b"), &n));
    assert_int_equal(incoming_count(incoming_member(v, "L")), 2);
    assert_string_equal(incoming_string(incoming_element(incoming_member(v, "L"), 1)), "x");
    assert_null(incoming_string(incoming_element(incoming_member(v, "L"), 7)));
    assert_int_equal(incoming_kind(incoming_member(v, "n")), INCOMING_NULL);
    assert_int_equal(incoming_kind(incoming_member(NULL, "n")), INCOMING_NOTHING);
    SCOPED(freep) char *again = incoming_text(incoming_member(v, "l"));
    assert_string_equal(again, "[1,\"x\"]");
    incoming_free(v);
}

static bool take_name(void *arg, const char *name, const struct incoming *v)
{
    struct text *names = arg;
    text_printf(names, "%s=%zu,", name, incoming_count(v));
    return names->n < 8;
}

static void members_come_one_by_one_until_enough(void **state)
{
    static const char text[] = "{\"a\":[1],\"b\":[],\"c\":[1,2]}";
    struct incoming *v;
    SCOPED(text_done) struct text names = {0};
    (void)state;
    assert_ok(incoming_parse(text, sizeof(text) - 1, &v));
    incoming_each_member(v, take_name, &names);
    assert_string_equal(text_str(&names), "a=1,b=0,");
    incoming_each_member(NULL, take_name, &names);
    incoming_each_member(incoming_member(v, "c"), take_name, &names);
    assert_string_equal(text_str(&names), "a=1,b=0,");
    incoming_free(v);
}

static void a_stream_is_cut_where_objects_end(void **state)
{
    static const char text[] = " {\"a\":\"}\\\"\"}\n{\"b\":[{}]}{";
    static const size_t ends[] = {12, 23};
    (void)state;
    for (size_t piece = 1; piece < sizeof(text); piece++) {
        struct incoming_scan scan = {0};
        size_t found = 0;
        for (size_t at = 0; at < sizeof(text) - 1;) {
            size_t left = sizeof(text) - 1 - at, used;
            bool whole;
            assert_ok(incoming_scan(&scan, text + at, left < piece ? left : piece, &used, &whole));
            at += used;
            if (whole)
                assert_int_equal(at, ends[found++]);
        }
        assert_int_equal(found, ARRAY_LEN(ends));
    }
}

static void what_is_no_object_or_too_much_is_refused(void **state)
{
    static const char *const wrong[] = {"[1]", "x", "\"s\"", "}", "1"};
    struct incoming_scan scan;
    size_t used;
    bool whole;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        scan = (struct incoming_scan){0};
        struct err *e = incoming_scan(&scan, wrong[i], strlen(wrong[i]), &used, &whole);
        assert_non_null(e);
        assert_int_equal(e->code, ERR_CORRUPT);
        err_free(e);
    }
    char deep[INCOMING_DEPTH_MAX + 1];
    memset(deep, '{', sizeof(deep));
    scan = (struct incoming_scan){0};
    struct err *e = incoming_scan(&scan, deep, sizeof(deep), &used, &whole);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_LIMIT);
    err_free(e);
}

RUN_TESTS(cmocka_unit_test(names_are_taken_in_any_letters_but_exact_ones_first),
          cmocka_unit_test(members_come_one_by_one_until_enough), cmocka_unit_test(a_stream_is_cut_where_objects_end),
          cmocka_unit_test(what_is_no_object_or_too_much_is_refused))
