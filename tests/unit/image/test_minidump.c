/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <elf.h>

#include "image/core/minidump.h"
#include "make_minidump.h"

enum { X64 = 9, LINUX = 0x8201, WINDOWS = 2, LLDB_FLAGS = 0x4c4c4442 };
enum { EXE = 0x400000, LIB = 0x700000, STACK = 0x900000, STACK2 = 0xa00000 };

#define ID "LEpB0123456789abcdefghij"
#define CRC "LEpBcrc!"

static const char maps[] = "00400000-00402000 r-xp 00000000 fe:00 11    /bin/prog\n"
                           "00700000-00701000 r-xp 00003000 fe:00 12    /lib/libgone.so (deleted)\n"
                           "00900000-00902000 rw-p 00000000 00:00 0     [stack]\n"
                           "not a line\n"
                           "00901000-00903000 rw-p 00000000 00:00 0     [overlap]\n"
                           "00a00000-00a01000 rw-p 00000000 00:00 0 \n";
static const char status[] = "Name:\tprog\nState:\tt (tracing stop)\nTgid:\t100\nPPid:\t7\nUid:\t1000\t0\t0\t0\n"
                             "Gid:\t1001\t0\t0\t0\n";
static const char stat_text[] = "100 (prog) t 7 0 0 0 -1 0 0 0 0 0 250 150 0 0 20 0 2 0 99 0\n";

static struct bytes lldb_sample(void)
{
    const struct minidump_context *x = minidump_context_find(X64);
    static const uint64_t auxv[] = {AT_CLKTCK, 100, AT_ENTRY, EXE + 0x10, AT_NULL, 0};
    struct md_maker m = {0};
    uint32_t id = md_piece(&m, ID, strlen(ID)), crc = md_piece(&m, CRC, strlen(CRC));
    uint32_t exe = md_string(&m, "/bin/prog"), lib = md_string(&m, "/lib/libgone.so");
    uint32_t vdso = md_string(&m, "[vdso](0x0000000000a01000)");
    uint32_t c1 = md_context(&m, x, 736, 0x80100007, EXE + 0x123, STACK + 0x80);
    uint32_t c2 = md_context(&m, x, 720, 0x00100007, EXE + 0x456, STACK2 + 0x10);
    uint32_t stack = md_piece(&m, "the stack of the first", 22), stack2 = md_piece(&m, "the second", 10);

    md_text(&m, STREAM_LLDB, "", 0);
    md_system(&m, X64, LINUX);
    struct text *t = md_stream(&m, STREAM_MODULES);
    md_put(t, 3, 4);
    md_module(t, LIB, 0x10, lib, strlen(CRC), crc);
    md_module(t, EXE, 0x10, exe, strlen(ID), id);
    md_module(t, 0xa01000, 0x10, vdso, strlen(ID), id);
    t = md_stream(&m, STREAM_THREADS);
    md_put(t, 3, 4);
    md_thread(t, 100, STACK, 22, stack, 736, c1);
    md_thread(t, 101, 0, 0, 0, 720, c2);
    md_thread(t, 101, 0, 0, 0, 720, c2); /* as lldb may do */
    md_text(&m, STREAM_PROC_STATUS, status, strlen(status));
    md_text(&m, STREAM_CMDLINE, "/bin/prog\0--flag\0", 17);
    md_text(&m, STREAM_ENVIRON, "A=1\0LANG=C\0", 11);
    md_text(&m, STREAM_AUXV, (const char *)auxv, sizeof(auxv));
    md_text(&m, STREAM_MAPS, maps, strlen(maps));
    md_text(&m, STREAM_PROC_STAT, stat_text, strlen(stat_text));
    md_exception(&m, 100, 19, LLDB_FLAGS, EXE + 0x123, "signal SIGSTOP", 736, c1);
    md_exception(&m, 101, 11, LLDB_FLAGS, EXE + 0x456,
                 "signal SIGSEGV: address not mapped to object (fault address=0x8)", 720, c2);
    t = md_stream(&m, STREAM_MEMORY);
    md_put(t, 4, 4);
    uint64_t ranges[][3] = {
        {STACK, 22, stack}, {STACK2, 10, stack2}, {LIB, 16, stack2 + 10}, {LIB + 16, 8, stack2 + 10}};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        md_put(t, ranges[i][0], 8);
        md_put(t, ranges[i][1], 4);
        md_put(t, ranges[i][2], 4);
    }
    return md_make(&m);
}

