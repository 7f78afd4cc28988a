/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the target to a file. Threads: as session.h. */
#ifndef SESSION_SAVE_H
#define SESSION_SAVE_H

#include "session/values.h"

struct save_range {
    taddr at;
    uint64_t n; /* bytes */
};

/* "0x7f00:4096", an address and a length in bytes, decimal or hexadecimal. False: it is none. */
bool session_save_range(const char *text, struct save_range *out);
/* What a value stands for: the elements of a slice, the characters of a string (also of C++ and Rust), the bytes of
 * an array or of any other object in memory. ERR_USAGE for a value that is in no memory, those of values. */
struct err *session_save_value(struct session *s, const struct value *v, struct save_range *out) MUST_CHECK;
/* Writes the bytes to a new file of mode 0600. All of them, or none: ERR_NOT_IN_DUMP, ERR_UNMAPPED say how many are
 * there, and leave no file; ERR_USAGE when the file exists; ERR_CANCELLED, errors of the disk. */
struct err *session_save(struct session *s, const struct save_range *r, const char *path) MUST_CHECK;

#endif
