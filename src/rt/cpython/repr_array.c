/* SPDX-License-Identifier: Apache-2.0 */
/* array.array with its elements. */
#include "rt/cpython/repr.h"

/* ---- array.array (Modules/arraymodule.c; 3.6 to 3.15) ---- */

enum { ARRAY_ITEMS = 24, ARRAY_DESCRIPTOR = 40, CHARACTER = 4 /* bytes; wchar_t or UCS-4 */ };

static const struct {
    char code;
    uint8_t size;
    bool is_signed, real;
} codes[] = {
    {'b', 1, true, false}, {'B', 1, false, false}, {'h', 2, true, false}, {'H', 2, false, false},
    {'i', 4, true, false}, {'I', 4, false, false}, {'l', 8, true, false}, {'L', 8, false, false},
    {'q', 8, true, false}, {'Q', 8, false, false}, {'f', 4, true, true},  {'d', 8, true, true},
};

static void put_number(struct repr *r, size_t code, uint64_t raw)
{
    unsigned unused = 64 - 8u * codes[code].size;
    float f;
    double d;
    if (codes[code].real && codes[code].size == 4) {
        uint32_t bits = (uint32_t)raw;
        memcpy(&f, &bits, sizeof(f));
        py_put_float(r->out, (double)f, true);
    } else if (codes[code].real) {
        memcpy(&d, &raw, sizeof(d));
        py_put_float(r->out, d, true);
    } else if (codes[code].is_signed) {
        text_printf(r->out, "%" PRId64, (int64_t)(raw << unused) >> unused);
    } else {
        text_printf(r->out, "%" PRIu64, raw);
    }
}

static void put_elements(struct repr *r, size_t code, taddr items, uint64_t n)
{
    uint64_t raw, limit = r->f->elements && r->f->elements < n ? r->f->elements : n;
    for (uint64_t i = 0; i < limit && !repr_must_stop(r); i++) {
        text_put(r->out, i ? ", " : "");
        if (!py_uint(r->rt, items + i * codes[code].size, codes[code].size, &raw)) {
            repr_put_unreadable(r, items + i * codes[code].size);
            return;
        }
        put_number(r, code, raw);
    }
    if (limit < n)
        text_printf(r->out, ", ...+%" PRIu64 " more", n - limit);
}

void repr_array(struct repr *r, taddr at, const struct py_type *t)
{
    int64_t n;
    uint64_t items, descriptor;
    char code;
    if (!py_var_size(r->rt, at, &n) || n < 0 || !py_field(r->rt, at, py_offset(r->rt, ARRAY_ITEMS), &items) ||
        !py_field(r->rt, at, py_offset(r->rt, ARRAY_DESCRIPTOR), &descriptor) ||
        !py_read(r->rt, descriptor, &code, 1)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    size_t i = 0;
    while (i < ARRAY_LEN(codes) && codes[i].code != code)
        i++;
    repr_put_name(r, t->name);
    text_put(r->out, "('");
    text_put_escaped(r->out, &code, 1);
    text_putc(r->out, '\'');
    if (n && (code == 'u' || code == 'w')) {
        text_put(r->out, ", ");
        repr_put_str(r, &(struct py_str){.data = items, .length = (uint64_t)n, .width = CHARACTER});
    } else if (n && (i == ARRAY_LEN(codes) || r->summary || (r->f->depth && r->level > r->f->depth))) {
        text_printf(r->out, ", <%" PRId64 " elements>", n);
    } else if (n) {
        text_put(r->out, ", [");
        put_elements(r, i, items, (uint64_t)n);
        text_putc(r->out, ']');
    }
    text_putc(r->out, ')');
}
