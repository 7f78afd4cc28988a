/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point and vector registers of x86-64, and names of parts of registers; see arch.note_register and
 * arch.views. */
#ifndef IMAGE_ARCH_X86_64_VECTOR_H
#define IMAGE_ARCH_X86_64_VECTOR_H

#include "image/arch.h"

enum { X86_64_VIEWS = 170 };
extern const struct reg_view x86_64_views[X86_64_VIEWS];
bool x86_64_note_register(uint32_t type, struct bytes desc, unsigned dwarf, uint8_t *buf, size_t max, size_t *n);

#endif
