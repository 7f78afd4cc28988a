/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of goroutines that no thread runs, put together here. */
#include "unit.h"

#include "rt/go/make_go.h"

enum {
    PARK = MADE_TEXT,
    RECEIVE = MADE_TEXT + 64,
    WORK = MADE_TEXT + 128,
    EXIT = MADE_TEXT + 192,
    NO_SIZES = MADE_TEXT + 256,
    LARGE = MADE_TEXT + 320,

};
static const struct made_function functions[] = {
    {.name = "runtime.gopark", .file = "proc.go", .size = 64, .frame = 24, .line = 1},
    {.name = "runtime.chanrecv1", .file = "chan.go", .size = 64, .frame = 40, .line = 1},
    {.name = "main.work", .file = "main.go", .size = 64, .frame = 8, .line = 1},
    {.name = "runtime.goexit", .file = "asm.s", .size = 64, .frame = 0, .line = 1, .flags = GO_FUNC_TOP_FRAME},
    {.name = "main.noSizes", .file = "main.go", .size = 64, .frame = -1, .line = 1},
    {.name = "main.large", .file = "main.go", .size = 64, .frame = 1208, .line = 1},
};
enum { WORDS = 4 + 6 + 2 + 1 }; /* frames with their return addresses, but for the outermost's */

/* gopark <- chanrecv1 <- work <- goexit */
static taddr parked(struct made_go *m, uint32_t status)
{
    taddr g = made_g(m, (struct made_goroutine){.id = 1, .status = status, .pc = PARK + 32, .words = WORDS});
    put_stack(m, g, WORDS - 3, RECEIVE + 32);
    put_stack(m, g, WORDS - 9, WORK + 32);
    put_stack(m, g, WORDS - 11, EXIT + 1);
    return g;
}

static void expect_walk(struct made_go *m, size_t max, bool want_whole, const taddr *want, size_t n)
{
    taddr pcs[16];
    bool whole;
    struct task_walker *w = go_walker_new(m->rt);
    const struct task *t = made_tasks(m, 1);
    for (unsigned again = 0; again < 2; again++) { /* the second time with sizes that were kept */
        assert_int_equal(go_walk(w, t, pcs, max, &whole), n);
        assert_memory_equal(pcs, want, n * sizeof(*want));
        assert_int_equal(whole, want_whole);
    }
    go_walker_free(w);
}

static const taddr all[] = {PARK + 32, RECEIVE + 32, WORK + 32, EXIT + 1};

static void test_whole_stack(void **state)
{
    (void)state;
    struct made_go *m = made_go_new(26, functions, ARRAY_LEN(functions));
    parked(m, MADE_WAITING);
    expect_walk(m, 16, true, all, 4);
    expect_walk(m, 4, true, all, 4);
    expect_walk(m, 3, false, all, 3);
    expect_walk(m, 1, false, all, 1);
    made_go_free(m);
}

static void test_system_call(void **state)
{
    (void)state;
    struct made_go *m = made_go_new(26, functions, ARRAY_LEN(functions));
    taddr g = parked(m, MADE_SYSCALL);
    const struct go_layout *l = m->rt->layout;
    static const taddr want[] = {WORK + 32, EXIT + 1};
    expect_walk(m, 16, true, all, 4); /* one that has just left it */
    put(m, g + l->g_syscallpc, WORK + 32);
    put(m, g + l->g_syscallsp, made_stack_end(m, g) - (WORDS - 10) * 8);
    expect_walk(m, 16, true, want, 2);

    const struct task *t = made_tasks(m, 1);
    struct regs r;
    assert_ok(go_task_regs(m->rt, t, &r));
    assert_int_equal(r.val[16], WORK + 32);
    assert_int_equal(r.val[7], made_stack_end(m, g) - (WORDS - 10) * 8);
    assert_false(regs_has(&r, 6));
    made_go_free(m);
}

static void test_registers(void **state)
{
    (void)state;
    struct made_go *m = made_go_new(26, functions, ARRAY_LEN(functions));
    taddr g = parked(m, MADE_WAITING);
    struct regs r;
    put(m, g + m->rt->layout->g_sched_bp, 0x1234);
    assert_ok(go_task_regs(m->rt, made_tasks(m, 1), &r));
    assert_int_equal(r.val[16], PARK + 32);
    assert_int_equal(r.val[6], 0x1234);
    const struct task gone = {.object = 0x10, .id = 99};
    assert_err(go_task_regs(m->rt, &gone, &r), ERR_NOT_IN_DUMP);
    made_go_free(m);
}

/* The frames before the damage are shown. */
static void test_damage(void **state)
{
    (void)state;
    static const taddr bad[] = {0, 0x1234, NO_SIZES + 32, MADE_TEXT + MADE_CODE, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct made_go *m = made_go_new(26, functions, ARRAY_LEN(functions));
        taddr g = parked(m, MADE_WAITING);
        const taddr want[] = {PARK + 32, RECEIVE + 32, bad[i]};
        put_stack(m, g, WORDS - 9, bad[i]);
        expect_walk(m, 16, false, want, bad[i] ? 3 : 2);
        made_go_free(m);
    }
}

static void test_end_of_stack(void **state)
{
    (void)state;
    struct made_go *m = made_go_new(26, functions, ARRAY_LEN(functions));
    taddr g = parked(m, MADE_WAITING);
    const struct go_layout *l = m->rt->layout;
    taddr hi = made_stack_end(m, g);
    put(m, g + l->g_stack_hi, hi - (WORDS - 9) * 8); /* work's return address is beyond it */
    expect_walk(m, 16, false, all, 2);
    put(m, g + l->g_stack_hi, 8); /* before it begins */
    expect_walk(m, 16, false, all, 1);
    put(m, g + l->g_stack_hi, UINT64_MAX); /* far more than is there */
    expect_walk(m, 16, true, all, 4);
    put(m, g + l->g_sched_sp, UINT64_MAX - 16);
    expect_walk(m, 16, false, all, 1);
    put(m, g + l->g_sched_pc, 0);
    expect_walk(m, 16, false, all, 0);
    made_go_free(m);
}

/* Longer than what is copied at once of a stack that is not in one piece. */
static void test_large_frames(void **state)
{
    (void)state;
    enum { FRAMES = 5, STEP = 1208 + 8 };
    taddr want[FRAMES + 1];
    struct made_go *m = made_go_new(26, functions, ARRAY_LEN(functions));
    const struct go_layout *l = m->rt->layout;
    taddr g = made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING, .pc = LARGE + 32});
    taddr sp = made_room(m, FRAMES * STEP);
    put(m, g + l->g_stack_lo, sp - 8);
    put(m, g + l->g_stack_hi, sp + FRAMES * STEP);
    put(m, g + l->g_sched_sp, sp);
    want[0] = LARGE + 32;
    for (uint64_t i = 1; i <= FRAMES; i++) {
        want[i] = i < FRAMES ? LARGE + 32 + i : EXIT + 1;
        put(m, sp + i * STEP - 8, want[i]);
    }
    expect_walk(m, 16, true, want, FRAMES + 1);
    put(m, g + l->g_stack_hi, sp + (UINT64_C(1) << 31)); /* more than there is: it is not in one piece */
    expect_walk(m, 16, true, want, FRAMES + 1);
    expect_walk(m, 4, false, want, 4);
    made_go_free(m);
}

RUN_TESTS(cmocka_unit_test(test_whole_stack), cmocka_unit_test(test_system_call), cmocka_unit_test(test_registers),
          cmocka_unit_test(test_damage), cmocka_unit_test(test_end_of_stack), cmocka_unit_test(test_large_frames))
