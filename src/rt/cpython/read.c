/* SPDX-License-Identifier: Apache-2.0 */
/* The target's memory, and the few objects that frames are made of. */
#include "rt/cpython/copy.h"

enum { TYPE_NAME_MAX = 128 };

size_t py_read_some(struct rt *rt, taddr at, void *buf, size_t n)
{
    return rt->copy ? py_copy_read(rt->copy, at, buf, n) : modules_read_some(rt->ms, at, buf, n);
}

bool py_read(struct rt *rt, taddr at, void *buf, size_t n)
{
    return py_read_some(rt, at, buf, n) == n;
}

bool py_uint(struct rt *rt, taddr at, unsigned size, uint64_t *out)
{
    uint8_t b[8];
    if (size > sizeof(b) || !py_read(rt, at, b, size))
        return false;
    struct cursor c = cursor_of((struct bytes){b, size}, at, "memory");
    *out = cursor_uint(&c, size);
    return !c.failed;
}

bool py_word(struct rt *rt, taddr at, uint64_t *out)
{
    return py_uint(rt, at, 8, out);
}

bool py_field(struct rt *rt, taddr object, uint32_t offset, uint64_t *out)
{
    return object && offset != PY_NONE && py_word(rt, object + offset, out);
}

bool py_field_int(struct rt *rt, taddr object, uint32_t offset, int32_t *out)
{
    uint64_t v;
    if (!object || offset == PY_NONE || !py_uint(rt, object + offset, 4, &v))
        return false;
    *out = (int32_t)(uint32_t)v;
    return true;
}

bool py_field_byte(struct rt *rt, taddr object, uint32_t offset, uint8_t *out)
{
    return object && offset != PY_NONE && py_read(rt, object + offset, out, 1);
}

taddr py_type_of(struct rt *rt, taddr object)
{
    uint64_t type;
    return py_field(rt, object, rt->l.object_type, &type) ? type : 0;
}

bool py_is(struct rt *rt, taddr object, const char *type_name)
{
    char name[TYPE_NAME_MAX];
    uint64_t at;
    size_t n = strlen(type_name) + 1;
    return n <= sizeof(name) && py_field(rt, py_type_of(rt, object), rt->l.type_name, &at) &&
           py_read(rt, at, name, n) && memcmp(name, type_name, n) == 0;
}

bool py_derives(struct rt *rt, taddr object, uint64_t flag)
{
    uint64_t flags;
    return py_field(rt, py_type_of(rt, object), rt->l.type_flags, &flags) && flags & flag;
}

/* ---- str: Include/cpython/unicodeobject.h ---- */

/* The state word, from its lowest bit: 2 bits (3.14 free-threaded: a byte) of interning, 3 of kind, then compact, ascii. */
struct str_head {
    uint64_t length;
    unsigned kind; /* bytes a character */
    bool compact, ascii;
    taddr data;
};

static bool read_head(struct rt *rt, taddr str, struct str_head *out)
{
    uint64_t state;
    if (!py_field(rt, str, rt->l.str_length, &out->length) || !py_uint(rt, str + rt->l.str_state, 4, &state))
        return false;
    state >>= rt->free_threaded && py_minor(rt) >= 14 ? 8 : 2;
    out->kind = state & 7;
    out->compact = state >> 3 & 1;
    out->ascii = state >> 4 & 1;
    if (out->kind != 1 && out->kind != 2 && out->kind != 4)
        return false;
    if (out->compact)
        out->data = str + (out->ascii ? rt->l.str_ascii_size : rt->l.str_compact_size);
    else if (!py_field(rt, str, rt->l.str_data, &out->data))
        return false;
    return true;
}

static void put_utf8(struct text *t, uint32_t c)
{
    if (c < 0x80) {
        text_putc(t, (char)c);
        return;
    }
    char b[4];
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        b[i] = (char)(0x80 | (c & 0x3f));
    b[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
    text_putn(t, b, n);
}

const char *py_name(struct rt *rt, taddr str, size_t limit)
{
    struct str_head h;
    if (!py_derives(rt, str, PY_IS_STR) || !read_head(rt, str, &h) || h.length > limit)
        return NULL;
    SCOPED(freep) uint8_t *b = xmalloc((size_t)h.length * h.kind);
    if (!py_read(rt, h.data, b, (size_t)h.length * h.kind))
        return NULL;
    struct text t = {0};
    struct cursor c = cursor_of((struct bytes){b, (size_t)h.length * h.kind}, h.data, "str");
    for (uint64_t i = 0; i < h.length; i++) {
        uint64_t v = cursor_uint(&c, h.kind);
        put_utf8(&t, v <= 0x10ffff ? (uint32_t)v : 0xfffd);
    }
    const char *out = arena_strdup(&rt->arena, text_str(&t));
    text_done(&t);
    return out;
}
