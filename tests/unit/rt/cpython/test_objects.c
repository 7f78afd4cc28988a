/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in the memory of real interpreters: the pieces that showing a value takes, cut out of cores of 3.6 to 3.15 (t: without a GIL) of
 * tests/targets/python/values.py (they are the seeds of fuzz_python_values, too), and what the program said of it. */
#include "unit.h"

#include "../../../../fuzz/fuzz_python.h"

#include <stdio.h>

static const struct {
    const char *seed, *text;
} shown[] = {
    {"3.6-late", "<values.Grown object at 0x7f77e21c6250: y=2, first='first', z=3>"},
    {"3.6-mine", "[1, 2]"},
    {"3.6-ordered", "OrderedDict([('z', 1), ('a', 2)])"},
    {"3.6-plain", "<values.Plain object at 0x7f77e21c6110: x=1, y='two', itself=<...>>"},
    {"3.6-removed", "{'z', 'x'}"},
    {"3.6-slots_and_dict", "<values.SlotsAndDict object at 0x7f77e21d6b30: left='l', right=[1], extra=1.5>"},
    {"3.6-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.10-late", "<values.Grown object at 0x7fbaa7fa9e10: y=2, first='first', z=3>"},
    {"3.10-mine", "[1, 2]"},
    {"3.10-ordered", "OrderedDict([('z', 1), ('a', 2)])"},
    {"3.10-plain", "<values.Plain object at 0x7fbaa7fa9f00: x=1, y='two', itself=<...>>"},
    {"3.10-removed", "{'z', 'x'}"},
    {"3.10-slots_and_dict", "<values.SlotsAndDict object at 0x7fbaa7de4860: left='l', right=[1], extra=1.5>"},
    {"3.10-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.11-late", "<values.Grown object at 0x7f81ab73a310: y=2, first='first', z=3>"},
    {"3.11-mine", "[1, 2]"},
    {"3.11-ordered", "OrderedDict([('z', 1), ('a', 2)])"},
    {"3.11-plain", "<values.Plain object at 0x7f81ab73a190: x=1, y='two', itself=<...>>"},
    {"3.11-removed", "{'x', 'z'}"},
    {"3.11-slots_and_dict", "<values.SlotsAndDict object at 0x7f81ab71f930: left='l', right=[1], extra=1.5>"},
    {"3.11-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.12-late", "<values.Grown object at 0x7f2907970920: y=2, first='first', z=3>"},
    {"3.12-mine", "[1, 2]"},
    {"3.12-ordered", "OrderedDict({'z': 1, 'a': 2})"},
    {"3.12-plain", "<values.Plain object at 0x7f2907970830: x=1, y='two', itself=<...>>"},
    {"3.12-removed", "{'x', 'z'}"},
    {"3.12-slots_and_dict", "<values.SlotsAndDict object at 0x7f290795b390: left='l', right=[1], extra=1.5>"},
    {"3.12-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.13-both_quotes", "'it\\'s \"both\"'"},
    {"3.13-huge", "1094500604336113085424254456486662175299754873359706186335419407515439063163492090021478568469687152"
                  "8073999537352825386155249571017070263772889172085286838471044006674397286276116996066357907929105887"
                  "8933088274875698178024977088223396398265555596916473536792437134632739719389969690630523317113111727"
                  "683195819839003492006097994729312240001"},
    {"3.13-late", "<values.Grown object at 0x7fcdc76ec7d0: y=2, first='first', z=3>"},
    {"3.13-mine", "[1, 2]"},
    {"3.13-ordered", "OrderedDict({'z': 1, 'a': 2})"},
    {"3.13-plain", "<values.Plain object at 0x7fcdc76aa510: x=1, y='two', itself=<...>>"},
    {"3.13-removed", "{'x', 'z'}"},
    {"3.13-row", "Named(key='k', value=[1])"},
    {"3.13-slots_and_dict", "<values.SlotsAndDict object at 0x7fcdc76fc050: left='l', right=[1], extra=1.5>"},
    {"3.13-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.13t-late", "<__main__.Grown object at 0x3f9c2516050: y=2, first='first', z=3>"},
    {"3.13t-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.14-both_quotes", "'it\\'s \"both\"'"},
    {"3.14-late", "<values.Grown object at 0x7f06233efed0: y=2, first='first', z=3>"},
    {"3.14-mine", "[1, 2]"},
    {"3.14-ordered", "OrderedDict({'z': 1, 'a': 2})"},
    {"3.14-plain", "<values.Plain object at 0x7f06229d4ec0: x=1, y='two', itself=<...>>"},
    {"3.14-removed", "{'x', 'z'}"},
    {"3.14-row", "Named(key='k', value=[1])"},
    {"3.14-slots_and_dict", "<values.SlotsAndDict object at 0x7f06229ccb50: left='l', right=[1], extra=1.5>"},
    {"3.14-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.14t-plain", "<__main__.Plain object at 0x2cae0596d90: x=1, y='two', itself=<...>>"},
    {"3.14t-removed", "{'x', 'z'}"},
    {"3.14t-slots_and_dict", "<__main__.SlotsAndDict object at 0x2cae0597090: left='l', right=[1], extra=1.5>"},
    {"3.15-both_quotes", "'it\\'s \"both\"'"},
    {"3.15-late", "<values.Grown object at 0x7f156dbf87d0: y=2, first='first', z=3>"},
    {"3.15-mine", "[1, 2]"},
    {"3.15-ordered", "OrderedDict({'z': 1, 'a': 2})"},
    {"3.15-plain", "<values.Plain object at 0x7f156dbf0980: x=1, y='two', itself=<...>>"},
    {"3.15-removed", "{'x', 'z'}"},
    {"3.15-row", "Named(key='k', value=[1])"},
    {"3.15-slots_and_dict", "<values.SlotsAndDict object at 0x7f156db4e150: left='l', right=[1], extra=1.5>"},
    {"3.15-table", "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}"},
    {"3.15t-exact", "Decimal('0.3333333333333333333333333333')"}, /* of the class in Python */
    {"3.15t-late", "<__main__.Grown object at 0x305565b62d0: y=2, first='first', z=3>"},
};

