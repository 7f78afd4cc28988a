/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/dwexpr.h"
#include "module/make_dwarf.h"

static struct err *memory(void *arg, taddr at, void *buf, size_t n)
{
    static const uint8_t bytes[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    (void)arg;
    if (at < 0x1000 || at + n > 0x1008)
        return err_new(ERR_UNMAPPED, "nothing is there");
    memcpy(buf, bytes + (at - 0x1000), n);
    return NULL;
}

/* 3: 3.5 as a double, with more above it; 6 and 7: an offset and an address. */
static struct err *reg(void *arg, unsigned number, uint8_t *buf, size_t max, size_t *n)
{
    static const struct {
        unsigned number;
        uint64_t v[2];
        size_t n;
    } known[] = {
        {3, {0x400c000000000000, 0x1111111111111111}, 16}, {6, {0xfffffffffffffff0, 0}, 8}, {7, {0x1000, 0}, 8}};
    (void)arg;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].number == number) {
            assert_true(max >= known[i].n);
            memcpy(buf, known[i].v, known[i].n);
            *n = known[i].n;
            return NULL;
        }
    }
    return err_new(ERR_NO_DATA, "not saved");
}

static struct err *evaluate(const struct arch *a, const char *code, size_t n, uint64_t *out)
{
    const struct dwx_frame f = {.arch = a, .bias = 0x100, .memory = memory, .reg = reg};
    uint64_t initial = 5;
    return dwx_number(&f, NULL, (struct bytes){.p = (const uint8_t *)code, .n = n}, &initial, out);
}

static void test_values(void **state)
{
    (void)state;
#define CASE(literal, want)                              \
    {                                                    \
        (literal), sizeof(literal) - 1, (uint64_t)(want) \
    }
    static const struct {
        const char *code;
        size_t n;
        uint64_t want;
    } cases[] = {
        CASE("", 5),
        CASE("\x30", 0),
        CASE("\x4f", 31),
        CASE("\x03\x00\x02\0\0\0\0\0\0", 0x300), /* addr, with the bias */
        CASE("\x08\xff", 255),
        CASE("\x09\xff", -1),
        CASE("\x0a\xff\xff", 65535),
        CASE("\x0b\xfe\xff", -2),
        CASE("\x0c\xff\xff\xff\xff", 0xffffffff),
        CASE("\x0d\xff\xff\xff\xff", -1),
        CASE("\x0e\1\2\3\4\5\6\7\x08", 0x0807060504030201),
        CASE("\x10\x80\x01", 128),
        CASE("\x11\x7f", -1),
        CASE("\x12\x22", 10),                     /* dup plus */
        CASE("\x31\x13", 5),                      /* lit1 drop */
        CASE("\x31\x14\x22", 6),                  /* lit1 over plus: 1 + 5 */
        CASE("\x31\x32\x15\x02", 5),              /* pick 2 */
        CASE("\x33\x16\x1c", -2),                 /* lit3 swap minus: 3 - 5 */
        CASE("\x31\x32\x17\x1c\x1c", 2 - (5 - 1)), /* rot: 2 5 1 */
        CASE("\x09\xf8\x19", 8),                  /* abs */
        CASE("\x33\x1a", 1),                      /* and */
        CASE("\x09\xfe\x1b", -2),                 /* 5 / -2, signed */
        CASE("\x33\x1d", 2),                      /* mod */
        CASE("\x33\x1e", 15),
        CASE("\x1f", -5),
        CASE("\x20", ~5),
        CASE("\x38\x21", 13),
        CASE("\x23\x80\x01", 133), /* plus_uconst */
        CASE("\x32\x24", 20),
        CASE("\x31\x25", 2),
        CASE("\x09\xf0\x32\x26", -4), /* shra */
        CASE("\x08\x40\x24", 0),      /* shl 64 */
        CASE("\x33\x27", 6),
        CASE("\x35\x29", 1),
        CASE("\x09\xff\x2a", 1), /* 5 >= -1 */
        CASE("\x35\x2b", 0),
        CASE("\x35\x2c", 1),
        CASE("\x36\x2d", 1),
        CASE("\x36\x2e", 1),
        CASE("\x2f\x01\x00\x30\x12\x22", 10),      /* skip over lit0 */
        CASE("\x12\x28\x01\x00\x30\x12\x22", 10),  /* bra taken */
        CASE("\x30\x28\x01\x00\x31\x22", 6),       /* bra not taken */
        CASE("\x77\x08", 0x1008),                  /* breg7+8 */
        CASE("\x57", 0x1000),                      /* reg7 */
        CASE("\x90\x07", 0x1000),                  /* regx */
        CASE("\x92\x07\x78", 0x0ff8),              /* bregx-8 */
        CASE("\x77\x00\x06", 0x8877665544332211),  /* deref */
        CASE("\x77\x01\x94\x02", 0x3322),          /* deref_size */
        CASE("\x96", 5),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t got = 0;
        assert_ok(evaluate(&arch_x86_64, cases[i].code, cases[i].n, &got));
        assert_int_equal(got, cases[i].want);
    }
#undef CASE
}

