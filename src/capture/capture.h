/* SPDX-License-Identifier: Apache-2.0 */
/* WRITING CORES: an image to an ELF core that gdb, lldb, Delve and Inquest read (gABI chapter 5, Linux
 * fs/binfmt_elf.c for the notes). Needs base and image only, so that it stays small enough to audit. */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "image/image.h"

struct capture_opts {
    bool all;      /* also what coredump_filter and MADV_DONTDUMP leave out, as gdb's use-coredump-filter off */
    bool sparse;   /* pages of zeros become holes of the file: on unless the file system cannot */
    struct progress *progress; /* bytes; may be NULL */
};
struct capture_result {
    uint64_t size;    /* of the file */
    uint64_t skipped; /* bytes that could not be read, zeros in the file */
};
/* Writes a new file (mode 0600; an existing one is refused: ERR_USAGE). It gets its name only when it is
 * complete. Errors: ERR_IO (disk full says how much was missing), ERR_CANCELLED, ERR_GONE. */
struct err *capture_core(struct image *im, const char *path, const struct capture_opts *opts,
                         struct capture_result *out) MUST_CHECK;

#endif
