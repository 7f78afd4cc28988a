/* SPDX-License-Identifier: Apache-2.0 */
/* The search for debug files, in the order that the gdb manual describes ("Debugging Information in
 * Separate Files"): build-id, .gnu_debuglink, then the servers; and the supplements of dwz(1). */
#include "module/module_priv.h"

#include <elf.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <libgen.h>
#include <limits.h>

/* ---- judging one candidate ---- */

static bool crc_matches(const struct search *s, const struct elf *e)
{
    struct bytes b = elf_bytes(e);
    return libdeflate_crc32(0, b.p, b.n) == s->crc;
}

/* The checksum of a DWARF 5 supplement stands in itself, not in a build-id note. */
static struct build_id file_id(struct elf *e)
{
    struct build_id id = elf_build_id(e);
    struct bytes b;
    struct debug_link sup;
    if (id.n == 0 && elf_section(e, ".debug_sup")) {
        struct err *err = elf_data(e, ".debug_sup", &b);
        if (!err && debug_sup_parse(b, &sup))
            id = sup.id;
        err_free(err);
    }
    return id;
}

/* The first place is the one the user expects, so it stays unless a later one tells more. */
static void say_missing(struct search *s, const char *path, struct err *e)
{
    if (e->code == ERR_NOT_FOUND) {
        if (!s->part->path)
            *s->part = (struct module_part){PART_MISSING, path, NULL, NULL};
    } else if (s->part->state != PART_MISMATCH) {
        SCOPED(freep) char *text = err_text(e);
        *s->part = (struct module_part){PART_ERROR, path, NULL, arena_strdup(&s->m->priv->arena, text)};
    }
    err_free(e);
}

static void say_mismatch(struct search *s, const char *path, const char *note)
{
    /* The first that differs is the one the user expects to be used. */
    if (s->part->state == PART_MISMATCH)
        return;
    *s->part = (struct module_part){PART_MISMATCH, path, NULL, note};
}

static const char *id_note(struct search *s, const struct build_id *found, const char *path)
{
    char a[BUILD_ID_TEXT], b[BUILD_ID_TEXT];
    return arena_printf(&s->m->priv->arena, "%s has %s%s, the target's is %s", path,
                        found->n ? "build-id " : "no build-id", build_id_text(found, a), build_id_text(s->id, b));
}

/* NULL when the file is the wanted one, else why not. */
static const char *refusal(struct search *s, struct elf *e, const char *path)
{
    struct arena *a = &s->m->priv->arena;
    const struct arch *want = s->m->priv->ms->im->arch;
    if (want && elf_arch(e) != want)
        return arena_printf(a, "%s is for another processor", path);
    struct build_id id = file_id(e);
    if (s->id && s->id->n && (id.n || !s->has_crc))
        return build_id_equal(&id, s->id) ? NULL : id_note(s, &id, path);
    if (s->has_crc)
        return crc_matches(s, e) ? NULL : arena_printf(a, "%s has another CRC than .gnu_debuglink says", path);
    taddr bias;
    if (s->m->priv->maps.n && !elf_fits(e, s->m, &bias))
        return arena_printf(a, "the segments of %s do not fit the target's mappings", path);
    return NULL;
}

/* As objcopy --only-keep-debug leaves it: sections of code are named, but their bytes, and those of the unwind tables,
 * are not there. */
static bool lacks_code(const struct elf *e)
{
    size_t n;
    const struct elf_section *sections = elf_sections(e, &n);
    for (size_t i = 0; i < n; i++)
        if (sections[i].type == SHT_NOBITS && (sections[i].flags & SHF_EXECINSTR))
            return true;
    return false;
}

bool search_judge(struct search *s, struct err *err, struct elf *e, const char *path, const char *how)
{
    path = arena_strdup(&s->m->priv->arena, path);
    if (err) {
        say_missing(s, path, err);
        return false;
    }
    /* Not worth a word: it is tried as the debug file. */
    if (s->part == &s->m->file && !s->without_code && lacks_code(e)) {
        elf_unref(e);
        return false;
    }
    const char *why_not = refusal(s, e, path);
    if (why_not && !s->accept_mismatch) {
        elf_unref(e);
        say_mismatch(s, path, why_not);
        return false;
    }
    s->found = e;
    /* A file with another build-id at the expected place stays worth knowing. */
    const char *note = s->part->state == PART_MISMATCH ? s->part->note : why_not;
    *s->part = (struct module_part){PART_FOUND, path, how, note};
    return true;
}

bool search_try(struct search *s, const char *path, const char *how)
{
    struct elf *e = NULL;
    struct err *err = elf_open(path, &e);
    return search_judge(s, err, e, path, how);
}

bool search_build_id(struct search *s, const char *suffix)
{
    const struct modules *ms = s->m->priv->ms;
    char text[BUILD_ID_TEXT];
    if (!s->id || s->id->n < 2)
        return false;
    build_id_text(s->id, text);
    for (size_t i = 0; i < ms->debug_dirs.n; i++) {
        SCOPED(freep) char *path = xasprintf("%s/.build-id/%.2s/%s%s", ms->debug_dirs.v[i], text, text + 2, suffix);
        if (search_try(s, path, "build-id"))
            return true;
    }
    return false;
}

