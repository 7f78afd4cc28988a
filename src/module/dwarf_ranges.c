/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses that a DIE covers (DWARF 5 section 2.17): low and high pc, .debug_rnglists, and the
 * .debug_ranges of versions 2 to 4. */
#include "module/dwarf_priv.h"

enum { NONE, LOW_HIGH, RANGES, RNGLISTS };

/* Far more than a unit has functions; ends a list that a damaged base makes endless. */
#define MAX_STEPS (1u << 22)

/* A version 5 index into the unit's table of range lists. */
static bool list_offset(struct dw_unit *u, const struct dw_root *r, uint64_t index, uint64_t *out)
{
    struct cursor c = cursor_of(dwarf_section(u->file, DW_SEC_RNGLISTS), 0, ".debug_rnglists");
    if (index > cursor_left(&c) / u->offset_size)
        return false;
    cursor_seek(&c, r->rnglists_base);
    cursor_skip(&c, index * u->offset_size);
    *out = r->rnglists_base + dw_read_offset(&c, u->offset_size);
    return !c.failed;
}

static bool start_list(struct dw_ranges *it, struct dw_unit *u, const struct dw_value *v)
{
    const struct dw_root *r = dw_unit_root(u);
    struct dwarf *d = u->file;
    uint64_t at = v->u;
    it->base = r->low_pc;
    if (v->cls != DW_CLASS_LISTX && v->cls != DW_CLASS_OFFSET && v->cls != DW_CLASS_CONSTANT)
        return false;
    if (u->version >= 5) {
        it->kind = RNGLISTS;
        if (v->cls == DW_CLASS_LISTX && !list_offset(u, r, v->u, &at))
            return false;
        it->c = cursor_of(dwarf_section(d, DW_SEC_RNGLISTS), 0, ".debug_rnglists");
    } else {
        /* Before version 5 the ranges of a split unit stayed in the program. */
        if (u->skeleton) {
            d = u->skeleton->file;
            at += r->ranges_base;
        }
        it->kind = RANGES;
        it->c = cursor_of(dwarf_section(d, DW_SEC_RANGES), 0, ".debug_ranges");
    }
    cursor_seek(&it->c, at);
    return !it->c.failed;
}

static void start_one(struct dw_ranges *it, taddr low, taddr high)
{
    it->kind = LOW_HIGH;
    it->one = (struct dw_range){low, high};
}

bool dw_ranges_init(struct dw_ranges *it, const struct dw_die *die)
{
    *it = (struct dw_ranges){.unit = die->unit};
    if (!(die->abbrev->has & DW_HAS_PC))
        return false;
    struct dw_value v, low = {0}, high = {0};
    struct dw_attrs attrs;
    uint16_t at;
    dw_attrs_init(&attrs, die);
    while (dw_attrs_next(&attrs, &at, &v)) {
        if (at == DW_AT_ranges)
            return start_list(it, die->unit, &v);
        if (at == DW_AT_low_pc)
            low = v;
        else if (at == DW_AT_high_pc)
            high = v;
    }
    taddr lo, hi;
    if (!dw_value_address(die->unit, &low, &lo))
        return false;
    if (high.cls == DW_CLASS_CONSTANT)
        hi = lo + high.u;
    else if (!dw_value_address(die->unit, &high, &hi))
        return false;
    start_one(it, lo, hi);
    return true;
}

bool dw_ranges_root(struct dw_ranges *it, struct dw_unit *u)
{
    const struct dw_root *r = dw_unit_root(u);
    *it = (struct dw_ranges){.unit = u};
    if (r->ranges.cls != DW_CLASS_NONE)
        return start_list(it, u, &r->ranges);
    if (!r->has_low || !r->has_high)
        return false;
    start_one(it, r->low_pc, r->high_pc);
    return true;
}

static bool next_pair(struct dw_ranges *it, struct dw_range *out)
{
    unsigned size = it->unit->addr_size;
    taddr ones = size == 4 ? UINT32_MAX : UINT64_MAX;
    for (;;) {
        taddr start = cursor_uint(&it->c, size), end = cursor_uint(&it->c, size);
        if (it->c.failed || (start == 0 && end == 0) || it->steps++ > MAX_STEPS)
            return false;
        if (start == ones) {
            it->base = end;
            continue;
        }
        *out = (struct dw_range){it->base + start, it->base + end};
        return true;
    }
}

/* An address by index; a bad index gives one that counts as dropped. */
static taddr indexed(struct dw_ranges *it)
{
    taddr at;
    return dw_addr_index(it->unit, cursor_uleb(&it->c), &at) ? at : UINT64_MAX;
}

static bool next_entry(struct dw_ranges *it, struct dw_range *out)
{
    struct cursor *c = &it->c;
    unsigned size = it->unit->addr_size;
    for (;;) {
        if (it->steps++ > MAX_STEPS)
            return false;
        uint8_t kind = cursor_u8(c);
        if (c->failed)
            return false;
        switch (kind) {
        case DW_RLE_base_addressx:
            it->base = indexed(it);
            continue;
        case DW_RLE_base_address:
            it->base = cursor_uint(c, size);
            continue;
        case DW_RLE_startx_endx:
            out->start = indexed(it);
            out->end = indexed(it);
            break;
        case DW_RLE_startx_length:
            out->start = indexed(it);
            out->end = out->start + cursor_uleb(c);
            break;
        case DW_RLE_offset_pair:
            out->start = it->base + cursor_uleb(c);
            out->end = it->base + cursor_uleb(c);
            if (dw_dropped(it->unit->file, it->base, it->unit->addr_size) && it->base)
                out->end = out->start;
            break;
        case DW_RLE_start_end:
            out->start = cursor_uint(c, size);
            out->end = cursor_uint(c, size);
            break;
        case DW_RLE_start_length:
            out->start = cursor_uint(c, size);
            out->end = out->start + cursor_uleb(c);
            break;
        case DW_RLE_end_of_list:
        default:
            return false;
        }
        return !c->failed;
    }
}

bool dw_ranges_next(struct dw_ranges *it, struct dw_range *out)
{
    for (;;) {
        bool more = false;
        if (it->kind == LOW_HIGH) {
            it->kind = NONE;
            *out = it->one;
            more = true;
        } else if (it->kind == RANGES) {
            more = next_pair(it, out);
        } else if (it->kind == RNGLISTS) {
            more = next_entry(it, out);
        }
        if (!more)
            return false;
        if (out->start < out->end && !dw_dropped(it->unit->file, out->start, it->unit->addr_size))
            return true;
    }
}

bool dw_die_covers(const struct dw_die *die, taddr pc, taddr *entry)
{
    struct dw_ranges it;
    struct dw_range r;
    bool first = true;
    taddr start = 0;
    if (!dw_ranges_init(&it, die))
        return false;
    while (dw_ranges_next(&it, &r)) {
        if (first)
            start = r.start;
        first = false;
        if (pc >= r.start && pc < r.end) {
            if (entry)
                *entry = start;
            return true;
        }
    }
    return false;
}
