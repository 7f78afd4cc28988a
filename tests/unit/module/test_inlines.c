/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/callsite.h"
#include "module/inlines.h"
#include "module/make_dwarf.h"
#include "module/names.h"

enum {
    ROOT = 1,
    NAMESPACE,
    ANONYMOUS,
    CLASS,
    DECLARATION, /* name, linkage name */
    METHOD,      /* name, declaration */
    ABSTRACT,    /* specification */
    CONCRETE,    /* origin, low, high; all calls are listed */
    FUNCTION,    /* name, low, high */
    BLOCK,       /* without addresses */
    INLINED,     /* origin, low, high, call line */
    SITE,        /* return pc, callee */
    TAIL_SITE,
    LOOP, /* its own origin */
};

static void put_abbrevs(struct text *t)
{
    put_abbrev(t, ROOT, DW_TAG_compile_unit, true, DW_AT_language, DW_FORM_data1);
    put_abbrev(t, NAMESPACE, DW_TAG_namespace, true, DW_AT_name, DW_FORM_string);
    put_abbrev(t, ANONYMOUS, DW_TAG_namespace, true);
    put_abbrev(t, CLASS, DW_TAG_class_type, true, DW_AT_name, DW_FORM_string);
    put_abbrev(t, DECLARATION, DW_TAG_subprogram, false, DW_AT_name, DW_FORM_string, DW_AT_linkage_name, DW_FORM_string,
               DW_AT_declaration, DW_FORM_flag_present);
    put_abbrev(t, METHOD, DW_TAG_subprogram, false, DW_AT_name, DW_FORM_string, DW_AT_declaration,
               DW_FORM_flag_present);
    put_abbrev(t, ABSTRACT, DW_TAG_subprogram, false, DW_AT_specification, DW_FORM_ref4);
    put_abbrev(t, CONCRETE, DW_TAG_subprogram, true, DW_AT_abstract_origin, DW_FORM_ref4, DW_AT_low_pc, DW_FORM_addr,
               DW_AT_high_pc, DW_FORM_data4, DW_AT_call_all_calls, DW_FORM_flag_present);
    put_abbrev(t, FUNCTION, DW_TAG_subprogram, false, DW_AT_name, DW_FORM_string, DW_AT_low_pc, DW_FORM_addr,
               DW_AT_high_pc, DW_FORM_data4);
    put_abbrev(t, BLOCK, DW_TAG_lexical_block, true);
    put_abbrev(t, INLINED, DW_TAG_inlined_subroutine, true, DW_AT_abstract_origin, DW_FORM_ref4, DW_AT_low_pc,
               DW_FORM_addr, DW_AT_high_pc, DW_FORM_data4, DW_AT_call_line, DW_FORM_data1);
    put_abbrev(t, SITE, DW_TAG_call_site, false, DW_AT_call_return_pc, DW_FORM_addr, DW_AT_call_origin, DW_FORM_ref4);
    put_abbrev(t, TAIL_SITE, DW_TAG_call_site, false, DW_AT_call_return_pc, DW_FORM_addr, DW_AT_call_origin,
               DW_FORM_ref4, DW_AT_call_tail_call, DW_FORM_flag_present);
    put_abbrev(t, LOOP, DW_TAG_subprogram, false, DW_AT_abstract_origin, DW_FORM_ref4, DW_AT_low_pc, DW_FORM_addr,
               DW_AT_high_pc, DW_FORM_data4);
    put_u8(t, 0);
}

/* The start of a DIE; gives its offset. */
static uint64_t start(struct text *t, unsigned code)
{
    uint64_t at = t->n;
    put_uleb(t, code);
    return at;
}
static uint64_t put_name(struct text *t, unsigned code, const char *name)
{
    uint64_t at = start(t, code);
    put_string(t, name);
    return at;
}
static void put_span(struct text *t, uint64_t low, uint64_t size)
{
    put_u64(t, low);
    put_u32(t, size);
}
static uint64_t put_function(struct text *t, const char *name, uint64_t low)
{
    uint64_t at = put_name(t, FUNCTION, name);
    put_span(t, low, 0x100);
    return at;
}
static void put_instance(struct text *t, unsigned code, uint64_t origin, uint64_t low, uint64_t size)
{
    start(t, code);
    put_u32(t, origin);
    put_span(t, low, size);
}
static void put_site(struct text *t, unsigned code, uint64_t return_pc, uint64_t callee)
{
    start(t, code);
    put_u64(t, return_pc);
    put_u32(t, callee);
}

static struct dwarf *program(uint8_t language)
{
    struct made_sections s = {0};
    struct text *t = &s.info;
    put_abbrevs(&s.abbrev);
    size_t unit = put_unit(t, 5);
    start(t, ROOT);
    put_u8(t, language);

    put_name(t, NAMESPACE, "ns");
    put_name(t, CLASS, "cls<int>");
    uint64_t method = put_name(t, METHOD, "m");
    put_u8(t, 0);
    start(t, ANONYMOUS);
    uint64_t free_function = put_function(t, "free", 0x2000);
    put_u8(t, 0);
    put_u8(t, 0);
    uint64_t callee = put_name(t, DECLARATION, "callee");
    put_string(t, "callee_v2");
    uint64_t helper = put_name(t, METHOD, "helper");
    uint64_t abstract = start(t, ABSTRACT);
    put_u32(t, method);

