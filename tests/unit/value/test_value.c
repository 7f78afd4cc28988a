/* SPDX-License-Identifier: Apache-2.0 */
/* Values over a small space: reading through pieces, numbers of every format, conversions, printing, memory. */
#include "unit.h"

#include <math.h>

#include "base/arena.h"
#include "value/format.h"

enum { AT = 0x10000, SIZE = 64, DROPPED = 0x20000 };

struct fixture {
    struct image im;
    struct arena arena;
    struct values vs;
    uint8_t memory[SIZE];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->im = (struct image){.kind = IMAGE_CORE, .path = "unit", .arch = &arch_x86_64};
    space_add(&f->im.space,
              (struct space_range){.start = AT, .end = AT + SIZE, .data = f->memory, .have = sizeof(f->memory)});
    space_add(&f->im.space, (struct space_range){.start = DROPPED, .end = DROPPED + SIZE, .absent = ABSENT_NOT_DUMPED});
    space_sort(&f->im.space);
    f->vs.ms = modules_load(&f->im, &(struct module_opts){.no_debuginfod = true});
    f->vs.types = types_new(f->vs.ms, NULL);
    f->vs.arena = &f->arena;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    types_free(f->vs.types);
    modules_free(f->vs.ms);
    arena_done(&f->arena);
    space_done(&f->im.space);
    arena_done(&f->im.arena);
    free(f);
    return 0;
}

static const struct type *c_type(struct fixture *f, const char *name)
{
    const struct type *t = type_c(f->vs.types, name);
    assert_non_null(t);
    return t;
}

static void assert_printed(struct fixture *f, const struct value *v, const struct format *how, const char *want)
{
    SCOPED(text_done) struct text out = {0};
    format_value(&f->vs, v, how, &out);
    assert_string_equal(text_str(&out), want);
}

static void assert_letter(struct fixture *f, const struct value *v, char letter, const char *want)
{
    struct format how = format_defaults;
    how.letter = letter;
    assert_printed(f, v, &how, want);
}

/* ---- reading ---- */

