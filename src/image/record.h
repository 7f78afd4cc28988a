/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a process beside its memory: lines of a key and a value, which a core of ours carries in a note
 * (docs/internals/capture.md has the keys). Private to image/. */
#ifndef IMAGE_RECORD_H
#define IMAGE_RECORD_H

#include "base/text.h"
#include "image/build.h"

enum { RECORD_LINES_MAX = 1 << 16 };

/* Adds a line; `value` may hold any byte but NUL. */
void record_add(struct image *im, const char *key, const char *value);
void record_addf(struct image *im, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* From a note's bytes, at most RECORD_LINES_MAX lines: im->facts, and what of it has members of its own. */
void record_read(struct image *im, struct bytes note);

/* Of a container's control group ("/docker/4f5e...", "/system.slice/docker-4f5e....scope", "/lxc.payload.web"): its id,
 * n bytes at *id; false: none is known in it. */
bool record_container(const char *group, const char **id, size_t *n);

#endif
