/* SPDX-License-Identifier: Apache-2.0 */
/* Walks through a stack and code that are put together here: what comes out, and why a walk stops. */
#include "unit.h"

#include "unwind/unwind.h"

enum { CODE = 0x401000, STACK = 0x7fff0000, STACK_SIZE = 0x1000, RSP = 7, RBP = 6, RBX = 3, RIP = 16 };

/* Two functions without tables; both call the function at +0x40. Offsets of what comes behind the calls: */
enum { F = 0, F_CALLED = 0x0a, G = 0x20, G_CALLED = 0x2a, LEAF = 0x40 };
static const uint8_t code[] = {
    [F] = 0x53,    0x48, 0x83, 0xec, 0x10,             /* push %rbx; sub $16,%rsp */
    0xe8,          0x36, 0,    0,    0,                            /* call LEAF */
    0x48,          0x83, 0xc4, 0x10, 0x5b, 0xc3,             /* add $16,%rsp; pop %rbx; ret */
    [G] = 0x55,    0x48, 0x89, 0xe5, 0x90,             /* push %rbp; mov %rsp,%rbp; nop */
    0xe8,          0x16, 0,    0,    0,                            /* call LEAF */
    0x31,          0xc0, 0x5d, 0xc3,                         /* xor %eax,%eax; pop %rbp; ret */
    [LEAF] = 0x31, 0xc0, 0xc3,                      /* xor %eax,%eax; ret */
    [0x50] = 0xeb, 0xfe,                            /* jmp . : neither a way in nor a way out */
    [0x60] = 0,
};

struct fixture {
    struct image im;
    struct modules *ms;
    struct unwinder *u;
    uint64_t stack[STACK_SIZE / 8];
    struct regs regs;
};

static struct fixture *make(void)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    f->im.kind = IMAGE_CORE;
    f->im.arch = &arch_x86_64;
    *vec_push(&f->im.maps) =
        (struct mapping){.start = CODE, .end = CODE + 0x1000, .prot = PROT_BIT_READ | PROT_BIT_EXEC, .present = 0x1000};
    *vec_push(&f->im.maps) = (struct mapping){
        .start = STACK, .end = STACK + STACK_SIZE, .prot = PROT_BIT_READ | PROT_BIT_WRITE, .present = STACK_SIZE};
    space_add(&f->im.space,
              (struct space_range){.start = CODE, .end = CODE + 0x1000, .data = code, .have = sizeof(code)});
    space_add(&f->im.space,
              (struct space_range){
                  .start = STACK, .end = STACK + STACK_SIZE, .data = (const uint8_t *)f->stack, .have = STACK_SIZE});
    struct module_opts opts = {.no_debuginfod = true};
    f->ms = modules_load(&f->im, &opts);
    f->u = unwinder_new(f->ms);
    return f;
}

static void drop(struct fixture *f)
{
    unwinder_free(f->u);
    modules_free(f->ms);
    vec_done(&f->im.maps);
    space_done(&f->im.space);
    free(f);
}

static void start_at(struct fixture *f, taddr pc, size_t slot)
{
    f->regs = (struct regs){0};
    regs_set(&f->regs, RIP, pc);
    regs_set(&f->regs, RSP, STACK + slot * 8);
}

/* The way out of LEAF, F and G: slots of the stack from its pointer on. */
static void put_calls(struct fixture *f)
{
    start_at(f, CODE + LEAF, 4);
    regs_set(&f->regs, RBP, 0x1234);
    regs_set(&f->regs, RBX, 0x99);
    f->stack[4] = CODE + F_CALLED; /* into F */
    f->stack[7] = 0x77;            /* rbx of F's caller */
    f->stack[8] = CODE + G_CALLED; /* into G */
    f->stack[9] = STACK + 0x200;   /* rbp of G's caller */
    f->stack[10] = 0;              /* nobody called G */
}

static void test_ways_out(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct frames s;
    put_calls(f);
    unwind_stack(f->u, &f->regs, 0, &s);
    assert_null(s.stopped);
    assert_int_equal(s.frames.n, 3);
    assert_int_equal(s.frames.v[0].how, FRAME_FIRST);
    assert_true(s.frames.v[0].exact_pc);
    assert_int_equal(s.frames.v[0].cfa, STACK + 5 * 8);
    assert_int_equal(s.frames.v[1].pc, CODE + F_CALLED);
    assert_int_equal(s.frames.v[1].how, FRAME_CODE);
    assert_int_equal(s.frames.v[1].cfa, STACK + 9 * 8);
    assert_false(s.frames.v[1].exact_pc);
    assert_int_equal(s.frames.v[2].pc, CODE + G_CALLED);
    assert_int_equal(s.frames.v[2].cfa, STACK + 11 * 8);
    frames_done(&s);
    drop(f);
}

