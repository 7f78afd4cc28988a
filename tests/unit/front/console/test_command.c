/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "front/console/console.h"

/* The full name of the row that a line begins with, and its arguments. */
static void assert_row(const char *line, const char *name, const char *want)
{
    struct console c = {0};
    const struct console_command *row;
    const struct console_macro *macro;
    const char *args;
    assert_ok(command_find_row(&c, line, &row, &macro, &args));
    assert_null(macro);
    assert_string_equal(row->name, name);
    assert_string_equal(args, want);
}

static void assert_no_row(const char *line, const char *why)
{
    struct console c = {0};
    const struct console_command *row;
    const struct console_macro *macro;
    const char *args;
    struct err *e = command_find_row(&c, line, &row, &macro, &args);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_USAGE);
    assert_non_null(strstr(e->msg, why));
    err_free(e);
}

static void the_start_of_a_word_is_enough(void **state)
{
    (void)state;
    assert_row("backtrace full 3", "backtrace", "full 3");
    assert_row("backt", "backtrace", "");
    assert_row("info th 1", "info threads", "1");
    assert_row("inf   sym\t main", "info symbol", "main");
}

static void an_alias_is_typed_in_full(void **state)
{
    (void)state;
    assert_row("bt -1", "backtrace", "-1");
    assert_row("libraries", "info sharedlibrary", "");
    assert_no_row("funcz", "undefined command: \"funcz\"");
}

static void what_follows_a_letter_may_stand_beside_it(void **state)
{
    (void)state;
    assert_row("p/x 5", "print", "/x 5");
    assert_row("p$rip", "print", "$rip");
    assert_row("!ls", "shell", "ls");
    assert_row("| bt | wc", "pipe", "bt | wc");
}

static void what_is_no_command_is_told(void **state)
{
    (void)state;
    assert_no_row("nosuch", "undefined command: \"nosuch\"");
    assert_row("info nosuch", "info", "nosuch"); /* which says so itself */
    assert_no_row("info so", "ambiguous info command \"so\": source, sources");
    assert_no_row("", "undefined command");
}

static void a_command_of_the_users_is_found_first(void **state)
{
    (void)state;
    struct console c = {0};
    *vec_push(&c.macros) = (struct console_macro){.name = (char *)(uintptr_t) "zap"};
    const struct console_command *row;
    const struct console_macro *macro;
    const char *args;
    assert_ok(command_find_row(&c, "zap a b", &row, &macro, &args));
    assert_null(row);
    assert_ptr_equal(macro, &c.macros.v[0]);
    assert_string_equal(args, "a b");
    vec_done(&c.macros);
}

static void words_and_numbers_are_taken_whole(void **state)
{
    (void)state;
    int64_t n = 7;
    const char *args = "full  -12 3x 9999999999999999999";
    assert_false(args_word(&args, "ful"));
    assert_true(args_word(&args, "full"));
    assert_true(args_number(&args, &n));
    assert_int_equal(n, -12);
    assert_false(args_number(&args, &n));
    assert_string_equal(args, "3x 9999999999999999999");
    args += 3;
    assert_false(args_number(&args, &n));
    assert_int_equal(n, -12);
}

static void quotes_and_brackets_hold_their_inside_together(void **state)
{
    (void)state;
    assert_int_equal(args_span("a, b", ","), 1);
    assert_int_equal(args_span("f(1, 2), b", ","), 7);
    assert_int_equal(args_span("\"a,\\\",\", b", ","), 7);
    assert_int_equal(args_span("','+1, b", ","), 5);
    assert_int_equal(args_span("v[1, 2", ","), 6);
    assert_int_equal(args_span("), b", ","), 1);
}

RUN_TESTS(cmocka_unit_test(the_start_of_a_word_is_enough), cmocka_unit_test(an_alias_is_typed_in_full),
          cmocka_unit_test(what_follows_a_letter_may_stand_beside_it), cmocka_unit_test(what_is_no_command_is_told),
          cmocka_unit_test(a_command_of_the_users_is_found_first), cmocka_unit_test(words_and_numbers_are_taken_whole),
          cmocka_unit_test(quotes_and_brackets_hold_their_inside_together))
