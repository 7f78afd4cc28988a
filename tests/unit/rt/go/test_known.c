/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of the standard library in the words in which they are shown: types and memory are put together here. */
#include "unit.h"

#include "module/make_dwarf.h"
#include "rt/go/priv.h"

enum { AT = 0x10000, SIZE = 256, KIND_STRUCT = 25, KIND_INT32 = 5, KIND_INT64 = 6, KIND_UINT32 = 10, KIND_UINT64 = 11 };
enum { CU = 1, BASE, STRUCT, MEMBER, CONSTANT };
struct made_types {
    uint64_t i32, i64, u32, u64; /* offsets in .debug_info */
};

struct fixture {
    struct image im;
    struct arena arena;
    struct values vs;
    struct rt rt;
    struct made_sections s;
    struct made_types t;
    struct dwarf *d;
    uint8_t memory[SIZE];
};

static uint64_t put_base(struct text *info, const char *name, unsigned kind, unsigned size, unsigned encoding)
{
    uint64_t at = info->n;
    put_u8(info, BASE);
    put_string(info, name);
    put_u8(info, size);
    put_u8(info, encoding);
    put_u8(info, kind);
    return at;
}

static void put_struct(struct fixture *f, const char *name, unsigned size)
{
    put_u8(&f->s.info, STRUCT);
    put_string(&f->s.info, name);
    put_u8(&f->s.info, size);
    put_u8(&f->s.info, KIND_STRUCT);
}

static void put_member(struct fixture *f, const char *name, uint64_t type, unsigned at)
{
    put_u8(&f->s.info, MEMBER);
    put_string(&f->s.info, name);
    put_u32(&f->s.info, type);
    put_u8(&f->s.info, at);
}

static struct fixture *begin(void)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    put_abbrev(&f->s.abbrev, CU, DW_TAG_compile_unit, 1, DW_AT_language, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, BASE, DW_TAG_base_type, 0, DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1,
               DW_AT_encoding, DW_FORM_data1, DW_AT_go_kind, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, STRUCT, DW_TAG_structure_type, 1, DW_AT_name, DW_FORM_string, DW_AT_byte_size,
               DW_FORM_data1, DW_AT_go_kind, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, MEMBER, DW_TAG_member, 0, DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4,
               DW_AT_data_member_location, DW_FORM_data1);
    put_abbrev(&f->s.abbrev, CONSTANT, DW_TAG_constant, 0, DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4,
               DW_AT_const_value, DW_FORM_data1);
    put_u8(&f->s.abbrev, 0);
    put_unit(&f->s.info, 4);
    put_u8(&f->s.info, CU);
    put_u8(&f->s.info, DW_LANG_Go);
    f->t.i32 = put_base(&f->s.info, "int32", KIND_INT32, 4, DW_ATE_signed);
    f->t.i64 = put_base(&f->s.info, "int64", KIND_INT64, 8, DW_ATE_signed);
    f->t.u32 = put_base(&f->s.info, "uint32", KIND_UINT32, 4, DW_ATE_unsigned);
    f->t.u64 = put_base(&f->s.info, "uint64", KIND_UINT64, 8, DW_ATE_unsigned);
    return f;
}

/* The unit ends; what was put last was a struct, or was not. */
static void finish_with(struct fixture *f, bool in_struct)
{
    if (in_struct)
        put_u8(&f->s.info, 0);
    put_u8(&f->s.info, 0);
    patch_length(&f->s.info, 0);
    f->d = make_dwarf(&f->s);
    f->im = (struct image){.kind = IMAGE_CORE, .path = "unit", .arch = &arch_x86_64};
    space_add(&f->im.space, (struct space_range){.start = AT, .end = AT + SIZE, .data = f->memory, .have = SIZE});
    space_sort(&f->im.space);
    f->rt.ms = f->vs.ms = modules_load(&f->im, &(struct module_opts){.no_debuginfod = true});
    f->vs.types = types_new(f->vs.ms, NULL);
    f->vs.arena = &f->arena;
}

static void finish(struct fixture *f)
{
    finish_with(f, true);
}

static void end(struct fixture *f)
{
    vec_done(&f->rt.constants);
    types_free(f->vs.types);
    modules_free(f->vs.ms);
    dwarf_free(f->d);
    space_done(&f->im.space);
    arena_done(&f->im.arena);
    arena_done(&f->arena);
    free(f);
}

/* The type with a name; the last one of several. */
static const struct type *type_named(struct fixture *f, const char *name)
{
    struct dw_die root, die, found;
    struct dw_walk w;
    bool any = false;
    assert_true(dw_die_root(&dwarf_units(f->d, false)->v[0], &root));
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        const char *own = dw_tag(&die) == DW_TAG_structure_type ? dw_attr_string(&die, DW_AT_name) : NULL;
        if (own && strcmp(own, name) == 0) {
            found = die;
            any = true;
        }
    }
    assert_true(any);
    return type_of_die(f->vs.types, &found);
}

