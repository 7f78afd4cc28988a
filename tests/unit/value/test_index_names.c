/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "value/index_names.h"

static bool equal(const char *a, const char *b)
{
    struct text x = {0}, y = {0};
    bool same = names_equal(name_bytes(a), name_bytes(b));
    /* Equal names must have equal hashes, and no others do in such a small set. */
    assert_int_equal(same, name_hash(name_bytes(a), &x) == name_hash(name_bytes(b), &y));
    text_done(&x);
    text_done(&y);
    return same;
}

static void test_spaces(void **state)
{
    (void)state;
    assert_true(equal("vector<int, std::allocator<int> >", "vector<int,std::allocator<int>>"));
    assert_true(equal("vector< int >", "vector<int>"));
    assert_true(equal("f<unsigned  int>", "f<unsigned int>"));
    assert_true(equal("operator ()", "operator()"));
    assert_true(equal("f ", "f"));
    assert_true(equal("", " "));
    assert_false(equal("f<unsigned int>", "f<unsignedint>"));
    assert_false(equal("operator new", "operatornew"));
    assert_false(equal("a", "ab"));
    assert_false(equal("a b", "a"));
}

static void test_types_among_arguments(void **state)
{
    (void)state;
    assert_true(equal("v<long int>", "v<long>"));
    assert_true(equal("v<long unsigned int>", "v<unsigned long>"));
    assert_true(equal("v<long long unsigned int, short int>", "v<unsigned long long,short>"));
    assert_true(equal("v<unsigned, signed>", "v<unsigned int, int>"));
    assert_true(equal("v<const char *>", "v<char const*>"));
    assert_true(equal("p<const a::b<c, d>, const e&>", "p<a::b<c,d> const,e const&>"));
    assert_true(equal("v<volatile int>", "v<int volatile>"));
    assert_true(equal("v<__int128 unsigned>", "v<unsigned __int128>"));
    assert_true(equal("v<int* const>", "v<int * const >"));
    assert_true(equal("a<int, 4ul>", "a<int, 4>"));
    assert_false(equal("v<signed char>", "v<char>"));
    assert_false(equal("v<long double>", "v<double>"));
    assert_false(equal("v<int const*>", "v<int* const>"));
    assert_false(equal("long int", "long"));
    assert_false(equal("v4l", "v4"));
}

static void assert_stem(const char *name, const char *stem)
{
    struct bytes b = name_stem(name_bytes(name));
    assert_int_equal(b.n, strlen(stem));
    assert_memory_equal(b.p, stem, b.n);
}

static void test_stems(void **state)
{
    (void)state;
    assert_stem("fn<int>", "fn");
    assert_stem("fn <int>", "fn");
    assert_stem("fn", "fn");
    assert_stem("", "");
    assert_stem("operator<", "operator<");
    assert_stem("operator< <int>", "operator<");
    assert_stem("operator<< <int>", "operator<<");
    assert_stem("operator<=><int>", "operator<=>");
    assert_stem("operator()<int>", "operator()");
    assert_stem("operator->", "operator->");
    assert_stem("operators<int>", "operators");
    assert_stem("<impl T for U>", "<impl T for U>");
}

static void assert_split(const char *name, const char *joined)
{
    struct name_parts p;
    struct text t = {0};
    if (name_split(name, &p))
        for (size_t i = 0; i < p.n; i++)
            text_printf(&t, "%s%.*s", i ? "|" : p.global ? "::" : "", (int)p.v[i].n, (const char *)p.v[i].p);
    assert_string_equal(text_str(&t), joined);
    text_done(&t);
}

static void test_splits(void **state)
{
    (void)state;
    assert_split("a", "a");
    assert_split("a::b<c::d>::e", "a|b<c::d>|e");
    assert_split("::a::b", "::a|b");
    assert_split(" a :: b ", "a|b");
    assert_split("(anonymous namespace)::x", "(anonymous namespace)|x");
    assert_split("ns::fn(int, char)", "ns|fn");
    assert_split("ns::operator()", "ns|operator()");
    assert_split("ns::operator<", "ns|operator<");
    assert_split("ns::operator<(a, b)", "ns|operator<");
    assert_split("ns::operator<< <int>", "ns|operator<< <int>");
    assert_split("m::{impl#0}::fn", "m|{impl#0}|fn");
    assert_split("a<(b::c)1>::d", "a<(b::c)1>|d");
    assert_split("", "");
    assert_split("a::", "");
    assert_split("::", "");
    assert_split("a::::b", "");
}

static void test_too_many_parts(void **state)
{
    (void)state;
    struct text t = {0};
    struct name_parts p;
    for (int i = 0; i < NAME_MAX_PARTS; i++)
        text_put(&t, "a::");
    text_put(&t, "a");
    assert_false(name_split(text_str(&t), &p));
    text_done(&t);
}

RUN_TESTS(cmocka_unit_test(test_spaces), cmocka_unit_test(test_types_among_arguments), cmocka_unit_test(test_stems),
          cmocka_unit_test(test_splits), cmocka_unit_test(test_too_many_parts))
