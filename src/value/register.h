/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a frame by name, typed as gdb types them: $rip is a pointer to code, $eflags a set of flags, $xmm0 a
 * union of vectors.
 * Threads: one at a time. */
#ifndef VALUE_REGISTER_H
#define VALUE_REGISTER_H

#include "value/scope.h"

/* `name` without the dollar: of the processor, a part of one ("eax", "al"), or "pc", "sp", "fp". *found false: it is no
 * register, and `out` is not written. ERR_NO_DATA: it was not saved in the frame. */
struct err *register_value(struct values *vs, const struct vframe *f, const char *name, struct value *out,
                           bool *found) MUST_CHECK;

/* The type of a register of `size` bytes. `cxx`: code is void (*)(void), not void (*)(). */
const struct type *register_type(struct types *t, const struct arch *a, const char *name, unsigned dwarf, size_t size,
                                 bool cxx);
/* "[ ZF PF ]": the bits that are set in $eflags or $mxcsr; false for any other type. */
bool register_flags(const struct type *t, uint64_t v, struct text *out);

#endif
