/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/mem.h"
#include "base/text.h"

static void grows(void **state)
{
    (void)state;
    struct text t = {0};
    assert_string_equal(text_str(&t), "");
    for (int i = 0; i < 1000; i++)
        text_printf(&t, "%03d,", i);
    assert_int_equal(t.n, 4000);
    assert_memory_equal(text_str(&t) + 3996, "999,", 5);
    text_clear(&t);
    assert_string_equal(text_str(&t), "");
    text_put(&t, "a");
    text_putc(&t, 'b');
    text_putn(&t, "cde", 1);
    assert_string_equal(text_str(&t), "abc");
    text_done(&t);
    text_done(&t);
}

static void numbers_are_decimal(void **state)
{
    (void)state;
    struct text t = {0};
    const int64_t v[] = {0, 7, -1, 1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        text_put_i64(&t, v[i]);
        text_putc(&t, ' ');
    }
    assert_string_equal(text_str(&t), "0 7 -1 1234567890 9223372036854775807 -9223372036854775808 ");
    text_done(&t);
}

static void take_hands_over(void **state)
{
    (void)state;
    struct text t = {0};
    SCOPED(freep) char *none = text_take(&t);
    assert_string_equal(none, "");
    text_put(&t, "mine");
    SCOPED(freep) char *s = text_take(&t);
    assert_string_equal(s, "mine");
    assert_null(t.p);
}

static void a_nul_is_kept(void **state)
{
    (void)state;
    struct text t = {0};
    text_putn(&t, "a\0b", 3);
    text_putn(&t, NULL, 0);
    text_put_escaped(&t, NULL, 0);
    assert_int_equal(t.n, 3);
    assert_memory_equal(t.p, "a\0b", 4);
    text_done(&t);
}

static void escaping(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        size_t n;
        const char *want;
    } cases[] = {
        {"plain", 5, "plain"},
        {"a\nb\tc", 5, "a\\nb\\tc"},
        {"\x1b[31mred", 8, "\\x1b[31mred"},       /* a terminal sequence */
        {"nul\0inside", 10, "nul\\x00inside"},
        {"\x7f", 1, "\\x7f"},
        {"gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f"}, /* valid UTF-8 stays */
        {"\xe2\x82\xac", 3, "\xe2\x82\xac"},
        {"\xf0\x9f\x90\x9e", 4, "\xf0\x9f\x90\x9e"},
        {"\xc2\x9b"
         "31m",
         5,
         "\\xc2\\x9b"
         "31m"}, /* C1 CSI: some terminals obey it */
        {"\xc2\xa0", 2, "\xc2\xa0"},
        {"\xff\xfe", 2, "\\xff\\xfe"},
        {"\xc3", 1, "\\xc3"},                      /* cut short */
        {"\xc0\xaf", 2, "\\xc0\\xaf"},             /* overlong slash */
        {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},    /* surrogate */
        {"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
        {"\xe2\x82"
         "a",
         3,
         "\\xe2\\x82"
         "a"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct text t = {0};
        text_put_escaped(&t, cases[i].from, cases[i].n);
        assert_string_equal(text_str(&t), cases[i].want);
        text_done(&t);
    }
}

static void escaped_output_never_holds_a_control_byte(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            const char s[] = {(char)a, (char)b};
            struct text t = {0};
            text_put_escaped(&t, s, sizeof(s));
            for (size_t i = 0; i < t.n;) {
                size_t len = utf8_sequence(t.p + i, t.n - i);
                assert_true(len > 0);
                assert_false(utf8_is_control(t.p + i, len));
                i += len;
            }
            text_done(&t);
        }
    }
}

/* Encodes by the definition, independently of the decoder's table. */
static size_t encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00 >> len & 0xff) | c);
    return len;
}

static void every_code_point_is_recognised(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x112000; c++) {
        char s[4];
        size_t len = encode(c, s);
        bool valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if (utf8_sequence(s, len) != (valid ? len : 0))
            fail_msg("U+%04X is judged wrongly", c);
        if (len > 1 && utf8_sequence(s, len - 1) != 0)
            fail_msg("U+%04X is accepted when cut", c);
    }
    assert_int_equal(utf8_sequence("", 0), 0);
}

RUN_TESTS(cmocka_unit_test(grows), cmocka_unit_test(numbers_are_decimal), cmocka_unit_test(take_hands_over),
          cmocka_unit_test(a_nul_is_kept), cmocka_unit_test(escaping),
          cmocka_unit_test(escaped_output_never_holds_a_control_byte), cmocka_unit_test(every_code_point_is_recognised))
