/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

/* A folder of our own for each test, in *state. */
static int make_folder(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = xasprintf("%s/inquest-file-XXXXXX", tmp ? tmp : "/tmp");
    *state = mkdtemp(dir);
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    SCOPED(freep) char *dir = *state, *file = xasprintf("%s/file", dir);
    unlink(file);
    return rmdir(dir);
}

static char *write_file(const char *dir, const char *bytes, size_t n)
{
    char *path = xasprintf("%s/file", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    return path;
}

static void maps_a_file(void **state)
{
    SCOPED(freep)
    char *path = write_file(*state,
                            "\x7f"
                            "ELF",
                            4);
    struct filemap map;
    assert_ok(filemap_open(path, &map));
    assert_int_equal(map.data.n, 4);
    assert_memory_equal(map.data.p,
                        "\x7f"
                        "ELF",
                        4);
    assert_string_equal(map.path, path);
    filemap_done(&map);
    filemap_done(&map);
}

/* Blocks of the file on the disk after some were written at its second: x in `pattern` is noise, . zeros; a last
 * one is not whole. */
static uint64_t written(const char *dir, const char *pattern, size_t hole)
{
    enum { BLOCK = 4096, MAX = 64 * BLOCK, TAIL = 100 };
    static uint8_t bytes[MAX + TAIL], back[MAX + TAIL];
    SCOPED(freep) char *path = write_file(dir, "", 0);
    SCOPED(closep) int fd = open(path, O_RDWR | O_CLOEXEC);
    size_t n = strlen(pattern) * BLOCK + TAIL;
    struct stat st;

    memset(bytes, 0, sizeof(bytes));
    for (size_t i = 0; pattern[i]; i++)
        bytes[i * BLOCK + 7] = pattern[i] == 'x';
    bytes[n - 1] = 1;
    for (size_t start = 0, size; (size = file_next_piece(bytes, n, hole, &start)) > 0; start += size)
        assert_int_equal(file_write(fd, bytes + start, size, BLOCK + start), 0);
    assert_int_equal(pread(fd, back, n, BLOCK), (ssize_t)n);
    assert_memory_equal(bytes, back, n);
    assert_int_equal(fstat(fd, &st), 0);
    return (uint64_t)st.st_blocks * 512 / BLOCK;
}

static void leaves_zeros_out_where_they_are_many(void **state)
{
    assert_int_equal(written(*state, "", 1), 1);
    assert_int_equal(written(*state, "....", 1), 1);
    assert_int_equal(written(*state, "x..x.xx.", 1), 5);
    assert_int_equal(written(*state, "x..x.xx.", 2 * 4096), 7);
    assert_int_equal(written(*state, "x..x.xx.", 3 * 4096), 9);
    assert_int_equal(written(*state, "..x....x", 3 * 4096), 3);
}

static void maps_what_a_link_points_to(void **state)
{
    SCOPED(freep) char *path = write_file(*state, "x", 1);
    SCOPED(freep) char *link_path = xasprintf("%s/link", (char *)*state);
    assert_int_equal(symlink(path, link_path), 0);
    struct filemap map;
    assert_ok(filemap_open(link_path, &map));
    filemap_done(&map);
    unlink(link_path);
}

static void a_descriptor_stays_open(void **state)
{
    SCOPED(freep) char *path = write_file(*state, "x", 1);
    SCOPED(closep) int fd = open(path, O_RDONLY);
    struct filemap map;
    assert_ok(filemap_fd(fd, "the core", &map));
    assert_string_equal(map.path, "the core");
    filemap_done(&map);
    assert_true(fcntl(fd, F_GETFD) >= 0);
}

static void refuses_what_is_no_file(void **state)
{
    struct filemap map;
    struct err *e = filemap_open(*state, &map);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_UNSUPPORTED);
    assert_non_null(strstr(e->msg, "it is a directory"));
    err_free(e);

    SCOPED(freep) char *path = xasprintf("%s/file", (char *)*state);
    assert_err(filemap_open(path, &map), ERR_NOT_FOUND);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_err(filemap_open(path, &map), ERR_UNSUPPORTED); /* and does not wait for a writer */
    unlink(path);
    free(write_file(*state, "", 0));
    assert_err(filemap_open(path, &map), ERR_UNSUPPORTED);
    assert_err(filemap_open("/dev/null", &map), ERR_UNSUPPORTED);
}

static void slurps_up_to_the_limit(void **state)
{
    SCOPED(freep) char *want = xcalloc(1, 100001);
    memset(want, 'x', 100000);
    SCOPED(freep) char *path = write_file(*state, want, 100000);
    SCOPED(freep) char *got = NULL;
    size_t n = 0;
    assert_ok(file_slurp(path, 100000, &got, &n));
    assert_int_equal(n, 100000);
    assert_string_equal(got, want);

    char *untouched = NULL;
    assert_err(file_slurp(path, 99999, &untouched, &n), ERR_LIMIT);
    assert_null(untouched);
    assert_err(file_slurp("/nonexistent", 10, &untouched, NULL), ERR_NOT_FOUND);
    assert_err(file_slurp(*state, 10, &untouched, NULL), ERR_IO); /* a directory */
}

static void slurps_files_of_proc(void **state)
{
    (void)state;
    SCOPED(freep) char *maps = NULL;
    assert_ok(file_slurp("/proc/self/maps", 1 << 24, &maps, NULL));
    assert_non_null(strstr(maps, "[stack]"));
}

/* What log_line() writes to stderr. */
static char *logged(int threshold, int level, const char *line)
{
    char buf[256];
    FILE *f = tmpfile();
    assert_non_null(f);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    log_set_level(threshold);
    log_line(level, "%s", line);
    log_set_level(0);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(f);
    buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
    fclose(f);
    return xstrdup(buf);
}

static void log_levels(void **state)
{
    (void)state;
    SCOPED(freep) char *shown = logged(1, 1, "module \x1b[31m");
    assert_string_equal(shown, "inquest: module \\x1b[31m\n");
    SCOPED(freep) char *silent = logged(1, 2, "detail");
    assert_string_equal(silent, "");
    assert_int_equal(log_level(), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
RUN_TESTS(IN_FOLDER(maps_a_file), IN_FOLDER(maps_what_a_link_points_to), IN_FOLDER(a_descriptor_stays_open),
          IN_FOLDER(refuses_what_is_no_file), IN_FOLDER(slurps_up_to_the_limit), cmocka_unit_test(slurps_files_of_proc),
          IN_FOLDER(leaves_zeros_out_where_they_are_many), cmocka_unit_test(log_levels))
