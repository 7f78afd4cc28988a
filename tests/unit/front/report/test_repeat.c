/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "front/report/repeat.h"

enum { PLACES = 26, MAX = 40000 };

static struct splace places[PLACES];
static char names[PLACES][2];
static struct sframe frames[MAX];

/* A stack from letters, a place each; equal letters of either case are one function at two lines. */
static struct sstack stack_of(const char *letters, size_t times)
{
    size_t n = 0;
    for (size_t i = 0; i < times; i++) {
        for (const char *p = letters; *p && n < MAX; p++) {
            frames[n] = (struct sframe){.pc = (taddr)*p, .at = &places[(*p | 0x20) - 'a']};
            n++;
        }
    }
    return (struct sstack){.frames = frames, .n = n};
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        names[i][0] = (char)('a' + i);
        places[i] = (struct splace){.function = names[i], .line = (uint32_t)i};
    }
    return 0;
}

static void assert_stretch(const struct sstack *st, size_t i, size_t period, size_t times)
{
    struct stretch s = stretch_at(st, i);
    assert_int_equal(s.first, i);
    assert_int_equal(s.period, period);
    assert_int_equal(s.times, times);
}

static void short_runs_stay(void **state)
{
    (void)state;
    struct sstack st = stack_of("abcbcbcde", 1);
    for (size_t i = 0; i < st.n; i++)
        assert_stretch(&st, i, 1, 1);
    st = stack_of("abbbbbbbc", 1); /* seven */
    assert_stretch(&st, 1, 1, 1);
    st = stack_of("abbbbbbbbc", 1); /* eight */
    assert_stretch(&st, 1, 1, 8);
    assert_stretch(&st, 9, 1, 1);
}

static void the_innermost_stands_alone(void **state)
{
    (void)state;
    struct sstack st = stack_of("a", 1000);
    assert_stretch(&st, 0, 1, 1);
    assert_stretch(&st, 1, 1, 999);
}

static void cycles(void **state)
{
    (void)state;
    struct sstack st = stack_of("ab", 1000);
    assert_stretch(&st, 1, 2, 999); /* b a b a ... and one b left */
    assert_stretch(&st, 1999, 1, 1);
    st = stack_of("abcdefgh", 100);
    assert_stretch(&st, 1, 8, 99);
    st = stack_of("abcdefghi", 100); /* nine are too many */
    assert_stretch(&st, 1, 1, 1);
    st = stack_of("abc", MAX / 3);
    assert_stretch(&st, 1, 3, MAX / 3 - 1);
}

static void a_signal_ends_a_run(void **state)
{
    (void)state;
    struct sstack st = stack_of("xaaaaaaaaaaaaaaaaaaaa", 1);
    frames[10].kind = FRAME_SIGNAL;
    assert_stretch(&st, 1, 1, 9);
    assert_stretch(&st, 10, 1, 1);
    assert_stretch(&st, 11, 1, 1); /* what the signal interrupted */
    assert_stretch(&st, 12, 1, 9);
}

static void one_function_from_two_lines(void **state)
{
    (void)state;
    struct splace other = {.function = names[0], .line = 99};
    struct sstack st = stack_of("xaaaaaaaaaaaa", 1);
    for (size_t i = 2; i < st.n; i += 3)
        frames[i].at = &other;
    assert_stretch(&st, 1, 3, 4); /* the same places in the same order are found first */
    frames[6].at = &other;
    assert_stretch(&st, 1, 1, 12);
}

static void names_unknown(void **state)
{
    (void)state;
    struct splace nowhere = {0}, nowhere2 = {0};
    struct sstack st = stack_of("xaaaaaaaaa", 1);
    for (size_t i = 1; i < st.n; i++)
        frames[i].at = i % 2 ? &nowhere : &nowhere2;
    assert_stretch(&st, 1, 2, 4); /* by place */
    for (size_t i = 1; i < st.n; i++)
        frames[i].pc = i;
    frames[4].at = &places[1];
    assert_stretch(&st, 1, 1, 1); /* different addresses without a name are different functions */
}

static void groups(void **state)
{
    (void)state;
    struct splace again = places[1]; /* the same function and line at another address */
    struct sframe a[] = {{.at = &places[0]}, {.at = &places[1]}};
    struct sframe b[] = {{.at = &places[0]}, {.at = &again}};
    struct sframe c[] = {{.at = &places[2]}};
    const struct sstack stacks[] = {
        {.frames = c, .n = 1, .crashed = true},
        {.frames = a, .n = 1},
        {.frames = a, .n = 2},
        {.frames = b, .n = 2},
        {.n = 0},
    };
    struct stack_groups g = group_stacks(stacks, ARRAY_LEN(stacks));
    assert_int_equal(g.n, 4);
    assert_ptr_equal(g.v[0].stacks[0], &stacks[0]); /* crashed */
    assert_int_equal(g.v[1].n, 2);                  /* largest */
    assert_ptr_equal(g.v[1].stacks[0], &stacks[2]);
    assert_ptr_equal(g.v[1].stacks[1], &stacks[3]);
    assert_ptr_equal(g.v[2].stacks[0], &stacks[1]); /* as given */
    assert_ptr_equal(g.v[3].stacks[0], &stacks[4]);
    stack_groups_done(&g);
    g = group_stacks(NULL, 0);
    assert_int_equal(g.n, 0);
    stack_groups_done(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_runs_stay), cmocka_unit_test(the_innermost_stands_alone),
        cmocka_unit_test(cycles),          cmocka_unit_test(a_signal_ends_a_run),
        cmocka_unit_test(names_unknown),   cmocka_unit_test(one_function_from_two_lines),
        cmocka_unit_test(groups),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
