/* SPDX-License-Identifier: Apache-2.0 */
/* Types that have the names of the standard library's, and nothing else of them, or damage inside: what is put together
 * here prints as the record that it is. */
#include "unit.h"

#include "module/make_dwarf.h"
#include "rt/native/formatters.h"
#include "rt/native/native.h"
#include "value/expr_priv.h"
#include "value/value_priv.h"

enum { AT = 0x10000, SIZE = 256 };
enum { CU = 1, BASE, STRUCT, MEMBER, POINTER, ARGUMENT, INHERITS };

struct fixture {
    struct image im;
    struct arena arena;
    struct values vs;
    struct rt *rt;
    const struct formatter *formatters[2];
    struct made_sections s;
    struct dwarf *d;
    uint64_t word, boolean; /* offsets in .debug_info */
    uint8_t memory[SIZE];
};

static uint64_t put_base(struct fixture *f, const char *name, unsigned size, unsigned encoding)
{
    uint64_t at = f->s.info.n;
    put_u8(&f->s.info, BASE);
    put_string(&f->s.info, name);
    put_u8(&f->s.info, size);
    put_u8(&f->s.info, encoding);
    return at;
}

/* Ends at the next end_struct(). */
static uint64_t put_struct(struct fixture *f, const char *name, unsigned size)
{
    uint64_t at = f->s.info.n;
    put_u8(&f->s.info, STRUCT);
    put_string(&f->s.info, name);
    put_u8(&f->s.info, size);
    return at;
}

static void put_member(struct fixture *f, const char *name, uint64_t type, unsigned at)
{
    put_u8(&f->s.info, MEMBER);
    put_string(&f->s.info, name);
    put_u32(&f->s.info, type);
    put_u8(&f->s.info, at);
}

static void put_inherits(struct fixture *f, uint64_t type)
{
    put_u8(&f->s.info, INHERITS);
    put_u32(&f->s.info, type);
    put_u8(&f->s.info, 0);
}

static void put_argument(struct fixture *f, uint64_t type)
{
    put_u8(&f->s.info, ARGUMENT);
    put_u32(&f->s.info, type);
}

static void end_struct(struct fixture *f)
{
    put_u8(&f->s.info, 0);
}

static uint64_t put_pointer(struct fixture *f, uint64_t to)
{
    uint64_t at = f->s.info.n;
    put_u8(&f->s.info, POINTER);
    put_u32(&f->s.info, to);
    return at;
}

static struct fixture *begin(void)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    put_abbrev(&f->s.abbrev, CU, DW_TAG_compile_unit, 1, DW_AT_language, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, BASE, DW_TAG_base_type, 0, DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1,
               DW_AT_encoding, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, STRUCT, DW_TAG_structure_type, 1, DW_AT_name, DW_FORM_string, DW_AT_byte_size,
               DW_FORM_data1);
    put_abbrev(&f->s.abbrev, MEMBER, DW_TAG_member, 0, DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4,
               DW_AT_data_member_location, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, POINTER, DW_TAG_pointer_type, 0, DW_AT_type, DW_FORM_ref4);
    put_abbrev(&f->s.abbrev, ARGUMENT, DW_TAG_template_type_parameter, 0, DW_AT_type, DW_FORM_ref4);
    put_abbrev(&f->s.abbrev, INHERITS, DW_TAG_inheritance, 0, DW_AT_type, DW_FORM_ref4, DW_AT_data_member_location,
               DW_FORM_data1);
    put_u8(&f->s.abbrev, 0);
    put_unit(&f->s.info, 4);
    put_u8(&f->s.info, CU);
    put_u8(&f->s.info, DW_LANG_C_plus_plus);
    f->word = put_base(f, "long", 8, DW_ATE_signed);
    f->boolean = put_base(f, "bool", 1, DW_ATE_boolean);
    return f;
}

static void finish(struct fixture *f)
{
    put_u8(&f->s.info, 0);
    patch_length(&f->s.info, 0);
    f->d = make_dwarf(&f->s);
    f->im = (struct image){.kind = IMAGE_CORE, .path = "unit", .arch = &arch_x86_64};
    space_add(&f->im.space, (struct space_range){.start = AT, .end = AT + SIZE, .data = f->memory, .have = SIZE});
    space_sort(&f->im.space);
    f->vs.ms = modules_load(&f->im, &(struct module_opts){.no_debuginfod = true});
    f->vs.types = types_new(f->vs.ms, NULL);
    f->vs.arena = &f->arena;
    assert_ok(runtime_native.attach(f->vs.ms, &f->rt));
    f->formatters[0] = runtime_native.formatter(f->rt);
    f->vs.formatters = f->formatters;
}

static void end(struct fixture *f)
{
    runtime_native.free(f->rt);
    types_free(f->vs.types);
    modules_free(f->vs.ms);
    dwarf_free(f->d);
    space_done(&f->im.space);
    arena_done(&f->im.arena);
    arena_done(&f->arena);
    free(f);
}

static void set_word(struct fixture *f, unsigned at, uint64_t v)
{
    memcpy(f->memory + at, &v, sizeof(v));
}

