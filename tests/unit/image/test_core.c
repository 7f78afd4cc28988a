/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "image/core/core.h"
#include "make_core.h"

enum { EXE = 0x400000, LIB = 0x700000, ANON = 0x800000, STACK = 0x900000 };

static const uint64_t auxv[] = {AT_PAGESZ,     4096,      AT_ENTRY,      EXE + 0x10, AT_RANDOM,
                                STACK + 0x300, AT_EXECFN, STACK + 0xf00, AT_UID,     1000};

static void fill_regs(uint64_t *regs, const struct arch *a, uint64_t pc, uint64_t sp)
{
    for (size_t i = 0; i < a->n_regs; i++)
        regs[i] = a->regs[i].dwarf == a->pc ? pc : a->regs[i].dwarf == a->sp ? sp : 0x1000 + i;
}

/* The top of a stack as the kernel lays it out: argc, argv, envp, auxv, strings. */
static void fill_stack(uint8_t *page, const struct arch *a)
{
    static const char strings[] = "/bin/prog\0--flag\0A=1\0LANG=C";
    unsigned word = a->addr_size;
    uint64_t text = STACK + 0xf00 - sizeof(strings);
    uint64_t words[] = {2, text + 10, text, 0, text + 17, text + 21, 0};
    size_t at = 0x100;

    for (size_t i = 0; i < ARRAY_LEN(words); i++, at += word)
        memcpy(page + at, &words[i], word);
    for (size_t i = 0; i < ARRAY_LEN(auxv); i++, at += word)
        memcpy(page + at, &auxv[i], word);
    memcpy(page + 0xf00 - sizeof(strings), strings, sizeof(strings));
    memcpy(page + 0xf00, "/bin/prog", 10);
}

/* Two threads, the second of which crashed last in the kernel's sense: the kernel writes it first. */
static struct bytes sample(const struct arch *a)
{
    static const uint64_t files[][3] = {
        {EXE, EXE + 0x1000, 0}, {EXE + 0x1000, EXE + 0x2000, 1}, {LIB, LIB + 0x1000, 3}};
    static const char names[] = "/bin/prog\0/bin/prog\0/lib/libgone.so (deleted)";
    static uint8_t page[4096];
    struct maker m = {.arch = a};
    uint64_t regs[64];

    fill_regs(regs, a, EXE + 0x123, STACK + 0x80);
    make_thread(&m, 101, 11, regs);
    make_process(&m, 100, 1000, "prog", "/bin/prog --flag ");
    make_siginfo(&m, 11, 1, 0x1234);
    make_auxv(&m, auxv, ARRAY_LEN(auxv) / 2);
    make_files(&m, ARRAY_LEN(files), files, ARRAY_LEN(files), names, sizeof(names));
    make_note(&m, "LINUX", NT_X86_XSTATE, "x", 1);
    fill_regs(regs, a, EXE + 0x456, ANON + 0x80);
    make_thread(&m, 100, 11, regs);
    make_note(&m, "CORE", NT_FPREGSET, "f", 1);

    make_load(&m, EXE, 0x1000, PF_R | PF_X, page, 16);
    make_load(&m, EXE + 0x1000, 0x1000, PF_R, NULL, 0);
    make_load(&m, ANON, 0x1000, PF_R | PF_W, page, sizeof(page));
    memset(page, 0, sizeof(page));
    fill_stack(page, a);
    make_load(&m, STACK, 0x1000, PF_R | PF_W, page, sizeof(page));
    return make_core(&m);
}