static void test_registers(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct regs r;
    put_calls(f);
    /* In any order: each is made anew, or from the one before. */
    static const size_t order[] = {0, 1, 2, 2, 1, 0, 2};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_ok(unwind_regs(f->u, &f->regs, order[i], &r));
        assert_int_equal(r.val[RSP], STACK + (order[i] == 0 ? 4 : order[i] == 1 ? 5 : 9) * 8);
        assert_int_equal(r.val[RBX], order[i] == 2 ? 0x77 : 0x99);
        assert_true(regs_has(&r, RBX));
        assert_false(regs_has(&r, 0)); /* a callee may change rax */
    }
    assert_err(unwind_regs(f->u, &f->regs, 3, &r), ERR_USAGE);
    drop(f);
}

static void test_single_steps(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct regs caller;
    struct frame frame;
    taddr cfa;
    bool end;
    put_calls(f);
    assert_ok(unwind_step(f->u, &f->regs, true, &caller, &frame, &cfa, &end));
    assert_false(end);
    assert_int_equal(cfa, STACK + 5 * 8);
    assert_int_equal(frame.pc, CODE + F_CALLED);
    assert_int_equal(caller.val[RIP], CODE + F_CALLED);
    f->regs = caller;
    assert_ok(unwind_step(f->u, &f->regs, false, &caller, &frame, &cfa, &end));
    f->regs = caller;
    assert_ok(unwind_step(f->u, &f->regs, false, &caller, &frame, &cfa, &end));
    assert_true(end);
    drop(f);
}

static void expect_stop(struct fixture *f, size_t frames, enum err_code want, const char *text)
{
    struct frames s;
    unwind_stack(f->u, &f->regs, 0, &s);
    assert_int_equal(s.frames.n, frames);
    assert_non_null(s.stopped);
    assert_string_equal(err_code_name(s.stopped->code), err_code_name(want));
    if (!strstr(s.stopped->msg, text))
        fail_msg("\"%s\" does not say \"%s\"", s.stopped->msg, text);
    frames_done(&s);
}

/* A call through a null pointer leaves its return address on the stack. */
static void test_bad_calls(void **state)
{
    (void)state;
    static const taddr bad[] = {0, 0x41414141, STACK + 0x100, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fixture *f = make();
        struct frames s;
        put_calls(f);
        regs_set(&f->regs, RIP, bad[i]);
        unwind_stack(f->u, &f->regs, 0, &s);
        assert_null(s.stopped);
        assert_int_equal(s.frames.n, 3);
        assert_int_equal(s.frames.v[0].pc, bad[i]);
        assert_int_equal(s.frames.v[1].how, FRAME_CODE);
        assert_int_equal(s.frames.v[2].pc, CODE + G_CALLED);
        frames_done(&s);
        drop(f);
    }
    struct fixture *f = make();
    start_at(f, 0x41414141, 4);
    expect_stop(f, 1, ERR_CORRUPT, "not in executable memory");
    drop(f);
}

static void test_stops(void **state)
{
    (void)state;
    struct fixture *f = make();
    put_calls(f);
    f->stack[8] = 0x41414141; /* overwritten, and nothing behind it helps */
    f->stack[9] = 0x41414141;
    expect_stop(f, 2, ERR_CORRUPT, "0x41414141 is not in executable memory; stopped after 2 frames");
    f->regs = (struct regs){0};
    expect_stop(f, 0, ERR_NO_DATA, "program counter");
    start_at(f, CODE + 0x50, 4);
    memset(f->stack, 0, sizeof(f->stack));
    expect_stop(f, 1, ERR_NO_DATA, "no unwind table covers 0x401050");
    drop(f);
}

