/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/make_dwarf.h"

static struct dw_unit *first_unit(struct dwarf *d)
{
    assert_true(dwarf_units(d, false)->n > 0);
    return &dwarf_units(d, false)->v[0];
}

static struct dw_die root_of(struct dw_unit *u)
{
    struct dw_die die;
    assert_true(dw_die_root(u, &die));
    return die;
}

/* ---- values ---- */

enum { ROOT = 1, ALL_FORMS, PLAIN };

static void put_all_forms(struct made_sections *s)
{
    put_abbrev(&s->abbrev, ALL_FORMS, DW_TAG_variable, false, 0x100, DW_FORM_data1, 0x101, DW_FORM_data2, 0x102,
               DW_FORM_data4, 0x103, DW_FORM_data8, 0x104, DW_FORM_sdata, 0x105, DW_FORM_udata, 0x106, DW_FORM_string,
               0x107, DW_FORM_strp, 0x108, DW_FORM_block1, 0x109, DW_FORM_exprloc, 0x10a, DW_FORM_flag, 0x10b,
               DW_FORM_flag_present, 0x10c, DW_FORM_ref1, 0x10d, DW_FORM_ref4, 0x10e, DW_FORM_ref_addr, 0x10f,
               DW_FORM_strx1, 0x110, DW_FORM_addrx, 0x111, DW_FORM_addr, 0x112, DW_FORM_indirect, 0x113, DW_FORM_data16,
               0x114, DW_FORM_sec_offset, 0x115, DW_FORM_block2, 0x116, DW_FORM_strx3, 0x117, DW_FORM_block4);
    struct text *t = &s->info;
    put_uleb(t, ALL_FORMS);
    put_u8(t, 0xf1);
    put_u16(t, 0xf2f3);
    put_u32(t, 0xf4f5f6f7);
    put_u64(t, 0xf8f9fafbfcfdfeff);
    put_u8(t, 0x7f);
    put_uleb(t, 300);
    put_string(t, "inline");
    put_u32(t, 4);
    put_u8(t, 2);
    put_u16(t, 0x4241);
    put_uleb(t, 1);
    put_u8(t, 0x9c);
    put_u8(t, 1);
    put_u8(t, 12); /* refers to the root */
    put_u32(t, 12);
    put_u32(t, 12);
    put_u8(t, 1);
    put_uleb(t, 1);
    put_u64(t, 0x401000);
    put_uleb(t, DW_FORM_udata);
    put_uleb(t, 129);
    put_u64(t, 1);
    put_u64(t, 2);
    put_u32(t, 0x1234);
    put_u16(t, 1);
    put_u8(t, 0x11);
    put_uint(t, 0, 3);
    put_u32(t, 1);
    put_u8(t, 0x22);
}

static struct dwarf *forms_file(void)
{
    struct made_sections s = {0};
    put_abbrev(&s.abbrev, ROOT, DW_TAG_compile_unit, true, DW_AT_str_offsets_base, DW_FORM_sec_offset, DW_AT_addr_base,
               DW_FORM_sec_offset, DW_AT_language, DW_FORM_data1, DW_AT_name, DW_FORM_strx1);
    size_t unit = put_unit(&s.info, 5);
    put_uleb(&s.info, ROOT);
    put_u32(&s.info, 8);
    put_u32(&s.info, 8);
    put_u8(&s.info, DW_LANG_C_plus_plus_14);
    put_u8(&s.info, 1);
    put_all_forms(&s);
    put_abbrev(&s.abbrev, PLAIN, DW_TAG_base_type, false, DW_AT_name, DW_FORM_string);
    put_uleb(&s.info, PLAIN);
    put_string(&s.info, "last");
    put_u8(&s.info, 0);
    put_u8(&s.abbrev, 0);
    patch_length(&s.info, unit);
    text_putn(&s.str, "abc\0str\0", 8);
    put_u64(&s.str_offsets, 0);
    put_u32(&s.str_offsets, 4);
    put_u32(&s.str_offsets, 0);
    put_u64(&s.addr, 0);
    put_u64(&s.addr, 0x1111);
    put_u64(&s.addr, 0x2222);
    return make_dwarf(&s);
}

static void assert_uint(const struct dw_die *die, uint16_t at, uint64_t want)
{
    struct dw_value v;
    assert_true(dw_attr(die, at, &v));
    assert_int_equal(v.u, want);
}

