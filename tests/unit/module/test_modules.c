/* SPDX-License-Identifier: Apache-2.0 */
/* Modules of made-up targets: ELF images in the space, and files in a folder of the test's own. */
#include "unit.h"

#include "module/make_elf.h"
#include "module/module_priv.h"

#include <sys/stat.h>

enum { PAGE = 4096, IDS = 20 };
static const taddr LOW = 0x7f0000000000;

struct target {
    char dir[64], core[96];
    struct image im;
    struct bytes files[8]; /* the bytes behind the space */
    size_t n_files;
};

static struct target *target_new(void)
{
    struct target *t = calloc(1, sizeof(*t));
    memcpy(t->dir, "/tmp/inquest-test-XXXXXX", 25);
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->core, sizeof(t->core), "%s/core", t->dir);
    t->im.kind = IMAGE_CORE;
    t->im.path = t->core;
    t->im.arch = &arch_x86_64;
    return t;
}

static void target_free(struct target *t)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", t->dir);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < t->n_files; i++)
        free((void *)(uintptr_t)t->files[i].p);
    space_done(&t->im.space);
    vec_done(&t->im.maps);
    vec_done(&t->im.auxv);
    arena_done(&t->im.arena);
    free(t);
}

static char *at(struct target *t, const char *name)
{
    return arena_printf(&t->im.arena, "%s/%s", t->dir, name);
}

/* Two pages of file, three in memory: text, then data. */
static struct bytes made_library(uint8_t id, const char *debuglink)
{
    struct elf_maker m = {0};
    make_segment(&m, PT_LOAD, PF_R | PF_X, 0, 0, PAGE, PAGE);
    make_segment(&m, PT_LOAD, PF_R | PF_W, PAGE, PAGE, PAGE, 2 * PAGE);
    if (id)
        make_build_id(&m, id);
    if (debuglink) {
        char link[32] = {0};
        size_t n = (strlen(debuglink) + 4) / 4 * 4;
        memcpy(link, debuglink, strlen(debuglink));
        memcpy(link + n, "\x2d\x7f\xaf\x7e", 4); /* CRC of nothing that is here */
        make_section(&m, ".gnu_debuglink", SHT_PROGBITS, 0, 0, link, n + 4);
    }
    struct bytes b = make_elf(&m);
    assert_true(b.n <= PAGE);
    uint8_t *p = realloc((void *)(uintptr_t)b.p, 2 * PAGE);
    memset(p + b.n, 0, 2 * PAGE - b.n);
    memset(p + PAGE, 'd', PAGE);
    return (struct bytes){p, 2 * PAGE};
}

static void map(struct target *t, taddr start, size_t size, uint64_t offset, uint8_t prot, const char *path)
{
    *vec_push(&t->im.maps) =
        (struct mapping){.start = start, .end = start + size, .offset = offset, .prot = prot, .path = path};
}

/* Maps a file of made_library(); first_page: the dump holds it. */
static void load(struct target *t, taddr start, struct bytes file, const char *path, bool first_page)
{
    t->files[t->n_files++] = file;
    map(t, start, PAGE, 0, PROT_BIT_READ | PROT_BIT_EXEC, path);
    map(t, start + PAGE, PAGE, PAGE, PROT_BIT_READ | PROT_BIT_WRITE, path);
    map(t, start + 2 * PAGE, PAGE, 0, PROT_BIT_READ | PROT_BIT_WRITE, NULL);
    if (first_page)
        space_add(&t->im.space,
                  (struct space_range){.start = start, .end = start + PAGE, .data = file.p, .have = PAGE});
}

static struct modules *load_modules(struct target *t, struct module_opts opts)
{
    opts.no_debuginfod = true;
    space_sort(&t->im.space);
    return modules_load(&t->im, &opts);
}

static void test_groups_mappings(void **state)
{
    (void)state;
    struct target *t = target_new();
    struct bytes data = {calloc(1, PAGE), PAGE};
    t->files[t->n_files++] = data;
    load(t, LOW, made_library(1, NULL), "/lib/a.so", true);
    map(t, LOW + 0x10000, PAGE, 0, PROT_BIT_READ, "/usr/lib/locale/locale-archive");
    space_add(&t->im.space,
              (struct space_range){.start = LOW + 0x10000, .end = LOW + 0x10000 + PAGE, .data = data.p, .have = PAGE});
    load(t, LOW + 0x20000, made_library(2, NULL), "/lib/b.so", true);
    load(t, LOW + 0x30000, made_library(1, NULL), "/lib/a.so", true); /* once more, as dlmopen() does */
    map(t, LOW + 0x40000, PAGE, 0, PROT_BIT_READ | PROT_BIT_EXEC, NULL);

    struct modules *ms = load_modules(t, (struct module_opts){.sysroot = t->dir});
    assert_int_equal(modules_count(ms), 3);
    struct module *a = modules_get(ms, 0), *b = modules_get(ms, 1), *a2 = modules_get(ms, 2);
    assert_string_equal(a->path, "/lib/a.so");
    assert_string_equal(b->name, "b.so");
    assert_string_equal(a2->path, "/lib/a.so");
    assert_true(a->bias_known && a->id_from_target);
    assert_int_equal(a->bias, LOW);
    assert_int_equal(a->end, LOW + 3 * PAGE); /* with .bss */
    assert_int_equal(a2->bias, LOW + 0x30000);
    assert_int_equal(b->build_id.id[IDS - 1], 2);
    assert_ptr_equal(modules_find(ms, LOW), a);
    assert_ptr_equal(modules_find(ms, LOW + 3 * PAGE - 1), a);
    assert_null(modules_find(ms, LOW + 3 * PAGE));
    assert_null(modules_find(ms, LOW - 1));
    assert_null(modules_find(ms, LOW + 0x10000));
    assert_null(modules_find(ms, LOW + 0x40000));
    modules_free(ms);
    target_free(t);
}

