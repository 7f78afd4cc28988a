/* SPDX-License-Identifier: Apache-2.0 */
/* Places that are named: "file.c:12", "function". */
#include "base/work.h"
#include "session/code_priv.h"

#include <ctype.h>

/* A file among the sources of a unit. */
struct source_file_hit {
    struct module *module;
    struct dw_unit *unit;
    const char *path, *name;
};
/* All units that have a file of that name. */
struct source_files {
    VEC(struct source_file_hit) hits;
};

void code_forget_places(struct code *c)
{
    for (size_t i = 0; i < c->all_files.n; i++) {
        vec_done(&c->all_files.v[i]->hits);
        free(c->all_files.v[i]);
    }
    vec_done(&c->all_files);
    mapstr_done(&c->files);
}

/* ---- files ---- */

/* The last components of `path` are `tail`; "./" and the like count as text. */
static bool path_ends_with(const char *path, const char *tail)
{
    size_t n = strlen(path), k = strlen(tail);
    if (k > n || strcmp(path + n - k, tail) != 0)
        return false;
    return k == n || tail[0] == '/' || path[n - k - 1] == '/';
}

static const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

struct file_search {
    struct session *s;
    struct module *module;
    const struct dw_units *units;
    const char *name, *base;
    struct source_file_hit *found; /* a unit; path NULL: none */
    struct arena *arenas;          /* a unit */
};

static void search_unit(void *arg, size_t i)
{
    struct file_search *q = arg;
    struct dw_unit *u = &q->units->v[i];
    struct lines l;
    if (progress_cancelled(q->s->opts.progress) || !dw_unit_root(u)->has_lines)
        return;
    struct err *e = lines_init(&l, u);
    if (e) { /* damage is told where the lines are used */
        err_free(e);
        return;
    }
    for (size_t k = 0; k < l.files.n; k++) {
        if (!l.files.v[k].name || strcmp(path_base(l.files.v[k].name), q->base) != 0)
            continue;
        uint64_t number = l.version < 5 ? k + 1 : k;
        const char *path = lines_path(&l, number, &q->arenas[i]);
        if (path && path_ends_with(path, q->name)) {
            q->found[i] = (struct source_file_hit){
                .module = q->module, .unit = u, .path = path, .name = lines_name(&l, number, &q->arenas[i])};
            break;
        }
    }
    lines_done(&l);
}

static void search_module(struct session *s, struct module *m, const char *name, struct source_files *out)
{
    struct dwarf *d = m->bias_known ? module_dwarf(m) : NULL;
    const struct dw_units *units = d ? dwarf_units(d, false) : NULL;
    if (!units || !units->n)
        return;
    struct file_search q = {.s = s, .module = m, .units = units, .name = name, .base = path_base(name)};
    q.found = xcalloc(units->n, sizeof(*q.found));
    q.arenas = xcalloc(units->n, sizeof(*q.arenas));
    parallel_for(units->n, search_unit, &q);
    for (size_t i = 0; i < units->n; i++) {
        struct source_file_hit *hit = &q.found[i];
        if (hit->path) {
            /* The strings may be those of the file, or of the unit's arena here. */
            hit->path = places_string(&s->places, arena_strdup(&s->arena, hit->path));
            hit->name = places_string(&s->places, arena_strdup(&s->arena, hit->name));
            *vec_push(&out->hits) = *hit;
        }
        arena_done(&q.arenas[i]);
    }
    free(q.found);
    free(q.arenas);
}

static struct err *find_files(struct session *s, const char *name, const struct source_files **out)
{
    struct code *c = code_of(s);
    uint64_t *slot = mapstr_find(&c->files, name, strlen(name));
    if (slot) {
        *out = (const struct source_files *)(uintptr_t)*slot;
        return NULL;
    }
    struct source_files *f = xcalloc(1, sizeof(*f));
    *vec_push(&c->all_files) = f;
    for (size_t i = 0; i < modules_count(s->ms); i++) {
        search_module(s, modules_get(s->ms, i), name, f);
        TRY(session_check(s));
    }
    const char *key = arena_strdup(&s->arena, name);
    *mapstr_put(&c->files, key, strlen(key), NULL) = (uint64_t)(uintptr_t)f;
    *out = f;
    return NULL;
}

/* ---- lines ---- */

/* The best address of a line among all units that have it: an exact one before others, then the nearest line after
 * it, then the lowest address. */
struct line_choice {
    bool any, exact;
    uint32_t line;
    taddr pc;
};

