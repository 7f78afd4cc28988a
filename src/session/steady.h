/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a process that runs on, each page of which is read once: whoever asks again gets the same bytes. Threads:
 * readers, any number at once. */
#ifndef SESSION_STEADY_H
#define SESSION_STEADY_H

#include "image/image.h"

struct steady;
/* Takes the place of the image's second source of bytes, from now on until the image is freed, which comes first. */
struct steady *steady_new(struct image *im);
/* The process runs on: what is read from now on is later. */
void steady_resumed(struct steady *s);
/* Was the page read before? */
bool steady_early(const struct steady *s, taddr at);
/* NULL is allowed. */
void steady_free(struct steady *s);

#endif