/* ---- links in sections ---- */

bool debug_link_parse(struct bytes section, struct debug_link *out)
{
    struct cursor c = cursor_of(section, 0, ".gnu_debuglink");
    *out = (struct debug_link){.name = cursor_cstr(&c)};
    cursor_skip(&c, (4 - cursor_offset(&c) % 4) % 4);
    out->crc = cursor_u32(&c);
    /* A name only: a path in it would lead out of the folders that are searched. */
    return !c.failed && out->name[0] && !strchr(out->name, '/');
}

bool debug_altlink_parse(struct bytes section, struct debug_link *out)
{
    struct cursor c = cursor_of(section, 0, ".gnu_debugaltlink");
    *out = (struct debug_link){.name = cursor_cstr(&c)};
    struct bytes id = cursor_bytes(&c, cursor_left(&c));
    if (c.failed || !out->name[0] || id.n == 0)
        return false;
    out->id = build_id_of(id);
    return true;
}

bool debug_sup_parse(struct bytes section, struct debug_link *out)
{
    struct cursor c = cursor_of(section, 0, ".debug_sup");
    cursor_skip(&c, 2 + 1); /* version, is_supplementary */
    *out = (struct debug_link){.name = cursor_cstr(&c)};
    struct bytes id = cursor_bytes(&c, (size_t)cursor_uleb(&c));
    if (c.failed || id.n == 0)
        return false;
    out->id = build_id_of(id);
    return true;
}

/* ---- the debug file ---- */

static bool has_dwarf(const struct elf *e)
{
    return e && elf_section(e, ".debug_info");
}

/* The folder of a path, and what it leads to through links (/lib for /usr/lib). */
static char *folder_of(const char *path)
{
    SCOPED(freep) char *copy = xstrdup(path);
    return xstrdup(dirname(copy));
}

static char *real_folder(const char *path)
{
    SCOPED(freep) char *real = realpath(path, NULL);
    return folder_of(real ? real : path);
}

static bool try_in(struct search *s, const char *a, const char *b, const char *name)
{
    SCOPED(freep) char *path = xasprintf("%s%s/%s", a, b, name);
    return search_try(s, path, "debuglink");
}

static bool try_debuglink_dir(struct search *s, const char *dir, const char *name)
{
    const struct modules *ms = s->m->priv->ms;
    if (try_in(s, dir, "", name) || try_in(s, dir, "/.debug", name))
        return true;
    for (size_t i = 0; i < ms->debug_dirs.n; i++)
        if (try_in(s, ms->debug_dirs.v[i], dir, name))
            return true;
    return false;
}

static bool read_debuglink(struct elf *binary, struct debug_link *out)
{
    struct bytes b = {NULL, 0};
    if (binary)
        IGNORE_ERR(elf_data(binary, ".gnu_debuglink", &b)); /* damaged: as good as none */
    return b.n && debug_link_parse(b, out);
}

static bool search_debuglink(struct search *s, const struct elf *binary, const struct debug_link *to)
{
    struct modules *ms = s->m->priv->ms;
    s->has_crc = true;
    s->crc = to->crc;
    SCOPED(freep) char *real = real_folder(elf_path(binary));
    SCOPED(freep) char *named = folder_of(module_inner_path(s->m));
    if (try_debuglink_dir(s, real, to->name))
        return true;
    for (size_t i = 0; i < ms->n_roots; i++) {
        SCOPED(freep) char *dir = xasprintf("%s%s", ms->roots[i], named);
        if (strcmp(dir, real) != 0 && try_debuglink_dir(s, dir, to->name))
            return true;
    }
    for (size_t i = 0; i < ms->debug_dirs.n; i++)
        if (try_in(s, ms->debug_dirs.v[i], named, to->name) || try_in(s, ms->debug_dirs.v[i], "", to->name))
            return true;
    return false;
}

static bool try_dwarf(struct search *s, const char *path, const char *how)
{
    struct elf *e = NULL;
    struct err *err = elf_open(path, &e);
    if (err || !has_dwarf(e)) {
        err_free(err);
        elf_unref(e);
        return false;
    }
    return search_judge(s, NULL, e, path, how);
}

/* DIR/NAME.debug, as builds call what they split off, or an unstripped copy. */
static bool try_dwarf_named(struct search *s, const char *dir, const char *name, const char *how)
{
    SCOPED(freep) char *split = xasprintf("%s/%s.debug", dir, name);
    SCOPED(freep) char *whole = xasprintf("%s/%s", dir, name);
    return try_dwarf(s, split, how) || try_dwarf(s, whole, how);
}

