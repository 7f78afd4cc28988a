/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of goroutines, in the forms that runtime/pprof gave them, whole and damaged. */
#include "unit.h"

#include "rt/go/make_go.h"

static const struct made_function functions[] = {{.name = "main.main", .file = "main.go", .size = 64, .frame = 16}};
enum { HASH = 23, SLICE = 24, BUCKET = 8 + 8 * 16 + 8 * 16 + 8, VALUES = 8 + 8 * 16, OVERFLOW = BUCKET - 8 };

static struct made_go *make(unsigned minor, taddr *g)
{
    struct made_go *m = made_go_new(minor, functions, 1);
    *g = made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING});
    return m;
}

static void set_labels(struct made_go *m, taddr g, taddr at)
{
    put(m, g + m->rt->layout->g_labels, at);
}

/* "key=value key=value" */
static void expect_labels(struct made_go *m, size_t max, const char *want)
{
    struct task_label labels[64];
    struct text got SCOPED(text_done) = {0};
    size_t n = go_labels(m->rt, made_tasks(m, 1), labels, max);
    assert_in_range(n, 0, max);
    for (size_t i = 0; i < n; i++)
        text_printf(&got, "%s%s=%s", i ? " " : "", labels[i].key, labels[i].value);
    assert_string_equal(text_str(&got), want);
}

static void test_slice(void **state)
{
    (void)state;
    taddr g;
    struct made_go *m = make(SLICE, &g);
    expect_labels(m, 64, "");
    taddr list = made_room(m, 3 * 32), header = made_room(m, 24);
    put_string(m, list, "job");
    put_string(m, list + 16, "17");
    put_string(m, list + 32, "who");
    put_string(m, list + 48, "");
    put(m, list + 64, 0xdead); /* a key that cannot be read */
    put(m, list + 72, 5);
    put(m, header, list);
    put(m, header + 8, 3);
    set_labels(m, g, header);
    expect_labels(m, 64, "job=17 who=");
    expect_labels(m, 1, "job=17");
    expect_labels(m, 0, "");
    put(m, header + 8, UINT64_MAX);
    expect_labels(m, 64, "");
    put(m, header + 8, 1);
    put(m, list + 8, UINT64_MAX); /* a key as long as memory */
    expect_labels(m, 64, "");
    set_labels(m, g, 0x10);
    expect_labels(m, 64, "");
    made_go_free(m);
}

/* A map with one bucket and one behind it. */
static taddr made_map(struct made_go *m, taddr *first, taddr *second)
{
    taddr labels = made_room(m, 8), map = made_room(m, 48);
    *first = made_room(m, BUCKET);
    *second = made_room(m, BUCKET);
    put(m, labels, map);
    put(m, map, 2);
    put(m, map + 16, *first);
    put(m, *first, 0x0000000000000500); /* the second slot is taken */
    put_string(m, *first + 8 + 16, "who");
    put_string(m, *first + VALUES + 16, "me");
    put(m, *first + OVERFLOW, *second);
    put(m, *second, 0xff04030201000000); /* marks below 5 are of empty and moved slots */
    put_string(m, *second + 8 + 7 * 16, "job");
    put_string(m, *second + VALUES + 7 * 16, "17");
    return labels;
}

static void test_map(void **state)
{
    (void)state;
    taddr g, first, second;
    struct made_go *m = make(HASH, &g);
    taddr labels = made_map(m, &first, &second);
    set_labels(m, g, labels);
    expect_labels(m, 64, "job=17 who=me");
    expect_labels(m, 1, "who=me");
    put(m, first + OVERFLOW, 0xdead);
    expect_labels(m, 64, "who=me");
    made_go_free(m);
}

/* As many buckets as it may have, the first of which leads to itself. */
static void test_map_in_circles(void **state)
{
    (void)state;
    taddr g, first, second, map;
    struct made_go *m = make(HASH, &g);
    taddr labels = made_map(m, &first, &second);
    set_labels(m, g, labels);
    put(m, first, 0); /* without a label, so that only the limit ends it */
    put(m, second, 0);
    put(m, second + OVERFLOW, first);
    assert_true(go_word(m->rt, labels, &map));
    put(m, map + 8, 10 << 8);
    expect_labels(m, 64, "");
    put(m, map + 8, 63 << 8); /* 2^63 buckets */
    expect_labels(m, 64, "");
    made_go_free(m);
}

RUN_TESTS(cmocka_unit_test(test_slice), cmocka_unit_test(test_map), cmocka_unit_test(test_map_in_circles))
