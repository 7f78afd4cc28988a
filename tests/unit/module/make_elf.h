/* SPDX-License-Identifier: Apache-2.0 */
/* Small ELF64 files, made in memory: only what a test asks for. */
#ifndef MAKE_ELF_H
#define MAKE_ELF_H

#include <elf.h>
#include <stdio.h>

#include "base/text.h"
#include "module/elf.h"

enum { MADE_DATA_AT = 512, MADE_MAX = 16, MADE_HEADERS = 8 };

struct elf_maker {
    struct text data; /* what follows the ELF and program headers, from offset MADE_DATA_AT */
    struct text names;
    Elf64_Shdr sections[MADE_MAX]; /* 0 is the null section */
    size_t n_sections;
    Elf64_Phdr segments[MADE_HEADERS];
    size_t n_segments;
    uint16_t machine; /* 0: x86-64 */
};

static inline uint64_t made_offset(const struct elf_maker *m)
{
    return MADE_DATA_AT + m->data.n;
}

/* Adds a section and gives its number. addr 0: not loaded. */
static inline uint32_t make_section(struct elf_maker *m, const char *name, uint32_t type, uint64_t flags, uint64_t addr,
                                    const void *bytes, size_t n)
{
    if (m->n_sections == 0) {
        m->n_sections = 1;
        text_putc(&m->names, '\0');
    }
    while (m->data.n % 8)
        text_putc(&m->data, '\0');
    m->sections[m->n_sections] = (Elf64_Shdr){
        .sh_name = (Elf64_Word)m->names.n,
        .sh_type = type,
        .sh_flags = flags,
        .sh_addr = addr,
        .sh_offset = made_offset(m),
        .sh_size = n,
    };
    text_putn(&m->names, name, strlen(name) + 1);
    text_putn(&m->data, bytes, n);
    return (uint32_t)m->n_sections++;
}

static inline void make_segment(struct elf_maker *m, uint32_t type, uint32_t flags, uint64_t offset, uint64_t vaddr,
                                uint64_t filesz, uint64_t memsz)
{
    m->segments[m->n_segments++] = (Elf64_Phdr){
        .p_type = type,
        .p_flags = flags,
        .p_offset = offset,
        .p_vaddr = vaddr,
        .p_filesz = filesz,
        .p_memsz = memsz,
        .p_align = type == PT_LOAD ? 4096 : 4,
    };
}

/* A build-id of 20 bytes that are all `fill`, as a section and a segment. */
static inline void make_build_id(struct elf_maker *m, uint8_t fill)
{
    uint8_t note[36] = {4, 0, 0, 0, 20, 0, 0, 0, NT_GNU_BUILD_ID, 0, 0, 0, 'G', 'N', 'U', 0};
    memset(note + 16, fill, 20);
    uint32_t i = make_section(m, ".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, 0, note, sizeof(note));
    make_segment(m, PT_NOTE, PF_R, m->sections[i].sh_offset, m->sections[i].sh_offset, sizeof(note), sizeof(note));
}

/* The file; heap, the caller's. Leaves the maker empty. */
static inline struct bytes make_elf(struct elf_maker *m)
{
    uint32_t names = m->n_sections ? make_section(m, ".shstrtab", SHT_STRTAB, 0, 0, NULL, 0) : 0;
    if (names) {
        m->sections[names].sh_size = m->names.n;
        text_putn(&m->data, m->names.p, m->names.n);
    }
    while (m->data.n % 8)
        text_putc(&m->data, '\0');
    Elf64_Ehdr h = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = m->machine ? m->machine : EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = m->n_segments ? sizeof(h) : 0,
        .e_shoff = m->n_sections ? made_offset(m) : 0,
        .e_ehsize = sizeof(h),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)m->n_segments,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (Elf64_Half)m->n_sections,
        .e_shstrndx = (Elf64_Half)names,
    };
    char head[MADE_DATA_AT] = {0};
    memcpy(head, &h, sizeof(h));
    memcpy(head + sizeof(h), m->segments, m->n_segments * sizeof(Elf64_Phdr));
    struct text all = {0};
    text_putn(&all, head, sizeof(head));
    text_putn(&all, text_str(&m->data), m->data.n);
    text_putn(&all, (const char *)m->sections, m->n_sections * sizeof(Elf64_Shdr));
    text_done(&m->data);
    text_done(&m->names);
    *m = (struct elf_maker){0};
    size_t n = all.n;
    return (struct bytes){(uint8_t *)text_take(&all), n};
}

static inline void write_file(const char *path, struct bytes b)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
    assert_int_equal(fclose(f), 0);
}

#endif
