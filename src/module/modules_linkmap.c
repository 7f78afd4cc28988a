/* SPDX-License-Identifier: Apache-2.0 */
/* The dynamic linker's list; and the modules of a target whose mappings have no names (no NT_FILE): ELF images
 * found in memory, named by that list. Layout: struct r_debug and struct link_map in <link.h>; DT_DEBUG in the gABI. */
#include "module/module_priv.h"

#include <elf.h>

enum { MAX_LINKS = 16384, MAX_PHDRS = 256, MAX_DYNAMIC = 1024, MAX_PATH = 4096 };

struct link {
    taddr at, bias, dynamic;
    const char *name; /* "" when it cannot be read */
    bool is_exe;      /* the first of the list */
    bool used;
};

struct links {
    VEC(struct link) v;
};

struct program {
    taddr bias, dynamic;
};

static bool word(struct modules *ms, taddr at, uint64_t *out)
{
    return ms->im->arch && space_word(&ms->im->space, at, ms->im->arch->addr_size, out);
}

static void see_header(struct program *p, uint32_t type, taddr vaddr, taddr phdrs)
{
    if (type == PT_PHDR)
        p->bias = phdrs - vaddr;
    else if (type == PT_DYNAMIC)
        p->dynamic = vaddr;
}

/* The program's own headers, which the kernel names in the auxiliary vector. */
static bool headers_from_memory(struct modules *ms, taddr at, struct program *p)
{
    uint64_t n, size;
    if (!image_auxv(ms->im, AT_PHNUM, &n) || !image_auxv(ms->im, AT_PHENT, &size) || n > MAX_PHDRS)
        return false;
    bool wide = ms->im->arch->addr_size == 8;
    unsigned vaddr_at = wide ? offsetof(Elf64_Phdr, p_vaddr) : offsetof(Elf32_Phdr, p_vaddr);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t type, vaddr;
        if (!space_word(&ms->im->space, at + i * size, 4, &type) || !word(ms, at + i * size + vaddr_at, &vaddr))
            return false;
        see_header(p, (uint32_t)type, vaddr, at);
    }
    return true;
}

/* Where the dump lacks them, those of the file; the list that they lead to shows whether it is the right one. */
static bool headers_from_file(struct modules *ms, taddr at, struct program *p)
{
    const char *path = ms->opts.exe ? ms->opts.exe : ms->im->exe;
    struct elf *e = NULL;
    SCOPED(freep) char *below = ms->opts.exe || !path ? NULL : xasprintf("%s%s", ms->roots[0], path);
    if (!path)
        return false;
    IGNORE_ERR(elf_open(below ? below : path, &e)); /* then there is no list to follow */
    size_t n = 0;
    const struct elf_segment *s = e ? elf_segments(e, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        see_header(p, s[i].type, s[i].vaddr, at);
    elf_unref(e);
    return n > 0;
}

static bool find_program(struct modules *ms, struct program *p)
{
    uint64_t at;
    *p = (struct program){0};
    if (!ms->im->arch || !image_auxv(ms->im, AT_PHDR, &at) ||
        (!headers_from_memory(ms, at, p) && !headers_from_file(ms, at, p)) || !p->dynamic)
        return false;
    p->dynamic += p->bias;
    return true;
}

static bool find_r_debug(struct modules *ms, taddr dynamic, taddr *out)
{
    unsigned size = ms->im->arch->addr_size;
    for (unsigned i = 0; i < MAX_DYNAMIC; i++) {
        uint64_t tag;
        if (!word(ms, dynamic + 2 * (taddr)i * size, &tag) || tag == DT_NULL)
            return false;
        if (tag == DT_DEBUG)
            return word(ms, dynamic + (2 * (taddr)i + 1) * size, out) && *out;
    }
    return false;
}

static const char *link_name(struct modules *ms, taddr at)
{
    char *heap = NULL;
    /* A name that cannot be read leaves a module without one. */
    IGNORE_ERR(space_cstr(&ms->im->space, at, MAX_PATH, &heap));
    const char *name = arena_strdup(&ms->arena, heap ? heap : "");
    free(heap);
    return name;
}

static void read_links(struct modules *ms, struct links *out)
{
    struct program p;
    taddr r_debug, at;
    if (!find_program(ms, &p) || !find_r_debug(ms, p.dynamic, &r_debug) ||
        !word(ms, r_debug + ms->im->arch->addr_size, &at))
        return;
    unsigned size = ms->im->arch->addr_size;
    for (unsigned i = 0; at && i < MAX_LINKS; i++) {
        uint64_t bias, name, dynamic, next;
        if (!word(ms, at, &bias) || !word(ms, at + size, &name) || !word(ms, at + 2 * size, &dynamic) ||
            !word(ms, at + 3 * size, &next))
            return;
        *vec_push(&out->v) = (struct link){at, bias, dynamic, link_name(ms, name), i == 0, false};
        at = next;
    }
}

/* The dynamic linker has an empty name for the program. */
static const char *name_of(struct modules *ms, struct link *l, taddr at)
{
    if (l && l->name[0])
        return l->name;
    if (l && l->is_exe && ms->im->exe)
        return ms->im->exe;
    if (l && l->is_exe && ms->im->comm)
        return ms->im->comm;
    return arena_printf(&ms->arena, "[ELF image at 0x%llx]", (unsigned long long)at);
}

static struct link *link_within(struct links *links, taddr start, taddr end)
{
    for (size_t i = 0; i < links->v.n; i++)
        if (links->v.v[i].dynamic >= start && links->v.v[i].dynamic < end)
            return &links->v.v[i];
    return NULL;
}

static void add_image(struct modules *ms, struct links *links, const struct mapping *map, struct elf *header)
{
    taddr bias;
    if (!elf_bias(header, map->start, 0, &bias))
        return;
    taddr end = bias + elf_top(header);
    struct link *l = link_within(links, map->start, end);
    if (l)
        l->used = true;
    struct module *m = module_new(ms, name_of(ms, l, map->start));
    m->start = map->start;
    m->end = end > map->end ? end : map->end;
    m->bias = bias;
    m->bias_known = true;
    m->build_id = elf_build_id(header);
    m->id_from_target = m->build_id.n > 0;
    *vec_push(&ms->list) = m;
}

static void scan_images(struct modules *ms, struct links *links)
{
    uint64_t vdso = 0;
    (void)image_auxv(ms->im, AT_SYSINFO_EHDR, &vdso);
    taddr end = 0;
    for (size_t i = 0; i < ms->im->maps.n; i++) {
        const struct mapping *map = &ms->im->maps.v[i];
        if (map->start < end || map->start == vdso)
            continue;
        struct elf *header = image_elf_header(ms, map->start, map->end - map->start);
        size_t before = ms->list.n;
        if (header)
            add_image(ms, links, map, header);
        elf_unref(header);
        if (ms->list.n > before)
            end = ms->list.v[before]->end;
    }
}

/* The module's extent, from its file and bias. False when the file has nothing to load. */
static bool extent_of_file(struct module *m)
{
    struct elf *e = module_elf(m);
    size_t n = 0;
    const struct elf_segment *s = e ? elf_segments(e, &n) : NULL;
    taddr low = UINT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_LOAD && s[i].vaddr < low)
            low = s[i].vaddr;
    if (low == UINT64_MAX)
        return false;
    m->start = m->bias + low;
    m->end = m->bias + elf_top(e);
    return true;
}