static void set(struct fixture *f, unsigned at, uint64_t v, size_t n)
{
    memcpy(f->memory + at, &v, n);
}

/* `want` NULL: shown as any struct is. */
static void expect(struct fixture *f, const char *name, const char *want)
{
    struct presentation p;
    struct value v = value_at(&f->vs, type_named(f, name), AT);
    bool known = go_present_struct(&f->rt, &f->vs, &v, &p);
    assert_int_equal(known, want != NULL);
    if (known)
        assert_string_equal(p.summary, want);
}

static void test_mutex(void **state)
{
    (void)state;
    static const struct {
        uint32_t state;
        const char *want;
    } all[] = {
        {0, "unlocked"},
        {1, "locked"},
        {1 | 4, "locked, starving"},
        {1 | 2 << 3, "locked, 2 waiting"},
        {4 | 1 << 3, "unlocked, 1 waiting, starving"},
        {UINT32_MAX, "locked, 536870911 waiting, starving"},
    };
    struct fixture *f = begin();
    put_struct(f, "internal/sync.Mutex", 8);
    uint64_t inner = f->s.info.n - strlen("internal/sync.Mutex") - 4;
    put_member(f, "state", f->t.i32, 0);
    put_member(f, "sema", f->t.u32, 4);
    put_u8(&f->s.info, 0);
    put_struct(f, "sync.Mutex", 8); /* from Go 1.24 */
    put_member(f, "mu", inner, 0);
    finish(f);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        set(f, 0, all[i].state, 4);
        expect(f, "sync.Mutex", all[i].want);
        expect(f, "internal/sync.Mutex", all[i].want);
    }
    end(f);
}

static void test_rwmutex(void **state)
{
    (void)state;
    static const int32_t most = 1 << 30;
    const struct {
        int32_t readers, wait;
        const char *want;
    } all[] = {
        {0, 0, "unlocked"},
        {3, 0, "read-locked by 3"},
        {-most, 0, "write-locked"},
        {2 - most, 1, "read-locked by 1, a writer waiting"},
        {5 - most, 0, "write-locked, 5 waiting"},
    };
    struct fixture *f = begin();
    put_struct(f, "sync/atomic.Int32", 4);
    uint64_t atomic = f->s.info.n - strlen("sync/atomic.Int32") - 4;
    put_member(f, "v", f->t.i32, 0);
    put_u8(&f->s.info, 0);
    put_struct(f, "sync.RWMutex", 8);
    put_member(f, "readerCount", atomic, 0);
    put_member(f, "readerWait", f->t.i32, 4); /* until Go 1.19 it is no atomic type */
    finish(f);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        set(f, 0, (uint32_t)all[i].readers, 4);
        set(f, 4, (uint32_t)all[i].wait, 4);
        expect(f, "sync.RWMutex", all[i].want);
    }
    set(f, 0, (uint32_t)-7, 4);
    expect(f, "sync/atomic.Int32", "-7");
    end(f);
}

static void test_wait_group_once_and_bool(void **state)
{
    (void)state;
    struct fixture *f = begin();
    put_struct(f, "sync.WaitGroup", 8);
    put_member(f, "state", f->t.u64, 0);
    put_u8(&f->s.info, 0);
    put_struct(f, "sync.Once", 8);
    put_member(f, "done", f->t.u32, 0);
    put_u8(&f->s.info, 0);
    put_struct(f, "sync/atomic.Bool", 4);
    put_member(f, "v", f->t.u32, 0);
    put_u8(&f->s.info, 0);
    put_struct(f, "sync/atomic.Uint64", 8);
    put_member(f, "v", f->t.u64, 0);
    put_u8(&f->s.info, 0);
    put_struct(f, "main.Mutex", 8); /* nobody's that we know */
    put_member(f, "state", f->t.i32, 0);
    finish(f);
    set(f, 0, UINT64_C(3) << 32 | 1u << 31 | 2, 8);
    expect(f, "sync.WaitGroup", "3 to finish, 2 waiting");
    expect(f, "main.Mutex", NULL);
    set(f, 0, UINT64_MAX, 8);
    expect(f, "sync.Once", "done");
    expect(f, "sync/atomic.Bool", "true");
    expect(f, "sync/atomic.Uint64", "18446744073709551615");
    set(f, 0, 0, 8);
    expect(f, "sync.Once", "not done");
    expect(f, "sync/atomic.Bool", "false");
    end(f);
}