static void test_forms(void **state)
{
    (void)state;
    struct dwarf *d = forms_file();
    struct dw_unit *u = first_unit(d);
    struct dw_die root = root_of(u), die, ref;
    struct dw_value v;
    taddr at = 0;
    assert_string_equal(dw_unit_root(u)->name, "abc");
    assert_string_equal(dw_language_name(dw_unit_root(u)->language), "c++");
    assert_true(dw_die_child(&root, &die));
    assert_uint(&die, 0x100, 0xf1);
    assert_uint(&die, 0x101, 0xf2f3);
    assert_uint(&die, 0x102, 0xf4f5f6f7);
    assert_uint(&die, 0x103, 0xf8f9fafbfcfdfeff);
    assert_uint(&die, 0x104, UINT64_MAX);
    assert_uint(&die, 0x105, 300);
    assert_string_equal(dw_attr_string(&die, 0x106), "inline");
    assert_string_equal(dw_attr_string(&die, 0x107), "str");
    assert_true(dw_attr(&die, 0x108, &v) && v.cls == DW_CLASS_BLOCK && v.block.n == 2);
    assert_true(dw_attr(&die, 0x109, &v) && v.block.n == 1 && v.block.p[0] == 0x9c);
    assert_true(dw_attr_flag(&die, 0x10a));
    assert_true(dw_attr_flag(&die, 0x10b));
    for (uint16_t i = 0x10c; i <= 0x10e; i++) {
        assert_true(dw_attr_die(&die, i, &ref));
        assert_int_equal(ref.offset, root.offset);
    }
    assert_string_equal(dw_attr_string(&die, 0x10f), "abc");
    assert_true(dw_attr(&die, 0x110, &v) && dw_value_address(u, &v, &at));
    assert_int_equal(at, 0x2222);
    assert_true(dw_attr(&die, 0x111, &v) && dw_value_address(u, &v, &at));
    assert_int_equal(at, 0x401000);
    assert_uint(&die, 0x112, 129);
    assert_true(dw_attr(&die, 0x113, &v) && v.block.n == 16);
    assert_uint(&die, 0x114, 0x1234);
    assert_string_equal(dw_attr_string(&die, 0x116), "str");
    assert_true(dw_attr(&die, 0x117, &v) && v.block.n == 1 && v.block.p[0] == 0x22);
    assert_false(dw_attr(&die, 0x118, &v));
    assert_null(dw_attr_string(&die, 0x100));
    assert_false(dw_attr_die(&die, 0x100, &ref));

    /* and all of it is stepped over */
    assert_true(dw_die_next(&die));
    assert_string_equal(dw_attr_string(&die, DW_AT_name), "last");
    assert_false(dw_die_next(&die));
    dwarf_free(d);
}

/* ---- moving ---- */

enum { SCOPE = 2, LEAF, SCOPE_SIBLING };

static void put_scope_abbrevs(struct text *t)
{
    put_abbrev(t, ROOT, DW_TAG_compile_unit, true, DW_AT_name, DW_FORM_string);
    put_abbrev(t, SCOPE, DW_TAG_namespace, true, DW_AT_name, DW_FORM_string);
    put_abbrev(t, LEAF, DW_TAG_base_type, false, DW_AT_name, DW_FORM_string);
    put_abbrev(t, SCOPE_SIBLING, DW_TAG_namespace, true, DW_AT_sibling, DW_FORM_ref4, DW_AT_name, DW_FORM_string);
    put_u8(t, 0);
}

static void put_named(struct text *t, unsigned code, const char *name)
{
    put_uleb(t, code);
    put_string(t, name);
}

static uint64_t put_sibling_scope(struct text *t, const char *name)
{
    put_uleb(t, SCOPE_SIBLING);
    uint64_t at = t->n;
    put_u32(t, 0);
    put_string(t, name);
    return at;
}

/* a { b { leaf } } c { d } e; c and a have DW_AT_sibling unless it is to be `broken`. */
static struct dwarf *tree(bool siblings, uint64_t broken)
{
    struct made_sections s = {0};
    struct text *t = &s.info;
    put_scope_abbrevs(&s.abbrev);
    size_t unit = put_unit(t, 4);
    put_named(t, ROOT, "t.c");
    uint64_t patch = 0;
    if (siblings)
        patch = put_sibling_scope(t, "a");
    else
        put_named(t, SCOPE, "a");
    put_named(t, SCOPE, "b");
    put_named(t, LEAF, "leaf");
    put_u8(t, 0);
    put_u8(t, 0);
    if (siblings)
        for (unsigned i = 0; i < 4; i++)
            t->p[patch + i] = (char)((broken ? broken : t->n) >> (8 * i));
    put_named(t, SCOPE, "c");
    put_named(t, LEAF, "d");
    put_u8(t, 0);
    put_named(t, LEAF, "e");
    put_u8(t, 0);
    patch_length(t, unit);
    return make_dwarf(&s);
}

