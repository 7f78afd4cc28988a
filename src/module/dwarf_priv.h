/* SPDX-License-Identifier: Apache-2.0 */
/* What the files dwarf_*.c share. */
#ifndef MODULE_DWARF_PRIV_H
#define MODULE_DWARF_PRIV_H

#include "module/dwarf.h"

/* Where the share of a unit in a .dwp begins, in bytes. */
struct dw_contrib {
    uint64_t str_offsets, loclists, rnglists, line;
};

struct dw_abbrevs {
    struct dw_abbrev *v;
    size_t n;
    bool dense; /* v[i].code == i + 1 */
    struct dw_spec *specs;
    struct dw_skip *skips;
};

/* How many bytes a form takes in a unit, or how to step over it. */
struct dw_form_size {
    uint8_t skip;  /* DW_SKIP_NOTHING when fixed */
    uint8_t fixed; /* bytes */
};
struct dw_form_size dw_form_size(uint16_t form, uint8_t addr_size, uint8_t offset_size, uint16_t version);

/* The unit's abbreviations, decoded once a table. Never NULL: damage (kept as a problem) shortens it. */
const struct dw_abbrevs *dw_load_abbrevs(struct dw_unit *u);
static inline const struct dw_abbrevs *dw_unit_abbrevs(struct dw_unit *u)
{
    const struct dw_abbrevs *known = atomic_load_explicit(&u->abbrevs, memory_order_acquire);
    return known ? known : dw_load_abbrevs(u);
}
const struct dw_abbrev *dw_abbrev_find(const struct dw_abbrevs *t, uint64_t code);
void dw_abbrevs_free(struct dw_abbrevs *t);
/* The specs of one code without decoding the table, for root DIEs. Leaves *c at its first spec. */
bool dw_abbrev_scan(struct dw_unit *u, uint64_t code, struct cursor *c, uint16_t *tag);
/* Next (attribute, form) of an encoded abbreviation; false at its end. */
bool dw_spec_read(struct cursor *c, struct dw_spec *out);

/* A cursor over a unit's bytes, at an offset of the section; failed when it lies outside of the DIEs. */
struct cursor dw_unit_cursor(struct dw_unit *u, uint64_t offset);
/* The DIE at *c, which moves to its attributes; false for a null entry and on damage. */
bool dw_read_die(struct dw_unit *u, struct cursor *c, struct dw_die *out);
/* From the attributes of a DIE past it and all its descendants. */
bool dw_skip_tree(struct dw_unit *u, struct cursor *c, const struct dw_abbrev *a);
/* Steps over n entries of an abbreviation's skips (UINT32_MAX: all). False on damage. */
bool dw_skip_attrs(const struct dw_unit *u, struct cursor *c, const struct dw_abbrev *a, uint32_t n);

/* Steps over the part of one value that is not of fixed size. DW_SKIP_UNKNOWN fails the cursor. */
void dw_skip_form(const struct dw_unit *u, struct cursor *c, enum dw_skip_kind kind);

/* For the reader of root DIEs, which finds the bases on the way. */
const char *dw_string_with_base(struct dw_unit *u, const struct dw_value *v, uint64_t str_offsets_base);
bool dw_addr_with_base(struct dw_unit *owner, uint64_t index, uint64_t addr_base, taddr *out);

/* 4 or 8 bytes. */
static inline uint64_t dw_read_offset(struct cursor *c, uint8_t size)
{
    return size == 8 ? cursor_u64(c) : cursor_u32(c);
}
/* The initial length of a unit or table; *offset_size is 4 or 8. */
static inline uint64_t dw_read_length(struct cursor *c, uint8_t *offset_size)
{
    uint64_t n = cursor_u32(c);
    *offset_size = 4;
    if (n == 0xffffffff) {
        *offset_size = 8;
        n = cursor_u64(c);
    } else if (n >= 0xfffffff0) {
        cursor_fail(c);
    }
    return n;
}

/* A code address that stands for something the linker dropped: 0, or all ones (and all ones but one, as
 * lld writes into .debug_ranges). */
static inline bool dw_dropped(const struct dwarf *d, taddr at, uint8_t addr_size)
{
    taddr ones = addr_size == 4 ? UINT32_MAX : UINT64_MAX;
    return (at == 0 && !d->code_at_zero) || at >= ones - 1;
}

/* Address to unit, dwarf_aranges.c. */
void dw_addrs_free(struct dw_addrs *a);

/* What ties a split unit to its skeleton; usable before the two are joined. */
uint64_t dw_unit_dwo_id(struct dw_unit *u);
/* Gives the units of a .dwp their shares of the other sections, from its indexes; dwarf_split.c. */
void dw_pack_units(struct dwarf *d, struct dw_units *us, bool types);

#endif
