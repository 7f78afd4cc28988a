/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's arrays with their elements, its scalars and types. */
#include "rt/cpython/numpy.h"
#include "rt/cpython/repr.h"

enum {
    ELEMENTS_MAX = 1 << 22, /* of one array, whatever the limits say: those of stride 0 have no end */
    TEXT_MAX = 16 * 1024 * 1024, /* bytes of an element */
};

/* Elements of an array as they are written. */
struct elements {
    struct repr *r;
    uint64_t left; /* that may still be written */
};

static void put_element(struct elements *e, const struct numpy_type *t, taddr at, unsigned depth);

/* ---- one element ---- */

static uint32_t character_at(const uint8_t *b, size_t i, bool swapped)
{
    uint32_t c;
    memcpy(&c, b + i * sizeof(c), sizeof(c));
    return swapped ? __builtin_bswap32(c) : c;
}

static void put_str(struct repr *r, const uint8_t *b, size_t n, size_t all, bool swapped)
{
    bool single = false, both = false;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = character_at(b, i, swapped);
        single |= c == '\'';
        both |= c == '"';
    }
    char quote = single && !both ? '"' : '\'';
    text_putc(r->out, quote);
    for (size_t i = 0; i < n; i++)
        py_put_char(r->out, character_at(b, i, swapped), quote);
    text_putc(r->out, quote);
    text_put(r->out, n < all ? "..." : "");
}

static void put_void(struct repr *r, const uint8_t *b, size_t n, size_t all)
{
    text_put(r->out, "b'");
    for (size_t i = 0; i < n; i++)
        text_printf(r->out, "\\x%02x", b[i]);
    text_put(r->out, n < all ? "'..." : "'");
}

/* Bytes and characters, without the zeros at their end where those are no part of them. */
static void put_text(struct repr *r, const struct numpy_type *t, taddr at)
{
    size_t width = t->form == NUMPY_STR ? 4 : 1, n = t->size < TEXT_MAX ? (size_t)t->size : TEXT_MAX;
    SCOPED(freep) uint8_t *b = xcalloc(n + width, 1); /* one more, for a size that is no whole number of them */
    size_t got = py_read_some(r->rt, at, b, n);
    if (got < n) {
        repr_put_unreadable(r, at + got);
        return;
    }
    while (t->form != NUMPY_VOID && n && !b[n - 1])
        n--;
    size_t all = (n + width - 1) / width, shown = (size_t)repr_shown(r, all);
    if (t->form == NUMPY_STR)
        put_str(r, b, shown, all, t->swapped);
    else if (t->form == NUMPY_VOID)
        put_void(r, b, shown, all);
    else
        py_put_bytes(r->out, b, shown, shown < all);
}

static void put_record(struct elements *e, const struct numpy_type *t, taddr at, unsigned depth)
{
    struct numpy_field f;
    struct numpy_type of;
    uint64_t i = 0;
    text_putc(e->r->out, '(');
    for (; !repr_must_stop(e->r) && numpy_field_at(e->r->rt, t, i, &f); i++) {
        text_put(e->r->out, i ? ", " : "");
        if (numpy_type_read(e->r->rt, f.type, &of))
            put_element(e, &of, at + f.offset, depth + 1);
        else
            repr_put_unreadable(e->r, f.type);
    }
    text_put(e->r->out, i == 1 ? ",)" : ")");
}

static void put_complex(struct repr *r, const uint8_t *b, uint64_t size, bool bracketed)
{
    SCOPED(text_done) struct text imaginary = {0};
    uint64_t part = size / 2;
    static const uint8_t zeros[NUMPY_ELEMENT_MAX];
    bool whole = memcmp(b, zeros, (size_t)part) != 0; /* a real part of 0, not of -0, is left out */
    numpy_put_real(r->rt, b + part, part, false, &imaginary);
    text_put(r->out, whole && bracketed ? "(" : "");
    if (whole) {
        numpy_put_real(r->rt, b, part, false, r->out);
        text_put(r->out, *text_str(&imaginary) == '-' ? "" : "+");
    }
    text_printf(r->out, "%sj%s", text_str(&imaginary), whole && bracketed ? ")" : "");
}

/* What has no parts of its own, of a size that was checked. `bracketed`: a complex number as Python writes it. */
static void put_number(struct repr *r, const struct numpy_type *t, taddr at, bool bracketed)
{
    uint8_t b[NUMPY_ELEMENT_MAX];
    if (!numpy_number(r->rt, t, at, b)) {
        repr_put_unreadable(r, at);
        return;
    }
    uint64_t v = numpy_bits(t, b);
    if (t->form == NUMPY_BOOL)
        text_put(r->out, v ? "True" : "False");
    else if (t->form == NUMPY_INT || (t->form == NUMPY_TIMEDELTA && (int64_t)v != INT64_MIN))
        text_printf(r->out, "%" PRId64, (int64_t)v);
    else if (t->form == NUMPY_UINT)
        text_printf(r->out, "%" PRIu64, v);
    else if (t->form == NUMPY_FLOAT)
        numpy_put_real(r->rt, b, t->size, true, r->out);
    else if (t->form == NUMPY_COMPLEX)
        put_complex(r, b, t->size, bracketed);
    else {
        text_putc(r->out, '\'');
        numpy_put_datetime((int64_t)v, t->unit, r->out);
        text_putc(r->out, '\'');
    }
}

