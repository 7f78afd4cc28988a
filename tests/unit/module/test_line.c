/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/line_table.h"
#include "module/make_dwarf.h"

enum { LINE_BASE = -5, LINE_RANGE = 14, OPCODE_BASE = 13 };

/* ---- making tables ---- */

static void put_old_tables(struct text *t)
{
    put_string(t, "inc");
    put_string(t, "/abs");
    put_u8(t, 0);
    static const char *const files[] = {"a.c", "b.h", "c.h", "/d.h"};
    for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
        put_string(t, files[i]);
        put_uleb(t, i < 3 ? i : 0);
        put_uleb(t, 0);
        put_uleb(t, 0);
    }
    put_u8(t, 0);
}

static void put_new_tables(struct text *t)
{
    put_u8(t, 1);
    put_uleb(t, DW_LNCT_path);
    put_uleb(t, DW_FORM_string);
    put_uleb(t, 3);
    put_string(t, "/src");
    put_string(t, "inc");
    put_string(t, "/abs");
    put_u8(t, 3);
    put_uleb(t, DW_LNCT_path);
    put_uleb(t, DW_FORM_string);
    put_uleb(t, DW_LNCT_MD5);
    put_uleb(t, DW_FORM_data16);
    put_uleb(t, DW_LNCT_directory_index);
    put_uleb(t, DW_FORM_udata);
    static const char *const files[] = {"a.c", "a.c", "b.h", "c.h", "/d.h"};
    static const unsigned dirs[] = {0, 0, 1, 2, 0};
    put_uleb(t, ARRAY_LEN(files));
    for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
        put_string(t, files[i]);
        put_u64(t, 0);
        put_u64(t, 0);
        put_uleb(t, dirs[i]);
    }
}

static void put_table(struct text *t, unsigned version, unsigned max_ops, const struct text *program)
{
    put_u32(t, 0);
    put_u16(t, version);
    if (version >= 5) {
        put_u8(t, 8);
        put_u8(t, 0);
    }
    size_t header_at = t->n;
    put_u32(t, 0);
    put_u8(t, 1);
    if (version >= 4)
        put_u8(t, max_ops);
    put_u8(t, 1);
    put_u8(t, (unsigned)LINE_BASE & 0xff);
    put_u8(t, LINE_RANGE);
    put_u8(t, OPCODE_BASE);
    text_putn(t, "\0\1\1\1\1\0\0\0\1\0\0\1", 12);
    if (version >= 5)
        put_new_tables(t);
    else
        put_old_tables(t);
    patch_length(t, header_at);
    text_putn(t, text_str(program), program->n);
    patch_length(t, 0);
}

static struct dwarf *table(unsigned version, unsigned max_ops, struct text *program)
{
    struct made_sections s = {0};
    put_abbrev(&s.abbrev, 1, DW_TAG_compile_unit, false, DW_AT_name, DW_FORM_string, DW_AT_comp_dir, DW_FORM_string,
               DW_AT_stmt_list, DW_FORM_data4);
    put_u8(&s.abbrev, 0);
    size_t unit = put_unit(&s.info, 4);
    put_uleb(&s.info, 1);
    put_string(&s.info, "a.c");
    put_string(&s.info, "/src");
    put_u32(&s.info, 0);
    patch_length(&s.info, unit);
    put_table(&s.line, version, max_ops, program);
    text_done(program);
    return make_dwarf(&s);
}

static void op_address(struct text *p, uint64_t at)
{
    text_putn(p, "\0\x09\x02", 3);
    put_u64(p, at);
}
static void op_discriminator(struct text *p, unsigned n)
{
    text_putn(p, "\0\2\4", 3);
    put_u8(p, n);
}
static void op_end(struct text *p)
{
    text_putn(p, "\0\1\1", 3);
}
static void op_special(struct text *p, unsigned addr, int line)
{
    put_u8(p, (unsigned)(line - LINE_BASE) + LINE_RANGE * addr + OPCODE_BASE);
}
static void op(struct text *p, enum dw_lns opcode)
{
    put_u8(p, opcode);
}
static void op_uleb(struct text *p, enum dw_lns opcode, uint64_t n)
{
    put_u8(p, opcode);
    put_uleb(p, n);
}

