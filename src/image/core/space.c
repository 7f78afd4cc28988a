/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of the target the file holds. */
#include "image/core/core.h"

#include <elf.h>

static int load_order(const void *a, const void *b)
{
    const struct core_load *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static int span_order(const void *a, const void *b)
{
    const struct core_span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Cuts the first `n` bytes off. */
static void cut_front(struct core_load *l, uint64_t n)
{
    l->start += n;
    l->offset += n;
    l->dumped -= n < l->dumped ? n : l->dumped;
    l->have -= n < l->have ? n : l->have;
}

/* By start; of two that overlap the later one is cut. */
void core_sort_loads(struct core *c)
{
    size_t n = 0;
    taddr end = 0;

    if (c->loads.n)
        qsort(c->loads.v, c->loads.n, sizeof(*c->loads.v), load_order);
    for (size_t i = 0; i < c->loads.n; i++) {
        struct core_load l = c->loads.v[i];
        if (l.end <= end)
            continue;
        if (l.start < end)
            cut_front(&l, end - l.start);
        end = l.end;
        c->loads.v[n++] = l;
    }
    c->loads.n = n;
}

/* Sorts and joins what touches, so that starts and ends both ascend. */
static void merge_spans(struct core *c)
{
    struct core_span *v = c->dumped.v;
    size_t n = 0;

    if (c->dumped.n)
        qsort(v, c->dumped.n, sizeof(*v), span_order);
    for (size_t i = 0; i < c->dumped.n; i++) {
        if (n > 0 && v[i].start <= v[n - 1].end)
            v[n - 1].end = v[i].end > v[n - 1].end ? v[i].end : v[n - 1].end;
        else
            v[n++] = v[i];
    }
    c->dumped.n = n;
}

/* A note of owner "minicoredumper" whose content is pairs of address and length. The layout is
 * minicoredumper's own (its dump_list section, version 2); the first pair describes the ELF header. */
void core_read_dumplist(struct core *c, uint64_t offset, uint64_t size)
{
    enum { TYPE_DUMPLIST = 80 };
    static const char owner[] = "minicoredumper";
    struct cursor cur = cursor_of(c->file, 0, "a note section");

    cursor_seek(&cur, offset);
    cur = cursor_sub(&cur, size);
    uint32_t name_size = cursor_u32(&cur), desc_size = cursor_u32(&cur), type = cursor_u32(&cur);
    struct bytes name = cursor_bytes(&cur, name_size);
    if (cur.failed || type != TYPE_DUMPLIST || name.n != sizeof(owner) || memcmp(name.p, owner, name.n) != 0)
        return;
    cursor_skip(&cur, -name_size & 3);
    cur = cursor_sub(&cur, desc_size);
    c->is_minicore = true;
    for (;;) {
        struct core_span s = {.start = cursor_uint(&cur, c->word)};
        if (__builtin_add_overflow(s.start, cursor_uint(&cur, c->word), &s.end))
            s.end = UINT64_MAX;
        if (cur.failed)
            break;
        *vec_push(&c->dumped) = s;
    }
    merge_spans(c);
}

static void add_range(struct core *c, const struct core_load *l, taddr start, taddr end)
{
    uint64_t skip = start - l->start;
    struct space_range r = {.start = start, .end = end, .absent = ABSENT_TRUNCATED};

    if (l->have > skip)
        r.held = l->have - skip;
    if (r.held && l->offset + l->have <= c->file.n) {
        r.have = r.held;
        r.data = c->file.p + l->offset + skip;
    }
    space_add(&c->im->space, r);
}

static void add_gap(struct core *c, taddr start, taddr end)
{
    space_add(&c->im->space, (struct space_range){.start = start, .end = end, .absent = ABSENT_NOT_DUMPED});
}

/* The parts of one segment that the list names; `*next` moves over entries that end below it. */
static void add_listed(struct core *c, const struct core_load *l, size_t *next)
{
    taddr at = l->start, dumped_end = l->start + l->dumped;

    while (*next < c->dumped.n && c->dumped.v[*next].end <= at)
        ++*next;
    for (size_t i = *next; i < c->dumped.n && c->dumped.v[i].start < dumped_end; i++) {
        const struct core_span *s = &c->dumped.v[i];
        taddr from = s->start > at ? s->start : at, to = s->end < dumped_end ? s->end : dumped_end;
        if (to <= from)
            continue;
        add_gap(c, at, from);
        add_range(c, l, from, to);
        at = to;
    }
    add_gap(c, at, l->end);
}

void core_finish_space(struct core *c)
{
    size_t next = 0;

    core_sort_loads(c);
    core_read_mapped(c);
    for (size_t i = 0; i < c->mapped.n; i++)
        add_gap(c, c->mapped.v[i].start, c->mapped.v[i].end);
    for (size_t i = 0; i < c->loads.n; i++) {
        const struct core_load *l = &c->loads.v[i];
        if (c->is_minicore) {
            add_listed(c, l, &next);
            continue;
        }
        add_range(c, l, l->start, l->start + l->dumped);
        add_gap(c, l->start + l->dumped, l->end);
    }
    space_sort(&c->im->space);
}