static void assert_children(struct dwarf *d)
{
    struct dw_die root = root_of(first_unit(d)), die, inner;
    assert_true(dw_die_child(&root, &die));
    assert_string_equal(dw_attr_string(&die, DW_AT_name), "a");
    assert_true(dw_die_child(&die, &inner));
    assert_string_equal(dw_attr_string(&inner, DW_AT_name), "b");
    assert_false(dw_die_next(&inner));
    assert_true(dw_die_next(&die));
    assert_string_equal(dw_attr_string(&die, DW_AT_name), "c");
    assert_true(dw_die_next(&die));
    assert_string_equal(dw_attr_string(&die, DW_AT_name), "e");
    assert_false(dw_die_child(&die, &inner));
    assert_false(dw_die_next(&die));
}

static void test_children_and_siblings(void **state)
{
    (void)state;
    static const uint64_t broken[] = {0, 1, 12, 0xffffffff}; /* right; backwards, in the root, far outside */
    struct dwarf *d = tree(false, 0);
    assert_children(d);
    dwarf_free(d);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        d = tree(true, broken[i]);
        assert_children(d);
        dwarf_free(d);
    }
}

static void test_walk(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned depth;
    } want[] = {{"a", 1}, {"b", 2}, {"leaf", 3}, {"c", 1}, {"d", 2}, {"e", 1}};
    struct dwarf *d = tree(true, 0);
    struct dw_die root = root_of(first_unit(d)), die;
    struct dw_walk w;
    dw_walk_init(&w, &root);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_true(dw_walk_next(&w, &die));
        assert_string_equal(dw_attr_string(&die, DW_AT_name), want[i].name);
        assert_int_equal(w.depth, want[i].depth);
    }
    assert_false(dw_walk_next(&w, &die));

    dw_walk_init(&w, &root);
    assert_true(dw_walk_next(&w, &die));
    dw_walk_skip(&w);
    assert_true(dw_walk_next(&w, &die));
    assert_string_equal(dw_attr_string(&die, DW_AT_name), "c");
    dwarf_free(d);
}

static void test_path(void **state)
{
    (void)state;
    struct dwarf *d = tree(false, 0);
    struct dw_unit *u = first_unit(d);
    struct dw_die root = root_of(u), die, path[4];
    struct dw_scopes scopes = {0};
    struct dw_walk w;
    size_t n = 0;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        n = dw_die_path(&scopes, u, die.offset, path, ARRAY_LEN(path));
        assert_int_equal(n, w.depth - 1);
        if (strcmp(dw_attr_string(&die, DW_AT_name), "leaf") == 0) {
            assert_string_equal(dw_attr_string(&path[0], DW_AT_name), "a");
            assert_string_equal(dw_attr_string(&path[1], DW_AT_name), "b");
        }
    }
    assert_int_equal(dw_die_path(&scopes, u, root.offset, path, 4), 0);
    dw_scopes_done(&scopes);
    dwarf_free(d);
}

static void test_damaged_units(void **state)
{
    (void)state;
    struct made_sections s = {0};
    put_scope_abbrevs(&s.abbrev);
    size_t unit = put_unit(&s.info, 9); /* a version that nobody knows */
    put_u32(&s.info, 0);
    patch_length(&s.info, unit);
    size_t second = s.info.n;
    put_unit(&s.info, 4);
    put_named(&s.info, ROOT, "good");
    put_uleb(&s.info, 99); /* no such abbreviation */
    for (unsigned i = 0; i < 4; i++)
        s.info.p[second + i] = (char)((s.info.n - second - 4) >> (8 * i));
    put_u32(&s.info, 0x7fffffff); /* a unit that ends after the section */
    put_u64(&s.info, 0);
    struct dwarf *d = make_dwarf(&s);
    assert_int_equal(dwarf_units(d, false)->n, 1);
    struct dw_unit *u = first_unit(d);
    struct dw_die root = root_of(u), die;
    assert_string_equal(dw_unit_root(u)->name, "good");
    assert_false(dw_die_child(&root, &die));
    assert_int_equal(d->n_problems, 1);
    assert_ptr_equal(dwarf_unit_at(d, root.offset), u);
    assert_null(dwarf_unit_at(d, 0));
    assert_null(dwarf_unit_at(d, UINT64_MAX));
    dwarf_free(d);
}

RUN_TESTS(cmocka_unit_test(test_forms), cmocka_unit_test(test_children_and_siblings), cmocka_unit_test(test_walk),
          cmocka_unit_test(test_path), cmocka_unit_test(test_damaged_units))
