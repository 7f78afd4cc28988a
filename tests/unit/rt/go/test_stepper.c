/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of threads that run Go, put together here: from frame to frame, and from one stack to another. */
#include "unit.h"

#include "rt/go/make_go.h"

enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, R14 = 14, RIP = 16 };
enum { WORK, HELPER, GOEXIT, SYSTEMSTACK, SWITCH, ASMCGOCALL, MSTART, SIGPANIC, MCALL, MSTART0, NANOTIME, RUNTIME };
static const struct made_function functions[] = {
    [WORK] = {.name = "main.work", .file = "main.go", .size = 64, .frame = 24, .line = 10},
    [HELPER] = {.name = "main.helper", .file = "main.go", .size = 64, .frame = 16, .line = 20},
    [GOEXIT] = {.name = "runtime.goexit", .file = "asm.s", .size = 64, .line = 1, .flags = GO_FUNC_TOP_FRAME},
    [SYSTEMSTACK] =
        {.name = "runtime.systemstack", .file = "asm.s", .size = 64, .frame = 8, .line = 1, .flags = GO_FUNC_ASM},
    [SWITCH] = {.name = "runtime.systemstack_switch", .file = "asm.s", .size = 64, .line = 1, .flags = GO_FUNC_ASM},
    [ASMCGOCALL] = {.name = "runtime.asmcgocall", .file = "asm.s", .size = 64, .line = 1, .flags = GO_FUNC_ASM},
    [MSTART] =
        {.name = "runtime.mstart", .file = "asm.s", .size = 64, .line = 1, .flags = GO_FUNC_ASM | GO_FUNC_TOP_FRAME},
    [SIGPANIC] = {.name = "runtime.sigpanic", .file = "signal.go", .size = 64, .frame = 16, .line = 1},
    [MCALL] = {.name = "runtime.mcall", .file = "asm.s", .size = 64, .line = 1, .flags = GO_FUNC_ASM},
    [MSTART0] = {.name = "runtime.mstart0", .file = "proc.go", .size = 64, .frame = 16, .line = 1},
    [NANOTIME] =
        {.name = "runtime.nanotime1", .file = "sys.s", .size = 64, .frame = 16, .line = 1, .flags = GO_FUNC_ASM},
    [RUNTIME] = {.name = "runtime.lock2", .file = "lock.go", .size = 64, .frame = 8, .line = 1},
};

/* Inside of a function, behind its prologue. */
static taddr in(unsigned function)
{
    return MADE_TEXT + function * 64 + 32;
}

struct fixture {
    struct made_go *m;
    taddr g, g0, thread; /* the goroutine that runs, its thread's g0, and its m */
};

static struct fixture make(unsigned minor)
{
    struct fixture f = {.m = made_go_new(minor, functions, ARRAY_LEN(functions))};
    f.g = made_g(f.m, (struct made_goroutine){.id = 1, .status = MADE_RUNNING});
    f.thread = made_m(f.m, f.g);
    assert_true(go_word(f.m->rt, f.thread + f.m->rt->layout->m_g0, &f.g0));
    return f;
}

/* Where a stack pointer is that leaves so many words to the end of a goroutine's stack. */
static taddr sp_of(const struct fixture *f, taddr g, uint64_t words)
{
    return made_stack_end(f->m, g) - words * 8;
}

static struct regs start(struct fixture *f, taddr pc, taddr sp, taddr g)
{
    if (!f->m->im.threads.n)
        made_thread(f->m, pc, sp, g);
    struct regs r = {0};
    regs_set(&r, RIP, pc);
    regs_set(&r, RSP, sp);
    regs_set(&r, R14, g);
    return r;
}

static enum step_result step(const struct fixture *f, const struct regs *r, bool exact, struct stepped *out)
{
    const struct stepper *s = go_stepper(f->m->rt);
    return s->step(s->self, f->m->rt->ms, r, exact, out);
}

