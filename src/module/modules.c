/* SPDX-License-Identifier: Apache-2.0 */
/* The list of modules: mappings grouped by file, and what their first page tells. */
#include "module/module_priv.h"

#include <dlfcn.h>
#include <elf.h>
#include <libgen.h>
#include <sys/stat.h>

/* A module while its mappings are collected. */
struct group {
    struct module *m;
    struct elf *header; /* from memory; NULL when the dump lacks it */
    taddr top;          /* end of its last segment, from the header; 0 unknown */
    bool exec;
};

struct grouping {
    struct modules *ms;
    VEC(struct group) groups;
    struct mapstr *last; /* path -> index of its newest group, plus one */
};

/* Crashpad names libraries by their DT_SONAME, and lists them. */
static bool is_file(const struct image *im, const struct mapping *map)
{
    if (!map->path || map->path[0] == '[')
        return false;
    return map->path[0] == '/' || image_file(im, map->start);
}

/* What the dump itself says of the file, which minidumps do instead of holding its first page. */
static void read_file_entry(struct modules *ms, struct module *m, const struct mapping *map)
{
    const struct image_file *f = image_file(ms->im, map->start);
    if (f)
        m->build_id = build_id_of(f->build_id);
    m->id_from_target = m->build_id.n > 0;
}

static void read_group_header(struct modules *ms, struct group *g, const struct mapping *map)
{
    if (map->offset != 0)
        return;
    g->header = image_elf_header(ms, map->start, map->end - map->start);
    if (!g->header)
        read_file_entry(ms, g->m, map);
    if (!g->header || !elf_bias(g->header, map->start, 0, &g->m->bias))
        return;
    g->m->bias_known = true;
    g->m->build_id = elf_build_id(g->header);
    g->m->id_from_target = g->m->build_id.n > 0;
    g->top = g->m->bias + elf_top(g->header);
}

static struct group *group_new(struct grouping *gr, const struct mapping *map)
{
    struct group *g = vec_push(&gr->groups);
    g->m = module_new(gr->ms, map->path);
    g->m->start = map->start;
    g->m->priv->dev = map->dev;
    g->m->priv->inode = map->inode;
    read_group_header(gr->ms, g, map);
    return g;
}

/* Files are mapped upwards, segment by segment; where the header does not say how far they reach, the file
 * offset starting again means that the file was mapped a second time. */
static bool belongs(const struct group *g, const struct mapping *map)
{
    const struct mapping *last = g->m->priv->maps.v[g->m->priv->maps.n - 1];
    if (map->inode != last->inode || map->dev != last->dev)
        return false;
    if (g->top)
        return map->start < g->top;
    return map->offset > 0 && map->offset >= last->offset;
}

static void group_mapping(struct grouping *gr, const struct mapping *map)
{
    bool fresh;
    uint64_t *last = mapstr_put(gr->last, map->path, strlen(map->path), &fresh);
    struct group *g = *last ? &gr->groups.v[*last - 1] : NULL;
    if (!g || !belongs(g, map)) {
        g = group_new(gr, map);
        *last = gr->groups.n;
    }
    *vec_push(&g->m->priv->maps) = map;
    g->m->end = map->end;
    g->m->deleted |= map->deleted;
    g->exec |= (map->prot & PROT_BIT_EXEC) != 0;
}

/* A file that was mapped to be read, as a whole, is data even when it is ELF. */
static bool is_module(const struct group *g)
{
    const struct module *m = g->m;
    if (g->exec)
        return g->header || m->priv->maps.v[0]->offset != 0 || !m->bias_known;
    return g->header && m->bias_known && m->priv->maps.n > 1;
}

/* Memory at the start was there but is not ELF. */
static bool known_not_elf(struct modules *ms, const struct group *g)
{
    uint8_t first[SELFMAG];
    const struct mapping *map = g->m->priv->maps.v[0];
    return !g->header && map->offset == 0 &&
           space_read_some(&ms->im->space, map->start, first, sizeof(first)) == sizeof(first);
}

/* The .bss beyond the file's last page is an anonymous mapping right after it. */
static void extend_to_bss(struct modules *ms, struct group *g)
{
    const struct image *im = ms->im;
    while (g->m->end < g->top) {
        const struct mapping *map = image_mapping(im, g->m->end);
        if (!map || map->path)
            return;
        g->m->end = map->end < g->top ? map->end : g->top;
    }
}

