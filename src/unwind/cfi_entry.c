/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfi_entry.h"

#include "base/text.h"

#include <inttypes.h>

static uint64_t address_mask(const struct cfi_source *s)
{
    return s->addr_size < 8 ? (UINT64_C(1) << (8 * s->addr_size)) - 1 : UINT64_MAX;
}

unsigned cfi_encoded_size(uint8_t encoding, unsigned addr_size)
{
    if ((encoding & DW_EH_PE_base) == DW_EH_PE_aligned)
        return 0;
    switch (encoding & DW_EH_PE_format) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_signed:
        return addr_size;
    case DW_EH_PE_udata2:
    case DW_EH_PE_sdata2:
        return 2;
    case DW_EH_PE_udata4:
    case DW_EH_PE_sdata4:
        return 4;
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
        return 8;
    default:
        return 0;
    }
}

static uint64_t sign_extend(uint64_t v, unsigned size)
{
    unsigned unused = 64 - 8 * size;
    return (uint64_t)((int64_t)(v << unused) >> unused);
}

uint64_t cfi_stored_value(struct cursor *c, uint8_t encoding, unsigned addr_size)
{
    uint8_t format = encoding & DW_EH_PE_format;

    if (format == DW_EH_PE_uleb128)
        return cursor_uleb(c);
    if (format == DW_EH_PE_sleb128)
        return (uint64_t)cursor_sleb(c);
    unsigned size = cfi_encoded_size(format, addr_size);
    uint64_t v = cursor_uint(c, size); /* size 0 fails the cursor */
    return size && (format & DW_EH_PE_signed) ? sign_extend(v, size) : v;
}

bool cfi_pointer(const struct cfi_source *s, struct cursor *c, uint8_t encoding, taddr at, taddr func, taddr *out)
{
    uint8_t base = encoding & DW_EH_PE_base;

    if (encoding == DW_EH_PE_omit) {
        *out = 0;
        return true;
    }
    if (base == DW_EH_PE_aligned) {
        cursor_skip(c, -at & (s->addr_size - 1U));
        encoding = DW_EH_PE_absptr;
    }
    taddr v = cfi_stored_value(c, encoding, s->addr_size);
    if (c->failed)
        return false;
    /* Zero means "none" whatever the base. */
    if (v != 0) {
        switch (base) {
        case DW_EH_PE_pcrel:
            v += at;
            break;
        case DW_EH_PE_textrel:
            v += s->tables.text_base;
            break;
        case DW_EH_PE_datarel:
            v += s->tables.data_base;
            break;
        case DW_EH_PE_funcrel:
            v += func;
            break;
        case DW_EH_PE_absptr:
        case DW_EH_PE_aligned:
            /* Relocated where the table was read from memory, a link-time address where from a file. */
            if (v < s->start || v >= s->end)
                v += s->bias;
            break;
        default:
            return cursor_fail(c);
        }
    }
    v &= address_mask(s);
    if ((encoding & DW_EH_PE_indirect) && (!s->word || !s->word(s->word_arg, v, s->addr_size, &v)))
        return cursor_fail(c);
    *out = v;
    return true;
}

struct err *cfi_entry_read(const struct cfi *c, enum cfi_section_id id, uint64_t offset, struct cfi_entry *out,
                           bool *end)
{
    const struct cfi_section *s = &c->sections[id];
    struct cursor in = cursor_of(s->data, 0, s->what);
    struct cfi_entry e = {.offset = offset};
    bool is_64 = false;

    cursor_seek(&in, offset);
    uint64_t length = 0;
    /* A zero length ends .eh_frame; linkers leave them in the middle too, where it is only padding. */
    while (length == 0) {
        if (!in.failed && cursor_left(&in) < 4) {
            *end = true;
            return NULL;
        }
        e.offset = cursor_offset(&in);
        length = cursor_u32(&in);
        TRY(cursor_check(&in));
    }
    if (length == UINT32_MAX) {
        is_64 = true;
        length = cursor_u64(&in);
    }
    size_t start = cursor_offset(&in);
    e.body = cursor_sub(&in, length);
    e.next = start + length;

    /* In .eh_frame the id is 4 bytes wide in either format, 0 for a CIE, and counts back from itself. */
    unsigned id_size = is_64 && id == CFI_DEBUG ? 8 : 4;
    uint64_t value = cursor_uint(&e.body, id_size);
    TRY(cursor_check(&e.body));
    if (id == CFI_EH) {
        e.is_cie = value == 0;
        e.cie = start - value;
        if (value > start)
            return err_at(err_new(ERR_CORRUPT, "%s: the entry at 0x%" PRIx64 " names a CIE before the section", s->what,
                                  e.offset),
                          ERR_AT_OFFSET, e.offset);
    } else {
        e.is_cie = value == (id_size == 8 ? UINT64_MAX : UINT32_MAX);
        e.cie = value;
    }
    *out = e;
    *end = false;
    return NULL;
}

static struct err *bad_cie(const struct cfi_section *s, enum err_code code, uint64_t offset, const char *what)
{
    return err_at(err_new(code, "%s: the CIE at 0x%" PRIx64 " has %s", s->what, offset, what), ERR_AT_OFFSET, offset);
}

/* The data that the letters of an augmentation string stand for. What follows an unknown letter cannot be
 * told, but 'z' gives the size of the whole. */
