/* SPDX-License-Identifier: Apache-2.0 */
/* str and bytes: their characters, and how repr() writes them.
 *
 * A str keeps its characters behind its header in 1, 2 or 4 bytes each, or (made by old C code, and of a subclass)
 * elsewhere (Include/cpython/unicodeobject.h). */
#include "rt/cpython/object.h"

enum {
    HEAD_MAX = 96,
    KEY_MAX = 256,
    PART = 4096,
};

static taddr data_of(struct rt *rt, taddr str, bool compact, bool ascii)
{
    uint64_t at;
    if (compact)
        return str + (ascii ? rt->l.str_ascii_size : rt->l.str_compact_size);
    return py_field(rt, str, rt->l.str_data, &at) ? at : 0;
}

/* Of an object that is known to be a str. */
static bool open_str(struct rt *rt, taddr str, struct py_str *out)
{
    uint64_t state, length;
    if (!py_field(rt, str, rt->l.str_length, &length) || !py_uint(rt, str + rt->l.str_state, 4, &state))
        return false;
    state >>= rt->free_threaded && py_minor(rt) >= 14 ? 8 : 2; /* how it is interned: a byte, or two bits */
    unsigned width = state & 7;
    bool compact = state >> 3 & 1, ascii = state >> 4 & 1;
    if ((width != 1 && width != 2 && width != 4) || (ascii && width != 1) || length > INT64_MAX / width)
        return false;
    *out = (struct py_str){.data = data_of(rt, str, compact, ascii), .length = length, .width = (uint8_t)width};
    return out->data != 0;
}

bool py_str_open(struct rt *rt, taddr str, struct py_str *out)
{
    const struct py_type *t = py_type(rt, str);
    return t && t->flags & PY_FLAG_STR && open_str(rt, str, out);
}

bool py_str_is(struct rt *rt, taddr str, const char *text)
{
    char b[KEY_MAX];
    struct py_str s;
    size_t n = strlen(text);
    return n <= sizeof(b) && py_str_open(rt, str, &s) && s.width == 1 && s.length == n && py_read(rt, s.data, b, n) &&
           memcmp(b, text, n) == 0;
}

size_t py_utf8(uint32_t c, char out[static 4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    uint32_t rest = c;
    for (size_t i = n; i-- > 1; rest >>= 6)
        out[i] = (char)(0x80 | (rest & 0x3f));
    out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | rest);
    return n;
}

/* The first `max` characters. */
static bool put_characters(struct rt *rt, const struct py_str *s, uint64_t max, struct text *out)
{
    uint8_t b[PART];
    uint64_t left = s->length < max ? s->length : max;
    for (taddr at = s->data; left;) {
        size_t n = left < sizeof(b) / 4 ? (size_t)left : sizeof(b) / 4;
        if (!py_read(rt, at, b, n * s->width))
            return false;
        struct cursor c = cursor_of((struct bytes){.p = b, .n = n * s->width}, at, "str");
        for (size_t i = 0; i < n; i++) {
            char utf8[4];
            text_putn(out, utf8, py_utf8((uint32_t)cursor_uint(&c, s->width), utf8));
        }
        at += n * s->width;
        left -= n;
    }
    return true;
}

bool py_str_text(struct rt *rt, taddr str, uint64_t max, struct text *out)
{
    struct py_str s;
    return py_str_open(rt, str, &s) && put_characters(rt, &s, max, out);
}

/* Asked while the interpreter is being found, when no class can be looked up yet. */
const char *py_name(struct rt *rt, taddr str, size_t limit)
{
    SCOPED(text_done) struct text t = {0};
    struct py_str s;
    if (!py_derives(rt, str, PY_FLAG_STR) || !open_str(rt, str, &s) || s.length > limit ||
        !put_characters(rt, &s, limit, &t))
        return NULL;
    return arena_strdup(&rt->arena, text_str(&t));
}

/* ---- as repr() writes them ---- */

void py_put_char(struct text *out, uint32_t c, char quote)
{
    char utf8[4];
    if (c == (uint32_t)quote || c == '\\')
        text_printf(out, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t')
        text_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < ' ' || c == 0x7f || (c > 0x7f && c < 0x100 && !py_is_printable(c)))
        text_printf(out, "\\x%02x", c);
    else if (c < 0x7f || py_is_printable(c))
        text_putn(out, utf8, py_utf8(c, utf8));
    else if (c <= 0xffff)
        text_printf(out, "\\u%04x", c);
    else
        text_printf(out, "\\U%08x", c);
}

void py_put_bytes(struct text *out, const uint8_t *b, size_t n, bool more)
{
    char quote = n && memchr(b, '\'', n) && !memchr(b, '"', n) ? '"' : '\'';
    text_printf(out, "b%c", quote);
    for (size_t i = 0; i < n; i++) {
        if (b[i] > 0x7f)
            text_printf(out, "\\x%02x", b[i]);
        else
            py_put_char(out, b[i], quote);
    }
    text_printf(out, "%c%s", quote, more ? "..." : "");
}
