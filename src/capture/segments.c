/* SPDX-License-Identifier: Apache-2.0 */
/* Which memory a core holds: for a process the kernel's own rules (core(5), "Controlling which mappings are written
 * to the core dump"; Linux fs/coredump.c, vma_dump_size()), for a core what that one holds. */
#include "capture/priv.h"

#include <elf.h>

/* Bits of coredump_filter (core(5)). */
enum {
    ANON_PRIVATE = 1 << 0,
    ANON_SHARED = 1 << 1,
    MAPPED_PRIVATE = 1 << 2,
    MAPPED_SHARED = 1 << 3,
    ELF_HEADERS = 1 << 4,
    HUGE_PRIVATE = 1 << 5,
    HUGE_SHARED = 1 << 6,
};
enum { PAGE = 4096 };

/* Mappings that the kernel made have such names and no file; those of the heap and stacks are like any other. */
static bool is_special(const struct mapping *m)
{
    return m->path && strcmp(m->path, "[vdso]") == 0;
}

static bool has_file(const struct mapping *m)
{
    return m->inode != 0;
}

static bool starts_as_elf(const struct image *im, const struct mapping *m)
{
    uint8_t magic[SELFMAG];
    return m->offset == 0 && (m->prot & PROT_BIT_READ) &&
           space_read_some(&im->space, m->start, magic, sizeof(magic)) == sizeof(magic) &&
           memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* Bytes of the mapping that are written. */
static uint64_t wanted(const struct image *im, const struct mapping *m, const struct mapping_facts *f, uint32_t filter)
{
    uint64_t whole = m->end - m->start;

    if (is_special(m))
        return whole;
    if (f->left_out || f->device)
        return 0;
    if (f->huge)
        return filter & (m->shared ? HUGE_SHARED : HUGE_PRIVATE) ? whole : 0;
    if (m->shared)
        return filter & (m->deleted ? ANON_SHARED : MAPPED_SHARED) ? whole : 0;
    /* Nothing is in memory that was set aside and never used. */
    bool anonymous = !has_file(m) && (f->modified || (m->prot & PROT_BIT_READ));
    if ((f->modified || anonymous) && (filter & ANON_PRIVATE))
        return whole;
    if (!has_file(m))
        return 0;
    if (filter & MAPPED_PRIVATE)
        return whole;
    return (filter & ELF_HEADERS) && starts_as_elf(im, m) ? PAGE : 0;
}

static struct err *choose_of_process(struct image *im, bool all, struct segments *out)
{
    SCOPED(freep) struct mapping_facts *facts = xcalloc(im->maps.n, sizeof(*facts));
    uint32_t filter;

    TRY(image_mapping_facts(im, facts, &filter));
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        struct mapping_facts f = facts[i];
        if (all) {
            filter = UINT32_MAX;
            f.left_out = false;
        }
        bool anonymous = !has_file(m) && !m->shared && !is_special(m);
        *vec_push(&out->v) = (struct segment){.start = m->start,
                                              .end = m->end,
                                              .size = wanted(im, m, &f, filter),
                                              .prot = m->prot,
                                              .anonymous = anonymous,
                                              .untouched = anonymous && !f.modified,
                                              .device = f.device};
    }
    return NULL;
}

static void add_piece(const struct image *im, taddr start, taddr end, uint64_t have, struct segments *out)
{
    const struct mapping *m = image_mapping(im, start);
    struct segment *last = out->v.n ? &out->v.v[out->v.n - 1] : NULL;
    uint8_t prot = m ? m->prot : PROT_BIT_READ | PROT_BIT_WRITE; /* unknown: as debuggers write it */

    if (last && last->end == start && last->size == last->end - last->start && last->prot == prot &&
        image_mapping(im, last->start) == m) {
        last->end = end;
        last->size += have;
    } else {
        *vec_push(&out->v) = (struct segment){.start = start, .end = end, .size = have, .prot = prot};
    }
}

/* Where mappings and pieces of memory begin and end, both of which are sorted: the lowest mark above `at`. */
static void mark(taddr start, taddr end, taddr at, taddr *next)
{
    if (start > at && start < *next)
        *next = start;
    if (end > at && end < *next)
        *next = end;
}

