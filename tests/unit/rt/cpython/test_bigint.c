/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers of any size: known results, and what must hold of all. */
#include "unit.h"

#include "rt/cpython/bigint.h"

struct state {
    struct arena arena;
    uint64_t seed;
};

static uint64_t next(struct state *s)
{
    s->seed = s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return s->seed >> 20;
}

static struct bigint of(struct state *s, const char *text)
{
    struct bigint v;
    bool negative = *text == '-';
    assert_null(bigint_parse(&s->arena, text + negative, 10, &v));
    return negative ? bigint_negate(&v) : v;
}

static void expect(struct state *s, struct bigint got, const char *want)
{
    struct bigint other = of(s, want);
    assert_int_equal(bigint_compare(&got, &other), 0);
    assert_int_equal(got.n, other.n);
}

/* Of up to 40 digits; many of their digits are the least or the greatest there is. */
static struct bigint any(struct state *s)
{
    enum { DIGITS = 40 };
    size_t n = (size_t)(next(s) % DIGITS);
    uint32_t *d = arena_array(&s->arena, uint32_t, DIGITS);
    for (size_t i = 0; i < n; i++) {
        uint32_t v = (uint32_t)next(s) & ((1u << BIGINT_BITS) - 1);
        d[i] = v % 4 == 0 ? 0 : v % 4 == 1 ? (1u << BIGINT_BITS) - 1 : v;
    }
    return bigint_of_digits(d, n, next(s) & 1);
}

static void known_results(void **state)
{
    struct state s = {.seed = 1};
    struct bigint x = of(&s, "100000000000000000000000000000000"), y = of(&s, "-3"), q, r, v;
    (void)state;
    bigint_divide(&s.arena, &x, &y, &q, &r);
    expect(&s, q, "-33333333333333333333333333333334");
    expect(&s, r, "-2");
    assert_null(bigint_power(&s.arena, &y, 41, &v));
    expect(&s, v, "-36472996377170786403");
    assert_null(bigint_shift(&s.arena, &v, -60, &q));
    expect(&s, q, "-32");
    assert_null(bigint_shift(&s.arena, &y, 100, &q));
    expect(&s, q, "-3802951800684688204490109616128");
    expect(&s, bigint_bitwise(&s.arena, '&', &v, &x), "99999999999972318611146471899136");
    expect(&s, bigint_bitwise(&s.arena, '^', &v, &y), "36472996377170786400");
    expect(&s, bigint_of_double(&s.arena, -0x1.8p100), "-1901475900342344102245054808064");
    assert_null(bigint_parse(&s.arena, "fFfFfFfFfFfFfFfFf", 16, &v));
    expect(&s, v, "295147905179352825855");
    arena_done(&s.arena);
}

static void limits(void **state)
{
    struct state s = {.seed = 1};
    struct bigint two = bigint_of_i64(&s.arena, 2), v, one = bigint_of_i64(&s.arena, 1);
    struct err *e = bigint_power(&s.arena, &two, INT64_C(1) << 40, &v);
    int64_t small;
    (void)state;
    assert_int_equal(e->code, ERR_LIMIT);
    err_free(e);
    assert_null(bigint_power(&s.arena, &two, BIGINT_DIGITS_MAX * BIGINT_BITS - 1, &v));
    e = bigint_shift(&s.arena, &v, 1, &v);
    assert_int_equal(e->code, ERR_LIMIT);
    err_free(e);
    assert_null(bigint_power(&s.arena, &one, INT64_MAX, &v));
    expect(&s, v, "1");
    e = bigint_parse(&s.arena, "12a", 10, &v);
    assert_int_equal(e->code, ERR_USAGE);
    err_free(e);
    v = of(&s, "-9223372036854775808");
    assert_true(bigint_fits_i64(&v, &small) && small == INT64_MIN);
    v = of(&s, "9223372036854775808");
    assert_false(bigint_fits_i64(&v, &small));
    arena_done(&s.arena);
}

