/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "module/make_elf.h"
#include "module/symtab.h"

enum { TEXT = 0x1000, TEXT_SIZE = 0x1000, DATA = 0x4000, MANY = 1000 };

struct symbols {
    Elf64_Sym v[MANY + 8];
    size_t n;
    struct text names;
};

static void add(struct symbols *s, const char *name, uint64_t addr, uint64_t size, unsigned type, unsigned bind,
                uint16_t section)
{
    if (s->n == 0) {
        text_putc(&s->names, '\0');
        s->n = 1;
    }
    s->v[s->n++] = (Elf64_Sym){
        .st_name = (Elf64_Word)s->names.n,
        .st_info = (unsigned char)ELF64_ST_INFO(bind, type),
        .st_shndx = section,
        .st_value = addr,
        .st_size = size,
    };
    text_putn(&s->names, name, strlen(name) + 1);
}

static void func(struct symbols *s, const char *name, uint64_t addr, uint64_t size)
{
    add(s, name, addr, size, STT_FUNC, STB_GLOBAL, 1);
}

struct fixture {
    struct elf *elf;
    struct sym_table table;
    struct symtab *index;
};

/* Section 1 is .text, 2 is .data. */
static struct fixture build(struct symbols *s)
{
    struct fixture f = {0};
    struct elf_maker m = {0};
    uint32_t text = make_section(&m, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, TEXT, "", 0);
    uint32_t data = make_section(&m, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, DATA, "", 0);
    m.sections[text].sh_size = TEXT_SIZE;
    m.sections[data].sh_size = 0x100;
    uint32_t names = make_section(&m, ".strtab", SHT_STRTAB, 0, 0, s->names.p, s->names.n);
    uint32_t table = make_section(&m, ".symtab", SHT_SYMTAB, 0, 0, s->v, s->n * sizeof(s->v[0]));
    m.sections[table].sh_link = names;
    text_done(&s->names);
    assert_ok(elf_open_bytes(make_elf(&m), true, NULL, "made", &f.elf));
    assert_true(sym_table_open(f.elf, ".symtab", &f.table));
    f.index = symtab_new(&f.table, 1);
    return f;
}

static void done(struct fixture *f)
{
    symtab_free(f->index);
    elf_unref(f->elf);
}

static void check(const struct fixture *f, uint64_t addr, const char *want)
{
    struct raw_symbol s;
    const struct sym_table *in;
    bool found = symtab_find(f->index, addr, &s, &in);
    assert_true(found == (want != NULL));
    if (want)
        assert_string_equal(sym_table_name(in, s.name), want);
}

static void test_covers(void **state)
{
    (void)state;
    struct symbols s = {0};
    func(&s, "first", TEXT, 0x10);
    func(&s, "second", TEXT + 0x20, 0x10);
    add(&s, "counter", DATA, 8, STT_OBJECT, STB_LOCAL, 2);
    struct fixture f = build(&s);
    check(&f, TEXT - 1, NULL);
    check(&f, TEXT, "first");
    check(&f, TEXT + 0xf, "first");
    check(&f, TEXT + 0x10, NULL);
    check(&f, TEXT + 0x2f, "second");
    check(&f, TEXT + 0x30, NULL);
    check(&f, DATA + 7, "counter");
    check(&f, UINT64_MAX, NULL);
    done(&f);
}

static void test_unsized_lasts_to_next_or_end_of_section(void **state)
{
    (void)state;
    struct symbols s = {0};
    func(&s, "_start", TEXT, 0);
    func(&s, "next", TEXT + 0x20, 0x10);
    add(&s, "label", TEXT + 0x40, 0, STT_NOTYPE, STB_LOCAL, 1);
    add(&s, "__bss_start", DATA, 0, STT_NOTYPE, STB_GLOBAL, 2);
    struct fixture f = build(&s);
    check(&f, TEXT + 0x1f, "_start");
    check(&f, TEXT + 0x35, NULL);
    check(&f, TEXT + TEXT_SIZE - 1, "label");
    check(&f, TEXT + TEXT_SIZE, NULL);
    check(&f, DATA, NULL); /* a label in data says nothing */
    done(&f);
}

