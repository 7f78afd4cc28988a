/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <sys/wait.h>

#include "base/arena.h"
#include "base/mem.h"

struct pair {
    int a, b;
};

static void pushed_elements_are_zeroed(void **state)
{
    (void)state;
    VEC(struct pair) v = {0};
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(vec_push(&v)->a, 0);
        v.v[i].a = i;
        v.v[i].b = -1; /* what an old buffer leaves behind must not come back */
    }
    assert_int_equal(v.n, 1000);
    assert_true(v.cap >= v.n);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v.v[i].a, i);
    vec_done(&v);
    assert_null(v.v);
    assert_int_equal(v.n + v.cap, 0);
}

static void push_evaluates_its_vector_once(void **state)
{
    (void)state;
    VEC(int) rows[2] = {0};
    size_t i = 0;
    *vec_push(&rows[i++]) = 7;
    assert_int_equal(i, 1);
    assert_int_equal(rows[0].v[0], 7);
    vec_done(&rows[0]);
}

static void reserve_keeps_what_is_there(void **state)
{
    (void)state;
    VEC(char) v = {0};
    *vec_push(&v) = 'x';
    vec_reserve(&v, 5000);
    assert_true(v.cap >= 5000);
    assert_int_equal(v.n, 1);
    assert_int_equal(v.v[0], 'x');
    size_t cap = v.cap;
    vec_reserve(&v, 10);
    assert_int_equal(v.cap, cap);
    vec_done(&v);
}

static void strings(void **state)
{
    (void)state;
    SCOPED(freep) char *cut = xstrndup("abc", 2);
    SCOPED(freep) char *all = xstrndup("abc", 99);
    SCOPED(freep) char *made = xasprintf("%s-%d", "x", 5);
    assert_string_equal(cut, "ab");
    assert_string_equal(all, "abc");
    assert_string_equal(made, "x-5");
}

static void nothing_is_a_pointer_too(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_string_equal(arena_strndup(&a, NULL, 0), "");
    arena_done(&a);
    void *all[] = {xstrndup(NULL, 0), xmalloc(0), xcalloc(0, 8), xcalloc(8, 0), xrealloc_array(NULL, 0, 8)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_non_null(all[i]);
        free(all[i]);
    }
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t n = 0; n < 3000; n += 7) {
        unsigned char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
    assert_true(a.total > 3000 * 3000 / 14);
    arena_done(&a);
    assert_int_equal(a.total, 0);
    arena_done(&a); /* an empty one is fine */
}

static void large_blocks_do_not_waste_the_current_one(void **state)
{
    (void)state;
    struct arena a = {0};
    char *before = arena_alloc(&a, 16);
    arena_alloc(&a, 10 << 20);
    assert_ptr_equal(arena_alloc(&a, 16), before + 16);
    arena_done(&a);
}

static void arena_strings(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_string_equal(arena_strdup(&a, "name"), "name");
    assert_string_equal(arena_strndup(&a, "name", 2), "na");
    assert_string_equal(arena_strndup(&a, "na", 100), "na");
    assert_string_equal(arena_printf(&a, "%s+0x%x", "main", 16), "main+0x10");
    int *numbers = arena_array(&a, int, 100);
    assert_int_equal(numbers[99], 0);
    arena_done(&a);
}

/* Runs fn in a child; asserts that it ended for want of memory, and said so. */
static void assert_exhausts(void (*fn)(void))
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(out[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(out[1]);
    char said[4096];
    size_t n = 0;
    for (ssize_t got; n < sizeof(said) - 1 && (got = read(out[0], said + n, sizeof(said) - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = '\0';
    close(out[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
    assert_non_null(strstr(said, "inquest: out of memory\n"));
}

static volatile size_t huge = SIZE_MAX / 2; /* volatile: the compiler would warn of what we mean to do */

static void exhaust_malloc(void)
{
    free(xmalloc(huge));
}

static void exhaust_calloc(void)
{
    free(xcalloc(huge, 4));
}

static void exhaust_vec(void)
{
    VEC(uint64_t) v = {0};
    vec_reserve(&v, huge);
}

static void exhaust_arena(void)
{
    struct arena a = {0};
    arena_alloc(&a, huge * 2 + 1);
}

static void exhaust_arena_array(void)
{
    struct arena a = {0};
    arena_array(&a, uint64_t, huge);
}

static void touched_memory_keeps_what_is_there(void **state)
{
    (void)state;
    enum { N = 5 * 4096 };
    SCOPED(freep) char *p = xmalloc(N);
    memset(p, 'x', N);
    mem_touch(p + 1, N - 1);
    mem_touch(p + 1, 1);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(p[i], 'x');
}

static void the_first_of_sorted_elements(void **state)
{
    (void)state;
    static const int v[] = {1, 3, 3, 5, 9};
    for (int at = 0; at < 11; at++)
        for (size_t n = 0; n <= ARRAY_LEN(v); n++) {
            size_t want = 0;
            while (want < n && v[want] < at)
                want++;
            assert_int_equal(sorted_first(v, n, e, *e < at), want);
        }
}

static void no_memory_ends_the_process(void **state)
{
    (void)state;
    assert_exhausts(exhaust_malloc);
    assert_exhausts(exhaust_calloc);
    assert_exhausts(exhaust_vec);
    assert_exhausts(exhaust_arena);
    assert_exhausts(exhaust_arena_array);
}

RUN_TESTS(cmocka_unit_test(pushed_elements_are_zeroed), cmocka_unit_test(push_evaluates_its_vector_once),
          cmocka_unit_test(reserve_keeps_what_is_there), cmocka_unit_test(strings),
          cmocka_unit_test(nothing_is_a_pointer_too), cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
          cmocka_unit_test(large_blocks_do_not_waste_the_current_one), cmocka_unit_test(arena_strings),
          cmocka_unit_test(touched_memory_keeps_what_is_there), cmocka_unit_test(the_first_of_sorted_elements),
          cmocka_unit_test(no_memory_ends_the_process))
