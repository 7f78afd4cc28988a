/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF core while it is read. Private to image/core/, but for core_open_bytes().
 *
 * Layout: System V gABI chapters 4 and 5; Linux fs/binfmt_elf.c and include/uapi/linux/elfcore.h for what
 * the notes hold. Both classes, little-endian. */
#ifndef IMAGE_CORE_CORE_H
#define IMAGE_CORE_CORE_H

#include "image/build.h"
#include "image/core/seekable.h"

/* One PT_LOAD: [start, end) of the target, of which the first `dumped` bytes should be in the file and the
 * first `have` are. */
struct core_load {
    taddr start, end;
    uint64_t offset, dumped, have;
    uint8_t prot;
};

/* One entry of NT_FILE. `path` lies in the file's bytes. */
struct core_file {
    taddr start, end;
    uint64_t offset;
    const char *path; /* NULL: the note ends before the name */
    const char *copy; /* in the arena, without " (deleted)"; made once, however many pieces share it */
    bool deleted;
};

/* Addresses whose bytes a minicore holds. */
struct core_span {
    taddr start, end;
};

struct core {
    struct image *im;
    struct bytes file; /* of a packed one its beginning, up to the first memory */
    uint64_t size;     /* of the whole, bytes */
    uint8_t word; /* bytes of an address: 4 or 8 */
    bool has_sections, is_minicore;
    VEC(struct core_load) loads;
    VEC(struct core_load) mapped; /* IMAGE_NOTE_MAPS: mappings of which `loads` are pieces; sorted, none overlaps */
    VEC(struct core_span) dumped; /* of a minicore: what it holds; all other bytes of its segments are holes */
    VEC(struct core_file) files;
    VEC(struct image_note) notes;
    /* First note of each thread in `notes`; the notes up to the next one are its own. */
    VEC(size_t) thread_notes;
};

/* Opens a core from bytes that stay the caller's and must outlive the image. Errors as image_core_open(). */
struct err *core_open_bytes(struct bytes file, const char *path, struct image **out) MUST_CHECK;
/* The same of a packed one (packed.c), `s` as the bytes above. What the image keeps for it is *memory, the caller's to
 * free after the image. */
struct packed_memory;
struct err *core_open_packed(struct seekable *s, const char *path, struct image **out,
                             struct packed_memory **memory) MUST_CHECK;
void packed_memory_free(struct packed_memory *m); /* NULL is allowed */
/* What both do: c->file, c->size and c->im are set. */
struct err *core_read(struct core *c, const char *path) MUST_CHECK;

/* Frees everything, the image with it. */
void core_done(struct core *c);

/* The steps, in order. What is wrong becomes a problem of the image. */
void core_read_dumplist(struct core *c, uint64_t offset, uint64_t size);
void core_read_notes(struct core *c, uint64_t offset, uint64_t size);
void core_finish_threads(struct core *c);
void core_finish_space(struct core *c);
void core_finish_maps(struct core *c);
/* Steps of steps, which minidumps take too. */
void core_read_mapped(struct core *c);
void core_read_auxv(struct core *c, struct bytes auxv);
void core_sort_loads(struct core *c);
/* Names the program that wrote it, from the order of notes and the shape of the file; NULL unknown. */
const char *core_writer(const struct core *c);

#endif
