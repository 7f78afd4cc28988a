/* SPDX-License-Identifier: Apache-2.0 */
/* Where source files are found, and their lines. */
#include "unit.h"

#include "session/code_priv.h"

#include <sys/stat.h>

struct fixture {
    char dir[64];
    struct session s;
};

static void write_file(const struct fixture *f, const char *name, const char *text, size_t n)
{
    SCOPED(freep) char *path = xasprintf("%s/%s", f->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    fclose(file);
}

static void make_folder(const struct fixture *f, const char *name)
{
    SCOPED(freep) char *path = xasprintf("%s/%s", f->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/inquest-source-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    make_folder(f, "new");
    make_folder(f, "new/src");
    static const char text[] = "one\r\n\ttwo\n\nfour \033[2J";
    write_file(f, "new/src/a.c", text, sizeof(text) - 1);
    write_file(f, "new/b.c", "", 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"new/src/a.c", "new/b.c", "new/src", "new", ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        SCOPED(freep) char *path = xasprintf("%s/%s", f->dir, names[i]);
        remove(path);
    }
    code_free(f->s.code);
    arena_done(&f->s.arena);
    free(f);
    return 0;
}

static void test_lines(void **state)
{
    struct fixture *f = *state;
    const struct source *src;
    SCOPED(freep) char *path = xasprintf("%s/new/src/a.c", f->dir);
    assert_ok(session_source(&f->s, path, NULL, &src));
    assert_string_equal(src->path, path);
    assert_int_equal(src->n, 4);
    assert_string_equal(src->lines[0], "one");
    assert_string_equal(src->lines[1], "\ttwo");
    assert_string_equal(src->lines[2], "");
    assert_string_equal(src->lines[3], "four \033[2J");
    assert_false(src->newer);
    SCOPED(freep) char *empty = xasprintf("%s/new/b.c", f->dir);
    assert_ok(session_source(&f->s, empty, NULL, &src));
    assert_int_equal(src->n, 0);
}

static void test_rules(void **state)
{
    struct fixture *f = *state;
    const struct source *src;
    SCOPED(freep) char *new = xasprintf("%s/new", f->dir);
    assert_err(session_source(&f->s, "/build/x/src/a.c", NULL, &src), ERR_NOT_FOUND);
    session_substitute_path(&f->s, "/build/x", new);
    assert_ok(session_source(&f->s, "/build/x/src/a.c", NULL, &src));
    assert_err(session_source(&f->s, "/build/xy/src/a.c", NULL, &src), ERR_NOT_FOUND); /* no component border */
    session_substitute_path(&f->s, "/build/x", NULL);
    assert_err(session_source(&f->s, "/build/x/src/a.c", NULL, &src), ERR_NOT_FOUND);
}

static void test_directories(void **state)
{
    struct fixture *f = *state;
    const struct source *src;
    SCOPED(freep) char *dirs = xasprintf("$cdir:/nowhere:%s/new:$cwd", f->dir);
    session_source_directories(&f->s, dirs);
    assert_ok(session_source(&f->s, "/build/x/src/a.c", NULL, &src)); /* src/a.c below it */
    assert_int_equal(src->n, 4);
    assert_ok(session_source(&f->s, "deep/down/b.c", NULL, &src)); /* b.c below it */
    assert_err(session_source(&f->s, "/build/new/src", NULL, &src), ERR_NOT_FOUND); /* a folder is no source */
    session_source_directories(&f->s, NULL);
    assert_err(session_source(&f->s, "/build/x/src/a.c", NULL, &src), ERR_NOT_FOUND);
}

static void test_sysroot(void **state)
{
    struct fixture *f = *state;
    const struct source *src;
    SCOPED(freep) char *root = xasprintf("%s/new", f->dir);
    f->s.opts.modules.sysroot = root;
    assert_ok(session_source(&f->s, "/src/a.c", NULL, &src));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
RUN_TESTS(TEST(test_lines), TEST(test_rules), TEST(test_directories), TEST(test_sysroot))