static uint8_t input[PYTHON_INPUT_MAX];

static bool open_seed(struct python *p, const char *seed)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", getenv("PYTHON_SEEDS"), seed);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(input, 1, sizeof(input), f);
    fclose(f);
    return python_open(p, input, n);
}

static char *text_of(struct python *p, taddr object, const struct format *f)
{
    struct text t = {0};
    py_repr(&p->rt, object, f, false, NULL, &t);
    return text_take(&t);
}

static void test_values_of_all_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        struct python p;
        assert_true(open_seed(&p, shown[i].seed));
        char *text = text_of(&p, p.root, &format_defaults);
        if (strcmp(text, shown[i].text) != 0)
            fail_msg("%s is %s, not %s", shown[i].seed, text, shown[i].text);
        free(text);
        python_close(&p);
    }
}

static void test_limits_are_marked(void **state)
{
    struct python p;
    struct format f = format_defaults;
    (void)state;
    assert_true(open_seed(&p, "3.13-table"));
    f.elements = 2;
    char *text = text_of(&p, p.root, &f);
    assert_string_equal(text, "{'k': 1, 2: {'x': 1.5}, ...+2 more}");
    free(text);
    f = format_defaults;
    f.depth = 1;
    text = text_of(&p, p.root, &f);
    assert_string_equal(text, "{'k': 1, 2: <dict of 1>, <tuple of 2>: <list of 1>, None: True}");
    free(text);
    python_close(&p);
}

static void test_attributes(void **state)
{
    struct python p;
    taddr value;
    int64_t n;
    (void)state;
    assert_true(open_seed(&p, "3.12-plain"));
    assert_true(py_attr(&p.rt, p.root, "x", &value));
    assert_true(py_int(&p.rt, value, &n));
    assert_int_equal(n, 1);
    assert_true(py_attr(&p.rt, p.root, "itself", &value));
    assert_int_equal(value, p.root);
    assert_false(py_attr(&p.rt, p.root, "z", &value));
    python_close(&p);
}

