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

/* ---- in a unit ---- */

/* Offsets in the unit that make_types() makes: int at 0x0c, unsigned char at 0x0f, double at 0x12. */
enum { VARIABLE = 0x15, PC = 0x1100 };

/* Base types, and a variable at 0x1000. Version 4, so that the header has 11 bytes. */
static struct dwarf *make_types(struct made_sections *s)
{
    size_t unit = put_unit(&s->info, 4);
    put_abbrev(&s->abbrev, 1, DW_TAG_compile_unit, 1);
    put_abbrev(&s->abbrev, 2, DW_TAG_base_type, 0, DW_AT_encoding, DW_FORM_data1, DW_AT_byte_size, DW_FORM_data1);
    put_abbrev(&s->abbrev, 3, DW_TAG_variable, 0, DW_AT_location, DW_FORM_exprloc);
    put_u8(&s->abbrev, 0);
    put_uleb(&s->info, 1);
    const uint8_t types[][2] = {{DW_ATE_signed, 4}, {DW_ATE_unsigned, 1}, {DW_ATE_float, 8}};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        put_uleb(&s->info, 2);
        put_u8(&s->info, types[i][0]);
        put_u8(&s->info, types[i][1]);
    }
    put_uleb(&s->info, 3);
    put_uleb(&s->info, 9);
    put_u8(&s->info, DW_OP_addr);
    put_u64(&s->info, 0xf00); /* and the bias */
    put_uleb(&s->info, 0);
    patch_length(&s->info, unit);
    return make_dwarf(s);
}

static struct err *ask_cfa(void *arg, taddr *out)
{
    (void)arg;
    *out = 0x7000;
    return NULL;
}

static struct err *ask_base(void *arg, taddr *out)
{
    (void)arg;
    *out = 0x8000;
    return NULL;
}

static struct err *ask_tls(void *arg, uint64_t offset, taddr *out)
{
    (void)arg;
    *out = 0x9000 + offset;
    return NULL;
}

static struct err *ask_entry(void *arg, struct bytes expr, struct dw_unit *u, uint64_t *out)
{
    uint64_t number;
    unsigned size;
    (void)arg;
    if (!dwx_is_register(expr, u->addr_size, &number, &size))
        return err_new(ERR_UNSUPPORTED, "no register");
    *out = 0x100 + number;
    return NULL;
}

static const struct dwx_frame full = {
    .arch = &arch_x86_64,
    .bias = 0x100,
    .pc = PC,
    .memory = memory,
    .reg = reg,
    .cfa = ask_cfa,
    .frame_base = ask_base,
    .tls = ask_tls,
    .entry_value = ask_entry,
};

static void test_unit_values(void **state)
{
    (void)state;
    struct made_sections s = {0};
    struct dwarf *d = make_types(&s);
    struct dw_unit *u = &dwarf_units(d, false)->v[0];
#define CASE(literal, want)                              \
    {                                                    \
        (literal), sizeof(literal) - 1, (uint64_t)(want) \
    }
    static const struct {
        const char *code;
        size_t n;
        uint64_t want;
    } cases[] = {
        CASE("\x9c", 0x7000),
        CASE("\x91\x70", 0x8000 - 16),
        CASE("\x38\x9b", 0x9008), /* form_tls_address */
        CASE("\xa3\x01\x55\x9f", 0x105),
        CASE("\xf3\x01\x51\x31\x22\x9f", 0x102),      /* a value on entry, and one more */
        CASE("\xa4\x0c\x04\xfe\xff\xff\xff\x9f", 0xfffffffe), /* const_type int -2 */
        CASE("\xa4\x0c\x04\xfe\xff\xff\xff\xa8\x00\x9f", -2), /* widened by its sign */
        CASE("\xa4\x0f\x01\xfe\xa8\x00\x9f", 0xfe),    /* that of an unsigned type is 0 */
        CASE("\xa4\x0c\x04\xfe\xff\xff\xff\xa4\x0c\x04\x01\x00\x00\x00\x2d", 1), /* -2 < 1 */
        CASE("\xa5\x03\x12\xa8\x0c\x9f", 3),         /* regval_type double 3.5 to int */
        CASE("\xa5\x03\x12\xa9\x00\x9f", 0x400c000000000000), /* reinterpret */
        CASE("\xa5\x03\x12\xa5\x03\x12\x22\xa8\x0c\x9f", 7), /* 3.5 + 3.5 */
        CASE("\x77\x00\xa6\x01\x0f\xa8\x00\x9f", 0x11), /* deref_type */
        CASE("\x98\x15\x00\x06", 0x8877665544332211),  /* call2 the variable, deref */
        CASE("\x99\x15\x00\x00\x00", 0x1000),
        CASE("\x9a\x15\x00\x00\x00", 0x1000),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes expr = {(const uint8_t *)cases[i].code, cases[i].n};
        uint64_t got = 0;
        assert_ok(dwx_number(&full, u, expr, NULL, &got));
        assert_int_equal(got, cases[i].want);
    }
#undef CASE
    dwarf_free(d);
}