static void read_augmentation(const struct cfi *c, const char *letters, struct cursor *data, taddr data_addr,
                              struct cie *out)
{
    for (const char *l = letters; *l; l++) {
        taddr ignored;
        uint8_t encoding;

        switch (*l) {
        case 'R':
            out->fde_encoding = cursor_u8(data);
            break;
        case 'L':
            cursor_u8(data);
            break;
        case 'P':
            encoding = cursor_u8(data);
            /* The personality is not needed: no need to follow the pointer. */
            cfi_pointer(&c->source, data, encoding & (uint8_t)~DW_EH_PE_indirect, data_addr + cursor_offset(data), 0,
                        &ignored);
            break;
        case 'S':
            out->is_signal = true;
            break;
        case 'B': /* AArch64: return addresses are signed with key B */
        case 'G': /* AArch64: the frame is tagged memory */
            break;
        default:
            return;
        }
    }
}

static struct err *parse_cie(struct cfi *c, enum cfi_section_id id, struct cfi_entry *e, struct cie *out)
{
    const struct cfi_section *s = &c->sections[id];
    struct cursor *b = &e->body;
    struct cie cie = {.section = id, .addr_size = c->source.addr_size};

    cie.version = cursor_u8(b);
    const char *augmentation = cursor_cstr(b);
    TRY(cursor_check(b));
    if (cie.version != 1 && cie.version != 3 && cie.version != 4)
        return bad_cie(s, ERR_UNSUPPORTED, e->offset, "an unknown version");
    if (begins_with(augmentation, "eh")) { /* gcc 2: a pointer to its exception table */
        cursor_skip(b, cie.addr_size);
        augmentation += 2;
    }
    if (cie.version >= 4) {
        cie.addr_size = cursor_u8(b);
        cie.segment_size = cursor_u8(b);
        if (cie.addr_size != 4 && cie.addr_size != 8)
            return bad_cie(s, ERR_CORRUPT, e->offset, "an address size that is neither 4 nor 8");
    }
    cie.code_align = cursor_uleb(b);
    cie.data_align = cursor_sleb(b);
    cie.ra = cie.version == 1 ? cursor_u8(b) : cursor_uleb(b);
    if (augmentation[0] == 'z') {
        uint64_t size = cursor_uleb(b);
        taddr data_addr = s->addr + b->base + cursor_offset(b);
        struct cursor data = cursor_sub(b, size);
        cie.has_augmentation = true;
        read_augmentation(c, augmentation + 1, &data, data_addr, &cie);
        TRY(cursor_check(&data));
    } else if (augmentation[0]) {
        return bad_cie(s, ERR_UNSUPPORTED, e->offset, "an unknown augmentation");
    }
    TRY(cursor_check(b));
    cie.program_offset = b->base + cursor_offset(b);
    cie.program = cursor_bytes(b, cursor_left(b));
    *out = cie;
    return NULL;
}

/* The CIE at `offset`, kept in c->cies. */
static struct err *cfi_cie(struct cfi *c, enum cfi_section_id id, uint64_t offset, const struct cie **out)
{
    uint64_t *known = map64_find(&c->cies[id], offset);
    struct cfi_entry e;
    struct cie cie;
    bool end;

    if (known) {
        *out = (const struct cie *)(uintptr_t)*known;
        return NULL;
    }
    TRY(cfi_entry_read(c, id, offset, &e, &end));
    if (end || !e.is_cie)
        return bad_cie(&c->sections[id], ERR_CORRUPT, offset, "another kind of entry in its place");
    TRY(parse_cie(c, id, &e, &cie));

    struct cie *kept = arena_new(&c->arena, struct cie);
    *kept = cie;
    *map64_put(&c->cies[id], offset, NULL) = (uintptr_t)kept;
    *out = kept;
    return NULL;
}

struct err *cfi_fde(struct cfi *c, enum cfi_section_id id, struct cfi_entry *e, struct fde *out)
{
    const struct cfi_section *s = &c->sections[id];
    struct cursor *b = &e->body;
    struct fde f = {0};

    TRY(cfi_cie(c, id, e->cie, &f.cie));
    uint64_t size;
    if (id == CFI_EH) {
        cfi_pointer(&c->source, b, f.cie->fde_encoding, s->addr + b->base + cursor_offset(b), 0, &f.start);
        size = cfi_stored_value(b, f.cie->fde_encoding & DW_EH_PE_format, c->source.addr_size);
    } else {
        cursor_skip(b, f.cie->segment_size);
        f.start = (cursor_uint(b, f.cie->addr_size) + c->source.bias) & address_mask(&c->source);
        size = cursor_uint(b, f.cie->addr_size);
    }
    if (f.cie->has_augmentation)
        cursor_skip(b, cursor_uleb(b));
    TRY(cursor_check(b));
    f.end = f.start + size;
    if (f.end < f.start)
        return err_at(err_new(ERR_CORRUPT, "%s: the entry at 0x%" PRIx64 " covers code beyond the address space",
                              s->what, e->offset),
                      ERR_AT_OFFSET, e->offset);
    f.program_offset = b->base + cursor_offset(b);
    f.program = cursor_bytes(b, cursor_left(b));
    *out = f;
    return NULL;
}