static void consider(struct line_choice *c, const struct line_entry *e, bool exact, taddr bias)
{
    taddr pc = e->pc + bias;
    bool better = !c->any || (exact && !c->exact) ||
                  (exact == c->exact && (e->line < c->line || (e->line == c->line && pc < c->pc)));
    if (better)
        *c = (struct line_choice){.any = true, .exact = exact, .line = e->line, .pc = pc};
}

static const struct line_table_file *table_file(const struct line_table *t, const char *path)
{
    for (size_t i = 0; i < t->files.n; i++)
        if (strcmp(t->files.v[i].path, path) == 0)
            return &t->files.v[i];
    return NULL;
}

/* The table is read and dropped again: a header may be in thousands of units. */
static void consider_unit(struct line_choice *best, const struct source_file_hit *hit, uint32_t line)
{
    struct line_table t;
    struct err *e = line_table_load(hit->unit, &t);
    const struct line_table_file *f = table_file(&t, hit->path);
    bool exact;
    const struct line_entry *entry = f ? line_table_find(f, line, &exact) : NULL;
    if (entry)
        consider(best, entry, exact, hit->module->bias);
    line_table_done(&t);
    err_free(e); /* damage is told where the unit's code is shown */
}

static struct err *find_code(struct session *s, const struct source_files *files, struct code_place *p)
{
    struct line_choice best = {0};
    for (size_t i = 0; i < files->hits.n && !best.exact; i++) {
        const struct source_file_hit *hit = &files->hits.v[i];
        if (hit->path != p->file)
            continue;
        TRY(session_check(s));
        consider_unit(&best, hit, p->line);
    }
    struct code_line at;
    if (best.any && session_line_at(s, best.pc, &at)) {
        p->start = at.start;
        p->end = at.line == p->line ? at.end : at.start;
    }
    return NULL;
}

/* ---- what is asked ---- */

typedef VEC(struct code_place) place_list;

static struct err *give(struct session *s, place_list *list, struct code_places *out)
{
    struct code_place *v = arena_array(&s->arena, struct code_place, list->n ? list->n : 1);
    for (size_t i = 0; i < list->n; i++)
        v[i] = list->v[i];
    *out = (struct code_places){.v = v, .n = list->n};
    vec_done(list);
    return NULL;
}

static struct err *line_places(struct session *s, const char *file, uint32_t line, bool code, struct code_places *out)
{
    const struct source_files *files;
    place_list list = {0};
    TRY(find_files(s, file, &files));
    if (!files->hits.n)
        return err_new(ERR_NOT_FOUND, "no source file named %s", file);
    for (size_t i = 0; i < files->hits.n; i++) {
        const struct source_file_hit *hit = &files->hits.v[i];
        bool known = false;
        for (size_t k = 0; k < list.n && !known; k++)
            known = list.v[k].file == hit->path;
        if (!known)
            *vec_push(&list) =
                (struct code_place){.file = hit->path, .name = hit->name, .line = line, .module = hit->module};
    }
    struct err *e = NULL;
    for (size_t i = 0; code && !e && i < list.n; i++)
        e = find_code(s, files, &list.v[i]);
    if (e) {
        vec_done(&list);
        return e;
    }
    return give(s, &list, out);
}

static void add_function(struct session *s, taddr entry, const char *name, place_list *list)
{
    struct code_line at;
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].entry == entry)
            return; /* one function may have several names, or several DIEs */
    struct code_place p = {.function = name, .entry = entry, .module = modules_find(s->ms, entry)};
    if (session_line_at(s, entry, &at)) {
        p.file = at.file;
        p.name = at.name;
        p.line = at.line;
        p.start = at.start;
        p.end = at.end;
    }
    *vec_push(list) = p;
}

static bool entry_of(const struct dw_die *die, taddr *out)
{
    struct dw_ranges it;
    struct dw_range r;
    if (!dw_ranges_init(&it, die) || !dw_ranges_next(&it, &r))
        return false;
    *out = r.start;
    return true;
}

/* Where the unit has inlined a function that has no code of its own. */
static bool inlined_entry(const struct dw_die *function, taddr *out)
{
    struct dw_die root, die, origin;
    struct dw_walk w;
    if (!dw_die_root(function->unit, &root))
        return false;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die))
        if (dw_tag(&die) == DW_TAG_inlined_subroutine && dw_attr_die(&die, DW_AT_abstract_origin, &origin) &&
            origin.unit == function->unit && origin.offset == function->offset && entry_of(&die, out))
            return true;
    return false;
}

