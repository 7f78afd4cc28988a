/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in their order; what is refused while the target runs; what stops it before it begins. */
#include "unit.h"

#include "front/dap/inbox.h"

static struct request *request(int64_t seq, const char *command)
{
    struct request *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    r->seq = seq;
    r->command = command;
    return r;
}

static bool is_pause(const struct request *r)
{
    return strcmp(r->command, "pause") == 0;
}

static void test_in_their_order(void **state)
{
    struct inbox in;
    (void)state;
    inbox_init(&in);
    assert_true(inbox_put(&in, request(1, "a"), is_pause));
    assert_true(inbox_put(&in, request(2, "b"), is_pause));
    assert_int_equal(inbox_take(&in)->seq, 1);
    assert_true(inbox_cancel(&in, 1));  /* it is being answered */
    assert_false(inbox_cancel(&in, 2)); /* it waits */
    assert_false(inbox_cancel(&in, 3));
    inbox_answered(&in);
    assert_true(inbox_take(&in)->cancelled);
    inbox_answered(&in);
    assert_false(inbox_cancel(&in, 2));
    inbox_end(&in);
    assert_null(inbox_take(&in));
    inbox_done(&in);
}

static void test_what_waited_is_taken_after_the_end(void **state)
{
    struct inbox in;
    (void)state;
    inbox_init(&in);
    assert_true(inbox_put(&in, request(1, "a"), is_pause));
    inbox_end(&in);
    assert_int_equal(inbox_take(&in)->seq, 1);
    inbox_answered(&in);
    assert_null(inbox_take(&in));
    inbox_done(&in);
}

static void test_while_it_runs(void **state)
{
    struct inbox in;
    (void)state;
    inbox_init(&in);
    assert_true(inbox_run(&in, is_pause));
    struct request *refused = request(1, "threads");
    assert_false(inbox_put(&in, refused, is_pause));
    request_free(refused);
    assert_true(inbox_put(&in, request(2, "pause"), is_pause));
    assert_true(inbox_waits(&in, is_pause));
    inbox_stopped(&in);
    assert_false(inbox_run(&in, is_pause)); /* that pause waits still */
    assert_true(inbox_put(&in, request(3, "threads"), is_pause));
    inbox_done(&in);
}

static void test_the_end_stops_it(void **state)
{
    struct inbox in;
    (void)state;
    inbox_init(&in);
    inbox_end(&in);
    assert_false(inbox_run(&in, is_pause));
    assert_true(inbox_waits(&in, is_pause));
    inbox_done(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_their_order),
        cmocka_unit_test(test_what_waited_is_taken_after_the_end),
        cmocka_unit_test(test_while_it_runs),
        cmocka_unit_test(test_the_end_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
