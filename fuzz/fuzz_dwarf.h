/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF whose sections are a fuzzer's bytes. */
#ifndef FUZZ_DWARF_H
#define FUZZ_DWARF_H

#include "module/dwarf.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Over an ELF file without sections. All sections of the result are empty. */
static inline struct dwarf *fuzz_dwarf(enum dw_kind kind)
{
    static const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_ehsize = sizeof(header),
    };
    struct elf *elf;
    struct err *e = elf_open_bytes((struct bytes){(const uint8_t *)&header, sizeof(header)}, false, NULL, "fuzz", &elf);
    if (e)
        abort();
    struct dwarf *d = dwarf_new(elf, NULL, kind);
    elf_unref(elf);
    atomic_store(&d->have, (1u << DW_SEC_COUNT) - 1);
    return d;
}

static inline void fuzz_section(struct dwarf *d, enum dw_section s, struct bytes b)
{
    d->sec[s] = b;
}

#endif
