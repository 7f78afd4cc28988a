/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point and vector registers of x86-64; see arch.note_register. */
#ifndef IMAGE_ARCH_X86_64_VECTOR_H
#define IMAGE_ARCH_X86_64_VECTOR_H

#include "base/cursor.h"

bool x86_64_note_register(uint32_t type, struct bytes desc, unsigned dwarf, uint8_t *buf, size_t max, size_t *n);

#endif
