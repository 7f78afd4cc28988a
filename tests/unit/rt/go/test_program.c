/* SPDX-License-Identifier: Apache-2.0 */
/* Build info and moduledata of a program that is put together here: found wherever linkers put them, and damaged. */
#include "unit.h"

#include "rt/go/make_program.h"

static const struct made_function functions[] = {
    {.name = "main.main",
     .file = "/src/main.go",
     .size = 64,
     .frame = 24,
     .line = 10,
     .inlines = {{"main.inner", 16, 48, 12, 3}}},
    {.name = "runtime.goexit", .file = "/go/asm.s", .size = 64, .frame = 0, .line = 1, .flags = GO_FUNC_TOP_FRAME},
};
static const char settings[] = "path\texample.com/it\nmod\texample.com/it\tv1.2.3\th1:sum=\ndep\tother\tv0.1.0\n"
                               "build\t-compiler=gc\nbuild\tCGO_ENABLED=1\nodd\nbuild\tno-equals\n";

static struct made_program like(unsigned minor, const char *version)
{
    return (struct made_program){.minor = minor,
                                 .functions = functions,
                                 .n_functions = ARRAY_LEN(functions),
                                 .version = version,
                                 .settings = settings};
}

/* Attaches, or gives NULL. */
static struct rt *attach(struct made_program *p)
{
    bool found;
    struct rt *rt = NULL;
    program_load(p);
    assert_ok(runtime_go.detect(p->ms, &found));
    assert_true(found);
    struct err *e = runtime_go.attach(p->ms, &rt);
    assert_true(!e == !!rt);
    if (e)
        assert_int_equal(e->code, ERR_NO_DATA);
    err_free(e);
    return rt;
}

static void expect_found(struct made_program want)
{
    struct made_program *p = program_new(want);
    struct rt *rt = attach(p);
    struct src_frame lines[4];
    const struct task *tasks;
    taddr start;
    size_t n;
    assert_non_null(rt);
    assert_int_equal(rt->modules.n, 1);
    assert_int_equal(rt->modules.v[0].data, p->moduledata);
    assert_int_equal(go_lines(rt, PROGRAM_TEXT + 20, lines, 4, &start), 2);
    assert_string_equal(lines[0].function, "main.inner");
    assert_true(lines[0].inlined);
    assert_string_equal(lines[1].function, "main.main");
    assert_string_equal(lines[1].file, "/src/main.go");
    assert_int_equal(start, PROGRAM_TEXT);
    assert_int_equal(go_lines(rt, PROGRAM_TEXT + 128, lines, 4, &start), 0);
    assert_ok(go_tasks(rt, NULL, &tasks, &n));
    assert_int_equal(n, 1);
    assert_int_equal(tasks[0].object, p->g);
    runtime_go.free(rt);
    program_free(p);
}

static void test_found_everywhere(void **state)
{
    (void)state;
    struct made_program p = like(26, "go1.26.10");
    p.own_section = true;
    expect_found(p);
    p = like(23, "go1.23.5"); /* by a search for the table's address */
    expect_found(p);
    p.pie_data = true; /* whose section is not known */
    expect_found(p);
    p.pie_data = false;
    p.symbols = true;
    expect_found(p);
    p = like(19, "go1.19.8");
    expect_found(p);
    p = like(27, "devel go1.27-abcdef Mon Jan 1");
    expect_found(p);
}

/* mov WORD(%rip),%rax, for each of `words` from `to` on. */
static void put_code(struct made_program *p, taddr at, taddr to, unsigned words)
{
    for (unsigned i = 0; i < words; i++, at += 7) {
        int32_t distance = (int32_t)(to + i * 8 - (at + 7));
        memcpy(program_at(p, at), "\x48\x8b\x05", 3);
        memcpy(program_at(p, at + 3), &distance, sizeof(distance));
    }
}

/* Which of two slices is the list, only the code that appends to it knows. */
static void test_list_by_code(void **state)
{
    (void)state;
    static const struct made_function with_code[] = {
        {.name = "runtime.allgadd", .file = "proc.go", .size = 64, .frame = 24, .line = 10},
        {.name = "main.main", .file = "main.go", .size = 64, .frame = 24, .line = 10},
    };
    for (unsigned words = 0; words <= 3; words++) {
        struct made_program want = like(26, "go1.26");
        want.functions = with_code;
        struct made_program *p = program_new(want);
        put_code(p, PROGRAM_TEXT, p->allgs, words);
        program_put(p, p->allgs + 8, 0); /* empty: no search would take it for the list */
        struct rt *rt = attach(p);
        struct go_list list;
        struct err *e = go_list_find(rt, &list);
        assert_int_equal(!e, words == 3);
        if (!e)
            assert_int_equal(list.at, p->allgs);
        err_free(e);
        runtime_go.free(rt);
        program_free(p);
    }
}

static void test_damaged_moduledata(void **state)
{
    (void)state;
    static const size_t words[] = {0 /* the table */, 160 /* minpc */, 168 /* maxpc */, 176 /* text */,
                                   184 /* etext */};
    static const uint64_t values[] = {0, 1, PROGRAM_BASE + PROGRAM_MAX, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            struct made_program *p = program_new(like(26, "go1.26"));
            program_put(p, p->moduledata + words[i], values[k]);
            struct rt *rt = attach(p);
            /* Only that code ends late is no contradiction. */
            assert_true(!rt || (words[i] == 184 && values[k] > PROGRAM_BASE));
            runtime_go.free(rt);
            program_free(p);
        }
}