/* Never silently another build, and the right one wherever it was moved to. */
static void test_verifies_files(void **state)
{
    (void)state;
    struct target *t = target_new();
    struct bytes good = made_library(1, NULL), other = made_library(2, NULL);
    t->files[t->n_files++] = other;
    load(t, LOW, good, "/bin/prog", true);
    *vec_push(&t->im.auxv) = (struct image_auxv){AT_PHDR, LOW + 64};

    mkdir(at(t, "bin"), 0700);
    write_file(at(t, "bin/prog"), other);
    struct module_opts opts = {.sysroot = t->dir};
    struct modules *ms = load_modules(t, opts);
    struct module *m = modules_get(ms, 0);
    assert_true(m->is_exe);
    assert_null(module_elf(m));
    assert_int_equal(m->file.state, PART_MISMATCH);
    assert_non_null(strstr(m->file.note, "0202020202020202020202020202020202020202"));
    assert_non_null(strstr(m->file.note, "0101010101010101010101010101010101010101"));
    assert_non_null(strstr(module_missing_hint(m), "--exe"));
    modules_free(ms);

    opts.exe = at(t, "bin/prog");
    opts.accept_mismatch = true;
    ms = load_modules(t, opts);
    assert_non_null(module_elf(modules_get(ms, 0)));
    assert_non_null(modules_get(ms, 0)->file.note);
    modules_free(ms);

    write_file(at(t, "prog"), good); /* beside the core */
    opts = (struct module_opts){.sysroot = t->dir};
    ms = load_modules(t, opts);
    assert_non_null(module_elf(modules_get(ms, 0)));
    assert_string_equal(modules_get(ms, 0)->file.path, at(t, "prog"));
    modules_free(ms);

    write_file(at(t, "bin/prog"), good);
    ms = load_modules(t, opts);
    assert_non_null(module_elf(modules_get(ms, 0)));
    assert_string_equal(modules_get(ms, 0)->file.how, "sysroot");
    assert_null(modules_get(ms, 0)->file.note);
    modules_free(ms);
    target_free(t);
}

/* Without its first page only the way it is mapped can tell a file from another. */
static void test_verifies_by_mappings(void **state)
{
    (void)state;
    struct target *t = target_new();
    struct bytes good = made_library(1, NULL);
    load(t, LOW, good, "/prog", false);
    write_file(at(t, "prog"), good);
    struct module_opts opts = {.sysroot = t->dir};
    struct modules *ms = load_modules(t, opts);
    struct module *m = modules_get(ms, 0);
    assert_non_null(module_elf(m));
    assert_true(m->bias_known && !m->id_from_target);
    assert_int_equal(m->bias, LOW);
    assert_non_null(strstr(m->file.note, "not verified"));
    modules_free(ms);

    struct elf_maker other = {0};
    make_segment(&other, PT_LOAD, PF_R | PF_X, 0, 0, PAGE, PAGE);
    make_segment(&other, PT_LOAD, PF_R | PF_W, PAGE, 2 * PAGE, PAGE, PAGE);
    struct bytes bad = make_elf(&other);
    t->files[t->n_files++] = bad;
    write_file(at(t, "prog"), bad);
    ms = load_modules(t, opts);
    assert_null(module_elf(modules_get(ms, 0)));
    assert_int_equal(modules_get(ms, 0)->file.state, PART_MISMATCH);
    modules_free(ms);
    target_free(t);
}

static void test_reads_what_the_dump_left_out(void **state)
{
    (void)state;
    struct target *t = target_new();
    struct bytes file = made_library(1, NULL);
    load(t, LOW, file, "/prog", true);
    t->im.space.ranges.v[0].have = 1024; /* the rest of the first page is not in the dump */
    write_file(at(t, "prog"), file);
    struct modules *ms = load_modules(t, (struct module_opts){.sysroot = t->dir});
    uint8_t page[PAGE];
    assert_ok(modules_read(ms, LOW, page, PAGE));
    assert_memory_equal(page, file.p, PAGE);
    uint64_t word;
    assert_true(modules_word(ms, LOW, 4, &word));
    assert_int_equal(word, 0x464c457f);
    assert_int_equal(modules_read_some(ms, LOW + PAGE - 8, page, 16), 8); /* data may have been written */
    assert_err(modules_read(ms, LOW + PAGE - 8, page, 16), ERR_UNMAPPED);
    modules_free(ms);
    target_free(t);
}