static void add_file_modules(struct modules *ms)
{
    struct mapstr last = {0};
    struct grouping gr = {.ms = ms, .last = &last};
    for (size_t i = 0; i < ms->im->maps.n; i++)
        if (is_file(ms->im, &ms->im->maps.v[i]))
            group_mapping(&gr, &ms->im->maps.v[i]);
    for (size_t i = 0; i < gr.groups.n; i++) {
        struct group *g = &gr.groups.v[i];
        if (is_module(g) && !known_not_elf(ms, g)) {
            extend_to_bss(ms, g);
            *vec_push(&ms->list) = g->m;
        } else {
            module_free(g->m);
        }
        elf_unref(g->header);
    }
    vec_done(&gr.groups);
    mapstr_done(&last);
}

/* A program that does not run is one module, whatever its segments are. Segments at address 0 of a program that is
 * not relocated (a kernel's data of each processor) do not stretch it. */
static void add_program(struct modules *ms)
{
    const struct image *im = ms->im;
    struct module *m = module_new(ms, im->path);
    m->is_exe = m->bias_known = true;
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *map = &im->maps.v[i];
        *vec_push(&m->priv->maps) = map;
        if (m->start == 0 && (map->offset != 0 || i + 1 == im->maps.n))
            m->start = map->start;
        m->end = map->end;
    }
    if (im->maps.n && im->maps.v[0].offset == 0)
        m->start = im->maps.v[0].start;
    *vec_push(&ms->list) = m;
}

static void add_vdso(struct modules *ms)
{
    uint64_t at;
    if (!image_auxv(ms->im, AT_SYSINFO_EHDR, &at) || !at)
        return;
    const struct mapping *map = image_mapping(ms->im, at);
    uint64_t size = map ? map->end - at : 2 * 4096;
    struct elf *header = image_elf_header(ms, at, size);
    if (!header)
        return;
    struct module *m = module_new(ms, "[vdso]");
    m->is_vdso = true;
    m->start = at;
    m->end = at + size;
    m->bias_known = elf_bias(header, at, 0, &m->bias);
    m->build_id = elf_build_id(header);
    m->id_from_target = m->build_id.n > 0;
    if (map)
        *vec_push(&m->priv->maps) = map;
    *vec_push(&ms->list) = m;
    elf_unref(header);
}

static void mark_exe(struct modules *ms)
{
    uint64_t at;
    struct module *m = NULL;
    if (image_auxv(ms->im, AT_PHDR, &at) || image_auxv(ms->im, AT_ENTRY, &at))
        m = modules_find(ms, at);
    for (size_t i = 0; !m && ms->im->exe && i < ms->list.n; i++)
        if (strcmp(ms->list.v[i]->path, ms->im->exe) == 0)
            m = ms->list.v[i];
    if (m)
        m->is_exe = true;
}

static int by_start(const void *a, const void *b)
{
    const struct module *x = *(struct module *const *)a, *y = *(struct module *const *)b;
    return x->start < y->start ? -1 : x->start > y->start ? 1 : 0;
}

static void sort_modules(struct modules *ms)
{
    if (ms->list.n)
        qsort(ms->list.v, ms->list.n, sizeof(*ms->list.v), by_start);
    ms->reach = arena_array(&ms->arena, taddr, ms->list.n);
    taddr reach = 0;
    for (size_t i = 0; i < ms->list.n; i++) {
        if (ms->list.v[i]->end > reach)
            reach = ms->list.v[i]->end;
        ms->reach[i] = reach;
    }
}

/* Where the dump lacks the program headers only the file can tell the bias. */
static void find_missing_bias(struct modules *ms)
{
    for (size_t i = 0; i < ms->list.n; i++)
        if (!ms->list.v[i]->bias_known)
            (void)module_elf(ms->list.v[i]);
}

static bool other_root(const char *root)
{
    struct stat here, there;
    return stat(root, &there) == 0 && stat("/", &here) == 0 &&
           (here.st_dev != there.st_dev || here.st_ino != there.st_ino);
}

