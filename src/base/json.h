/* SPDX-License-Identifier: Apache-2.0 */
/* A streaming JSON writer: nothing is kept, so a million goroutines cost no memory.
 * Commas and nesting are its business; the caller says key, value, begin, end. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/err.h"
#include <stdio.h>

struct json {
    FILE *out;
    int depth;
    bool first, after_key;
    bool indent; /* one value a line when set */
};

void json_init(struct json *j, FILE *out, bool indent);
void json_object_begin(struct json *j);
void json_object_end(struct json *j);
void json_array_begin(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);
/* NULL writes null. Bytes that are not UTF-8 become U+FFFD. */
void json_string(struct json *j, const char *s);
void json_stringn(struct json *j, const char *s, size_t n);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/* Bytes as a string in base64 (RFC 4648 section 4). */
void json_base64(struct json *j, const void *bytes, size_t n);
/* A value that is JSON already, n bytes of it. */
void json_raw(struct json *j, const char *text, size_t n);
/* "0x7f..": addresses are strings, since JSON numbers lose bits above 2^53. */
void json_hex(struct json *j, uint64_t v);
/* key and value in one call */
void json_kv_string(struct json *j, const char *key, const char *s);
void json_kv_u64(struct json *j, const char *key, uint64_t v);
void json_kv_i64(struct json *j, const char *key, int64_t v);
void json_kv_bool(struct json *j, const char *key, bool v);
void json_kv_hex(struct json *j, const char *key, uint64_t v);
/* Ends the document with a newline; ERR_IO when writing failed at any point. */
struct err *json_finish(struct json *j) MUST_CHECK;

#endif
