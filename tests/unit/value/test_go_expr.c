/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Go that need no program: constants, operators, conversions, what an expression makes; fmt's verbs. */
#include "unit.h"

#include "base/arena.h"
#include "value/expr.h"
#include "value/format.h"

struct fixture {
    struct image im;
    struct arena arena;
    struct values vs;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->im = (struct image){.kind = IMAGE_CORE, .path = "unit", .arch = &arch_x86_64};
    f->vs.ms = modules_load(&f->im, &(struct module_opts){.no_debuginfod = true});
    f->vs.types = types_new(f->vs.ms, NULL);
    f->vs.arena = &f->arena;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    types_free(f->vs.types);
    modules_free(f->vs.ms);
    arena_done(&f->arena);
    space_done(&f->im.space);
    arena_done(&f->im.arena);
    free(f);
    return 0;
}

/* The value as text, or what is wrong with the expression. */
static void assert_answer(struct fixture *f, const char *verb, const char *expression, const char *want)
{
    struct expr_env env = {.vs = &f->vs, .language = DW_LANG_Go};
    struct format how = format_defaults;
    struct value v;
    SCOPED(text_done) struct text out = {0};
    snprintf(how.verb, sizeof(how.verb), "%s", verb);
    struct err *e = expr_evaluate(&env, expression, &v, NULL);
    if (e)
        text_put(&out, e->msg);
    else
        format_value(&f->vs, &v, &how, &out);
    err_free(e);
    assert_string_equal(text_str(&out), want);
}

struct row {
    const char *expression, *want;
};

static void assert_rows(void **state, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_answer(*state, "", rows[i].expression, rows[i].want);
}

static void constants_take_the_type_that_they_meet(void **state)
{
    static const struct row rows[] = {
        {"1 + 2 * 3", "7"},
        {"7 / 2", "3"},
        {"7.0 / 2", "3.5"},
        {"1 << 40", "1099511627776"},
        {"uint8(200) + 100", "44"},
        {"uint8(200) << 1", "144"},
        {"int8(-128) - 1", "127"},
        {"^uint8(1)", "254"},
        {"float32(1.5) * 2", "3"},
        {"0x10 + 0o17 + 0b1", "32"},
        {"'a' + 1", "98"},
        {"'ä'", "228"},
        {"int(2.9)", "2"},
        {"5 == 5.0", "true"},
        {"uint8(1) + 1.5", "column 12: can not convert 1.5 constant to uint8"},
        {"int8(1) + int16(1)", "column 9: mismatched types \"int8\" and \"int16\""},
        {"1 / 0", "column 3: integer divide by zero"},
        {"1.0 / 0.0", "column 5: division by zero"},
        {"1 << -1", "column 3: shift count must not be negative"},
        {"1.5 << 1", "column 5: shift of type float64"},
    };
    assert_rows(state, rows, ARRAY_LEN(rows));
}

static void truth_is_no_number(void **state)
{
    static const struct row rows[] = {
        {"true && !false", "true"},
        {"false || 1 < 2", "true"},
        {"false && 1 / 0 == 1", "false"},
        {"1 && true", "column 1: expression \"1\" should be boolean not int"},
        {"!1", "column 2: expression \"1\" should be boolean not int"},
        {"true + true", "column 6: operator + can not be applied to \"true\""},
        {"nil == nil", "true"},
        {"1 == nil", "column 3: can not compare int to nil"},
        {"nil < nil", "column 5: operator < can not be applied to \"nil\""},
        {"*nil", "column 1: nil can not be dereferenced"},
        {"*5", "column 1: expression \"5\" (int) can not be dereferenced"},
    };
    assert_rows(state, rows, ARRAY_LEN(rows));
}

