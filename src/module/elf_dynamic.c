/* SPDX-License-Identifier: Apache-2.0 */
/* A file without section headers still loads, so what the loader needs can be found from the program
 * headers: gABI chapter 5, "Dynamic Section" and "Hash Table"; the GNU hash table as glibc's
 * elf/dl-lookup.c reads it. */
#include "module/elf_priv.h"

#include <elf.h>

enum { MAX_DYNAMIC = 1024, MAX_MADE = 4 };

struct dynamic {
    uint64_t symtab, strtab, strsz, hash, gnu_hash;
};

/* The loader may have replaced a link-time address in a loaded image by the runtime one. */
static uint64_t link_time(const struct elf *e, uint64_t v)
{
    if (e->is_image && v >= e->loaded_at && v - e->loaded_at < e->data.n)
        return v - e->loaded_at + e->low;
    return v;
}

static void read_dynamic(const struct elf *e, struct bytes b, struct dynamic *d)
{
    struct cursor c = cursor_of(b, 0, ".dynamic");
    for (unsigned i = 0; i < MAX_DYNAMIC && cursor_left(&c) > 0; i++) {
        uint64_t tag = cursor_uint(&c, e->addr_size);
        uint64_t value = cursor_uint(&c, e->addr_size);
        switch (tag) {
        case DT_NULL:
            return;
        case DT_SYMTAB:
            d->symtab = link_time(e, value);
            break;
        case DT_STRTAB:
            d->strtab = link_time(e, value);
            break;
        case DT_STRSZ:
            d->strsz = value;
            break;
        case DT_HASH:
            d->hash = link_time(e, value);
            break;
        case DT_GNU_HASH:
            d->gnu_hash = link_time(e, value);
            break;
        default:
            break;
        }
    }
}

/* The highest symbol index that any chain of a GNU hash table reaches, plus one. */
static uint64_t count_by_gnu_hash(const struct elf *e, struct bytes b)
{
    struct cursor c = cursor_of(b, 0, "GNU hash table");
    uint32_t n_buckets = cursor_u32(&c);
    uint32_t first = cursor_u32(&c);
    uint32_t n_bloom = cursor_u32(&c);
    cursor_skip(&c, 4 + (uint64_t)n_bloom * e->addr_size);
    uint32_t last = 0;
    for (uint32_t i = 0; i < n_buckets && !c.failed; i++) {
        uint32_t bucket = cursor_u32(&c);
        if (bucket > last)
            last = bucket;
    }
    if (c.failed)
        return 0;
    if (last < first)
        return first;
    cursor_skip(&c, (uint64_t)(last - first) * 4);
    while (cursor_left(&c) > 0 && !(cursor_u32(&c) & 1))
        last++;
    return c.failed ? 0 : (uint64_t)last + 1;
}

static uint64_t count_symbols(const struct elf *e, const struct dynamic *d)
{
    struct bytes b;
    if (d->gnu_hash && elf_bytes_at(e, d->gnu_hash, SIZE_MAX, &b))
        return count_by_gnu_hash(e, b);
    if (d->hash && elf_bytes_at(e, d->hash, 8, &b)) {
        struct cursor c = cursor_of(b, 0, "hash table");
        cursor_skip(&c, 4);
        return cursor_u32(&c); /* nchain equals the number of symbols */
    }
    return 0;
}

static struct elf_section *add_section(struct elf *e, const char *name, uint32_t type, taddr addr, uint64_t size)
{
    uint64_t offset, there;
    if (!elf_locate(e, addr, &offset, &there))
        return NULL;
    struct elf_section *s = &e->sections[e->n_sections++];
    s->name = name;
    s->type = type;
    s->flags = SHF_ALLOC;
    s->addr = addr;
    s->offset = offset;
    s->size = size < there ? size : there;
    s->full_size = s->size;
    return s;
}

static void add_symbols(struct elf *e, const struct dynamic *d)
{
    uint64_t entry = e->addr_size == 8 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    uint64_t n = count_symbols(e, d);
    if (!d->symtab || !d->strtab || n == 0 || n > e->data.n / entry)
        return;
    const struct elf_section *str = add_section(e, ".dynstr", SHT_STRTAB, d->strtab, d->strsz);
    struct elf_section *sym = str ? add_section(e, ".dynsym", SHT_DYNSYM, d->symtab, n * entry) : NULL;
    if (!sym)
        return;
    sym->entsize = entry;
    sym->link = (uint32_t)(str - e->sections);
}

/* The header points at .eh_frame; its end is not told, so that of the segment stands for it. */
static void add_eh_frame(struct elf *e, const struct elf_segment *hdr)
{
    enum { PCREL_SDATA4 = 0x1b }; /* the encoding that linkers use (LSB Core, "DWARF Exception Header") */
    struct bytes b;
    if (!elf_bytes_at(e, hdr->vaddr, (size_t)hdr->filesz, &b))
        return;
    struct cursor c = cursor_of(b, 0, ".eh_frame_hdr");
    uint8_t version = cursor_u8(&c);
    uint8_t encoding = cursor_u8(&c);
    cursor_skip(&c, 2);
    int32_t distance = (int32_t)cursor_u32(&c);
    if (c.failed || version != 1)
        return;
    (void)add_section(e, ".eh_frame_hdr", SHT_PROGBITS, hdr->vaddr, hdr->filesz);
    if (encoding == PCREL_SDATA4)
        (void)add_section(e, ".eh_frame", SHT_PROGBITS, hdr->vaddr + 4 + (taddr)(int64_t)distance, UINT64_MAX);
}

void elf_sections_from_segments(struct elf *e)
{
    e->sections = arena_array(&e->arena, struct elf_section, MAX_MADE);
    const struct elf_segment *dynamic = NULL, *eh_frame_hdr = NULL;
    for (size_t i = 0; i < e->n_segments; i++) {
        if (e->segments[i].type == PT_DYNAMIC)
            dynamic = &e->segments[i];
        else if (e->segments[i].type == PT_GNU_EH_FRAME)
            eh_frame_hdr = &e->segments[i];
    }
    struct bytes b;
    struct dynamic d = {0};
    if (dynamic && elf_bytes_at(e, dynamic->vaddr, (size_t)dynamic->filesz, &b)) {
        read_dynamic(e, b, &d);
        add_symbols(e, &d);
    }
    if (eh_frame_hdr)
        add_eh_frame(e, eh_frame_hdr);
}