/* Its own code, or (`inlined`) that where it was inlined. */
static void add_hit(struct session *s, const struct index_hit *hit, bool inlined, place_list *list)
{
    struct symbol sym;
    const char *name = hit->name, *symbol;
    taddr entry;
    if (!hit->die.unit) {
        add_function(s, hit->symbol.addr, session_symbol_name(s, &hit->symbol), list);
        return;
    }
    if (!hit->module->bias_known || !(inlined ? inlined_entry(&hit->die, &entry) : entry_of(&hit->die, &entry)))
        return;
    entry += hit->module->bias;
    if (!inlined && session_symbol(s, entry, &sym, &symbol))
        name = symbol;
    add_function(s, entry, name, list);
}

/* "ns::fn(int)" without what is in brackets; the whole is then compared with the demangled name. */
static char *without_parameters(const char *name)
{
    const char *open = strchr(name, '(');
    if (!open || open == name || begins_with(name, "(anonymous"))
        return xstrdup(name);
    return xstrndup(name, (size_t)(open - name));
}

static bool same_text(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (*a != *b || !*a)
            return *a == *b;
    }
}

/* The whole name, or what follows some of its scopes. */
static bool names_function(const char *whole, const char *name)
{
    size_t n = strlen(whole);
    for (size_t i = 0; i < n; i++)
        if ((i == 0 || (whole[i - 1] == ':' || whole[i - 1] == ' ')) && same_text(whole + i, name))
            return true;
    return false;
}

static void keep_overload(place_list *list, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++)
        if (names_function(list->v[i].function, name))
            list->v[kept++] = list->v[i];
    list->n = kept;
}

static struct err *function_places(struct session *s, const char *file, const char *name, struct code_places *out)
{
    struct index *ix = session_index(s);
    struct index_hits hits;
    place_list list = {0};
    SCOPED(freep) char *plain = without_parameters(name);
    if (file)
        TRY(index_find_in_file(ix, file, plain, INDEX_FUNCTION, &hits));
    else
        TRY(index_find(ix, plain, INDEX_FUNCTION, true, NULL, &hits));
    for (size_t i = 0; i < hits.n; i++)
        add_hit(s, &hits.v[i], false, &list);
    for (size_t i = 0; i < hits.n && !list.n; i++)
        add_hit(s, &hits.v[i], true, &list);
    if (strcmp(plain, name) != 0)
        keep_overload(&list, name);
    if (!list.n) {
        vec_done(&list);
        struct err *e = err_new(ERR_NOT_FOUND, "function \"%s\" not defined", name);
        return file ? err_prefix(e, "in \"%s\"", file) : e;
    }
    return give(s, &list, out);
}

/* Where the function or line after the file begins: the last ':' that is not of a "::"; NULL: no file is named. */
static const char *file_end(const char *spec)
{
    for (size_t i = strlen(spec); i-- > 1;) {
        if (spec[i] != ':')
            continue;
        if (spec[i - 1] == ':') {
            i--;
            continue;
        }
        return spec + i;
    }
    return NULL;
}

static bool line_number(const char *text, uint32_t *out)
{
    uint64_t v = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at); at++)
        v = v > UINT32_MAX ? v : v * 10 + (uint64_t)(*at - '0');
    *out = v > INT32_MAX ? INT32_MAX : (uint32_t)v;
    return at > text && *at == '\0';
}

/* Without the quotes that may stand around the file, the function, or all of it. Heap. */
static char *unquoted(const char *spec)
{
    char *out = xstrdup(spec), *to = out;
    for (const char *p = spec; *p; p++)
        if (*p != '"' && *p != '\'')
            *to++ = *p;
    *to = '\0';
    return out;
}

struct err *session_places(struct session *s, const char *quoted, const char *file, bool code, struct code_places *out)
{
    SCOPED(freep) char *spec = unquoted(quoted);
    uint32_t line;
    const char *colon = file_end(spec);
    if (line_number(spec, &line)) {
        if (!file)
            return err_new(ERR_USAGE, "no default source file: give FILE:LINE");
        return line_places(s, file, line, code, out);
    }
    if (!colon)
        return function_places(s, NULL, spec, out);
    SCOPED(freep) char *name = xstrndup(spec, (size_t)(colon - spec));
    if (line_number(colon + 1, &line))
        return line_places(s, name, line, code, out);
    return function_places(s, name, colon + 1, out);
}
