/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/make_dwarf.h"
#include "value/type_priv.h"

struct world {
    struct image im;
    struct modules *ms;
    struct types *types;
};

static int set_up(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    w->im = (struct image){.kind = IMAGE_CORE, .path = "core", .arch = &arch_x86_64};
    w->ms = modules_load(&w->im, &(struct module_opts){.no_debuginfod = true});
    w->types = types_new(w->ms, NULL);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    types_free(w->types);
    modules_free(w->ms);
    arena_done(&w->im.arena);
    free(w);
    return 0;
}

static void assert_name(const struct type *t, const char *inner, const char *expected)
{
    SCOPED(text_done) struct text name = {0};
    type_name(&name, t, inner);
    assert_string_equal(text_str(&name), expected);
}

/* ---- made types ---- */

static void test_made(void **state)
{
    struct types *t = ((struct world *)*state)->types;
    const struct type *i = type_c(t, "int"), *p = type_pointer_to(t, i);
    assert_ptr_equal(p, type_pointer_to(t, i));
    assert_ptr_not_equal(p, type_reference_to(t, i));
    assert_int_equal(p->size, 8);
    const struct type *a = type_array_of(t, type_array_of(t, i, 3), 2);
    assert_int_equal(a->size, 24);
    assert_name(a, "x", "int x[2][3]");
    assert_name(type_pointer_to(t, a), NULL, "int (*)[2][3]");
    assert_name(type_with(t, a, TYPE_CONST), "x", "const int x[2][3]");
    assert_name(type_with(t, type_pointer_to(t, type_with(t, i, TYPE_CONST)), TYPE_CONST), NULL, "const int * const");
    assert_ptr_equal(type_strip(type_with(t, i, TYPE_VOLATILE)), i);
    assert_int_equal(type_array_of(t, i, UINT64_MAX)->size, 0);
}

