/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays: as text, or element by element with repeats folded. */
#include "value/format_priv.h"

enum {
    WINDOW = 65536,              /* bytes of an array that are read at once */
    ABSENT_MAX = 10000,          /* elements in a row that are asked for in vain */
    TEXT_MAX = 1024 * 1024 * 1024, /* bytes of an array of characters that is printed as text */
};

/* ---- the elements' bytes ---- */

/* A window over an array. */
struct window {
    struct values *vs;
    const struct value *array;
    size_t size;      /* bytes of an element; at most WINDOW */
    uint64_t count;   /* elements */
    uint64_t first, n; /* those in `bytes` */
    uint8_t *bytes;
    struct err *problem; /* why the element asked for last is not there */
};

/* The bytes of element i; NULL and w->problem when they cannot be had. */
static const uint8_t *window_at(struct window *w, uint64_t i)
{
    if (i >= w->first && i - w->first < w->n)
        return w->bytes + (size_t)(i - w->first) * w->size;
    uint64_t n = WINDOW / w->size;
    n = n < w->count - i ? n : w->count - i;
    struct err *e = value_read(w->vs, w->array, i * w->size, w->bytes, (size_t)n * w->size);
    if (e && n > 1) {
        err_free(e); /* a part of it may be there */
        n = 1;
        e = value_read(w->vs, w->array, i * w->size, w->bytes, w->size);
    }
    err_free(w->problem);
    w->problem = e;
    w->first = i;
    w->n = e ? 0 : n;
    return e ? NULL : w->bytes;
}

/* Elements from i on that equal it, at most `alike`; those that cannot be had for the same reason are equal too, but no
 * more than `most` of them are looked at. *gone: it is one of those, and w->problem says why. `first` has room for an
 * element. */
static uint64_t run_length(struct window *w, uint64_t i, uint64_t alike, uint64_t most, uint8_t *first, bool *gone)
{
    const uint8_t *at = window_at(w, i);
    enum err_code code = at ? ERR_INTERNAL : w->problem->code;
    struct err *why = TAKE(w->problem);
    uint64_t n = 1;
    if (at)
        memcpy(first, at, w->size);
    while (i + n < w->count && n < (at ? alike : most)) {
        const uint8_t *other = window_at(w, i + n);
        bool same = at ? other && memcmp(first, other, w->size) == 0 : !other && w->problem->code == code;
        if (!same)
            break;
        n++;
        if (n % WINDOW == 0 && progress_cancelled(w->vs->progress))
            break;
    }
    err_free(w->problem);
    w->problem = why;
    *gone = at == NULL;
    return n;
}

/* ---- printing ---- */

/* What precedes an element: a comma, a new line, its index. */
static void begin_element(struct printer *p, uint64_t i, int64_t index)
{
    if (i)
        text_put(p->out, p->f->array ? "," : ", ");
    if (p->f->array)
        print_line(p, p->level + 1);
    if (p->f->array_indexes)
        text_printf(p->out, "[%" PRId64 "] = ", index);
}

/* Printing it takes more than its bytes. */
static bool needs_place(const struct type *t)
{
    return t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR || type_is_record(t) || t->kind == TYPE_REFERENCE ||
           t->kind == TYPE_RVALUE_REFERENCE || t->kind == TYPE_FUNCTION;
}

/* One element; `bytes` (may be NULL) are its own. */
static void print_element(struct printer *p, const struct value *array, int64_t index, const uint8_t *bytes)
{
    struct value e = value_element(array, index);
    const struct type *t = type_strip(e.type);
    p->level++;
    if (bytes && !needs_place(t) && t->size <= SCALAR_MAX && !t->big_endian) {
        struct scalar s = {.size = (uint8_t)t->size};
        bool negative = t->is_signed && t->size && bytes[t->size - 1] & 0x80;
        memset(s.bytes, negative ? 0xff : 0, sizeof(s.bytes));
        memcpy(s.bytes, bytes, (size_t)t->size);
        print_scalar(p, e.type, &s);
    } else {
        print_value(p, &e);
    }
    p->level--;
}

static void print_folded(struct printer *p, struct window *w, int64_t lower)
{
    unsigned limit = p->f->elements, fold = p->f->repeats;
    uint8_t *first SCOPED(freep) = xmalloc(w->size);
    uint64_t i = 0, shown = 0, most = limit && limit < ABSENT_MAX ? limit : ABSENT_MAX;
    bool lost = false;
    while (i < w->count && (!limit || shown < limit) && !lost && !print_stopped(p)) {
        bool gone = false;
        uint64_t same = run_length(w, i, fold ? w->count : 1, most, first, &gone),
                 times = same > fold && fold ? same : 1;
        lost = gone && same == most;
        begin_element(p, i, lower + (int64_t)i);
        if (gone)
            print_problem(p, TAKE(w->problem));
        else
            print_element(p, w->array, lower + (int64_t)i, first);
        if (times > 1)
            text_printf(p->out, " <repeats %" PRIu64 " times>", times);
        shown += times > 1 ? fold : 1;
        i += times;
    }
    if (i < w->count)
        text_put(p->out, "...");
}