static void check_lldb_threads(const struct image *im)
{
    const struct image_thread *t = im->threads.v;

    assert_int_equal(im->threads.n, 2);
    assert_int_equal(t[0].tid, 101);
    assert_int_equal(t[0].signal, 11);
    assert_null(t[0].name);
    assert_int_equal(t[0].regs.val[16], EXE + 0x456);
    assert_int_equal(t[0].regs.val[7], STACK2 + 0x10);
    assert_false(regs_has(&t[0].regs, 58));
    assert_int_equal(t[1].tid, 100);
    assert_int_equal(t[1].signal, 0);
    assert_string_equal(t[1].name, "prog");
    assert_true(t[1].has_regs);
    assert_int_equal(t[1].regs.val[58], 0xf5000);
    assert_int_equal(t[1].regs.val[59], 0xf5001);
    assert_int_equal(im->crashed_tid, 101);
    assert_int_equal(im->signal.signo, 11);
    assert_int_equal(im->signal.tid, 101);
    assert_false(im->signal.has_info);
    assert_true(im->signal.has_addr);
    assert_int_equal(im->signal.addr, 8);
}

static void check_lldb_process(struct image *im)
{
    char *text;
    size_t n;

    assert_string_equal(im->writer, "lldb");
    assert_ptr_equal(im->arch, &arch_x86_64);
    assert_int_equal(im->dump_time, 1234567);
    assert_int_equal(im->pid, 100);
    assert_int_equal(im->ppid, 7);
    assert_int_equal(im->uid, 1000);
    assert_int_equal(im->gid, 1001);
    assert_int_equal(im->utime_ms, 2500);
    assert_int_equal(im->stime_ms, 1500);
    assert_string_equal(im->exe, "/bin/prog");
    assert_string_equal(im->comm, "prog");
    assert_string_equal(im->cmdline, "/bin/prog --flag");
    assert_ok(image_arguments(im, &text, &n));
    assert_int_equal(n, 17);
    free(text);
    assert_ok(image_environ(im, &text, &n));
    assert_int_equal(n, 11);
    assert_memory_equal(text, "A=1\0LANG=C", 11);
    free(text);
}

static void check_lldb_space(const struct image *im)
{
    char buf[32];

    assert_int_equal(im->maps.n, 4);
    assert_string_equal(im->maps.v[0].path, "/bin/prog");
    assert_int_equal(im->maps.v[0].present, 0);
    assert_string_equal(im->maps.v[1].path, "/lib/libgone.so");
    assert_true(im->maps.v[1].deleted);
    assert_int_equal(im->maps.v[1].offset, 0x3000);
    assert_int_equal(im->maps.v[2].present, 22);
    assert_int_equal(im->maps.v[3].present, 10);
    assert_ok(space_read(&im->space, STACK, buf, 22));
    assert_memory_equal(buf, "the stack of the first", 22);
    assert_err(space_read(&im->space, STACK, buf, 23), ERR_NOT_IN_DUMP);
    assert_err(space_read(&im->space, EXE, buf, 1), ERR_NOT_IN_DUMP);
    assert_err(space_read(&im->space, EXE - 1, buf, 1), ERR_UNMAPPED);
    /* Never written: what stands there belongs to other memory or to the list. */
    assert_err(space_read(&im->space, LIB, buf, 1), ERR_NOT_IN_DUMP);
    assert_int_equal(im->problems.n, 1);
    assert_int_equal(im->problems.v[0]->code, ERR_NOT_IN_DUMP);
}

