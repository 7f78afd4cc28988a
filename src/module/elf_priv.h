/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read ELF share. */
#ifndef MODULE_ELF_PRIV_H
#define MODULE_ELF_PRIV_H

#include "module/elf.h"
#include <pthread.h>
#include <stdatomic.h>

/* The inflated bytes of one section; `lock` guards the rest until `done`. */
struct elf_inflated {
    pthread_mutex_t lock;
    bool done;
    struct bytes data; /* an anonymous mapping */
    struct err *err;
};

struct elf {
    atomic_int refs;
    char *path;
    struct filemap map; /* when opened as a file */
    void *owned;        /* when given bytes to own */
    struct bytes data;

    bool is_image;   /* data is memory as loaded, not a file */
    taddr loaded_at; /* image: runtime address of data.p[0] */
    taddr low;       /* image: link-time address of data.p[0] */

    const struct arch *arch;
    uint8_t addr_size;
    uint16_t type;
    taddr entry;
    struct build_id id;

    struct arena arena;
    struct elf_segment *segments;
    size_t n_segments;
    struct elf_section *sections;
    size_t n_sections;
    struct elf_inflated *inflated; /* one a section */
};

/* Where a link-time address lies in e->data and how many bytes of its segment follow; false if nowhere. */
bool elf_locate(const struct elf *e, taddr vaddr, uint64_t *offset, uint64_t *n);
/* Sections that the program headers tell of (elf_dynamic.c). */
void elf_sections_from_segments(struct elf *e);
/* Reads the header of a compressed section into `s`; one that is damaged counts as not compressed
 * (elf_inflate.c). */
void elf_read_compression(const struct elf *e, struct elf_section *s);
/* Notes which sections of an object file have relocations that change what it says; and applies those of one to its
 * bytes (elf_reloc.c). */
void elf_find_relocations(struct elf *e);
struct err *elf_relocate(struct elf *e, const struct elf_section *s, uint8_t *p, size_t n) MUST_CHECK;
/* Frees what elf_section_data() inflated. */
void elf_inflated_done(struct elf_inflated *f);

#endif
