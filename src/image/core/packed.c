/* SPDX-License-Identifier: Apache-2.0 */
/* A packed core that is read as it is: its beginning is unpacked once, its memory frame by frame when asked for. */
#include "image/core/core.h"

#include <elf.h>

enum { FRONT_FIRST = 64 << 10, FRONT_MAX = 1 << 30 }; /* bytes */

struct packed_memory {
    struct seekable *source;
    uint8_t *front;
    VEC(struct core_load) loads; /* by start */
};

void packed_memory_free(struct packed_memory *m)
{
    if (!m)
        return;
    free(m->front);
    vec_done(&m->loads);
    free(m);
}

static void packed_memory_freep(struct packed_memory **m)
{
    packed_memory_free(*m);
}

static size_t read_memory(void *arg, taddr at, void *buf, size_t n)
{
    const struct packed_memory *m = arg;
    size_t i = sorted_first(m->loads.v, m->loads.n, load, load->start + load->have <= at);

    if (i == m->loads.n || at < m->loads.v[i].start)
        return 0;
    const struct core_load *l = &m->loads.v[i];
    uint64_t skip = at - l->start, left = l->have - skip;
    return seekable_read(m->source, l->offset + skip, buf, left < n ? (size_t)left : n);
}

/* Where the memory of a core begins in the file: its headers and notes stand before, as all writers do it. */
static uint64_t front_size(struct bytes front)
{
    struct cursor c = cursor_of(front, 0, "the core");
    struct bytes ident = cursor_bytes(&c, EI_NIDENT);
    bool wide = !c.failed && ident.p[EI_CLASS] == ELFCLASS64;
    unsigned word = wide ? 8 : 4;

    cursor_skip(&c, 8u + word); /* e_type to e_entry */
    uint64_t phoff = cursor_uint(&c, word);
    cursor_seek(&c, wide ? offsetof(Elf64_Ehdr, e_phentsize) : offsetof(Elf32_Ehdr, e_phentsize));
    uint64_t entry = cursor_u16(&c), count = cursor_u16(&c), end = 0;
    if (c.failed)
        return front.n;
    cursor_seek(&c, phoff);
    for (uint64_t i = 0; i < count; i++) {
        cursor_seek(&c, phoff + i * entry);
        uint32_t type = cursor_u32(&c);
        cursor_skip(&c, wide ? 4 : 0); /* p_flags */
        uint64_t offset = cursor_uint(&c, word);
        cursor_skip(&c, 2u * word); /* p_vaddr, p_paddr */
        uint64_t size = cursor_uint(&c, word);
        if (c.failed)
            return phoff + count * entry; /* to be seen first */
        if (type == PT_NOTE && offset + size > end)
            end = offset + size;
    }
    return end > phoff + count * entry ? end : phoff + count * entry;
}

static struct bytes read_front(struct packed_memory *m)
{
    uint64_t want = FRONT_FIRST, whole = seekable_size(m->source);
    struct bytes front = {0};

    /* At most: the headers, then what they say. */
    for (int step = 0; step < 3 && front.n < want; step++) {
        want = want < whole ? want : whole;
        want = want < FRONT_MAX ? want : FRONT_MAX;
        m->front = xrealloc_array(m->front, (size_t)want, 1);
        front = (struct bytes){m->front, seekable_read(m->source, 0, m->front, (size_t)want)};
        want = front_size(front);
    }
    return front;
}

struct err *core_open_packed(struct seekable *s, const char *path, struct image **out, struct packed_memory **memory)
{
    SCOPED(packed_memory_freep) struct packed_memory *m = xcalloc(1, sizeof(*m));
    SCOPED(core_done) struct core c = {.im = image_new(IMAGE_CORE, path), .size = seekable_size(s)};

    m->source = s;
    c.file = read_front(m);
    TRY(core_read(&c, path));
    for (size_t i = 0; i < c.loads.n; i++)
        if (c.loads.v[i].have)
            *vec_push(&m->loads) = c.loads.v[i];
    c.im->space.fallback = read_memory;
    c.im->space.fallback_arg = m;
    *memory = TAKE(m);
    *out = TAKE(c.im);
    return NULL;
}
