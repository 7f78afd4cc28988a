/* SPDX-License-Identifier: Apache-2.0 */
/* Location lists: .debug_loc (DWARF 4 section 2.6.2), .debug_loclists (DWARF 5 sections 2.6.2 and 7.7.3), and
 * the .debug_loc.dwo of split units before version 5 (gcc.gnu.org/wiki/DebugFission). */
#include "module/dwarf_priv.h"
#include "module/dwexpr.h"

/* Far more entries than a list has: ends one that damage makes long. */
#define MAX_STEPS (1u << 20)

struct list {
    struct dw_unit *unit;
    struct cursor c;
    taddr base, pc;
};

struct entry {
    taddr start, end; /* link-time, [start, end) */
    bool otherwise;   /* for every pc that no other entry has */
    struct bytes expr;
};

static struct bytes block(struct cursor *c, uint64_t n)
{
    return cursor_bytes(c, n <= cursor_left(c) ? (size_t)n : SIZE_MAX);
}

/* An address by index; a bad index gives one that nothing is at. */
static taddr indexed(struct list *l)
{
    taddr at;
    return dw_addr_index(l->unit, cursor_uleb(&l->c), &at) ? at : UINT64_MAX;
}

/* ---- one entry of each kind of list; false at its end ---- */

static bool next_pair(struct list *l, struct entry *e)
{
    unsigned size = l->unit->addr_size;
    taddr ones = size == 4 ? UINT32_MAX : UINT64_MAX;
    for (;;) {
        taddr start = cursor_uint(&l->c, size), end = cursor_uint(&l->c, size);
        if (l->c.failed || (start == 0 && end == 0))
            return false;
        if (start == ones) {
            l->base = end;
            continue;
        }
        *e = (struct entry){.start = l->base + start, .end = l->base + end};
        e->expr = block(&l->c, cursor_u16(&l->c));
        return !l->c.failed;
    }
}

static bool next_gnu(struct list *l, struct entry *e)
{
    for (;;) {
        *e = (struct entry){0};
        switch (cursor_u8(&l->c)) {
        case DW_LLE_GNU_base_address_selection:
            l->base = indexed(l);
            if (l->c.failed)
                return false;
            continue;
        case DW_LLE_GNU_start_end:
            e->start = indexed(l);
            e->end = indexed(l);
            break;
        case DW_LLE_GNU_start_length:
            e->start = indexed(l);
            e->end = e->start + cursor_u32(&l->c);
            break;
        case DW_LLE_GNU_offset_pair:
            e->start = l->base + cursor_u32(&l->c);
            e->end = l->base + cursor_u32(&l->c);
            break;
        case DW_LLE_GNU_end_of_list:
            return false;
        default:
            return cursor_fail(&l->c);
        }
        e->expr = block(&l->c, cursor_u16(&l->c));
        return !l->c.failed;
    }
}

static bool next_entry(struct list *l, struct entry *e)
{
    struct cursor *c = &l->c;
    unsigned size = l->unit->addr_size;
    for (;;) {
        *e = (struct entry){0};
        switch (cursor_u8(c)) {
        case DW_LLE_GNU_view_pair: /* which of several lines at one address: says nothing on where */
            cursor_uleb(c);
            cursor_uleb(c);
            continue;
        case DW_LLE_base_addressx:
            l->base = indexed(l);
            if (c->failed)
                return false;
            continue;
        case DW_LLE_base_address:
            l->base = cursor_uint(c, size);
            if (c->failed)
                return false;
            continue;
        case DW_LLE_startx_endx:
            e->start = indexed(l);
            e->end = indexed(l);
            break;
        case DW_LLE_startx_length:
            e->start = indexed(l);
            e->end = e->start + cursor_uleb(c);
            break;
        case DW_LLE_offset_pair:
            e->start = l->base + cursor_uleb(c);
            e->end = l->base + cursor_uleb(c);
            break;
        case DW_LLE_start_end:
            e->start = cursor_uint(c, size);
            e->end = cursor_uint(c, size);
            break;
        case DW_LLE_start_length:
            e->start = cursor_uint(c, size);
            e->end = e->start + cursor_uleb(c);
            break;
        case DW_LLE_default_location:
            e->otherwise = true;
            break;
        case DW_LLE_end_of_list:
            return false;
        default:
            return cursor_fail(c);
        }
        e->expr = block(c, cursor_uleb(c));
        return !c->failed;
    }
}

/* ---- a list ---- */

/* A version 5 index into the unit's table of location lists. */
static bool list_offset(struct dw_unit *u, uint64_t index, uint64_t *out)
{
    uint64_t base = dw_unit_root(u)->loclists_base;
    struct cursor c = cursor_of(dwarf_section(u->file, DW_SEC_LOCLISTS), 0, ".debug_loclists");
    if (index > cursor_left(&c) / u->offset_size)
        return false;
    cursor_seek(&c, base);
    cursor_skip(&c, index * u->offset_size);
    *out = base + dw_read_offset(&c, u->offset_size);
    return !c.failed;
}

static struct err *search(struct list *l, bool (*next)(struct list *, struct entry *), struct bytes *out)
{
    struct entry e;
    struct bytes otherwise = {0};
    for (unsigned i = 0; next(l, &e); i++) {
        if (i == MAX_STEPS)
            return err_new(ERR_LIMIT, "a list of %s does not end", l->c.what);
        if (e.otherwise) {
            otherwise = e.expr;
        } else if (l->pc >= e.start && l->pc < e.end) {
            *out = e.expr;
            return NULL;
        }
    }
    TRY(cursor_check(&l->c));
    *out = otherwise;
    return NULL;
}

static struct err *find_in_list(struct dw_unit *u, uint64_t at, taddr pc, struct bytes *out)
{
    bool old = u->version < 5;
    enum dw_section s = old ? DW_SEC_LOC : DW_SEC_LOCLISTS;
    struct list l = {.unit = u, .base = dw_unit_root(u)->low_pc, .pc = pc};
    l.c = cursor_of(dwarf_section(u->file, s), 0, old ? ".debug_loc" : ".debug_loclists");
    cursor_seek(&l.c, at);
    TRY(cursor_check(&l.c));
    if (!old)
        return search(&l, next_entry, out);
    return search(&l, u->skeleton ? next_gnu : next_pair, out);
}

struct err *dwx_at(struct dw_unit *u, const struct dw_value *v, taddr pc, struct bytes *out)
{
    uint64_t at = v->u;
    switch (v->cls) {
    case DW_CLASS_BLOCK:
        *out = v->block;
        return NULL;
    case DW_CLASS_LISTX:
        if (u->version < 5 || !list_offset(u, v->u, &at))
            return err_new(ERR_CORRUPT, "an index lies beyond the table of .debug_loclists");
        return find_in_list(u, at, pc, out);
    case DW_CLASS_OFFSET:
    case DW_CLASS_CONSTANT: /* before version 4 there was no form for offsets */
        if (u->contrib && u->version < 5)
            at += u->contrib->loclists;
        return find_in_list(u, at, pc, out);
    default:
        return err_new(ERR_CORRUPT, "a location has form 0x%x, which holds none", v->form);
    }
}
