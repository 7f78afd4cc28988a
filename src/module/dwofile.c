/* SPDX-License-Identifier: Apache-2.0 */
/* Split DWARF (DWARF 5 section 7.3.5): a .dwp beside the binary holds all units, else each has its .dwo. */
#include "module/module_priv.h"

#include <libgen.h>

/* Split files have no build-id; their reader compares the id of the unit. */
static struct elf *open_plain(const char *path)
{
    struct elf *e = NULL;
    IGNORE_ERR(elf_open(path, &e)); /* one of many places */
    return e;
}

static struct elf *try_dwp(const char *path, const char *strip)
{
    size_t n = strlen(path), cut = strlen(strip);
    if (n <= cut || strcmp(path + n - cut, strip) != 0)
        return NULL;
    SCOPED(freep) char *dwp = xasprintf("%.*s.dwp", (int)(n - cut), path);
    return open_plain(dwp);
}

static void load_dwp(struct module *m)
{
    struct module_priv *p = m->priv;
    const struct elf *files[] = {module_elf(m), module_debug_elf(m)};
    for (size_t i = 0; i < ARRAY_LEN(files) && !p->dwp; i++) {
        if (!files[i])
            continue;
        SCOPED(freep) char *real = realpath(elf_path(files[i]), NULL);
        p->dwp = try_dwp(elf_path(files[i]), "");
        if (!p->dwp && real)
            p->dwp = try_dwp(real, "");
        if (!p->dwp)
            p->dwp = try_dwp(elf_path(files[i]), ".debug");
    }
    for (size_t i = 0; i < p->ms->debug_dirs.n && !p->dwp; i++) {
        SCOPED(freep) char *path = xasprintf("%s%s", p->ms->debug_dirs.v[i], m->path);
        p->dwp = try_dwp(path, "");
    }
}

static struct elf *open_below(const struct module *m, const char *path)
{
    const struct modules *ms = m->priv->ms;
    struct elf *e = NULL;
    for (size_t i = 0; i < ms->n_roots && !e; i++) {
        SCOPED(freep) char *at = xasprintf("%s%s", ms->roots[i], path);
        e = open_plain(at);
    }
    for (size_t i = 0; i < ms->debug_dirs.n && !e; i++) {
        SCOPED(freep) char *at = xasprintf("%s%s", ms->debug_dirs.v[i], path);
        e = open_plain(at);
    }
    return e;
}

/* The build's folder is often gone, but the .dwo was moved together with the binary. */
static struct elf *open_beside(struct module *m, const char *dwo_name)
{
    const struct modules *ms = m->priv->ms;
    const struct elf *binary = module_elf(m);
    const char *slash = strrchr(dwo_name, '/');
    const char *names[] = {dwo_name, slash ? slash + 1 : dwo_name};
    struct elf *e = NULL;
    SCOPED(freep) char *copy = xstrdup(binary ? elf_path(binary) : m->path);
    const char *dir = dirname(copy);
    for (size_t i = 0; i < ARRAY_LEN(names) && !e; i++) {
        SCOPED(freep) char *at = xasprintf("%s/%s", dir, names[i]);
        e = open_plain(at);
        for (size_t k = 0; k < ms->opts.n_debug_dirs && !e; k++) {
            SCOPED(freep) char *below = xasprintf("%s/%s", ms->opts.debug_dirs[k], names[i]);
            e = open_plain(below);
        }
    }
    return e;
}

static struct elf *dwo_once(struct module *m, const char *comp_dir, const char *dwo_name)
{
    struct module_priv *p = m->priv;
    bool absolute = dwo_name[0] == '/' || !comp_dir || !comp_dir[0];
    SCOPED(freep) char *path = absolute ? xstrdup(dwo_name) : xasprintf("%s/%s", comp_dir, dwo_name);
    uint64_t *known = mapstr_find(&p->dwo, path, strlen(path));
    if (known)
        return (struct elf *)(uintptr_t)*known;
    struct elf *e = path[0] == '/' ? open_below(m, path) : NULL;
    if (!e)
        e = open_beside(m, dwo_name);
    if (e)
        *vec_push(&p->dwos) = e;
    *mapstr_put(&p->dwo, arena_strdup(&p->arena, path), strlen(path), NULL) = (uint64_t)(uintptr_t)e;
    return e;
}

struct elf *module_find_dwo(struct module *m, const char *comp_dir, const char *dwo_name, bool *is_dwp)
{
    struct module_priv *p = m->priv;
    pthread_mutex_lock(&p->lock);
    if (!p->dwp_tried) {
        load_dwp(m);
        p->dwp_tried = true;
    }
    *is_dwp = p->dwp != NULL;
    struct elf *e = p->dwp ? p->dwp : dwo_name ? dwo_once(m, comp_dir, dwo_name) : NULL;
    pthread_mutex_unlock(&p->lock);
    return e;
}
