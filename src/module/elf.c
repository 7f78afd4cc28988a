/* SPDX-License-Identifier: Apache-2.0 */
#include "module/elf_priv.h"

#include "base/text.h"

#include <elf.h>
#include <inttypes.h>

struct elf_header {
    uint64_t phoff, shoff;
    uint64_t phnum, shnum, shstrndx;
    uint16_t phentsize, shentsize;
};

static bool is_elf64(const struct elf *e)
{
    return e->addr_size == 8;
}

static uint64_t read_word(const struct elf *e, struct cursor *c)
{
    return cursor_uint(c, e->addr_size);
}

static struct err *read_ident(struct elf *e)
{
    const uint8_t *p = e->data.p;
    if (e->data.n < EI_NIDENT || memcmp(p, ELFMAG, SELFMAG) != 0)
        return err_new(ERR_UNSUPPORTED, "%s is not an ELF file", e->path);
    if (p[EI_DATA] != ELFDATA2LSB)
        return err_new(ERR_UNSUPPORTED, "%s is big-endian, which is not supported", e->path);
    if (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)
        return err_at(err_new(ERR_CORRUPT, "%s has the unknown ELF class %u", e->path, p[EI_CLASS]), ERR_AT_OFFSET,
                      EI_CLASS);
    e->addr_size = p[EI_CLASS] == ELFCLASS64 ? 8 : 4;
    return NULL;
}

static struct err *read_header(struct elf *e, struct elf_header *h)
{
    struct cursor c = cursor_of(e->data, 0, e->path);
    cursor_skip(&c, EI_NIDENT);
    e->type = cursor_u16(&c);
    uint16_t machine = cursor_u16(&c);
    cursor_skip(&c, 4); /* e_version */
    e->entry = read_word(e, &c);
    h->phoff = read_word(e, &c);
    h->shoff = read_word(e, &c);
    cursor_skip(&c, 4 + 2); /* e_flags, e_ehsize */
    h->phentsize = cursor_u16(&c);
    h->phnum = cursor_u16(&c);
    h->shentsize = cursor_u16(&c);
    h->shnum = cursor_u16(&c);
    h->shstrndx = cursor_u16(&c);
    TRY(cursor_check(&c));
    e->arch = arch_find(machine, e->data.p[EI_CLASS]);
    return NULL;
}

/* How many of `n` records of `size` bytes the file has room for at `offset`. */
static size_t records_there(const struct elf *e, uint64_t offset, uint64_t n, size_t size)
{
    if (offset >= e->data.n)
        return 0;
    uint64_t room = (e->data.n - offset) / size;
    return (size_t)(n < room ? n : room);
}

static struct cursor record_at(const struct elf *e, uint64_t table, size_t i, uint16_t size)
{
    struct cursor c = cursor_of(e->data, 0, e->path);
    cursor_seek(&c, table + (uint64_t)i * size);
    return c;
}

static struct elf_section read_section(const struct elf *e, struct cursor c, uint32_t *name)
{
    struct elf_section s = {.name = ""};
    *name = cursor_u32(&c);
    s.type = cursor_u32(&c);
    s.flags = read_word(e, &c);
    s.addr = read_word(e, &c);
    s.offset = read_word(e, &c);
    s.size = read_word(e, &c);
    s.link = cursor_u32(&c);
    s.info = cursor_u32(&c);
    (void)read_word(e, &c); /* sh_addralign */
    s.entsize = read_word(e, &c);
    s.full_size = s.size;
    return s;
}

static struct elf_segment read_segment(const struct elf *e, struct cursor c)
{
    struct elf_segment s = {0};
    s.type = cursor_u32(&c);
    if (is_elf64(e))
        s.flags = cursor_u32(&c);
    s.offset = read_word(e, &c);
    s.vaddr = read_word(e, &c);
    (void)read_word(e, &c); /* p_paddr */
    s.filesz = read_word(e, &c);
    s.memsz = read_word(e, &c);
    if (!is_elf64(e))
        s.flags = cursor_u32(&c);
    s.align = read_word(e, &c);
    return s;
}

/* Counts that do not fit their 16 bits are kept in the first section header (gABI, "ELF Header"). */
static void read_extended_counts(const struct elf *e, struct elf_header *h)
{
    bool wanted = h->phnum == PN_XNUM || h->shnum == 0 || h->shstrndx == SHN_XINDEX;
    if (!wanted || !h->shoff || h->shentsize < (is_elf64(e) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) ||
        records_there(e, h->shoff, 1, h->shentsize) == 0)
        return;
    uint32_t name;
    struct elf_section first = read_section(e, record_at(e, h->shoff, 0, h->shentsize), &name);
    if (h->phnum == PN_XNUM)
        h->phnum = first.info;
    if (h->shnum == 0)
        h->shnum = first.size;
    if (h->shstrndx == SHN_XINDEX)
        h->shstrndx = first.link;
}

