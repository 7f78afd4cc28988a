/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/signature.h"

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *demangled, *name;
    } cases[] = {
        {"f()", "f"},
        {"ns::cls::fn(int, char*) const", "ns::cls::fn"},
        {"(anonymous namespace)::f(int)", "(anonymous namespace)::f"},
        {"int f<int>(int)", "f<int>"},
        {"std::vector<int, std::allocator<int> >& f<int (*)(char)>(int (*)(char))", "f<int (*)(char)>"},
        {"unsigned long const* ns::f<5>(int) const &", "ns::f<5>"},
        {"a::operator()(int) const", "a::operator()"},
        {"bool operator< <int>(a<int> const&, a<int> const&)", "operator< <int>"},
        {"std::ostream& std::operator<< <char>(std::ostream&, char)", "std::operator<< <char>"},
        {"x::operator-<int*, std::vector<int> >(int)", "x::operator-<int*, std::vector<int> >"},
        {"int x::operator-><int>()", "x::operator-><int>"},
        {"x::operator->()", "x::operator->"},
        {"auto operator<=><a>(a, a)", "operator<=><a>"},
        {"a::operator bool() const", "a::operator bool"},
        {"a::operator std::vector<int, std::allocator<int> >()", "a::operator std::vector<int, std::allocator<int> >"},
        {"operator new(unsigned long)", "operator new"},
        {"operator\"\" _kb(unsigned long long)", "operator\"\" _kb"},
        {"main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()"},
        {"a::m() const::{lambda(int)#1}::operator()(int) const", "a::m() const::{lambda(int)#1}::operator()"},
        {"auto a::m(int) &&::{lambda(auto:1)#1}::operator()<int>(int) const",
         "a::m(int) &&::{lambda(auto:1)#1}::operator()<int>"},
        {"std::string to_string[abi:cxx11](int)", "to_string[abi:cxx11]"},
        {"void (*f<int>(char))(int)", "f<int>"},
        {"decltype (auto) f<int>(int&&)", "f<int>"},
        {"my_operator(int)", "my_operator"},
        {"non-virtual thunk to a::~a()", "non-virtual thunk to a::~a"},
        {"variable", ""},
        {"", ""},
        {")", ""},
        {"()", ""},
        {"((((", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes b = signature_name(cases[i].demangled);
        char name[200] = "";
        memcpy(name, b.n ? (const char *)b.p : "", b.n);
        assert_string_equal(name, cases[i].name);
    }
}

RUN_TESTS(cmocka_unit_test(test_names))
