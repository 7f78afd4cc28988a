/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for what a client holds: the same for the same thing, none for what is gone or beyond the limit. */
#include "unit.h"

#include "front/dap/handles.h"

static void test_same_thing_same_number(void **state)
{
    (void)state;
    struct handles h = {.arena = {0}};
    uint32_t frame = handles_frame(&h, 7, 0), other = handles_frame(&h, 8, 0);
    assert_int_equal(frame, 1);
    assert_int_not_equal(other, frame);
    assert_int_equal(handles_frame(&h, 7, 0), frame);
    assert_int_equal(handles_frame_get(&h, other)->thread, 8);
    uint32_t locals = handles_scope(&h, frame, HANDLE_LOCALS);
    assert_int_equal(handles_scope(&h, frame, HANDLE_LOCALS), locals);
    assert_int_not_equal(handles_scope(&h, frame, HANDLE_ARGUMENTS), locals);
    assert_int_not_equal(handles_scope(&h, other, HANDLE_LOCALS), locals);
    static const char path[] = "a.c", same[] = "b.c";
    uint32_t source = handles_source(&h, path, NULL, 7);
    assert_int_equal(handles_source(&h, path, NULL, 5), source);
    assert_int_equal(handles_source_get(&h, source)->last_line, 7);
    assert_int_not_equal(handles_source(&h, same, NULL, 0), source);
    handles_done(&h);
}

static void test_values_are_copies(void **state)
{
    (void)state;
    struct handles h = {.arena = {0}};
    uint8_t bytes[] = {1, 2, 3};
    char expression[] = "a.b";
    struct loc_piece piece = {.kind = LOC_BYTES, .bytes = {bytes, sizeof(bytes)}};
    struct handle of = {.value = {.loc = {&piece, 1}}, .frame = 1, .expression = expression};
    struct handle_key key = {.parent = 1, .index = 5};
    uint32_t number = handles_value(&h, &of, &key);
    bytes[0] = 9;
    expression[0] = 'x';
    piece.bytes.n = 0;
    const struct handle *got = handles_get(&h, number);
    assert_int_equal(got->kind, HANDLE_VALUE);
    assert_string_equal(got->expression, "a.b");
    assert_int_equal(got->value.loc.pieces[0].bytes.n, 3);
    assert_int_equal(got->value.loc.pieces[0].bytes.p[0], 1);
    assert_int_equal(handles_value(&h, &of, &key), number);
    key.index = 6;
    assert_int_not_equal(handles_value(&h, &of, &key), number);
    struct handle_key words = {.text = "a + b"};
    uint32_t evaluated = handles_value(&h, &of, &words);
    assert_int_equal(handles_value(&h, &of, &words), evaluated);
    of.frame = 2;
    assert_int_not_equal(handles_value(&h, &of, &words), evaluated);
    handles_done(&h);
}

static void test_what_is_no_number(void **state)
{
    (void)state;
    struct handles h = {.arena = {0}};
    uint32_t scope = handles_scope(&h, handles_frame(&h, 1, 1), HANDLE_GLOBALS);
    assert_non_null(handles_get(&h, scope));
    assert_null(handles_get(&h, 0));
    assert_null(handles_get(&h, -1));
    assert_null(handles_get(&h, (int64_t)scope + 1));
    assert_null(handles_frame_get(&h, INT64_MAX));
    assert_null(handles_source_get(&h, 1));
    assert_int_equal(handles_frame(&h, 1, SIZE_MAX), 0);
    assert_int_equal(handles_value(&h, &(struct handle){.kind = 0}, &(struct handle_key){.index = UINT64_MAX}), 0);
    handles_forget(&h);
    assert_null(handles_get(&h, scope));
    handles_done(&h);
}

static void test_no_more_than_the_limit(void **state)
{
    (void)state;
    struct handles h = {.arena = {0}};
    uint32_t last = 0;
    for (uint32_t i = 1; i <= HANDLES_MAX; i++)
        last = handles_scope(&h, i, HANDLE_LOCALS);
    assert_int_equal(last, HANDLES_MAX);
    assert_int_equal(handles_scope(&h, HANDLES_MAX + 1, HANDLE_LOCALS), 0);
    assert_int_equal(handles_value(&h, &(struct handle){.kind = 0}, &(struct handle_key){.text = "x"}), 0);
    assert_int_equal(handles_scope(&h, 1, HANDLE_LOCALS), 1); /* what has one keeps it */
    handles_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_thing_same_number),
        cmocka_unit_test(test_values_are_copies),
        cmocka_unit_test(test_what_is_no_number),
        cmocka_unit_test(test_no_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
