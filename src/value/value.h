/* SPDX-License-Identifier: Apache-2.0 */
/* VALUES: a type and where its bytes are.
 *
 * A value copies nothing: it names a location, and its bytes are read when asked. A member or an element is
 * the same location, further in. What cannot be had keeps its reason apart: ERR_OPTIMISED_OUT (the compiler
 * kept no copy), ERR_NOT_IN_DUMP, ERR_TRUNCATED, ERR_UNMAPPED, ERR_NO_DATA (a register that was not saved).
 *
 * Values are plain; what they point to lives in the arena of their struct values.
 * Threads: one at a time. */
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include "base/work.h"
#include "module/dwexpr.h"
#include "value/index.h"
#include "value/type.h"

struct formatter;
struct scope_cache;
struct vframe;

/* What evaluating and printing work with, for one target. */
struct values {
    struct modules *ms;
    struct types *types;
    struct index *index;
    struct scope_cache *scopes; /* scope_cache_new(); only who asks for variables of frames needs it */
    struct arena *arena; /* of the question being answered: reset between two of them */
    struct progress *progress; /* may be NULL */
    const struct formatter *const *formatters; /* NULL-terminated; first match wins */
    unsigned presenting; /* of format_present(): how deep it is */
};

struct value {
    const struct type *type;
    struct location loc;
    uint64_t bit_offset; /* from the start of the location */
    uint32_t bit_size;   /* of a bit-field; 0: the type's size */
    bool address_only;   /* a pointer that an expression of Go made: printed without what it points to */
    const struct vframe *frame; /* where the location was evaluated; NULL: nowhere */
};

/* ---- making ---- */
/* The object of a type at an address. */
struct value value_at(struct values *vs, const struct type *t, taddr at);
/* One that is nowhere in the target; the bytes are copied into the arena. */
struct value value_of_bytes(struct values *vs, const struct type *t, const void *bytes, size_t n);
struct value value_of_int(struct values *vs, const struct type *t, uint64_t v); /* also bool, char, enum, pointer */
struct value value_of_double(struct values *vs, const struct type *t, long double v);

/* ---- reading ---- */
/* Bytes [offset, offset + n) of the value. ERR_OPTIMISED_OUT, ERR_NO_DATA, those of memory. */
struct err *value_read(struct values *vs, const struct value *v, uint64_t offset, void *buf, size_t n) MUST_CHECK;
/* Why not even the first byte of an object in memory can be read; NULL: it can, or the value is not in memory. */
struct err *value_reachable(struct values *vs, const struct value *v) MUST_CHECK;
/* ERR_UNMAPPED in the words that guides know, "Cannot access memory at address 0x10"; any other error, and NULL, as it
 * is. Takes and gives back ownership. */
struct err *value_memory_error(struct err *e) MUST_CHECK;
/* Of TYPE_INT, TYPE_CHAR, TYPE_BOOL, TYPE_ENUM, TYPE_POINTER, references and bit-fields: extended to 64 bits
 * by the type's sign. ERR_UNSUPPORTED for other types. */
struct err *value_int(struct values *vs, const struct value *v, uint64_t *out) MUST_CHECK;
/* IEEE 754 of 2, 4, 8 and 16 bytes, x87's 80 bits. */
struct err *value_double(struct values *vs, const struct value *v, long double *out) MUST_CHECK;
/* The address of the value itself. ERR_UNSUPPORTED when it is in a register, a bit-field or nowhere. */
struct err *value_address(const struct value *v, taddr *out) MUST_CHECK;
/* Up to `limit` bytes of a NUL-terminated string at an address, read in big steps. *ended: the NUL was found. The
 * bytes are in the arena. Fails only when not even the first byte is there. */
struct err *value_cstr(struct values *vs, taddr at, size_t limit, struct bytes *out, bool *ended) MUST_CHECK;

/* ---- going on ---- */
/* A member, a base class (virtual ones by the object's vtable), a static member. */
struct err *value_field(struct values *vs, const struct value *v, const struct field *f, struct value *out) MUST_CHECK;
/* By name, in anonymous members and base classes too. ERR_NOT_FOUND names the type; `what` is the name. */
struct err *value_member(struct values *vs, const struct value *v, const char *name, struct value *out) MUST_CHECK;
/* Element i of an array, from `lower` on; no check against the count. */
struct value value_element(const struct value *v, int64_t i);
/* What a pointer or reference points to, implicit pointers too. */
struct err *value_deref(struct values *vs, const struct value *v, struct value *out) MUST_CHECK;
/* A reference gives what it refers to, any other value itself. */
struct err *value_referent(struct values *vs, const struct value *v, struct value *out) MUST_CHECK;
/* The whole object behind a record with virtual functions, by its vtable (Itanium C++ ABI 2.5), and its real
 * type; `v` itself when it has none or is that already. */
struct err *value_dynamic(struct values *vs, const struct value *v, struct value *out) MUST_CHECK;
/* The fields of the active variant of a Rust enum: a struct. ERR_NO_DATA when none matches. */
struct err *value_variant(struct values *vs, const struct value *v, struct value *out) MUST_CHECK;
/* C's conversions, C++'s between base and derived. ERR_USAGE. */
struct err *value_cast(struct values *vs, const struct value *v, const struct type *to, struct value *out) MUST_CHECK;
/* A member of the record behind a Go channel of `element`s. Its buffer, which Go declares as a bare pointer, has the
 * type of a pointer to an array of them. */
struct err *value_go_channel_field(struct values *vs, const struct value *channel, const struct type *element,
                                   const struct field *f, struct value *out) MUST_CHECK;
/* The elements of a type_go_inline(), as an array; false: the value is none. */
bool value_go_inline(const struct value *v, struct value *row);
/* The array type of a variable-length array in its frame; other types as they are. */
struct err *value_resolve(struct values *vs, struct value *v) MUST_CHECK;

#endif
