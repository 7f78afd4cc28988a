/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction from bytes. Private to session/. Threads: one. */
#ifndef SESSION_DECODER_H
#define SESSION_DECODER_H

#include "base/arena.h"
#include "session/code.h"

struct decoder;
/* ERR_UNSUPPORTED: no disassembler for the processor (NULL: unknown). */
struct err *decoder_new(const struct arch *arch, struct decoder **out) MUST_CHECK;
void decoder_free(struct decoder *d); /* NULL is allowed */
/* The instruction at the first of n bytes (n > 0), which are at pc. Its text is in the arena; a byte that begins none
 * is "(bad)". */
void decoder_one(struct decoder *d, const uint8_t *bytes, size_t n, taddr pc, bool intel, struct arena *a,
                 struct instruction *out);

#endif