static struct bytes made_debug_file(uint8_t id)
{
    struct elf_maker m = {0};
    make_section(&m, ".debug_info", SHT_PROGBITS, 0, 0, "info", 4);
    if (id)
        make_build_id(&m, id);
    return make_elf(&m);
}

static void write_debug_file(struct target *t, const char *path, uint8_t id)
{
    struct bytes b = made_debug_file(id);
    write_file(at(t, path), b);
    t->files[t->n_files++] = b;
}

static struct module_part debug_part(struct target *t)
{
    const char *dirs[] = {at(t, "debug")};
    struct modules *ms =
        load_modules(t, (struct module_opts){.sysroot = t->dir, .debug_dirs = dirs, .n_debug_dirs = 1});
    struct module *m = modules_get(ms, 0);
    bool found = module_debug_elf(m) != NULL;
    assert_true(found == (m->debug.state == PART_FOUND));
    struct module_part p = {.state = m->debug.state,
                            .path = m->debug.path ? arena_strdup(&t->im.arena, m->debug.path) : "",
                            .how = m->debug.how};
    modules_free(ms);
    return p;
}

static void test_debug_file_by_build_id(void **state)
{
    (void)state;
    struct target *t = target_new();
    struct bytes file = made_library(0xab, NULL);
    load(t, LOW, file, "/prog", true);
    write_file(at(t, "prog"), file);
    assert_int_equal(debug_part(t).state, PART_MISSING);

    mkdir(at(t, "debug"), 0700);
    mkdir(at(t, "debug/.build-id"), 0700);
    mkdir(at(t, "debug/.build-id/ab"), 0700);
    static const char path[] = "debug/.build-id/ab/ababababababababababababababababababab.debug";
    write_debug_file(t, path, 0xcd);
    assert_int_equal(debug_part(t).state, PART_MISMATCH);
    write_debug_file(t, path, 0xab);
    struct module_part p = debug_part(t);
    assert_int_equal(p.state, PART_FOUND);
    assert_string_equal(p.path, at(t, path));
    assert_string_equal(p.how, "build-id");
    target_free(t);
}

static void test_debug_file_by_link(void **state)
{
    (void)state;
    struct target *t = target_new();
    struct bytes file = made_library(0xab, "prog.dbg");
    load(t, LOW, file, "/prog", true);
    write_file(at(t, "prog"), file);
    write_debug_file(t, "prog.dbg", 0); /* neither build-id nor the right CRC */
    assert_int_equal(debug_part(t).state, PART_MISMATCH);
    mkdir(at(t, ".debug"), 0700);
    write_debug_file(t, ".debug/prog.dbg", 0xab); /* the build-id is enough */
    struct module_part p = debug_part(t);
    assert_int_equal(p.state, PART_FOUND);
    assert_string_equal(p.how, "debuglink");
    target_free(t);
}

static void test_parses_links(void **state)
{
    (void)state;
    struct debug_link l;
    assert_true(debug_link_parse((struct bytes){(const uint8_t *)"ab\0\0\1\2\3\4", 8}, &l));
    assert_string_equal(l.name, "ab");
    assert_int_equal(l.crc, 0x04030201);
    assert_false(debug_link_parse((struct bytes){(const uint8_t *)"ab\0\0\1\2\3", 7}, &l));
    assert_false(debug_link_parse((struct bytes){(const uint8_t *)"../x\0\0\0\0\1\2\3\4", 12}, &l));
    assert_true(debug_altlink_parse((struct bytes){(const uint8_t *)"/x/y\0\1\2\3", 8}, &l));
    assert_string_equal(l.name, "/x/y");
    assert_int_equal(l.id.n, 3);
    assert_false(debug_altlink_parse((struct bytes){(const uint8_t *)"/x/y\0", 5}, &l));
    assert_true(debug_sup_parse((struct bytes){(const uint8_t *)"\5\0\0s\0\2\7\x8", 8}, &l));
    assert_string_equal(l.name, "s");
    assert_int_equal(l.id.id[1], 8);
    assert_false(debug_sup_parse((struct bytes){(const uint8_t *)"\5\0\0s\0\3\7\x8", 8}, &l));
}

RUN_TESTS(cmocka_unit_test(test_groups_mappings), cmocka_unit_test(test_verifies_files),
          cmocka_unit_test(test_verifies_by_mappings), cmocka_unit_test(test_reads_what_the_dump_left_out),
          cmocka_unit_test(test_debug_file_by_build_id), cmocka_unit_test(test_debug_file_by_link),
          cmocka_unit_test(test_parses_links))