static void find_roots(struct modules *ms)
{
    const struct module_opts *o = &ms->opts;
    if (o->sysroot) {
        ms->roots[ms->n_roots++] = o->sysroot;
        return;
    }
    if (ms->im->kind == IMAGE_LIVE && ms->im->path) {
        const char *root = arena_printf(&ms->arena, "%s/root", ms->im->path);
        char *real = other_root(root) ? realpath(root, NULL) : NULL;
        if (real) {
            ms->roots[ms->n_roots++] = root;
            ms->chroot = arena_strdup(&ms->arena, strcmp(real, "/") != 0 ? real : "");
        }
        free(real);
    }
    ms->roots[ms->n_roots++] = "";
}

static void find_debug_dirs(struct modules *ms)
{
    static const char usual[] = "/usr/lib/debug";
    for (size_t i = 0; i < ms->opts.n_debug_dirs; i++)
        *vec_push(&ms->debug_dirs) = ms->opts.debug_dirs[i];
    for (size_t i = 0; i < ms->n_roots; i++)
        *vec_push(&ms->debug_dirs) = arena_printf(&ms->arena, "%s%s", ms->roots[i], usual);
    /* With a sysroot too: what is found there is taken by build-id only. */
    if (ms->roots[ms->n_roots - 1][0])
        *vec_push(&ms->debug_dirs) = usual;
}

const char *module_inner_path(const struct module *m)
{
    const char *outer = m->priv->ms->chroot;
    size_t n = outer ? strlen(outer) : 0;
    return n && strncmp(m->path, outer, n) == 0 && m->path[n] == '/' ? m->path + n : m->path;
}

/* The list is made new from the image. */
static void list_modules(struct modules *ms)
{
    if (ms->im->kind == IMAGE_FILE)
        add_program(ms);
    else
        add_file_modules(ms);
    if (ms->list.n == 0)
        modules_from_link_map(ms);
    add_vdso(ms);
}

static void finish_list(struct modules *ms)
{
    sort_modules(ms);
    mark_exe(ms);
    find_missing_bias(ms);
}

struct modules *modules_load(struct image *im, const struct module_opts *opts)
{
    struct modules *ms = xcalloc(1, sizeof(*ms));
    ms->im = im;
    ms->opts = *opts;
    pthread_mutex_init(&ms->lock, NULL);
    find_roots(ms);
    find_debug_dirs(ms);
    if (im->kind == IMAGE_CORE && im->path)
        ms->core_dir = dirname(arena_strdup(&ms->arena, im->path));
    list_modules(ms);
    finish_list(ms);
    return ms;
}

static bool same_module(const struct module *a, const struct module *b)
{
    return a->start == b->start && a->bias == b->bias && strcmp(a->path, b->path) == 0 &&
           a->priv->inode == b->priv->inode && a->priv->dev == b->priv->dev && a->build_id.n == b->build_id.n &&
           memcmp(a->build_id.id, b->build_id.id, a->build_id.n) == 0;
}

/* What was loaded of a module that is still there goes on serving it; where it is mapped is what `fresh` says. */
static struct module *keep_module(struct module *old, struct module *fresh)
{
    vec_done(&old->priv->maps);
    memcpy(&old->priv->maps, &fresh->priv->maps, sizeof(old->priv->maps));
    memset(&fresh->priv->maps, 0, sizeof(fresh->priv->maps));
    old->end = fresh->end;
    old->deleted = fresh->deleted;
    old->is_exe = false;
    module_free(fresh);
    return old;
}

bool modules_reload(struct modules *ms)
{
    struct module **old = ms->list.v;
    size_t n_old = ms->list.n, k = 0, kept = 0;

    ms->list.v = NULL;
    ms->list.n = ms->list.cap = 0;
    list_modules(ms);
    sort_modules(ms);
    for (size_t i = 0; i < ms->list.n; i++) {
        /* Both are in the order of their starts; what is passed over is no longer mapped. */
        while (k < n_old && old[k]->start < ms->list.v[i]->start)
            k++;
        if (k < n_old && same_module(old[k], ms->list.v[i])) {
            ms->list.v[i] = keep_module(old[k], ms->list.v[i]);
            old[k++] = NULL;
            kept++;
        }
    }
    for (k = 0; k < n_old; k++) {
        if (!old[k])
            continue;
        vec_done(&old[k]->priv->maps);
        *vec_push(&ms->gone) = old[k];
    }
    free(old);
    finish_list(ms);
    return kept < n_old || kept < ms->list.n;
}

