/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of values share. Private to value/. */
#ifndef VALUE_PRIV_H
#define VALUE_PRIV_H

#include <inttypes.h>

#include "base/arena.h"
#include "base/mem.h"
#include "value/real.h"
#include "value/value.h"

enum { SCALAR_MAX = 32 }; /* bytes: a complex long double */

/* The bytes of a number or pointer, little-endian; those above `size` repeat the sign of a signed integer. */
struct scalar {
    uint8_t bytes[SCALAR_MAX];
    uint8_t size; /* bytes of the type; a bit-field has those of its type */
};
/* Of any type of at most SCALAR_MAX bytes. Errors: as value_read(), ERR_UNSUPPORTED. */
struct err *value_scalar(struct values *vs, const struct value *v, struct scalar *out) MUST_CHECK;
uint64_t scalar_u64(const struct scalar *s);

/* ERR_NO_DATA: the register of a DWARF number was not saved. */
struct err *value_no_register(const struct arch *arch, unsigned reg) MUST_CHECK;

/* Bytes of a type below typedefs and qualifiers; 0 unknown. */
size_t value_size(const struct type *t);
/* Bits [offset, offset + bits) of the value, from bit 0 of `out` on; the last byte is filled up with 0. */
struct err *value_read_bits(struct values *vs, const struct value *v, uint64_t offset, uint64_t bits,
                            uint8_t *out) MUST_CHECK;
/* The piece of a pointer to something that is not in memory; NULL: it is another value. */
const struct loc_piece *value_synthetic(const struct value *v);

/* As value_cstr(), in units of `width` bytes (1, 2 or 4), at most `limit` of them. */
struct err *value_string(struct values *vs, taddr at, unsigned width, size_t limit, struct bytes *out,
                         bool *ended) MUST_CHECK;

/* Has a record virtual functions or bases? */
bool value_has_vtable(const struct type *t);

/* ---- floating point (value_real.c) ---- */

/* How a TYPE_FLOAT, or a part of a TYPE_COMPLEX, of a processor is encoded. */
enum real_format real_format_of(const struct arch *arch, const struct type *t);
/* Writes the format's 2, 4, 8, 10 or 16 bytes. */
void real_encode(enum real_format f, long double v, uint8_t *bytes);
/* As many digits as tell it from its neighbours; nan(0x..), inf. */
void real_print(enum real_format f, const uint8_t *bytes, struct text *out);
/* Decimal floating point of 4, 8 or 16 bytes; false for another size. (value_decimal.c) */
bool decimal_print(const uint8_t *bytes, size_t size, struct text *out);

#endif
