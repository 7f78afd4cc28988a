/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

#include <inttypes.h>

uint64_t cursor_uint(struct cursor *c, unsigned size)
{
    uint64_t v = 0;

    if (size == 0 || size > 8 || (size > 4 && size < 8)) {
        cursor_fail(c);
        return 0;
    }
    if (!cursor_need(c, size))
        return 0;
    memcpy(&v, c->at, size);
    c->at += size;
    return v;
}

uint64_t cursor_uleb_slow(struct cursor *c)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = cursor_u8(c);
        /* The tenth byte has room for one bit. */
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return c->failed ? 0 : v;
    }
    cursor_fail(c);
    return 0;
}

int64_t cursor_sleb(struct cursor *c)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = cursor_u8(c);
        if (shift == 63 && byte != 0 && byte != 0x7f)
            break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            if (shift + 7 < 64 && (byte & 0x40))
                v |= ~UINT64_C(0) << (shift + 7);
            return c->failed ? 0 : (int64_t)v;
        }
    }
    cursor_fail(c);
    return 0;
}

struct bytes cursor_bytes(struct cursor *c, size_t n)
{
    struct bytes b = {0};

    if (!cursor_need(c, n))
        return b;
    b = (struct bytes){c->at, n};
    c->at += n;
    return b;
}

const char *cursor_cstr(struct cursor *c)
{
    size_t left = cursor_left(c);
    const uint8_t *nul = left ? memchr(c->at, 0, left) : NULL;

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
    if (offset > (size_t)(c->end - c->start)) {
        cursor_fail(c);
        return;
    }
    c->at = c->start + offset;
}

struct cursor cursor_sub(struct cursor *c, uint64_t n)
{
    struct cursor sub = *c;

    if (c->failed || n > (size_t)(c->end - c->at)) {
        cursor_fail(c);
        sub = *c;
        sub.start = sub.at = sub.end;
        return sub;
    }
    sub.base = c->base + cursor_offset(c);
    sub.start = c->at;
    sub.end = c->at + n;
    c->at += n;
    return sub;
}

struct err *cursor_check(const struct cursor *c)
{
    if (!c->failed)
        return NULL;
    return err_at(err_new(ERR_TRUNCATED, "%s is damaged or ends too early at offset 0x%" PRIx64, c->what,
                          c->failed_at),
                  ERR_AT_OFFSET, c->failed_at);
}
