/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/work.h"
#include "module/make_elf.h"

#include <libdeflate.h>
#include <zstd.h>

/* Opens the file and drops the heap block with it. */
static struct elf *open_made(struct elf_maker *m)
{
    struct elf *e = NULL;
    assert_ok(elf_open_bytes(make_elf(m), true, NULL, "made", &e));
    return e;
}

static void test_reads_sections_and_segments(void **state)
{
    (void)state;
    struct elf_maker m = {0};
    make_section(&m, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x1200, "code", 4);
    make_section(&m, ".bss", SHT_NOBITS, SHF_ALLOC, 0x2000, NULL, 0);
    make_segment(&m, PT_LOAD, PF_R | PF_X, MADE_DATA_AT, 0x1200, 4, 8);
    make_build_id(&m, 0xab);
    struct elf *e = open_made(&m);

    size_t n;
    const struct elf_segment *s = elf_segments(e, &n);
    assert_int_equal(n, 2);
    assert_int_equal(s[0].memsz, 8);
    (void)elf_sections(e, &n);
    assert_int_equal(n, 5);
    struct bytes b;
    assert_ok(elf_data(e, ".text", &b));
    assert_int_equal(b.n, 4);
    assert_memory_equal(b.p, "code", 4);
    assert_null(elf_section(e, ".bss"));
    assert_ok(elf_data(e, ".absent", &b));
    assert_null(b.p);
    assert_ptr_equal(elf_arch(e), &arch_x86_64);
    assert_int_equal(elf_addr_size(e), 8);

    char text[BUILD_ID_TEXT];
    struct build_id id = elf_build_id(e);
    assert_string_equal(build_id_text(&id, text), "abababababababababababababababababababab");
    elf_unref(e);
}

static void test_bytes_at_an_address(void **state)
{
    (void)state;
    struct elf_maker m = {0};
    make_section(&m, ".text", SHT_PROGBITS, SHF_ALLOC, 0x1200, "codecode", 8);
    make_segment(&m, PT_LOAD, PF_R, MADE_DATA_AT, 0x1200, 8, 64);
    struct elf *e = open_made(&m);
    struct bytes b;
    assert_true(elf_bytes_at(e, 0x1204, 100, &b));
    assert_int_equal(b.n, 4);
    assert_true(elf_bytes_at(e, 0x1200, 3, &b));
    assert_int_equal(b.n, 3);
    assert_false(elf_bytes_at(e, 0x1208, 1, &b)); /* only in memory */
    assert_false(elf_bytes_at(e, 0x11ff, 1, &b));
    elf_unref(e);
}

static void make_compressed(struct elf_maker *m, const char *name, uint32_t type, uint64_t full, const void *p,
                            size_t n)
{
    uint8_t b[512];
    Elf64_Chdr h = {.ch_type = type, .ch_size = full, .ch_addralign = 1};
    memcpy(b, &h, sizeof(h));
    memcpy(b + sizeof(h), p, n);
    make_section(m, name, SHT_PROGBITS, SHF_COMPRESSED, 0, b, sizeof(h) + n);
}

static size_t deflate(const char *text, size_t n, uint8_t *out, size_t room)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t got = libdeflate_zlib_compress(c, text, n, out, room);
    libdeflate_free_compressor(c);
    return got;
}

