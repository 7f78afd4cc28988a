/* SPDX-License-Identifier: Apache-2.0 */
/* Names as the index compares them: spaces that separate nothing do not count, and among template arguments neither
 * do the order of the words of a type and the suffixes of numbers, so that
 * "map<long int, array<int, 4> >" is "map<long,array<int,4ul>>".
 * Threads: pure functions. */
#ifndef VALUE_INDEX_NAMES_H
#define VALUE_INDEX_NAMES_H

#include "base/cursor.h"
#include "base/text.h"

static inline struct bytes name_bytes(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* Do they differ in such ways at most? */
bool names_equal(struct bytes a, struct bytes b);
/* Equal for equal names. `scratch` is for names that have spaces to leave out. */
uint32_t name_hash(struct bytes name, struct text *scratch);
/* "fn" of "fn<int>", "operator<" of "operator< <int>": the name without its template arguments. */
struct bytes name_stem(struct bytes name);

enum { NAME_MAX_PARTS = 64 };
struct name_parts {
    struct bytes v[NAME_MAX_PARTS]; /* "a", "b<c::d>", "e" of "a::b<c::d>::e"; point into the name */
    size_t n;
    bool global; /* it begins with "::" */
};
/* A parameter list at its end is left out. False for no name, and for too many parts. */
bool name_split(const char *name, struct name_parts *out);

#endif