static void test_calls(void **state)
{
    (void)state;
    struct fixture f = make(26);
    struct stepped s;
    struct regs r = start(&f, in(HELPER), sp_of(&f, f.g, 10), f.g);
    put_stack(f.m, f.g, 9, 0x5555); /* its caller's frame pointer, below the return address */
    put_stack(f.m, f.g, 8, in(WORK));
    put_stack(f.m, f.g, 4, in(GOEXIT));
    regs_set(&r, RBX, 1);
    for (unsigned again = 0; again < 2; again++) { /* the second time from what was kept */
        assert_int_equal(step(&f, &r, true, &s), STEP_DONE);
        assert_int_equal(s.caller.val[RIP], in(WORK));
        assert_int_equal(s.caller.val[RSP], sp_of(&f, f.g, 7));
        assert_int_equal(s.cfa, sp_of(&f, f.g, 7));
        assert_int_equal(s.caller.val[RBP], 0x5555);
        assert_false(regs_has(&s.caller, RBX)); /* Go keeps none of C's */
        assert_true(regs_has(&s.caller, R14));
        assert_false(s.exact_pc || s.switched);
    }
    r = s.caller;
    assert_int_equal(step(&f, &r, false, &s), STEP_DONE);
    assert_int_equal(s.caller.val[RIP], in(GOEXIT));
    r = s.caller;
    assert_int_equal(step(&f, &r, false, &s), STEP_END);
    made_go_free(f.m);
}

static void test_first_instruction(void **state)
{
    (void)state;
    struct fixture f = make(26);
    struct stepped s;
    struct regs r = start(&f, MADE_TEXT + HELPER * 64, sp_of(&f, f.g, 8), f.g);
    put_stack(f.m, f.g, 8, in(WORK));
    regs_set(&r, RBP, 0x77);
    assert_int_equal(step(&f, &r, true, &s), STEP_DONE);
    assert_int_equal(s.caller.val[RIP], in(WORK));
    assert_int_equal(s.caller.val[RBP], 0x77); /* no frame yet: it is the caller's */
    made_go_free(f.m);
}

static void test_interrupted(void **state)
{
    (void)state;
    struct fixture f = make(26);
    struct stepped s;
    struct regs r = start(&f, in(SIGPANIC), sp_of(&f, f.g, 10), f.g);
    put_stack(f.m, f.g, 8, in(WORK));
    assert_int_equal(step(&f, &r, false, &s), STEP_DONE);
    assert_int_equal(s.caller.val[RIP], in(WORK));
    assert_true(s.exact_pc);
    made_go_free(f.m);
}

static void test_not_go(void **state)
{
    (void)state;
    struct fixture f = make(26);
    struct stepped s;
    static const taddr elsewhere[] = {0, 1, MADE_TEXT - 1, MADE_TEXT + MADE_CODE, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        struct regs r = start(&f, elsewhere[i], sp_of(&f, f.g, 10), f.g);
        assert_int_equal(step(&f, &r, true, &s), STEP_NOT_MINE);
    }
    struct regs r = start(&f, in(WORK), sp_of(&f, f.g, 10), f.g); /* whose return address leads nowhere */
    put_stack(f.m, f.g, 7, 0xdead);
    assert_int_equal(step(&f, &r, true, &s), STEP_NOT_MINE);
    r = start(&f, in(WORK), 0xdead, f.g);
    assert_int_equal(step(&f, &r, true, &s), STEP_NOT_MINE);
    struct regs none = {0};
    assert_int_equal(step(&f, &none, true, &s), STEP_NOT_MINE);
    made_go_free(f.m);
}

/* From g0's stack back to the goroutine's, which systemstack_switch stands on. */
static void test_systemstack(void **state)
{
    (void)state;
    struct fixture f = make(26);
    const struct go_layout *l = f.m->rt->layout;
    struct stepped s;
    put(f.m, f.g + l->g_sched_pc, in(SWITCH));
    put(f.m, f.g + l->g_sched_sp, sp_of(&f, f.g, 10));
    put_stack(f.m, f.g, 10, in(WORK));
    struct regs r = start(&f, in(SYSTEMSTACK), sp_of(&f, f.g0, 10), f.g0);
    assert_int_equal(step(&f, &r, false, &s), STEP_DONE);
    assert_true(s.switched);
    assert_int_equal(s.caller.val[RIP], in(WORK));
    assert_int_equal(s.caller.val[RSP], sp_of(&f, f.g, 9));
    assert_int_equal(s.caller.val[R14], f.g);
    put(f.m, f.g + l->g_sched_sp, sp_of(&f, f.g0, 4)); /* not on its stack */
    assert_int_equal(step(&f, &r, false, &s), STEP_NOT_MINE);
    made_go_free(f.m);
}

