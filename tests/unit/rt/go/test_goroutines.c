/* SPDX-License-Identifier: Apache-2.0 */
/* The list of goroutines in memory that was put together here, without symbols: what is found, what is refused. */
#include "unit.h"

#include "rt/go/make_go.h"

enum { MAIN = MADE_TEXT, WORKER = MADE_TEXT + 64, SYSTEM = MADE_TEXT + 128, RUNTIME_MAIN = MADE_TEXT + 192 };
static const struct made_function functions[] = {
    {.name = "main.main", .file = "main.go", .size = 64, .frame = 16, .line = 1},
    {.name = "main.worker", .file = "main.go", .size = 64, .frame = 16, .line = 20},
    {.name = "runtime.bgsweep", .file = "mgcsweep.go", .size = 64, .frame = 16, .line = 270},
    {.name = "runtime.main", .file = "proc.go", .size = 64, .frame = 16, .line = 147},
};

static struct made_go *make(unsigned minor)
{
    return made_go_new(minor, functions, ARRAY_LEN(functions));
}

static void check_version(unsigned minor)
{
    struct made_go *m = make(minor);
    taddr one =
        made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING, .wait_reason = 14, .start = RUNTIME_MAIN});
    taddr two = made_g(m, (struct made_goroutine){.id = 2, .status = MADE_WAITING, .start = SYSTEM});
    made_g(m, (struct made_goroutine){.id = 3, .status = MADE_DEAD});
    made_g(m, (struct made_goroutine){.id = 4, .status = MADE_IDLE});
    taddr five = made_g(
        m, (struct made_goroutine){.id = 5, .status = 0x1000 | MADE_RUNNABLE, .start = WORKER, .created_at = MAIN + 9});
    taddr six = made_g(m, (struct made_goroutine){.id = 6, .status = MADE_RUNNING, .start = WORKER});
    put(m, six + m->rt->layout->g_lockedm, 1);
    made_m(m, six);
    made_thread(m, WORKER, made_stack_end(m, six) - 8, six);

    const struct task *t = made_tasks(m, 4);
    assert_int_equal(t[0].object, one);
    assert_int_equal(t[0].id, 1);
    assert_int_equal(t[0].state, TASK_WAITING);
    assert_int_equal(t[0].wait_reason, 14);
    assert_false(t[0].system); /* runtime.main calls main.main */
    assert_int_equal(t[1].object, two);
    assert_true(t[1].system);
    assert_string_equal(go_state_name(m->rt, &t[1]), "waiting");
    assert_int_equal(t[2].object, five);
    assert_int_equal(t[2].state, TASK_RUNNABLE); /* though the collector looks at it */
    assert_int_equal(t[2].start, WORKER);
    assert_int_equal(t[2].created_at, MAIN + 9);
    assert_false(t[2].system);
    assert_int_equal(t[2].tid, 0);
    assert_int_equal(t[3].state, TASK_RUNNING);
    assert_int_equal(t[3].tid, MADE_TID);
    assert_true(t[3].locked);
    assert_string_equal(go_state_name(m->rt, &t[3]), "running");
    made_go_free(m);
}

static void test_every_version(void **state)
{
    (void)state;
    for (unsigned minor = 17; minor <= 27; minor++) {
        assert_non_null(go_layout_find(minor));
        assert_int_equal(go_layout_find(minor)->minor, minor);
        check_version(minor);
    }
    assert_null(go_layout_find(16));
}

/* As debug information of a version without a table may have it: a field that is gone, one behind the record's end. */
static void test_fields_that_are_not_there(void **state)
{
    (void)state;
    struct made_go *m = make(27);
    struct go_layout odd = *m->rt->layout;
    taddr g = made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING, .start = RUNTIME_MAIN});
    taddr behind = made_bytes(m, &(uint64_t){WORKER}, 8);
    odd.g_startpc = GO_NONE;
    odd.g_gopc = (uint16_t)(behind - g);
    odd.g_panic = GO_NONE;
    odd.g_labels = GO_NONE;
    m->rt->layout = &odd;

    const struct task *t = made_tasks(m, 1);
    struct task_panic panics[1];
    struct task_label labels[1];
    assert_int_equal(t[0].id, 1);
    assert_int_equal(t[0].start, 0);
    assert_int_equal(t[0].created_at, 0);
    assert_false(t[0].panicking);
    assert_int_equal(go_panics(m->rt, &t[0], panics, 1), 0);
    assert_int_equal(go_labels(m->rt, &t[0], labels, 1), 0);
    made_go_free(m);
}

static void test_unknown_state(void **state)
{
    (void)state;
    struct made_go *m = make(26);
    const struct task t = {.raw_state = 200};
    assert_string_equal(go_state_name(m->rt, &t), "unknown");
    assert_null(go_wait_reason(m->rt, &t));
    made_go_free(m);
}