/* ---- asking them ---- */

static struct lines open_lines(struct dwarf *d)
{
    struct lines l;
    assert_int_equal(dwarf_units(d, false)->n, 1);
    assert_ok(lines_init(&l, &dwarf_units(d, false)->v[0]));
    return l;
}

static struct line_pos ask(const struct lines *l, taddr pc)
{
    struct line_pos pos = {.pc = pc};
    assert_ok(lines_find(l, &pos, 1));
    return pos;
}

static void assert_line(const struct lines *l, taddr pc, uint32_t line)
{
    struct line_pos pos = ask(l, pc);
    assert_int_equal(pos.found ? pos.line : 0, line);
}

static void assert_path(const struct lines *l, uint64_t file, const char *path)
{
    struct arena a = {0};
    const char *got = lines_path(l, file, &a);
    if (path)
        assert_string_equal(got, path);
    else
        assert_null(got);
    arena_done(&a);
}

/* ---- tests ---- */

static void test_all_versions(void **state)
{
    (void)state;
    for (unsigned version = 2; version <= 5; version++) {
        struct text p = {0};
        op_address(&p, 0x1000);
        op_special(&p, 0, 8); /* line 9 */
        op_special(&p, 3, 1); /* 0x1003: line 10 */
        op_uleb(&p, DW_LNS_set_file, 2);
        op_uleb(&p, DW_LNS_set_column, 7);
        op(&p, DW_LNS_const_add_pc); /* (255 - 13) / 14 = 17 */
        op(&p, DW_LNS_copy);         /* 0x1014 */
        op(&p, DW_LNS_fixed_advance_pc);
        put_u16(&p, 0x10);
        put_u8(&p, DW_LNS_advance_line);
        put_u8(&p, 0x7f); /* -1 */
        op(&p, DW_LNS_copy); /* 0x1024: line 9 */
        op_uleb(&p, DW_LNS_advance_pc, 0x80);
        op_end(&p);
        struct dwarf *d = table(version, 1, &p);
        struct lines l = open_lines(d);

        assert_line(&l, 0xfff, 0);
        assert_line(&l, 0x1000, 9);
        assert_line(&l, 0x1002, 9);
        assert_line(&l, 0x1003, 10);
        assert_int_equal(ask(&l, 0x1003).file, 1);
        assert_line(&l, 0x1014, 10);
        assert_int_equal(ask(&l, 0x1014).file, 2);
        assert_int_equal(ask(&l, 0x1014).column, 7);
        assert_line(&l, 0x10a3, 9);
        assert_line(&l, 0x10a4, 0);

        assert_path(&l, 0, "/src/a.c");
        assert_path(&l, 1, "/src/a.c");
        assert_path(&l, 2, "/src/inc/b.h");
        assert_path(&l, 3, "/abs/c.h");
        assert_path(&l, 4, "/d.h");
        assert_path(&l, 5, NULL);
        lines_done(&l);
        dwarf_free(d);
    }
}

static void test_many_positions_in_one_run(void **state)
{
    (void)state;
    struct text p = {0};
    for (unsigned i = 0; i < 2; i++) { /* the second sequence lies before the first */
        op_address(&p, i ? 0x1000 : 0x2000);
        op_special(&p, 0, 1 + (int)i);
        op_special(&p, 4, 1);
        op_uleb(&p, DW_LNS_advance_pc, 4);
        op_end(&p);
    }
    struct dwarf *d = table(5, 1, &p);
    struct lines l = open_lines(d);
    struct line_pos pos[] = {{.pc = 0x1000}, {.pc = 0x1004}, {.pc = 0x1008}, {.pc = 0x2000}, {.pc = 0x2007}};
    assert_ok(lines_find(&l, pos, ARRAY_LEN(pos)));
    assert_int_equal(pos[0].line, 3);
    assert_int_equal(pos[1].line, 4);
    assert_false(pos[2].found);
    assert_int_equal(pos[3].line, 2);
    assert_int_equal(pos[4].line, 3);
    lines_done(&l);
    dwarf_free(d);
}

