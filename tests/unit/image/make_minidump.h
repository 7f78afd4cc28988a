/* SPDX-License-Identifier: Apache-2.0 */
/* Small minidumps, made in memory. What streams refer to by its place in the file is put first, so that the
 * place is known: header, room for the directory, pieces, streams. */
#ifndef MAKE_MINIDUMP_H
#define MAKE_MINIDUMP_H

#include "base/text.h"
#include "image/core/minidump.h"

enum { MD_STREAMS = 24, MD_PIECES_AT = 32 + MD_STREAMS * 12 };

struct md_maker {
    struct text pieces;
    struct {
        uint32_t type;
        struct text data;
    } streams[MD_STREAMS];
    size_t n;
};

static inline void md_put(struct text *t, uint64_t v, unsigned size)
{
    text_putn(t, (const char *)&v, size);
}

static inline void md_zeros(struct text *t, size_t n)
{
    while (n-- > 0)
        text_putc(t, 0);
}

/* Yields its place in the file. */
static inline uint32_t md_piece(struct md_maker *m, const void *bytes, size_t n)
{
    uint32_t at = (uint32_t)(MD_PIECES_AT + m->pieces.n);
    text_putn(&m->pieces, bytes, n);
    return at;
}

static inline uint32_t md_string(struct md_maker *m, const char *ascii)
{
    uint32_t at = (uint32_t)(MD_PIECES_AT + m->pieces.n);
    md_put(&m->pieces, 2 * strlen(ascii), 4);
    for (; *ascii; ascii++)
        md_put(&m->pieces, (uint8_t)*ascii, 2);
    md_put(&m->pieces, 0, 2);
    return at;
}

/* The stream's bytes, to be filled; valid until the next call. */
static inline struct text *md_stream(struct md_maker *m, uint32_t type)
{
    m->streams[m->n].type = type;
    return &m->streams[m->n++].data;
}

static inline void md_text(struct md_maker *m, uint32_t type, const char *bytes, size_t n)
{
    text_putn(md_stream(m, type), bytes, n);
}

static inline void md_system(struct md_maker *m, uint16_t processor, uint32_t platform)
{
    struct text *t = md_stream(m, STREAM_SYSTEM);
    md_put(t, processor, 2);
    md_zeros(t, 18);
    md_put(t, platform, 4);
    md_zeros(t, 32);
}

static inline void md_thread(struct text *list, uint32_t tid, taddr stack, uint32_t size, uint32_t at,
                             uint32_t context_size, uint32_t context_at)
{
    md_put(list, tid, 4);
    md_zeros(list, 20);
    md_put(list, stack, 8);
    md_put(list, size, 4);
    md_put(list, at, 4);
    md_put(list, context_size, 4);
    md_put(list, context_at, 4);
}

static inline void md_module(struct text *list, taddr base, uint32_t size, uint32_t name_at, uint32_t id_size,
                             uint32_t id_at)
{
    md_put(list, base, 8);
    md_put(list, size, 4);
    md_zeros(list, 8);
    md_put(list, name_at, 4);
    md_zeros(list, 52);
    md_put(list, id_size, 4);
    md_put(list, id_at, 4);
    md_zeros(list, 24);
}

static inline void md_exception(struct md_maker *m, uint32_t tid, uint32_t code, uint32_t flags, taddr addr,
                                const char *text, uint32_t context_size, uint32_t context_at)
{
    char parameters[120] = "";
    struct text *t = md_stream(m, STREAM_EXCEPTION);

    snprintf(parameters, sizeof(parameters), "%s", text);
    md_put(t, tid, 8);
    md_put(t, code, 4);
    md_put(t, flags, 4);
    md_put(t, 0, 8);
    md_put(t, addr, 8);
    md_put(t, 1, 8);
    text_putn(t, parameters, sizeof(parameters));
    md_put(t, context_size, 4);
    md_put(t, context_at, 4);
}

/* A CONTEXT of `size` bytes whose general registers hold 0x1000 + their place in the processor's table. */
static inline uint32_t md_context(struct md_maker *m, const struct minidump_context *x, size_t size, uint32_t flags,
                                  uint64_t pc, uint64_t sp)
{
    uint8_t c[1300] = {0};

    memcpy(c + x->flags, &flags, sizeof(flags));
    for (size_t i = 0; i < x->n_regs; i++) {
        const struct reg_desc *r = &x->regs[i];
        uint64_t v = r->dwarf == x->arch->pc ? pc : r->dwarf == x->arch->sp ? sp : 0x1000 + i;
        memcpy(c + r->offset, &v, r->size);
    }
    for (uint64_t k = 0; x->fs_base && k < 2; k++) {
        uint64_t v = 0xf5000 + k;
        memcpy(c + x->fs_base + k * 8, &v, sizeof(v));
    }
    return md_piece(m, c, size);
}

/* The minidump; heap, caller's. Empties the maker. */
static inline struct bytes md_make(struct md_maker *m)
{
    struct text t = {0};
    uint64_t at = MD_PIECES_AT + m->pieces.n;

    text_putn(&t, "MDMP", 4);
    md_put(&t, 0xa793, 4);
    md_put(&t, m->n, 4);
    md_put(&t, 32, 4);
    md_put(&t, 0, 4);
    md_put(&t, 1234567, 4);
    md_put(&t, 0, 8);
    for (size_t i = 0; i < m->n; i++) {
        md_put(&t, m->streams[i].type, 4);
        md_put(&t, m->streams[i].data.n, 4);
        md_put(&t, at, 4);
        at += m->streams[i].data.n;
    }
    md_zeros(&t, MD_PIECES_AT - t.n);
    text_putn(&t, m->pieces.p, m->pieces.n);
    for (size_t i = 0; i < m->n; i++) {
        if (m->streams[i].data.n)
            text_putn(&t, m->streams[i].data.p, m->streams[i].data.n);
        text_done(&m->streams[i].data);
    }
    text_done(&m->pieces);
    m->n = 0;
    struct bytes out = {.n = t.n};
    out.p = (const uint8_t *)text_take(&t);
    return out;
}

#endif
