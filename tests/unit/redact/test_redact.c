/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "redact/redact.h"
#include "unit.h"

/* Making the automatons takes a third of a second: tests share them. */
static struct redactor *usual(void)
{
    struct redactor *r = redactor_new();

    redactor_add_usual(r);
    assert_ok(redactor_ready(r));
    return r;
}
static int make_two(void **state)
{
    static struct redactor *two[2];

    two[0] = usual();
    two[1] = usual();
    *state = two;
    return 0;
}
static int free_two(void **state)
{
    struct redactor **two = *state;

    redactor_free(two[0]);
    redactor_free(two[1]);
    return 0;
}

/* `text` in units of a width. */
static uint8_t *widened(const char *text, size_t n, unsigned width)
{
    uint8_t *out = xcalloc(n, width);

    for (size_t i = 0; i < n; i++)
        out[i * width] = (uint8_t)text[i];
    return out;
}

static void scan(struct redactor *r, uint8_t *bytes, size_t n)
{
    redactor_scan(r, &(struct redact_window){.bytes = bytes, .n = n, .to = n});
}

/* What becomes of it in units of all widths, given as narrow text. */
static void becomes(struct redactor *r, const char *text, const char *want)
{
    size_t n = strlen(text);

    for (unsigned width = 1; width <= 4; width *= 2) {
        SCOPED(freep) uint8_t *got = widened(text, n, width), *expected = widened(want, n, width);
        scan(r, got, n * width);
        for (size_t i = 0; i < n; i++)
            if (got[i * width] != expected[i * width])
                fail_msg("%s: byte %zu of width %u is '%c', not '%c'", text, i, width, got[i * width], want[i]);
        assert_memory_equal(got, expected, n * width);
    }
}

static void usual_secrets_are_written_over_in_all_widths(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"x password=hunter2 y", "x password=******* y"},
        {"\"password\": \"hunter2\", \"a\"", "\"password\": \"*******\", \"a\""},
        {"DB_PASSWORD=a&b;c'd z", "DB_PASSWORD=******* z"},
        {"api-key: 0123456789abcdef", "api-key: ****************"},
        {"id AKIAIOSFODNN7EXAMPLE.", "id ********************."},
        {"xAKIAIOSFODNN7EXAMPLE.", "xAKIAIOSFODNN7EXAMPLE."},
        {"ghp_0123456789abcdefghijABCDEFGHIJ012345!", "ghp_************************************!"},
        {"xoxb-12345678901-abcdefgh ", "xoxb-******************** "},
        {"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234\nab==\n-----END RSA PRIVATE KEY-----\nafter",
         "-----BEGIN RSA PRIVATE KEY-----***************************-----END RSA PRIVATE KEY-----\nafter"},
        {"t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln t", "t ***************************************** t"},
        {"Authorization: Bearer abc123abc123abc", "Authorization: Bearer ***************"},
        {"authorization: basic dXNlcjpwdw==", "authorization: basic ************"},
        {"the bearer information-service", "the bearer information-service"},
        {"postgres://me:s3cr3t@db:5432/x", "postgres://me:******@db:5432/x"},
        {"http://host:8080/path", "http://host:8080/path"},
        {"pay 4111 1111 1111 1111.", "pay *******************."},
        {"pay 4111111111111112", "pay 4111111111111112"},
        {"94111111111111111", "94111111111111111"},
        {"5500-0000-0000-0004 x", "******************* x"},
        {"nothing of interest: 0123456789", "nothing of interest: 0123456789"},
        {"password=%s", "password=%s"},
    };
    struct redactor **r = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        becomes(*r, cases[i].text, cases[i].want);
}

