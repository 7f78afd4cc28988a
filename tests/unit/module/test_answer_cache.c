/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/text.h"
#include "module/symbolize_priv.h"

#include <fcntl.h>
#include <sys/stat.h>

static const struct cache_key key = {.id = {.n = 3, .id = {0xab, 0xcd, 0xef}}, .size = 1000, .mtime = 7};

struct fixture {
    char dir[64], path[128];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/inquest-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/symbols/abcdef", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char folder[128];
    unlink(f->path);
    snprintf(folder, sizeof(folder), "%s/symbols", f->dir);
    rmdir(folder);
    int left = rmdir(f->dir);
    free(f);
    return left;
}

static void done(struct sym_module *sm, struct arena *a)
{
    vec_done(&sm->answers);
    vec_done(&sm->tails);
    map64_done(&sm->answer_at);
    map64_done(&sm->tails_at);
    if (sm->cache.path)
        filemap_done(&sm->cache);
    arena_done(a);
}

static void save(const struct fixture *f)
{
    static const struct src_frame frames[] = {
        {.function = "in", .file = "/a.h", .line = 3, .column = 9, .inlined = true, .language = "c++"},
        {.function = "ns::out", .linkage = "_ZN2ns3outEv", .file = "/a.cc", .line = 70000, .language = "c++"},
    };
    static const struct answer answers[] = {
        {.pc = 0x1000, .entry = 0xff0, .frames = frames, .n = 2, .keep = true, .call = {CALL_NAME, 0, "g"}},
        {.pc = 0x2000, .keep = true},
        {.pc = 0x3000, .frames = frames, .n = 1, .keep = false},
    };
    static const struct tail_site sites[] = {{.pc = 0x55, .target = {CALL_ADDRESS, 0x66, NULL}}, {.pc = 0x77}};
    static const struct tail_list tails = {.entry = 0x50, .known = true, .keep = true, .sites = sites, .n = 2};
    struct sym_module sm = {0};
    struct arena a = {0};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        sym_add_answer(&sm, &answers[i]);
    sym_add_tails(&sm, &tails);
    cache_save(f->dir, &key, &sm);
    done(&sm, &a);
}

static void test_what_was_saved_comes_back(void **state)
{
    struct sym_module sm = {0};
    struct arena a = {0};
    struct fixture *f = *state;
    save(f);
    cache_load(f->dir, &key, &sm, &a);

    const struct answer *one = sym_answer(&sm, 0x1000);
    assert_non_null(one);
    assert_int_equal(one->entry, 0xff0);
    assert_int_equal(one->n, 2);
    assert_string_equal(one->frames[0].function, "in");
    assert_true(one->frames[0].inlined);
    assert_int_equal(one->frames[0].column, 9);
    assert_null(one->frames[0].linkage);
    assert_string_equal(one->frames[1].linkage, "_ZN2ns3outEv");
    assert_int_equal(one->frames[1].line, 70000);
    assert_string_equal(one->frames[1].language, "c++");
    assert_int_equal(one->call.kind, CALL_NAME);
    assert_string_equal(one->call.name, "g");
    assert_int_equal(sym_answer(&sm, 0x2000)->n, 0);
    assert_null(sym_answer(&sm, 0x3000)); /* was not complete */

    const struct tail_list *t = sym_tails(&sm, 0x50);
    assert_non_null(t);
    assert_true(t->known);
    assert_int_equal(t->n, 2);
    assert_int_equal(t->sites[0].target.address, 0x66);
    assert_int_equal(t->sites[1].target.kind, CALL_UNKNOWN);
    done(&sm, &a);
}

static void test_nobody_else_can_read_it(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    save(f);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    f->path[strlen(f->path) - strlen("/abcdef")] = 0;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    f->path[strlen(f->path)] = '/';
}

static size_t loaded(const struct fixture *f, const struct cache_key *k)
{
    struct sym_module sm = {0};
    struct arena a = {0};
    cache_load(f->dir, k, &sm, &a);
    size_t n = sm.answers.n + sm.tails.n;
    done(&sm, &a);
    return n;
}

static void test_another_debug_file(void **state)
{
    struct fixture *f = *state;
    save(f);
    struct cache_key other = key;
    other.mtime++;
    assert_int_equal(loaded(f, &other), 0);
    other = key;
    other.size++;
    assert_int_equal(loaded(f, &other), 0);
    other = key;
    other.id.id[0]++;
    assert_int_equal(loaded(f, &other), 0);
    assert_int_equal(loaded(f, &key), 3);
}

static void test_every_damaged_byte_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    save(f);
    assert_int_equal(stat(f->path, &st), 0);
    for (off_t i = 0; i < st.st_size; i++) {
        char byte;
        int fd = open(f->path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, i), 1);
        byte = (char)(byte ^ 0x10);
        assert_int_equal(pwrite(fd, &byte, 1, i), 1);
        assert_int_equal(loaded(f, &key), 0);
        byte = (char)(byte ^ 0x10);
        assert_int_equal(pwrite(fd, &byte, 1, i), 1);
        close(fd);
    }
    for (off_t n = st.st_size - 1; n >= 0; n -= 13) {
        assert_int_equal(truncate(f->path, n), 0);
        assert_int_equal(loaded(f, &key), 0);
    }
}

static void test_a_link_is_not_followed(void **state)
{
    struct fixture *f = *state;
    char elsewhere[128];
    save(f);
    snprintf(elsewhere, sizeof(elsewhere), "%s/real", f->dir);
    assert_int_equal(rename(f->path, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, f->path), 0);
    assert_int_equal(loaded(f, &key), 0);
    unlink(elsewhere);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
RUN_TESTS(TEST(test_what_was_saved_comes_back), TEST(test_nobody_else_can_read_it), TEST(test_another_debug_file),
          TEST(test_every_damaged_byte_is_noticed), TEST(test_a_link_is_not_followed))