static struct made_go *made_plain(void)
{
    struct made_go *m = make(26);
    made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING, .start = RUNTIME_MAIN});
    made_g(m, (struct made_goroutine){.id = 7, .status = MADE_WAITING, .start = WORKER});
    return m;
}

static void refused(struct made_go *m)
{
    const struct task *tasks;
    size_t n;
    assert_err(go_tasks(m->rt, NULL, &tasks, &n), ERR_NO_DATA);
    made_go_free(m);
}

static void test_not_the_list(void **state)
{
    (void)state;
    struct made_go *m = made_plain();
    made_tasks(m, 2);
    made_go_free(m);

    m = made_plain(); /* nobody is goroutine 1 */
    put(m, MADE_MEMORY + MADE_LIST, 0);
    refused(m);
    m = made_plain(); /* the same twice */
    uint64_t g;
    assert_true(go_word(m->rt, MADE_MEMORY + MADE_LIST, &g));
    put(m, MADE_MEMORY + MADE_LIST + 8, g);
    refused(m);
    m = made_plain(); /* more than its room */
    put(m, MADE_MEMORY + MADE_ALLGS + 8, 100);
    refused(m);
    m = made_plain(); /* a stack that ends before it begins */
    assert_true(go_word(m->rt, MADE_MEMORY + MADE_LIST + 8, &g));
    put(m, g + m->rt->layout->g_stack_hi, 8);
    refused(m);
    m = made_plain(); /* no state of any version */
    assert_true(go_word(m->rt, MADE_MEMORY + MADE_LIST + 8, &g));
    put(m, g + m->rt->layout->g_status, 77);
    refused(m);
    m = made_plain(); /* pointers to nothing */
    put(m, MADE_MEMORY + MADE_ALLGS, 0x1000);
    refused(m);
}

/* A slice of the first n goroutines beside the list, from the last to the first if `reversed`. */
static void put_second_list(struct made_go *m, taddr at, uint64_t n, bool reversed)
{
    put(m, MADE_MEMORY, at);
    put(m, MADE_MEMORY + 8, n);
    put(m, MADE_MEMORY + 16, n);
    for (uint64_t i = 0, g; i < n; i++) {
        assert_true(go_word(m->rt, MADE_MEMORY + MADE_LIST + i * 8, &g));
        put(m, at + (reversed ? n - 1 - i : i) * 8, g);
    }
}

static void test_two_lists_are_none(void **state)
{
    (void)state;
    struct made_go *m = made_plain();
    put_second_list(m, made_room(m, 16), 2, true);
    const struct task *tasks;
    size_t n;
    struct err *e = go_tasks(m->rt, NULL, &tasks, &n);
    assert_non_null(e);
    assert_non_null(strstr(e->msg, "2 lists"));
    err_free(e);
    made_go_free(m);
}

/* Variables near the code, which names them by their distance: mov N(%rip),%rax. */
struct near {
    uint8_t code[MADE_CODE];
    uint64_t data[8]; /* the list, another word, and a second list */
};
enum { NEAR_DATA = MADE_TEXT + MADE_CODE };

static void put_load(struct near *n, uint32_t at, taddr to)
{
    uint32_t distance = (uint32_t)(to - (MADE_TEXT + at + 7));
    memcpy(n->code + at, "\x48\x8b\x05", 3);
    memcpy(n->code + at + 3, &distance, 4);
}

static struct made_go *made_near(struct near *n, const struct made_function *fs)
{
    struct made_go *m = made_go_new(26, fs, 1);
    made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING, .start = MAIN});
    made_g(m, (struct made_goroutine){.id = 7, .status = MADE_WAITING, .start = MAIN});
    put_second_list(m, made_room(m, 16), 2, true);
    *n = (struct near){.data = {MADE_MEMORY + MADE_LIST, 2, 4, 0, 0, 0, 2, 2}};
    assert_true(go_word(m->rt, MADE_MEMORY, &n->data[5]));
    struct go_module *g = &m->rt->modules.v[0];
    g->data_start = NEAR_DATA;
    g->data_end = NEAR_DATA + sizeof(n->data);
    space_add(&m->im.space,
              (struct space_range){
                  .start = MADE_TEXT, .end = NEAR_DATA + sizeof(n->data), .data = n->code, .have = sizeof(*n)});
    space_sort(&m->im.space);
    for (uint32_t i = 0; i < 3; i++)
        put_load(n, 7 * i, NEAR_DATA + 8 * i);
    put_load(n, 21, NEAR_DATA + 24);
    put_load(n, 28, NEAR_DATA + 40); /* of the other list only this word */
    put_load(n, 35, MADE_TEXT + 8);  /* not a variable */
    return m;
}

