/* SPDX-License-Identifier: Apache-2.0 */
/* Where long lines are broken for a terminal. */
#include "unit.h"

#include "front/console/console.h"

static void expect_broken(uint32_t width, size_t indent, const char *before, const char *value, const char *want)
{
    struct console c = {.screen.terminal = true, .set.width = width};
    text_put(&c.out, before);
    size_t from = c.out.n;
    text_put(&c.out, value);
    console_wrap_value(&c, from, indent);
    assert_string_equal(text_str(&c.out) + from, want);
    text_done(&c.out);
}

static void expect_frame(uint32_t width, const char *frame, const char *want)
{
    struct console c = {.screen.terminal = true, .set.width = width};
    text_put(&c.out, frame);
    console_wrap_frame(&c, 0);
    assert_string_equal(text_str(&c.out), want);
    text_done(&c.out);
}

static void values_break_between_their_parts(void **state)
{
    (void)state;
    expect_broken(40, 0, "$1 = ", "{one = 1, two = 2, three = 3}", "{one = 1, two = 2, three = 3}");
    expect_broken(20, 0, "$1 = ", "{one = 1, two = 2, three = 3}", "{one = 1,\n  two = 2,\n  three = 3}");
    expect_broken(20, 4, "$1 = ", "{one = 1, two = 2}", "{one = 1,\n      two = 2}");
    expect_broken(20, 0, "$1 = ", "{a = {b = 1, c = 2222}, d = 3}", "{a = {b = 1,\n    c = 2222},\n  d = 3}");
}

static void text_is_never_broken(void **state)
{
    (void)state;
    expect_broken(26, 0, "$1 = ", "{s = \"a, b, c, {\", text = 1}", "{s = \"a, b, c, {\",\n  text = 1}");
    expect_broken(26, 0, "$1 = ", "{s = \"a\\\" and, b\", text = 1}", "{s = \"a\\\" and, b\",\n  text = 1}");
    expect_broken(20, 0, "$1 = ", "nowhereToBreakThisOneIsThere", "nowhereToBreakThisOneIsThere");
}

/* A colour and the second byte of a letter take no columns. */
static void columns_are_what_is_seen(void **state)
{
    (void)state;
    static const char colour[] = "{\033[31ma\033[0m = 1, b = 22}", letter[] = "{\xc3\xa4 = \"\xc3\xb6\", b = 2}";
    expect_broken(21, 0, "$1 = ", colour, colour);
    expect_broken(20, 0, "$1 = ", colour, "{\033[31ma\033[0m = 1,\n  b = 22}");
    expect_broken(22, 0, "$1 = ", letter, letter);
    expect_broken(21, 0, "$1 = ", letter, "{\xc3\xa4 = \"\xc3\xb6\",\n  b = 2}");
}

static void frames_break_before_arguments_and_places(void **state)
{
    (void)state;
    expect_frame(80, "#0  f (a=1) at file.c:3\n", "#0  f (a=1) at file.c:3\n");
    expect_frame(20, "#0  function (a=1, b=2) at file.c:3\n", "#0  function (a=1,\n    b=2)\n    at file.c:3\n");
}

static void nothing_breaks_without_a_terminal(void **state)
{
    (void)state;
    struct console c = {.set.width = 10};
    text_put(&c.out, "{one = 1, two = 2, three = 3}");
    console_wrap_value(&c, 0, 0);
    assert_string_equal(text_str(&c.out), "{one = 1, two = 2, three = 3}");
    c.screen.terminal = true;
    c.set.width = 0; /* no limit */
    console_wrap_value(&c, 0, 0);
    assert_string_equal(text_str(&c.out), "{one = 1, two = 2, three = 3}");
    text_done(&c.out);
}

RUN_TESTS(cmocka_unit_test(values_break_between_their_parts), cmocka_unit_test(text_is_never_broken),
          cmocka_unit_test(columns_are_what_is_seen), cmocka_unit_test(frames_break_before_arguments_and_places),
          cmocka_unit_test(nothing_breaks_without_a_terminal))