/* What of a segment is there can only be its beginning: a mapping of which pieces are missing becomes several. */
static void choose_of_core(const struct image *im, struct segments *out)
{
    size_t i = 0, k = 0;
    taddr at = 0;

    for (;;) {
        while (i < im->maps.n && im->maps.v[i].end <= at)
            i++;
        while (k < im->space.ranges.n && im->space.ranges.v[k].end <= at)
            k++;
        const struct mapping *m = i < im->maps.n ? &im->maps.v[i] : NULL;
        const struct space_range *r = k < im->space.ranges.n ? &im->space.ranges.v[k] : NULL;
        if (!m && !r)
            break;
        taddr next = UINT64_MAX;
        if (m)
            mark(m->start, m->end, at, &next);
        if (r)
            mark(r->start, r->end, at, &next);
        bool mapped = m && m->start <= at, known = r && r->start <= at;
        uint64_t have = known && r->start + r->held > at ? r->start + r->held - at : 0;
        if (mapped || known)
            add_piece(im, at, next, have < next - at ? have : next - at, out);
        at = next;
    }
}

/* ---- pieces of it ---- */

/* [start, end) of a segment, whose bytes are written. They were read before, so nothing is asked about them. */
static void add_part(const struct segment *s, taddr start, taddr end, struct segments *out)
{
    *vec_push(&out->v) =
        (struct segment){.start = start, .end = end, .size = end - start, .prot = s->prot, .device = s->device};
}

/* Debuggers take a segment without bytes for zeros, so what is left out has none. Code and constants they read from
 * the file, and want to know that they are there. */
static bool is_file_as_it_is(const struct image *im, const struct segment *s)
{
    const struct mapping *m = image_mapping(im, s->start);
    return m && m->path && m->path[0] == '/' && !(s->prot & PROT_BIT_WRITE);
}

/* The runs are sorted, as segments are: *next is the first that may be of use for this one and those behind. */
static void cut_segment(const struct image *im, const struct segment *s, const struct page_runs *keep, size_t *next,
                        struct segments *out)
{
    taddr start = s->start, end = s->start + s->size; /* of its bytes */

    while (*next < keep->v.n && keep->v.v[*next].end <= start)
        ++*next;
    for (size_t i = *next; i < keep->v.n && keep->v.v[i].start < end; i++) {
        start = keep->v.v[i].start > s->start ? keep->v.v[i].start : s->start;
        add_part(s, start, keep->v.v[i].end < end ? keep->v.v[i].end : end, out);
    }
    if (s->size == 0 && is_file_as_it_is(im, s))
        *vec_push(&out->v) = *s;
}

static void cut_segments(const struct image *im, const struct page_runs *keep, struct segments *all)
{
    struct segments out = {.v = {0}};
    size_t next = 0;

    for (size_t i = 0; i < all->v.n; i++)
        cut_segment(im, &all->v.v[i], keep, &next, &out);
    vec_done(&all->v);
    *all = out;
}

struct err *segments_choose(struct image *im, const struct capture_opts *opts, struct segments *out)
{
    *out = (struct segments){.v = {0}};
    if (im->kind == IMAGE_LIVE)
        TRY(choose_of_process(im, opts->all, out));
    else
        choose_of_core(im, out);
    if (opts->keep)
        cut_segments(im, opts->keep, out);
    return NULL;
}

void segments_live(const struct image *im, const struct segments *segments, struct image_unfrozen **out, size_t *n)
{
    VEC(struct image_unfrozen) found = {0};

    for (size_t i = 0, k = 0; i < segments->v.n && k < im->unfrozen.n;) {
        const struct segment *s = &segments->v.v[i];
        const struct image_unfrozen *u = &im->unfrozen.v[k];
        taddr stop = s->start + s->size;
        taddr from = u->start > s->start ? u->start : s->start, to = u->end < stop ? u->end : stop;
        if (from < to)
            *vec_push(&found) = (struct image_unfrozen){.start = from, .end = to, .why = u->why};
        if (s->end <= u->end)
            i++;
        else
            k++;
    }
    *out = found.v;
    *n = found.n;
}
