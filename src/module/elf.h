/* SPDX-License-Identifier: Apache-2.0 */
/* One ELF file (or the ELF image found in a target's memory), read through bounded cursors.
 * Layout: System V gABI chapters 4 and 5, and <elf.h>. Both classes, little-endian only.
 * Threads: shareable after elf_open(); elf_section_data() locks a section while it inflates it. */
#ifndef MODULE_ELF_H
#define MODULE_ELF_H

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/arch.h"

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz, align;
};

struct elf_section {
    const char *name;
    uint32_t type, link, info;
    uint64_t flags, addr, offset, size, entsize;
    uint64_t full_size; /* size once inflated */
    uint32_t relocs;    /* of an object file's debug section: the section with its relocations; 0 none */
    bool compressed;    /* SHF_COMPRESSED, or an old .zdebug_ section */
};

struct build_id {
    uint8_t n; /* bytes, 0 when there is none; at most 32 are kept */
    uint8_t id[32];
};

struct elf;

/* Maps and checks a file. ERR_UNSUPPORTED when it is not ELF or big-endian, ERR_CORRUPT, ERR_TRUNCATED.
 * Where section headers are damaged or absent, those of .dynsym, .dynstr, .eh_frame_hdr and .eh_frame are
 * made from the program headers; program headers beyond the end of the file are left out. */
struct err *elf_open(const char *path, struct elf **out) MUST_CHECK;
struct err *elf_open_fd(int fd, const char *name, struct elf **out) MUST_CHECK;
/* Over bytes that `elf` takes over when `owned` (freed with free(), on an error too), else borrows.
 * loaded_at NULL: the bytes of a file. Otherwise they are an image as loaded at that address (a vdso, or
 * what memory has left of a deleted file), and offsets are addresses relative to the first segment. */
struct err *elf_open_bytes(struct bytes data, bool owned, const taddr *loaded_at, const char *name,
                           struct elf **out) MUST_CHECK;
struct elf *elf_ref(struct elf *e);
void elf_unref(struct elf *e); /* NULL is allowed */

const char *elf_path(const struct elf *e);
const struct arch *elf_arch(const struct elf *e); /* NULL for a machine that Inquest does not know */
uint16_t elf_type(const struct elf *e);           /* ET_EXEC, ET_DYN, ET_CORE, ... */
taddr elf_entry(const struct elf *e);
uint8_t elf_addr_size(const struct elf *e);
struct build_id elf_build_id(const struct elf *e);
const struct elf_segment *elf_segments(const struct elf *e, size_t *n);
const struct elf_section *elf_sections(const struct elf *e, size_t *n);
/* By name; ".debug_info" also finds ".zdebug_info". NULL when absent or SHT_NOBITS. */
const struct elf_section *elf_section(const struct elf *e, const char *name);
/* The bytes of a section, inflated (zlib by libdeflate, zstd) and relocated once, and then kept; borrowed from the
 * elf. */
struct err *elf_section_data(struct elf *e, const struct elf_section *s, struct bytes *out) MUST_CHECK;
/* As above by name; an absent section gives {NULL, 0} and no error. */
struct err *elf_data(struct elf *e, const char *name, struct bytes *out) MUST_CHECK;
/* The whole of the file, or of the image in memory. */
struct bytes elf_bytes(const struct elf *e);
/* At most n bytes of the file at a link-time address, as far as one segment's file part reaches. False if
 * there is none. */
bool elf_bytes_at(const struct elf *e, taddr vaddr, size_t n, struct bytes *out);
/* The build-id in a note section or segment (align: its alignment, 4 or 8); false if there is none.
 * Format: gABI "Note Section"; NT_GNU_BUILD_ID in <elf.h>. */
bool elf_note_build_id(struct bytes notes, uint64_t align, struct build_id *out);
/* The build-id of these bytes, of which 32 are kept. */
struct build_id build_id_of(struct bytes b);
bool build_id_equal(const struct build_id *a, const struct build_id *b);
/* Room for the text of a build-id in hexadecimal. */
#define BUILD_ID_TEXT 65
/* Fills buf with lower-case hexadecimal; returns buf. */
const char *build_id_text(const struct build_id *id, char buf[static BUILD_ID_TEXT]);

/* Inflates many sections of many files on all cores, the largest first; errors are kept and returned by
 * elf_section_data() later. */
struct elf_want {
    struct elf *elf;
    const struct elf_section *section;
};
void elf_inflate_all(struct elf_want *want, size_t n);

#endif
