/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point numbers of the target by their encodings. */
#ifndef VALUE_REAL_H
#define VALUE_REAL_H

#include <stddef.h>
#include <stdint.h>

struct arch;

enum real_format {
    REAL_NONE,
    REAL_HALF,   /* IEEE 754 binary16 */
    REAL_BFLOAT, /* the upper half of a binary32 */
    REAL_SINGLE, /* binary32 */
    REAL_DOUBLE, /* binary64 */
    REAL_X87,    /* x87's 80 bits, in 10, 12 or 16 bytes */
    REAL_QUAD,   /* binary128 */
};
/* The format of a processor for so many bytes; REAL_NONE: there is none. */
enum real_format real_format_of_size(const struct arch *arch, size_t size);
/* From the format's 2 to 16 bytes, the least first. Rounded to the host's long double. */
long double real_decode(enum real_format f, const uint8_t *bytes);

#endif
