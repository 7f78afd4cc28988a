/* SPDX-License-Identifier: Apache-2.0 */
/* File header and program headers: what the core is, which bytes it holds, and how much of it is missing. */
#include "image/core/core.h"

#include <elf.h>
#include <inttypes.h>

struct ehdr {
    uint16_t type, machine, phentsize, phnum, shentsize, shnum;
    uint64_t phoff, shoff;
};

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz;
};

static struct cursor at_offset(const struct core *c, uint64_t offset)
{
    struct cursor cur = cursor_of(c->file, 0, "the core");
    cursor_seek(&cur, offset);
    return cur;
}

/* Names what a file that is no ELF core is, where its first bytes tell. */
static struct err *not_a_core(struct bytes file, const char *path)
{
    static const struct {
        const char *magic, *what, *hint;
    } known[] = {
        {"KDUMP   ", "a kernel crash dump", "the crash utility reads it"},
        {"makedumpfile", "a kernel crash dump", "the crash utility reads it"},
        {"PAGEDU", "a Windows crash dump", NULL},
        {"\xcf\xfa\xed\xfe", "a Mach-O file", NULL},
        {"!<arch>\n", "an archive", "unpack it first"},
        {"PK\x03\x04", "a zip archive", "unpack it first"},
        {"#!", "a script", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        size_t n = strlen(known[i].magic);
        if (file.n >= n && memcmp(file.p, known[i].magic, n) == 0) {
            struct err *e = err_new(ERR_UNSUPPORTED, "%s is %s, not a core", path, known[i].what);
            return known[i].hint ? err_hint(e, "%s", known[i].hint) : e;
        }
    }
    return err_new(ERR_UNSUPPORTED, "%s is not an ELF core", path);
}

static struct err *read_ehdr(struct core *c, const char *path, struct ehdr *out)
{
    static const char *const types[] = {"an ELF file without type", "an ELF object", "an ELF program",
                                        "an ELF program or shared library"};
    struct cursor cur = cursor_of(c->file, 0, "the ELF header");
    struct bytes ident = cursor_bytes(&cur, EI_NIDENT);

    if (cur.failed || memcmp(ident.p, ELFMAG, SELFMAG) != 0)
        return not_a_core(c->file, path);
    if (ident.p[EI_DATA] != ELFDATA2LSB)
        return err_new(ERR_UNSUPPORTED, "%s is big-endian", path);
    if (ident.p[EI_CLASS] != ELFCLASS32 && ident.p[EI_CLASS] != ELFCLASS64)
        return err_new(ERR_CORRUPT, "%s has ELF class %u", path, ident.p[EI_CLASS]);
    c->word = ident.p[EI_CLASS] == ELFCLASS64 ? 8 : 4;

    struct ehdr h = {.type = cursor_u16(&cur), .machine = cursor_u16(&cur)};
    cursor_skip(&cur, 4u + c->word); /* e_version, e_entry */
    h.phoff = cursor_uint(&cur, c->word);
    h.shoff = cursor_uint(&cur, c->word);
    cursor_skip(&cur, 4 + 2); /* e_flags, e_ehsize */
    h.phentsize = cursor_u16(&cur);
    h.phnum = cursor_u16(&cur);
    h.shentsize = cursor_u16(&cur);
    h.shnum = cursor_u16(&cur);
    TRY(cursor_check(&cur));

