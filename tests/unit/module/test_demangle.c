/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/demangle_rust.h"
#include "module/module.h"
#include <stdio.h>

static void check(const char *mangled, const char *want)
{
    char *got = demangle(mangled);
    if (want && got)
        assert_string_equal(got, want);
    else
        assert_ptr_equal(got, want);
    free(got);
}

static void test_cxx(void **state)
{
    (void)state;
    check("_ZN2ns3cls2fnEi", "ns::cls::fn(int)");
    check("_Z3fooIiEvT_", "void foo<int>(int)");
    check("_ZN5boost3runEv.isra.0", "boost::run() [clone .isra.0]");
    check("_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)");
}

static void test_not_mangled(void **state)
{
    (void)state;
    static const char *const plain[] = {"main", "", "_", "_start", "_Z", "_R", "_RNv", "runtime.main", "_ZN", "_ZZ"};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        check(plain[i], NULL);
}

static void test_rust_legacy(void **state)
{
    (void)state;
    check("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt");
    check("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
          "<Test + 'static as foo::Bar<Test>>::bar");
    check("_ZN4$RP$3foo17h05af221e174051e9E", ")::foo");
    check("_ZN3foo17h05af221e174051e9E.llvm.9D1C9369", "foo");
    check("_ZN3foo17h05af221e174051e9E.llvm.9D1C9369.cold", "foo.cold");
    check("_ZN3foo17h05af221e174051e9E.cold", "foo.cold");
    check("_ZN3foo17h05af221e174051e9Ei", "foo::h05af221e174051e9(int)"); /* C++ after all */
    assert_null(demangle_rust_legacy("_ZN17h05af221e174051e9E", 24));       /* nothing but a hash */
    assert_null(demangle_rust_legacy("_ZN9zoo17h05af221e174051e9E", 27));
}

static void test_rust_v0(void **state)
{
    (void)state;
    static const struct {
        const char *mangled, *text;
    } names[] = {
        /* The examples of the rustc book, "v0 Symbol Format". */
        {"_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"},
        {"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
        {"_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_", "mycrate::main::{closure#0}"},
        {"_RNCNvCsgStHSCytQ6I_7mycrate4mains_0B3_", "mycrate::main::{closure#1}"},
        {"_RNvMNtCs1234_7mycrate3foo2Aaa", NULL},
        {"_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo", "<mycrate::Example>::foo"},
        {"_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo", "<mycrate::Example as mycrate::Trait>::foo"},
        {"_RINvCs7qp2U7fqm6G_7mycrate7examplemEB2_", "mycrate::example::<u32>"},
        {"_RINvCs7qp2U7fqm6G_7mycrate7exampleFG0_RL1_hRL0_tEuEB2_",
         "mycrate::example::<for<'a, 'b> fn(&'a u8, &'b u16)>"},
        {"_RINvCs7qp2U7fqm6G_7mycrate7exampleKy12345678_EB2_", "mycrate::example::<305419896>"},
        /* Punycode, from RFC 2603. */
        {"_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y", "utf8_idents::საჭმელად_გემრიელი_სადილი"},
        {"_RINtC3foo3BarKsn5_KbO_E", NULL},
        {"_RINvC3foo3barKan80_Kb1_Kc27_Kc41_KpE", "foo::bar::<-128, true, '\\'', 'A', _>"},
        {"_RINvC3foo3barKo123456789abcdef0123456789abcdef_E", "foo::bar::<0x123456789abcdef0123456789abcdef>"},
        {"_RINvC3foo3barKRe616263_KRAh1_h2_EKVNtB2_1ST_h1_EE", NULL},
        {"_RINvC3foo3barKRe616263_KRAh1_h2_EE", "foo::bar::<\"abc\", {&[1, 2]}>"},
        {"_RINvC3foo3barFUKCTEPhOaAsj4_SxRL_eQyEzE",
         "foo::bar::<unsafe extern \"C\" fn((), *const u8, *mut i8, [i16; 4], [i64], &str, &mut u64) -> !>"},
        {"_RINvC3foo3barDNtB2_2TrINtB2_2TsmEp4ItemhEL_ThETjmEE",
         "foo::bar::<dyn foo::Tr + foo::Ts<u32, Item = u8>, (u8,), (usize, u32)>"},
        {"_RNSC3foo4shimXB2_", NULL},
        {"_RNvC3foo3bar.llvm.123.cold", "foo::bar.cold"},
        {"_RNvC3foo3bar$x", "foo::bar$x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        check(names[i].mangled, names[i].text);
}

/* References that go forward, to themselves, or double what they name at every level. */
static void test_rust_v0_limits(void **state)
{
    (void)state;
    check("_RNvB_3foo", NULL);
    check("_RNvB1_3foo", NULL);
    check("_RNvB9_3foo", NULL);
    char deep[4096] = "_RINvC1a1b", wide[4096] = "_RINvC1a1b";
    size_t n = strlen(deep);
    memset(deep + n, 'S', 2000);
    memcpy(deep + n + 2000, "hE", 3);
    check(deep, NULL);

    /* T <previous> <previous> E, 40 times: 2^40 elements. */
    size_t at = strlen(wide), previous = at;
    wide[at++] = 'h';
    for (unsigned i = 0; i < 40; i++) {
        size_t here = at;
        static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        size_t to = previous - 2 - 1; /* from after "_R"; "_" is 0, so one less */
        at += (size_t)snprintf(wide + at, sizeof(wide) - at, "TB%c%c_B%c%c_E", digits[to / 62], digits[to % 62],
                               digits[to / 62], digits[to % 62]);
        previous = here;
    }
    memcpy(wide + at, "E", 2);
    check(wide, NULL);
}

static void test_long_names(void **state)
{
    (void)state;
    size_t n = DEMANGLE_MAX + 10;
    char *name = malloc(n + 1);
    memset(name, 'a', n);
    memcpy(name, "_Z", 2);
    name[n] = '\0';
    check(name, NULL);
    free(name);
}

RUN_TESTS(cmocka_unit_test(test_cxx), cmocka_unit_test(test_not_mangled), cmocka_unit_test(test_rust_legacy),
          cmocka_unit_test(test_rust_v0), cmocka_unit_test(test_rust_v0_limits), cmocka_unit_test(test_long_names))