static void test_list_by_code(void **state)
{
    (void)state;
    static const struct made_function adds = {.name = "runtime.allgadd", .file = "proc.go", .size = 64, .line = 1},
                                      renamed = {.name = "a.b", .file = "proc.go", .size = 64, .line = 1};
    struct near n;
    taddr refs[GO_REFS_MAX];
    struct made_go *m = made_near(&n, &adds);
    assert_int_equal(go_refs(m->rt, "runtime.allgadd", refs, GO_REFS_MAX), 5);
    assert_int_equal(refs[4], NEAR_DATA + 40);
    assert_int_equal(go_refs(m->rt, "runtime.allgadd", refs, 2), 2);
    assert_int_equal(go_refs(m->rt, "runtime.mcommoninit", refs, GO_REFS_MAX), 0);
    made_tasks(m, 2);
    made_go_free(m);
    m = made_near(&n, &renamed); /* a search finds both */
    refused(m);
    m = made_near(&n, &adds);
    put_load(&n, 28, NEAR_DATA + 48); /* code that names more than it should */
    put_load(&n, 35, NEAR_DATA + 56);
    put_load(&n, 42, NEAR_DATA + 40);
    refused(m);
}

/* The garbage collector keeps the goroutines that there were when it began. */
static void test_part_of_the_list(void **state)
{
    (void)state;
    struct made_go *m = made_plain();
    put_second_list(m, MADE_MEMORY + MADE_LIST, 1, false); /* in the same place */
    made_tasks(m, 2);
    made_go_free(m);
    m = made_plain();
    put_second_list(m, made_room(m, 16), 1, false); /* the list has moved since */
    made_tasks(m, 2);
    made_go_free(m);
}

/* The count of a damaged list is no reason to take the memory for so many. */
static void test_huge_count(void **state)
{
    (void)state;
    struct made_go *m = made_plain();
    for (uint64_t i = 2; i < 24; i++) /* plausible at the start, then whatever lies there */
        made_g(m, (struct made_goroutine){.id = i + 10, .status = MADE_WAITING, .start = WORKER});
    put(m, MADE_MEMORY + MADE_ALLGS + 8, 90 * 1000 * 1000);
    put(m, MADE_MEMORY + MADE_ALLGS + 16, UINT64_MAX);
    const struct task *tasks;
    size_t n;
    struct err *e = go_tasks(m->rt, NULL, &tasks, &n);
    if (!e)
        assert_in_range(n, 0, MADE_MEMORY_SIZE / 8);
    assert_in_range(m->rt->tasks.cap, 0, MADE_MEMORY_SIZE);
    err_free(e);
    made_go_free(m);
}

static void test_unknown_layout(void **state)
{
    (void)state;
    struct made_go *m = made_plain();
    const struct task *tasks;
    size_t n;
    m->rt->layout = NULL;
    m->rt->why_no_layout = "the layout of go1.99 is not known";
    struct err *e = go_tasks(m->rt, NULL, &tasks, &n);
    assert_non_null(e);
    assert_string_equal(e->msg, "the layout of go1.99 is not known");
    assert_int_equal(e->code, ERR_UNSUPPORTED);
    err_free(e);
    made_go_free(m);
}

/* ---- what they wait for ---- */

static taddr made_sudog(struct made_go *m, taddr channel, taddr next)
{
    const struct go_layout *l = m->rt->layout;
    taddr at = made_room(m, 128);
    put(m, at + l->sudog_c + (l->minor >= 26 ? 8U : 0U), channel);
    put(m, at + l->sudog_waitlink, next);
    return at;
}

static void test_waits_on_channels(void **state)
{
    (void)state;
    for (unsigned minor = 23; minor <= 26; minor += 3) {
        struct made_go *m = make(minor);
        taddr g = made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING});
        taddr second = made_sudog(m, 0x2000, 0), first = made_sudog(m, 0x1000, second);
        put(m, g + m->rt->layout->g_waiting, first);
        const struct task *t = made_tasks(m, 1);
        assert_true(go_waits_on(m->rt, t, 0x1000));
        assert_true(go_waits_on(m->rt, t, 0x2000));
        assert_false(go_waits_on(m->rt, t, 0x3000));
        assert_false(go_waits_on(m->rt, t, 0));
        put(m, second + m->rt->layout->sudog_waitlink, first); /* a circle ends */
        assert_false(go_waits_on(m->rt, t, 0x3000));
        put(m, second + m->rt->layout->sudog_waitlink, 0xdead); /* as does what leads nowhere */
        assert_false(go_waits_on(m->rt, t, 0x3000));
        made_go_free(m);
    }
}

RUN_TESTS(cmocka_unit_test(test_every_version), cmocka_unit_test(test_fields_that_are_not_there),
          cmocka_unit_test(test_unknown_state), cmocka_unit_test(test_not_the_list),
          cmocka_unit_test(test_two_lists_are_none), cmocka_unit_test(test_part_of_the_list),
          cmocka_unit_test(test_list_by_code), cmocka_unit_test(test_huge_count), cmocka_unit_test(test_unknown_layout),
          cmocka_unit_test(test_waits_on_channels))
