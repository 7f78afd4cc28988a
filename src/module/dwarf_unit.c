/* SPDX-License-Identifier: Apache-2.0 */
/* Units: headers (DWARF 5 section 7.5.1) and root DIEs. */
#include "module/dwarf_priv.h"

/* The smallest unit header and one byte of abbreviation code. */
#define MIN_UNIT_BYTES 12

static bool read_ids(struct cursor *c, struct dw_unit *u)
{
    bool type = u->in_types || u->type == DW_UT_type || u->type == DW_UT_split_type;
    bool split = u->type == DW_UT_skeleton || u->type == DW_UT_split_compile;
    if (type || split)
        u->id = cursor_u64(c);
    if (type)
        u->type_die = u->offset + dw_read_offset(c, u->offset_size);
    return !c->failed;
}

/* Reads the header at *c and moves to the next unit. False: nothing that we can read; *c is past it. */
static bool read_header(struct dwarf *d, struct cursor *c, bool types, struct dw_unit *u)
{
    *u = (struct dw_unit){.file = d, .offset = cursor_offset(c), .in_types = types};
    uint64_t length = dw_read_length(c, &u->offset_size);
    struct cursor body = cursor_sub(c, length);
    if (c->failed)
        return false;
    u->end = cursor_offset(c);
    u->version = (uint8_t)cursor_u16(&body);
    if (u->version < 2 || u->version > 5)
        return false;
    if (u->version >= 5) {
        u->type = cursor_u8(&body);
        u->addr_size = cursor_u8(&body);
        u->abbrev_offset = dw_read_offset(&body, u->offset_size);
    } else {
        u->type = types ? DW_UT_type : DW_UT_compile;
        u->abbrev_offset = dw_read_offset(&body, u->offset_size);
        u->addr_size = cursor_u8(&body);
    }
    if (!read_ids(&body, u) || (u->addr_size != 4 && u->addr_size != 8))
        return false;
    u->first_die = u->end - cursor_left(&body);
    return true;
}

static struct dw_units *scan_units(struct dwarf *d, bool types)
{
    VEC(struct dw_unit) found = {0};
    struct bytes sec = dwarf_section(d, types ? DW_SEC_TYPES : DW_SEC_INFO);
    struct cursor c = cursor_of(sec, 0, types ? ".debug_types" : ".debug_info");
    size_t bad = 0;
    uint64_t bad_at = 0;
    while (cursor_left(&c) >= MIN_UNIT_BYTES) {
        struct dw_unit u;
        uint64_t at = cursor_offset(&c);
        if (read_header(d, &c, types, &u))
            *vec_push(&found) = u;
        else if (!bad++)
            bad_at = at;
    }
    if (bad)
        dwarf_problem(d, err_at(err_new(ERR_CORRUPT, "%s: %zu units cannot be read, the first at 0x%llx", c.what, bad,
                                        (unsigned long long)bad_at),
                                ERR_AT_OFFSET, bad_at));
    struct dw_units *us = xcalloc(1, sizeof(*us));
    us->v = found.v;
    us->n = found.n;
    if (d->kind == DW_PACK)
        dw_pack_units(d, us, types);
    return us;
}

static void free_unpublished(struct dw_units *us)
{
    for (size_t i = 0; i < us->n; i++)
        free(us->v[i].contrib);
    free(us->v);
    free(us);
}

const struct dw_units *dwarf_units(struct dwarf *d, bool types)
{
    struct dw_units *us = atomic_load_explicit(&d->units[types], memory_order_acquire);
    if (us)
        return us;
    struct dw_units *mine = scan_units(d, types);
    if (atomic_compare_exchange_strong(&d->units[types], &us, mine))
        return mine;
    free_unpublished(mine);
    return us;
}