/* Elements whose bytes are not looked at: too large for a window, or not on byte borders. */
static void print_plain(struct printer *p, const struct value *v, uint64_t count, int64_t lower)
{
    uint64_t i = 0, limit = p->f->elements ? p->f->elements : count;
    for (; i < count && i < limit && !print_stopped(p); i++) {
        begin_element(p, i, lower + (int64_t)i);
        print_element(p, v, lower + (int64_t)i, NULL);
    }
    if (i < count)
        text_put(p->out, "...");
}

void print_elements(struct printer *p, const struct value *v, uint64_t count, const char *brackets)
{
    const struct type *t = type_strip(v->type);
    size_t size = t->target ? value_size(t->target) : 0;
    uint64_t stride = t->stride ? t->stride : (uint64_t)size * 8;
    text_putc(p->out, brackets[0]);
    if (size && size <= WINDOW && stride == (uint64_t)size * 8 && v->bit_offset % 8 == 0) {
        size_t window = count < WINDOW / size ? (size_t)count * size : WINDOW;
        struct window w = {.vs = p->vs, .array = v, .size = size, .count = count, .bytes = xmalloc(window + 1)};
        print_folded(p, &w, t->lower);
        err_free(w.problem);
        free(w.bytes);
    } else {
        print_plain(p, v, count, t->lower);
    }
    if (p->f->array)
        print_line(p, p->level);
    text_putc(p->out, brackets[1]);
}

/* Up to the first unit of 0, for `set print null-stop`. */
static size_t up_to_zero(const uint8_t *b, size_t n, unsigned width)
{
    static const uint8_t zero[4];
    for (size_t i = 0; i + width <= n; i += width)
        if (memcmp(b + i, zero, width) == 0)
            return i;
    return n;
}

bool print_text_array(struct printer *p, const struct value *v, const struct type *t)
{
    struct text_kind kind = t->target ? text_kind_of(t->target, p->f->letter) : (struct text_kind){.width = 0};
    if (t->kind != TYPE_ARRAY || !t->count_known || t->count == 0 || !kind.width || type_is_rust(t) ||
        t->count > TEXT_MAX / kind.width)
        return false;
    size_t n = (size_t)t->count * kind.width;
    struct err *e = value_read(p->vs, v, n - kind.width, &(uint32_t){0}, kind.width);
    uint8_t *bytes SCOPED(freep) = e ? NULL : xmalloc(n); /* the size is the debug information's: is it all there? */
    if (!e)
        e = value_read(p->vs, v, 0, bytes, n);
    if (e) {
        err_free(e); /* element by element, each with its own */
        return false;
    }
    unsigned limit = text_limit(p->f);
    size_t end = up_to_zero(bytes, n, kind.width), most = limit ? (size_t)limit * kind.width : n;
    bool more = p->f->null_stop && end > most;
    if (more)
        end = most;
    else if (!p->f->null_stop) /* the last unit ends the string */
        end = up_to_zero(bytes + n - kind.width, kind.width, kind.width) == 0 ? n - kind.width : n;
    print_text(p, (struct bytes){.p = bytes, .n = end}, kind, limit, more);
    return true;
}

/* An array whose length is unknown, or 0: its address, as gdb has it. */
static void print_start(struct printer *p, const struct value *v, const struct type *t)
{
    taddr at;
    struct err *e = value_address(v, &at);
    if (e) {
        print_problem(p, e);
        return;
    }
    struct text_kind kind = text_kind_of(t->target, p->f->letter);
    bool wrote = print_address(p, at, p->f->symbols && !p->f->letter);
    if (kind.width && at) {
        text_put(p->out, wrote ? " " : "");
        print_string_at(p, at, kind);
    }
}

void print_array(struct printer *p, const struct value *v, const struct type *t)
{
    bool rust = type_is_rust(t);
    uint64_t count = t->kind == TYPE_VECTOR || t->count_known ? t->count : 0;
    if (!t->target) {
        text_put(p->out, "<error type>");
        return;
    }
    if (count == 0 && !rust)
        print_start(p, v, t);
    else
        print_elements(p, v, count, rust ? "[]" : "{}");
}