/* By its name where the user keeps such files. A build-id tells whether it is the one; without one none is taken. */
static bool search_named(struct search *s, const struct elf *binary)
{
    const struct modules *ms = s->m->priv->ms;
    const char *inner = module_inner_path(s->m);
    if (!s->id || !s->id->n)
        return false;
    for (size_t i = 0; i < ms->opts.n_debug_dirs; i++)
        if ((inner[0] == '/' && try_dwarf_named(s, ms->opts.debug_dirs[i], inner + 1, "debug directory")) ||
            try_dwarf_named(s, ms->opts.debug_dirs[i], s->m->name, "debug directory"))
            return true;
    if (ms->core_dir && try_dwarf_named(s, ms->core_dir, s->m->name, "beside the core"))
        return true;
    SCOPED(freep) char *real = binary && elf_path(binary) ? real_folder(elf_path(binary)) : NULL;
    return real && try_dwarf_named(s, real, s->m->name, "beside the binary");
}

static void say_no_debug(struct module *m, const struct build_id *id, const char *link)
{
    struct arena *a = &m->priv->arena;
    char text[BUILD_ID_TEXT];
    if (m->debug.state == PART_MISMATCH || m->debug.state == PART_ERROR)
        return;
    m->debug.state = PART_MISSING;
    m->debug.path = NULL;
    if (id)
        m->debug.note = arena_printf(a, "no debug file for build-id %s", build_id_text(id, text));
    else if (link)
        m->debug.note = arena_printf(a, "its debug file %s was not found", link);
    else
        m->debug.note = "no debug information, and no build-id to find it by";
}

static void load_debug(struct module *m)
{
    struct elf *binary = module_elf(m);
    if (has_dwarf(binary)) {
        m->priv->debug = elf_ref(binary);
        bool whole = m->file.state == PART_FOUND;
        m->debug = (struct module_part){PART_FOUND, whole ? m->file.path : elf_path(binary),
                                        whole ? "in the binary" : "debug file alone", NULL};
        return;
    }
    if (m->is_vdso) {
        m->debug = (struct module_part){PART_NONE, NULL, NULL, NULL};
        return;
    }
    /* That of the binary, which --exe may have made another one than the target's. */
    struct build_id id = binary ? elf_build_id(binary) : m->build_id;
    if (!id.n)
        id = m->build_id;
    struct debug_link link = {0};
    bool has_link = read_debuglink(binary, &link);
    struct search s = {.m = m, .part = &m->debug, .id = id.n ? &id : NULL};
    const char *exe = m->is_exe ? m->priv->ms->opts.exe : NULL;
    if ((exe && try_dwarf(&s, exe, "--exe")) || search_build_id(&s, ".debug") ||
        (has_link && search_debuglink(&s, binary, &link)) || search_named(&s, binary) ||
        search_debuginfod(&s, "debuginfo"))
        m->priv->debug = s.found;
    else
        say_no_debug(m, s.id, link.name);
}

struct elf *module_debug_elf(struct module *m)
{
    module_once(m, &m->priv->debug_done, load_debug);
    return m->priv->debug;
}

/* ---- the supplement that dwz split off ---- */

static bool read_alt_link(struct elf *e, struct debug_link *link)
{
    struct bytes b = {NULL, 0};
    IGNORE_ERR(elf_data(e, ".gnu_debugaltlink", &b)); /* damaged: as good as none */
    if (b.n)
        return debug_altlink_parse(b, link);
    IGNORE_ERR(elf_data(e, ".debug_sup", &b));
    return b.n && debug_sup_parse(b, link) && link->name[0];
}

static bool search_alt_by_name(struct search *s, const char *debug_path, const char *name)
{
    const struct modules *ms = s->m->priv->ms;
    if (name[0] == '/') {
        for (size_t i = 0; i < ms->n_roots; i++) {
            SCOPED(freep) char *path = xasprintf("%s%s", ms->roots[i], name);
            if (search_try(s, path, "altlink"))
                return true;
        }
    } else {
        /* Relative to the debug file itself, which is often reached through a link. */
        SCOPED(freep) char *dir = real_folder(debug_path);
        SCOPED(freep) char *path = xasprintf("%s/%s", dir, name);
        if (search_try(s, path, "altlink"))
            return true;
    }
    const char *slash = strrchr(name, '/');
    for (size_t i = 0; i < ms->debug_dirs.n; i++) {
        SCOPED(freep) char *path = xasprintf("%s/.dwz/%s", ms->debug_dirs.v[i], slash ? slash + 1 : name);
        if (search_try(s, path, "altlink"))
            return true;
    }
    return false;
}

static void load_alt(struct module *m)
{
    struct elf *debug = module_debug_elf(m);
    struct debug_link link;
    m->alt = (struct module_part){PART_NONE, NULL, NULL, NULL};
    if (!debug || !read_alt_link(debug, &link))
        return;
    struct search s = {.m = m, .part = &m->alt, .id = &link.id};
    if (search_alt_by_name(&s, elf_path(debug), link.name) || search_build_id(&s, ".debug") ||
        search_debuginfod(&s, "debuginfo")) {
        m->priv->alt = s.found;
        return;
    }
    if (m->alt.state != PART_MISMATCH) {
        m->alt.state = PART_MISSING;
        m->alt.path = arena_strdup(&m->priv->arena, link.name);
        m->alt.note = "the supplement that dwz made is not installed; names and types are incomplete";
    }
}

struct elf *module_alt_elf(struct module *m)
{
    module_once(m, &m->priv->alt_done, load_alt);
    return m->priv->alt;
}