struct dw_unit *dwarf_unit_at(struct dwarf *d, uint64_t offset)
{
    const struct dw_units *us = dwarf_units(d, false);
    size_t lo = 0, hi = us->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (us->v[mid].end <= offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < us->n && us->v[lo].offset <= offset ? &us->v[lo] : NULL;
}

static struct map64 *index_signatures(struct dwarf *d)
{
    struct map64 *m = xcalloc(1, sizeof(*m));
    for (int types = 0; types < 2; types++) {
        const struct dw_units *us = dwarf_units(d, types);
        for (size_t i = 0; i < us->n; i++)
            if (us->v[i].type == DW_UT_type || us->v[i].type == DW_UT_split_type)
                *map64_put(m, us->v[i].id, NULL) = (uint64_t)(uintptr_t)&us->v[i];
    }
    return m;
}

struct dw_unit *dwarf_type_unit(struct dwarf *d, uint64_t signature)
{
    struct map64 *m = atomic_load_explicit(&d->signatures, memory_order_acquire);
    if (!m) {
        struct map64 *mine = index_signatures(d);
        if (atomic_compare_exchange_strong(&d->signatures, &m, mine)) {
            m = mine;
        } else {
            map64_done(mine);
            free(mine);
        }
    }
    uint64_t *u = map64_find(m, signature);
    return u ? (struct dw_unit *)(uintptr_t)*u : NULL;
}

/* ---- root DIEs ---- */

/* Attributes whose meaning waits for the bases, which may come after them. */
struct raw_root {
    struct dw_value name, comp_dir, dwo_name, low, high;
};

static void take_attr(struct dw_root *r, struct raw_root *raw, uint16_t at, const struct dw_value *v)
{
    switch (at) {
    case DW_AT_name:
        raw->name = *v;
        break;
    case DW_AT_comp_dir:
        raw->comp_dir = *v;
        break;
    case DW_AT_dwo_name:
    case DW_AT_GNU_dwo_name:
        raw->dwo_name = *v;
        break;
    case DW_AT_low_pc:
        raw->low = *v;
        break;
    case DW_AT_high_pc:
        raw->high = *v;
        break;
    case DW_AT_ranges:
        r->ranges = *v;
        break;
    case DW_AT_language:
        r->language = (uint16_t)v->u;
        break;
    case DW_AT_stmt_list:
        r->has_lines = true;
        r->line_offset = v->u;
        break;
    case DW_AT_str_offsets_base:
        r->str_offsets_base = v->u;
        break;
    case DW_AT_addr_base:
    case DW_AT_GNU_addr_base:
        r->addr_base = v->u;
        break;
    case DW_AT_rnglists_base:
        r->rnglists_base = v->u;
        break;
    case DW_AT_loclists_base:
        r->loclists_base = v->u;
        break;
    case DW_AT_GNU_ranges_base:
        r->ranges_base = v->u;
        break;
    case DW_AT_GNU_dwo_id:
        r->dwo_id = v->u;
        break;
    default:
        break;
    }
}

/* Where the shares of a unit begin when its root does not say: after the header of the only table. */
static void default_bases(const struct dw_unit *u, struct dw_root *r)
{
    bool wide = u->offset_size == 8;
    if (u->version >= 5) {
        r->str_offsets_base = r->addr_base = wide ? 16 : 8;
        r->rnglists_base = r->loclists_base = wide ? 20 : 12;
    }
    if (u->contrib) {
        r->str_offsets_base += u->contrib->str_offsets;
        r->rnglists_base += u->contrib->rnglists;
        r->loclists_base += u->contrib->loclists;
    }
}

static bool root_address(struct dw_unit *u, const struct dw_root *r, const struct dw_value *v, taddr *out)
{
    if (v->cls == DW_CLASS_ADDRX && !u->skeleton)
        return dw_addr_with_base(u, v->u, r->addr_base, out);
    return dw_value_address(u, v, out);
}

static void resolve(struct dw_unit *u, struct dw_root *r, const struct raw_root *raw)
{
    r->name = dw_string_with_base(u, &raw->name, r->str_offsets_base);
    r->comp_dir = dw_string_with_base(u, &raw->comp_dir, r->str_offsets_base);
    r->dwo_name = dw_string_with_base(u, &raw->dwo_name, r->str_offsets_base);
    r->has_low = root_address(u, r, &raw->low, &r->low_pc);
    r->has_high = root_address(u, r, &raw->high, &r->high_pc);
    if (raw->high.cls == DW_CLASS_CONSTANT) {
        r->has_high = r->has_low;
        r->high_pc = r->low_pc + raw->high.u;
    }
    if (u->contrib)
        r->line_offset += u->contrib->line;
    if (!u->skeleton)
        return;
    /* Addresses, lines and the directory of a split unit are those of its skeleton. */
    const struct dw_root *s = dw_unit_root(u->skeleton);
    r->low_pc = s->low_pc;
    r->addr_base = s->addr_base;
    r->ranges_base = s->ranges_base;
    r->has_lines = s->has_lines;
    r->line_offset = s->line_offset;
    if (!r->comp_dir)
        r->comp_dir = s->comp_dir;
}

static void read_root(struct dw_unit *u, struct dw_root *r)
{
    struct cursor c = dw_unit_cursor(u, u->first_die), specs;
    default_bases(u, r);
    r->dwo_id = u->id;
    if (!dw_abbrev_scan(u, cursor_uleb(&c), &specs, &r->tag) || c.failed)
        return;
    struct raw_root raw = {0};
    struct dw_spec spec;
    struct dw_value v;
    while (dw_spec_read(&specs, &spec) && dw_read_value(u, &c, spec.form, spec.implicit, &v))
        take_attr(r, &raw, spec.at, &v);
    resolve(u, r, &raw);
}

uint64_t dw_unit_dwo_id(struct dw_unit *u)
{
    if (u->version >= 5 || u->id)
        return u->id;
    struct dw_root r = {0};
    read_root(u, &r);
    return r.dwo_id;
}

const struct dw_root *dw_unit_root(struct dw_unit *u)
{
    struct dw_root *r = atomic_load_explicit(&u->root, memory_order_acquire);
    if (r)
        return r;
    struct dw_root *mine = xcalloc(1, sizeof(*mine));
    read_root(u, mine);
    if (atomic_compare_exchange_strong(&u->root, &r, mine))
        return mine;
    free(mine);
    return r;
}
