/* SPDX-License-Identifier: Apache-2.0 */
/* Where things of the source are declared, and what symbol tables alone know. */
#include "module/line.h"
#include "module/signature.h"
#include "session/code_priv.h"

#include <elf.h>

enum { HOPS_MAX = 4 };

/* The files of a unit's line table, by number. */
struct unit_files {
    const char **v;
    size_t n;
};

/* A copy that lives as long as the stacks; equal names are one pointer. */
static const char *keep_name(struct session *s, const char *name)
{
    const uint64_t *known = mapstr_find(&s->places.strings, name, strlen(name));
    return known ? (const char *)(uintptr_t)*known : places_string(&s->places, arena_strdup(&s->arena, name));
}

static struct unit_files *read_files(struct session *s, struct dw_unit *u)
{
    struct unit_files *out = arena_new(&s->arena, struct unit_files);
    struct arena scratch = {0};
    struct lines l;
    struct err *e = lines_init(&l, u);
    if (!e) {
        out->n = l.files.n + 1; /* before version 5 numbers begin with 1 */
        out->v = arena_array(&s->arena, const char *, out->n);
        for (size_t i = 0; i < out->n; i++) {
            const char *name = lines_name(&l, i, &scratch);
            out->v[i] = name ? keep_name(s, name) : NULL;
        }
        lines_done(&l);
    }
    err_free(e); /* a unit without lines names no files */
    arena_done(&scratch);
    return out;
}

static const struct unit_files *files_of(struct session *s, struct dw_unit *u)
{
    bool fresh;
    uint64_t *slot = map64_put(&code_of(s)->declared, (uint64_t)(uintptr_t)u, &fresh);
    if (fresh)
        *slot = (uint64_t)(uintptr_t)read_files(s, u);
    return (const struct unit_files *)(uintptr_t)*slot;
}

static bool is_cxx(const struct dw_root *root)
{
    const char *language = dw_language_name(root->language);
    return language && strcmp(language, "c++") == 0;
}

/* C++ has one type of a name in the whole program. */
static bool is_cxx_record(const struct dw_die *die, const struct dw_root *root)
{
    uint16_t tag = dw_tag(die);
    bool named = tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
                 tag == DW_TAG_enumeration_type;
    return named && is_cxx(root);
}

/* Demangled, without the result that templates have in front. */
static const char *full_name(struct session *s, const char *linkage)
{
    SCOPED(freep) char *whole = demangle(linkage);
    struct bytes name = whole ? signature_name(whole) : (struct bytes){0};
    return name.n && strchr(whole, '(') ? keep_name(s, (const char *)name.p) : NULL;
}

void session_declared(struct session *s, const struct dw_die *die, struct code_declared *out)
{
    struct dw_die at = *die;
    const char *linkage = NULL;
    uint64_t file, line;
    bool has_file = false, has_line = false;
    const struct dw_root *root = dw_unit_root(die->unit);
    *out = (struct code_declared){.file = root->name, .external = is_cxx_record(die, root)};
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        if (!has_line && dw_attr_uint(&at, DW_AT_decl_line, &line)) {
            out->line = (uint32_t)line;
            has_line = true;
        }
        if (!has_file && dw_attr_uint(&at, DW_AT_decl_file, &file)) {
            const struct unit_files *files = files_of(s, at.unit);
            out->file = file < files->n && files->v[file] ? files->v[file] : out->file;
            has_file = true;
        }
        if (!linkage)
            linkage = dw_attr_string(&at, DW_AT_linkage_name);
        out->external |= dw_attr_flag(&at, DW_AT_external);
        if (!dw_attr_die(&at, DW_AT_specification, &at) && !dw_attr_die(&at, DW_AT_abstract_origin, &at))
            break;
    }
    out->full = linkage && dw_tag(die) == DW_TAG_subprogram && is_cxx(root) ? full_name(s, linkage) : NULL;
}

struct symbol_walk {
    struct session *s;
    bool (*fn)(void *arg, const struct symbol *sym, const char *name);
    void *arg;
    bool code, more;
};

static bool visit_symbol(void *arg, const struct symbol *sym)
{
    struct symbol_walk *w = arg;
    struct module *m;
    bool code = sym->type == STT_FUNC || sym->type == STT_GNU_IFUNC || sym->type == STT_NOTYPE;
    if (progress_cancelled(w->s->opts.progress))
        w->more = false;
    else if (code == w->code && (!code || !code_unit_at(w->s, sym->addr, &m)))
        w->more = w->fn(w->arg, sym, session_symbol_name(w->s, sym));
    return w->more;
}

struct err *session_each_symbol(struct session *s, bool code,
                                bool (*fn)(void *arg, const struct symbol *sym, const char *name), void *arg)
{
    struct symbol_walk w = {.s = s, .fn = fn, .arg = arg, .code = code, .more = true};
    for (size_t i = 0; i < modules_count(s->ms) && w.more; i++)
        module_each_symbol(modules_get(s->ms, i), visit_symbol, &w);
    return session_check(s);
}
