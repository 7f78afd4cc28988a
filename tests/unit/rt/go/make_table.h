/* SPDX-License-Identifier: Apache-2.0 */
/* Small function tables of Go, made in memory: what the linker writes (cmd/link/internal/ld/pcln.go). */
#ifndef MAKE_TABLE_H
#define MAKE_TABLE_H

#include "base/text.h"
#include "rt/go/pclntab.h"

enum { MADE_MAGIC_1_16 = 0xfffffffa, MADE_MAGIC_1_18 = 0xfffffff0, MADE_MAGIC_1_20 = 0xfffffff1 };
enum { MADE_FUNCDATA = 0x500000 /* link-time address of inline trees: until Go 1.17 */ };
enum { MADE_INLINES = 4, MADE_PROLOGUE = 4 /* bytes of code before a function has its frame */ };

/* A call that was inlined: code [from, to) of the function is of `name`; later ones lie inside earlier ones. */
struct made_inline {
    const char *name;
    uint32_t from, to, parent_pc; /* the last one: where the call stands */
    int32_t start_line;
};
struct made_function {
    const char *name, *file;
    uint32_t size; /* bytes of code; the next function begins right behind */
    int32_t frame; /* bytes; negative: no table of sizes */
    int32_t line;  /* of the first half of the code; the second half is of the next line */
    uint8_t id, flags;
    struct made_inline inlines[MADE_INLINES]; /* up to the first without a name */
};

static inline void made_uint(struct text *t, uint64_t v, unsigned size)
{
    text_putn(t, (const char *)&v, size);
}

static inline void made_uleb(struct text *t, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        text_putc(t, (char)(v | 0x80));
    text_putc(t, (char)v);
}

/* A value that holds for some bytes of code, after another (-1 before the first). */
static inline void made_step(struct text *t, int32_t *last, int32_t value, uint32_t bytes)
{
    int64_t delta = (int64_t)value - *last;
    if (!bytes)
        return;
    made_uleb(t, (uint64_t)(delta * 2) ^ (delta < 0 ? UINT64_MAX : 0));
    made_uleb(t, bytes);
    *last = value;
}

/* The value is `first` for the first bytes, then `second`; gives the table's offset. */
static inline uint32_t made_values(struct text *t, int32_t first, uint32_t bytes, int32_t second, uint32_t size)
{
    uint32_t at = (uint32_t)t->n;
    int32_t last = -1;
    bytes = bytes < size ? bytes : size;
    made_step(t, &last, first, bytes);
    if (first == second && bytes)
        t->n = at, last = -1, made_step(t, &last, first, size);
    else
        made_step(t, &last, second, size - bytes);
    text_putc(t, 0);
    return at;
}

/* Which inlined call the code is of. */
static inline uint32_t made_inline_values(struct text *t, const struct made_function *f)
{
    uint32_t at = (uint32_t)t->n, began = 0;
    int32_t last = -1, now = -1;
    for (uint32_t pc = 0; pc <= f->size; pc++) {
        int32_t index = -1;
        for (int32_t i = 0; i < MADE_INLINES && f->inlines[i].name; i++)
            if (pc >= f->inlines[i].from && pc < f->inlines[i].to)
                index = i;
        if (pc == f->size || index != now) {
            made_step(t, &last, now, pc - began);
            began = pc;
            now = index;
        }
    }
    text_putc(t, 0);
    return at;
}

static inline uint32_t made_name(struct text *names, const char *name)
{
    uint32_t at = (uint32_t)names->n;
    text_putn(names, name, strlen(name) + 1);
    return at;
}

struct made_parts {
    struct text names, units, files, values, records;
};

static inline void made_inline_tree(const struct made_function *f, uint32_t magic, struct text *names, struct text *out)
{
    for (size_t i = 0; i < MADE_INLINES && f->inlines[i].name; i++) {
        const struct made_inline *in = &f->inlines[i];
        if (magic != MADE_MAGIC_1_20) {
            made_uint(out, (uint16_t)-1, 2); /* the parent's number: nobody reads it */
            made_uint(out, 0, 2);
            made_uint(out, 0, 4);
            made_uint(out, 0, 4);
            made_uint(out, made_name(names, in->name), 4);
            made_uint(out, in->parent_pc, 4);
        } else {
            made_uint(out, 0, 4);
            made_uint(out, made_name(names, in->name), 4);
            made_uint(out, in->parent_pc, 4);
            made_uint(out, (uint32_t)in->start_line, 4);
        }
    }
}