/* x = q y + r, and r is of the sign of y and nearer to 0. */
static void quotients(void **state)
{
    struct state s = {.seed = 42};
    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct bigint x = any(&s), y = any(&s), q, r, product, sum, size_r, size_y;
        if (!y.n)
            continue;
        bigint_divide(&s.arena, &x, &y, &q, &r);
        assert_null(bigint_multiply(&s.arena, &q, &y, &product));
        assert_null(bigint_add(&s.arena, &product, &r, &sum));
        assert_int_equal(bigint_compare(&sum, &x), 0);
        assert_true(!r.n || r.negative == y.negative);
        size_r = r.negative ? bigint_negate(&r) : r;
        size_y = y.negative ? bigint_negate(&y) : y;
        assert_true(bigint_compare(&size_r, &size_y) < 0);
    }
    arena_done(&s.arena);
}

/* (x & y) + (x | y) = x + y, and (x | y) - (x & y) = x ^ y; shifting is multiplying and dividing by powers of two. */
static void bits(void **state)
{
    struct state s = {.seed = 7};
    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct bigint x = any(&s), y = any(&s), v, w, both = bigint_bitwise(&s.arena, '&', &x, &y),
                      either = bigint_bitwise(&s.arena, '|', &x, &y), one = bigint_bitwise(&s.arena, '^', &x, &y),
                      less = bigint_negate(&both), two = bigint_of_i64(&s.arena, 2), power;
        int64_t by = (int64_t)(next(&s) % 100);
        assert_null(bigint_add(&s.arena, &both, &either, &v));
        assert_null(bigint_add(&s.arena, &x, &y, &w));
        assert_int_equal(bigint_compare(&v, &w), 0);
        assert_null(bigint_add(&s.arena, &either, &less, &v));
        assert_int_equal(bigint_compare(&v, &one), 0);
        assert_null(bigint_power(&s.arena, &two, by, &power));
        assert_null(bigint_shift(&s.arena, &x, -by, &v));
        bigint_divide(&s.arena, &x, &power, &w, NULL);
        assert_int_equal(bigint_compare(&v, &w), 0);
        assert_null(bigint_shift(&s.arena, &x, by, &v));
        assert_null(bigint_multiply(&s.arena, &x, &power, &w));
        assert_int_equal(bigint_compare(&v, &w), 0);
    }
    arena_done(&s.arena);
}

static void expect_ratio(struct state *s, const char *x, const char *y, double want)
{
    double got;
    struct bigint up = of(s, x), down = of(s, y);
    assert_true(bigint_ratio(&s->arena, &up, &down, &got));
    assert_memory_equal(&got, &want, sizeof(got));
}

static void ratios(void **state)
{
    struct state s = {.seed = 1};
    double got;
    struct bigint ten = bigint_of_i64(&s.arena, 10), one = bigint_of_i64(&s.arena, 1), huge, small;
    (void)state;
    expect_ratio(&s, "1", "3", 1.0 / 3);
    expect_ratio(&s, "0", "-3", -0.0);
    expect_ratio(&s, "9007199254740993", "1", 0x1p53); /* in the middle: to the even one */
    expect_ratio(&s, "9007199254740995", "-1", -0x1.0000000000002p53);
    expect_ratio(&s, "18014398509481987", "2", 0x1.0000000000001p53);
    expect_ratio(&s, "10000000000000000000000000000000000000000", "3", 3.33333333333333333333e39);
    assert_null(bigint_power(&s.arena, &ten, 309, &huge));
    assert_false(bigint_ratio(&s.arena, &huge, &one, &got));
    assert_null(bigint_power(&s.arena, &ten, 320, &huge));
    assert_true(bigint_ratio(&s.arena, &one, &huge, &got) && got == 1e-320);
    small = bigint_of_i64(&s.arena, 2);
    assert_null(bigint_power(&s.arena, &small, 1075, &huge));
    assert_true(bigint_ratio(&s.arena, &one, &huge, &got) && got == 0);
    small = bigint_of_i64(&s.arena, 3);
    assert_true(bigint_ratio(&s.arena, &small, &huge, &got) && got == 0x1p-1073);
    arena_done(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_results), cmocka_unit_test(limits), cmocka_unit_test(quotients),
        cmocka_unit_test(bits),          cmocka_unit_test(ratios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