static void check_sample(const struct arch *a)
{
    struct bytes core = sample(a);
    struct image *im;
    char *text;
    size_t n;

    assert_ok(core_open_bytes(core, "sample", &im));
    assert_ptr_equal(im->arch, a);
    assert_string_equal(im->writer, "kernel");
    assert_int_equal(im->problems.n, 0);
    assert_int_equal(im->threads.n, 2);
    assert_int_equal(im->crashed_tid, 101);
    assert_int_equal(im->threads.v[0].tid, 101);
    assert_int_equal(im->threads.v[0].regs.val[a->pc], EXE + 0x123);
    assert_int_equal(im->threads.v[0].n_notes, 6);
    assert_null(im->threads.v[0].name);
    assert_string_equal(im->threads.v[1].name, "prog");
    assert_int_equal(im->threads.v[1].n_notes, 2);
    assert_int_equal(im->threads.v[1].notes[1].type, NT_FPREGSET);
    assert_int_equal(im->pid, 100);
    assert_int_equal(im->ppid, 1);
    assert_int_equal(im->uid, 1000);
    assert_int_equal(im->gid, 1001);
    assert_int_equal(im->signal.signo, 11);
    assert_true(im->signal.has_addr);
    assert_int_equal(im->signal.addr, 0x1234);
    assert_false(im->signal.has_sender);
    assert_string_equal(im->exe, "/bin/prog");
    assert_string_equal(im->cmdline, "/bin/prog --flag");

    assert_int_equal(im->maps.n, 5);
    assert_int_equal(im->maps.v[0].present, 16);
    assert_int_equal(im->maps.v[1].offset, 4096);
    assert_int_equal(im->maps.v[1].present, 0);
    assert_string_equal(im->maps.v[2].path, "/lib/libgone.so");
    assert_true(im->maps.v[2].deleted);
    assert_int_equal(im->maps.v[2].prot, 0);
    assert_null(im->maps.v[3].path);
    assert_string_equal(im->maps.v[4].path, "[stack]");

    assert_ok(image_arguments(im, &text, &n));
    assert_int_equal(n, 17);
    assert_memory_equal(text, "/bin/prog\0--flag", 17);
    free(text);
    assert_ok(image_environ(im, &text, &n));
    assert_int_equal(n, 11);
    assert_memory_equal(text, "A=1\0LANG=C", 11);
    free(text);
    image_free(im);
    free((void *)(uintptr_t)core.p);
}

static void every_processor(void **state)
{
    (void)state;
    check_sample(&arch_x86_64);
    check_sample(&arch_i386);
    check_sample(&arch_aarch64);
    check_sample(&arch_riscv64);
}

/* Whatever its length, a core opens or is refused, and what it lacks is said. */
static void truncated_anywhere(void **state)
{
    (void)state;
    struct bytes core = sample(&arch_x86_64);

    for (size_t n = 0; n < core.n; n++) {
        struct bytes part = {.n = n};
        struct image *im = NULL;
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, core.p, n);
        part.p = copy;
        struct err *e = core_open_bytes(part, "part", &im);
        if (n < offsetof(Elf64_Ehdr, e_shstrndx)) { /* the last field is not needed */
            assert_non_null(e);
        } else {
            assert_null(e);
            assert_true(im->problems.n > 0);
        }
        err_free(e);
        image_free(im);
        free(copy);
    }
    free((void *)(uintptr_t)core.p);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    struct bytes core = sample(&arch_x86_64);
    struct image *im;
    char byte;

    core.n -= 5000; /* the stack, and a part of the anonymous page */
    assert_ok(core_open_bytes(core, "part", &im));
    assert_int_equal(im->problems.n, 1);
    assert_int_equal(im->problems.v[0]->code, ERR_TRUNCATED);
    assert_non_null(strstr(im->problems.v[0]->msg, "it ends 4.9 KiB early"));
    assert_non_null(strstr(im->problems.v[0]->msg, "in 2 of 4 segments"));
    assert_ok(space_read(&im->space, ANON + 100, &byte, 1));
    assert_err(space_read(&im->space, ANON + 0xfff, &byte, 1), ERR_TRUNCATED);
    assert_err(space_read(&im->space, EXE + 100, &byte, 1), ERR_NOT_IN_DUMP);
    image_free(im);
    free((void *)(uintptr_t)core.p);
}

static void count_of_headers_in_section_0(void **state)
{
    (void)state;
    struct maker m = {.arch = &arch_x86_64, .many_headers = true};
    struct image *im;

    make_load(&m, EXE, 0x1000, PF_R, NULL, 0);
    make_load(&m, LIB, 0x1000, PF_R, NULL, 0);
    make_note(&m, "CORE", 99, "x", 1);
    struct bytes core = make_core(&m);
    assert_ok(core_open_bytes(core, "many", &im));
    assert_int_equal(im->maps.n, 2);
    image_free(im);

    core.n -= sizeof(Elf64_Shdr); /* truncated: the headers end where the notes begin */
    assert_ok(core_open_bytes(core, "many", &im));
    assert_int_equal(im->maps.n, 2);
    image_free(im);
    free((void *)(uintptr_t)core.p);
}