static void read_segments(struct elf *e, const struct elf_header *h)
{
    size_t size = is_elf64(e) ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    if (!h->phoff || h->phentsize < size)
        return;
    size_t n = records_there(e, h->phoff, h->phnum, h->phentsize);
    e->segments = arena_array(&e->arena, struct elf_segment, n);
    for (size_t i = 0; i < n; i++)
        e->segments[i] = read_segment(e, record_at(e, h->phoff, i, h->phentsize));
    e->n_segments = n;
}

/* In memory, section headers and what they name are only there when the whole file is one segment, as a
 * vdso is; otherwise the same offsets hold something else. */
static bool sections_loaded(const struct elf *e)
{
    if (!e->is_image)
        return true;
    size_t loads = 0;
    for (size_t i = 0; i < e->n_segments; i++)
        loads += e->segments[i].type == PT_LOAD;
    return loads == 1;
}

static const char *name_in(struct bytes names, uint32_t at)
{
    if (at >= names.n || !memchr(names.p + at, 0, names.n - at))
        return "";
    return (const char *)names.p + at;
}

static void read_sections(struct elf *e, const struct elf_header *h)
{
    size_t size = is_elf64(e) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    if (!h->shoff || h->shentsize < size || !sections_loaded(e))
        return;
    size_t n = records_there(e, h->shoff, h->shnum, h->shentsize);
    /* A table that is cut, or without names, is of no use: nothing is found by name in it. */
    if (n < h->shnum || h->shstrndx >= n)
        return;
    struct elf_section *sections = arena_array(&e->arena, struct elf_section, n);
    uint32_t *names_at = arena_array(&e->arena, uint32_t, n);
    for (size_t i = 0; i < n; i++)
        sections[i] = read_section(e, record_at(e, h->shoff, i, h->shentsize), &names_at[i]);

    const struct elf_section *str = &sections[h->shstrndx];
    if (str->type != SHT_STRTAB || str->offset > e->data.n || str->size > e->data.n - str->offset)
        return;
    struct bytes names = {e->data.p + str->offset, (size_t)str->size};
    for (size_t i = 0; i < n; i++) {
        sections[i].name = name_in(names, names_at[i]);
        elf_read_compression(e, &sections[i]);
    }
    e->sections = sections;
    e->n_sections = n;
    elf_find_relocations(e);
}

static void find_low(struct elf *e)
{
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct elf_segment *s = &e->segments[i];
        if (s->type == PT_LOAD) {
            e->low = s->vaddr - s->offset;
            return;
        }
    }
}

/* Sections first: the program headers of a separate debug file describe the binary's layout, not its own. */
static void find_build_id(struct elf *e)
{
    struct bytes notes;
    for (size_t i = 0; i < e->n_sections; i++) {
        const struct elf_section *s = &e->sections[i];
        if (s->type != SHT_NOTE || s->compressed || s->offset > e->data.n || s->size > e->data.n - s->offset)
            continue;
        notes = (struct bytes){e->data.p + s->offset, (size_t)s->size};
        if (elf_note_build_id(notes, 4, &e->id))
            return;
    }
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct elf_segment *s = &e->segments[i];
        if (s->type == PT_NOTE && elf_bytes_at(e, s->vaddr, (size_t)s->filesz, &notes) &&
            elf_note_build_id(notes, s->align, &e->id))
            return;
    }
}

static struct err *elf_parse(struct elf *e)
{
    struct elf_header h;
    TRY(read_ident(e));
    TRY(read_header(e, &h));
    read_extended_counts(e, &h);
    read_segments(e, &h);
    find_low(e);
    read_sections(e, &h);
    if (e->n_sections == 0)
        elf_sections_from_segments(e);
    e->inflated = arena_array(&e->arena, struct elf_inflated, e->n_sections);
    for (size_t i = 0; i < e->n_sections; i++)
        pthread_mutex_init(&e->inflated[i].lock, NULL);
    find_build_id(e);
    return NULL;
}

static struct elf *elf_new(const char *path)
{
    struct elf *e = xcalloc(1, sizeof(*e));
    atomic_init(&e->refs, 1);
    e->path = xstrdup(path);
    return e;
}

static struct err *elf_finish(struct elf *e, struct elf **out)
{
    struct err *err = elf_parse(e);
    if (err) {
        elf_unref(e);
        return err;
    }
    *out = e;
    return NULL;
}

struct err *elf_open(const char *path, struct elf **out)
{
    struct filemap map;
    TRY(filemap_open(path, &map));
    struct elf *e = elf_new(path);
    e->map = map;
    e->data = map.data;
    return elf_finish(e, out);
}

struct err *elf_open_fd(int fd, const char *name, struct elf **out)
{
    struct filemap map;
    TRY(filemap_fd(fd, name, &map));
    struct elf *e = elf_new(name);
    e->map = map;
    e->data = map.data;
    return elf_finish(e, out);
}

struct err *elf_open_bytes(struct bytes data, bool owned, const taddr *loaded_at, const char *name, struct elf **out)
{
    struct elf *e = elf_new(name);
    e->data = data;
    if (owned)
        e->owned = (void *)(uintptr_t)data.p;
    if (loaded_at) {
        e->is_image = true;
        e->loaded_at = *loaded_at;
    }
    return elf_finish(e, out);
}

