/* SPDX-License-Identifier: Apache-2.0 */
/* A module's life, its binary, and its unwind tables. */
#include "module/dwarf.h"
#include "module/module_priv.h"
#include "module/symtab.h"

struct module *module_new(struct modules *ms, const char *path)
{
    struct module *m = xcalloc(1, sizeof(*m));
    m->priv = xcalloc(1, sizeof(*m->priv));
    m->priv->ms = ms;
    m->path = arena_strdup(&m->priv->arena, path);
    const char *slash = strrchr(m->path, '/');
    m->name = slash && slash[1] ? slash + 1 : m->path;

    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m->priv->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    return m;
}

void module_free(struct module *m)
{
    struct module_priv *p = m->priv;
    symtab_free(p->symbols);
    dwarf_free(p->dwarf);
    elf_unref(p->elf);
    elf_unref(p->debug);
    elf_unref(p->alt);
    elf_unref(p->mini);
    elf_unref(p->dwp);
    for (size_t i = 0; i < p->dwos.n; i++)
        elf_unref(p->dwos.v[i]);
    vec_done(&p->dwos);
    mapstr_done(&p->dwo);
    map64_done(&p->names);
    vec_done(&p->maps);
    arena_done(&p->arena);
    pthread_mutex_destroy(&p->lock);
    free(p);
    free(m);
}

/* ---- the binary ---- */

static void note_unverified(struct module *m)
{
    const char *why = m->priv->maps.n ? "it fits the mappings" : "of its name alone";
    if (!m->id_from_target)
        m->file.note = arena_printf(&m->priv->arena, "not verified, since %s; taken because %s",
                                    m->build_id.n ? "the dump lacks the target's build-id" : "it has no build-id", why);
}

/* --exe names the file, so the user may insist on one that differs. */
static bool take_exe(struct search *s)
{
    const struct module_opts *o = &s->m->priv->ms->opts;
    if (!s->m->is_exe || !o->exe)
        return false;
    s->accept_mismatch = o->accept_mismatch;
    bool found = search_try(s, o->exe, "--exe");
    s->accept_mismatch = false;
    if (s->part->state == PART_ERROR) /* the user is told, even if another file serves */
        s->part->state = PART_MISMATCH;
    return found;
}

/* The file as the process itself sees it, deleted or in a container. */
static bool take_mapped(struct search *s)
{
    struct image *im = s->m->priv->ms->im;
    if (!im->ops || !im->ops->open_mapped || s->m->priv->maps.n == 0)
        return false;
    SCOPED(closep) int fd = -1;
    struct elf *e = NULL;
    struct err *err = im->ops->open_mapped(im, s->m->priv->maps.v[0], &fd);
    if (!err)
        err = elf_open_fd(fd, s->m->path, &e);
    return search_judge(s, err, e, s->m->path, "mapped file");
}

/* A name without a path: where the dynamic linker looks by default, and with Debian's multiarch. */
static bool take_library(struct search *s)
{
    struct modules *ms = s->m->priv->ms;
    const struct arch *arch = ms->im->arch;
    static const char *const folders[] = {"/usr/lib64", "/lib64", "/usr/lib", "/lib"};
    if (strchr(s->m->path, '/') || !arch)
        return false;
    for (size_t i = 0; i <= ARRAY_LEN(folders); i++) {
        SCOPED(freep)
        char *path = i == 0 ? xasprintf("%s/usr/lib/%s-linux-gnu/%s", ms->roots[0], arch->name, s->m->path)
                            : xasprintf("%s%s/%s", ms->roots[0], folders[i - 1], s->m->path);
        if (search_try(s, path, "library folder"))
            return true;
    }
    return false;
}

static bool take_given(struct search *s)
{
    const struct modules *ms = s->m->priv->ms;
    struct arena *a = &s->m->priv->arena;
    for (size_t i = 0; i < ms->opts.n_debug_dirs; i++) {
        const char *dir = ms->opts.debug_dirs[i];
        if (search_try(s, arena_printf(a, "%s%s", dir, s->m->path), "debug directory") ||
            search_try(s, arena_printf(a, "%s/%s", dir, s->m->name), "debug directory"))
            return true;
    }
    return false;
}

/* Places that a file may have been moved to: only its build-id tells that it is the one. */
static bool take_moved(struct search *s)
{
    struct modules *ms = s->m->priv->ms;
    struct arena *a = &s->m->priv->arena;
    if (!s->id)
        return false;
    if ((ms->opts.sysroot || s->m->path[0] != '/') && search_try(s, s->m->path, "mapped path"))
        return true;
    if (take_library(s))
        return true;
    if (ms->core_dir && search_try(s, arena_printf(a, "%s/%s", ms->core_dir, s->m->name), "beside the core"))
        return true;
    return take_given(s) || search_build_id(s, "") || search_debuginfod(s, "executable");
}

