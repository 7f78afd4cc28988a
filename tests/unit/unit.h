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

/* For sanitizers, which look here: failed allocations are ours to see, and the stack of a test is a stack.
 * A test whose child is traced must add ":detect_leaks=0", since a traced process cannot look for leaks. */
#ifndef UNIT_ASAN_OPTIONS
#define UNIT_ASAN_OPTIONS ""
#endif
const char *__asan_default_options(void);
__attribute__((used)) const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:detect_stack_use_after_return=0" UNIT_ASAN_OPTIONS;
}

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