/* A row is: address from the last, line from the last, does it begin a statement, file, discriminator. */
struct made_row {
    unsigned addr;
    int line;
    bool stmt;
    unsigned file, discriminator;
};

static uint32_t line_of_rows(const struct made_row *rows, size_t n, taddr pc)
{
    struct text p = {0};
    bool stmt = true;
    unsigned file = 1;
    op_address(&p, 0x1000);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].file != file)
            op_uleb(&p, DW_LNS_set_file, file = rows[i].file);
        if (rows[i].stmt != stmt)
            op(&p, DW_LNS_negate_stmt);
        stmt = rows[i].stmt;
        if (rows[i].discriminator)
            op_discriminator(&p, rows[i].discriminator);
        op_special(&p, rows[i].addr, rows[i].line);
    }
    op_uleb(&p, DW_LNS_advance_pc, 8);
    op_end(&p);
    struct dwarf *d = table(5, 1, &p);
    struct lines l = open_lines(d);
    uint32_t line = ask(&l, pc).line;
    lines_done(&l);
    dwarf_free(d);
    return line;
}
#define LINE_OF(pc, ...) \
    line_of_rows((const struct made_row[]){__VA_ARGS__}, ARRAY_LEN(((const struct made_row[]){__VA_ARGS__})), (pc))

static void test_which_row_at_an_address(void **state)
{
    (void)state;
    /* the last one */
    assert_int_equal(LINE_OF(0x1000, {0, 1, true, 1, 0}, {0, 1, true, 1, 0}), 3);
    /* but one that begins a statement before one that does not */
    assert_int_equal(LINE_OF(0x1000, {0, 1, true, 1, 0}, {0, 1, false, 1, 0}), 2);
    assert_int_equal(LINE_OF(0x1000, {0, 1, false, 1, 0}, {0, 1, false, 1, 0}), 3);
    /* another file's */
    assert_int_equal(LINE_OF(0x1000, {0, 1, true, 1, 0}, {0, 1, true, 2, 0}), 3);
    assert_int_equal(LINE_OF(0x1000, {0, 1, true, 1, 0}, {0, 1, false, 2, 0}), 2);
    assert_int_equal(LINE_OF(0x1000, {0, 1, false, 1, 0}, {0, 1, false, 2, 0}), 3);
    /* line 0 says nothing */
    assert_int_equal(LINE_OF(0x1004, {0, 1, true, 1, 0}, {2, -2, true, 1, 0}, {4, 4, true, 1, 0}), 2);
    /* a discriminator changes nothing, also where the row before did not count */
    assert_int_equal(LINE_OF(0x1004, {0, 1, true, 1, 3}, {4, 0, true, 1, 3}, {0, 1, false, 1, 0}), 2);
    assert_int_equal(LINE_OF(0x1004, {0, 1, true, 1, 0}, {0, 1, false, 1, 3}, {4, 0, false, 1, 3}), 3);
    assert_int_equal(LINE_OF(0x1004, {0, 1, true, 1, 0}, {4, 0, true, 1, 0}, {0, 1, false, 1, 0}), 2);
}

static void test_dropped_code(void **state)
{
    (void)state;
    struct text p = {0};
    op_address(&p, 0); /* the linker left the function out, and its address is 0 */
    op_special(&p, 0, 1);
    op_uleb(&p, DW_LNS_advance_pc, 0x4000);
    op_end(&p);
    op_address(&p, 0x1000);
    op_special(&p, 0, 6);
    op_uleb(&p, DW_LNS_advance_pc, 4);
    op_end(&p);
    struct dwarf *d = table(4, 1, &p);
    struct lines l = open_lines(d);
    assert_line(&l, 0x1001, 7);
    assert_line(&l, 0x3000, 0);
    lines_done(&l);
    dwarf_free(d);
}