static void add_if_placed(struct modules *ms, struct module *m, bool placed)
{
    if (placed)
        *vec_push(&ms->list) = m;
    else
        module_free(m);
}

/* Only the list knows the module: the dump lacks its first page. */
static void add_link(struct modules *ms, struct link *l)
{
    struct module *m = module_new(ms, name_of(ms, l, l->bias));
    m->bias = l->bias;
    m->bias_known = true;
    m->is_exe = l->is_exe;
    add_if_placed(ms, m, extent_of_file(m));
}

/* A file fits an entry point when it is of the target's machine and moves by whole pages, or not at all. */
static bool place_by_entry(struct modules *ms, struct module *m, taddr entry)
{
    struct elf *e = module_elf(m);
    if (!e || elf_arch(e) != ms->im->arch)
        return false;
    m->bias = entry - elf_entry(e);
    m->bias_known = m->bias % 4096 == 0 && (elf_type(e) == ET_DYN || m->bias == 0);
    return m->bias_known && extent_of_file(m);
}

/* The program, where neither a first page nor the list tells of it (a static one, as qemu-user dumps it):
 * the auxiliary vector has its entry point, and the file has the rest. */
static void add_program(struct modules *ms)
{
    const char *path = ms->opts.exe ? ms->opts.exe : ms->im->exe;
    uint64_t entry;
    if (!path || !image_auxv(ms->im, AT_ENTRY, &entry) || !image_mapping(ms->im, entry))
        return;
    for (size_t i = 0; i < ms->list.n; i++)
        if (entry >= ms->list.v[i]->start && entry < ms->list.v[i]->end)
            return;
    struct module *m = module_new(ms, path);
    m->is_exe = true;
    add_if_placed(ms, m, place_by_entry(ms, m, entry));
}

void modules_from_link_map(struct modules *ms)
{
    struct links links = {0};
    uint64_t vdso = 0;
    (void)image_auxv(ms->im, AT_SYSINFO_EHDR, &vdso);
    read_links(ms, &links);
    scan_images(ms, &links);
    for (size_t i = 0; i < links.v.n; i++)
        if (!links.v.v[i].used && links.v.v[i].bias != vdso)
            add_link(ms, &links.v.v[i]);
    add_program(ms);
    vec_done(&links.v);
}

struct module_links modules_links(struct modules *ms)
{
    if (!ms->has_links) {
        struct links links = {0};
        read_links(ms, &links);
        struct module_link *v = arena_array(&ms->arena, struct module_link, links.v.n);
        for (size_t i = 0; i < links.v.n; i++)
            v[i] = (struct module_link){links.v.v[i].at, modules_find(ms, links.v.v[i].dynamic)};
        ms->links = (struct module_links){v, links.v.n};
        ms->has_links = true;
        vec_done(&links.v);
    }
    return ms->links;
}