/* The record of a function (runtime._func), with its inline tree in `funcdata`. */
static inline void made_record(struct made_parts *p, uint32_t magic, const struct made_function *f, taddr entry,
                               struct text *funcdata)
{
    enum { PCDATA = 3, FUNCDATA = 4 };
    struct text *r = &p->records;
    bool inlines = f->inlines[0].name != NULL;
    made_uint(r, entry, magic == MADE_MAGIC_1_16 ? 8 : 4);
    made_uint(r, made_name(&p->names, f->name), 4);
    made_uint(r, 0, 4); /* args */
    made_uint(r, 0, 4); /* deferreturn */
    made_uint(r, f->frame < 0 ? 0 : made_values(&p->values, 0, MADE_PROLOGUE, f->frame, f->size), 4);
    made_uint(r, made_values(&p->values, 0, f->size, 0, f->size), 4);
    made_uint(r, made_values(&p->values, f->line, f->size / 2, f->line + 1, f->size), 4);
    made_uint(r, inlines ? PCDATA : 0, 4);
    made_uint(r, p->units.n / 4, 4);
    if (magic == MADE_MAGIC_1_20)
        made_uint(r, (uint32_t)f->line - 1, 4);
    made_uint(r, f->id, 1);
    made_uint(r, f->flags, 1);
    made_uint(r, 0, 1);
    made_uint(r, inlines ? FUNCDATA : 0, 1);
    made_uint(&p->units, p->files.n, 4);
    text_putn(&p->files, f->file, strlen(f->file) + 1);
    if (!inlines)
        return;
    made_uint(r, 0, 4);
    made_uint(r, 0, 4);
    made_uint(r, made_inline_values(&p->values, f), 4);
    bool old = magic == MADE_MAGIC_1_16; /* addresses */
    while (old && r->n % 8)
        made_uint(r, 0, 4);
    for (int i = 0; i < FUNCDATA - 1; i++)
        made_uint(r, old ? 0 : UINT32_MAX, old ? 8 : 4);
    made_uint(r, funcdata->n + (old ? MADE_FUNCDATA : 0), old ? 8 : 4);
    made_inline_tree(f, magic, &p->names, funcdata);
}

static inline uint32_t made_magic(unsigned minor)
{
    return minor >= 20 ? MADE_MAGIC_1_20 : minor >= 18 ? MADE_MAGIC_1_18 : MADE_MAGIC_1_16;
}

static inline struct pclntab_place made_place(taddr text, const struct text *funcdata)
{
    return (struct pclntab_place){
        .text = text, .funcdata = {(uint8_t *)funcdata->p, funcdata->n}, .funcdata_at = MADE_FUNCDATA, .what = "made"};
}

/* The table of n functions from `text` on; heap bytes in *out. */
static inline void make_table(struct text *out, uint32_t magic, taddr text, const struct made_function *fs, size_t n,
                              struct text *funcdata)
{
    struct made_parts p = {0};
    bool old = magic == MADE_MAGIC_1_16;
    struct text entries = {0};
    unsigned word = old ? 8 : 4;
    taddr at = old ? text : 0;
    size_t head = (size_t)(2 * n + 1) * word;
    text_putc(&p.names, 0);
    text_putc(&p.values, 0);
    for (size_t i = 0; i < n; i++) {
        while (p.records.n % 8)
            text_putc(&p.records, 0);
        made_uint(&entries, at, word);
        made_uint(&entries, head + p.records.n, word);
        made_record(&p, magic, &fs[i], at, funcdata);
        at += fs[i].size;
    }
    made_uint(&entries, at, word);
    const struct text *parts[] = {&p.names, &p.units, &p.files, &p.values};
    size_t offset = 8 + 8 * (old ? 7U : 8U);
    made_uint(out, magic, 4);
    made_uint(out, 0x08010000, 4); /* 0, 0, smallest instruction, pointer */
    made_uint(out, n, 8);
    made_uint(out, n, 8);
    if (!old)
        made_uint(out, text, 8);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        made_uint(out, offset, 8);
        offset += parts[i]->n;
    }
    made_uint(out, offset, 8);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        text_putn(out, parts[i]->p, parts[i]->n);
    text_putn(out, entries.p, entries.n);
    text_putn(out, p.records.p, p.records.n);
    text_done(&p.names);
    text_done(&p.units);
    text_done(&p.files);
    text_done(&p.values);
    text_done(&p.records);
    text_done(&entries);
}

#endif