static void test_c_spellings(void **state)
{
    struct types *t = ((struct world *)*state)->types;
    assert_string_equal(type_c_spelling("long unsigned int"), "unsigned long");
    assert_string_equal(type_c_spelling("int long long"), "long long");
    assert_string_equal(type_c_spelling("signed"), "int");
    assert_string_equal(type_c_spelling("__int128 unsigned"), "unsigned __int128");
    assert_string_equal(type_c_spelling("double long"), "long double");
    static const char *const wrong[] = {"", "short long", "unsigned double", "char int", "long long long", "size_t"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_null(type_c_spelling(wrong[i]));
    assert_null(type_c(t, "size_t"));
    assert_ptr_equal(type_c(t, "unsigned"), type_c(t, "unsigned int"));
}

static void test_canonical_names(void **state)
{
    static const char *const names[][2] = {
        {"vector<const char*, std::allocator<const char *>>", "vector<char const*, std::allocator<char const*> >"},
        {"array<long unsigned int,4>", "array<unsigned long, 4>"},
        {"v<'a', (& ns::x), -5, 7UL>", "v<(char)'a', &ns::x, -5, 7ul>"},
        {"v<(anonymous namespace)::x, (ns::e)2>", "v<(anonymous namespace)::x, (ns::e)2>"},
        {"v<void (*)(int const&, ...)>", "v<void (*)(int const&, ...)>"},
        {"v<int[3]>", "v<int [3]>"},
        {"function<void(const int&)>", "function<void(const int&)>"},
        {"v<main()::<lambda(int)> >", "v<main()::<lambda(int)> >"},
        {"tuple<>", "tuple<>"},
        {"v<", "v<"},
        {"<lambda()>", "<lambda()>"},
        {"plain", "plain"},
    };
    struct types *t = ((struct world *)*state)->types;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_string_equal(type_canonical_name(&t->arena, names[i][0]), names[i][1]);
}

/* ---- from DIEs ---- */

enum { UNIT = 1, BASE, RECORD, OLD_BITS, TYPEDEF, CONST };
enum { CHAIN = 1000 };

static void put_abbrevs(struct text *t)
{
    put_abbrev(t, UNIT, DW_TAG_compile_unit, true, DW_AT_language, DW_FORM_data1);
    put_abbrev(t, BASE, DW_TAG_base_type, false, DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1,
               DW_AT_encoding, DW_FORM_data1);
    put_abbrev(t, RECORD, DW_TAG_structure_type, true, DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1);
    put_abbrev(t, OLD_BITS, DW_TAG_member, false, DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4, DW_AT_byte_size,
               DW_FORM_data1, DW_AT_bit_size, DW_FORM_data1, DW_AT_bit_offset, DW_FORM_data1,
               DW_AT_data_member_location, DW_FORM_block1);
    put_abbrev(t, TYPEDEF, DW_TAG_typedef, false, DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4);
    put_abbrev(t, CONST, DW_TAG_const_type, false, DW_AT_type, DW_FORM_ref4);
    put_u8(t, 0);
}

/* Bits [from, from + size) of an int at byte 4, as DWARF 2 counts them, from the other end. */
static void put_old_bits(struct text *t, const char *name, uint32_t type, unsigned from, unsigned size)
{
    put_uleb(t, OLD_BITS);
    put_string(t, name);
    put_u32(t, type);
    put_u8(t, 4);
    put_u8(t, size);
    put_u8(t, 32 - from - size);
    put_u8(t, 2);
    put_u8(t, DW_OP_plus_uconst);
    put_uleb(t, 4);
}

static const struct type *first_of(struct types *types, struct dwarf *d, uint16_t tag)
{
    struct dw_die root, die;
    assert_int_equal(dwarf_units(d, false)->n, 1);
    assert_true(dw_die_root(&dwarf_units(d, false)->v[0], &root));
    for (bool ok = dw_die_child(&root, &die); ok; ok = dw_die_next(&die))
        if (dw_tag(&die) == tag)
            return type_of_die(types, &die);
    fail_msg("no such DIE");
    return NULL;
}

static size_t begin_unit(struct made_sections *s)
{
    put_abbrevs(&s->abbrev);
    size_t at = put_unit(&s->info, 2);
    put_uleb(&s->info, UNIT);
    put_u8(&s->info, DW_LANG_C89);
    return at;
}

static void test_old_bit_fields(void **state)
{
    struct world *w = *state;
    struct made_sections s = {0};
    size_t at = begin_unit(&s);
    uint32_t base = (uint32_t)s.info.n;
    put_uleb(&s.info, BASE);
    put_string(&s.info, "unsigned int");
    put_u8(&s.info, 4);
    put_u8(&s.info, DW_ATE_unsigned);
    put_uleb(&s.info, RECORD);
    put_string(&s.info, "bits");
    put_u8(&s.info, 8);
    put_old_bits(&s.info, "a", base, 0, 3);
    put_old_bits(&s.info, "b", base, 3, 29);
    put_u8(&s.info, 0);
    put_u8(&s.info, 0);
    patch_length(&s.info, at);
    struct dwarf *d = make_dwarf(&s);
    const struct type *t = first_of(w->types, d, DW_TAG_structure_type);
    assert_ptr_equal(t, first_of(w->types, d, DW_TAG_structure_type));
    struct fields f = type_fields(t);
    assert_int_equal(f.n, 2);
    assert_int_equal(f.v[0].bit_offset, 32);
    assert_int_equal(f.v[0].bit_size, 3);
    assert_int_equal(f.v[1].bit_offset, 35);
    assert_int_equal(f.v[1].bit_size, 29);
    assert_int_equal(f.v[1].flags, 0);
    assert_name(t, "x", "struct bits x");
    dwarf_free(d);
}

/* A typedef of itself, and one below a thousand qualifiers. */
static void test_endless_chains(void **state)
{
    struct world *w = *state;
    struct made_sections s = {0};
    size_t at = begin_unit(&s);
    uint32_t self = (uint32_t)s.info.n;
    put_uleb(&s.info, TYPEDEF);
    put_string(&s.info, "self");
    put_u32(&s.info, self);
    for (int i = 0; i < CHAIN; i++) {
        put_uleb(&s.info, CONST);
        put_u32(&s.info, s.info.n + 4); /* the one behind it */
    }
    put_uleb(&s.info, TYPEDEF);
    put_string(&s.info, "end");
    put_u32(&s.info, self);
    put_u8(&s.info, 0);
    patch_length(&s.info, at);
    struct dwarf *d = make_dwarf(&s);
    SCOPED(text_done) struct text out = {0};
    const struct type *t = first_of(w->types, d, DW_TAG_typedef);
    assert_int_equal(t->kind, TYPE_TYPEDEF);
    assert_int_equal(type_strip(t)->kind, TYPE_ERROR);
    assert_name(t, NULL, "self");
    type_declaration(&out, t, &(struct type_print){0});
    assert_int_equal(type_strip(first_of(w->types, d, DW_TAG_const_type))->kind, TYPE_ERROR);
    type_declaration(&out, first_of(w->types, d, DW_TAG_const_type), &(struct type_print){0});
    dwarf_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_c_spellings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_canonical_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_bit_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_endless_chains, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
