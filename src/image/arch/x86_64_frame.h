/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames of x86-64 that are made here; see struct frame_desc. */
#ifndef IMAGE_ARCH_X86_64_FRAME_H
#define IMAGE_ARCH_X86_64_FRAME_H

#include "image/arch.h"

size_t x86_64_put_frame(const struct frame_want *w, uint8_t *out, size_t room);
void x86_64_entered(uint8_t *pr_reg, uint64_t number);
bool x86_64_is_timed(const uint8_t *pr_reg);

#endif