static void of_lldb(void **state)
{
    (void)state;
    struct bytes dump = lldb_sample();
    struct image *im;

    assert_ok(minidump_open_bytes(dump, "sample", &im));
    check_lldb_threads(im);
    check_lldb_process(im);
    check_lldb_space(im);
    assert_int_equal(im->files.n, 3);
    const struct image_file *f = image_file(im, EXE);
    assert_string_equal(f->path, "/bin/prog");
    assert_int_equal(f->build_id.n, 20);
    assert_memory_equal(f->build_id.p, "0123456789abcdefghij", 20);
    assert_int_equal(image_file(im, LIB)->build_id.n, 0); /* a checksum is no build-id */
    assert_string_equal(image_file(im, 0xa01000)->path, "[vdso]");
    assert_null(image_file(im, EXE + 1));
    image_free(im);
    free((void *)(uintptr_t)dump.p);
}

/* Crashpad: no maps but regions, all memory in one piece, si_code and the fault's address, the registers of
 * the crash only beside the exception. */
static struct bytes crashpad_sample(uint32_t code, uint32_t flags, uint64_t addr)
{
    static const uint64_t regions[][3] = {
        /* start, size, protection */
        {EXE, 0x1000, 2},
        {EXE + 0x1000, 0x1000, 0x20},
        {STACK, 0x1000, 4},
    };
    const struct minidump_context *x = minidump_context_find(X64);
    struct md_maker m = {0};
    uint32_t id = md_piece(&m, ID, strlen(ID)), exe = md_string(&m, "/bin/prog"), lib = md_string(&m, "libsome.so.1"),
             name = md_string(&m, "main thread");
    uint32_t reporter = md_context(&m, x, 1232, 0x10001f, LIB, STACK + 8);
    uint32_t crash = md_context(&m, x, 1232, 0x10001f, EXE + 0x1123, STACK + 0x80);
    uint32_t memory = md_piece(&m, "1234567890", 10);

    md_system(&m, X64, LINUX);
    struct text *t = md_stream(&m, STREAM_MISC);
    uint32_t misc[] = {24, 3, 100, 5000, 3, 2};
    text_putn(t, (const char *)misc, sizeof(misc));
    t = md_stream(&m, STREAM_THREADS);
    md_put(t, 1, 8); /* padded */
    md_thread(t, 100, STACK, 4, memory, 1232, reporter);
    md_exception(&m, 100, code, flags, addr, "", 1232, crash);
    t = md_stream(&m, STREAM_MODULES);
    md_put(t, 2, 4);
    md_module(t, EXE, 0x1800, exe, strlen(ID), id);
    md_module(t, LIB, 0x1000, lib, strlen(ID), id);
    t = md_stream(&m, STREAM_THREAD_NAMES);
    md_put(t, 1, 4);
    md_put(t, 100, 4);
    md_put(t, name, 8);
    t = md_stream(&m, STREAM_REGIONS);
    md_put(t, 16, 4);
    md_put(t, 48, 4);
    md_put(t, ARRAY_LEN(regions), 8);
    for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
        uint64_t region[] = {regions[i][0], 0, 0, regions[i][1], 0x1000 | regions[i][2] << 32, 0};
        text_putn(t, (const char *)region, sizeof(region));
    }
    t = md_stream(&m, STREAM_MEMORY64);
    uint64_t list[] = {2, memory, STACK, 4, STACK + 0x100, 6};
    text_putn(t, (const char *)list, sizeof(list));
    md_text(&m, STREAM_CRASHPAD, "", 0);
    return md_make(&m);
}

