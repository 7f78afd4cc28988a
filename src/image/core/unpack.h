/* SPDX-License-Identifier: Apache-2.0 */
/* Packed cores: zstd, lz4, xz and gzip, each also as several streams in a row. Private to image/core/. */
#ifndef IMAGE_CORE_UNPACK_H
#define IMAGE_CORE_UNPACK_H

#include "base/cursor.h"
#include "base/work.h"

/* Decodes one format from a stream of pieces. */
struct codec {
    const char *name; /* "zstd" */
    uint8_t magic[6], magic_size;
    void *(*open)(void); /* NULL: out of memory */
    /* Takes from *in and puts into *out, moving both. Sets *ended at the end of a stream (more may follow).
     * NULL, or what is wrong with the data: a static or codec-owned string. */
    const char *(*run)(void *state, struct bytes *in, uint8_t **out, size_t *out_left, bool *ended);
    void (*close)(void *state);
};

/* The codec for a file that starts with `head`, or NULL. */
const struct codec *codec_find(struct bytes head);

/* Unpacks all of `fd` into an unlinked sparse file in TMPDIR (mode 0600), whose descriptor is the caller's.
 * Checks the free space on the way and leaves 5 % of the file system. When the packed data is cut or damaged,
 * what came before stands, and *problem (caller's) says so. Errors: ERR_IO, ERR_LIMIT (no space),
 * ERR_CANCELLED, ERR_CORRUPT (nothing could be unpacked). */
struct err *unpack(int fd, const char *path, const struct codec *codec, struct progress *progress, int *out,
                   struct err **problem) MUST_CHECK;

#endif