static void put_rows(struct elements *e, const struct numpy_array *a, const struct numpy_type *t, unsigned axis,
                     taddr data, unsigned depth);

static void put_row_element(struct elements *e, const struct numpy_type *t, taddr at, unsigned depth)
{
    struct numpy_array rows;
    struct numpy_type base;
    if (numpy_rows(e->r->rt, t, at, &rows) && numpy_type_read(e->r->rt, t->base, &base))
        put_rows(e, &rows, &base, 0, at, depth + 1);
    else
        repr_put_unreadable(e->r, t->base);
}

/* As tolist() has it, but times as NumPy writes them. */
static void put_element(struct elements *e, const struct numpy_type *t, taddr at, unsigned depth)
{
    struct repr *r = e->r;
    uint64_t object;
    e->left -= e->left > 0;
    if (depth > NUMPY_DEPTH_MAX || repr_must_stop(r))
        text_put(r->out, "...");
    else if (t->names)
        put_record(e, t, at, depth);
    else if (t->base)
        put_row_element(e, t, at, depth);
    else if (t->form == NUMPY_BYTES || t->form == NUMPY_STR || t->form == NUMPY_VOID)
        put_text(r, t, at);
    else if (t->form == NUMPY_UNKNOWN)
        text_put(r->out, "<of an unknown type>");
    else if (t->form != NUMPY_OBJECT)
        put_number(r, t, at, true);
    else if (!py_word(r->rt, at, &object))
        repr_put_unreadable(r, at);
    else if (object)
        repr_put(r, object);
    else
        text_put(r->out, "None"); /* as NumPy reads it */
}

/* ---- arrays ---- */

/* A row of rows has a line each where values are shown so. */
static void put_rows(struct elements *e, const struct numpy_array *a, const struct numpy_type *t, unsigned axis,
                     taddr data, unsigned depth)
{
    struct repr *r = e->r;
    bool last = axis + 1 >= a->n;
    uint64_t i = 0, n = axis < a->n ? (uint64_t)a->shape[axis] : 1;
    if (axis == a->n) {
        put_element(e, t, data, depth);
        return;
    }
    if (last)
        text_putc(r->out, '[');
    else
        repr_open(r, "[");
    for (; i < n && e->left && !repr_must_stop(r); i++) {
        if (last)
            text_put(r->out, i ? ", " : "");
        else
            repr_next(r, i);
        put_rows(e, a, t, axis + 1, data + i * (uint64_t)a->strides[axis], depth);
    }
    if (i < n)
        text_printf(r->out, "%s...+%" PRIu64 " more", i ? ", " : "", n - i);
    if (last)
        text_putc(r->out, ']');
    else
        repr_close(r, "]");
}

static void put_elements(struct repr *r, const struct numpy_array *a, const struct numpy_type *t)
{
    struct elements e = {.r = r, .left = r->f->elements ? r->f->elements : ELEMENTS_MAX};
    if (t->form == NUMPY_UNKNOWN)
        text_put(r->out, "<elements of an unknown type>");
    else if (!numpy_count(a))
        text_put(r->out, "[]");
    else
        put_rows(&e, a, t, 0, a->data, 0);
}

/* ": shape=(2,), dtype=int64, data at 0x7f.., [1, 2]" */
static void put_array(struct repr *r, const struct numpy_array *a)
{
    struct numpy_type t;
    bool known = numpy_type_read(r->rt, a->type, &t);
    text_put(r->out, ": shape=(");
    for (unsigned i = 0; i < a->n; i++)
        text_printf(r->out, "%s%" PRId64, i ? ", " : "", a->shape[i]);
    text_put(r->out, a->n == 1 ? ",), dtype=" : "), dtype=");
    if (known)
        numpy_put_type(r->rt, &t, false, r->out);
    else
        text_put(r->out, numpy_version(r->rt) ? "<damaged>" : "<unknown: so is NumPy's version>");
    text_printf(r->out, ", data at 0x%" PRIx64, a->data);
    if (known && !r->summary && (!r->f->depth || r->level <= r->f->depth)) {
        text_put(r->out, ", ");
        put_elements(r, a, &t);
    }
}