    put_instance(t, CONCRETE, abstract, 0x1000, 0x100);
    start(t, BLOCK);
    put_instance(t, INLINED, helper, 0x1010, 0x20);
    put_u8(t, 77);
    put_site(t, SITE, 0x1018, callee);
    put_u8(t, 0);
    put_u8(t, 0);
    put_instance(t, INLINED, helper, 0x1010, 0x30); /* the same addresses again: the first counts */
    put_u8(t, 78);
    put_u8(t, 0);
    put_function(t, "nested", 0x5000); /* GNU C: outside of the addresses of what it stands in */
    put_site(t, TAIL_SITE, 0x1050, free_function);
    put_site(t, TAIL_SITE, 0x1060, callee);
    put_u8(t, 0);

    uint64_t loop = t->n;
    put_instance(t, LOOP, loop, 0x6000, 0x10);
    put_u8(t, 0);
    patch_length(t, unit);
    return make_dwarf(&s);
}

struct fixture {
    struct dwarf *d;
    struct dw_unit *u;
    struct arena arena;
    struct namer names;
};

static void open_program(struct fixture *f, uint8_t language)
{
    *f = (struct fixture){.d = program(language)};
    assert_int_equal(dwarf_units(f->d, false)->n, 1);
    f->u = &dwarf_units(f->d, false)->v[0];
    f->names = (struct namer){.arena = &f->arena, .language = dw_language_name(language)};
}

static void close_program(struct fixture *f)
{
    namer_done(&f->names);
    arena_done(&f->arena);
    dwarf_free(f->d);
}

static void assert_name(struct fixture *f, const struct dw_die *die, const char *want)
{
    const struct function_name *n = function_name(&f->names, die);
    if (want)
        assert_string_equal(n->name, want);
    else
        assert_null(n->name);
}

static void test_functions_and_inlined_calls(void **state)
{
    (void)state;
    struct fixture f;
    open_program(&f, DW_LANG_C_plus_plus_14);
    struct scopes s[] = {{.pc = 0xfff},  {.pc = 0x1017}, {.pc = 0x1035}, {.pc = 0x104f},
                         {.pc = 0x20ff}, {.pc = 0x5001}, {.pc = 0x6001}};
    uint64_t line;
    scopes_find(f.u, s, ARRAY_LEN(s), &f.arena);
    assert_false(s[0].found);

    assert_true(s[1].found);
    assert_int_equal(s[1].entry, 0x1000);
    assert_int_equal(s[1].n_inlined, 1);
    assert_true(dw_attr_uint(&s[1].inlined[0], DW_AT_call_line, &line) && line == 77);
    assert_name(&f, &s[1].inlined[0], "helper");
    assert_name(&f, &s[1].function, "ns::cls<int>::m");
    assert_true(s[1].has_site);
    struct call_target t = callsite_target(&s[1].site);
    assert_int_equal(t.kind, CALL_NAME);
    assert_string_equal(t.name, "callee_v2");

    assert_int_equal(s[2].n_inlined, 1);
    assert_true(dw_attr_uint(&s[2].inlined[0], DW_AT_call_line, &line) && line == 78);
    assert_false(s[2].has_site);

    assert_int_equal(s[3].n_inlined, 0);
    t = callsite_target(&s[3].site);
    assert_int_equal(t.kind, CALL_ADDRESS);
    assert_int_equal(t.address, 0x2000);

    assert_name(&f, &s[4].function, "ns::(anonymous namespace)::free");
    assert_name(&f, &s[5].function, "nested");
    assert_int_equal(s[5].entry, 0x5000);
    assert_true(s[6].found);
    assert_name(&f, &s[6].function, NULL);
    close_program(&f);
}

static void test_names_by_language(void **state)
{
    (void)state;
    struct fixture f;
    struct scopes s = {.pc = 0x2000};
    open_program(&f, DW_LANG_C11);
    scopes_find(f.u, &s, 1, &f.arena);
    assert_name(&f, &s.function, "free");
    struct dw_die die;
    struct dw_die root;
    assert_true(dw_die_root(f.u, &root) && dw_die_child(&root, &die) && dw_die_next(&die));
    assert_name(&f, &die, "callee_v2");
    close_program(&f);

    open_program(&f, DW_LANG_Rust);
    assert_true(dw_die_root(f.u, &root) && dw_die_child(&root, &die) && dw_die_next(&die));
    assert_name(&f, &die, "callee");
    assert_string_equal(function_name(&f.names, &die)->linkage, "callee_v2");
    close_program(&f);
}

static void test_tail_calls(void **state)
{
    (void)state;
    struct fixture f;
    struct dw_die die;
    struct tail_list tails;
    open_program(&f, DW_LANG_C11);
    assert_true(function_starting_at(f.u, 0x1000, &die));
    callsite_tails(&die, &f.arena, &tails);
    assert_int_equal(tails.n, 2);
    assert_int_equal(tails.sites[0].pc, 0x1050);
    assert_int_equal(tails.sites[0].target.address, 0x2000);
    assert_int_equal(tails.sites[1].pc, 0x1060);
    assert_string_equal(tails.sites[1].target.name, "callee_v2");

    assert_false(function_starting_at(f.u, 0x1001, &die));
    assert_true(function_starting_at(f.u, 0x2000, &die));
    callsite_tails(&die, &f.arena, &tails); /* does not say that it lists them all */
    assert_int_equal(tails.n, 0);
    close_program(&f);
}

RUN_TESTS(cmocka_unit_test(test_functions_and_inlined_calls), cmocka_unit_test(test_names_by_language),
          cmocka_unit_test(test_tail_calls))