/* The scheduler, of a thread that runs no goroutine any more. */
static void test_scheduler(void **state)
{
    (void)state;
    struct fixture f = make(26);
    const struct go_layout *l = f.m->rt->layout;
    struct stepped s;
    put(f.m, f.thread + l->m_curg, 0);
    put(f.m, f.g0 + l->g_sched_pc, in(MSTART0));
    put(f.m, f.g0 + l->g_sched_sp, sp_of(&f, f.g0, 6));
    put_stack(f.m, f.g0, 4, in(MSTART));
    struct regs r = start(&f, in(MCALL), sp_of(&f, f.g0, 7), f.g0);
    assert_int_equal(step(&f, &r, false, &s), STEP_DONE);
    assert_int_equal(s.caller.val[RIP], in(MSTART0));
    put_stack(f.m, f.g0, 4, in(WORK)); /* what began there was no thread */
    assert_int_equal(step(&f, &r, false, &s), STEP_NOT_MINE);
    made_go_free(f.m);
}

/* C that Go called: what it keeps is at the stack pointer, until 1.21 above room for registers. */
static void check_asmcgocall(unsigned minor, uint64_t room)
{
    struct fixture f = make(minor);
    struct stepped s;
    struct regs r = start(&f, in(ASMCGOCALL), sp_of(&f, f.g0, 20), f.g0);
    put(f.m, r.val[RSP] + room, 10 * 8); /* how deep the goroutine's stack was */
    put(f.m, r.val[RSP] + room + 8, f.g);
    put_stack(f.m, f.g, 10, in(WORK));
    assert_int_equal(step(&f, &r, false, &s), STEP_DONE);
    assert_true(s.switched);
    assert_int_equal(s.caller.val[RIP], in(WORK));
    assert_int_equal(s.caller.val[RSP], sp_of(&f, f.g, 9));
    put(f.m, r.val[RSP] + room, UINT64_MAX);
    assert_int_equal(step(&f, &r, false, &s), STEP_NOT_MINE);
    made_go_free(f.m);
}

static void test_asmcgocall(void **state)
{
    (void)state;
    check_asmcgocall(21, 40);
    check_asmcgocall(22, 0);
    check_asmcgocall(27, 0);
}

/* The clock is asked on g0's stack; the runtime notes where that call goes on. */
static void test_vdso(void **state)
{
    (void)state;
    struct fixture f = make(26);
    const struct go_layout *l = f.m->rt->layout;
    struct stepped s;
    taddr sp = sp_of(&f, f.g, 10);
    struct regs r = start(&f, in(NANOTIME), sp_of(&f, f.g0, 10), f.g);
    regs_set(&r, R12, sp - 24); /* its own stack pointer: below its frame of 16 bytes and the return address */
    put(f.m, sp - 8, in(WORK));
    put(f.m, f.thread + l->m_vdso_sp, sp);
    for (unsigned known = 2; known-- > 0;) { /* where the registers do not tell it, the note does */
        if (!known)
            regs_forget(&r, R12);
        assert_int_equal(step(&f, &r, false, &s), STEP_DONE);
        assert_int_equal(s.caller.val[RIP], in(WORK));
        assert_int_equal(s.caller.val[RSP], sp);
        assert_true(s.switched);
    }
    put(f.m, f.thread + l->m_vdso_sp, 0);
    assert_int_equal(step(&f, &r, false, &s), STEP_NOT_MINE);
    regs_set(&r, R12, sp); /* of another call */
    assert_int_equal(step(&f, &r, false, &s), STEP_NOT_MINE);
    made_go_free(f.m);
}

static void test_stack_ends(void **state)
{
    (void)state;
    struct fixture f = make(26);
    f.m->rt->plan_allm = MADE_MEMORY; /* known before the stop */
    put(f.m, MADE_MEMORY, f.thread);
    assert_int_equal(go_stack_end(f.m->rt, sp_of(&f, f.g, 4)), made_stack_end(f.m, f.g));
    assert_int_equal(go_stack_end(f.m->rt, 0xdead), 0);
    made_go_free(f.m);
}

RUN_TESTS(cmocka_unit_test(test_calls), cmocka_unit_test(test_first_instruction), cmocka_unit_test(test_interrupted),
          cmocka_unit_test(test_not_go), cmocka_unit_test(test_systemstack), cmocka_unit_test(test_scheduler),
          cmocka_unit_test(test_asmcgocall), cmocka_unit_test(test_vdso), cmocka_unit_test(test_stack_ends))
