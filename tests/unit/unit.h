/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka, with the headers that it wants before it, and what our tests need besides. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* These first: cmocka.h defines macros that would break them. */
#include <cmocka.h>

#include "base/err.h"

#define RUN_TESTS(...)                                    \
    int main(void)                                        \
    {                                                     \
        const struct CMUnitTest tests[] = {__VA_ARGS__};  \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }

/* NULL, or fails with the error's text. */
#define assert_ok(call)                   \
    do {                                  \
        struct err *ok_err_ = (call);     \
        if (ok_err_)                      \
            fail_msg("%s", ok_err_->msg); \
    } while (0)

/* An error of this code, which is freed. */
#define assert_err(call, want)                                                    \
    do {                                                                          \
        struct err *want_err_ = (call);                                           \
        assert_non_null(want_err_);                                               \
        assert_string_equal(err_code_name(want_err_->code), err_code_name(want)); \
        err_free(want_err_);                                                      \
    } while (0)

#endif
