/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations of debug sections in object files and kernel modules (gABI "Relocation"; psABI of each processor).
 * Nothing is loaded, so that all sections are at 0 and only plain additions occur. */
#include "module/elf_priv.h"
#include "base/text.h"
#include "module/symtab.h"

#include <elf.h>

/* Bytes that a relocation of debug information writes: symbol plus addend. 0: none is written; UINT_MAX: unknown. */
static unsigned width_of(const struct elf *e, uint32_t type)
{
    static const struct {
        uint16_t machine;
        uint32_t type;
        unsigned bytes;
    } known[] = {
        {EM_X86_64, R_X86_64_NONE, 0},   {EM_X86_64, R_X86_64_64, 8},       {EM_X86_64, R_X86_64_32, 4},
        {EM_X86_64, R_X86_64_32S, 4},    {EM_X86_64, R_X86_64_DTPOFF64, 8}, {EM_X86_64, R_X86_64_DTPOFF32, 4},
        {EM_AARCH64, R_AARCH64_NONE, 0}, {EM_AARCH64, R_AARCH64_ABS64, 8},  {EM_AARCH64, R_AARCH64_ABS32, 4},
    };
    for (size_t i = 0; e->arch && i < ARRAY_LEN(known); i++)
        if (known[i].machine == e->arch->elf_machine && known[i].type == type)
            return known[i].bytes;
    return UINT32_MAX;
}

static struct err *apply(const struct elf *e, const struct sym_table *symbols, struct cursor *c, uint8_t *p, size_t n)
{
    uint64_t at = cursor_u64(c), info = cursor_u64(c), addend = cursor_u64(c);
    unsigned bytes = width_of(e, (uint32_t)info);
    uint32_t symbol = (uint32_t)(info >> 32);
    if (bytes == UINT32_MAX)
        return err_new(ERR_UNSUPPORTED, "its relocations of type %u are not known", (uint32_t)info);
    if (symbol >= symbols->n || at > n || bytes > n - at)
        return err_new(ERR_CORRUPT, "a relocation lies outside of it");
    uint64_t value = sym_table_get(symbols, symbol).addr + addend;
    memcpy(p + at, &value, bytes);
    return NULL;
}

/* Nothing that is needed here is relocated itself, or it would wait for itself. */
static bool has_plain_names(const struct elf *e)
{
    const struct elf_section *s = elf_section(e, ".symtab");
    return s && s->link < e->n_sections && !e->sections[s->link].relocs;
}

struct err *elf_relocate(struct elf *e, const struct elf_section *s, uint8_t *p, size_t n)
{
    struct bytes relocs;
    struct sym_table symbols;
    if (e->addr_size != 8)
        return err_new(ERR_UNSUPPORTED, "object files of 32 bits are not read");
    TRY(elf_section_data(e, &e->sections[s->relocs], &relocs));
    if (!has_plain_names(e) || !sym_table_open(e, ".symtab", &symbols))
        return err_new(ERR_CORRUPT, "it needs a symbol table, which is not there");
    struct cursor c = cursor_of(relocs, 0, "relocations");
    while (cursor_left(&c) >= sizeof(Elf64_Rela))
        TRY(apply(e, &symbols, &c, p, n));
    return NULL;
}

void elf_find_relocations(struct elf *e)
{
    for (size_t i = 0; e->type == ET_REL && i < e->n_sections; i++) {
        const struct elf_section *r = &e->sections[i];
        struct elf_section *s = r->info < e->n_sections ? &e->sections[r->info] : NULL;
        if (r->type == SHT_RELA && s && s->type == SHT_PROGBITS &&
            (begins_with(s->name, ".debug_") || begins_with(s->name, ".zdebug_")))
            s->relocs = (uint32_t)i;
    }
}
