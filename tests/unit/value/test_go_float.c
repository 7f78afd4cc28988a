/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "value/format_priv.h"

static void check(double v, unsigned bits, const char *want)
{
    SCOPED(text_done) struct text text = {0};
    print_go_float(&text, v, bits);
    assert_string_equal(text_str(&text), want);
}

static void test_floats(void **state)
{
    (void)state;
    check(0, 64, "0");
    check(-0.0, 64, "-0");
    check(1, 64, "1");
    check(1.5, 64, "1.5");
    check(-2, 64, "-2");
    check(0.1, 64, "0.1");
    check((double)0.1f, 32, "0.1");
    check((double)0.1f, 64, "0.10000000149011612");
    check(100, 64, "100");
    check(123456.75, 64, "123456.75");
    check(0.00025, 64, "0.00025");
    check(1e21, 64, "1000000000000000000000");
    check(5e-7, 64, "0.0000005");
    check(1.0 / 3, 64, "0.3333333333333333");
    check((double)INFINITY, 64, "+Inf");
    check(-(double)INFINITY, 32, "-Inf");
    check((double)NAN, 64, "NaN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
