/* SPDX-License-Identifier: Apache-2.0 */
/* Characters beyond ASCII in Rust's names: RFC 3492 with "_" for "-" and lower-case digits, and UTF-8. */
#ifndef MODULE_PUNYCODE_H
#define MODULE_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PUNYCODE_MAX = 256 }; /* characters of a decoded name */
/* False when it is no Punycode, or longer. `out` has room for PUNYCODE_MAX. */
bool punycode_decode(const char *p, size_t size, uint32_t *out, size_t *count);
/* Neither a control character nor a surrogate. */
bool utf8_is_printable(uint32_t c);
/* Bytes written, 1 to 4. */
size_t utf8_encode(uint32_t c, char out[4]);

#endif