static void of_crashpad(void **state)
{
    (void)state;
    struct bytes dump = crashpad_sample(11, 1, 0xbad);
    struct image *im;
    char buf[8];

    assert_ok(minidump_open_bytes(dump, "sample", &im));
    assert_int_equal(im->problems.n, 0);
    assert_string_equal(im->writer, "crashpad");
    assert_int_equal(im->pid, 100);
    assert_int_equal(im->start_time, 5000);
    assert_int_equal(im->utime_ms, 3000);
    assert_int_equal(im->stime_ms, 2000);
    assert_false(im->has_ids);
    assert_string_equal(im->exe, "/bin/prog");
    assert_int_equal(im->threads.n, 1);
    assert_string_equal(im->threads.v[0].name, "main thread");
    assert_int_equal(im->threads.v[0].regs.val[16], EXE + 0x1123);
    assert_int_equal(im->threads.v[0].n_notes, 1);
    assert_int_equal(im->threads.v[0].notes[0].desc.n, 512);
    assert_int_equal(im->crashed_tid, 100);
    assert_true(im->signal.has_info);
    assert_int_equal(im->signal.code, 1);
    assert_int_equal(im->signal.addr, 0xbad);

    /* The module is one mapping, because only its start has a known offset. */
    assert_int_equal(im->maps.n, 4);
    assert_string_equal(im->maps.v[0].path, "/bin/prog");
    assert_int_equal(im->maps.v[0].end, EXE + 0x1800);
    assert_int_equal(im->maps.v[0].prot, PROT_BIT_READ | PROT_BIT_EXEC);
    assert_null(im->maps.v[1].path);
    assert_string_equal(im->maps.v[2].path, "libsome.so.1");
    assert_int_equal(im->maps.v[2].prot, PROT_BIT_READ | PROT_BIT_EXEC);
    assert_int_equal(im->maps.v[3].prot, PROT_BIT_READ | PROT_BIT_WRITE);
    assert_int_equal(im->maps.v[3].present, 10);
    assert_ok(space_read(&im->space, STACK + 0x100, buf, 6));
    assert_memory_equal(buf, "567890", 6);
    image_free(im);
    free((void *)(uintptr_t)dump.p);
}

static void a_requested_dump_is_no_crash(void **state)
{
    (void)state;
    struct bytes dump = crashpad_sample(UINT32_MAX, 0, 0);
    struct image *im;

    assert_ok(minidump_open_bytes(dump, "sample", &im));
    assert_int_equal(im->crashed_tid, 0);
    assert_int_equal(im->signal.signo, 0);
    image_free(im);
    free((void *)(uintptr_t)dump.p);
}

static void a_signal_has_a_sender(void **state)
{
    (void)state;
    struct bytes dump = crashpad_sample(11, 0, 42 | UINT64_C(1000) << 32);
    struct image *im;

    assert_ok(minidump_open_bytes(dump, "sample", &im));
    assert_false(im->signal.has_addr);
    assert_true(im->signal.has_sender);
    assert_int_equal(im->signal.pid, 42);
    assert_int_equal(im->signal.uid, 1000);
    image_free(im);
    free((void *)(uintptr_t)dump.p);
}

