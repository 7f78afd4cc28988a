/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "rt/native/native.h"

static void expect(const char *symbol, const char *dwarf, const char *want)
{
    const char *got = runtime_native.language(NULL, symbol, dwarf);
    if (!want)
        assert_null(got);
    else if (!got || strcmp(got, want) != 0)
        fail_msg("%s is %s, not %s", symbol ? symbol : "(none)", want, got ? got : "unknown");
}

static void test_by_symbol(void **state)
{
    (void)state;
    expect("_ZN3foo3barEv", NULL, "c++");
    expect("_Z3barv", NULL, "c++");
    expect("_ZN5crash4main17h0123456789abcdefE", NULL, "rust");
    expect("_ZN5crash4main17h0123456789abcdefE.llvm.17321650172939032598", NULL, "rust");
    expect("_ZN5crash4main17h0123456789abcdeXE", NULL, "c++");
    expect("_ZN5crash17h17h0123456789abcdefE", NULL, "rust");
    expect("_RNvCs1234_7mycrate3foo", NULL, "rust");
    expect("_Rubbish_not_mangled", NULL, NULL);
    expect("main", NULL, NULL); /* C, or anything that calls itself so */
    expect("main.main", NULL, NULL);
    expect("", NULL, NULL);
    expect(NULL, NULL, NULL);
}

static void test_by_dwarf(void **state)
{
    (void)state;
    expect("_Z3barv", "c", "c");
    expect(NULL, "c++", "c++");
    expect("main", "rust", "rust");
    expect("main.main", "go", NULL); /* another runtime's */
}

static void test_detect(void **state)
{
    (void)state;
    bool found = false;
    assert_ok(runtime_native.detect(NULL, &found));
    assert_true(found);
}

RUN_TESTS(cmocka_unit_test(test_by_symbol), cmocka_unit_test(test_by_dwarf), cmocka_unit_test(test_detect))
