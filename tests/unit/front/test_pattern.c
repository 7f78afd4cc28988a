/* SPDX-License-Identifier: Apache-2.0 */
#include "front/pattern.h"

#include "base/mem.h"
#include "unit.h"

static bool fits(const char *expression, const char *text)
{
    struct pattern *p = NULL;
    assert_ok(pattern_compile(expression, &p));
    bool yes = pattern_fits(p, text);
    assert_ok(pattern_check(p));
    pattern_free(p);
    return yes;
}

/* What Go 1.23's regexp says of the same: its MatchString(). */
static void expressions_mean_what_they_mean_to_go(void **state)
{
    static const struct {
        const char *expression, *text;
        bool fits;
    } rows[] = {
        {"", "", true},
        {"", "main.main", true},
        {"^main\\.d", "main.die", true},
        {"^main\\.d", "mainxdie", false},
        {"\\d+$", "func12", true},
        {"\\d", "func", false},
        {"\\d", "\xd9\xa3", false}, /* a digit of Arabic: classes are of ASCII */
        {"\\w", "\xc3\xa4", false},
        {"(?i)MAIN", "main.main", true},
        {"(?i)\xc3\x84", "\xc3\xa4", true},
        {"(?i:MAIN)\\.Die", "main.die", false},
        {"(?U)a+$", "aaa", true},
        {"\\bdie\\b", "main.die", true},
        {"\\bdie\\b", "main.died", false},
        {"a.*?b", "a-b", true},
        {"^a.b$", "a\nb", false},
        {"(?s)^a.b$", "a\nb", true},
        {"a$", "a\n", false}, /* the end is the end */
        {"(?m)a$", "a\nb", true},
        {"^\\*T\\.\\(x\\)$", "*T.(x)", true},
        {"\\Qa.b\\E$", "a.b", true},
        {"\\Qa.b\\E$", "axb", false},
        {"^\\Qab\\E+$", "abbb", true},
        {"\\Q[", "x[y", true},
        {"x{2}", "xx", true},
        {"x{,2}", "x{,2}", true},
        {"x{,2}", "xx", false},
        {"x{a}", "x{a}", true},
        {"{", "struct {", true},
        {"[[:digit:]]", "7", true},
        {"[[:^digit:]]", "7", false},
        {"[]a]", "]", true},
        {"[^]a]", "]", false},
        {"[[a]", "[", true},
        {"[[.]", ".", true},
        {"[\\d_]", "_", true},
        {"\\x41\\x{42}\\103", "ABC", true},
        {"\\v", "\v", true},
        {"\\v", "\n", false}, /* a class in Perl */
        {"\\pL", "\xc3\xa4", true},
        {"\\p{Greek}", "\xce\xb1", true},
        {"\\PL", "a", false},
        {"(?P<name>a)(?<other>b)", "ab", true},
        {"(a|b)*c", "ababc", true},
        {"a||b", "", true},
        {"\\.\\.\\.", "...", true},
        {"\\_\\-\\@", "_-@", true},
        {"\xc2\xb7", "a\xc2\xb7z", true},
        {"^.$", "\xc2\xb7", true},
        {"z", "\xff\xfez", true}, /* names need not be UTF-8 */
        {"a\\z", "a", true},
        {"(?i-s)A", "a", true},
        {"(?P<a>b)(?P<a>c)(?)", "bc", true},
        {"^\\x{42}+$", "BB", true},
        {"^*a", "ba", true},
        {"a\\b+", "a b", true},
        {"x$?", "xy", true},
        {"[:alpha:]", "p", true},
        {"[:alpha:]", "b", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (fits(rows[i].expression, rows[i].text) != rows[i].fits)
            fail_msg("%s: %s", rows[i].expression, rows[i].text);
}

static void what_go_does_not_know_is_refused(void **state)
{
    static const char *const expressions[] = {
        "(",       ")",      "(?=a)",  "(?!a)",   "(?<=a)",      "(?<!a)", "(?>a)",      "(?|a)", "(?#a)",
        "(?x)a",   "(?",     "(?i",    "(?i-)",   "(?R)",        "(?1)",   "(*UTF)a",    "(*F)",  "*",
        "a**",     "a++",    "a*+",    "a{2}{3}", "a{1001}",     "\\1",    "(a)\\1",     "\\8",   "\\Z",
        "\\K",     "\\G",    "\\R",    "\\X",     "\\h",         "\\e",    "\\cA",       "\\N",   "\\k<a>",
        "\\g1",    "\\o{7}", "\\",     "\\E",     "[",           "[a",     "[\\b]",      "[z-a]", "[[:nosuch:]]",
        "[[:<:]]", "(?P=a)", "(?P>a)", "(?'a'b)", "\\p{Nosuch}", "\\C",    "\\\xc3\xa4",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(expressions); i++) {
        struct pattern *p = NULL;
        struct err *e = pattern_compile(expressions[i], &p);
        if (!e)
            fail_msg("%s is taken", expressions[i]);
        assert_int_equal(e->code, ERR_USAGE);
        assert_non_null(strstr(e->msg, "error parsing regexp: "));
        err_free(e);
    }
}

static void an_expression_that_never_ends_is_an_error(void **state)
{
    struct pattern *p = NULL;
    (void)state;
    assert_ok(pattern_compile("^(a|a|aa)*(a|a)*$", &p));
    assert_false(pattern_fits(p, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    assert_err(pattern_check(p), ERR_LIMIT);
    pattern_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_mean_what_they_mean_to_go),
        cmocka_unit_test(what_go_does_not_know_is_refused),
        cmocka_unit_test(an_expression_that_never_ends_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