static void test_inflates(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof(text));
    uint8_t z[256], zs[256], old[268] = {'Z', 'L', 'I', 'B', 0, 0, 0, 0, 0, 0, 3000 >> 8, 3000 & 255};
    size_t nz = deflate(text, sizeof(text), z, sizeof(z)), nzs = ZSTD_compress(zs, sizeof(zs), text, sizeof(text), 3);
    memcpy(old + 12, z, nz);

    struct elf_maker m = {0};
    make_compressed(&m, ".debug_info", ELFCOMPRESS_ZLIB, sizeof(text), z, nz);
    make_compressed(&m, ".debug_line", 2, sizeof(text), zs, nzs);
    make_section(&m, ".zdebug_str", SHT_PROGBITS, 0, 0, old, 12 + nz);
    struct elf *e = open_made(&m);
    static const char *const names[] = {".debug_info", ".debug_line", ".debug_str"};
    struct elf_want want[3];
    for (size_t i = 0; i < 3; i++)
        want[i] = (struct elf_want){e, elf_section(e, names[i])};
    elf_inflate_all(want, 3);
    for (size_t i = 0; i < 3; i++) {
        struct bytes b, again;
        const struct elf_section *s = elf_section(e, names[i]);
        assert_true(s->compressed);
        assert_int_equal(s->full_size, sizeof(text));
        assert_ok(elf_section_data(e, s, &b));
        assert_int_equal(b.n, sizeof(text));
        assert_memory_equal(b.p, text, sizeof(text));
        assert_ok(elf_section_data(e, s, &again));
        assert_ptr_equal(b.p, again.p);
    }
    elf_unref(e);
}

static void test_refuses_bad_streams(void **state)
{
    (void)state;
    uint8_t z[256];
    char text[100] = {0};
    size_t n = deflate(text, sizeof(text), z, sizeof(z));
    struct elf_maker m = {0};
    make_compressed(&m, ".bomb", ELFCOMPRESS_ZLIB, UINT64_C(1) << 40, z, n);
    make_compressed(&m, ".longer", ELFCOMPRESS_ZLIB, 99, z, n);
    make_compressed(&m, ".shorter", ELFCOMPRESS_ZLIB, 101, z, n);
    make_compressed(&m, ".cut", ELFCOMPRESS_ZLIB, 100, z, n - 5);
    make_compressed(&m, ".unknown", 77, 100, z, n);
    struct elf *e = open_made(&m);
    struct bytes b;
    assert_err(elf_data(e, ".bomb", &b), ERR_LIMIT);
    assert_err(elf_data(e, ".longer", &b), ERR_CORRUPT);
    assert_err(elf_data(e, ".shorter", &b), ERR_CORRUPT);
    assert_err(elf_data(e, ".cut", &b), ERR_CORRUPT);
    assert_err(elf_data(e, ".unknown", &b), ERR_UNSUPPORTED);
    assert_err(elf_data(e, ".unknown", &b), ERR_UNSUPPORTED); /* remembered */
    elf_unref(e);
}

static void test_says_what_it_is_not(void **state)
{
    (void)state;
    struct elf *e = NULL;
    struct elf_maker m = {0};
    struct bytes b = make_elf(&m);
    uint8_t *p = (uint8_t *)(uintptr_t)b.p;
    assert_err(elf_open_bytes((struct bytes){(const uint8_t *)"#!/bin/sh\n......", 16}, false, NULL, "script", &e),
               ERR_UNSUPPORTED);
    assert_err(elf_open_bytes((struct bytes){p, 40}, false, NULL, "cut", &e), ERR_TRUNCATED);
    p[EI_DATA] = ELFDATA2MSB;
    assert_err(elf_open_bytes(b, false, NULL, "big", &e), ERR_UNSUPPORTED);
    p[EI_DATA] = ELFDATA2LSB;
    p[EI_CLASS] = 9;
    assert_err(elf_open_bytes(b, true, NULL, "class", &e), ERR_CORRUPT);
    assert_err(elf_open("/nonexistent", &e), ERR_NOT_FOUND);
}

/* Every prefix of a good file opens or is an error. */
static void test_any_length(void **state)
{
    (void)state;
    struct elf_maker m = {0};
    make_section(&m, ".text", SHT_PROGBITS, SHF_ALLOC, 0x1200, "code", 4);
    make_build_id(&m, 1);
    struct bytes b = make_elf(&m);
    for (size_t n = 0; n <= b.n; n++) {
        struct elf *e = NULL;
        struct err *err = elf_open_bytes((struct bytes){b.p, n}, false, NULL, "cut", &e);
        assert_true((err == NULL) == (n >= sizeof(Elf64_Ehdr)));
        if (!err && n < b.n)
            assert_null(elf_section(e, ".text"));
        err_free(err);
        elf_unref(e);
    }
    free((void *)(uintptr_t)b.p);
}

