/* SPDX-License-Identifier: Apache-2.0 */
/* Address to unit: .debug_aranges (DWARF 5 section 6.1.2) first. Compilers may leave it out (clang does),
 * or out of some units; what it does not answer is looked up in a table made from all root DIEs. */
#include "base/work.h"
#include "module/dwarf_priv.h"

#define MAX_ADDRS (1u << 24)

struct addr_span {
    taddr start, end;
    taddr reach; /* the largest `end` up to here, since spans may overlap */
    struct dw_unit *unit;
};

struct dw_addrs {
    VEC(struct addr_span) spans; /* by start */
};

void dw_addrs_free(struct dw_addrs *a)
{
    if (a)
        vec_done(&a->spans);
    free(a);
}

static int by_start(const void *x, const void *y)
{
    const struct addr_span *a = x, *b = y;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    /* find() takes the last: of units that share a function, the first in the file. */
    return a->unit > b->unit ? -1 : a->unit < b->unit;
}

static void finish(struct dw_addrs *a)
{
    if (a->spans.n)
        qsort(a->spans.v, a->spans.n, sizeof(*a->spans.v), by_start);
    taddr reach = 0;
    for (size_t i = 0; i < a->spans.n; i++) {
        struct addr_span *s = &a->spans.v[i];
        reach = s->end > reach ? s->end : reach;
        s->reach = reach;
    }
}

/* The span that starts last among those that hold pc. */
static struct dw_unit *find(const struct dw_addrs *a, taddr pc)
{
    size_t i = sorted_first(a->spans.v, a->spans.n, span, span->start <= pc);
    while (i-- > 0) {
        const struct addr_span *s = &a->spans.v[i];
        if (pc < s->end)
            return s->unit;
        if (pc >= s->reach)
            break;
    }
    return NULL;
}

static void add(struct dw_addrs *a, taddr start, taddr end, struct dw_unit *u)
{
    if (start < end && a->spans.n < MAX_ADDRS)
        *vec_push(&a->spans) = (struct addr_span){.start = start, .end = end, .unit = u};
}

/* The tuples of one unit's table. They are aligned to twice the size of an address. */
static void read_tuples(struct dwarf *d, struct cursor *c, uint64_t table, uint8_t size, struct dw_unit *u,
                        struct dw_addrs *out)
{
    uint64_t misaligned = (cursor_offset(c) - table) % (2u * size);
    if (misaligned)
        cursor_skip(c, 2u * size - misaligned);
    while (cursor_left(c) >= 2u * size) {
        taddr start = cursor_uint(c, size), length = cursor_uint(c, size);
        if (start == 0 && length == 0)
            return;
        if (!dw_dropped(d, start, size))
            add(out, start, start + length, u);
    }
}

static struct dw_addrs *from_aranges(struct dwarf *d)
{
    struct dw_addrs *out = xcalloc(1, sizeof(*out));
    struct cursor c = cursor_of(dwarf_section(d, DW_SEC_ARANGES), 0, ".debug_aranges");
    while (cursor_left(&c) >= 12) {
        uint64_t table = cursor_offset(&c);
        uint8_t offset_size;
        uint64_t length = dw_read_length(&c, &offset_size);
        struct cursor body = c;
        if (length > cursor_left(&c))
            break;
        cursor_skip(&c, length);
        body.end = c.at;
        uint16_t version = cursor_u16(&body);
        struct dw_unit *u = dwarf_unit_at(d, dw_read_offset(&body, offset_size));
        uint8_t size = cursor_u8(&body), segment = cursor_u8(&body);
        if (u && version == 2 && segment == 0 && (size == 4 || size == 8))
            read_tuples(d, &body, table, size, u, out);
    }
    finish(out);
    return out;
}

/* Roots are read on all cores, since each may touch a page of its own; a chunk has its own list. */
#define CHUNK 64

struct root_scan {
    const struct dw_units *units;
    struct dw_addrs *parts;
};

static void scan_chunk(void *arg, size_t i)
{
    struct root_scan *s = arg;
    size_t end = (i + 1) * CHUNK < s->units->n ? (i + 1) * CHUNK : s->units->n;
    for (size_t k = i * CHUNK; k < end; k++) {
        struct dw_unit *u = &s->units->v[k];
        struct dw_ranges it;
        struct dw_range r;
        if (u->type != DW_UT_compile && u->type != DW_UT_skeleton && u->type != DW_UT_partial)
            continue;
        if (dw_ranges_root(&it, u))
            while (dw_ranges_next(&it, &r))
                add(&s->parts[i], r.start, r.end, u);
    }
}

static struct dw_addrs *from_roots(struct dwarf *d)
{
    struct dw_addrs *out = xcalloc(1, sizeof(*out));
    struct root_scan s = {.units = dwarf_units(d, false)};
    size_t n = (s.units->n + CHUNK - 1) / CHUNK;
    s.parts = xcalloc(n ? n : 1, sizeof(*s.parts));
    parallel_for(n, scan_chunk, &s);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < s.parts[i].spans.n; k++)
            *vec_push(&out->spans) = s.parts[i].spans.v[k];
        vec_done(&s.parts[i].spans);
    }
    free(s.parts);
    finish(out);
    return out;
}

static const struct dw_addrs *load(struct dwarf *d, int which)
{
    struct dw_addrs *a = atomic_load_explicit(&d->addrs[which], memory_order_acquire);
    if (a)
        return a;
    struct dw_addrs *mine = which == 0 ? from_aranges(d) : from_roots(d);
    if (atomic_compare_exchange_strong(&d->addrs[which], &a, mine))
        return mine;
    dw_addrs_free(mine);
    return a;
}

void dwarf_find_units(struct dwarf *d, const taddr *pcs, size_t n, struct dw_unit **out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = find(load(d, 0), pcs[i]);
    for (size_t i = 0; i < n; i++)
        if (!out[i])
            out[i] = find(load(d, 1), pcs[i]);
}
