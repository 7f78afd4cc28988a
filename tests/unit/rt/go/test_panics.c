/* SPDX-License-Identifier: Apache-2.0 */
/* Panics, deferred calls and ancestors of goroutines in memory that was put together here. */
#include "unit.h"

#include "rt/go/make_go.h"

enum { MAIN = MADE_TEXT, CLOSE = MADE_TEXT + 64, UNLOCK = MADE_TEXT + 128 };
static const struct made_function functions[] = {
    {.name = "main.main", .file = "main.go", .size = 64, .frame = 48, .line = 10},
    {.name = "main.close", .file = "main.go", .size = 64, .frame = 16, .line = 20},
    {.name = "main.unlock", .file = "main.go", .size = 64, .frame = 16, .line = 30},
};

static struct made_go *make(unsigned minor, taddr *g)
{
    struct made_go *m = made_go_new(minor, functions, ARRAY_LEN(functions));
    *g = made_g(m, (struct made_goroutine){.id = 1, .status = MADE_WAITING, .pc = MAIN + 32, .words = 10});
    return m;
}

/* ---- panics ---- */

enum { KIND_INT = 2, KIND_INT8 = 3, KIND_UINT8 = 8, KIND_FLOAT64 = 14, KIND_STRING = 24 };

static taddr made_type(struct made_go *m, const char *name, uint8_t kind, uint64_t size)
{
    char text[64] = {0, (char)strlen(name)}; /* abi.Name */
    memcpy(text + 2, name, strlen(name));
    taddr at = made_room(m, 64), named = made_bytes(m, text, strlen(name) + 2);
    put(m, at, size);
    m->memory[at - MADE_MEMORY + 21] = m->memory[at - MADE_MEMORY + 22] = 1; /* alignment, that of fields */
    m->memory[at - MADE_MEMORY + 23] = kind;
    put(m, at + 40, named - MADE_MEMORY);
    return at;
}

static taddr made_panic(struct made_go *m, taddr type, taddr data, taddr next)
{
    const struct go_layout *l = m->rt->layout;
    taddr at = made_room(m, 128);
    put(m, at + l->panic_arg, type);
    put(m, at + l->panic_arg + 8, data);
    put(m, at + l->panic_link, next);
    return at;
}

static void expect_panic(struct made_go *m, taddr g, taddr type, taddr data, const char *want_type, const char *want)
{
    struct task_panic p[4];
    put(m, g + m->rt->layout->g_panic, made_panic(m, type, data, 0));
    const struct task *t = made_tasks(m, 1);
    assert_int_equal(go_panics(m->rt, t, p, 4), 1);
    if (want_type)
        assert_string_equal(p[0].type, want_type);
    else
        assert_null(p[0].type);
    if (want)
        assert_string_equal(p[0].text, want);
    else
        assert_null(p[0].text);
    assert_false(p[0].recovered || p[0].leaving);
}

static void test_values(void **state)
{
    (void)state;
    taddr g;
    struct made_go *m = make(26, &g);
    taddr text = made_room(m, 16), number = made_room(m, 16), real = made_room(m, 16);
    const double half = 1.5;
    uint64_t bits;
    memcpy(&bits, &half, sizeof(bits));
    put_string(m, text, "it is broken");
    put(m, number, (uint64_t)-2);
    put(m, real, bits);
    /* A string that was made at run time may be an error's text: its type is not certain. */
    expect_panic(m, g, made_type(m, "string", KIND_STRING, 16), text, NULL, "it is broken");
    expect_panic(m, g, made_type(m, "main.word", KIND_STRING, 16), text, "main.word", "main.word(\"it is broken\")");
    expect_panic(m, g, made_type(m, "int", KIND_INT, 8), number, "int", "-2");
    expect_panic(m, g, made_type(m, "int8", KIND_INT8, 1), number, "int8", "-2");
    expect_panic(m, g, made_type(m, "uint8", KIND_UINT8, 1), number, "uint8", "254");
    expect_panic(m, g, made_type(m, "float64", KIND_FLOAT64, 8), real, "float64", "1.5");
    expect_panic(m, g, made_type(m, "*errors.errorString", 22, 8), text, "*errors.errorString", "it is broken");
    expect_panic(m, g, made_type(m, "*main.problem", 22, 8), text, "*main.problem", NULL);
    expect_panic(m, g, 0, 0, NULL, "nil");
    made_go_free(m);
}

static void test_damaged_values(void **state)
{
    (void)state;
    taddr g;
    struct made_go *m = make(26, &g);
    taddr text = made_room(m, 16);
    put(m, text, MADE_MEMORY);
    put(m, text + 8, UINT64_MAX); /* cut where texts are */
    struct task_panic p[4];
    put(m, g + m->rt->layout->g_panic, made_panic(m, made_type(m, "main.word", KIND_STRING, 16), text, 0));
    assert_int_equal(go_panics(m->rt, made_tasks(m, 1), p, 4), 1);
    assert_in_range(strlen(p[0].text), 1, 5000);
    put(m, text, 0xdead);
    expect_panic(m, g, made_type(m, "string", KIND_STRING, 16), text, NULL, NULL);
    expect_panic(m, g, made_type(m, "int", KIND_INT, 200), text, "int", NULL); /* of 200 bytes */
    expect_panic(m, g, made_type(m, "nothing", 0, 8), text, NULL, NULL);       /* of no kind */
    expect_panic(m, g, 0xdead, text, NULL, NULL);
    made_go_free(m);
}

