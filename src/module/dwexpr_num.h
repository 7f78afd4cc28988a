/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers on the stack of a DWARF expression (DWARF 5 section 2.5.1.1): of a base type, or "generic", which is
 * as wide as an address and has no sign of its own.
 * Threads: plain values. */
#ifndef MODULE_DWEXPR_NUM_H
#define MODULE_DWEXPR_NUM_H

#include "base/cursor.h"

__extension__ typedef unsigned __int128 dwx_wide;

enum num_kind { NUM_GENERIC, NUM_UNSIGNED, NUM_SIGNED, NUM_FLOAT };

/* The largest base type that an expression computes with, in bytes. */
enum { NUM_MAX = 16 };

struct num {
    dwx_wide bits; /* as in memory; those above `size` are 0 */
    uint8_t kind;  /* enum num_kind */
    uint8_t size;  /* bytes, 1 to NUM_MAX */
};

static inline struct num num_of(uint8_t kind, unsigned size, dwx_wide bits)
{
    return (struct num){bits & (~(dwx_wide)0 >> (128 - 8 * size)), kind, (uint8_t)size};
}
static inline struct num num_from_bytes(uint8_t kind, unsigned size, const uint8_t *b)
{
    struct num n = {0, kind, (uint8_t)size};
    memcpy(&n.bits, b, size);
    return n;
}

/* What an operation (enum dw_op) makes of its operands. NULL; or what is wrong, to follow the name of the
 * expression: "divides by zero". */
const char *num_unary(uint8_t op, struct num a, struct num *out);
/* Comparisons give a generic number of `generic` bytes. */
const char *num_binary(uint8_t op, struct num a, struct num b, unsigned generic, struct num *out);
/* DW_OP_convert: the value in another type. */
const char *num_convert(struct num a, uint8_t kind, unsigned size, struct num *out);

#endif
