/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of values: elements, members, targets, what a formatter gives; from any one on, and when they cannot be had. */
#include "unit.h"

#include "base/arena.h"
#include "value/children.h"

enum { AT = 0x10000, SIZE = 256 };

struct fixture {
    struct image im;
    struct arena arena;
    struct values vs;
    uint64_t memory[SIZE / 8];
    struct text seen; /* "name=value " of each child */
    size_t stop; /* after so many */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->im = (struct image){.kind = IMAGE_CORE, .path = "unit", .arch = &arch_x86_64};
    space_add(&f->im.space,
              (struct space_range){.start = AT, .end = AT + SIZE, .data = (uint8_t *)f->memory, .have = SIZE});
    space_sort(&f->im.space);
    f->vs.ms = modules_load(&f->im, &(struct module_opts){.no_debuginfod = true});
    f->vs.types = types_new(f->vs.ms, NULL);
    f->vs.arena = &f->arena;
    f->stop = SIZE_MAX;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    types_free(f->vs.types);
    modules_free(f->vs.ms);
    text_done(&f->seen);
    arena_done(&f->arena);
    space_done(&f->im.space);
    arena_done(&f->im.arena);
    free(f);
    return 0;
}

static bool see(void *arg, const struct value_child *child)
{
    struct fixture *f = arg;
    uint64_t number = 0;
    text_printf(&f->seen, "%s", child->name);
    if (child->value && type_strip(child->value->type)->kind == TYPE_INT) {
        assert_ok(value_int(&f->vs, child->value, &number));
        text_printf(&f->seen, "=%llu", (unsigned long long)number);
    } else if (!child->value) {
        assert_non_null(child->why);
        text_put(&f->seen, "=?");
    }
    text_putc(&f->seen, ' ');
    return --f->stop > 0;
}

static void assert_children(struct fixture *f, const struct value *v, uint64_t first, uint64_t max, const char *want)
{
    struct children c = value_children(&f->vs, v);
    text_clear(&f->seen);
    assert_ok(children_each(&f->vs, &c, first, max, see, f));
    assert_string_equal(text_str(&f->seen), want);
}

static const struct type *pair(struct fixture *f)
{
    const struct type *n = type_c(f->vs.types, "long");
    const struct field fields[] = {{.name = "a", .type = n}, {.name = "b", .type = n, .bit_offset = 64}};
    return type_record_of(f->vs.types, TYPE_STRUCT, "pair", 16, fields, ARRAY_LEN(fields));
}

static void test_elements_from_any_one_on(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 0; i < 8; i++)
        f->memory[i] = i * 10;
    struct value v = value_at(&f->vs, type_array_of(f->vs.types, type_c(f->vs.types, "long"), 8), AT);
    struct children c = value_children(&f->vs, &v);
    assert_int_equal(c.n, 8);
    assert_true(c.row);
    assert_children(f, &v, 0, 2, "[0]=0 [1]=10 ");
    assert_children(f, &v, 6, UINT64_MAX, "[6]=60 [7]=70 ");
    assert_children(f, &v, 8, 1, "");
    assert_children(f, &v, UINT64_MAX, UINT64_MAX, "");
    f->stop = 1;
    assert_children(f, &v, 0, 8, "[0]=0 ");
}

static void test_a_pointer_opens_its_record(void **state)
{
    struct fixture *f = *state;
    f->memory[0] = 1;
    f->memory[1] = 2;
    struct value record = value_at(&f->vs, pair(f), AT);
    struct value p = value_of_int(&f->vs, type_pointer_to(f->vs.types, pair(f)), AT);
    assert_children(f, &record, 0, 9, "a=1 b=2 ");
    assert_children(f, &p, 0, 9, "a=1 b=2 ");
    assert_true(value_children(&f->vs, &p).behind);
    assert_false(value_children(&f->vs, &record).behind);
    struct value plain = value_of_int(&f->vs, type_pointer_to(f->vs.types, type_c(f->vs.types, "long")), AT + 8);
    assert_children(f, &plain, 0, 9, "*=2 ");
}