static void strings_are_made_and_cut(void **state)
{
    static const struct row rows[] = {
        {"\"ab\" + \"c\\n\"", "\"abc\\n\""},
        {"\"ab\" < \"b\"", "true"},
        {"\"ab\" == \"a\" + \"b\"", "true"},
        {"len(\"äb\")", "3"},
        {"\"hello\"[1:3]", "\"el\""},
        {"\"hello\"[1]", "101"},
        {"\"hello\"[5]", "column 8: index out of bounds: there are 5"},
        {"\"hello\"[3:9]", "column 8: index out of bounds: there are 5"},
        {"string(228)", "\"ä\""},
        {"string(-1)", "\"\xef\xbf\xbd\""},
        {"[]byte(\"ab\")", "[]uint8 len: 2, cap: 2, [97,98]"},
        {"[]rune(\"äb\")", "[]int32 len: 2, cap: 2, [228,98]"},
        {"[]rune(\"\\xff\")[0]", "65533"},
        {"string([]rune(\"äb\")[1:])", "\"b\""},
        {"cap([]byte(\"abc\")[1:])", "2"},
        {"\"a\" - \"b\"", "column 5: operator - not defined on string"},
        {"\"a\" + 1", "column 7: can not convert 1 constant to string"},
        {"int(\"a\")", "column 5: can not convert \"\"a\"\" to int"},
    };
    assert_rows(state, rows, ARRAY_LEN(rows));
}

static void functions_of_the_language(void **state)
{
    static const struct row rows[] = {
        {"min(3, 1, 2)", "1"},
        {"max(1.5, 2)", "2"},
        {"max(\"a\", \"c\", \"b\")", "\"c\""},
        {"min()", "column 1: not enough arguments to min"},
        {"complex(1, -2)", "(1 + -2i)"},
        {"complex(1, 2) * complex(3, -1)", "(5 + 5i)"},
        {"complex(1, 2) / complex(0, 0)", "column 15: division by zero"},
        {"-complex(1, 2) == complex(-1, -2)", "true"},
        {"real(complex(1, 2)) + imag(complex(1, 2))", "3"},
        {"imag(1)", "column 1: invalid argument 1 (type int) to imag"},
        {"len(5)", "column 1: invalid argument 5 (type int) for len"},
        {"len(\"a\", \"b\")", "column 1: wrong number of arguments to len: 2"},
        {"nosuch", "could not find symbol value for nosuch"},
    };
    assert_rows(state, rows, ARRAY_LEN(rows));
}

static void verbs_are_those_of_fmt(void **state)
{
    static const struct {
        const char *verb, *expression, *want;
    } rows[] = {
        {"%x", "255", "ff"},
        {"%#X", "255", "0XFF"},
        {"%08b", "5", "00000101"},
        {"%-5d", "-42", "-42  "},
        {"%+d", "42", "+42"},
        {"%06d", "-42", "-00042"},
        {"%O", "8", "0o10"},
        {"%#o", "0", "0"},
        {"%c", "228", "ä"},
        {"%q", "'x'", "'x'"},
        {"%U", "228", "U+00E4"},
        {"%t", "true", "true"},
        {"%.2f", "2.5", "2.50"},
        {"%e", "2.5", "2.500000e+00"},
        {"%g", "1e21", "1e+21"},
        {"%g", "0.00001", "1e-05"},
        {"%v", "1e20", "100000000000000000000"},
        {"%x", "2.5", "0x1.4p+01"},
        {"%s", "\"a\\tb\"", "a\\tb"},
        {"%x", "\"ab\"", "6162"},
        {"%6s", "\"ab\"", "    ab"},
        {"%.1f", "complex(1, -2)", "(1.0-2.0i)"},
        {"%x", "[]byte(\"az\")", "[]uint8 len: 2, cap: 2, [61,7a]"},
        {"%d", "\"ab\"", "%!d(string=ab)"},
        {"%s", "5", "%!s(int64=5)"},
        {"%d", "true", "%!d(bool=true)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_answer(*state, rows[i].verb, rows[i].expression, rows[i].want);
    assert_true(format_verb_valid("%+-08.3f"));
    const char *const wrong[] = {"%", "%5", "x", "%xx", "%.", "%é", "%0000000000000000000000000000x"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(format_verb_valid(wrong[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(constants_take_the_type_that_they_meet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(truth_is_no_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strings_are_made_and_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(functions_of_the_language, set_up, tear_down),
        cmocka_unit_test_setup_teardown(verbs_are_those_of_fmt, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