static void test_chain(void **state)
{
    (void)state;
    taddr g;
    struct made_go *m = make(26, &g);
    const struct go_layout *l = m->rt->layout;
    taddr older = made_panic(m, 0, 0, 0), newer = made_panic(m, 0, 0, older);
    m->memory[older + l->panic_recovered - MADE_MEMORY] = 1;
    m->memory[newer + l->panic_goexit - MADE_MEMORY] = 1;
    put(m, g + l->g_panic, newer);
    struct task_panic p[4];
    const struct task *t = made_tasks(m, 1);
    assert_true(t->panicking);
    assert_int_equal(go_panics(m->rt, t, p, 4), 2);
    assert_true(p[0].leaving && !p[0].recovered);
    assert_true(p[1].recovered && !p[1].leaving);
    put(m, older + l->panic_link, newer); /* a circle */
    assert_int_equal(go_panics(m->rt, t, p, 4), 4);
    put(m, older + l->panic_link, 0xdead);
    assert_int_equal(go_panics(m->rt, t, p, 4), 3); /* that of which nothing can be read is one, too */
    assert_null(p[2].text);
    made_go_free(m);
}

/* ---- deferred calls ---- */

/* A function value. */
static taddr closure_of(struct made_go *m, taddr entry)
{
    taddr at = made_room(m, 16);
    put(m, at, entry);
    return at;
}

static taddr made_defer(struct made_go *m, taddr function, taddr pc, taddr sp, taddr next)
{
    const struct go_layout *l = m->rt->layout;
    taddr at = made_room(m, 96);
    put(m, at + l->defer_fn, closure_of(m, function));
    put(m, at + l->defer_pc, pc);
    put(m, at + l->defer_sp, sp);
    put(m, at + l->defer_link, next);
    return at;
}

static void test_defers(void **state)
{
    (void)state;
    taddr g;
    struct task_defer d[4];
    for (unsigned minor = 19; minor <= 26; minor += 7) {
        struct made_go *m = make(minor, &g);
        const struct go_layout *l = m->rt->layout;
        taddr older = made_defer(m, UNLOCK, MAIN + 20, 0x1000, 0),
              newer = made_defer(m, CLOSE, MAIN + 30, 0x1000, older);
        put(m, g + l->g_defer, newer);
        const struct task *t = made_tasks(m, 1);
        assert_int_equal(go_defers(m->rt, t, NULL, 0, d, 4), 2);
        assert_int_equal(d[0].function, CLOSE);
        assert_int_equal(d[0].made_at, MAIN + 30);
        assert_int_equal(d[0].sp, 0x1000);
        assert_false(d[0].running);
        assert_int_equal(d[1].function, UNLOCK);
        assert_int_equal(go_defers(m->rt, t, NULL, 0, d, 1), 1);
        put(m, older + l->defer_link, newer); /* a circle */
        assert_int_equal(go_defers(m->rt, t, NULL, 0, d, 4), 4);
        put(m, older + l->defer_link, 0xdead);
        assert_int_equal(go_defers(m->rt, t, NULL, 0, d, 4), 2);
        put(m, older + l->defer_fn, closure_of(m, UNLOCK + 1)); /* no function begins there */
        assert_int_equal(go_defers(m->rt, t, NULL, 0, d, 4), 2);
        assert_int_equal(d[1].function, 0);
        made_go_free(m);
    }
}

/* ---- ancestors ---- */

static void test_ancestors(void **state)
{
    (void)state;
    enum { INFO = 40 };
    taddr g;
    struct task_ancestor a[4];
    struct made_go *m = make(26, &g);
    taddr slice = made_room(m, 24), infos = made_room(m, 2 * INFO), pcs = made_room(m, 16);
    put(m, g + m->rt->layout->g_ancestors, slice);
    put(m, slice, infos);
    put(m, slice + 8, 2);
    for (uint64_t i = 0; i < 2; i++) {
        put(m, infos + i * INFO, pcs);
        put(m, infos + i * INFO + 8, 2 - i);
        put(m, infos + i * INFO + 24, 7 + i);
        put(m, infos + i * INFO + 32, MAIN + 8 + i);
    }
    put(m, pcs, CLOSE + 4);
    put(m, pcs + 8, MAIN + 4);
    const struct task *t = made_tasks(m, 1);
    assert_int_equal(go_ancestors(m->rt, t, a, 4), 2);
    assert_int_equal(a[0].id, 7);
    assert_int_equal(a[0].n, 2);
    assert_int_equal(a[0].pcs[0], CLOSE + 4);
    assert_int_equal(a[0].created_at, MAIN + 8);
    assert_int_equal(a[1].id, 8);
    assert_int_equal(a[1].n, 1);
    assert_int_equal(go_ancestors(m->rt, t, a, 1), 1);
    put(m, infos + 8, UINT64_MAX); /* more than the runtime keeps */
    assert_int_equal(go_ancestors(m->rt, t, a, 4), 0);
    put(m, infos + 8, 1000); /* more than there is to read */
    put(m, infos, MADE_MEMORY + MADE_MEMORY_SIZE - 16);
    assert_int_equal(go_ancestors(m->rt, t, a, 4), 2);
    assert_int_equal(a[0].n, 2);
    put(m, slice, 0xdead);
    assert_int_equal(go_ancestors(m->rt, t, a, 4), 0);
    made_go_free(m);
}

RUN_TESTS(cmocka_unit_test(test_values), cmocka_unit_test(test_damaged_values), cmocka_unit_test(test_chain),
          cmocka_unit_test(test_defers), cmocka_unit_test(test_ancestors))
