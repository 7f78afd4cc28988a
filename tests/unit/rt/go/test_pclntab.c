/* SPDX-License-Identifier: Apache-2.0 */
/* Function tables that are put together here, of each format: what they say at a pc, and what damage does. */
#include "unit.h"

#include "rt/go/make_table.h"

enum { TEXT = 0x401000, A = TEXT, B = TEXT + 64, C = TEXT + 192, END = TEXT + 224 };

static const struct made_function functions[] = {
    {.name = "main.main", .file = "/src/main.go", .size = 64, .frame = 24, .line = 10, .id = 1},
    {.name = "main.(*server).handle",
     .file = "/src/server.go",
     .size = 128,
     .frame = 4096,
     .line = 200,
     .flags = GO_FUNC_ASM,
     .inlines = {{"main.parse", 32, 96, 30, 77}, {"strings.Cut", 48, 64, 40, 5}}},
    {.name = "runtime.goexit", .file = "/go/asm.s", .size = 32, .frame = -1, .line = 1, .flags = GO_FUNC_TOP_FRAME},
};

struct made {
    struct text table, funcdata;
    uint8_t *exact; /* the bytes in a block of their size, so that a sanitizer sees a read behind them */
    struct pclntab t;
};

static void open_made(struct made *m, uint32_t magic)
{
    make_table(&m->table, magic, TEXT, functions, ARRAY_LEN(functions), &m->funcdata);
    m->exact = xmalloc(m->table.n);
    memcpy(m->exact, m->table.p, m->table.n);
    struct bytes b = {m->exact, m->table.n};
    const struct pclntab_place place = made_place(TEXT, &m->funcdata);
    assert_true(pclntab_is_one(b));
    assert_ok(pclntab_open(b, &place, &m->t));
    assert_int_equal(m->t.n_functions, ARRAY_LEN(functions));
}

static void close_made(struct made *m)
{
    text_done(&m->table);
    text_done(&m->funcdata);
    free(m->exact);
}

static void expect_function(const struct pclntab *t, taddr pc, size_t want)
{
    struct go_function f;
    assert_true(pclntab_find(t, pc, &f));
    assert_string_equal(f.name, functions[want].name);
    assert_int_equal(f.id, functions[want].id);
    assert_int_equal(f.flags, functions[want].flags);
    assert_int_equal(f.end - f.entry, functions[want].size);
    assert_int_equal(f.start_line, t->format == PCLNTAB_1_20 ? functions[want].line - 1 : 0);
}

static void check_format(uint32_t magic)
{
    struct made m = {0};
    struct go_function f;
    uint64_t size;
    open_made(&m, magic);
    expect_function(&m.t, A, 0);
    expect_function(&m.t, B - 1, 0);
    expect_function(&m.t, B, 1);
    expect_function(&m.t, C - 1, 1);
    expect_function(&m.t, C, 2);
    expect_function(&m.t, END - 1, 2);
    assert_false(pclntab_find(&m.t, A - 1, &f));
    assert_false(pclntab_find(&m.t, END, &f));
    assert_false(pclntab_find(&m.t, 0, &f));
    assert_false(pclntab_find(&m.t, UINT64_MAX, &f));
    assert_false(pclntab_function(&m.t, 3, &f));

    assert_true(pclntab_find(&m.t, B, &f));
    assert_true(pclntab_frame_size(&m.t, &f, B, &size));
    assert_int_equal(size, 0);
    assert_true(pclntab_frame_size(&m.t, &f, B + MADE_PROLOGUE, &size));
    assert_int_equal(size, 4096);
    assert_true(pclntab_frame_size(&m.t, &f, C - 1, &size));
    assert_int_equal(size, 4096);
    assert_true(pclntab_find(&m.t, C, &f));
    assert_false(pclntab_frame_size(&m.t, &f, C, &size));
    close_made(&m);
}

static void test_functions_and_frames(void **state)
{
    (void)state;
    check_format(MADE_MAGIC_1_16);
    check_format(MADE_MAGIC_1_18);
    check_format(MADE_MAGIC_1_20);
}

/* "function file:line start", innermost first. */
static void expect_lines(const struct pclntab *t, taddr pc, size_t max, const char *want)
{
    struct go_function f;
    struct go_line lines[8];
    struct text got SCOPED(text_done) = {0};
    assert_true(pclntab_find(t, pc, &f));
    size_t n = pclntab_lines(t, &f, pc, lines, max);
    assert_in_range(n, 1, max);
    for (size_t i = 0; i < n; i++)
        text_printf(&got, "%s%s %s:%d %d", i ? " < " : "", lines[i].function, lines[i].file, lines[i].line,
                    lines[i].start_line);
    assert_string_equal(text_str(&got), want);
}

static void test_lines_and_inlined_calls(void **state)
{
    (void)state;
    struct made m = {0};
    open_made(&m, MADE_MAGIC_1_20);
    expect_lines(&m.t, A, 8, "main.main /src/main.go:10 9");
    expect_lines(&m.t, A + 32, 8, "main.main /src/main.go:11 9");
    expect_lines(&m.t, B + 31, 8, "main.(*server).handle /src/server.go:200 199");
    expect_lines(&m.t, B + 32, 8, "main.parse /src/server.go:200 77 < main.(*server).handle /src/server.go:200 199");
    expect_lines(&m.t, B + 63, 8,
                 "strings.Cut /src/server.go:200 5 < main.parse /src/server.go:200 77 < "
                 "main.(*server).handle /src/server.go:200 199");
    expect_lines(&m.t, B + 64, 8, "main.parse /src/server.go:201 77 < main.(*server).handle /src/server.go:200 199");
    /* No room for all: the physical one is the last. */
    expect_lines(&m.t, B + 63, 2, "strings.Cut /src/server.go:200 5 < main.(*server).handle /src/server.go:200 199");
    expect_lines(&m.t, B + 63, 1, "main.(*server).handle /src/server.go:200 199");
    close_made(&m);
}