/* What a class derived from numpy.ndarray adds: the mask of numpy.ma.MaskedArray, the file of numpy.memmap. */
static void put_attributes(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_items it, first;
    struct py_item item;
    if (t->exact || r->summary || r->instances > r->f->recurse || (r->f->depth && r->level > r->f->depth))
        return;
    py_attributes_begin(r->rt, at, t, &it);
    first = it;
    if (!py_items_next(&first, &item) && !first.bad && !first.corrupt)
        return;
    r->instances++;
    repr_put_items(r, &it, NULL, NULL);
    r->instances--;
}

void repr_ndarray(struct repr *r, taddr at, const struct py_type *t)
{
    struct numpy_array a;
    if (repr_is_cycle(r, at)) {
        text_put(r->out, "<...>");
        return;
    }
    if (!numpy_array_read(r->rt, at, &a)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    repr_put_object(r, at, t);
    put_array(r, &a);
    put_attributes(r, at, t);
    text_putc(r->out, '>');
}

/* ---- types ---- */

void repr_numpy_type(struct repr *r, taddr at, const struct py_type *t)
{
    struct numpy_type type;
    if (!numpy_type_read(r->rt, at, &type) || type.form == NUMPY_UNKNOWN) {
        repr_instance(r, at, t);
        return;
    }
    text_put(r->out, "dtype(");
    numpy_put_type(r->rt, &type, true, r->out);
    text_putc(r->out, ')');
}

/* ---- scalars ---- */

/* Classes that are called otherwise than types of arrays. */
static const char *class_of(struct rt *rt, const struct numpy_type *t)
{
    enum { LONGDOUBLE = 13, CLONGDOUBLE = 16 };
    if (t->names)
        return numpy_record_class(rt, t) ? "record" : "void";
    switch (t->number) {
    case LONGDOUBLE:
        return "longdouble";
    case CLONGDOUBLE:
        return "clongdouble";
    default:
        return t->form == NUMPY_STR ? "str_" : t->form == NUMPY_BYTES ? "bytes_" : numpy_type_name(t);
    }
}

/* datetime64('2020-01-01'), timedelta64(5,'s') */
static void put_time(struct repr *r, const struct numpy_type *t, taddr at)
{
    SCOPED(text_done) struct text unit = {0};
    numpy_put_unit(t->unit, &unit);
    text_printf(r->out, "%s(", numpy_type_name(t));
    put_number(r, t, at, false);
    if (unit.n > 2 && (t->form == NUMPY_TIMEDELTA || t->unit.count != 1))
        text_printf(r->out, ",'%.*s'", (int)unit.n - 2, text_str(&unit) + 1);
    text_putc(r->out, ')');
}

/* 7 until 1.x, np.int64(7) and np.True_ from 2.0 on. */
static void put_scalar(struct repr *r, const struct numpy_type *t, taddr at)
{
    enum { WIDE = 16 }; /* bytes of a number that no float of Python has */
    struct elements e = {.r = r, .left = ELEMENTS_MAX};
    bool prefixed = numpy_version(r->rt) > 1;
    if (t->form == NUMPY_DATETIME || t->form == NUMPY_TIMEDELTA) {
        text_put(r->out, prefixed ? "np." : "numpy.");
        put_time(r, t, at);
        return;
    }
    if (!prefixed || t->form == NUMPY_BOOL) {
        text_put(r->out, prefixed ? "np." : t->form == NUMPY_VOID && !t->names ? "void(" : "");
        put_element(&e, t, at, 0);
        text_put(r->out, prefixed ? "_" : t->form == NUMPY_VOID && !t->names ? ")" : "");
        return;
    }
    bool wide = (t->form == NUMPY_FLOAT && t->size == WIDE) || (t->form == NUMPY_COMPLEX && t->size == 2 * WIDE);
    text_printf(r->out, "np.%s(%s", class_of(r->rt, t), wide ? "'" : "");
    if (t->form == NUMPY_COMPLEX)
        put_number(r, t, at, false);
    else
        put_element(&e, t, at, 0);
    if (t->names) {
        text_put(r->out, ", dtype=");
        numpy_put_type(r->rt, t, true, r->out);
    }
    text_put(r->out, wide ? "')" : ")");
}

void repr_numpy_scalar(struct repr *r, taddr at, const struct py_type *t)
{
    struct numpy_type type;
    taddr value;
    if (numpy_scalar_read(r->rt, at, t, &type, &value))
        put_scalar(r, &type, value);
    else
        repr_instance(r, at, t);
}

void numpy_put(struct rt *rt, const struct numpy_array *a, struct progress *progress, struct text *out)
{
    struct repr r = {.rt = rt, .f = &format_defaults, .out = out, .progress = progress, .left = REPR_OBJECTS};
    struct numpy_type t;
    if (!a->n && numpy_type_read(rt, a->type, &t)) {
        put_scalar(&r, &t, a->data);
        return;
    }
    text_put(out, "<numpy.ndarray");
    put_array(&r, a);
    text_putc(out, '>');
}
