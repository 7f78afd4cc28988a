/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded little-endian reader over bytes that we do not trust.
 *
 * Reads past the end return 0 and mark the cursor failed; later reads keep returning 0. A caller reads
 * a whole record and then asks once, with cursor_check(), which says what ended and at which offset.
 * (docs/adr/0002: sticky failure instead of an error object a field.)
 * Threads: a cursor is a value; copy it to read elsewhere. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/err.h"
#include <string.h>

/* Bytes that somebody else owns. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

struct cursor {
    const uint8_t *start, *at, *end;
    uint64_t base;    /* offset of `start` in `what`, for messages */
    const char *what; /* "PT_NOTE segment 0 of core.123"; must outlive the cursor */
    bool failed;
    uint64_t failed_at; /* offset, base included, of the first failed read */
};

static inline struct cursor cursor_of(struct bytes b, uint64_t base, const char *what)
{
    if (!b.p)
        b = (struct bytes){.p = (const uint8_t *)"", .n = 0}; /* NULL + 0 would be undefined */
    return (struct cursor){.start = b.p, .at = b.p, .end = b.p + b.n, .base = base, .what = what};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : (size_t)(c->end - c->at);
}

/* Offset of the next byte from the start of the cursor (without `base`). */
static inline size_t cursor_offset(const struct cursor *c)
{
    return (size_t)(c->at - c->start);
}

static inline bool cursor_fail(struct cursor *c)
{
    if (!c->failed) {
        c->failed = true;
        c->failed_at = c->base + (uint64_t)(c->at - c->start);
        c->at = c->end;
    }
    return false;
}

/* True when n more bytes are there; otherwise fails the cursor. */
static inline bool cursor_need(struct cursor *c, size_t n)
{
    return (size_t)(c->end - c->at) >= n ? true : cursor_fail(c);
}

#define CURSOR_READER_(name, type)            \
    static inline type name(struct cursor *c) \
    {                                         \
        type v = 0;                           \
        if (!cursor_need(c, sizeof(v)))       \
            return 0;                         \
        memcpy(&v, c->at, sizeof(v));         \
        c->at += sizeof(v);                   \
        return v;                             \
    }
CURSOR_READER_(cursor_u8, uint8_t)
CURSOR_READER_(cursor_u16, uint16_t)
CURSOR_READER_(cursor_u32, uint32_t)
CURSOR_READER_(cursor_u64, uint64_t)
#undef CURSOR_READER_

/* An unsigned integer of 1, 2, 3, 4 or 8 bytes; fails the cursor for any other size. */
uint64_t cursor_uint(struct cursor *c, unsigned size);
/* LEB128. More than 10 bytes, or bits past 64, fail the cursor. */
uint64_t cursor_uleb_slow(struct cursor *c);
int64_t cursor_sleb(struct cursor *c);
static inline uint64_t cursor_uleb(struct cursor *c)
{
    if (c->at < c->end && *c->at < 0x80)
        return *c->at++;
    return cursor_uleb_slow(c);
}

/* The next n bytes, without copying; empty on failure. */
struct bytes cursor_bytes(struct cursor *c, size_t n);
/* A NUL-terminated string that lies wholly inside; "" on failure. */
const char *cursor_cstr(struct cursor *c);
static inline void cursor_skip(struct cursor *c, uint64_t n)
{
    if (n <= (size_t)(c->end - c->at))
        c->at += n;
    else
        cursor_fail(c);
}
/* Moves to an offset from the start of the cursor. */
void cursor_seek(struct cursor *c, uint64_t offset);
/* A cursor over the next n bytes, which this one skips. Fails both when they are not there. */
struct cursor cursor_sub(struct cursor *c, uint64_t n);

/* ERR_TRUNCATED when a read failed: "<what> ends too early at offset 0x..". */
struct err *cursor_check(const struct cursor *c) MUST_CHECK;

#endif