void modules_free(struct modules *ms)
{
    if (!ms)
        return;
    for (size_t i = 0; i < ms->list.n; i++)
        module_free(ms->list.v[i]);
    for (size_t i = 0; i < ms->gone.n; i++)
        module_free(ms->gone.v[i]);
    vec_done(&ms->list);
    vec_done(&ms->gone);
    vec_done(&ms->debug_dirs);
    packages_free(ms->packages);
    if (ms->debuginfod)
        dlclose(ms->debuginfod);
    pthread_mutex_destroy(&ms->lock);
    arena_done(&ms->arena);
    free(ms);
}

struct image *modules_image(struct modules *ms)
{
    return ms->im;
}

const struct module_opts *modules_opts(const struct modules *ms)
{
    return &ms->opts;
}

size_t modules_count(const struct modules *ms)
{
    return ms->list.n;
}

struct module *modules_get(const struct modules *ms, size_t i)
{
    return ms->list.v[i];
}

struct module *modules_find(const struct modules *ms, taddr pc)
{
    size_t lo = 0, hi = ms->list.n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ms->list.v[mid]->start <= pc)
            lo = mid + 1;
        else
            hi = mid;
    }
    /* Modules hardly ever overlap; reach says when no earlier one can hold pc. */
    while (lo > 0 && ms->reach[lo - 1] > pc) {
        lo--;
        if (pc < ms->list.v[lo]->end)
            return ms->list.v[lo];
    }
    return NULL;
}

/* What a verified file has for addresses that the target cannot have written. */
static size_t read_from_file(struct modules *ms, taddr at, uint8_t *buf, size_t n)
{
    struct module *m = modules_find(ms, at);
    struct elf *e = m && m->bias_known ? module_elf(m) : NULL;
    size_t n_segments = 0;
    const struct elf_segment *s = e ? elf_segments(e, &n_segments) : NULL;
    taddr vaddr = m ? at - m->bias : 0;
    for (size_t i = 0; i < n_segments; i++) {
        if (s[i].type != PT_LOAD || (s[i].flags & PF_W) || vaddr < s[i].vaddr || vaddr - s[i].vaddr >= s[i].filesz)
            continue;
        struct bytes b;
        if (!elf_bytes_at(e, vaddr, n, &b))
            return 0;
        memcpy(buf, b.p, b.n);
        return b.n;
    }
    return 0;
}

size_t modules_read_some(struct modules *ms, taddr at, void *buf, size_t n)
{
    uint8_t *to = buf;
    size_t done = 0;
    while (done < n) {
        size_t got = space_read_some(&ms->im->space, at + done, to + done, n - done);
        if (done + got < n)
            got += read_from_file(ms, at + done + got, to + done + got, n - done - got);
        if (got == 0)
            break;
        done += got;
    }
    return done;
}

struct err *modules_read(struct modules *ms, taddr at, void *buf, size_t n)
{
    size_t got = modules_read_some(ms, at, buf, n);
    if (got == n)
        return NULL;
    /* The space knows why the rest is absent. */
    uint8_t byte;
    struct err *e = space_read(&ms->im->space, at + got, &byte, 1);
    return e ? e : err_new(ERR_GONE, "the target's memory changed while it was read");
}

bool modules_word(struct modules *ms, taddr at, unsigned size, uint64_t *out)
{
    uint8_t b[8];
    if (space_word(&ms->im->space, at, size, out))
        return true;
    if (size > sizeof(b) || modules_read_some(ms, at, b, size) != size)
        return false;
    struct cursor c = cursor_of((struct bytes){b, size}, at, "memory");
    *out = cursor_uint(&c, size);
    return !c.failed;
}

struct preparing {
    VEC(struct module *) wanted;
};

static void prepare_one(void *arg, size_t i)
{
    struct preparing *p = arg;
    struct module *m = p->wanted.v[i];
    struct symbol unused;
    (void)module_symbol(m, m->start, &unused);
    (void)module_cfi(m);
}

void modules_prepare(struct modules *ms, const taddr *pcs, size_t n)
{
    struct preparing p = {0};
    struct map64 seen = {0};
    for (size_t i = 0; i < n; i++) {
        struct module *m = modules_find(ms, pcs[i]);
        bool fresh = false;
        if (m)
            (void)map64_put(&seen, (uint64_t)(uintptr_t)m, &fresh);
        if (fresh)
            *vec_push(&p.wanted) = m;
    }
    parallel_for(p.wanted.n, prepare_one, &p);
    vec_done(&p.wanted);
    map64_done(&seen);
}
