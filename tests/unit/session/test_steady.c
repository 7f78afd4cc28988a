/* SPDX-License-Identifier: Apache-2.0 */
/* A source whose bytes change each time they are read. */
#include "unit.h"

#include <string.h>

#include "image/pages.h"
#include "session/steady.h"

enum { P = IMAGE_PAGE, FIRST = 4 * P, END = 8 * P, MISSING = 6 * P };

struct changing {
    uint8_t times; /* that it was read */
};

/* Pages [FIRST, END), but one. */
static size_t read_changing(void *arg, taddr at, void *buf, size_t n)
{
    struct changing *c = arg;
    taddr page = at - at % P;
    if (page < FIRST || page >= END || page == MISSING)
        return 0;
    memset(buf, ++c->times, n);
    return n;
}

static uint8_t byte_at(const struct image *im, taddr at)
{
    uint8_t b = 0;
    assert_int_equal(space_read_some(&im->space, at, &b, 1), 1);
    return b;
}

static void pages_are_read_once(void **state)
{
    (void)state;
    struct changing source = {0};
    struct image im = {.space = {.fallback = read_changing, .fallback_arg = &source}};
    struct steady *s = steady_new(&im);
    assert_int_equal(byte_at(&im, FIRST + 5), 1);
    assert_int_equal(byte_at(&im, FIRST + P - 1), 1);
    assert_int_equal(byte_at(&im, FIRST + P), 2);
    assert_int_equal(byte_at(&im, FIRST), 1);
    assert_int_equal(source.times, 2);
    steady_free(s);
}

static void what_is_missing_ends_it(void **state)
{
    (void)state;
    struct changing source = {0};
    struct image im = {.space = {.fallback = read_changing, .fallback_arg = &source}};
    struct steady *s = steady_new(&im);
    uint8_t buf[3 * P];
    assert_int_equal(space_read_some(&im.space, FIRST + 7, buf, sizeof(buf)), 2 * P - 7);
    assert_int_equal(buf[0], 1);
    assert_int_equal(buf[P], 2);
    assert_int_equal(space_read_some(&im.space, MISSING, buf, 1), 0);
    assert_int_equal(space_read_some(&im.space, MISSING, buf, 1), 0);
    steady_free(s);
}

static void pages_of_the_pause_are_known(void **state)
{
    (void)state;
    struct changing source = {0};
    struct image im = {.space = {.fallback = read_changing, .fallback_arg = &source}};
    struct steady *s = steady_new(&im);
    assert_int_equal(byte_at(&im, FIRST), 1);
    steady_resumed(s);
    assert_int_equal(byte_at(&im, FIRST + P), 2);
    assert_true(steady_early(s, FIRST));
    assert_false(steady_early(s, FIRST + P));
    assert_int_equal(byte_at(&im, FIRST), 1);
    steady_free(s);
    steady_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_read_once),
        cmocka_unit_test(what_is_missing_ends_it),
        cmocka_unit_test(pages_of_the_pause_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
