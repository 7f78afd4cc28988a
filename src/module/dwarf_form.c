/* SPDX-License-Identifier: Apache-2.0 */
/* Values of attributes (DWARF 5 section 7.5.5 and 7.5.6). */
#include "module/dwarf_priv.h"

/* Offsets that a unit's references count from its own header. */
static void set_local_ref(const struct dw_unit *u, struct dw_value *v, uint64_t rel)
{
    bool inside = rel < u->end - u->offset;
    v->cls = inside ? DW_CLASS_REF : DW_CLASS_NONE;
    v->u = inside ? u->offset + rel : 0;
}

static void set(struct dw_value *v, enum dw_class cls, uint64_t n)
{
    v->cls = (uint8_t)cls;
    v->u = n;
}

static void set_block(struct cursor *c, struct dw_value *v, uint64_t n)
{
    v->cls = DW_CLASS_BLOCK;
    v->block = n <= cursor_left(c) ? cursor_bytes(c, (size_t)n) : (struct bytes){0};
    if (n && !v->block.n)
        cursor_fail(c);
}

static void set_inline_string(struct cursor *c, struct dw_value *v)
{
    const char *s = cursor_cstr(c);
    v->cls = DW_CLASS_STRING;
    v->block = (struct bytes){(const uint8_t *)s, strlen(s) + 1};
}

/* Sizes that only data16, strings and blocks lack. */
static bool read_sized(struct dw_unit *u, struct cursor *c, uint16_t form, struct dw_value *v)
{
    struct dw_form_size size = dw_form_size(form, u->addr_size, u->offset_size, u->version);
    if (size.skip == DW_SKIP_LEB) {
        v->u = form == DW_FORM_sdata ? (uint64_t)cursor_sleb(c) : cursor_uleb(c);
        return true;
    }
    if (size.skip == DW_SKIP_NOTHING && size.fixed > 0 && size.fixed <= 8) {
        v->u = cursor_uint(c, size.fixed);
        return true;
    }
    return false;
}

static bool classify(struct dw_unit *u, struct cursor *c, uint16_t form, int64_t implicit, struct dw_value *v)
{
    uint64_t n = v->u;
    switch (form) {
    case DW_FORM_addr:
        set(v, DW_CLASS_ADDRESS, n);
        return true;
    case DW_FORM_addrx:
    case DW_FORM_addrx1:
    case DW_FORM_addrx2:
    case DW_FORM_addrx3:
    case DW_FORM_addrx4:
    case DW_FORM_GNU_addr_index:
        set(v, DW_CLASS_ADDRX, n);
        return true;
    case DW_FORM_data1:
    case DW_FORM_data2:
    case DW_FORM_data4:
    case DW_FORM_data8:
    case DW_FORM_udata:
    case DW_FORM_sdata:
        set(v, DW_CLASS_CONSTANT, n);
        return true;
    case DW_FORM_implicit_const:
        set(v, DW_CLASS_CONSTANT, (uint64_t)implicit);
        return true;
    case DW_FORM_data16:
        set_block(c, v, 16);
        return true;
    case DW_FORM_flag:
        set(v, DW_CLASS_FLAG, n != 0);
        return true;
    case DW_FORM_flag_present:
        set(v, DW_CLASS_FLAG, 1);
        return true;
    case DW_FORM_ref1:
    case DW_FORM_ref2:
    case DW_FORM_ref4:
    case DW_FORM_ref8:
    case DW_FORM_ref_udata:
        set_local_ref(u, v, n);
        return true;
    case DW_FORM_ref_addr:
        set(v, DW_CLASS_REF_INFO, n);
        return true;
    case DW_FORM_ref_sup4:
    case DW_FORM_ref_sup8:
    case DW_FORM_GNU_ref_alt:
        set(v, DW_CLASS_REF_ALT, n);
        return true;
    case DW_FORM_ref_sig8:
        set(v, DW_CLASS_REF_SIG, n);
        return true;
    case DW_FORM_sec_offset:
        set(v, DW_CLASS_OFFSET, n);
        return true;
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
        set(v, DW_CLASS_LISTX, n);
        return true;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
    case DW_FORM_strx:
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
    case DW_FORM_GNU_str_index:
        set(v, DW_CLASS_STRING, n);
        return true;
    case DW_FORM_string:
        set_inline_string(c, v);
        return true;
    case DW_FORM_block1:
        set_block(c, v, cursor_u8(c));
        return true;
    case DW_FORM_block2:
        set_block(c, v, cursor_u16(c));
        return true;
    case DW_FORM_block4:
        set_block(c, v, cursor_u32(c));
        return true;
    case DW_FORM_block:
    case DW_FORM_exprloc:
        set_block(c, v, cursor_uleb(c));
        return true;
    default:
        return cursor_fail(c);
    }
}

