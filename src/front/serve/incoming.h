/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that a client sent, as a tree of values. Hostile: size and depth are limited before this, and whoever asks for
 * a kind of value that is not there gets nothing. (Answers are written by base/json.h, as a stream.)
 *
 * Threads: a tree belongs to one. */
#ifndef FRONT_SERVE_INCOMING_H
#define FRONT_SERVE_INCOMING_H

#include "base/err.h"

/* Bytes and levels of one message. */
enum { INCOMING_BYTES_MAX = 4 << 20, INCOMING_DEPTH_MAX = 100 };

struct incoming; /* a value, or a tree by its root */
enum incoming_kind {
    INCOMING_NOTHING, /* not there */
    INCOMING_NULL,
    INCOMING_BOOL,
    INCOMING_NUMBER,
    INCOMING_STRING,
    INCOMING_ARRAY,
    INCOMING_OBJECT,
};

/* One whole value. ERR_CORRUPT says where it is wrong; ERR_LIMIT. */
struct err *incoming_parse(const char *text, size_t n, struct incoming **out) MUST_CHECK;
/* NULL is allowed, as everywhere below: it is INCOMING_NOTHING. */
void incoming_free(struct incoming *root);

enum incoming_kind incoming_kind(const struct incoming *v);
/* A member by its name, else by its name in other letters, as Go's decoder takes it. */
const struct incoming *incoming_member(const struct incoming *object, const char *name);
/* Every member of an object, until `take` says false. */
void incoming_each_member(const struct incoming *object,
                          bool (*take)(void *arg, const char *name, const struct incoming *v), void *arg);
size_t incoming_count(const struct incoming *array);
const struct incoming *incoming_element(const struct incoming *array, size_t i);
/* NULL: it is no string. A NUL inside ends it. */
const char *incoming_string(const struct incoming *v);
/* False: it is none, and *out stays as it is. Of a number with a fraction the whole part. */
bool incoming_integer(const struct incoming *v, int64_t *out);
bool incoming_bool(const struct incoming *v, bool *out);
/* As JSON again; heap, the caller's. "null" for nothing. */
char *incoming_text(const struct incoming *v) NEVER_NULL;

/* ---- a stream of values without any frame ---- */

/* Finds where values end. A zeroed struct is before the first. */
struct incoming_scan {
    size_t depth;
    size_t bytes; /* of the value so far */
    bool begun, string, escaped;
};
/* Goes over bytes up to the end of a value: how many, *whole when it is complete. ERR_LIMIT: too large or too deep;
 * ERR_CORRUPT: something else than an object stands there. */
struct err *incoming_scan(struct incoming_scan *sc, const char *bytes, size_t n, size_t *used, bool *whole) MUST_CHECK;

#endif
