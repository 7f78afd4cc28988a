/* SPDX-License-Identifier: Apache-2.0 */
/* The note with what a core lacks beside memory and registers (docs/internals/capture.md). */
#include "capture/priv.h"

#include <elf.h>
#include <inttypes.h>

enum {
    PAGE = 4096,
    HEADERS_MAX = PAGE,  /* bytes of a module that are looked at: its headers, then its notes */
    PHDRS_MAX = 64,
    MODULES_MAX = 16384, /* that are listed */
    LIVE_MAX = 4096,
    ID_MAX = 64, /* bytes of a build-id */
};

/* ---- build-ids, from the pages of the modules themselves ---- */

static bool note_id(struct bytes notes, uint64_t align, struct bytes *out)
{
    struct cursor c = cursor_of(notes, 0, "notes");
    uint64_t mask = align == 8 ? 7 : 3;

    while (cursor_left(&c) >= 12) {
        uint32_t name_size = cursor_u32(&c), size = cursor_u32(&c), type = cursor_u32(&c);
        struct bytes name = cursor_bytes(&c, name_size);
        cursor_skip(&c, -(uint64_t)cursor_offset(&c) & mask);
        struct bytes desc = cursor_bytes(&c, size);
        if (c.failed)
            break;
        if (type == NT_GNU_BUILD_ID && name.n == sizeof("GNU") && memcmp(name.p, "GNU", sizeof("GNU")) == 0) {
            *out = desc;
            return desc.n > 0 && desc.n <= ID_MAX;
        }
        uint64_t pad = -(uint64_t)cursor_offset(&c) & mask;
        cursor_skip(&c, pad < cursor_left(&c) ? pad : cursor_left(&c));
    }
    return false;
}

/* gABI chapter 5, "Program Header". `base`: link-time address of the first segment. */
static bool find_id(const struct image *im, taddr start, uint8_t id[static ID_MAX], size_t *n)
{
    uint8_t head[HEADERS_MAX], notes[HEADERS_MAX];
    struct bytes there = {head, space_read_some(&im->space, start, head, sizeof(head))};
    bool wide = there.n > EI_CLASS && head[EI_CLASS] == ELFCLASS64, based = false;
    unsigned word = wide ? 8 : 4;
    uint64_t base = 0;
    struct cursor c = cursor_of(there, 0, "a module");

    if (there.n < sizeof(Elf32_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    cursor_seek(&c, wide ? offsetof(Elf64_Ehdr, e_phoff) : offsetof(Elf32_Ehdr, e_phoff));
    uint64_t at = cursor_uint(&c, word);
    cursor_seek(&c, wide ? offsetof(Elf64_Ehdr, e_phentsize) : offsetof(Elf32_Ehdr, e_phentsize));
    uint64_t size = cursor_u16(&c), count = cursor_u16(&c);
    for (uint64_t i = 0; i < count && i < PHDRS_MAX && !c.failed; i++) {
        cursor_seek(&c, at + i * size);
        uint32_t type = cursor_u32(&c);
        cursor_skip(&c, (wide ? 4u : 0u) + word); /* p_flags, p_offset */
        uint64_t vaddr = cursor_uint(&c, word);
        cursor_skip(&c, word); /* p_paddr */
        uint64_t bytes = cursor_uint(&c, word);
        cursor_skip(&c, word + (wide ? 0u : 4u)); /* p_memsz, p_flags */
        uint64_t align = cursor_uint(&c, word);
        if (type == PT_LOAD && !based) {
            base = vaddr & ~(uint64_t)(PAGE - 1);
            based = true;
        }
        if (c.failed || type != PT_NOTE)
            continue;
        struct bytes id_bytes, text = {notes, bytes < sizeof(notes) ? (size_t)bytes : sizeof(notes)};
        text.n = space_read_some(&im->space, start + (vaddr - base), notes, text.n);
        if (note_id(text, align, &id_bytes)) {
            memcpy(id, id_bytes.p, id_bytes.n);
            *n = id_bytes.n;
            return true;
        }
    }
    return false;
}

static taddr module_end(const struct image *im, size_t i)
{
    const char *path = im->maps.v[i].path;
    taddr end = im->maps.v[i].end;

    for (size_t k = i + 1; k < im->maps.n; k++) {
        const struct mapping *m = &im->maps.v[k];
        if (m->path && (m->offset == 0 || strcmp(m->path, path) != 0))
            break;
        if (m->path)
            end = m->end;
    }
    return end;
}

static void put_modules(const struct image *im, struct text *t)
{
    size_t n = 0;

    for (size_t i = 0; i < im->maps.n && n < MODULES_MAX; i++) {
        const struct mapping *m = &im->maps.v[i];
        uint8_t id[ID_MAX];
        size_t size = 0;
        if (!m->path || m->path[0] != '/' || m->offset != 0 || !(m->prot & PROT_BIT_READ) ||
            !find_id(im, m->start, id, &size))
            continue;
        SCOPED(text_done) struct text line = {0};
        text_printf(&line, "0x%" PRIx64 "-0x%" PRIx64 " ", m->start, module_end(im, i));
        for (size_t k = 0; k < size; k++)
            text_printf(&line, "%02x", id[k]);
        text_printf(&line, " %s%s", m->path, m->deleted ? " (deleted)" : "");
        image_fact_put(t, "module", text_str(&line));
        n++;
    }
}

/* ---- what the core does not hold, or not of its instant ---- */

static void put_missing(const struct image *im, const struct segments *segments, struct text *t)
{
    SCOPED(freep) struct image_unfrozen *live = NULL;
    SCOPED(text_done) struct text line = {0};
    uint64_t bytes = 0;
    size_t n, left_out = 0;

    for (size_t i = 0; i < segments->v.n; i++) {
        const struct segment *s = &segments->v.v[i];
        bytes += s->end - s->start - s->size;
        left_out += s->size < s->end - s->start;
    }
    text_printf(&line, "%" PRIu64 " in %zu mappings", bytes, left_out);
    image_fact_put(t, "left-out", text_str(&line));
    segments_live(im, segments, &live, &n);
    for (size_t i = 0; i < n && i < LIVE_MAX; i++) {
        text_clear(&line);
        text_printf(&line, "0x%" PRIx64 "-0x%" PRIx64 " %s", live[i].start, live[i].end,
                    image_unfrozen_name(live[i].why));
        image_fact_put(t, "live", text_str(&line));
    }
}

/* Is it about what the process was given, and where it ran? */
static bool is_private(const char *key)
{
    static const char *const keys[] = {"argument", "arguments-cut", "cgroup", "container", "file", "host"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* Of a core that is copied the record is that of the process that it is of. */
void record_build(const struct image *im, const struct segments *segments, bool terse, struct text *out)
{
    bool is_process = im->kind == IMAGE_LIVE;

    if (im->facts.n == 0)
        return;
    if (is_process) {
        image_fact_put(out, "format", "1");
        image_fact_put(out, "inquest", INQ_VERSION);
        if (!image_fact(im, "method")) /* what it is read from runs on */
            image_fact_put(out, "method", "copy");
    }
    for (size_t i = 0; i < im->facts.n; i++)
        if (!terse || !is_private(im->facts.v[i].key))
            image_fact_put(out, im->facts.v[i].key, im->facts.v[i].value);
    if (is_process) {
        put_missing(im, segments, out);
        put_modules(im, out);
    }
}