static void every_processor(void **state)
{
    (void)state;
    static const uint16_t processors[] = {X64, 12, 0x8003, 0};

    for (size_t i = 0; i < ARRAY_LEN(processors); i++) {
        const struct minidump_context *x = minidump_context_find(processors[i]);
        struct md_maker m = {0};
        struct image *im;
        uint32_t at = md_context(&m, x, 720, 0, 0x1234, 0x5678);

        md_system(&m, processors[i], LINUX);
        struct text *t = md_stream(&m, STREAM_THREADS);
        md_put(t, 2, 4);
        md_thread(t, 1, 0, 0, 0, 720, at);
        md_thread(t, 2, 0, 0, 0, 0x40, at); /* cut before pc and sp */
        struct bytes dump = md_make(&m);
        assert_ok(minidump_open_bytes(dump, "sample", &im));
        assert_ptr_equal(im->arch, x->arch);
        assert_int_equal(im->threads.v[0].regs.val[x->arch->pc], 0x1234);
        assert_int_equal(im->threads.v[0].regs.val[x->arch->sp], 0x5678);
        for (size_t k = 0; k < x->n_regs; k++) {
            uint16_t dwarf = x->regs[k].dwarf;
            assert_non_null(arch_reg_name(x->arch, dwarf));
            if (dwarf != x->arch->pc && dwarf != x->arch->sp)
                assert_int_equal(im->threads.v[0].regs.val[dwarf], 0x1000 + k);
        }
        assert_false(im->threads.v[1].has_regs);
        assert_string_equal(im->threads.v[1].why, "the minidump lacks its registers");
        image_free(im);
        free((void *)(uintptr_t)dump.p);
    }
}

static void names_beyond_ascii(void **state)
{
    (void)state;
    static const uint16_t name[] = {12, 0, 'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0xd800};
    struct md_maker m = {0};
    struct image *im;
    uint32_t at = md_piece(&m, name, sizeof(name));

    md_system(&m, X64, LINUX);
    struct text *t = md_stream(&m, STREAM_THREADS);
    md_put(t, 1, 4);
    md_thread(t, 1, 0, 0, 0, 0, 0);
    t = md_stream(&m, STREAM_THREAD_NAMES);
    md_put(t, 1, 4);
    md_put(t, 1, 4);
    md_put(t, at, 8);
    struct bytes dump = md_make(&m);
    assert_ok(minidump_open_bytes(dump, "sample", &im));
    assert_string_equal(im->threads.v[0].name, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd");
    image_free(im);
    free((void *)(uintptr_t)dump.p);
}

/* Whatever its length, a minidump opens or is refused, and what it lacks is said. */
static void truncated_anywhere(void **state)
{
    (void)state;
    struct bytes dump = lldb_sample();

    for (size_t n = 0; n < dump.n; n++) {
        struct bytes part = {.n = n};
        struct image *im = NULL;
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, dump.p, n);
        part.p = copy;
        if (minidump_is(part)) {
            struct err *e = minidump_open_bytes(part, "part", &im);
            assert_true(e || (im->problems.n > 0 && im->problems.v[im->problems.n - 1]->code == ERR_TRUNCATED));
            err_free(e);
            image_free(im);
        }
        free(copy);
    }
    free((void *)(uintptr_t)dump.p);
}

static void refused(uint16_t processor, uint32_t platform, const char *what)
{
    struct md_maker m = {0};
    struct image *im;

    md_system(&m, processor, platform);
    struct bytes dump = md_make(&m);
    struct err *e = minidump_open_bytes(dump, "x", &im);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_UNSUPPORTED);
    assert_string_equal(e->msg, what);
    err_free(e);
    free((void *)(uintptr_t)dump.p);
}

static void others_are_named(void **state)
{
    (void)state;
    struct md_maker m = {0};
    struct image *im;

    refused(X64, WINDOWS, "x is a minidump of Windows, not of Linux");
    refused(X64, 0x9999, "x is a minidump of platform 0x9999, not of Linux");
    refused(5, LINUX, "x is a minidump of processor 0x5, which Inquest does not know");
    struct bytes dump = md_make(&m);
    assert_err(minidump_open_bytes(dump, "x", &im), ERR_CORRUPT);
    free((void *)(uintptr_t)dump.p);
}

RUN_TESTS(cmocka_unit_test(of_lldb), cmocka_unit_test(of_crashpad), cmocka_unit_test(a_requested_dump_is_no_crash),
          cmocka_unit_test(a_signal_has_a_sender), cmocka_unit_test(every_processor),
          cmocka_unit_test(names_beyond_ascii), cmocka_unit_test(truncated_anywhere),
          cmocka_unit_test(others_are_named))