static void hostile_counts(void **state)
{
    (void)state;
    static const uint64_t files[][3] = {{EXE, EXE + 0x1000, UINT64_MAX}, {EXE, EXE - 1, 0}};
    struct maker m = {.arch = &arch_x86_64};
    struct image *im;

    make_files(&m, UINT64_MAX, files, 2, "", 0);
    make_load(&m, UINT64_MAX - 0x10, 0x1000, PF_R, "1234", 4);
    make_load(&m, 0, UINT64_MAX, PF_R, NULL, 0);
    struct bytes core = make_core(&m);
    assert_ok(core_open_bytes(core, "hostile", &im));
    assert_true(im->problems.n >= 2); /* the list of files; no threads */
    for (size_t i = 1; i < im->maps.n; i++)
        assert_true(im->maps.v[i - 1].end <= im->maps.v[i].start);
    image_free(im);
    free((void *)(uintptr_t)core.p);
}

static void debuggers_stop_is_no_crash(void **state)
{
    (void)state;
    struct maker m = {.arch = &arch_x86_64};
    struct image *im;
    uint64_t regs[64] = {0};

    make_process(&m, 100, 0, "prog", "prog");
    make_thread(&m, 100, 19, regs);
    make_thread(&m, 101, 5, regs);
    struct bytes core = make_core(&m);
    assert_ok(core_open_bytes(core, "gcore", &im));
    assert_int_equal(im->crashed_tid, 0);
    assert_int_equal(im->signal.signo, 0);
    image_free(im);
    free((void *)(uintptr_t)core.p);

    m = (struct maker){.arch = &arch_x86_64};
    make_process(&m, 100, 0, "prog", "prog");
    make_thread(&m, 100, 0, regs);
    make_thread(&m, 101, 6, regs);
    make_siginfo(&m, 6, -6, 100);
    core = make_core(&m);
    assert_ok(core_open_bytes(core, "gcore", &im));
    assert_int_equal(im->crashed_tid, 101);
    assert_int_equal(im->threads.v[0].tid, 101);
    assert_true(im->signal.has_sender);
    assert_int_equal(im->signal.pid, 100);
    image_free(im);
    free((void *)(uintptr_t)core.p);
}

static void odd_prstatus(void **state)
{
    (void)state;
    struct maker m = {.arch = &arch_x86_64};
    uint8_t desc[200] = {0};
    struct image *im;

    desc[32] = 42;
    make_note(&m, "CORE", NT_PRSTATUS, desc, sizeof(desc));
    struct bytes core = make_core(&m);
    assert_ok(core_open_bytes(core, "odd", &im));
    assert_int_equal(im->threads.n, 1);
    assert_int_equal(im->threads.v[0].tid, 42);
    assert_false(im->threads.v[0].has_regs);
    assert_string_equal(im->threads.v[0].why, "its NT_PRSTATUS note has 200 bytes instead of 336");
    image_free(im);
    free((void *)(uintptr_t)core.p);
}

static void other_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *what;
    } cases[] = {
        {"PAGEDU64 and more", "x is a Windows crash dump, not a core"},
        {"hello, world of text", "x is not an ELF core"},
        {"", "x is not an ELF core"},
        {"\x7f"
         "ELF\2\2\1\0\0\0\0\0\0\0\0\0",
         "x is big-endian"},
    };
    struct image *im;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes b = {(const uint8_t *)cases[i].bytes, i == 3 ? 16 : strlen(cases[i].bytes)};
        struct err *e = core_open_bytes(b, "x", &im);
        assert_int_equal(e->code, ERR_UNSUPPORTED);
        assert_string_equal(e->msg, cases[i].what);
        err_free(e);
    }
    assert_err(image_core_open("/proc/self/exe", NULL, &im), ERR_UNSUPPORTED);
    assert_err(image_core_open("/", NULL, &im), ERR_UNSUPPORTED);
    assert_err(image_core_open("/dev/null", NULL, &im), ERR_UNSUPPORTED);
    assert_err(image_core_open("/nonexistent/core", NULL, &im), ERR_NOT_FOUND);
}

RUN_TESTS(cmocka_unit_test(every_processor), cmocka_unit_test(truncated_anywhere),
          cmocka_unit_test(says_what_is_missing), cmocka_unit_test(count_of_headers_in_section_0),
          cmocka_unit_test(hostile_counts), cmocka_unit_test(debuggers_stop_is_no_crash),
          cmocka_unit_test(odd_prstatus), cmocka_unit_test(other_files_are_named))
