/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF file, or with an odd last byte the image of one in memory: all its sections, notes, segments, symbols and
 * the symbols packed in it. */
#include "module/elf.h"
#include "module/module_priv.h"
#include "module/symtab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const taddr loaded_at = 0x7f0000000000;

static void touch(struct bytes b)
{
    volatile uint8_t sink = 0;
    for (size_t i = 0; i < b.n; i += 512)
        sink = (uint8_t)(sink ^ b.p[i]);
    if (b.n)
        sink = (uint8_t)(sink ^ b.p[b.n - 1]);
}

static void read_sections(struct elf *e)
{
    size_t n;
    const struct elf_section *s = elf_sections(e, &n);
    for (size_t i = 0; i < n; i++) {
        struct bytes b = {NULL, 0};
        err_free(elf_section_data(e, &s[i], &b));
        touch(b);
        (void)elf_section(e, s[i].name);
    }
}

static void read_segments(struct elf *e)
{
    size_t n;
    const struct elf_segment *s = elf_segments(e, &n);
    for (size_t i = 0; i < n; i++) {
        struct bytes b;
        taddr bias;
        if (elf_bytes_at(e, s[i].vaddr, (size_t)s[i].filesz, &b))
            touch(b);
        (void)elf_bias(e, loaded_at, s[i].offset, &bias);
    }
    (void)elf_top(e);
}

static void look_up(const struct symtab *t, const struct sym_table *st)
{
    enum { MAX_LOOKUPS = 64 };
    for (uint32_t i = 0; i < st->n && i < MAX_LOOKUPS; i++) {
        struct raw_symbol s = sym_table_get(st, i), found;
        const struct sym_table *in;
        (void)symtab_find(t, s.addr, &found, &in);
        (void)symtab_find(t, s.addr + s.size - 1, &found, &in);
        (void)sym_table_named(st, sym_table_name(st, s.name), &found);
    }
}

static void read_symbols(struct elf *e)
{
    struct sym_table tables[SYMTAB_MAX_TABLES];
    size_t n = 0;
    n += sym_table_open(e, ".symtab", &tables[n]);
    n += sym_table_open(e, ".dynsym", &tables[n]);
    struct symtab *t = symtab_new(tables, n);
    for (size_t i = 0; i < n; i++)
        look_up(t, &tables[i]);
    symtab_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct elf *e, *mini = NULL;
    bool image = n && data[n - 1] % 2;
    struct err *err = elf_open_bytes((struct bytes){data, n}, false, image ? &loaded_at : NULL, "input", &e);
    if (err) {
        err_free(err);
        return 0;
    }
    read_sections(e);
    read_segments(e);
    read_symbols(e);
    err_free(minidebuginfo_open(e, &mini));
    if (mini)
        read_symbols(mini);
    elf_unref(mini);
    elf_unref(e);
    return 0;
}