struct elf *elf_ref(struct elf *e)
{
    atomic_fetch_add(&e->refs, 1);
    return e;
}

void elf_unref(struct elf *e)
{
    if (!e || atomic_fetch_sub(&e->refs, 1) != 1)
        return;
    for (size_t i = 0; e->inflated && i < e->n_sections; i++)
        elf_inflated_done(&e->inflated[i]);
    if (e->map.data.p)
        filemap_done(&e->map);
    free(e->owned);
    arena_done(&e->arena);
    free(e->path);
    free(e);
}

const char *elf_path(const struct elf *e)
{
    return e->path;
}

const struct arch *elf_arch(const struct elf *e)
{
    return e->arch;
}

uint16_t elf_type(const struct elf *e)
{
    return e->type;
}

taddr elf_entry(const struct elf *e)
{
    return e->entry;
}

uint8_t elf_addr_size(const struct elf *e)
{
    return e->addr_size;
}

struct build_id elf_build_id(const struct elf *e)
{
    return e->id;
}

struct bytes elf_bytes(const struct elf *e)
{
    return e->data;
}

const struct elf_segment *elf_segments(const struct elf *e, size_t *n)
{
    *n = e->n_segments;
    return e->segments;
}

const struct elf_section *elf_sections(const struct elf *e, size_t *n)
{
    *n = e->n_sections;
    return e->sections;
}

/* ".zdebug_x" stands for ".debug_x". */
static bool section_named(const struct elf_section *s, const char *name)
{
    if (strcmp(s->name, name) == 0)
        return true;
    return begins_with(s->name, ".zdebug_") && begins_with(name, ".debug_") && strcmp(s->name + 8, name + 7) == 0;
}

const struct elf_section *elf_section(const struct elf *e, const char *name)
{
    for (size_t i = 0; i < e->n_sections; i++) {
        const struct elf_section *s = &e->sections[i];
        if (s->type != SHT_NOBITS && s->type != SHT_NULL && section_named(s, name))
            return s;
    }
    return NULL;
}

struct err *elf_data(struct elf *e, const char *name, struct bytes *out)
{
    const struct elf_section *s = elf_section(e, name);
    if (s)
        return elf_section_data(e, s, out);
    *out = (struct bytes){NULL, 0};
    return NULL;
}

bool elf_locate(const struct elf *e, taddr vaddr, uint64_t *offset, uint64_t *n)
{
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct elf_segment *s = &e->segments[i];
        if (s->type != PT_LOAD || vaddr < s->vaddr || vaddr - s->vaddr >= s->filesz)
            continue;
        uint64_t within = vaddr - s->vaddr;
        uint64_t at = e->is_image ? vaddr - e->low : s->offset + within;
        if (at >= e->data.n || (!e->is_image && at < within))
            continue;
        uint64_t left = s->filesz - within;
        *offset = at;
        *n = left < e->data.n - at ? left : e->data.n - at;
        return true;
    }
    return false;
}

bool elf_bytes_at(const struct elf *e, taddr vaddr, size_t n, struct bytes *out)
{
    uint64_t offset, there;
    if (!elf_locate(e, vaddr, &offset, &there))
        return false;
    *out = (struct bytes){e->data.p + offset, n < there ? n : (size_t)there};
    return true;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

struct build_id build_id_of(struct bytes b)
{
    struct build_id id = {0};
    id.n = (uint8_t)(b.n < sizeof(id.id) ? b.n : sizeof(id.id));
    if (id.n)
        memcpy(id.id, b.p, id.n);
    return id;
}

bool elf_note_build_id(struct bytes notes, uint64_t align, struct build_id *out)
{
    uint64_t pad = align == 8 ? 8 : 4;
    struct cursor c = cursor_of(notes, 0, "notes");
    while (cursor_left(&c) > 0) {
        uint32_t name_size = cursor_u32(&c);
        uint32_t desc_size = cursor_u32(&c);
        uint32_t type = cursor_u32(&c);
        struct bytes name = cursor_bytes(&c, name_size);
        cursor_skip(&c, round_up(12 + (uint64_t)name_size, pad) - 12 - name_size);
        struct bytes desc = cursor_bytes(&c, desc_size);
        if (c.failed)
            return false;
        if (type == NT_GNU_BUILD_ID && name.n == 4 && memcmp(name.p, "GNU", 4) == 0 && desc.n > 0) {
            *out = build_id_of(desc);
            return true;
        }
        uint64_t padding = round_up(desc_size, pad) - desc_size;
        cursor_skip(&c, padding < cursor_left(&c) ? padding : cursor_left(&c));
    }
    return false;
}

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
    return a->n == b->n && memcmp(a->id, b->id, a->n) == 0;
}

const char *build_id_text(const struct build_id *id, char buf[static BUILD_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (unsigned i = 0; i < id->n; i++) {
        buf[n++] = digits[id->id[i] >> 4];
        buf[n++] = digits[id->id[i] & 15];
    }
    buf[n] = 0;
    return buf;
}
