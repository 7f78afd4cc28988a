/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF sections, made byte by byte. */
#ifndef MAKE_DWARF_H
#define MAKE_DWARF_H

#include "module/dwarf.h"
#include "module/make_elf.h"

static inline void put_u8(struct text *t, unsigned v)
{
    text_putc(t, (char)v);
}
static inline void put_uint(struct text *t, uint64_t v, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        put_u8(t, (unsigned)(v >> (8 * i)) & 0xff);
}
static inline void put_u16(struct text *t, unsigned v)
{
    put_uint(t, v, 2);
}
static inline void put_u32(struct text *t, uint64_t v)
{
    put_uint(t, v, 4);
}
static inline void put_u64(struct text *t, uint64_t v)
{
    put_uint(t, v, 8);
}
static inline void put_uleb(struct text *t, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        put_u8(t, 0x80 | (v & 0x7f));
    put_u8(t, (unsigned)v);
}
static inline void put_string(struct text *t, const char *s)
{
    text_putn(t, s, strlen(s) + 1);
}
/* Writes the length of what follows a field of 4 bytes at `at` into it. */
static inline void patch_length(struct text *t, size_t at)
{
    uint64_t n = t->n - at - 4;
    for (unsigned i = 0; i < 4; i++)
        t->p[at + i] = (char)(n >> (8 * i));
}

/* code, tag, children, then pairs of attribute and form. */
#define put_abbrev(t, code, tag, ...) put_abbrev_((t), (code), (tag), (const uint16_t[]){__VA_ARGS__, 0, 0})
static inline void put_abbrev_(struct text *t, uint64_t code, uint64_t tag, const uint16_t *children)
{
    put_uleb(t, code);
    put_uleb(t, tag);
    put_u8(t, *children);
    const uint16_t *specs = children + 1;
    do {
        put_uleb(t, specs[0]);
        put_uleb(t, specs[1]);
        specs += 2;
    } while (specs[-2] || specs[-1]);
}

/* The header of a unit with addresses of 8 bytes; gives the place of its length. */
static inline size_t put_unit(struct text *t, unsigned version)
{
    size_t at = t->n;
    put_u32(t, 0);
    put_u16(t, version);
    if (version >= 5) {
        put_u8(t, DW_UT_compile);
        put_u8(t, 8);
        put_u32(t, 0);
    } else {
        put_u32(t, 0);
        put_u8(t, 8);
    }
    return at;
}

struct made_sections {
    struct text info, abbrev, str, line, ranges, rnglists, aranges, addr, str_offsets, loc, loclists;
};

/* Leaves the sections empty. The result owns its file. */
static inline struct dwarf *make_dwarf(struct made_sections *s)
{
    struct elf_maker m = {0};
    struct elf *e = NULL;
    struct {
        const char *name;
        struct text *t;
    } all[] = {
        {".debug_info", &s->info},       {".debug_abbrev", &s->abbrev},    {".debug_str", &s->str},
        {".debug_line", &s->line},       {".debug_ranges", &s->ranges},    {".debug_rnglists", &s->rnglists},
        {".debug_aranges", &s->aranges}, {".debug_addr", &s->addr},        {".debug_str_offsets", &s->str_offsets},
        {".debug_loc", &s->loc},         {".debug_loclists", &s->loclists}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i].t->n)
            make_section(&m, all[i].name, SHT_PROGBITS, 0, 0, all[i].t->p, all[i].t->n);
        text_done(all[i].t);
    }
    assert_ok(elf_open_bytes(make_elf(&m), true, NULL, "made", &e));
    struct dwarf *d = dwarf_new(e, NULL, DW_MAIN);
    elf_unref(e);
    return d;
}

#endif
