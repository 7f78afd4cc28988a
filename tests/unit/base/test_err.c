/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

#include "base/mem.h"

static void text_with_and_without_hint(void **state)
{
    (void)state;
    struct err *e = err_new(ERR_NO_DATA, "no unwind table covers 0x%x in %s", 0x7f12, "libfoo.so.1");
    char *text = err_text(e);
    assert_string_equal(text, "no unwind table covers 0x7f12 in libfoo.so.1");
    free(text);

    e = err_hint(e, "install %s", "libfoo1-dbgsym");
    e = err_hint(e, "install %s", "libfoo1-dbg"); /* replaces the first */
    text = err_text(e);
    assert_string_equal(text, "no unwind table covers 0x7f12 in libfoo.so.1 (hint: install libfoo1-dbg)");
    free(text);
    err_free(e);
}

static void errno_decides_the_code(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        enum err_code code;
    } cases[] = {
        {ENOENT, ERR_NOT_FOUND}, {ENOTDIR, ERR_NOT_FOUND}, {EACCES, ERR_PERMISSION},
        {EPERM, ERR_PERMISSION}, {ESRCH, ERR_GONE},        {EIO, ERR_IO},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_err(err_errno(cases[i].errnum, "cannot do it"), cases[i].code);

    struct err *e = err_errno(EACCES, "cannot open %s", "core.1");
    assert_string_equal(e->msg, "cannot open core.1: Permission denied");
    err_free(e);
}

static void prefix_and_place(void **state)
{
    (void)state;
    struct err *e = err_at(err_new(ERR_CORRUPT, "bad tag"), ERR_AT_OFFSET, 0x40);
    e = err_prefix(e, ".debug_info of %s", "a.out");
    assert_string_equal(e->msg, ".debug_info of a.out: bad tag");
    assert_int_equal(e->where, ERR_AT_OFFSET);
    assert_int_equal(e->at, 0x40);
    err_free(e);
}

static void a_copy_is_whole(void **state)
{
    (void)state;
    assert_null(err_dup(NULL));
    struct err *e = err_hint(err_at(err_new(ERR_BUSY, "traced"), ERR_AT_ADDRESS, 7), "detach it");
    struct err *copy = err_dup(e);
    err_free(e);
    assert_int_equal(copy->code, ERR_BUSY);
    assert_int_equal(copy->where, ERR_AT_ADDRESS);
    assert_int_equal(copy->at, 7);
    assert_string_equal(copy->msg, "traced");
    assert_string_equal(copy->hint, "detach it");
    err_free(copy);
}

static void every_code_has_a_distinct_name(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_CODE_COUNT; i++) {
        assert_non_null(err_code_name((enum err_code)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(err_code_name((enum err_code)i), err_code_name((enum err_code)j));
    }
    assert_string_equal(err_code_name(ERR_NOT_IN_DUMP), "not-in-dump");
    assert_string_equal(err_code_name(ERR_CODE_COUNT), "internal");
}

static struct err *fails(void)
{
    return err_new(ERR_USAGE, "no");
}

static struct err *tries(bool *went_on)
{
    *went_on = false;
    TRY(NULL);
    *went_on = true;
    TRY(fails());
    *went_on = false;
    return NULL;
}

static void try_returns_the_error(void **state)
{
    (void)state;
    bool went_on;
    assert_err(tries(&went_on), ERR_USAGE);
    assert_true(went_on);
    IGNORE_ERR(fails());
    err_free(NULL);
}

static struct err *keeps(bool fail, char **out)
{
    SCOPED(freep) char *s = xstrdup("kept");
    if (fail)
        return fails(); /* the sanitizer build sees a leak if this did not free */
    *out = TAKE(s);
    return NULL;
}

static void ownership_by_scope(void **state)
{
    (void)state;
    char *s = NULL;
    assert_err(keeps(true, &s), ERR_USAGE);
    assert_null(s);
    assert_ok(keeps(false, &s));
    assert_string_equal(s, "kept");
    free(s);
}

RUN_TESTS(cmocka_unit_test(text_with_and_without_hint), cmocka_unit_test(errno_decides_the_code),
          cmocka_unit_test(prefix_and_place), cmocka_unit_test(a_copy_is_whole),
          cmocka_unit_test(every_code_has_a_distinct_name), cmocka_unit_test(try_returns_the_error),
          cmocka_unit_test(ownership_by_scope))