/* The object at AT of a type, whose DIE is at an offset. */
static struct value object(struct fixture *f, uint64_t type)
{
    struct dw_die root, die;
    struct dw_walk w;
    assert_true(dw_die_root(&dwarf_units(f->d, false)->v[0], &root));
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        if (die.offset != type)
            continue;
        return value_at(&f->vs, type_of_die(f->vs.types, &die), AT);
    }
    fail();
    return (struct value){0};
}

/* NULL: it prints as its record. */
static const char *shown(struct fixture *f, uint64_t type)
{
    struct value v = object(f, type);
    struct presentation p;
    return format_present(&f->vs, &v, &p) ? p.summary : NULL;
}

static uint64_t put_shared(struct fixture *f, const char *name, bool arguments)
{
    uint64_t block = put_struct(f, "block", 16);
    put_member(f, "_M_use_count", f->word, 0);
    put_member(f, "_M_weak_count", f->word, 8);
    end_struct(f);
    uint64_t pointer = put_pointer(f, f->word), to_block = put_pointer(f, block);
    uint64_t counts = put_struct(f, "counts", 8);
    put_member(f, "_M_pi", to_block, 0);
    end_struct(f);
    uint64_t shared = put_struct(f, name, 16);
    if (arguments)
        put_argument(f, f->word);
    put_member(f, "_M_ptr", pointer, 0);
    put_member(f, "_M_refcount", counts, 8);
    end_struct(f);
    return shared;
}

static void no_template_of_that_name(void **state)
{
    (void)state;
    struct fixture *f = begin();
    uint64_t shared = put_shared(f, "std::shared_ptr", false);
    uint64_t pointer = put_pointer(f, f->word);
    uint64_t wrapper = put_struct(f, "wrapper", 8);
    put_member(f, "pointer", pointer, 0);
    end_struct(f);
    uint64_t buffer = put_struct(f, "buffer", 16);
    put_member(f, "ptr", wrapper, 0);
    put_member(f, "cap", f->word, 8);
    end_struct(f);
    uint64_t ring = put_struct(f, "alloc::collections::vec_deque::VecDeque", 32);
    put_member(f, "buf", buffer, 0);
    put_member(f, "head", f->word, 16);
    put_member(f, "len", f->word, 24);
    end_struct(f);
    finish(f);
    set_word(f, 24, 3); /* more than its room */
    assert_null(shown(f, shared));
    assert_null(shown(f, ring));
    end(f);
}

static void counts_at_the_ends_of_numbers(void **state)
{
    (void)state;
    struct fixture *f = begin();
    uint64_t shared = put_shared(f, "std::shared_ptr<long>", true);
    finish(f);
    set_word(f, 8, AT + 16);
    set_word(f, 16, INT64_MAX);
    set_word(f, 24, (uint64_t)INT64_MIN);
    assert_string_equal(shown(f, shared),
                        "std::shared_ptr<long> (use count 9223372036854775807, weak count 9223372036854775807)");
    end(f);
}

/* A stack whose container is that stack itself. */
static void wraps_itself(void **state)
{
    (void)state;
    struct fixture *f = begin();
    uint64_t stack = put_struct(f, "std::stack<long>", 8);
    put_member(f, "c", stack, 0);
    end_struct(f);
    finish(f);
    assert_null(shown(f, stack));
    end(f);
}

static void bits_that_end_before_they_begin(void **state)
{
    (void)state;
    static const char *const ends[] = {"_M_start", "_M_finish"};
    struct fixture *f = begin();
    uint64_t place = put_struct(f, "place", 16);
    put_member(f, "_M_p", f->word, 0);
    put_member(f, "_M_offset", f->word, 8);
    end_struct(f);
    uint64_t inside = put_struct(f, "inside", 40);
    for (unsigned i = 0; i < ARRAY_LEN(ends); i++)
        put_member(f, ends[i], place, i * 16);
    put_member(f, "_M_end_of_storage", f->word, 32);
    end_struct(f);
    uint64_t bits = put_struct(f, "std::vector<bool>", 40);
    put_argument(f, f->boolean);
    put_member(f, "_M_impl", inside, 0);
    end_struct(f);
    finish(f);
    set_word(f, 8, 2);
    assert_null(shown(f, bits));
    set_word(f, 24, 5);
    assert_string_equal(shown(f, bits), "std::vector<bool> of length 3, capacity 0");
    end(f);
}

/* 2 to the power of the depth are the places where a search would look. */
static void record_that_has_itself_as_base_twice(void **state)
{
    (void)state;
    struct fixture *f = begin();
    uint64_t record = put_struct(f, "record", 8);
    put_inherits(f, record);
    put_inherits(f, record);
    end_struct(f);
    uint64_t other = put_struct(f, "other", 8);
    end_struct(f);
    finish(f);
    struct value v = object(f, record), to = object(f, other), out;
    assert_err(value_member(&f->vs, &v, "nosuch", &out), ERR_NOT_FOUND);
    assert_false(value_has_vtable(v.type));
    assert_false(member_exists(v.type, "nosuch"));
    assert_false(member_has_base(v.type, to.type));
    IGNORE_ERR(value_cast(&f->vs, &v, to.type, &out));
    assert_int_equal(fmt_align(v.type, AT + 1), AT + 1);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_template_of_that_name),
        cmocka_unit_test(counts_at_the_ends_of_numbers),
        cmocka_unit_test(wraps_itself),
        cmocka_unit_test(bits_that_end_before_they_begin),
        cmocka_unit_test(record_that_has_itself_as_base_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