static bool take_by_path(struct search *s)
{
    struct modules *ms = s->m->priv->ms;
    if (s->m->path[0] != '/')
        return false;
    const char *path = arena_printf(&s->m->priv->arena, "%s%s", ms->roots[0], module_inner_path(s->m));
    return search_try(s, path, ms->opts.sysroot ? "sysroot" : "mapped path");
}

static bool take_memory(struct search *s)
{
    struct module *m = s->m;
    s->found = image_elf_whole(m->priv->ms, m);
    if (!s->found)
        return false;
    *s->part = (struct module_part){PART_FOUND, m->path, "memory", s->part->note};
    return true;
}

static bool find_file(struct search *s)
{
    if (s->m->is_vdso)
        return take_memory(s);
    if (take_exe(s) || take_mapped(s) || take_by_path(s) || take_moved(s) || take_memory(s))
        return true;
    /* A debug file tells names and lines at least; the file of the module is missing all the same. */
    s->without_code = true;
    if (!take_exe(s) && !(s->id && take_given(s)))
        return false;
    const char *note = arena_printf(&s->m->priv->arena, "%s holds debug information alone", s->part->path);
    *s->part = (struct module_part){PART_MISSING, s->m->path, NULL, note};
    return true;
}

static void say_no_file(struct module *m)
{
    char id[BUILD_ID_TEXT];
    if (m->file.state == PART_MISMATCH || m->file.state == PART_ERROR)
        return;
    m->file.state = PART_MISSING;
    if (!m->file.path)
        m->file.path = m->path;
    if (m->build_id.n)
        m->file.note = arena_printf(&m->priv->arena, "no file with build-id %s", build_id_text(&m->build_id, id));
}

static void load_file(struct module *m)
{
    struct search s = {.m = m, .part = &m->file, .id = m->id_from_target ? &m->build_id : NULL};
    if (!find_file(&s)) {
        say_no_file(m);
        return;
    }
    m->priv->elf = s.found;
    if (!m->bias_known && elf_fits(s.found, m, &m->bias))
        m->bias_known = true;
    if (!m->id_from_target)
        m->build_id = elf_build_id(s.found);
    if (m->priv->ms->im->kind == IMAGE_CORE && !m->file.note)
        note_unverified(m);
}

struct elf *module_elf(struct module *m)
{
    module_once(m, &m->priv->file_done, load_file);
    return m->priv->elf;
}

/* ---- DWARF ---- */

static void load_dwarf(struct module *m)
{
    struct elf *elf = module_debug_elf(m);
    struct dwarf *d = elf ? dwarf_new(elf, m, DW_MAIN) : NULL;
    if (d && !dwarf_present(d)) {
        dwarf_free(d);
        d = NULL;
    }
    m->priv->dwarf = d;
}

struct dwarf *module_dwarf(struct module *m)
{
    module_once(m, &m->priv->dwarf_done, load_dwarf);
    return m->priv->dwarf;
}

/* ---- unwind tables ---- */

static struct bytes section_with_addr(struct elf *e, const char *name, taddr *addr)
{
    const struct elf_section *s = elf_section(e, name);
    struct bytes b = {NULL, 0};
    /* A damaged table is a missing one: the unwinder says which addresses nothing covers. */
    if (s)
        IGNORE_ERR(elf_section_data(e, s, &b));
    *addr = s && b.n ? s->addr : 0;
    return b;
}

static taddr section_addr(const struct elf *e, const char *name)
{
    size_t n;
    const struct elf_section *s = elf_sections(e, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, name) == 0)
            return s[i].addr;
    return 0;
}

static void load_cfi(struct module *m)
{
    struct module_cfi *c = &m->priv->cfi;
    struct elf *e = module_elf(m), *d = module_debug_elf(m);
    taddr unused;
    if (e) {
        c->eh_frame = section_with_addr(e, ".eh_frame", &c->eh_frame_addr);
        c->eh_frame_hdr = section_with_addr(e, ".eh_frame_hdr", &c->eh_frame_hdr_addr);
        c->debug_frame = section_with_addr(e, ".debug_frame", &unused);
        c->eh_frame_addr += m->bias;
        c->eh_frame_hdr_addr += m->bias;
        c->text_base = section_addr(e, ".text") + m->bias;
        c->data_base = section_addr(e, ".got") + m->bias;
    }
    if (d && d != e && !c->debug_frame.n)
        c->debug_frame = section_with_addr(d, ".debug_frame", &unused);
}

struct module_cfi module_cfi(struct module *m)
{
    module_once(m, &m->priv->cfi_done, load_cfi);
    return m->priv->cfi;
}