/* Without a piece the text has the reason in its place, and the rest is there. */
static void test_missing_memory(void **state)
{
    struct python p;
    struct py_items it;
    struct py_item item;
    (void)state;
    assert_true(open_seed(&p, "3.13-table"));
    const struct py_type *t = py_type(&p.rt, p.root);
    assert_non_null(t);
    assert_true(py_items_begin(&p.rt, p.root, t, &it));
    assert_true(py_items_next(&it, &item));
    for (size_t i = 0; i < p.im.space.ranges.n; i++) {
        struct space_range *r = &p.im.space.ranges.v[i];
        if (item.value + 16 >= r->start && item.value + 16 < r->end) /* its size; its first word is never read */
            r->have = 0;
    }
    char *text = text_of(&p, p.root, &format_defaults);
    assert_string_not_equal(text, "{'k': 1, 2: {'x': 1.5}, (1, 2): [3], None: True}");
    assert_non_null(strstr(text, "{'k': <"));
    assert_non_null(strstr(text, ", None: True}"));
    free(text);
    python_close(&p);
}

/* ---- numbers ---- */

static void expect_float(double v, const char *want)
{
    struct text t = {0};
    py_put_float(&t, v, true);
    assert_string_equal(text_str(&t), want);
    text_done(&t);
}

static void test_floats(void **state)
{
    (void)state;
    expect_float(0.1, "0.1");
    expect_float(1, "1.0");
    expect_float(-0.0, "-0.0");
    expect_float(100, "100.0");
    expect_float(1e15, "1000000000000000.0");
    expect_float(1e16, "1e+16");
    expect_float(0.0001, "0.0001");
    expect_float(0.00001, "1e-05");
    expect_float(5e-324, "5e-324");
    expect_float(2.2250738585072014e-308, "2.2250738585072014e-308");
    expect_float(1.7976931348623157e308, "1.7976931348623157e+308");
    expect_float(0.1 + 0.2, "0.30000000000000004");
    expect_float(123456789012345680.0, "1.2345678901234568e+17");
    expect_float(9007199254740993.0, "9007199254740992.0");
    expect_float(1.5e-7, "1.5e-07");
    expect_float(0x1p-24,
                 "5.960464477539063e-08"); /* a power of two: the nearest of so many digits does not read back */
}

static void test_long_numbers(void **state)
{
    const uint32_t two_to_100[] = {0, 0, 0, 1 << 10};
    struct text t = {0};
    (void)state;
    py_put_digits(&t, two_to_100, 4, true);
    assert_string_equal(text_str(&t), "-1267650600228229401496703205376");
    text_clear(&t);
    py_put_digits(&t, two_to_100, 3, false);
    assert_string_equal(text_str(&t), "0");
    text_done(&t);
}

/* ---- characters ---- */

static void test_characters(void **state)
{
    static const struct {
        uint32_t c;
        const char *want;
    } cases[] = {
        {'a', "a"},
        {'\'', "\\'"},
        {'"', "\""},
        {'\n', "\\n"},
        {0, "\\x00"},
        {0x7f, "\\x7f"},
        {0xe9, "\xc3\xa9"},
        {0xad, "\\xad"},
        {0x378, "\\u0378"},
        {0x20ac, "\xe2\x82\xac"},
        {0xd800, "\\ud800"},
        {0x2028, "\\u2028"},
        {0x202e, "\\u202e"},
        {0x1f600, "\xf0\x9f\x98\x80"},
        {0xe0001, "\\U000e0001"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct text t = {0};
        py_put_char(&t, cases[i].c, '\'');
        assert_string_equal(text_str(&t), cases[i].want);
        text_done(&t);
    }
}

static void test_bytes(void **state)
{
    struct text t = {0};
    (void)state;
    py_put_bytes(&t, (const uint8_t *)"ab\0\xff'", 5, true);
    assert_string_equal(text_str(&t), "b\"ab\\x00\\xff'\"...");
    text_done(&t);
}

RUN_TESTS(cmocka_unit_test(test_values_of_all_versions), cmocka_unit_test(test_limits_are_marked),
          cmocka_unit_test(test_attributes), cmocka_unit_test(test_missing_memory), cmocka_unit_test(test_floats),
          cmocka_unit_test(test_long_numbers), cmocka_unit_test(test_characters), cmocka_unit_test(test_bytes))
