/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfi_entry.h"

/* A section of 4 GiB holds fewer: a limit for the index of a hostile file. */
#define MAX_SPANS (UINT32_C(1) << 24)

/* .eh_frame_hdr: version, three encodings, the address of .eh_frame, the number of entries, and the
 * entries (start of code, address of its FDE) in order. */
static void read_header(struct cfi *c)
{
    const struct module_cfi *t = &c->source.tables;
    struct cursor in = cursor_of(t->eh_frame_hdr, 0, ".eh_frame_hdr");
    taddr frame = 0;

    c->search_source = c->source;
    c->search_source.tables.data_base = t->eh_frame_hdr_addr;
    uint8_t version = cursor_u8(&in);
    uint8_t frame_encoding = cursor_u8(&in);
    uint8_t count_encoding = cursor_u8(&in);
    uint8_t encoding = cursor_u8(&in);
    unsigned size = cfi_encoded_size(encoding, c->source.addr_size);
    if (version != 1 || count_encoding == DW_EH_PE_omit || encoding == DW_EH_PE_omit || size == 0 ||
        (encoding & DW_EH_PE_indirect))
        return;
    taddr at = t->eh_frame_hdr_addr + cursor_offset(&in);
    if (!cfi_pointer(&c->search_source, &in, frame_encoding, at, 0, &frame) || frame != t->eh_frame_addr)
        return; /* it belongs to another section, or is damaged */
    uint64_t count = cfi_stored_value(&in, count_encoding, c->source.addr_size);
    if (in.failed || count > cursor_left(&in) / (2 * size))
        return;
    c->search = cursor_bytes(&in, (size_t)count * 2 * size);
    c->search_encoding = encoding;
    c->search_size = (uint8_t)size;
}

void cfi_init(struct cfi *c, const struct cfi_source *source)
{
    *c = (struct cfi){.source = *source};
    c->sections[CFI_EH].data = source->tables.eh_frame;
    c->sections[CFI_EH].addr = source->tables.eh_frame_addr;
    c->sections[CFI_EH].what = arena_printf(&c->arena, ".eh_frame of %s", source->name);
    c->sections[CFI_DEBUG].data = source->tables.debug_frame;
    c->sections[CFI_DEBUG].what = arena_printf(&c->arena, ".debug_frame of %s", source->name);
    read_header(c);
}

void cfi_done(struct cfi *c)
{
    for (int id = 0; id < CFI_SECTIONS; id++) {
        map64_done(&c->cies[id]);
        vec_done(&c->sections[id].spans);
    }
    arena_done(&c->arena);
}

/* Value `i` of the search table (two an entry) as a runtime address. */
static taddr search_value(const struct cfi *c, size_t i)
{
    struct bytes b = {.p = c->search.p + i * c->search_size, .n = c->search_size};
    struct cursor in = cursor_of(b, 0, ".eh_frame_hdr");
    const struct module_cfi *t = &c->source.tables;
    taddr v = 0;

    cfi_pointer(&c->search_source, &in, c->search_encoding, t->eh_frame_hdr_addr + (taddr)(b.p - t->eh_frame_hdr.p), 0,
                &v);
    return v;
}

static bool search_in_order(const struct cfi *c)
{
    size_t n = c->search.n / (2U * c->search_size);
    taddr last = 0;

    for (size_t i = 0; i < n; i++) {
        taddr start = search_value(c, 2 * i);
        if (start < last)
            return false;
        last = start;
    }
    return true;
}

/* The FDE that entry `i` of the search table names. False when it is another one: the table is damaged. The
 * index made from the section then decides, and says what is wrong there. */
static bool search_entry(struct cfi *c, size_t i, struct fde *out)
{
    taddr start = search_value(c, 2 * i), at = search_value(c, 2 * i + 1);
    struct cfi_entry e;
    bool end;
    struct err *err = cfi_entry_read(c, CFI_EH, at - c->sections[CFI_EH].addr, &e, &end);

    if (!err && (end || e.is_cie))
        return false;
    if (!err)
        err = cfi_fde(c, CFI_EH, &e, out);
    bool good = !err && out->start == start;
    err_free(err);
    return good;
}

/* Looks up in .eh_frame_hdr. False when its answer contradicts .eh_frame. */
static bool find_by_header(struct cfi *c, taddr pc, struct fde *out, bool *found)
{
    size_t count = c->search.n / (2U * c->search_size), lo = 0, n = count;
    struct fde f;

    /* Invariant: entries below lo start at or below pc, entries from lo + n start above it. */
    while (n > 0) {
        size_t half = n / 2;
        if (search_value(c, 2 * (lo + half)) <= pc) {
            lo += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    *found = false;
    if (lo > 0) {
        if (!search_entry(c, lo - 1, &f))
            return false;
        if (pc < f.end) {
            *out = f;
            *found = true;
            return true;
        }
    }
    /* No entry: believable only between two good ones, of a table that is in order as a whole. */
    if ((lo < count && !search_entry(c, lo, &f)) || (!c->search_checked && !search_in_order(c)))
        return false;
    c->search_checked = true;
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct cfi_span *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Reads the whole section once. Damaged entries are left out as long as their length can be followed. */
static void make_index(struct cfi *c, enum cfi_section_id id)
{
    struct cfi_section *s = &c->sections[id];

    s->indexed = true;
    for (uint64_t offset = 0; s->spans.n < MAX_SPANS;) {
        struct cfi_entry e;
        struct fde f;
        bool end;
        struct err *err = cfi_entry_read(c, id, offset, &e, &end);
        if (err || end) {
            err_free(err); /* what comes behind cannot be found any more */
            break;
        }
        offset = e.next;
        if (e.is_cie)
            continue;
        err = cfi_fde(c, id, &e, &f);
        /* Linkers leave the entries of code that they dropped, with an address of 0. */
        if (!err && f.end > f.start && (id == CFI_EH || f.start != c->source.bias))
            *vec_push(&s->spans) = (struct cfi_span){.start = f.start, .end = f.end, .offset = e.offset};
        err_free(err);
    }
    if (s->spans.n)
        qsort(s->spans.v, s->spans.n, sizeof(*s->spans.v), by_start);
}

static struct err *find_by_index(struct cfi *c, enum cfi_section_id id, taddr pc, struct fde *out, bool *found)
{
    struct cfi_section *s = &c->sections[id];

    if (!s->indexed)
        make_index(c, id);
    size_t behind = sorted_first(s->spans.v, s->spans.n, span, span->start <= pc);
    if (behind == 0 || pc >= s->spans.v[behind - 1].end) {
        *found = false;
        return NULL;
    }
    struct cfi_entry e;
    struct fde f;
    bool end;
    TRY(cfi_entry_read(c, id, s->spans.v[behind - 1].offset, &e, &end));
    TRY(cfi_fde(c, id, &e, &f));
    *out = f;
    *found = true;
    return NULL;
}

struct err *cfi_find(struct cfi *c, taddr pc, struct fde *out, bool *found)
{
    if (c->search.n && find_by_header(c, pc, out, found)) {
        if (*found)
            return NULL;
    } else if (c->sections[CFI_EH].data.n) {
        c->search.n = 0; /* damaged: do not ask it again */
        TRY(find_by_index(c, CFI_EH, pc, out, found));
        if (*found)
            return NULL;
    }
    *found = false;
    return c->sections[CFI_DEBUG].data.n ? find_by_index(c, CFI_DEBUG, pc, out, found) : NULL;
}