static void test_a_slice_has_its_elements(void **state)
{
    struct fixture *f = *state;
    const struct type *n = type_c(f->vs.types, "long"), *slice = type_go_slice_of(f->vs.types, n);
    const uint64_t elements[] = {5, 6}, words[] = {AT, 2, 2};
    memcpy(f->memory, elements, sizeof(elements));
    struct value v = value_of_bytes(&f->vs, slice, words, sizeof(words));
    assert_children(f, &v, 1, 9, "[1]=6 ");
    const uint64_t damaged[] = {AT, UINT64_MAX, 2};
    v = value_of_bytes(&f->vs, slice, damaged, sizeof(damaged));
    assert_children(f, &v, 0, 9, "");
}

static void test_what_has_no_children(void **state)
{
    struct fixture *f = *state;
    struct types *t = f->vs.types;
    struct value null = value_of_int(&f->vs, type_pointer_to(t, pair(f)), 0);
    struct value text = value_of_int(&f->vs, type_pointer_to(t, type_c(t, "char")), AT);
    struct value number = value_of_int(&f->vs, type_c(t, "long"), 5);
    struct value gone = {.type = pair(f)}; /* optimised out */
    struct value empty = value_at(&f->vs, type_array_of(t, type_c(t, "long"), 0), AT);
    assert_children(f, &null, 0, 9, "");
    assert_children(f, &text, 0, 9, "");
    assert_children(f, &number, 0, 9, "");
    assert_children(f, &gone, 0, 9, "");
    assert_children(f, &empty, 0, 9, "");
}

/* ---- a formatter's ---- */

struct counter {
    uint64_t n, at;
};

static bool next_number(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    struct counter *c = p->state;
    if (c->at == c->n) {
        *err = p->length == UINT64_MAX ? err_new(ERR_CORRUPT, "the list has no end") : NULL;
        return false;
    }
    out->value = value_of_int(vs, type_c(vs->types, "long"), c->at++);
    return true;
}

/* Records are containers here, whose kind `self` says. */
static bool present(void *self, struct values *vs, const struct value *v, struct presentation *out)
{
    struct counter *c = arena_new(vs->arena, struct counter);
    (void)v;
    *c = (struct counter){.n = 6};
    *out = *(const struct presentation *)self;
    out->next = next_number;
    out->state = c;
    return true;
}

static void test_containers(void **state)
{
    struct fixture *f = *state;
    struct presentation how = {.kind = PRESENT_ARRAY, .length = 6};
    const struct formatter formatter = {.name = "unit", .present = present, .self = &how};
    const struct formatter *const formatters[] = {&formatter, NULL};
    f->vs.formatters = formatters;
    struct value v = value_at(&f->vs, pair(f), AT);
    assert_children(f, &v, 0, 2, "[0]=0 [1]=1 ");
    assert_children(f, &v, 4, 9, "[4]=4 [5]=5 ");
    how = (struct presentation){.kind = PRESENT_MAP, .length = 3};
    assert_int_equal(value_children(&f->vs, &v).n, 3);
    assert_children(f, &v, 1, 9, "[2]=3 [4]=5 ");
    how = (struct presentation){.kind = PRESENT_ARRAY, .length = UINT64_MAX};
    assert_children(f, &v, 5, 9, "[5]=5 <damaged>=? ");
    how = (struct presentation){.kind = PRESENT_TEXT};
    assert_children(f, &v, 0, 9, "");
}

static void test_cancelled(void **state)
{
    struct fixture *f = *state;
    struct progress progress = {.cancelled = true};
    f->vs.progress = &progress;
    struct value v = value_at(&f->vs, type_array_of(f->vs.types, type_c(f->vs.types, "long"), 8), AT);
    struct children c = value_children(&f->vs, &v);
    assert_err(children_each(&f->vs, &c, 0, 8, see, f), ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_elements_from_any_one_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_pointer_opens_its_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_slice_has_its_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_has_no_children, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_containers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancelled, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