static void known_texts_are_found_whole_and_keep_their_names(void **state)
{
    static const char setting[] = "TOKEN_OF_A_LONG_NAME_THAT_IS_LONGER_THAN_AN_ANCHOR=value";
    struct redactor *r = redactor_new();
    struct redact_count count;

    (void)state;
    redactor_add_text(r, "environment", setting, strlen(setting), strlen(setting) - 5);
    redactor_add_text(r, "environment", "A=b\0c", 5, 2);
    assert_ok(redactor_ready(r));
    becomes(r, "TOKEN_OF_A_LONG_NAME_THAT_IS_LONGER_THAN_AN_ANCHOR=value!",
            "TOKEN_OF_A_LONG_NAME_THAT_IS_LONGER_THAN_AN_ANCHOR=*****!");
    becomes(r, "TOKEN_OF_A_LONG_NAME_THAT_IS_LONGER_THAN_AN_ANCHOR=other",
            "TOKEN_OF_A_LONG_NAME_THAT_IS_LONGER_THAN_AN_ANCHOR=other");
    uint8_t bytes[] = "A=b\0c";
    scan(r, bytes, 5);
    assert_memory_equal(bytes, "A=*\0*", 5);
    assert_true(redactor_count(r, 0, &count));
    assert_string_equal(count.rule, "environment");
    assert_int_equal(count.matches, 4);
    assert_false(redactor_count(r, 1, &count));
    redactor_free(r);
}

static void text_beyond_ascii_is_found_as_utf_8_and_wide(void **state)
{
    static const char text[] = "gr\303\274\303\237e\360\237\230\200";
    static const uint16_t wide[] = {'x', 'g', 'r', 0xfc, 0xdf, 'e', 0xd83d, 0xde00, 'x'};
    static const uint16_t written[] = {'x', '*', '*', '*', '*', '*', '*', '*', 'x'};
    struct redactor *r = redactor_new();
    uint8_t bytes[sizeof(wide)];

    (void)state;
    redactor_add_text(r, "known", text, strlen(text), 0);
    redactor_add_regex(r, "p[^x]{3}q");
    assert_ok(redactor_ready(r));
    memcpy(bytes, wide, sizeof(wide));
    scan(r, bytes, sizeof(wide));
    assert_memory_equal(bytes, written, sizeof(wide));
    uint32_t far[] = {'p', 0x1f600, 0x4e00, 'b', 'q'};
    scan(r, (uint8_t *)far, sizeof(far));
    for (size_t i = 0; i < ARRAY_LEN(far); i++)
        assert_int_equal(far[i], '*');
    redactor_free(r);
}

static void own_expressions_match_whole(void **state)
{
    struct redactor *r = redactor_new();

    (void)state;
    redactor_add_regex(r, "(?i)badge[-_](\\d{4}|[[:xdigit:]]{6})\\b");
    redactor_add_regex(r, "\\Qa.b\\E+\\.x{2}");
    redactor_add_regex(r, "k\\x{3a}.{1,3}?;");
    assert_ok(redactor_ready(r));
    becomes(r, "a BADGE-1234 b", "a ********** b");
    becomes(r, "a badge_00ff00 b", "a ************ b");
    becomes(r, "a badge_00zz00 b", "a badge_00zz00 b");
    becomes(r, "a.bb.xx axb.xx", "******* axb.xx");
    becomes(r, "k:ab; k:abcd;", "***** k:abcd;");
    redactor_free(r);
}

static void bad_expressions_are_told(void **state)
{
    static const char *const bad[] = {"a(b", "(a)\\1", "a(?=b)", "x*", "[\303\274]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct redactor *r = redactor_new();
        redactor_add_regex(r, "good");
        redactor_add_regex(r, bad[i]);
        struct err *e = redactor_ready(r);
        assert_non_null(e);
        assert_int_equal(e->code, ERR_USAGE);
        assert_non_null(strstr(e->msg, bad[i]));
        err_free(e);
        redactor_free(r);
    }
}

static bool is_pointer(void *arg, uint64_t word)
{
    return word == *(uint64_t *)arg;
}

