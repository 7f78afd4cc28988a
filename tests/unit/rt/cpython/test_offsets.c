/* SPDX-License-Identifier: Apache-2.0 */
/* What an interpreter publishes of itself corrects the table of its version, moves what lies behind, and is not believed
 * when it cannot be right. */
#include "unit.h"

#include "rt/cpython/find.h"

enum { RUNTIME = 0x10000, SIZE = 2048, STRUCT_SIZE = 1 << 20, KNOWN = 15, UNKNOWN = 60 };

struct interpreter {
    uint8_t offsets[SIZE];
    const struct py_layout *table;
    struct image im;
    struct rt rt;
};

static void put(struct interpreter *p, uint16_t at, uint64_t v)
{
    if (at != UINT16_MAX && v != PY_NONE)
        memcpy(p->offsets + at, &v, sizeof(v));
}

/* One that publishes what the newest table says. */
static struct interpreter *interpreter_new(unsigned minor, bool free_threaded)
{
    struct interpreter *p = xcalloc(1, sizeof(*p));
    p->table = py_layout_newest(free_threaded);
    memcpy(p->offsets, "xdebugpy", PY_COOKIE_SIZE);
    put(p, PY_FREE_THREADED_AT, free_threaded);
    /* Sizes first: some are fields, too. */
#define X(field, group, name) put(p, p->table->published->field.size_at, STRUCT_SIZE);
    PY_PUBLISHED_FIELDS(X)
#undef X
#define X(field, group, name) put(p, p->table->published->field.at, p->table->field);
    PY_PUBLISHED_FIELDS(X)
#undef X
    p->im = (struct image){.kind = IMAGE_CORE, .path = "memory", .arch = &arch_x86_64};
    space_add(&p->im.space,
              (struct space_range){.start = RUNTIME, .end = RUNTIME + SIZE, .data = p->offsets, .have = SIZE});
    space_sort(&p->im.space);
    struct modules *ms = modules_load(&p->im, &(struct module_opts){.no_debuginfod = true});
    p->rt = (struct rt){.ms = ms, .version = 3u << 24 | minor << 16, .runtime = RUNTIME};
    return p;
}

static void interpreter_free(struct interpreter *p)
{
    py_forget(&p->rt);
    arena_done(&p->rt.arena);
    modules_free(p->rt.ms);
    space_done(&p->im.space);
    arena_done(&p->im.arena);
    free(p);
}

static void choose(struct interpreter *p)
{
    struct err *e = py_choose_layout(&p->rt);
    assert_null(e);
}

static void the_same_as_the_table(void **state)
{
    (void)state;
    for (int free_threaded = 0; free_threaded < 2; free_threaded++) {
        struct interpreter *p = interpreter_new(KNOWN, free_threaded);
        choose(p);
        assert_int_equal(p->rt.free_threaded, free_threaded);
        assert_null(p->rt.differs);
        assert_false(p->rt.guessed);
        if (free_threaded) /* the usual build publishes 0 for two that it does not have */
            assert_memory_equal(&p->rt.l, p->table, sizeof(p->rt.l));
        interpreter_free(p);
    }
}

static void what_is_behind_moves_along(void **state)
{
    (void)state;
    struct interpreter *p = interpreter_new(KNOWN, true);
    put(p, p->table->published->interp_own_gil.at, p->table->interp_own_gil + 8);
    choose(p);
    assert_int_equal(p->rt.l.interp_own_gil, p->table->interp_own_gil + 8);
    assert_int_equal(p->rt.l.interp_stop, p->table->interp_stop + 8);
    assert_int_equal(p->rt.l.interp_asyncio_tasks_head, p->table->interp_asyncio_tasks_head + 8);
    assert_int_equal(p->rt.l.interp_static_types, p->table->interp_static_types + 8);
    assert_int_equal(p->rt.l.interp_next, p->table->interp_next);
    assert_non_null(strstr(p->rt.differs, "gil_runtime_state"));
    interpreter_free(p);
}

static void what_cannot_be_right_is_not_used(void **state)
{
    (void)state;
    struct interpreter *p = interpreter_new(KNOWN, true);
    put(p, p->table->published->thread_next.at, p->table->thread_next + 8);
    put(p, p->table->published->frame_previous.at, STRUCT_SIZE);
    choose(p);
    assert_int_equal(p->rt.l.thread_next, p->table->thread_next);
    assert_non_null(strstr(p->rt.differs, "interpreter_frame.previous does not fit"));
    interpreter_free(p);
}

static void a_version_without_a_table(void **state)
{
    (void)state;
    struct interpreter *p = interpreter_new(UNKNOWN, true);
    choose(p);
    assert_true(p->rt.guessed);
    p->rt.guessed = false;
    put(p, p->table->published->frame_previous.at, STRUCT_SIZE);
    struct err *e = py_choose_layout(&p->rt);
    assert_non_null(e);
    assert_non_null(strstr(e->msg, "interpreter_frame.previous"));
    assert_false(p->rt.guessed);
    err_free(e);
    interpreter_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_the_table),
        cmocka_unit_test(what_is_behind_moves_along),
        cmocka_unit_test(what_cannot_be_right_is_not_used),
        cmocka_unit_test(a_version_without_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