static void test_time(void **state)
{
    (void)state;
    static const uint64_t year_1_to_1970 = UINT64_C(62135596800), year_1_to_1885 = UINT64_C(59453308800);
    struct fixture *f = begin();
    put_struct(f, "time.Time", 24);
    put_member(f, "wall", f->t.u64, 0);
    put_member(f, "ext", f->t.i64, 8);
    put_member(f, "loc", f->t.u64, 16);
    finish(f);
    set(f, 8, year_1_to_1970, 8);
    expect(f, "time.Time", "1970-01-01T00:00:00Z");
    set(f, 0, 500000000, 8); /* nanoseconds */
    expect(f, "time.Time", "1970-01-01T00:00:00.5Z");
    /* With a clock's reading in ext: seconds since 1885 above the nanoseconds. */
    set(f, 0, UINT64_C(1) << 63 | (year_1_to_1970 - year_1_to_1885 + 60) << 30 | 1, 8);
    set(f, 8, 12345, 8);
    expect(f, "time.Time", "1970-01-01T00:01:00.000000001Z");
    set(f, 0, 0, 8);
    set(f, 8, 0, 8);
    expect(f, "time.Time", "0001-01-01T00:00:00Z"); /* time.Time{} */
    set(f, 8, UINT64_C(1) << 63, 8); /* before what can be said */
    expect(f, "time.Time", NULL);
    set(f, 8, INT64_MAX, 8); /* a year that no calendar has */
    expect(f, "time.Time", NULL);
    set(f, 8, year_1_to_1970, 8);
    set(f, 16, 0x1234, 8); /* what it points to is not there */
    expect(f, "time.Time", "1970-01-01T00:00:00Z, zone unknown");
    end(f);
}

/* The struct, with what is wrong with it, is shown instead. */
static void test_unreadable(void **state)
{
    (void)state;
    struct fixture *f = begin();
    put_struct(f, "sync.Once", 8);
    put_member(f, "done", f->t.u32, 0);
    put_u8(&f->s.info, 0);
    put_struct(f, "sync.Mutex", 8); /* without a state */
    put_member(f, "other", f->t.u32, 0);
    finish(f);
    struct presentation p;
    struct value v = value_at(&f->vs, type_named(f, "sync.Once"), 0x10);
    assert_false(go_present_struct(&f->rt, &f->vs, &v, &p));
    expect(f, "sync.Mutex", NULL);
    end(f);
}

/* ---- constants ---- */

static void expect_constant(struct fixture *f, const struct type *t, uint64_t number, const char *want)
{
    struct presentation p;
    set(f, 0, number, 8);
    struct value v = value_at(&f->vs, t, AT);
    bool known = go_present_constant(&f->rt, &f->vs, &v, &p);
    assert_int_equal(known, want != NULL);
    if (known)
        assert_string_equal(p.summary, want);
}

/* Gives the type main.flag, of which the constants are. */
static const struct type *note_constants(struct fixture *f)
{
    struct dw_die root, die, type = {0};
    struct dw_walk w;
    assert_true(dw_die_root(&dwarf_units(f->d, false)->v[0], &root));
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        const char *name = dw_attr_string(&die, DW_AT_name);
        if (dw_tag(&die) == DW_TAG_constant)
            go_constant_add(&f->rt, &die);
        else if (name && strcmp(name, "main.flag") == 0)
            type = die;
    }
    go_constants_sort(&f->rt);
    f->rt.tried_types = true;
    assert_non_null(type.unit);
    return type_of_die(f->vs.types, &type);
}

static void test_constants(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned number;
    } all[] = {{"other.Alias", 2}, {"main.write", 2}, {"main.read", 1}, {"main.all", 7}, {"other.exec", 4}};
    struct fixture *f = begin();
    uint64_t flag = put_base(&f->s.info, "main.flag", KIND_INT64, 8, DW_ATE_signed);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        put_u8(&f->s.info, CONSTANT);
        put_string(&f->s.info, all[i].name);
        put_u32(&f->s.info, flag);
        put_u8(&f->s.info, all[i].number);
    }
    finish_with(f, false);
    const struct type *t = note_constants(f);
    expect_constant(f, t, 1, "read");
    expect_constant(f, t, 2, "write"); /* its own package's name before another's */
    expect_constant(f, t, 4, "other.exec");
    expect_constant(f, t, 5, "read|other.exec");
    expect_constant(f, t, 7, "all");
    expect_constant(f, t, 0, NULL);
    expect_constant(f, t, 9, NULL);
    expect_constant(f, t, UINT64_MAX, NULL);
    f->rt.constants.n = 0;
    expect_constant(f, t, 1, NULL);
    end(f);
}

RUN_TESTS(cmocka_unit_test(test_mutex), cmocka_unit_test(test_rwmutex), cmocka_unit_test(test_wait_group_once_and_bool),
          cmocka_unit_test(test_time), cmocka_unit_test(test_unreadable), cmocka_unit_test(test_constants))