static void test_several_operations_an_instruction(void **state)
{
    (void)state;
    struct text p = {0};
    op_address(&p, 0x1000);
    op_special(&p, 0, 1);
    op_special(&p, 3, 1); /* the same instruction */
    op_special(&p, 1, 1); /* the next one */
    op_uleb(&p, DW_LNS_advance_pc, 4);
    op_end(&p);
    struct dwarf *d = table(4, 4, &p);
    struct lines l = open_lines(d);
    assert_line(&l, 0x1000, 3);
    assert_line(&l, 0x1001, 4);
    assert_line(&l, 0x1002, 0);
    lines_done(&l);
    dwarf_free(d);
}

static void test_damage(void **state)
{
    (void)state;
    struct text p = {0};
    op_address(&p, 0x1000);
    op_special(&p, 0, 1);
    put_u8(&p, DW_LNS_advance_pc);
    put_u8(&p, 0x80); /* a number that does not end */
    struct dwarf *d = table(5, 1, &p);
    struct lines l = open_lines(d);
    struct line_pos pos = {.pc = 0x1000};
    assert_err(lines_find(&l, &pos, 1), ERR_TRUNCATED);
    lines_done(&l);
    dwarf_free(d);

    struct text none = {0};
    d = table(6, 1, &none);
    assert_err(lines_init(&l, &dwarf_units(d, false)->v[0]), ERR_UNSUPPORTED);
    dwarf_free(d);
}

static void assert_span(const struct line_table *t, taddr pc, const char *name, uint32_t line, taddr start, taddr end)
{
    struct line_span span;
    assert_true(line_table_at(t, pc, &span));
    assert_string_equal(span.file->name, name);
    assert_int_equal(span.line, line);
    assert_int_equal(span.start, start);
    assert_int_equal(span.end, end);
}

/* A header's code in the middle ends the file's own; a sequence that comes later stands before. */
static void test_whole_table(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 5; version++) {
        struct text p = {0};
        op_address(&p, 0x1000);
        op_special(&p, 0, 8); /* line 9 */
        op_special(&p, 4, 1); /* 0x1004: line 10 */
        op_uleb(&p, DW_LNS_set_file, 2);
        op_special(&p, 4, 2); /* 0x1008: line 12 of inc/b.h */
        op_uleb(&p, DW_LNS_set_file, 1);
        op_special(&p, 4, -2); /* 0x100c: line 10 */
        op_uleb(&p, DW_LNS_advance_pc, 4);
        op_end(&p);
        op_address(&p, 0x800);
        op_special(&p, 0, 8); /* line 9 */
        op_uleb(&p, DW_LNS_advance_pc, 8);
        op_end(&p);
        struct dwarf *d = table(version, 1, &p);
        struct line_table t;
        struct line_span span;
        bool exact;
        assert_ok(line_table_load(&dwarf_units(d, false)->v[0], &t));
        assert_int_equal(t.files.n, 2);
        assert_span(&t, 0x1003, "a.c", 9, 0x1000, 0x1004);
        assert_span(&t, 0x1004, "a.c", 10, 0x1004, 0x1008);
        assert_span(&t, 0x100b, "inc/b.h", 12, 0x1008, 0x100c);
        assert_span(&t, 0x100c, "a.c", 10, 0x100c, 0x1010);
        assert_span(&t, 0x807, "a.c", 9, 0x800, 0x808);
        assert_false(line_table_at(&t, 0x808, &span));
        assert_false(line_table_at(&t, 0x1010, &span));
        assert_false(line_table_at(&t, 0x7ff, &span));
        const struct line_table_file *f = &t.files.v[0];
        assert_int_equal(line_table_find(f, 9, &exact)->pc, 0x800);
        assert_true(exact);
        assert_int_equal(line_table_find(f, 1, &exact)->line, 9);
        assert_false(exact);
        assert_null(line_table_find(f, 11, &exact));
        line_table_done(&t);
        dwarf_free(d);
    }
}

RUN_TESTS(cmocka_unit_test(test_whole_table), cmocka_unit_test(test_all_versions),
          cmocka_unit_test(test_many_positions_in_one_run), cmocka_unit_test(test_which_row_at_an_address),
          cmocka_unit_test(test_dropped_code), cmocka_unit_test(test_several_operations_an_instruction),
          cmocka_unit_test(test_damage))
