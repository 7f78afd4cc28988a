/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a core that is written. Private to capture/. */
#ifndef CAPTURE_PRIV_H
#define CAPTURE_PRIV_H

#include "base/text.h"
#include "capture/capture.h"

/* One PT_LOAD: the first `size` bytes of [start, end) are in the file at `offset`. */
struct segment {
    taddr start, end;
    uint64_t size, offset;
    uint8_t prot;
    bool anonymous; /* private and of no file: pages that were never touched are zeros */
    bool untouched; /* anonymous, and none was touched */
    bool device; /* nothing is read from it */
};
struct segments {
    VEC(struct segment) v;
};
/* Every mapping of the image, and how much of each is to be written (segments.c); with opts->keep only pieces that are
 * written, and mappings of files that are not changed. Offsets are not set. *out is the caller's to free, on an error too. Errors: those of /proc. */
struct err *segments_choose(struct image *im, const struct capture_opts *opts, struct segments *out) MUST_CHECK;
/* The parts of image.unfrozen that are written; *out is the heap's, the caller's. */
void segments_live(const struct image *im, const struct segments *segments, struct image_unfrozen **out, size_t *n);

/* The bytes of PT_NOTE (notes.c); `out` is empty before. `pieces`: segments are pieces of mappings. */
void notes_build(const struct image *im, int32_t first_tid, bool pieces, struct text *out);

/* Appends a note to PT_NOTE's bytes. */
void note_put(struct text *t, const char *owner, uint32_t type, const void *desc, size_t n);

/* The content of IMAGE_NOTE_RECORD (record.c); nothing when the image has no facts. `terse`: as of struct capture_filter. */
void record_build(const struct image *im, const struct segments *segments, bool terse, struct text *out);

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static inline void put_uint(struct text *t, uint64_t v, unsigned size)
{
    text_putn(t, (const char *)&v, size); /* hosts are little-endian, as targets are */
}
static inline void put_zeros(struct text *t, size_t n)
{
    while (n-- > 0)
        text_putc(t, '\0');
}

/* The file as it will be. */
struct plan {
    struct image *im;
    struct text head; /* headers and notes: where the file begins */
    struct segments segments; /* in the order of their offsets */
    uint64_t end; /* bytes of the whole */
    struct filtering *filtering; /* NULL: nothing is */
};
/* Bytes of a block, counted from its beginning. */
struct run {
    size_t start, n;
};
struct runs {
    VEC(struct run) v;
};
/* A block as it is made. */
struct making {
    uint8_t *out;
    size_t n; /* bytes made so far */
    /* Those that may be other than zeros, in order; the rest of `out` is not written. NULL: all of it is, and it is zeros. */
    struct runs *runs;
    uint64_t skipped; /* bytes that could not be read, zeros */
};
/* Bytes [at, at + n) of the file (block.c); *m is empty before. Threads: any number at once. */
void plan_block(const struct plan *p, uint64_t at, size_t n, struct making *m);
/* The first place of the file from `at` on, at the beginning of a page, at which anything but zeros may stand; its end:
 * none. What is before need not be made, if plan_pass() is told of it. Threads: any number at once. */
uint64_t plan_next(const struct plan *p, uint64_t at);
void plan_pass(const struct plan *p, uint64_t n);
/* Adds n bytes of a segment's memory from `at`. */
void make_segment(struct making *m, struct image *im, const struct segment *s, taddr at, size_t n);

/* ---- filter.c ---- */

/* What a filter sees of a plan. Each byte of the file is made once: when all before it are, the record is written. */
struct filtering *filtering_new(const struct capture_filter *filter);
void filtering_free(struct filtering *f); /* NULL is allowed */
/* The notes that were built. */
void filter_notes(struct filtering *f, const struct image *im, struct text *notes);
/* Bytes that were read from memory at `at`. */
void filter_memory(const struct plan *p, taddr at, size_t n, uint8_t *bytes);
/* The record is the last note, in a PT_NOTE of its own, at `record` of the file. */
enum { RECORD_SIZE = 12 + sizeof(IMAGE_NOTE_OWNER) + IMAGE_REDACTED_MAX };
void filter_place_record(struct filtering *f, uint64_t record);
/* n bytes of the file before the record were made. */
void filter_made(struct filtering *f, uint64_t n);
/* Waits until all of them are; gives RECORD_SIZE bytes. */
const uint8_t *filter_record(struct filtering *f);

/* Where it goes. */
struct output {
    int fd;
    const char *dir; /* of the file, for messages and the free space; NULL: it is none of ours */
    bool stream; /* nothing can be written but at the end */
    bool pack;
};

/* Makes frames of zstd that stand alone, each fast enough for 2 processors to pack a GiB in a second (pack.c): the same
 * bytes always become the same frame. One thread at a time. */
struct packer;
struct packer *packer_new(void); /* NULL: there is no memory for it */
void packer_free(struct packer *p); /* NULL is allowed */
size_t packer_room(size_t n); /* bytes that a frame of n takes at most */
/* `room` is packer_room(n). Returns bytes of `out`; 0: there was no memory for it. */
size_t packer_frame(struct packer *p, const uint8_t *raw, size_t n, uint8_t *out, size_t room);

/* Bytes that may still be written there (room.c): some of a disk is kept free. False: not known. */
bool room_left(int fd, uint64_t *left);
/* ERR_LIMIT: there is surely no room for it, judged by pieces of it that are read. */
struct err *room_check(const struct plan *p, const struct output *to) MUST_CHECK;
/* What a core of a process takes at most as a rule, without looking at its memory. */
uint64_t room_at_most(const struct image *im);

/* Bytes to a file, past the page cache where that can be done and pays (sink.c): a core of many gigabytes would push
 * out of it what the machine works with, and costs half as much so. Memory that is written is of sink_buffer().
 * Threads: any number at once, at different places. */
struct sink {
    int fd, direct; /* the same file twice; direct -1: only through the page cache */
};
enum { SINK_ALIGN = 4096 }; /* bytes: of memory, offsets and sizes */
void sink_open(struct sink *s, int fd);
void sink_close(struct sink *s);
void *sink_buffer(size_t n) NEVER_NULL; /* free() it */
/* n bytes at an offset. Returns 0 or errno. */
int sink_write(const struct sink *s, const void *p, size_t n, uint64_t at);
/* Of a block at an offset what is in runs, without pages of zeros where they are many: holes of a new file. Zeros may be
 * written between runs. */
int sink_write_runs(const struct sink *s, uint8_t *block, const struct runs *runs, uint64_t at);

/* Writes it (output.c), on all processors. Errors: ERR_IO, ERR_LIMIT (the disk is nearly full), ERR_CANCELLED. */
struct err *output_write(const struct plan *p, const struct output *o, struct progress *progress,
                         struct capture_result *result) MUST_CHECK;

#endif
