/* SPDX-License-Identifier: Apache-2.0 */
/* The record in a core: written, read again, and damaged. */
#include "unit.h"

#include "image/record.h"

static struct bytes bytes_of(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static void any_value_comes_back(void **state)
{
    (void)state;
    static const char *const values[] = {"", "plain", "two\nlines\n", "\\", "\\n", "a\\\n\\n b", "\x01\xff"};
    struct image *to = image_new(IMAGE_CORE, "core");
    struct text t = {0};

    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        image_fact_put(&t, "argument", values[i]);
    record_read(to, (struct bytes){(const uint8_t *)t.p, t.n});
    assert_int_equal(to->facts.n, ARRAY_LEN(values));
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        assert_string_equal(to->facts.v[i].value, values[i]);
    assert_int_equal(to->problems.n, 0);
    assert_string_equal((const char *)to->arguments.p + 1, "plain");
    text_done(&t);
    image_free(to);
}

static void what_has_members_fills_them(void **state)
{
    (void)state;
    struct image *im = image_new(IMAGE_CORE, "core");

    *vec_push(&im->threads) = (struct image_thread){.tid = 7};
    record_read(im, bytes_of("format 1\ntime 12.5\nstarted 4\nlimit Max\nthread 7 a name\nthread 8 none\nnew-key x\n"));
    assert_int_equal(im->dump_time, 12);
    assert_int_equal(im->start_time, 4);
    assert_string_equal(im->limits.v[0], "Max");
    assert_string_equal(im->threads.v[0].name, "a name");
    assert_string_equal(image_fact(im, "new-key"), "x");
    assert_null(image_fact(im, "absent"));
    image_free(im);
}

static void damage_costs_the_rest(void **state)
{
    (void)state;
    struct image *im = image_new(IMAGE_CORE, "core");

    record_read(im, bytes_of("host a\nno-value\nkernel b\ncut"));
    assert_int_equal(im->facts.n, 2);
    assert_int_equal(im->problems.n, 1);
    record_read(im, (struct bytes){(const uint8_t *)"host \0\n", 7});
    assert_int_equal(im->problems.n, 2);
    record_read(im, (struct bytes){0});
    assert_int_equal(im->problems.n, 2);
    image_free(im);
}

static void a_container_is_known_by_its_group(void **state)
{
    (void)state;
    static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const struct {
        const char *before, *after, *name;
    } groups[] = {
        {"0::/docker/", "", NULL},
        {"0::/system.slice/docker-", ".scope", NULL},
        {"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-", ".scope", NULL},
        {"4:memory:/machine.slice/libpod-", ".scope/container", NULL},
        {"0::/lxc.payload.web/init", "", "web"},
        {"1:cpu:/lxc/db", "", "db"},
    };
    const char *found;
    size_t n;

    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        char *group = xasprintf("%s%s%s", groups[i].before, groups[i].name ? "" : id, groups[i].after);
        const char *want = groups[i].name ? groups[i].name : id;
        assert_true(record_container(group, &found, &n));
        assert_int_equal(n, strlen(want));
        assert_memory_equal(found, want, n);
        free(group);
    }
    assert_false(record_container("0::/user.slice/user-0.slice/session-1.scope", &found, &n));
    assert_false(record_container("0::/", &found, &n));
    assert_false(record_container("", &found, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_value_comes_back),
        cmocka_unit_test(what_has_members_fills_them),
        cmocka_unit_test(damage_costs_the_rest),
        cmocka_unit_test(a_container_is_known_by_its_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