static void test_pieces(void **state)
{
    struct fixture *f = *state;
    static const uint8_t reg[] = {0x34, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    f->memory[0] = 0xcd;
    f->memory[1] = 0xab;
    const struct loc_piece pieces[] = {
        {.kind = LOC_MEMORY, .bits = 12, .addr = AT},
        {.kind = LOC_REGISTER, .bits = 20, .bytes = {reg, sizeof(reg)}, .bit_offset = 4},
    };
    struct value v = {.type = c_type(f, "unsigned int"), .loc = {pieces, 2}};
    uint64_t got;
    assert_ok(value_int(&f->vs, &v, &got));
    assert_int_equal(got, 0xff123bcd);
    taddr at;
    assert_ok(value_address(&v, &at));
    assert_int_equal(at, AT);
    v.bit_offset = 12;
    assert_err(value_address(&v, &at), ERR_UNSUPPORTED);
}

static void test_each_part_has_its_reason(void **state)
{
    struct fixture *f = *state;
    const struct loc_piece pieces[] = {
        {.kind = LOC_MEMORY, .bits = 32, .addr = AT},
        {.kind = LOC_ABSENT, .bits = 32},
        {.kind = LOC_MEMORY, .bits = 32, .addr = DROPPED},
        {.kind = LOC_MEMORY, .bits = 32, .addr = 0x10},
    };
    const struct type *ints = type_array_of(f->vs.types, c_type(f, "int"), 4);
    struct value v = {.type = ints, .loc = {pieces, 4}};
    f->memory[0] = 7;
    assert_printed(f, &v, &format_defaults,
                   "{7, <optimized out>, <not in the dump: 0x20000>, "
                   "<error: Cannot access memory at address 0x10>}");
    v.loc.n = 0;
    assert_printed(f, &v, &format_defaults, "<optimized out>");
    struct value dropped = value_at(&f->vs, ints, DROPPED);
    assert_printed(f, &dropped, &format_defaults, "<not in the dump: 0x20000>");
    const struct loc_piece unsaved = {.kind = LOC_REGISTER, .reg = 3};
    struct value lost = {.type = c_type(f, "long"), .loc = {&unsaved, 1}};
    assert_printed(f, &lost, &format_defaults, "<not saved>");
}

static void test_bit_fields_extend_by_sign(void **state)
{
    struct fixture *f = *state;
    f->memory[0] = 0xb4; /* 1011 0100 */
    struct value v = value_at(&f->vs, c_type(f, "int"), AT);
    uint64_t got;
    v.bit_offset = 2;
    v.bit_size = 4; /* 1101 */
    assert_ok(value_int(&f->vs, &v, &got));
    assert_int_equal((int64_t)got, -3);
    v.type = c_type(f, "unsigned int");
    assert_ok(value_int(&f->vs, &v, &got));
    assert_int_equal(got, 13);
    assert_letter(f, &v, 'x', "0xd");
    assert_letter(f, &v, 'z', "0x0000000d");
}

static void test_strings_end_where_memory_does(void **state)
{
    struct fixture *f = *state;
    struct bytes s;
    bool ended;
    memset(f->memory, 'a', SIZE);
    assert_ok(value_cstr(&f->vs, AT + 60, 100, &s, &ended));
    assert_int_equal(s.n, 4);
    assert_false(ended);
    f->memory[62] = 0;
    assert_ok(value_cstr(&f->vs, AT + 60, 100, &s, &ended));
    assert_int_equal(s.n, 2);
    assert_true(ended);
    assert_ok(value_cstr(&f->vs, AT, 10, &s, &ended));
    assert_int_equal(s.n, 10);
    assert_false(ended);
    assert_err(value_cstr(&f->vs, DROPPED, 10, &s, &ended), ERR_NOT_IN_DUMP);
    assert_err(value_cstr(&f->vs, 0, 10, &s, &ended), ERR_UNMAPPED);
}

/* ---- numbers ---- */

static void test_floating_point(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        uint8_t size;
        uint8_t bytes[16];
        const char *text;
    } all[] = {
        {"_Float16", 2, {0x00, 0x3c}, "1"},
        {"_Float16", 2, {0x01, 0x00}, "5.9605e-08"},
        {"__bf16", 2, {0xc0, 0x3f}, "1.5"},
        {"float", 4, {0xab, 0xaa, 0xaa, 0x3e}, "0.333333343"},
        {"float", 4, {0x01, 0x00, 0x80, 0xff}, "-nan(0x1)"},
        {"double", 8, {0, 0, 0, 0, 0, 0, 0xf0, 0x7f}, "inf"},
        {"double", 8, {1}, "4.9406564584124654e-324"},
        {"long double", 16, {0, 0, 0, 0, 0, 0, 0, 0xc0, 0x00, 0x40}, "3"},
        {"long double", 16, {1, 0, 0, 0, 0, 0, 0, 0x40, 0x00, 0x40}, "<invalid float value>"},
        {"_Float128", 16, {[14] = 0x01, [15] = 0xc0}, "-4"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct type *t = type_base(f->vs.types, TYPE_FLOAT, all[i].name, all[i].size, true);
        struct value v = value_of_bytes(&f->vs, t, all[i].bytes, all[i].size);
        assert_printed(f, &v, &format_defaults, all[i].text);
        long double number;
        assert_ok(value_double(&f->vs, &v, &number));
        if (isnan(number) || all[i].text[0] == '<')
            continue;
        struct value again = value_of_double(&f->vs, t, number);
        assert_memory_equal(again.loc.pieces[0].bytes.p, all[i].bytes, all[i].size);
    }
}

static void test_conversions(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int64_t from;
        const char *type, *to, *text;
    } all[] = {
        {-1, "int", "unsigned char", "255 '\\377'"},
        {-1, "int", "unsigned long", "18446744073709551615"},
        {300, "int", "signed char", "44 ','"},
        {5, "int", "double", "5"},
        {-5, "long", "float", "-5"},
        {2, "int", "_Bool", "true"},
        {0, "int", "_Bool", "false"},
        {-2, "int", "long double", "-2"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct value v = value_of_int(&f->vs, c_type(f, all[i].type), (uint64_t)all[i].from), out;
        assert_ok(value_cast(&f->vs, &v, c_type(f, all[i].to), &out));
        assert_printed(f, &out, &format_defaults, all[i].text);
    }
    struct value half = value_of_double(&f->vs, c_type(f, "double"), -2.75L), whole;
    assert_ok(value_cast(&f->vs, &half, c_type(f, "int"), &whole));
    assert_printed(f, &whole, &format_defaults, "-2");
    const struct type *ints = type_array_of(f->vs.types, c_type(f, "int"), 4);
    struct value array = value_at(&f->vs, ints, AT), pointer;
    assert_ok(value_cast(&f->vs, &array, type_pointer_to(f->vs.types, c_type(f, "char")), &pointer));
    uint64_t at;
    assert_ok(value_int(&f->vs, &pointer, &at));
    assert_int_equal(at, AT);
    assert_err(value_cast(&f->vs, &half, ints, &whole), ERR_USAGE);
}

static void test_letters(void **state)
{
    struct fixture *f = *state;
    struct value v = value_of_int(&f->vs, c_type(f, "int"), (uint64_t)-42);
    assert_letter(f, &v, 'x', "0xffffffd6");
    assert_letter(f, &v, 'o', "037777777726");
    assert_letter(f, &v, 't', "11111111111111111111111111010110");
    assert_letter(f, &v, 'd', "-42");
    assert_letter(f, &v, 'u', "4294967254");
    assert_letter(f, &v, 'c', "-42 '\\326'");
    assert_letter(f, &v, 'a', "0xffffffffffffffd6");
    v = value_of_int(&f->vs, c_type(f, "int"), 0);
    assert_letter(f, &v, 'o', "0");
    assert_letter(f, &v, 't', "0");
    const struct type *wide = type_base(f->vs.types, TYPE_INT, "__int128", 16, true);
    v = value_of_int(&f->vs, wide, (uint64_t)-1);
    assert_printed(f, &v, &format_defaults, "-1");
    assert_letter(f, &v, 'u', "340282366920938463463374607431768211455");
}

/* ---- text ---- */

static void assert_text(struct fixture *f, const char *bytes, size_t n, const char *want)
{
    struct value v = value_of_bytes(&f->vs, type_array_of(f->vs.types, c_type(f, "char"), n), bytes, n);
    assert_printed(f, &v, &format_defaults, want);
}

static void test_text(void **state)
{
    struct fixture *f = *state;
    assert_text(f, "abc", 4, "\"abc\"");
    assert_text(f, "abc", 3, "\"abc\"");
    assert_text(f, "", 1, "\"\"");
    assert_text(f, "a\0b\0\0", 5, "\"a\\000b\\000\"");
    assert_text(f, "\"\\\x1b\x7f\n", 5, "\"\\\"\\\\\\033\\177\\n\"");
    assert_text(f, "ab\xc2", 3, "\"ab\", <incomplete sequence \\302>");
    assert_text(f,
                "\xc2"
                "b\xc3\xa9",
                4, "\"\\302b\xc3\xa9\"");
    assert_text(f, "xyyyyyyyyyyyz", 13, "\"x\", 'y' <repeats 11 times>, \"z\"");
    assert_text(f, "yyyyyyyyyyyzzzzzzzzzzz", 22, "'y' <repeats 11 times>, 'z' <repeats 11 times>");
    assert_text(f, "\xc2\x9b[2J", 5, "\"\\302\\233[2J\""); /* C1 is a control sequence, too */
}

static void test_arrays(void **state)
{
    struct fixture *f = *state;
    struct format how = format_defaults;
    const struct type *ints = type_array_of(f->vs.types, c_type(f, "int"), 16);
    struct value v = value_at(&f->vs, ints, AT);
    assert_printed(f, &v, &how, "{0 <repeats 16 times>}");
    f->memory[4] = 1;
    assert_printed(f, &v, &how, "{0, 1, 0 <repeats 14 times>}");
    how.elements = 2;
    assert_printed(f, &v, &how, "{0, 1...}");
    how.array_indexes = true;
    assert_printed(f, &v, &how, "{[0] = 0, [1] = 1...}");
    how = format_defaults;
    v.type = type_array_of(f->vs.types, c_type(f, "int"), 17);
    how.elements = 0;
    assert_printed(f, &v, &how, "{0, 1, 0 <repeats 14 times>, <error: Cannot access memory at address 0x10040>}");
    /* A length from damaged debug information: the end comes soon. */
    v.type = type_array_of(f->vs.types, c_type(f, "int"), UINT64_C(1) << 59);
    assert_printed(f, &v, &how,
                   "{0, 1, 0 <repeats 14 times>, <error: Cannot access memory at address 0x10040> "
                   "<repeats 10000 times>...}");
    struct value e = value_element(&v, 1);
    uint64_t got;
    assert_ok(value_int(&f->vs, &e, &got));
    assert_int_equal(got, 1);
}

static void assert_unit(struct fixture *f, taddr at, char letter, unsigned size, const char *want)
{
    SCOPED(text_done) struct text out = {0};
    assert_ok(format_unit(&f->vs, at, letter, size, &format_defaults, &out));
    assert_string_equal(text_str(&out), want);
}

static void assert_string_at(struct fixture *f, taddr at, unsigned width, const char *want, taddr next)
{
    SCOPED(text_done) struct text out = {0};
    assert_int_equal(format_string(&f->vs, at, width, &format_defaults, &out), next);
    assert_string_equal(text_str(&out), want);
}

static void test_memory(void **state)
{
    struct fixture *f = *state;
    SCOPED(text_done) struct text out = {0};
    for (size_t i = 0; i < SIZE; i++)
        f->memory[i] = (uint8_t)(0xf8 + i);
    assert_unit(f, AT, 'x', 4, "0xfbfaf9f8");
    assert_unit(f, AT + 8, 'x', 4, "0x03020100");
    assert_unit(f, AT, 'd', 1, "-8");
    assert_unit(f, AT, 'u', 1, "248");
    assert_unit(f, AT + 9, 't', 2, "0000001000000001");
    assert_unit(f, AT, 'a', 1, "0xfffffffffffffff8");
    assert_unit(f, AT + 57, 'c', 1, "49 '1'");
    assert_err(format_unit(&f->vs, AT + SIZE - 3, 'x', 4, &format_defaults, &out), ERR_UNMAPPED);
    assert_string_equal(text_str(&out), "");
}

static void test_strings_of_memory(void **state)
{
    struct fixture *f = *state;
    memcpy(f->memory, "one\0\0u\0t\0\0", 11);
    memcpy(f->memory + 56, "01234567", 8);
    assert_string_at(f, AT, 1, "\"one\"", AT + 4);
    assert_string_at(f, AT + 4, 1, "\"\"", AT + 5);
    assert_string_at(f, AT + 5, 2, "u\"ut\"", AT + 11);
    assert_string_at(f, AT + 56, 1, "\"01234567\"<error: Cannot access memory at address 0x10040>", AT + SIZE);
    assert_string_at(f, 0x10, 1, "<error: Cannot access memory at address 0x10>", 0x10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

RUN_TESTS(TEST(test_pieces), TEST(test_each_part_has_its_reason), TEST(test_bit_fields_extend_by_sign),
          TEST(test_strings_end_where_memory_does), TEST(test_floating_point), TEST(test_conversions),
          TEST(test_letters), TEST(test_text), TEST(test_arrays), TEST(test_memory), TEST(test_strings_of_memory))