static void test_sized_wins_over_labels_inside(void **state)
{
    (void)state;
    struct symbols s = {0};
    func(&s, "outer", TEXT, 0x800);
    for (unsigned i = 0; i < 200; i++)
        add(&s, "loop", TEXT + 8 + i * 4, 0, STT_NOTYPE, STB_LOCAL, 1);
    func(&s, "inner", TEXT + 0x400, 0x10);
    struct fixture f = build(&s);
    check(&f, TEXT + 0x100, "outer");
    check(&f, TEXT + 0x3ff, "outer");
    check(&f, TEXT + 0x405, "inner");
    check(&f, TEXT + 0x410, "outer");
    done(&f);
}

static void test_best_of_equals(void **state)
{
    (void)state;
    struct symbols s = {0};
    add(&s, "local", TEXT, 8, STT_FUNC, STB_LOCAL, 1);
    add(&s, "__global", TEXT, 8, STT_FUNC, STB_GLOBAL, 1);
    add(&s, "_global", TEXT, 8, STT_FUNC, STB_WEAK, 1);
    add(&s, "object", TEXT, 8, STT_OBJECT, STB_GLOBAL, 1);
    func(&s, "memcpy@@V1", TEXT + 0x10, 8);
    func(&s, "memmove@@V1", TEXT + 0x10, 8);
    func(&s, "__GI_x", TEXT + 0x20, 8);
    func(&s, "____x", TEXT + 0x20, 8);
    func(&s, "glob@@V2", TEXT + 0x30, 8);
    func(&s, "glob64@@V1", TEXT + 0x30, 8);
    struct fixture f = build(&s);
    check(&f, TEXT, "_global");
    check(&f, TEXT + 0x10, "memmove@@V1");
    check(&f, TEXT + 0x20, "____x");
    check(&f, TEXT + 0x30, "glob64@@V1");
    done(&f);
}

static void test_ignores(void **state)
{
    (void)state;
    struct symbols s = {0};
    add(&s, "undefined", TEXT, 8, STT_FUNC, STB_GLOBAL, SHN_UNDEF);
    add(&s, "absolute", TEXT, 8, STT_FUNC, STB_GLOBAL, SHN_ABS);
    add(&s, "tls", TEXT, 8, STT_TLS, STB_GLOBAL, 2);
    add(&s, "file.c", TEXT, 0, STT_FILE, STB_LOCAL, 1);
    add(&s, "$x", TEXT, 0, STT_NOTYPE, STB_LOCAL, 1);
    add(&s, ".L1", TEXT, 0, STT_NOTYPE, STB_LOCAL, 1);
    struct fixture f = build(&s);
    check(&f, TEXT, NULL);
    done(&f);
}

/* Out of order, with an address that needs all bytes of the key. */
static void test_many(void **state)
{
    (void)state;
    struct symbols *s = calloc(1, sizeof(*s));
    char name[16];
    for (unsigned i = 0; i < MANY; i++) {
        unsigned k = i * 7919 % MANY;
        snprintf(name, sizeof(name), "f%u", k);
        func(s, name, TEXT + k * 4, 4);
    }
    func(s, "far", UINT64_C(0xfedcba9876543210), UINT64_MAX);
    struct fixture f = build(s);
    for (unsigned k = 0; k < MANY; k++) {
        snprintf(name, sizeof(name), "f%u", k);
        check(&f, TEXT + k * 4 + 3, name);
    }
    check(&f, UINT64_C(0xfedcba9876543211), "far");
    done(&f);
    free(s);
}

static void test_by_name(void **state)
{
    (void)state;
    struct symbols s = {0};
    func(&s, "xmain", TEXT, 8);
    func(&s, "main", TEXT + 8, 8);
    add(&s, "puts", 0, 0, STT_FUNC, STB_GLOBAL, SHN_UNDEF);
    struct fixture f = build(&s);
    struct raw_symbol r;
    assert_true(sym_table_named(&f.table, "main", &r));
    assert_int_equal(r.addr, TEXT + 8);
    assert_true(sym_table_named(&f.table, "xmain", &r));
    assert_int_equal(r.addr, TEXT);
    assert_false(sym_table_named(&f.table, "puts", &r));
    assert_false(sym_table_named(&f.table, "ain", &r));
    assert_false(sym_table_named(&f.table, "absent", &r));
    done(&f);
}

RUN_TESTS(cmocka_unit_test(test_covers), cmocka_unit_test(test_unsized_lasts_to_next_or_end_of_section),
          cmocka_unit_test(test_sized_wins_over_labels_inside), cmocka_unit_test(test_best_of_equals),
          cmocka_unit_test(test_ignores), cmocka_unit_test(test_many), cmocka_unit_test(test_by_name))
