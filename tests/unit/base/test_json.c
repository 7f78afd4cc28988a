/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* What `write` writes, as a heap string. */
static char *written(void (*write_it)(struct json *j), bool indent)
{
    char *s;
    size_t n;
    FILE *out = open_memstream(&s, &n);
    assert_non_null(out);
    struct json j;
    json_init(&j, out, indent);
    write_it(&j);
    assert_ok(json_finish(&j));
    fclose(out);
    return s;
}

static void assert_writes(void (*write_it)(struct json *j), bool indent, const char *want)
{
    SCOPED(freep) char *s = written(write_it, indent);
    assert_string_equal(s, want);
}

static void write_document(struct json *j)
{
    json_object_begin(j);
    json_kv_string(j, "schema", "inquest.stack/1");
    json_key(j, "threads");
    json_array_begin(j);
    json_object_begin(j);
    json_kv_u64(j, "tid", 1);
    json_kv_bool(j, "crashed", true);
    json_kv_hex(j, "pc", UINT64_MAX);
    json_kv_i64(j, "delta", INT64_MIN);
    json_kv_string(j, "stopped", NULL);
    json_object_end(j);
    json_u64(j, UINT64_MAX);
    json_object_begin(j);
    json_object_end(j);
    json_array_end(j);
    json_key(j, "tasks");
    json_array_begin(j);
    json_array_end(j);
    json_object_end(j);
}

static void compact(void **state)
{
    (void)state;
    assert_writes(write_document, false,
                  "{\"schema\":\"inquest.stack/1\",\"threads\":[{\"tid\":1,\"crashed\":true,"
                  "\"pc\":\"0xffffffffffffffff\",\"delta\":-9223372036854775808,\"stopped\":null},"
                  "18446744073709551615,{}],\"tasks\":[]}\n");
}

static void indented(void **state)
{
    (void)state;
    assert_writes(write_document, true,
                  "{\n"
                  "  \"schema\": \"inquest.stack/1\",\n"
                  "  \"threads\": [\n"
                  "    {\n"
                  "      \"tid\": 1,\n"
                  "      \"crashed\": true,\n"
                  "      \"pc\": \"0xffffffffffffffff\",\n"
                  "      \"delta\": -9223372036854775808,\n"
                  "      \"stopped\": null\n"
                  "    },\n"
                  "    18446744073709551615,\n"
                  "    {}\n"
                  "  ],\n"
                  "  \"tasks\": []\n"
                  "}\n");
}

static void write_scalar(struct json *j)
{
    json_i64(j, -1);
}

static void a_scalar_is_a_document(void **state)
{
    (void)state;
    assert_writes(write_scalar, true, "-1\n");
}

static void write_strings(struct json *j)
{
    json_array_begin(j);
    json_string(j, "quote \" backslash \\ newline \n");
    json_stringn(j, "nul\0in", 6);
    json_string(j, "\x1b[0m\x7f");
    json_string(j, "gr\xc3\xbc\xc3\x9f");
    json_string(j, "bad \xff\xc3");
    json_string(j, "c1 \xc2\x9b");
    json_stringn(j, NULL, 0);
    json_array_end(j);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    assert_writes(write_strings, false,
                  "[\"quote \\\" backslash \\\\ newline \\u000a\",\"nul\\u0000in\",\"\\u001b[0m\\u007f\","
                  "\"gr\xc3\xbc\xc3\x9f\",\"bad \xef\xbf\xbd\xef\xbf\xbd\",\"c1 \\u009b\",\"\"]\n");
}

static void write_all_pairs(struct json *j)
{
    json_array_begin(j);
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            const char s[] = {(char)a, (char)b};
            json_stringn(j, s, sizeof(s));
        }
    }
    json_array_end(j);
}

/* RFC 8259: a string holds UTF-8 without control characters, and its quotes are escaped. */
static void any_bytes_give_a_valid_string(void **state)
{
    (void)state;
    SCOPED(freep) char *s = written(write_all_pairs, false);
    size_t strings = 0, n = strlen(s) - 1;
    bool inside = false;
    for (size_t i = 0; i < n;) {
        size_t len = utf8_sequence(s + i, n - i);
        assert_true(len > 0);
        assert_false(utf8_is_control(s + i, len));
        if (s[i] == '"') {
            inside = !inside;
            strings += inside;
        } else if (s[i] == '\\') {
            assert_true(inside);
            len = s[i + 1] == 'u' ? 6 : 2;
        }
        i += len;
    }
    assert_false(inside);
    assert_int_equal(strings, 65536);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct json j;
    json_init(&j, full, false);
    json_string(&j, "lost");
    assert_err(json_finish(&j), ERR_IO);

    struct json again; /* the failure of an earlier flush is not forgotten */
    json_init(&again, full, false);
    assert_err(json_finish(&again), ERR_IO);
    fclose(full);
}

RUN_TESTS(cmocka_unit_test(compact), cmocka_unit_test(indented), cmocka_unit_test(a_scalar_is_a_document),
          cmocka_unit_test(strings_are_escaped), cmocka_unit_test(any_bytes_give_a_valid_string),
          cmocka_unit_test(a_full_disk_is_an_error))
