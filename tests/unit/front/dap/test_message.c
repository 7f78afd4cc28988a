/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in their frames: in pieces, several at once, damaged. */
#include "unit.h"

#include <stdio.h>

#include "front/dap/message.h"

static void feed(struct message_input *in, const char *bytes)
{
    size_t n = strlen(bytes);
    memcpy(message_room(in, n), bytes, n);
    message_added(in, n);
}

static void assert_message(struct message_input *in, const char *want)
{
    struct incoming *root;
    struct err *why;
    assert_int_equal(message_take(in, &root, &why), MESSAGE_HERE);
    char *text = incoming_text(root);
    assert_string_equal(text, want);
    free(text);
    incoming_free(root);
}

static void assert_state(struct message_input *in, enum message_state want, const char *says)
{
    struct incoming *root;
    struct err *why = NULL;
    assert_int_equal(message_take(in, &root, &why), want);
    assert_int_equal(why != NULL, says != NULL);
    if (says)
        assert_non_null(strstr(why->msg, says));
    err_free(why);
}

static void test_a_byte_at_a_time(void **state)
{
    (void)state;
    static const char bytes[] = "X-Y: z\r\ncontent-length:  7\r\n\r\n{\"a\":1}";
    struct message_input in = {0};
    for (size_t i = 0; bytes[i]; i++) {
        assert_state(&in, MESSAGE_MORE, NULL);
        feed(&in, (char[]){bytes[i], 0});
    }
    assert_message(&in, "{\"a\":1}");
    assert_state(&in, MESSAGE_MORE, NULL);
    message_input_done(&in);
}

static void test_several_at_once(void **state)
{
    (void)state;
    struct message_input in = {0};
    feed(&in, "Content-Length: 2\r\n\r\n{}Content-Length: 7\r\n\r\n{\"b\":2}Content-Le");
    assert_message(&in, "{}");
    assert_message(&in, "{\"b\":2}");
    assert_state(&in, MESSAGE_MORE, NULL);
    message_input_done(&in);
}

static void test_a_bad_one_ends_nothing_else(void **state)
{
    (void)state;
    struct message_input in = {0};
    feed(&in,
         "Content-Length: 3\r\n\r\n{{{Content-Length: 2\r\n\r\n[]Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}");
    assert_state(&in, MESSAGE_BAD, "");
    assert_state(&in, MESSAGE_BAD, "no JSON object");
    assert_state(&in, MESSAGE_BAD, "");
    assert_message(&in, "{}");
    message_input_done(&in);
}

static void test_too_deep(void **state)
{
    (void)state;
    enum { DEEP = INCOMING_DEPTH_MAX + 1 };
    struct message_input in = {0};
    char brackets[DEEP + 1], head[40];
    memset(brackets, '[', DEEP);
    brackets[DEEP] = 0;
    snprintf(head, sizeof(head), "Content-Length: %d\r\n\r\n", DEEP);
    feed(&in, head);
    feed(&in, brackets);
    assert_state(&in, MESSAGE_BAD, "");
    message_input_done(&in);
}

static void assert_lost(const char *bytes, const char *says)
{
    struct message_input in = {0};
    feed(&in, bytes);
    assert_state(&in, MESSAGE_LOST, says);
    message_input_done(&in);
}

static void test_frames_that_cannot_be_followed(void **state)
{
    (void)state;
    char *header = malloc(MESSAGE_HEADER_MAX + 1);
    assert_non_null(header);
    memset(header, 'x', MESSAGE_HEADER_MAX);
    header[MESSAGE_HEADER_MAX] = 0;
    assert_lost("garbage\r\n\r\n", "no colon");
    assert_lost("X: y\r\n\r\n", "no Content-Length");
    assert_lost("Content-Length: x\r\n\r\n", "no number");
    assert_lost("Content-Length: 2 2\r\n\r\n", "no number");
    assert_lost("Content-Length: -1\r\n\r\n", "no number");
    assert_lost("Content-Length:\r\n\r\n", "no number");
    assert_lost("Content-Length: 99999999999999999999999\r\n\r\n", "bytes");
    assert_lost(header, "header");
    free(header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_byte_at_a_time),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_a_bad_one_ends_nothing_else),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_frames_that_cannot_be_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