/* gABI: counts of 0xff00 and more are kept in the first section header. */
static void test_extended_counts(void **state)
{
    (void)state;
    struct elf_maker m = {0};
    uint32_t text = make_section(&m, ".text", SHT_PROGBITS, 0, 0, "code", 4);
    make_segment(&m, PT_LOAD, PF_R, MADE_DATA_AT, 0x1000, 4, 4);
    m.sections[0] = (Elf64_Shdr){.sh_size = 3, .sh_link = text + 1, .sh_info = 1};
    struct bytes b = make_elf(&m);
    Elf64_Ehdr h;
    memcpy(&h, b.p, sizeof(h));
    h.e_shnum = 0;
    h.e_shstrndx = SHN_XINDEX;
    h.e_phnum = PN_XNUM;
    memcpy((void *)(uintptr_t)b.p, &h, sizeof(h));
    struct elf *e;
    size_t n;
    assert_ok(elf_open_bytes(b, true, NULL, "many", &e));
    (void)elf_segments(e, &n);
    assert_int_equal(n, 1);
    assert_non_null(elf_section(e, ".text"));
    elf_unref(e);
}

/* This program, without its section headers, and as an image. */
static void test_without_section_headers(void **state)
{
    (void)state;
    struct filemap f;
    assert_ok(filemap_open("/proc/self/exe", &f));
    uint8_t *copy = malloc(f.data.n);
    memcpy(copy, f.data.p, f.data.n);
    Elf64_Ehdr h;
    memcpy(&h, copy, sizeof(h));
    h.e_shoff = 0;
    h.e_shnum = h.e_shstrndx = 0;
    memcpy(copy, &h, sizeof(h));
    struct elf *whole, *e;
    assert_ok(elf_open("/proc/self/exe", &whole));
    assert_ok(elf_open_bytes((struct bytes){copy, f.data.n}, true, NULL, "stripped", &e));
    static const char *const names[] = {".dynsym", ".dynstr", ".eh_frame_hdr", ".eh_frame"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct elf_section *a = elf_section(whole, names[i]), *b = elf_section(e, names[i]);
        assert_non_null(b);
        assert_int_equal(a->addr, b->addr);
        assert_int_equal(a->offset, b->offset);
        assert_true(strcmp(names[i], ".eh_frame") == 0 ? b->size >= a->size : b->size == a->size);
    }
    elf_unref(e);
    elf_unref(whole);
    filemap_done(&f);
}

static void test_notes(void **state)
{
    (void)state;
    struct build_id id;
    static const uint8_t other[] = {4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 'X', 'Y', 'Z', 0,   1, 2, 0,
                                    0, 4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,   'G', 'N', 'U', 0, 7, 8};
    assert_true(elf_note_build_id((struct bytes){other, sizeof(other)}, 4, &id));
    assert_int_equal(id.n, 2);
    assert_int_equal(id.id[1], 8);
    for (size_t n = 0; n < sizeof(other); n++)
        assert_false(elf_note_build_id((struct bytes){other, n}, 4, &id));
    /* Aligned to 8: name and description are padded to it together with the header. */
    static const uint8_t wide[] = {4, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 'G', 'N', 'U', 0,   1,   2,   3, 0, 0,
                                   0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0,   0,   0,   'G', 'N', 'U', 0, 9};
    assert_true(elf_note_build_id((struct bytes){wide, sizeof(wide)}, 8, &id));
    assert_int_equal(id.id[0], 9);
}

RUN_TESTS(cmocka_unit_test(test_reads_sections_and_segments), cmocka_unit_test(test_bytes_at_an_address),
          cmocka_unit_test(test_inflates), cmocka_unit_test(test_refuses_bad_streams),
          cmocka_unit_test(test_says_what_it_is_not), cmocka_unit_test(test_any_length),
          cmocka_unit_test(test_extended_counts), cmocka_unit_test(test_without_section_headers),
          cmocka_unit_test(test_notes))