static void test_unit_errors(void **state)
{
    (void)state;
    struct made_sections s = {0};
    struct dwarf *d = make_types(&s);
    struct dw_unit *u = &dwarf_units(d, false)->v[0];
#define CASE(literal, code)                        \
    {                                              \
        (literal), sizeof(literal) - 1, ERR_##code \
    }
    static const struct {
        const char *expr;
        size_t n;
        enum err_code code;
    } cases[] = {
        CASE("\x18", UNSUPPORTED),                 /* xderef */
        CASE("\xed\x00", UNSUPPORTED),             /* a vendor's */
        CASE("\x55\x22", NO_DATA),                 /* rdi is not saved */
        CASE("\x56\x22", CORRUPT),                 /* a register, and on */
        CASE("\xa5\x03\x12\x31\x22", CORRUPT),     /* a double plus a generic number */
        CASE("\xa5\x03\x12\x20", CORRUPT),         /* ~3.5 */
        CASE("\xa5\x06\x15\x9f", CORRUPT),         /* not a base type */
        CASE("\xa5\x06\x7f\x9f", CORRUPT),         /* no DIE */
        CASE("\xa4\x0c\x02\x01\x02\x9f", CORRUPT), /* an int of two bytes */
        CASE("\xa3\x09\x55", TRUNCATED),
        CASE("\xa3\x01\x30", UNSUPPORTED), /* entry value of a constant */
        CASE("\x97", UNSUPPORTED),          /* no object */
        CASE("\xa1\x7f", CORRUPT),          /* no .debug_addr */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t got;
        assert_err(dwx_number(&full, u, (struct bytes){(const uint8_t *)cases[i].expr, cases[i].n}, NULL, &got),
                   cases[i].code);
    }
#undef CASE
    dwarf_free(d);
}