bool dw_read_value(struct dw_unit *u, struct cursor *c, uint16_t form, int64_t implicit, struct dw_value *v)
{
    *v = (struct dw_value){.form = form};
    if (form == DW_FORM_indirect) {
        uint64_t real = cursor_uleb(c);
        /* The format forbids both of these here, and one of them would recurse. */
        if (real == DW_FORM_indirect || real == DW_FORM_implicit_const || real > UINT16_MAX)
            return cursor_fail(c);
        v->form = form = (uint16_t)real;
    }
    read_sized(u, c, form, v);
    classify(u, c, form, implicit, v);
    return !c->failed;
}

/* A NUL-terminated string inside a section, or NULL. */
static const char *string_at(struct dwarf *d, enum dw_section s, uint64_t offset)
{
    struct bytes b = dwarf_section(d, s);
    if (offset >= b.n || !memchr(b.p + offset, 0, b.n - (size_t)offset))
        return NULL;
    return (const char *)b.p + offset;
}

static const char *string_index(struct dw_unit *u, uint64_t index, uint64_t base)
{
    struct cursor c = cursor_of(dwarf_section(u->file, DW_SEC_STR_OFFSETS), 0, ".debug_str_offsets");
    if (index > cursor_left(&c) / u->offset_size)
        return NULL;
    cursor_seek(&c, base);
    cursor_skip(&c, index * u->offset_size);
    uint64_t offset = dw_read_offset(&c, u->offset_size);
    return c.failed ? NULL : string_at(u->file, DW_SEC_STR, offset);
}

const char *dw_string_with_base(struct dw_unit *u, const struct dw_value *v, uint64_t str_offsets_base)
{
    if (v->cls != DW_CLASS_STRING)
        return NULL;
    switch (v->form) {
    case DW_FORM_string:
        return (const char *)v->block.p;
    case DW_FORM_strp:
        return string_at(u->file, DW_SEC_STR, v->u);
    case DW_FORM_line_strp:
        return string_at(u->file, DW_SEC_LINE_STR, v->u);
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt: {
        struct dwarf *alt = dwarf_alt(u->file);
        return alt ? string_at(alt, DW_SEC_STR, v->u) : NULL;
    }
    default:
        return string_index(u, v->u, str_offsets_base);
    }
}

static bool is_string_index(const struct dw_value *v)
{
    return v->form == DW_FORM_strx || (v->form >= DW_FORM_strx1 && v->form <= DW_FORM_strx4) ||
           v->form == DW_FORM_GNU_str_index;
}

const char *dw_value_string(struct dw_unit *u, const struct dw_value *v)
{
    return dw_string_with_base(u, v, is_string_index(v) ? dw_unit_root(u)->str_offsets_base : 0);
}

bool dw_addr_with_base(struct dw_unit *owner, uint64_t index, uint64_t addr_base, taddr *out)
{
    struct cursor c = cursor_of(dwarf_section(owner->file, DW_SEC_ADDR), 0, ".debug_addr");
    if (index > cursor_left(&c) / owner->addr_size)
        return false;
    cursor_seek(&c, addr_base);
    cursor_skip(&c, index * owner->addr_size);
    taddr at = cursor_uint(&c, owner->addr_size);
    if (c.failed)
        return false;
    *out = at;
    return true;
}

bool dw_addr_index(struct dw_unit *u, uint64_t index, taddr *out)
{
    /* A split unit's addresses are in the program, where the linker could write them. */
    struct dw_unit *owner = u->skeleton ? u->skeleton : u;
    return dw_addr_with_base(owner, index, dw_unit_root(owner)->addr_base, out);
}

bool dw_value_address(struct dw_unit *u, const struct dw_value *v, taddr *out)
{
    if (v->cls == DW_CLASS_ADDRX)
        return dw_addr_index(u, v->u, out);
    if (v->cls != DW_CLASS_ADDRESS)
        return false;
    *out = v->u;
    return true;
}

bool dw_value_die(struct dw_unit *u, const struct dw_value *v, struct dw_die *out)
{
    struct dwarf *d = u->file;
    switch (v->cls) {
    case DW_CLASS_REF:
        return dw_die_at(u, v->u, out);
    case DW_CLASS_REF_INFO:
        break;
    case DW_CLASS_REF_ALT:
        d = dwarf_alt(d);
        break;
    case DW_CLASS_REF_SIG: {
        struct dw_unit *t = dwarf_type_unit(d, v->u);
        return t && dw_die_at(t, t->type_die, out);
    }
    default:
        return false;
    }
    struct dw_unit *other = d ? dwarf_unit_at(d, v->u) : NULL;
    return other && dw_die_at(other, v->u, out);
}
