/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of code objects that Python has made, and what its own functions say of them. */
#include "unit.h"

#include "rt/cpython/lines.h"

typedef void locate(struct bytes, int32_t, int32_t, struct py_location *);

static void expect_line(locate *f, struct bytes table, int32_t offset, uint32_t line)
{
    struct py_location at = {.line = 99};
    f(table, 1, offset, &at);
    assert_int_equal(at.line, line);
}

/* def f(a):                 the loop stands 200 lines further down
 *     x = a
 *     y = 1                 three times
 *     for i in x:
 *         y += i
 *     return (y +
 *       a)                  Python 3.9: dis.findlinestarts() */
static const uint8_t lnotab[] = {0x00, 0x01, 0x04, 0x01, 0x04, 0x01, 0x04, 0x01, 0x04, 0x7f,
                                 0x00, 0x4a, 0x08, 0x01, 0x0a, 0x01, 0x02, 0x01, 0x02, 0xff};

static void lnotab_goes_up_and_down(void **state)
{
    static const struct {
        int32_t offset;
        uint32_t line;
    } known[] = {{0, 2}, {2, 2}, {4, 3}, {8, 4}, {12, 5}, {16, 206}, {24, 207}, {34, 208}, {36, 209}, {38, 208}};
    struct bytes table = {lnotab, sizeof(lnotab)};
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        expect_line(py_location_lnotab, table, known[i].offset, known[i].line);
    expect_line(py_location_lnotab, table, -1, 1); /* nothing ran yet */
}

/* The same without its last line in Python 3.10: co_lines(). */
static const uint8_t lines_3_10[] = {0x04, 0x01, 0x04, 0x01, 0x04, 0x01, 0x04, 0x01,
                                     0x00, 0x7f, 0x08, 0x4a, 0x0a, 0x01, 0x04, 0x01};

static void runs_of_3_10(void **state)
{
    static const struct {
        int32_t offset;
        uint32_t line;
    } known[] = {{0, 2}, {2, 2}, {4, 3}, {14, 5}, {16, 206}, {22, 206}, {24, 207}, {34, 208}, {36, 208}};
    struct bytes table = {lines_3_10, sizeof(lines_3_10)};
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        expect_line(py_location_3_10, table, known[i].offset, known[i].line);
    expect_line(py_location_3_10, table, 38, 0); /* past the end */
    expect_line(py_location_3_10, table, -2, 1);
}

static void runs_without_a_line(void **state)
{
    static const uint8_t made[] = {4, 1, 4, 0x80, 4, 1};
    struct bytes table = {made, sizeof(made)};
    (void)state;
    expect_line(py_location_3_10, table, 0, 2);
    expect_line(py_location_3_10, table, 4, 0);
    expect_line(py_location_3_10, table, 8, 3); /* one below the line before the gap */
}

/* def f(a,
 *       b):
 *     x = (a +
 *          b)
 *     return [g(i)
 *             for i in x]   Python 3.11: co_positions(), whose columns count from 0 */
static const uint8_t lines_3_11[] = {0x80, 0x00, 0xe0, 0x09, 0x0a, 0xd8, 0x09, 0x0a, 0xf1, 0x03, 0x01, 0x0a, 0x0b, 0x80,
                                     0x41, 0xf0, 0x04, 0x01, 0x0c, 0x18, 0xf0, 0x00, 0x01, 0x0c, 0x18, 0xd8, 0x15, 0x16,
                                     0xf0, 0x03, 0x01, 0x0c, 0x18, 0xf1, 0x00, 0x01, 0x0c, 0x18, 0xf4, 0x00, 0x01, 0x0c,
                                     0x18, 0xf0, 0x00, 0x01, 0x0c, 0x18, 0xf0, 0x00, 0x01, 0x05, 0x18};

static void expect_place(struct bytes table, int32_t unit, const uint32_t known[4])
{
    struct py_location at;
    py_location_3_11(table, 1, unit * 2, &at);
    assert_int_equal(at.line, known[0]);
    assert_int_equal(at.end_line, known[1]);
    assert_int_equal(at.column, known[2] + 1);
    assert_int_equal(at.end_column, known[3] + 1);
}

static void positions_of_3_11(void **state)
{
    static const uint32_t known[][4] = {{1, 1, 0, 0}, {3, 3, 9, 10},  {4, 4, 9, 10},  {3, 4, 9, 10},  {3, 4, 9, 10},
                                        {3, 3, 4, 5}, {5, 6, 11, 23}, {5, 6, 11, 23}, {6, 6, 21, 22}, {5, 6, 11, 23}};
    struct bytes table = {lines_3_11, sizeof(lines_3_11)};
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        expect_place(table, (int32_t)i, known[i]);
    expect_place(table, 18, (const uint32_t[]){5, 6, 4, 23});
    expect_line(py_location_3_11, table, 19 * 2, 0);
    expect_line(py_location_3_11, table, -2, 1);
}

/* A name of 150 letters, and 40 empty lines: numbers of more than six bits. */
static void long_numbers(void **state)
{
    static const uint8_t wide[] = {0x80, 0x00, 0xd8, 0x08, 0x09, 0x80, 0x41, 0xd8, 0x08, 0x09, 0xf5,
                                   0x00, 0x00, 0x0d, 0x63, 0x02, 0xf1, 0x00, 0x00, 0x09, 0x63, 0x02,
                                   0x80, 0x41, 0xf0, 0x52, 0x01, 0x00, 0x0c, 0x0d, 0x80, 0x48};
    struct bytes table = {wide, sizeof(wide)};
    (void)state;
    expect_place(table, 2, (const uint32_t[]){2, 2, 4, 5});
    expect_place(table, 4, (const uint32_t[]){3, 3, 12, 162});
    expect_place(table, 13, (const uint32_t[]){44, 44, 11, 12});
    expect_place(table, 14, (const uint32_t[]){44, 44, 4, 12});
}

static void damaged_tables_say_nothing(void **state)
{
    static const uint8_t no_entry[] = {0x00, 0x00}, endless[] = {0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    (void)state;
    expect_line(py_location_3_11, (struct bytes){no_entry, 2}, 0, 0);
    expect_line(py_location_3_11, (struct bytes){endless, 8}, 0, 0);
    expect_line(py_location_3_11, (struct bytes){lines_3_11, 3}, 2, 0); /* cut in the middle of an entry */
    expect_line(py_location_3_10, (struct bytes){NULL, 0}, 0, 0);
    expect_line(py_location_lnotab, (struct bytes){NULL, 0}, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lnotab_goes_up_and_down),
        cmocka_unit_test(runs_of_3_10),
        cmocka_unit_test(runs_without_a_line),
        cmocka_unit_test(positions_of_3_11),
        cmocka_unit_test(long_numbers),
        cmocka_unit_test(damaged_tables_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