static void test_locations(void **state)
{
    (void)state;
    struct made_sections s = {0};
    struct arena a = {0};
    struct location l;
    struct dwarf *d = make_types(&s);
    struct dw_unit *u = &dwarf_units(d, false)->v[0];
#define LOCATE(literal) \
    assert_ok(dwx_locate(&full, u, (struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1}, NULL, &a, &l))
    LOCATE("");
    assert_int_equal(l.n, 0);

    LOCATE("\x77\x08"); /* memory */
    assert_int_equal(l.n, 1);
    assert_int_equal(l.pieces[0].kind, LOC_MEMORY);
    assert_int_equal(l.pieces[0].addr, 0x1008);

    LOCATE("\x55"); /* a register that was not saved */
    assert_int_equal(l.pieces[0].kind, LOC_REGISTER);
    assert_int_equal(l.pieces[0].reg, 5);
    assert_int_equal(l.pieces[0].bytes.n, 0);

    LOCATE("\x9e\x03xyz"); /* implicit_value */
    assert_int_equal(l.pieces[0].kind, LOC_BYTES);
    assert_int_equal(l.pieces[0].bytes.n, 3);

    /* 4 bytes in rbp, 4 nowhere, 8 of a constant, 3 bits of memory from bit 5 on */
    LOCATE("\x56\x93\x04\x93\x04\x37\x9f\x93\x08\x77\x00\x9d\x03\x05");
    assert_int_equal(l.n, 4);
    assert_int_equal(l.pieces[0].kind, LOC_REGISTER);
    assert_int_equal(l.pieces[0].bits, 32);
    assert_int_equal(l.pieces[1].kind, LOC_ABSENT);
    assert_int_equal(l.pieces[2].kind, LOC_BYTES);
    assert_int_equal(l.pieces[2].bytes.p[0], 7);
    assert_int_equal(l.pieces[3].bits, 3);
    assert_int_equal(l.pieces[3].bit_offset, 5);

    LOCATE("\xa0\x15\x00\x00\x00\x02"); /* implicit_pointer to the variable, 2 bytes in */
    assert_int_equal(l.pieces[0].kind, LOC_POINTER);
    assert_int_equal(l.pieces[0].die.offset, VARIABLE);
    assert_int_equal(l.pieces[0].offset, 2);
#undef LOCATE
    arena_done(&a);
    dwarf_free(d);
}

/* ---- lists ---- */

/* A list's entries hold DW_OP_lit0 and on, by which they are told apart; 0xff: none. */
static unsigned chosen(struct dw_unit *u, uint8_t cls, uint64_t number, taddr pc)
{
    struct dw_value v = {.cls = cls, .u = number};
    struct bytes expr = {0};
    assert_ok(dwx_at(u, &v, pc, &expr));
    return expr.n ? expr.p[0] - (unsigned)DW_OP_lit0 : 0xff;
}

static struct dw_unit *make_unit(struct made_sections *s, unsigned version, struct dwarf **d)
{
    size_t unit = put_unit(&s->info, version);
    put_abbrev(&s->abbrev, 1, DW_TAG_compile_unit, 0, DW_AT_low_pc, DW_FORM_addr);
    put_u8(&s->abbrev, 0);
    put_uleb(&s->info, 1);
    put_u64(&s->info, 0x1000);
    patch_length(&s->info, unit);
    *d = make_dwarf(s);
    return &dwarf_units(*d, false)->v[0];
}

static void put_pair(struct text *t, uint64_t start, uint64_t end, unsigned value)
{
    put_u64(t, start);
    put_u64(t, end);
    put_u16(t, 1);
    put_u8(t, DW_OP_lit0 + value);
}

static void test_loc(void **state)
{
    (void)state;
    struct made_sections s = {0};
    struct dwarf *d;
    put_pair(&s.loc, 0x10, 0x20, 0);
    put_u64(&s.loc, UINT64_MAX); /* another base */
    put_u64(&s.loc, 0x5000);
    put_pair(&s.loc, 0x10, 0x20, 1);
    put_u64(&s.loc, 0);
    put_u64(&s.loc, 0);
    struct dw_unit *u = make_unit(&s, 4, &d);
    assert_int_equal(chosen(u, DW_CLASS_OFFSET, 0, 0x1010), 0);
    assert_int_equal(chosen(u, DW_CLASS_OFFSET, 0, 0x101f), 0);
    assert_int_equal(chosen(u, DW_CLASS_OFFSET, 0, 0x1020), 0xff);
    assert_int_equal(chosen(u, DW_CLASS_OFFSET, 0, 0x5010), 1);
    struct bytes expr;
    struct dw_value v = {.cls = DW_CLASS_OFFSET, .u = 5};
    assert_err(dwx_at(u, &v, 0x99, &expr), ERR_TRUNCATED); /* it begins in the middle of an entry */
    v.u = 1 << 20;
    assert_err(dwx_at(u, &v, 0x99, &expr), ERR_TRUNCATED);
    dwarf_free(d);
}

