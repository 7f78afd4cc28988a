/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame sections put together byte by byte. */
#ifndef BUILD_CFI_H
#define BUILD_CFI_H

#include "base/text.h"
#include "unwind/cfi.h"

/* Bytes that grow; struct text is used for its growing only. */
struct build {
    struct text t;
};

static inline size_t b_at(const struct build *b)
{
    return b->t.n;
}
static inline void b_uint(struct build *b, uint64_t v, size_t size)
{
    text_putn(&b->t, (const char *)&v, size);
}
static inline void b_u8(struct build *b, uint8_t v)
{
    b_uint(b, v, 1);
}
static inline void b_patch(struct build *b, size_t at, uint64_t v, size_t size)
{
    memcpy(b->t.p + at, &v, size);
}
static inline void b_str(struct build *b, const char *s)
{
    text_putn(&b->t, s, strlen(s) + 1);
}
static inline void b_uleb(struct build *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        b_u8(b, (uint8_t)(v | 0x80));
    b_u8(b, (uint8_t)v);
}
static inline void b_sleb(struct build *b, int64_t v)
{
    for (; v < -64 || v > 63; v >>= 7)
        b_u8(b, (uint8_t)(v | 0x80));
    b_u8(b, (uint8_t)(v & 0x7f));
}
static inline void b_put(struct build *b, const void *p, size_t n)
{
    text_putn(&b->t, p, n);
}
static inline struct bytes b_bytes(const struct build *b)
{
    return (struct bytes){.p = (const uint8_t *)text_str(&b->t), .n = b->t.n};
}

/* How a section is laid out. */
struct layout {
    bool eh, is_64;
    uint8_t version;
    const char *augmentation;
    uint8_t fde_encoding;
    taddr addr; /* of the section (eh) */
};

/* Starts an entry; returns where its length stands. */
static inline size_t entry_begin(struct build *b, const struct layout *l)
{
    size_t at = b_at(b);
    if (l->is_64)
        b_uint(b, UINT32_MAX, 4);
    b_uint(b, 0, l->is_64 ? 8 : 4);
    return at;
}
static inline void entry_end(struct build *b, const struct layout *l, size_t at)
{
    size_t head = l->is_64 ? 12 : 4;
    while (b_at(b) % 4)
        b_u8(b, 0); /* DW_CFA_nop */
    b_patch(b, at + (l->is_64 ? 4 : 0), b_at(b) - at - head, l->is_64 ? 8 : 4);
}

/* x86-64's usual CIE: CFA = rsp + 8, return address at CFA - 8. Returns its offset. */
static inline size_t put_cie(struct build *b, const struct layout *l)
{
    size_t at = entry_begin(b, l);
    if (l->eh)
        b_uint(b, 0, 4);
    else
        b_uint(b, UINT64_MAX, l->is_64 ? 8 : 4);
    b_u8(b, l->version);
    b_str(b, l->augmentation);
    if (l->augmentation[0] == 'e')
        b_uint(b, 0, 8);
    if (l->version >= 4) {
        b_u8(b, 8);
        b_u8(b, 0);
    }
    b_uleb(b, 1);
    b_sleb(b, -8);
    if (l->version == 1)
        b_u8(b, 16);
    else
        b_uleb(b, 16);
    if (l->augmentation[0] == 'z') {
        size_t size_at = b_at(b);
        b_u8(b, 0);
        for (const char *p = l->augmentation + 1; *p; p++) {
            if (*p == 'R')
                b_u8(b, l->fde_encoding);
            if (*p == 'L')
                b_u8(b, DW_EH_PE_omit);
            if (*p == 'P') {
                b_u8(b, DW_EH_PE_udata4);
                b_uint(b, 0x1234, 4);
            }
        }
        b_patch(b, size_at, b_at(b) - size_at - 1, 1);
    }
    b_put(b, "\x0c\x07\x08\x90\x01", 5); /* def_cfa rsp+8; offset rip cfa-8 */
    entry_end(b, l, at);
    return at;
}

/* An FDE for [start, start + size) with a program. */
static inline size_t put_fde(struct build *b, const struct layout *l, size_t cie, taddr start, uint64_t size,
                             const void *program, size_t n)
{
    size_t at = entry_begin(b, l);
    if (l->eh)
        b_uint(b, b_at(b) - cie, 4);
    else
        b_uint(b, cie, l->is_64 ? 8 : 4);
    if (l->eh) {
        uint8_t format = l->fde_encoding & DW_EH_PE_format;
        taddr base = (l->fde_encoding & DW_EH_PE_base) == DW_EH_PE_pcrel ? l->addr + b_at(b) : 0;
        if (format == DW_EH_PE_uleb128) {
            b_uleb(b, start - base);
            b_uleb(b, size);
        } else if (format == DW_EH_PE_sleb128) {
            b_sleb(b, (int64_t)(start - base));
            b_sleb(b, (int64_t)size);
        } else {
            unsigned width = cfi_encoded_size(format, 8);
            b_uint(b, start - base, width);
            b_uint(b, size, width);
        }
    } else {
        b_uint(b, start, 8);
        b_uint(b, size, 8);
    }
    if (l->augmentation[0] == 'z')
        b_uleb(b, 0);
    b_put(b, program, n);
    entry_end(b, l, at);
    return at;
}

/* .eh_frame_hdr as ld makes it: sdata4, relative to its own start. */
static inline void put_header(struct build *b, taddr addr, taddr eh_frame, const taddr (*entries)[2], size_t n)
{
    b_put(b, "\x01\x1b\x03\x3b", 4);
    b_uint(b, eh_frame - (addr + 4), 4);
    b_uint(b, n, 4);
    for (size_t i = 0; i < n; i++) {
        b_uint(b, entries[i][0] - addr, 4);
        b_uint(b, entries[i][1] - addr, 4);
    }
}

#endif
