/* SPDX-License-Identifier: Apache-2.0 */
/* ELF headers as the target's memory holds them, and how a file fits its mappings. */
#include "module/module_priv.h"

#include <elf.h>

enum { FIRST_PAGE = 4096, HEADER_ROOM = 64 * 1024, MAX_IMAGE = 512 << 20 };
enum { SMALLEST_PAGE = 4096 };

static struct elf *open_image(const void *p, size_t n, bool owned, taddr at)
{
    struct elf *e = NULL;
    /* Whatever is wrong with it, it is no ELF image to us. */
    IGNORE_ERR(elf_open_bytes((struct bytes){p, n}, owned, &at, "memory", &e));
    return e;
}

static bool has_notes(const struct elf *e)
{
    size_t n;
    const struct elf_segment *s = elf_segments(e, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_NOTE)
            return true;
    return n == 0; /* program headers lie further on */
}

static struct elf *header_copied(struct modules *ms, taddr at, size_t n)
{
    uint8_t *p = xmalloc(n);
    size_t got = space_read_some(&ms->im->space, at, p, n);
    if (got < EI_NIDENT || memcmp(p, ELFMAG, SELFMAG) != 0) {
        free(p);
        return NULL;
    }
    return open_image(p, got, true, at);
}

struct elf *image_elf_header(struct modules *ms, taddr at, uint64_t room)
{
    const struct space_range *r = space_find(&ms->im->space, at);
    if (r && r->data && at - r->start < r->have) {
        const uint8_t *p = r->data + (at - r->start);
        uint64_t n = r->have - (at - r->start);
        if (n < EI_NIDENT || memcmp(p, ELFMAG, SELFMAG) != 0)
            return NULL;
        return open_image(p, (size_t)(n < room ? n : room), false, at);
    }
    struct elf *e = header_copied(ms, at, room < FIRST_PAGE ? (size_t)room : FIRST_PAGE);
    if (e && elf_build_id(e).n == 0 && has_notes(e) && room > FIRST_PAGE) {
        elf_unref(e);
        e = header_copied(ms, at, room < HEADER_ROOM ? (size_t)room : HEADER_ROOM);
    }
    return e;
}

/* True when the first bytes of the part of memory that a program header names are there. */
static bool segment_there(struct modules *ms, const struct module *m, const struct elf_segment *s)
{
    uint8_t first[16];
    return space_read_some(&ms->im->space, m->bias + s->vaddr, first, sizeof(first)) == sizeof(first);
}

static bool worth_copying(struct modules *ms, const struct module *m, const struct elf *header)
{
    size_t n;
    const struct elf_segment *s = elf_segments(header, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_GNU_EH_FRAME && segment_there(ms, m, &s[i]))
            return true;
    return false;
}

struct elf *image_elf_whole(struct modules *ms, const struct module *m)
{
    uint64_t size = m->end - m->start;
    struct elf *header = m->bias_known ? image_elf_header(ms, m->start, size) : NULL;
    if (!header)
        return NULL;
    bool useful = size <= MAX_IMAGE && worth_copying(ms, m, header);
    elf_unref(header);
    if (!useful)
        return NULL;
    uint8_t *p = xcalloc((size_t)size, 1);
    for (uint64_t at = 0; at < size;) {
        uint64_t left = size - at;
        uint64_t got = space_read_some(&ms->im->space, m->start + at, p + at, (size_t)left);
        /* Past what is absent page by page: what comes after it may be there. */
        at = (at + got) / SMALLEST_PAGE * SMALLEST_PAGE + SMALLEST_PAGE;
    }
    return open_image(p, (size_t)size, true, m->start);
}

bool elf_bias(const struct elf *e, taddr at, uint64_t offset, taddr *bias)
{
    size_t n;
    const struct elf_segment *s = elf_segments(e, &n);
    for (size_t i = 0; i < n; i++) {
        /* The loader maps whole pages around a segment. */
        uint64_t before = s[i].offset % (s[i].align > SMALLEST_PAGE ? s[i].align : SMALLEST_PAGE);
        if (s[i].type != PT_LOAD || s[i].filesz == 0 || offset < s[i].offset - before ||
            offset >= s[i].offset + s[i].filesz)
            continue;
        *bias = at - (s[i].vaddr + (offset - s[i].offset));
        return true;
    }
    return false;
}

taddr elf_top(const struct elf *e)
{
    size_t n;
    const struct elf_segment *s = elf_segments(e, &n);
    taddr top = 0;
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_LOAD && s[i].vaddr + s[i].memsz > top)
            top = s[i].vaddr + s[i].memsz;
    return top;
}

/* Two segments may share a page of the file, so any segment that gives the bias will do. */
static bool mapping_fits(const struct elf *e, const struct mapping *map, taddr bias)
{
    size_t n;
    const struct elf_segment *s = elf_segments(e, &n);
    for (size_t i = 0; i < n; i++) {
        uint64_t page = s[i].align > SMALLEST_PAGE ? s[i].align : SMALLEST_PAGE;
        if (s[i].type == PT_LOAD && map->offset >= s[i].offset - s[i].offset % page &&
            map->offset < s[i].offset + s[i].filesz && map->start == bias + s[i].vaddr + (map->offset - s[i].offset))
            return true;
    }
    return false;
}

bool elf_fits(const struct elf *e, const struct module *m, taddr *bias)
{
    size_t n_maps = m->priv->maps.n;
    const struct mapping *const *maps = m->priv->maps.v;
    if (n_maps == 0)
        return false;
    taddr b = m->bias;
    if (!m->bias_known && !elf_bias(e, maps[0]->start, maps[0]->offset, &b))
        return false;
    for (size_t i = 0; i < n_maps; i++)
        if (!mapping_fits(e, maps[i], b))
            return false;
    *bias = b;
    return true;
}
