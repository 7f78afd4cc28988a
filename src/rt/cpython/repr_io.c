/* SPDX-License-Identifier: Apache-2.0 */
/* Files, bytes in memory, mapped memory. Layouts: Modules/_io/fileio.c, bufferedio.c, textio.c, bytesio.c, Modules/mmapmodule.c;
 * the same in 3.6 to 3.15. That an object is where a layout says is checked by its class. */
#include "rt/cpython/repr.h"

enum {
    FILE_DESCRIPTOR = 16, /* an int, below 0 once closed; then bits */
    FILE_CREATED = 1,
    FILE_READABLE = 2,
    FILE_WRITABLE = 4,
    FILE_APPENDING = 8,
    BUFFERED_RAW = 16,
    TEXT_BUFFER = 32,
    TEXT_ENCODING = 40,
    BYTES_BUFFER = 16, /* a bytes object */
    BYTES_SIZE = 32,
    MAPPED_DATA = 16,
    MAPPED_SIZE = 24,
};

/* The object at an offset, if it is of a kind. */
static bool inner(struct repr *r, taddr at, uint32_t offset, uint8_t kind, uint64_t *out)
{
    const struct py_type *t = py_field(r->rt, at, py_offset(r->rt, offset), out) && *out ? py_type(r->rt, *out) : NULL;
    return t && t->kind == kind;
}

static const char *mode_of(uint32_t bits)
{
    bool both = (bits & FILE_READABLE) && (bits & FILE_WRITABLE);
    if (bits & FILE_CREATED)
        return bits & FILE_READABLE ? "xb+" : "xb";
    if (bits & FILE_APPENDING)
        return bits & FILE_READABLE ? "ab+" : "ab";
    return both ? "rb+" : bits & FILE_READABLE ? "rb" : "wb";
}

/* fd=3, name='/x', mode='rb': what is known of the file at the bottom. */
static void put_file(struct repr *r, taddr file, bool text)
{
    uint32_t v[2];
    taddr name;
    if (!py_read(r->rt, file + py_offset(r->rt, FILE_DESCRIPTOR), v, sizeof(v))) {
        repr_put_unreadable(r, file);
        return;
    }
    if ((int32_t)v[0] < 0)
        text_put(r->out, "closed");
    else
        text_printf(r->out, "fd=%" PRIu32, v[0]);
    if (py_attr(r->rt, file, "name", &name)) {
        text_put(r->out, ", name=");
        repr_put(r, name);
    }
    if (!text)
        text_printf(r->out, ", mode='%s'", mode_of(v[1]));
}

/* io.FileIO, io.BufferedReader and the like, io.TextIOWrapper: each around the one before. */
void repr_file(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t file = at, encoding, mode;
    bool text = t->kind == PYK_TEXT_FILE, found = true;
    if (text)
        found = inner(r, file, TEXT_BUFFER, PYK_BUFFERED_FILE, &file);
    if (found && t->kind != PYK_RAW_FILE)
        found = inner(r, file, BUFFERED_RAW, PYK_RAW_FILE, &file);
    if (!found) { /* detached, or around another stream */
        repr_instance(r, at, t);
        return;
    }
    repr_put_object(r, at, t);
    text_put(r->out, ": ");
    put_file(r, file, text);
    if (text && py_attr(r->rt, at, "mode", &mode)) {
        text_put(r->out, ", mode=");
        repr_put(r, mode);
    }
    if (text && inner(r, at, TEXT_ENCODING, PYK_STR, &encoding)) {
        text_put(r->out, ", encoding=");
        repr_put(r, encoding);
    }
    text_putc(r->out, '>');
}

void repr_bytes_io(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t buffer, n;
    int64_t room;
    if (!inner(r, at, BYTES_BUFFER, PYK_BYTES, &buffer) || !py_field(r->rt, at, py_offset(r->rt, BYTES_SIZE), &n) ||
        !py_var_size(r->rt, buffer, &room) || room < 0 || n > (uint64_t)room || r->rt->l.bytes_data == PY_NONE) {
        repr_instance(r, at, t); /* closed */
        return;
    }
    repr_put_object(r, at, t);
    text_printf(r->out, ": %" PRIu64 " byte%s, ", n, n == 1 ? "" : "s");
    repr_put_bytes(r, buffer + r->rt->l.bytes_data, (int64_t)n);
    text_putc(r->out, '>');
}

void repr_mmap(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t data, size;
    repr_put_object(r, at, t);
    bool read = py_field(r->rt, at, py_offset(r->rt, MAPPED_DATA), &data) &&
                py_field(r->rt, at, py_offset(r->rt, MAPPED_SIZE), &size);
    if (read && !data)
        text_put(r->out, ": closed");
    else if (read && image_mapping(modules_image(r->rt->ms), data))
        text_printf(r->out, ": %" PRIu64 " bytes at 0x%" PRIx64, size, data);
    text_putc(r->out, '>');
}
