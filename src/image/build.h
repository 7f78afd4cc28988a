/* SPDX-License-Identifier: Apache-2.0 */
/* What core/ and live/ share while they fill an image. Private to image/. */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include "image/image.h"

/* An empty image; `path` is copied. Freed by image_free(), which calls ops->free when ops are set. */
struct image *image_new(enum image_kind kind, const char *path);
/* Empties it but for path, ops and priv, to be filled anew. */
void image_clear(struct image *im);
/* Adds to im->problems and takes `e` over. NULL is allowed. */
void image_problem(struct image *im, struct err *e);
/* Splits a path's " (deleted)" off, as /proc/PID/maps and NT_FILE append it; copies it into the arena. */
const char *image_mapped_path(struct image *im, const char *path, bool *deleted);
/* The stack's strings joined by spaces into the arena; NULL for none. */
const char *image_join_arguments(struct image *im, const char *args, size_t n);
/* struct siginfo of a target with this word size: three ints; the union follows, aligned to a word. `info` may be
 * short. Leaves s->tid as it is. */
void image_decode_siginfo(struct image_signal *s, struct bytes info, unsigned word);
/* Sets what its union holds for this signal and code, given its first 8 bytes. */
void image_decode_sigfields(struct image_signal *s, uint64_t fields, unsigned word);

#endif