static void test_inlined_calls_until_1_18(void **state)
{
    (void)state;
    struct made m = {0};
    open_made(&m, MADE_MAGIC_1_18);
    expect_lines(&m.t, B + 63, 8,
                 "strings.Cut /src/server.go:200 0 < main.parse /src/server.go:200 0 < "
                 "main.(*server).handle /src/server.go:200 0");
    close_made(&m);
    m = (struct made){0};
    open_made(&m, MADE_MAGIC_1_16);
    expect_lines(&m.t, B + 63, 8,
                 "strings.Cut /src/server.go:200 0 < main.parse /src/server.go:200 0 < "
                 "main.(*server).handle /src/server.go:200 0");
    close_made(&m);
}

static void test_inlined_call_that_calls_itself(void **state)
{
    (void)state;
    static const struct made_function loop = {.name = "main.loop",
                                              .file = "loop.go",
                                              .size = 64,
                                              .line = 1,
                                              .inlines = {{"main.again", 0, 64, 8, 3}}}; /* its caller is itself */
    struct text table = {0}, funcdata = {0};
    struct pclntab t;
    struct go_function f;
    struct go_line lines[512];
    make_table(&table, MADE_MAGIC_1_20, TEXT, &loop, 1, &funcdata);
    const struct pclntab_place place = made_place(TEXT, &funcdata);
    assert_ok(pclntab_open((struct bytes){(uint8_t *)table.p, table.n}, &place, &t));
    assert_true(pclntab_find(&t, TEXT, &f));
    size_t n = pclntab_lines(&t, &f, TEXT, lines, ARRAY_LEN(lines));
    assert_in_range(n, 2, 256);
    assert_string_equal(lines[n - 1].function, "main.loop");
    text_done(&table);
    text_done(&funcdata);
}

/* Everything that can be asked, of whatever opens. */
static void ask_all(struct bytes b, struct bytes funcdata)
{
    struct pclntab t;
    struct go_function f;
    struct go_line lines[8];
    uint64_t size;
    const struct pclntab_place place = {.text = TEXT, .funcdata = funcdata, .what = "damaged"};
    struct err *e = pclntab_open(b, &place, &t);
    err_free(e);
    for (taddr pc = TEXT - 16; !e && pc < END + 16; pc += 3) {
        if (!pclntab_find(&t, pc, &f))
            continue;
        assert_true(pc >= f.entry && pc < f.end);
        assert_non_null(f.name);
        (void)pclntab_frame_size(&t, &f, pc, &size);
        assert_in_range(pclntab_lines(&t, &f, pc, lines, ARRAY_LEN(lines)), 1, ARRAY_LEN(lines));
    }
}

static void test_truncated_anywhere(void **state)
{
    (void)state;
    struct made m = {0};
    open_made(&m, MADE_MAGIC_1_20);
    struct bytes data = {(uint8_t *)m.funcdata.p, m.funcdata.n};
    for (size_t n = 0; n < m.table.n; n++) {
        uint8_t *cut = xmalloc(n);
        memcpy(cut, m.exact, n);
        ask_all((struct bytes){cut, n}, data);
        free(cut);
    }
    for (size_t n = 0; n < data.n; n++)
        ask_all((struct bytes){m.exact, m.table.n}, (struct bytes){data.p, n});
    close_made(&m);
}

static void test_any_byte_damaged(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct made m = {0};
    open_made(&m, MADE_MAGIC_1_20);
    for (size_t i = 0; i < m.table.n; i++)
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            uint8_t was = m.exact[i];
            m.exact[i] = values[k];
            ask_all((struct bytes){m.exact, m.table.n}, (struct bytes){(uint8_t *)m.funcdata.p, m.funcdata.n});
            m.exact[i] = was;
        }
    close_made(&m);
}

static void test_headers(void **state)
{
    (void)state;
    struct made m = {0};
    struct pclntab t;
    const struct pclntab_place place = {.text = TEXT, .what = "made"};
    open_made(&m, MADE_MAGIC_1_20);
    struct bytes b = {m.exact, m.table.n};
    assert_err(pclntab_open((struct bytes){m.exact, 7}, &place, &t), ERR_TRUNCATED);
    assert_err(pclntab_open((struct bytes){m.exact, 40}, &place, &t), ERR_TRUNCATED);
    assert_false(pclntab_is_one((struct bytes){m.exact, 7}));

    memset(m.exact + 8, 0xff, 8); /* functions */
    assert_err(pclntab_open(b, &place, &t), ERR_CORRUPT);
    memset(m.exact + 8, 0, 8);
    assert_ok(pclntab_open(b, &place, &t));
    struct go_function f;
    assert_false(pclntab_find(&t, A, &f));

    m.exact[7] = 3; /* bytes of a pointer */
    assert_err(pclntab_open(b, &place, &t), ERR_CORRUPT);
    assert_false(pclntab_is_one(b));
    m.exact[0] = 0xfb; /* Go 1.2 to 1.15 */
    assert_err(pclntab_open(b, &place, &t), ERR_UNSUPPORTED);
    assert_false(pclntab_is_one(b));
    close_made(&m);
}

RUN_TESTS(cmocka_unit_test(test_functions_and_frames), cmocka_unit_test(test_lines_and_inlined_calls),
          cmocka_unit_test(test_inlined_calls_until_1_18), cmocka_unit_test(test_inlined_call_that_calls_itself),
          cmocka_unit_test(test_truncated_anywhere), cmocka_unit_test(test_any_byte_damaged),
          cmocka_unit_test(test_headers))
