/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of ptype /o: where each field is, how large it is, and the holes between them. */
#include "value/type_priv.h"

enum { COLUMNS = 27 };

void type_offsets_blank(struct type_printer *p)
{
    if (p->how->offsets)
        text_printf(p->out, "%*s", COLUMNS, "");
}

/* A record with a table of virtual functions has no field at its start, and that is no hole. */
static void put_hole(struct type_printer *p, uint64_t at, const char *what)
{
    uint64_t hole = at - p->end;
    if (!p->end || p->end >= at)
        return;
    if (hole % 8)
        text_printf(p->out, "/* XXX %2u-bit %-7s    */\n", (unsigned)(hole % 8), what);
    if (hole / 8)
        text_printf(p->out, "/* XXX %2llu-byte %-7s   */\n", (unsigned long long)(hole / 8), what);
}

static void put_size(struct type_printer *p, uint64_t size)
{
    if (p->how->hex)
        text_printf(p->out, "0x%04llx */", (unsigned long long)size);
    else
        text_printf(p->out, "%6llu */", (unsigned long long)size);
}

static void put_place(struct type_printer *p, uint64_t bits, bool in_bits)
{
    unsigned long long byte = bits / 8;
    unsigned bit = bits % 8;
    if (in_bits)
        text_printf(p->out, p->how->hex ? "/* 0x%04llx: 0x%x " : "/* %6llu:%2u   ", byte, bit);
    else
        text_printf(p->out, p->how->hex ? "/* 0x%04llx      " : "/* %6llu      ", byte);
    text_put(p->out, "|  ");
}

void type_offsets_field(struct type_printer *p, const struct type *record, const struct field *f)
{
    uint64_t size = type_strip(f->type)->size;
    if (!p->how->offsets)
        return;
    if (f->flags & FIELD_STATIC) {
        type_offsets_blank(p);
        return;
    }
    if (record->kind == TYPE_UNION) {
        text_printf(p->out, "/*%*s", 16, "");
        put_size(p, size);
        return;
    }
    put_hole(p, f->bit_offset, "hole");
    put_place(p, p->base + f->bit_offset, f->bit_size || p->base % 8);
    put_size(p, size);
    p->end = f->bit_offset + (f->bit_size ? f->bit_size : size * 8);
}

void type_offsets_total(struct type_printer *p, const struct type *record, unsigned level)
{
    put_hole(p, record->size * 8, "padding");
    text_printf(p->out, "\n%*s/* total size (bytes): %4llu */\n", (int)(COLUMNS + level + 4), "",
                (unsigned long long)record->size);
}