/* A guess is made, and marked, where the return address was overwritten but the stack goes on. */
static void test_scan(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct frames s;
    put_calls(f);
    f->stack[4] = 0x41414141;
    unwind_stack(f->u, &f->regs, 0, &s);
    assert_null(s.stopped);
    assert_int_equal(s.frames.n, 2);
    assert_int_equal(s.frames.v[1].pc, CODE + G_CALLED);
    assert_int_equal(s.frames.v[1].how, FRAME_SCAN);
    frames_done(&s);
    drop(f);
}

static void test_frame_pointer(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct frames s;
    start_at(f, CODE + 0x50, 4);
    regs_set(&f->regs, RBP, STACK + 8 * 8);
    f->stack[8] = STACK + 12 * 8;
    f->stack[9] = CODE + G_CALLED;
    f->stack[12] = 0;
    f->stack[13] = 0;
    unwind_stack(f->u, &f->regs, 0, &s);
    assert_int_equal(s.frames.n, 2);
    assert_int_equal(s.frames.v[1].how, FRAME_POINTER);
    assert_int_equal(s.frames.v[1].pc, CODE + G_CALLED);
    frames_done(&s);
    drop(f);
}

static void test_missing_stack(void **state)
{
    (void)state;
    static const struct {
        enum absent absent;
        enum err_code code;
    } cases[] = {{ABSENT_NOT_DUMPED, ERR_NOT_IN_DUMP}, {ABSENT_TRUNCATED, ERR_TRUNCATED}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture *f = make();
        put_calls(f);
        f->im.space.ranges.v[1].have = 6 * 8;
        f->im.space.ranges.v[1].absent = cases[i].absent;
        expect_stop(f, 2, cases[i].code, "0x7fff0040");
        drop(f);
    }
}

static void test_limit(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct frames s;
    put_calls(f);
    unwind_stack(f->u, &f->regs, 2, &s);
    assert_int_equal(s.frames.n, 2);
    assert_non_null(s.stopped);
    assert_string_equal(err_code_name(s.stopped->code), err_code_name(ERR_LIMIT));
    frames_done(&s);
    drop(f);
}

/* A runtime that says where its frames go: `next` by turns. */
struct script {
    const taddr *pcs, *cfas;
    size_t n, at;
};

static enum step_result scripted(void *self, struct modules *ms, const struct regs *callee, bool exact_pc,
                                 struct stepped *out)
{
    struct script *s = self;
    (void)ms;
    (void)exact_pc;
    if (s->n == 0)
        return STEP_END;
    *out = (struct stepped){.caller = *callee, .cfa = s->cfas[s->at]};
    regs_set(&out->caller, RIP, s->pcs[s->at]);
    s->at = (s->at + 1) % s->n;
    return STEP_DONE;
}

static struct fixture *make_scripted(struct script *s)
{
    struct fixture *f = make();
    unwinder_add_stepper(f->u, &(struct stepper){.name = "scripted", .step = scripted, .self = s});
    put_calls(f);
    return f;
}

static void test_steppers(void **state)
{
    (void)state;
    struct script end = {0};
    struct fixture *f = make_scripted(&end);
    struct frames s;
    unwind_stack(f->u, &f->regs, 0, &s);
    assert_null(s.stopped);
    assert_int_equal(s.frames.n, 1);
    frames_done(&s);
    drop(f);

    /* Not outwards on one stack. */
    static const taddr pcs[] = {CODE + F_CALLED, CODE + G_CALLED}, down[] = {STACK + 80, STACK + 40};
    struct script falls = {pcs, down, 2, 0};
    f = make_scripted(&falls);
    expect_stop(f, 2, ERR_CORRUPT, "not above");
    drop(f);

    /* From one stack to another and back for ever. */
    static const taddr across[] = {STACK + 80, CODE + 0x800};
    struct script circle = {pcs, across, 2, 0};
    f = make_scripted(&circle);
    unwind_stack(f->u, &f->regs, 0, &s);
    assert_non_null(s.stopped);
    assert_true(s.frames.n < 20);
    frames_done(&s);
    drop(f);
}

RUN_TESTS(cmocka_unit_test(test_ways_out), cmocka_unit_test(test_registers), cmocka_unit_test(test_single_steps),
          cmocka_unit_test(test_bad_calls), cmocka_unit_test(test_stops), cmocka_unit_test(test_scan),
          cmocka_unit_test(test_frame_pointer), cmocka_unit_test(test_missing_stack), cmocka_unit_test(test_limit),
          cmocka_unit_test(test_steppers))
