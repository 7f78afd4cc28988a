/* SPDX-License-Identifier: Apache-2.0 */
/* Split DWARF: finding the unit that a skeleton stands for, and the indexes of .dwp files (DWARF 5
 * section 7.3.5.3; version 2 is the GNU form that came before it, gcc.gnu.org/wiki/DebugFissionDWP). */
#include "module/dwarf_priv.h"
#include "module/module.h"

#define MAX_COLUMNS 16
#define MAX_ROWS (1u << 22)

/* ---- the index of a .dwp ---- */

struct pack_index {
    uint16_t version;
    uint32_t columns, rows;
    uint32_t slots;
    uint32_t ids[MAX_COLUMNS];
    struct cursor hashes, numbers; /* a signature and a row number (from 1) a slot */
    struct cursor offsets;         /* columns words a row */
};

static bool read_index(struct dwarf *d, bool types, struct pack_index *x)
{
    struct bytes sec = dwarf_section(d, types ? DW_SEC_TU_INDEX : DW_SEC_CU_INDEX);
    struct cursor c = cursor_of(sec, 0, types ? ".debug_tu_index" : ".debug_cu_index");
    if (!sec.n)
        return false;
    /* Version 2 is a word; version 5 a half word and two bytes of padding: the same for small numbers. */
    x->version = cursor_u16(&c);
    cursor_u16(&c);
    x->columns = cursor_u32(&c);
    x->rows = cursor_u32(&c);
    x->slots = cursor_u32(&c);
    if (x->columns > MAX_COLUMNS || x->rows > MAX_ROWS || (x->version != 2 && x->version != 5))
        return false;
    x->hashes = cursor_sub(&c, (uint64_t)x->slots * 8);
    x->numbers = cursor_sub(&c, (uint64_t)x->slots * 4);
    for (uint32_t i = 0; i < x->columns; i++)
        x->ids[i] = cursor_u32(&c);
    x->offsets = cursor_sub(&c, (uint64_t)x->rows * x->columns * 4);
    return !c.failed;
}

static void take_share(const struct pack_index *x, uint32_t id, uint64_t offset, struct dw_contrib *share,
                       uint64_t *abbrev)
{
    switch (id) {
    case DW_SECT_ABBREV:
        *abbrev = offset;
        break;
    case DW_SECT_LINE:
        share->line = offset;
        break;
    case DW_SECT_LOCLISTS:
        share->loclists = offset;
        break;
    case DW_SECT_STR_OFFSETS:
        share->str_offsets = offset;
        break;
    case DW_SECT_RNGLISTS:
        if (x->version >= 5)
            share->rnglists = offset;
        break;
    default:
        break;
    }
}

static struct dw_unit *unit_starting_at(struct dw_units *us, uint64_t offset)
{
    size_t lo = 0, hi = us->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (us->v[mid].offset < offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < us->n && us->v[lo].offset == offset ? &us->v[lo] : NULL;
}

static void join_row(const struct pack_index *x, uint32_t row, uint64_t signature, struct dw_units *us,
                     bool types_section)
{
    struct cursor c = x->offsets;
    struct dw_contrib share = {0};
    uint64_t abbrev = 0, info = 0;
    bool has_info = false;
    cursor_skip(&c, (uint64_t)row * x->columns * 4);
    for (uint32_t i = 0; i < x->columns; i++) {
        uint64_t offset = cursor_u32(&c);
        if (x->ids[i] == (types_section ? DW_SECT_TYPES_V2 : DW_SECT_INFO)) {
            info = offset;
            has_info = true;
        }
        take_share(x, x->ids[i], offset, &share, &abbrev);
    }
    struct dw_unit *u = has_info && !c.failed ? unit_starting_at(us, info) : NULL;
    if (!u || u->contrib)
        return;
    u->contrib = xcalloc(1, sizeof(*u->contrib));
    *u->contrib = share;
    u->abbrev_offset += abbrev;
    u->id = signature;
}

/* The hash table is walked, not searched: every unit gets its share at once. */
static void join_index(struct pack_index *x, struct dw_units *us, bool types_section)
{
    for (uint32_t i = 0; i < x->slots; i++) {
        uint64_t signature = cursor_u64(&x->hashes);
        uint32_t row = cursor_u32(&x->numbers);
        if (row && row <= x->rows)
            join_row(x, row - 1, signature, us, types_section);
    }
}

void dw_pack_units(struct dwarf *d, struct dw_units *us, bool types)
{
    /* Type units of version 5 are in .debug_info, those of version 4 in .debug_types. */
    struct pack_index x;
    if (!types && read_index(d, false, &x))
        join_index(&x, us, false);
    if (read_index(d, true, &x))
        join_index(&x, us, types);
}

/* ---- from a skeleton to its unit ---- */

static struct dwarf *part_for(struct dwarf *d, struct elf *elf, bool is_pack)
{
    struct dwarf *part = NULL;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->parts.n && !part; i++)
        if (d->parts.v[i]->elf == elf)
            part = d->parts.v[i];
    if (!part) {
        part = dwarf_new(elf, d->module, is_pack ? DW_PACK : DW_SPLIT);
        *vec_push(&d->parts) = part;
    }
    pthread_mutex_unlock(&d->lock);
    return part;
}

static struct dw_unit *unit_with_id(struct dwarf *part, uint64_t id)
{
    const struct dw_units *us = dwarf_units(part, false);
    for (size_t i = 0; i < us->n; i++) {
        struct dw_unit *u = &us->v[i];
        if ((u->type == DW_UT_split_compile || u->type == DW_UT_compile) && dw_unit_dwo_id(u) == id)
            return u;
    }
    return NULL;
}

static struct dw_unit *find_split(struct dw_unit *u, const struct dw_root *r)
{
    struct dwarf *d = u->file;
    bool is_pack;
    if (!d->module)
        return NULL;
    struct elf *elf = module_find_dwo(d->module, r->comp_dir, r->dwo_name, &is_pack);
    if (!elf) {
        dwarf_problem(d, err_new(ERR_NO_DATA, "split debug file %s was not found", r->dwo_name));
        return NULL;
    }
    struct dwarf *part = part_for(d, elf, is_pack);
    struct dw_unit *full = unit_with_id(part, r->dwo_id);
    if (!full) {
        dwarf_problem(d, err_new(ERR_MISMATCH, "split debug file %s is of another build", r->dwo_name));
        return NULL;
    }
    pthread_mutex_lock(&part->lock);
    if (!full->skeleton)
        full->skeleton = u;
    pthread_mutex_unlock(&part->lock);
    return full;
}

struct dw_unit *dw_unit_full(struct dw_unit *u)
{
    const struct dw_root *r = dw_unit_root(u);
    if (!r->dwo_name || u->skeleton)
        return u;
    struct dw_unit *full = atomic_load_explicit(&u->split, memory_order_acquire);
    if (!full) {
        full = find_split(u, r);
        /* The unit itself stands for "tried in vain". */
        atomic_store_explicit(&u->split, full ? full : u, memory_order_release);
    }
    return full == u ? NULL : full;
}
