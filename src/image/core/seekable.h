/* SPDX-License-Identifier: Apache-2.0 */
/* Files packed with zstd in frames that stand alone, with a table of them at the end (zstd contrib/seekable_format,
 * version 0.1.0): any part is read without unpacking the rest. Read by image/core/, written by capture/.
 * Threads: any number may read. */
#ifndef IMAGE_CORE_SEEKABLE_H
#define IMAGE_CORE_SEEKABLE_H

#include "base/cursor.h"
#include "base/text.h"

struct seekable;
/* `file` stays the caller's. False: it has no such table, or one that does not fit the file. */
bool seekable_open(struct bytes file, struct seekable **out);
/* NULL is allowed. */
void seekable_free(struct seekable *s);
uint64_t seekable_size(const struct seekable *s); /* bytes, unpacked */
/* How many bytes from `at` could be read: 0 to n; less where a frame is damaged, or at the end. */
size_t seekable_read(struct seekable *s, uint64_t at, void *buf, size_t n);

struct seekable_frame {
    uint32_t packed, size; /* bytes in the file, and unpacked: at most SEEKABLE_FRAME_MAX */
};
enum { SEEKABLE_FRAME_MAX = 16 << 20 };
/* Adds the table of n frames, which stands behind the last of them. */
void seekable_put_table(const struct seekable_frame *frames, size_t n, struct text *out);

#endif
