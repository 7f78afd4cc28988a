/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

#include <inttypes.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the readers copy little-endian words");

uint64_t cursor_uint(struct cursor *c, unsigned size)
{
    if (size == 0 || size > 8 || (size > 4 && size < 8)) {
        cursor_fail(c);
        return 0;
    }
    uint64_t v = 0;
    if (!cursor_need(c, size))
        return 0;
    memcpy(&v, c->at, size);
    c->at += size;
    return v;
}

/* A 64-bit value has at most ten groups of seven bits, and of the tenth only the lowest bit counts. */
enum { LEB_LAST_SHIFT = 63 };

uint64_t cursor_uleb_slow(struct cursor *c)
{
    const uint8_t *first = c->at;
    uint64_t v = 0;
    for (unsigned shift = 0; shift <= LEB_LAST_SHIFT && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        if (shift == LEB_LAST_SHIFT && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    c->at = first; /* the failure is reported where the number starts */
    cursor_fail(c);
    return 0;
}

int64_t cursor_sleb(struct cursor *c)
{
    const uint8_t *first = c->at;
    uint64_t v = 0;
    for (unsigned shift = 0; shift <= LEB_LAST_SHIFT && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        /* The tenth byte is nothing but copies of the sign. */
        if (shift == LEB_LAST_SHIFT && byte != 0 && byte != 0x7f)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            bool negative = byte & 0x40;
            if (negative && shift + 7 < 64)
                v |= UINT64_MAX << (shift + 7);
            return (int64_t)v;
        }
    }
    c->at = first;
    cursor_fail(c);
    return 0;
}

struct bytes cursor_bytes(struct cursor *c, size_t n)
{
    if (!cursor_need(c, n))
        return (struct bytes){.p = c->end, .n = 0};
    struct bytes b = {.p = c->at, .n = n};
    c->at += n;
    return b;
}

const char *cursor_cstr(struct cursor *c)
{
    const uint8_t *nul = memchr(c->at, 0, (size_t)(c->end - c->at));
    if (!nul) {
        cursor_fail(c);
        return "";
    }
    const char *s = (const char *)c->at;
    c->at = nul + 1;
    return s;
}

void cursor_seek(struct cursor *c, uint64_t offset)
{
    if (c->failed)
        return;
    if (offset > (size_t)(c->end - c->start))
        cursor_fail(c);
    else
        c->at = c->start + offset;
}

struct cursor cursor_sub(struct cursor *c, uint64_t n)
{
    struct cursor sub = *c;
    cursor_skip(c, n);
    if (c->failed) {
        cursor_fail(&sub);
        return sub;
    }
    sub.base += cursor_offset(&sub);
    sub.start = sub.at;
    sub.end = c->at;
    return sub;
}

struct err *cursor_check(const struct cursor *c)
{
    if (!c->failed)
        return NULL;
    struct err *e = err_new(ERR_TRUNCATED, "%s ends too early at offset 0x%" PRIx64, c->what, c->failed_at);
    return err_at(e, ERR_AT_OFFSET, c->failed_at);
}