static void words_that_stay_are_not_touched(void **state)
{
    uint64_t pointer = 0x0000007f2a3b4c5d;
    struct redactor **r = *state;
    uint8_t bytes[32] = "...password=12.."; /* at 0x1003: an aligned word begins at byte 13 */

    memcpy(bytes + 13, &pointer, 8);
    redactor_scan(*r, &(struct redact_window){.at = 0x1003,
                                              .bytes = bytes,
                                              .n = sizeof(bytes),
                                              .to = sizeof(bytes),
                                              .keep = is_pointer,
                                              .arg = &pointer});
    assert_memory_equal(bytes, "...password=*", 13);
    assert_memory_equal(bytes + 13, &pointer, 8);
}

/* ---- pieces ---- */

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

enum { MEMORY = 400 << 10, SECRETS = 60 };

static void plant(uint8_t *memory, uint32_t *seed)
{
    static const char *const secrets[] = {"password=hunter2-hunter2", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
                                          "4111 1111 1111 1111", "https://u:topsecret@h/"};

    for (size_t i = 0; i < MEMORY; i++)
        memory[i] = next(seed) % 3 ? (uint8_t)next(seed) : 0;
    for (unsigned i = 0; i < SECRETS; i++) {
        const char *text = secrets[next(seed) % ARRAY_LEN(secrets)];
        unsigned width = 1u << next(seed) % 3;
        SCOPED(freep) uint8_t *wide = widened(text, strlen(text) + 1, width);
        memcpy(memory + next(seed) % (MEMORY - 1000), wide, (strlen(text) + 1) * width);
    }
    static const char header[] = "-----BEGIN PRIVATE KEY-----";
    uint8_t *key = memory + 100000;
    memcpy(key, header, sizeof(header) - 1);
    memset(key + sizeof(header) - 1, 'A', 20000); /* longer than what is looked at */
}

/* Matches and bytes of all rules, mixed. */
static uint64_t changes(struct redactor *r)
{
    struct redact_count c;
    uint64_t sum = 0;

    for (size_t i = 0; redactor_count(r, i, &c); i++)
        sum += (c.matches << 32) + c.bytes;
    return sum;
}

/* The same bytes, and the same counts, however memory is cut. */
static void pieces_of_any_size_give_the_same(void **state)
{
    SCOPED(freep)
    uint8_t *memory = xmalloc(MEMORY), *whole = xmalloc(MEMORY), *pieces = xmalloc(MEMORY), *window = xmalloc(MEMORY);
    struct redactor **two = *state, *one = two[0], *many = two[1];
    uint32_t seed = 7;

    for (unsigned round = 0; round < 8; round++) {
        plant(memory, &seed);
        uint64_t before[2] = {changes(one), changes(many)};
        memcpy(whole, memory, MEMORY);
        scan(one, whole, MEMORY);
        for (size_t at = 0, n; at < MEMORY; at += n) {
            n = 1 + next(&seed) % (round % 2 ? 100000 : 20000);
            n = n < MEMORY - at ? n : MEMORY - at;
            size_t low = at < REDACT_REACH ? 0 : at - REDACT_REACH,
                   high = MEMORY - at - n < REDACT_REACH ? MEMORY : at + n + REDACT_REACH;
            memcpy(window, memory + low, high - low);
            redactor_scan(many, &(struct redact_window){
                                    .at = low, .bytes = window, .n = high - low, .from = at - low, .to = at + n - low});
            memcpy(pieces + at, window + (at - low), n);
        }
        assert_memory_equal(whole, pieces, MEMORY);
        assert_memory_not_equal(whole, memory, MEMORY);
        assert_true(changes(one) > before[0]);
        assert_true(changes(one) - before[0] == changes(many) - before[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_secrets_are_written_over_in_all_widths),
        cmocka_unit_test(known_texts_are_found_whole_and_keep_their_names),
        cmocka_unit_test(text_beyond_ascii_is_found_as_utf_8_and_wide),
        cmocka_unit_test(own_expressions_match_whole),
        cmocka_unit_test(bad_expressions_are_told),
        cmocka_unit_test(words_that_stay_are_not_touched),
        cmocka_unit_test(pieces_of_any_size_give_the_same),
    };
    return cmocka_run_group_tests(tests, make_two, free_two);
}