    if (h.type != ET_CORE)
        return err_new(ERR_UNSUPPORTED, "%s is %s, not a core", path,
                       h.type < ARRAY_LEN(types) ? types[h.type] : "an ELF file of unknown type");
    c->im->arch = arch_find(h.machine, ident.p[EI_CLASS]);
    if (!c->im->arch)
        return err_new(ERR_UNSUPPORTED, "%s is a core of ELF machine %u (%u bits), which Inquest does not know", path,
                       h.machine, c->word * 8);
    if (h.phentsize < (c->word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
        return err_new(ERR_CORRUPT, "%s has program headers of %u bytes", path, h.phentsize);
    *out = h;
    return NULL;
}

static bool read_phdr(const struct core *c, const struct ehdr *h, uint64_t i, struct phdr *out)
{
    struct cursor cur = at_offset(c, h->phoff);
    struct phdr p = {0};

    cursor_skip(&cur, i * h->phentsize);
    p.type = cursor_u32(&cur);
    if (c->word == 8)
        p.flags = cursor_u32(&cur);
    p.offset = cursor_uint(&cur, c->word);
    p.vaddr = cursor_uint(&cur, c->word);
    cursor_skip(&cur, c->word); /* p_paddr */
    p.filesz = cursor_uint(&cur, c->word);
    p.memsz = cursor_uint(&cur, c->word);
    if (c->word == 4)
        p.flags = cursor_u32(&cur);
    if (cur.failed)
        return false;
    *out = p;
    return true;
}

/* gABI: with 0xffff or more program headers e_phnum is PN_XNUM, and sh_info of section 0 has the count.
 * The kernel puts that section at the very end, so a truncated core lacks it; there the headers end where
 * the first segment's bytes begin. */
static uint64_t count_phdrs(struct core *c, const struct ehdr *h)
{
    if (h->phnum != PN_XNUM)
        return h->phnum;

    struct cursor cur = at_offset(c, h->shoff);
    cursor_skip(&cur, c->word == 8 ? offsetof(Elf64_Shdr, sh_info) : offsetof(Elf32_Shdr, sh_info));
    uint32_t n = cursor_u32(&cur);
    if (h->shoff && !cur.failed && n > 0)
        return n;

    struct phdr first;
    if (read_phdr(c, h, 0, &first) && first.offset > h->phoff)
        return (first.offset - h->phoff) / h->phentsize;
    return PN_XNUM;
}

static void add_load(struct core *c, const struct phdr *p)
{
    uint64_t size = p->memsz ? p->memsz : p->filesz;
    struct core_load l = {.start = p->vaddr, .offset = p->offset};
    uint64_t top = c->word == 8 ? UINT64_MAX : UINT64_C(1) << 32;

    if (size == 0 || p->vaddr >= top)
        return;
    l.end = size > top - p->vaddr ? top : p->vaddr + size;
    l.dumped = p->filesz < l.end - l.start ? p->filesz : l.end - l.start;
    if (p->offset < c->size)
        l.have = l.dumped < c->size - p->offset ? l.dumped : c->size - p->offset;
    l.prot = (uint8_t)((p->flags & PF_R ? PROT_BIT_READ : 0) | (p->flags & PF_W ? PROT_BIT_WRITE : 0) |
                       (p->flags & PF_X ? PROT_BIT_EXEC : 0));
    *vec_push(&c->loads) = l;
}

/* "3.1 GB": sizes in messages. */
static char *size_text(struct arena *a, uint64_t n)
{
    if (n >= UINT64_C(1) << 30)
        return arena_printf(a, "%.1f GiB", (double)n / (1 << 30));
    if (n >= UINT64_C(1) << 20)
        return arena_printf(a, "%.1f MiB", (double)n / (1 << 20));
    if (n >= UINT64_C(1) << 10)
        return arena_printf(a, "%.1f KiB", (double)n / (1 << 10));
    return arena_printf(a, "%" PRIu64 " bytes", n);
}

/* Says what a file that ends too early costs. A minicore ends where its last dumped bytes do. */
static void report_truncation(struct core *c, uint64_t expected)
{
    struct arena *a = &c->im->arena;
    uint64_t lost = 0;
    size_t segments = 0;

    if (expected <= c->size || c->is_minicore)
        return;
    for (size_t i = 0; i < c->loads.n; i++) {
        const struct core_load *l = &c->loads.v[i];
        segments += l->have < l->dumped;
        if (__builtin_add_overflow(lost, l->dumped - l->have, &lost))
            lost = UINT64_MAX;
    }
    struct err *e =
        err_new(ERR_TRUNCATED,
                "the core is truncated: it ends %s early (%" PRIu64 " of %" PRIu64
                " bytes are there); %s of memory in %zu of %zu segments are missing",
                size_text(a, expected - c->size), c->size, expected, size_text(a, lost), segments, c->loads.n);
    e = err_at(e, ERR_AT_OFFSET, c->size);
    image_problem(c->im, err_hint(e, "a limit or a full disk cut it: ulimit -c, or systemd-coredump's "
                                     "ProcessSizeMax and ExternalSizeMax"));
}

static void read_segments(struct core *c, const struct ehdr *h)
{
    uint64_t count = count_phdrs(c, h), i, expected = 0;
    VEC(struct phdr) notes = {0};
    struct phdr p;

    for (i = 0; i < count && read_phdr(c, h, i, &p); i++) {
        uint64_t end;
        if (__builtin_add_overflow(p.offset, p.filesz, &end))
            end = UINT64_MAX;
        if (p.filesz && end > expected)
            expected = end;
        if (p.type == PT_LOAD)
            add_load(c, &p);
        else if (p.type == PT_NOTE)
            *vec_push(&notes) = p;
    }
    if (i < count)
        image_problem(c->im, err_new(ERR_TRUNCATED,
                                     "the core ends within its program headers: %" PRIu64 " of %" PRIu64
                                     " are there, memory and threads are missing",
                                     i, count));
    report_truncation(c, expected);
    /* Segments that overlap would read the same notes over and over: together they have the file's size. */
    uint64_t budget = c->file.n;
    for (size_t k = 0; k < notes.n; k++) {
        uint64_t size = notes.v[k].filesz < budget ? notes.v[k].filesz : budget;
        core_read_notes(c, notes.v[k].offset, size);
        budget -= size;
    }
    vec_done(&notes);
}

/* minicoredumper lists what it dumped in a note section; the rest of its segments are holes. */
static void read_note_sections(struct core *c, const struct ehdr *h)
{
    for (uint64_t i = 0; i < h->shnum && !c->is_minicore; i++) {
        struct cursor cur = at_offset(c, h->shoff);
        cursor_skip(&cur, i * h->shentsize + 4); /* sh_name */
        uint32_t type = cursor_u32(&cur);
        cursor_skip(&cur, 2u * c->word); /* sh_flags, sh_addr */
        uint64_t offset = cursor_uint(&cur, c->word), size = cursor_uint(&cur, c->word);
        if (!cur.failed && type == SHT_NOTE)
            core_read_dumplist(c, offset, size);
    }
}

void core_done(struct core *c)
{
    image_free(c->im);
    vec_done(&c->loads);
    vec_done(&c->mapped);
    vec_done(&c->dumped);
    vec_done(&c->files);
    vec_done(&c->notes);
    vec_done(&c->thread_notes);
}

struct err *core_read(struct core *c, const char *path)
{
    struct ehdr h = {0};

    TRY(read_ehdr(c, path, &h));
    c->has_sections = h.shnum > 0 && h.phnum != PN_XNUM;
    if (c->has_sections)
        read_note_sections(c, &h);
    read_segments(c, &h);
    core_finish_threads(c);
    core_finish_space(c);
    core_finish_maps(c);
    c->im->writer = core_writer(c);
    return NULL;
}

struct err *core_open_bytes(struct bytes file, const char *path, struct image **out)
{
    SCOPED(core_done) struct core c = {.im = image_new(IMAGE_CORE, path), .file = file, .size = file.n};

    TRY(core_read(&c, path));
    *out = TAKE(c.im);
    return NULL;
}
