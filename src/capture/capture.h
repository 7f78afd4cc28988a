/* SPDX-License-Identifier: Apache-2.0 */
/* WRITING CORES: an image to an ELF core that gdb, lldb, Delve and Inquest read (gABI chapter 5, Linux
 * fs/binfmt_elf.c for the notes). Needs base and image only, so that it stays small enough to audit. */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "base/text.h"
#include "image/image.h"
#include "image/pages.h"

/* What sees everything before it is written, and may change it in place. Threads: all functions but `record` are called
 * from many at once. */
struct capture_filter {
    size_t reach; /* bytes of memory on each side that it needs to judge others */
    /* Of the process no command line, open files, control groups and host are noted, nor what others noted. */
    bool terse;
    /* n bytes of memory from `at`, in mappings each beside the next; those of [from, to) are about to be written, the
     * others are to be looked at. The former are of one mapping, or of some without a path, all executable or none. */
    void (*memory)(void *arg, taddr at, uint8_t *bytes, size_t n, size_t from, size_t to);
    /* The content of a note, or its part that is text. */
    void (*text)(void *arg, uint8_t *bytes, size_t n);
    /* A general register other than program counter and stack pointer. Vector and floating-point registers, of which
     * nobody can tell what they hold, become zeros without being asked for. */
    uint64_t (*word)(void *arg, uint64_t value);
    /* When all was seen: what a note IMAGE_NOTE_REDACTED says of it, up to IMAGE_REDACTED_MAX bytes. */
    void (*record)(void *arg, struct text *out);
    void *arg;
};

struct capture_opts {
    bool all; /* also what coredump_filter and MADV_DONTDUMP leave out, as gdb's use-coredump-filter off */
    bool pack; /* with zstd, in independent frames with a table of them (zstd's seekable format) */
    int32_t first_tid; /* thread that debuggers select: they take the first; 0: the crashed one, or the image's first */
    /* Of the memory that the core would hold only these pages are written, and all mappings listed. NULL: all of it. */
    const struct page_runs *keep;
    const struct capture_filter *filter; /* NULL: all is written as it is */
    struct progress *progress; /* bytes; may be NULL */
};
struct capture_result {
    uint64_t size; /* of the file; in a plain one pages of zeros are holes */
    uint64_t skipped; /* bytes that could not be read, zeros in the file */
    struct image_unfrozen *live; /* what of image.unfrozen it holds; the caller's: capture_result_done() */
    size_t n_live;
};
/* Writes a new file (mode 0600; an existing one is refused: ERR_USAGE), on the disk before it gets its name, which it
 * does only when it is complete. "-": standard output, in order. The image is a process that is held or frozen, or a
 * core of any kind: then the copy holds what that core does.
 * Errors: ERR_UNSUPPORTED (a program that does not run), ERR_IO (a full disk says how far it came), ERR_LIMIT (the disk
 * is nearly full), ERR_CANCELLED, ERR_GONE. */
struct err *capture_core(struct image *im, const char *path, const struct capture_opts *opts,
                         struct capture_result *out) MUST_CHECK;
/* Could it be written? For a process that has not been stopped yet (image_peek_open()): the place is looked at and, where
 * what the process has in memory would not fit, pieces of that are read. Errors: ERR_USAGE, ERR_IO, ERR_LIMIT (how much
 * is needed and how much room there is; what pages of zeros and packing save is counted). */
struct err *capture_check(struct image *im, const char *path, const struct capture_opts *opts) MUST_CHECK;
void capture_result_done(struct capture_result *r);

#endif