static void test_chain_of_modules(void **state)
{
    (void)state;
    const struct go_layout *l = go_layout_find(26);
    taddr nexts[] = {0, 0, 0x10, PROGRAM_BASE};
    for (size_t i = 0; i < ARRAY_LEN(nexts); i++) {
        struct made_program *p = program_new(like(26, "go1.26"));
        if (i == 1)
            nexts[i] = p->moduledata; /* to itself */
        program_put(p, p->moduledata + l->md_next, nexts[i]);
        struct rt *rt = attach(p);
        assert_non_null(rt);
        assert_int_equal(rt->modules.n, 1);
        runtime_go.free(rt);
        program_free(p);
    }
}

/* ---- build info ---- */

static void expect_fact(struct rt *rt, const char *key, const char *value, bool setting)
{
    const struct rt_fact *facts;
    size_t n;
    go_facts(rt, &facts, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(facts[i].key, key) == 0) {
            assert_string_equal(facts[i].value, value);
            assert_int_equal(facts[i].setting, setting);
            return;
        }
    fail_msg("no %s", key);
}

static void test_facts(void **state)
{
    (void)state;
    struct made_program *p = program_new(like(26, "go1.26.10"));
    struct rt *rt = attach(p);
    const struct rt_fact *facts;
    size_t n;
    assert_int_equal(rt->build.minor, 26);
    expect_fact(rt, "version", "go1.26.10", false);
    expect_fact(rt, "path", "example.com/it", false);
    expect_fact(rt, "module", "example.com/it v1.2.3 h1:sum=", false);
    expect_fact(rt, "dependency", "other v0.1.0", false);
    expect_fact(rt, "-compiler", "gc", true);
    expect_fact(rt, "CGO_ENABLED", "1", true);
    go_facts(rt, &facts, &n);
    assert_int_equal(n, 6); /* what is not understood is left out */
    runtime_go.free(rt);
    program_free(p);
}

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        unsigned minor, layout; /* layout 0: none */
    } all[] = {
        {"go1.26.10", 26, 26},
        {"go1.19", 19, 19},
        {"devel go1.27-abc", 27, 27},
        {"go1.24rc1", 24, 24},
        {"go1.99", 99, 0},
        {"go2.0", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct made_program *p = program_new(like(26, all[i].version));
        struct rt *rt = attach(p);
        assert_non_null(rt); /* functions and lines of every version */
        assert_int_equal(rt->build.minor, all[i].minor);
        assert_int_equal(rt->layout ? rt->layout->minor : 0, all[i].layout);
        if (!rt->layout)
            assert_non_null(strstr(rt->why_no_layout, *all[i].version ? all[i].version : "this Go"));
        runtime_go.free(rt);
        program_free(p);
    }
}

/* Whatever its bytes are, the function table is still there; what is gone is only what was damaged. */
static void test_damaged_build_info(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    for (taddr at = PROGRAM_INFO; at < PROGRAM_INFO + 80; at++)
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            struct made_program *p = program_new(like(26, "go1.26.10"));
            *program_at(p, at) = values[k];
            struct rt *rt = attach(p);
            assert_non_null(rt);
            const struct rt_fact *facts;
            size_t n;
            go_facts(rt, &facts, &n);
            assert_in_range(n, 0, 8);
            runtime_go.free(rt);
            program_free(p);
        }
}

/* Until Go 1.17: pointers to strings, in the target's memory. */
static void test_build_info_by_pointers(void **state)
{
    (void)state;
    enum { HEADER = PROGRAM_INFO, STRINGS = PROGRAM_BASE + PROGRAM_MAX - 256 };
    static const struct {
        uint64_t n;
        const char *want;
    } lengths[] = {{8, "go1.17.3"}, {0, ""}, {UINT64_MAX, NULL}, {1 << 20, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct made_program *p = program_new(like(19, "go1.19 this is long enough"));
        *program_at(p, HEADER + 15) = 0;
        program_put(p, HEADER + 16, STRINGS);
        program_put(p, HEADER + 24, 0xdead);
        program_put(p, STRINGS, STRINGS + 32);
        program_put(p, STRINGS + 8, lengths[i].n);
        memcpy(program_at(p, STRINGS + 32), "go1.17.3", 8);
        struct go_build b;
        struct arena a = {0};
        program_load(p);
        assert_true(go_build_find(p->ms, modules_get(p->ms, 0), &a, &b));
        if (lengths[i].want)
            assert_string_equal(b.version, lengths[i].want);
        else
            assert_null(b.version);
        assert_int_equal(b.minor, lengths[i].n == 8 ? 17 : 0);
        assert_null(b.settings);
        arena_done(&a);
        program_free(p);
    }
}

static void test_not_go(void **state)
{
    (void)state;
    struct image im = {.kind = IMAGE_CORE, .path = "/nonexistent/core", .arch = &arch_x86_64};
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    bool found = true;
    assert_ok(runtime_go.detect(ms, &found));
    assert_false(found);
    modules_free(ms);
}

RUN_TESTS(cmocka_unit_test(test_found_everywhere), cmocka_unit_test(test_list_by_code),
          cmocka_unit_test(test_damaged_moduledata), cmocka_unit_test(test_chain_of_modules),
          cmocka_unit_test(test_facts), cmocka_unit_test(test_versions), cmocka_unit_test(test_damaged_build_info),
          cmocka_unit_test(test_build_info_by_pointers), cmocka_unit_test(test_not_go))