/* On a 32-bit processor numbers have 32 bits. */
static void test_narrow(void **state)
{
    (void)state;
    uint64_t got = 0;
    assert_ok(evaluate(&arch_i386, "\x76\x00", 2, &got)); /* breg6 */
    assert_int_equal(got, 0xfffffff0);
    assert_ok(evaluate(&arch_i386, "\x09\xff\x2b", 3, &got)); /* 5 > -1 */
    assert_int_equal(got, 1);
    assert_ok(evaluate(&arch_i386, "\x77\x00\x06", 3, &got));
    assert_int_equal(got, 0x44332211);
}

static void test_errors(void **state)
{
    (void)state;
    uint64_t got;
    char deep[DWX_MAX_STACK + 1];
    assert_err(evaluate(&arch_x86_64, "\x13", 1, &got), ERR_CORRUPT);      /* nothing left */
    assert_err(evaluate(&arch_x86_64, "\x22", 1, &got), ERR_CORRUPT);      /* one operand */
    assert_err(evaluate(&arch_x86_64, "\x30\x1b", 2, &got), ERR_CORRUPT);  /* 5 / 0 */
    assert_err(evaluate(&arch_x86_64, "\x15\x09", 2, &got), ERR_CORRUPT);  /* pick 9 */
    assert_err(evaluate(&arch_x86_64, "\x06", 1, &got), ERR_UNMAPPED);     /* deref 5 */
    assert_err(evaluate(&arch_x86_64, "\x94\x03", 2, &got), ERR_CORRUPT);  /* three bytes */
    assert_err(evaluate(&arch_x86_64, "\x50", 1, &got), ERR_NO_DATA);      /* rax is not known */
    assert_err(evaluate(&arch_x86_64, "\x90\xff\x7f", 3, &got), ERR_NO_DATA);
    assert_err(evaluate(&arch_x86_64, "\x9c", 1, &got), ERR_UNSUPPORTED);  /* call_frame_cfa */
    assert_err(evaluate(&arch_x86_64, "\x0c\x01", 2, &got), ERR_TRUNCATED);
    assert_err(evaluate(&arch_x86_64, "\x2f\x00\x80", 3, &got), ERR_TRUNCATED); /* before the start */
    assert_err(evaluate(&arch_x86_64, "\x2f\xfd\xff", 3, &got), ERR_LIMIT);     /* for ever */
    memset(deep, 0x12, sizeof(deep));
    assert_err(evaluate(&arch_x86_64, deep, sizeof(deep), &got), ERR_LIMIT);
}

RUN_TESTS(cmocka_unit_test(test_values), cmocka_unit_test(test_narrow), cmocka_unit_test(test_errors))