static void put_lle(struct text *t, uint8_t kind, uint64_t a, uint64_t b, unsigned value)
{
    put_u8(t, kind);
    if (kind == DW_LLE_start_end) {
        put_u64(t, a);
        put_u64(t, b);
    } else if (kind == DW_LLE_start_length) {
        put_u64(t, a);
        put_uleb(t, b);
    } else if (kind != DW_LLE_default_location) {
        put_uleb(t, a);
        put_uleb(t, b);
    }
    if (kind != DW_LLE_GNU_view_pair) {
        put_uleb(t, 1);
        put_u8(t, DW_OP_lit0 + value);
    }
}

static void test_loclists(void **state)
{
    (void)state;
    struct made_sections s = {0};
    struct dwarf *d;
    size_t header = s.loclists.n;
    put_u32(&s.loclists, 0);
    put_u16(&s.loclists, 5);
    put_u8(&s.loclists, 8);
    put_u8(&s.loclists, 0);
    put_u32(&s.loclists, 1); /* a table of one offset */
    put_u32(&s.loclists, 4);
    put_lle(&s.loclists, DW_LLE_default_location, 0, 0, 9);
    put_lle(&s.loclists, DW_LLE_GNU_view_pair, 1, 2, 0);
    put_lle(&s.loclists, DW_LLE_offset_pair, 0x10, 0x20, 0);
    put_lle(&s.loclists, DW_LLE_start_end, 0x3000, 0x3010, 1);
    put_lle(&s.loclists, DW_LLE_start_length, 0x4000, 0x10, 2);
    put_u8(&s.loclists, DW_LLE_end_of_list);
    patch_length(&s.loclists, header);
    struct dw_unit *u = make_unit(&s, 5, &d);
    assert_int_equal(chosen(u, DW_CLASS_LISTX, 0, 0x1010), 0);
    assert_int_equal(chosen(u, DW_CLASS_OFFSET, 16, 0x300f), 1);
    assert_int_equal(chosen(u, DW_CLASS_LISTX, 0, 0x400f), 2);
    assert_int_equal(chosen(u, DW_CLASS_LISTX, 0, 0x4010), 9);
    struct bytes expr;
    struct dw_value v = {.cls = DW_CLASS_LISTX, .u = 1000};
    assert_err(dwx_at(u, &v, 0x99, &expr), ERR_CORRUPT);
    v = (struct dw_value){.cls = DW_CLASS_FLAG};
    assert_err(dwx_at(u, &v, 0x99, &expr), ERR_CORRUPT);
    dwarf_free(d);
}

static void test_registers(void **state)
{
    (void)state;
    uint64_t number;
    unsigned size;
    assert_true(dwx_is_register((struct bytes){(const uint8_t *)"\x55", 1}, 8, &number, &size));
    assert_true(number == 5 && size == 0);
    assert_true(dwx_is_register((struct bytes){(const uint8_t *)"\x90\x11", 2}, 8, &number, &size));
    assert_true(number == 17 && size == 0);
    assert_true(dwx_is_register((struct bytes){(const uint8_t *)"\x75\x00\x06", 3}, 8, &number, &size));
    assert_true(number == 5 && size == 8);
    assert_true(dwx_is_register((struct bytes){(const uint8_t *)"\x75\x00\x94\x04", 4}, 8, &number, &size));
    assert_true(number == 5 && size == 4);
    assert_false(dwx_is_register((struct bytes){(const uint8_t *)"\x75\x08\x06", 3}, 8, &number, &size));
    assert_false(dwx_is_register((struct bytes){(const uint8_t *)"\x55\x9f", 2}, 8, &number, &size));
    assert_false(dwx_is_register((struct bytes){0}, 8, &number, &size));
}

RUN_TESTS(cmocka_unit_test(test_values), cmocka_unit_test(test_narrow), cmocka_unit_test(test_errors),
          cmocka_unit_test(test_unit_values), cmocka_unit_test(test_unit_errors), cmocka_unit_test(test_locations),
          cmocka_unit_test(test_loc), cmocka_unit_test(test_loclists), cmocka_unit_test(test_registers))
