/* SPDX-License-Identifier: Apache-2.0 */
/* Looking names up. */
#include "value/index_priv.h"

#include "module/signature.h"

struct index *index_new(struct modules *ms, struct progress *progress)
{
    struct index *ix = xcalloc(1, sizeof(*ix));
    size_t n = modules_count(ms);
    ix->ms = ms;
    ix->progress = progress;
    ix->modules = xcalloc(n, sizeof(*ix->modules));
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++)
            if (modules_get(ms, i)->is_exe == (pass == 0))
                ix->modules[ix->n++].m = modules_get(ms, i);
    return ix;
}

void index_free(struct index *ix)
{
    if (!ix)
        return;
    for (size_t i = 0; i < ix->n; i++)
        index_module_done(&ix->modules[i]);
    free(ix->modules);
    mapstr_done(&ix->known);
    text_done(&ix->scratch);
    dw_scopes_done(&ix->paths);
    arena_done(&ix->arena);
    free(ix);
}

/* ---- one entry ---- */

static const uint16_t links[] = {DW_AT_specification, DW_AT_abstract_origin, DW_AT_signature};

bool index_entry_die(const struct index_module *im, const struct index_entry *e, struct index_hit *out,
                     struct dw_die *declared)
{
    struct dw_unit *u = im->units.v[e->where >> INDEX_WHERE_BITS];
    struct dw_value link;
    *out = (struct index_hit){
        .kind = index_entry_kind(e),
        .declaration = e->where & INDEX_ENTRY_DECLARATION,
        .module = im->m,
    };
    if (!dw_die_at(u, u->offset + e->offset, &out->die))
        return false;
    *declared = out->die;
    out->name = dw_attr_string(&out->die, DW_AT_name);
    if (out->name && !(e->where & INDEX_ENTRY_FAR))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        if (!dw_attr(&out->die, links[i], &link))
            continue;
        const char *name = index_linked_name(u, &link, declared);
        if (!out->name)
            out->name = name;
        break;
    }
    return out->name;
}

/* ---- scopes ---- */

struct scope_match {
    const struct name_parts *name;
    size_t left; /* names that are still to be met, from the last */
    bool anywhere;
};

/* One scope outwards; false when it does not fit. */
static bool match_scope(struct scope_match *m, const char *name, bool transparent)
{
    if (m->left && names_equal(name_bytes(name), m->name->v[m->left - 1])) {
        m->left--;
        return true;
    }
    return transparent || (m->anywhere && m->left == 0);
}

const char *index_path_name(const struct dw_die *die, bool *transparent)
{
    const char *name = dw_attr_string(die, DW_AT_name);
    *transparent = false;
    switch (dw_tag(die)) {
    case DW_TAG_namespace:
        *transparent = !name || dw_attr_flag(die, DW_AT_export_symbols);
        return name ? name : "(anonymous namespace)";
    case DW_TAG_enumeration_type:
        *transparent = !dw_attr_flag(die, DW_AT_enum_class);
        return name;
    default:
        return name;
    }
}

static bool far_matches(struct index *ix, struct scope_match *m, const struct dw_die *declared)
{
    struct dw_die path[INDEX_MAX_PATH];
    size_t n = dw_die_path(&ix->paths, declared->unit, declared->offset, path, INDEX_MAX_PATH);
    if (n > INDEX_MAX_PATH)
        return false;
    while (n-- > 0) {
        bool transparent;
        const char *name = index_path_name(&path[n], &transparent);
        uint16_t tag = dw_tag(&path[n]);
        if (tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block)
            return m->anywhere && m->left == 0;
        if (name && !match_scope(m, name, transparent))
            return false;
    }
    return m->left == 0;
}

/* Do the parts of the name before its last say where an entry stands? */
static bool scope_matches(struct index *ix, const struct index_part *p, const struct index_entry *e,
                          const struct dw_die *declared, const struct name_parts *name, bool anywhere)
{
    struct scope_match m = {.name = name, .left = name->n - 1, .anywhere = anywhere && !name->global};
    if (e->where & INDEX_ENTRY_FAR)
        return far_matches(ix, &m, declared);
    for (uint32_t s = e->scope; s; s = p->scopes.v[s].parent)
        if (!match_scope(&m, p->scopes.v[s].name, p->scopes.v[s].transparent))
            return false;
    return m.left == 0;
}

/* ---- a question ---- */

struct question {
    struct index *ix;
    struct name_parts name;
    unsigned kinds;
    bool anywhere;
    const char *file; /* NULL: any */
    uint32_t hash;    /* of the last part */
    uint32_t stem;    /* as above, without template arguments */
    bool has_arguments;
    VEC(struct index_hit) hits[2]; /* definitions, declarations */
};

/* Is `file` the end of the unit's path, from a slash on? */
static bool unit_is_of_file(struct dw_unit *u, const char *file)
{
    const struct dw_root *r = dw_unit_root(u);
    SCOPED(text_done) struct text path = {0};
    if (r->comp_dir && r->name && r->name[0] != '/')
        text_printf(&path, "%s/", r->comp_dir);
    text_put(&path, r->name ? r->name : "");
    size_t n = path.n, k = strlen(file);
    return n >= k && strcmp(text_str(&path) + n - k, file) == 0 &&
           (n == k || path.p[n - k - 1] == '/' || file[0] == '/');
}

/* The mangled name of a function, of its own or where it was declared. */
static const char *linkage_name(const struct dw_die *die)
{
    struct dw_die at = *die;
    const char *name = dw_attr_string(&at, DW_AT_linkage_name);
    for (int hop = 0; !name && hop < 4; hop++) {
        struct dw_die next;
        if (!dw_attr_die(&at, DW_AT_specification, &next) && !dw_attr_die(&at, DW_AT_abstract_origin, &next))
            return NULL;
        at = next;
        name = dw_attr_string(&at, DW_AT_linkage_name);
    }
    return name;
}

/* gcc leaves default arguments, and all those of a constructor's template, out of names: the mangled name has them. */
static bool linkage_matches(struct bytes last, const struct index_hit *hit)
{
    const char *mangled = linkage_name(&hit->die);
    SCOPED(freep) char *full = mangled ? demangle(mangled) : NULL;
    struct bytes plain = full ? signature_name(full) : (struct bytes){0};
    SCOPED(freep) char *name = xstrndup((const char *)plain.p, plain.n);
    struct name_parts parts;
    return name_split(name, &parts) && names_equal(last, parts.v[parts.n - 1]);
}

static bool name_matches(const struct question *q, const struct index_hit *hit)
{
    struct bytes last = q->name.v[q->name.n - 1], name = name_bytes(hit->name);
    if (hit->kind != INDEX_FUNCTION)
        return names_equal(last, name);
    if (!q->has_arguments)
        return names_equal(last, name_stem(name));
    return names_equal(last, name) || (names_equal(name_stem(last), name_stem(name)) && linkage_matches(last, hit));
}

static void try_entry(struct question *q, const struct index_module *im, const struct index_part *p,
                      const struct index_entry *e)
{
    unsigned kind = index_entry_kind(e);
    struct dw_unit *u = im->units.v[e->where >> INDEX_WHERE_BITS];
    struct index_hit hit;
    struct dw_die declared;
    if (!(kind & q->kinds) || e->hash != (kind == INDEX_FUNCTION ? q->stem : q->hash))
        return;
    if (q->file && !unit_is_of_file(u, q->file))
        return;
    if (!index_entry_die(im, e, &hit, &declared) || !name_matches(q, &hit))
        return;
    if (!scope_matches(q->ix, p, e, &declared, &q->name, q->anywhere))
        return;
    *vec_push(&q->hits[hit.declaration]) = hit;
}

static void look_in_shard(struct question *q, const struct index_module *im, uint32_t hash)
{
    for (size_t i = 0; i < im->parts.n; i++) {
        const struct index_part *p = im->parts.v[i];
        for (size_t k = 0; k < p->shards[hash % INDEX_SHARDS].n; k++)
            try_entry(q, im, p, &p->shards[hash % INDEX_SHARDS].v[k]);
    }
}

static void look_in_module(struct question *q, const struct index_module *im)
{
    look_in_shard(q, im, q->hash);
    if (q->stem % INDEX_SHARDS != q->hash % INDEX_SHARDS)
        look_in_shard(q, im, q->stem);
}

/* As they stand in the file, whichever worker scanned it. */
static int by_place(const void *x, const void *y)
{
    const struct index_hit *a = x, *b = y;
    const struct dw_unit *u = a->die.unit, *w = b->die.unit;
    if (u->file != w->file)
        return u->file < w->file ? -1 : 1;
    if (u->in_types != w->in_types)
        return u->in_types ? 1 : -1;
    return a->die.offset < b->die.offset ? -1 : a->die.offset > b->die.offset;
}

static struct err *ask_module(struct question *q, struct index_module *im)
{
    size_t before[2] = {q->hits[0].n, q->hits[1].n};
    TRY(index_build(q->ix, im));
    look_in_module(q, im);
    for (int k = 0; k < 2; k++)
        if (q->hits[k].n > before[k])
            qsort(q->hits[k].v + before[k], q->hits[k].n - before[k], sizeof(*q->hits[k].v), by_place);
    return NULL;
}

/* ---- symbols ---- */

static void add_symbol(struct question *q, struct module *m, const struct symbol *s, const char *name)
{
    struct index_hit hit = {.kind = index_symbol_kind(s), .module = m, .name = name, .symbol = *s};
    if (hit.kind & q->kinds)
        *vec_push(&q->hits[0]) = hit;
}

static bool symbol_matches(const struct question *q, const char *symbol)
{
    const struct name_parts *want = &q->name;
    struct name_parts have;
    if (!name_split(symbol, &have) || have.n < want->n || (have.n > want->n && (!q->anywhere || want->global)))
        return false;
    for (size_t i = 0; i < want->n; i++) {
        struct bytes name = have.v[have.n - want->n + i];
        if (i + 1 == want->n && !q->has_arguments)
            name = name_stem(name);
        if (!names_equal(want->v[i], name))
            return false;
    }
    return true;
}

static void ask_symbols(struct question *q, struct index_module *im, const char *name)
{
    struct symbol s;
    if (module_symbol_named(im->m, name, &s))
        add_symbol(q, im->m, &s, s.name);
    index_symbols(im);
    for (size_t i = 0; i < im->symbols.n; i++) {
        const struct index_symbol *is = &im->symbols.v[i];
        if (is->hash == q->stem && symbol_matches(q, is->name))
            add_symbol(q, im->m, &is->symbol, is->name);
    }
}

/* ---- the module to begin with, then the others ---- */

struct asking {
    struct question *q;
    const char *name;
    const struct module *first;
};

static struct err *ask_all(struct asking *a, struct err *(*ask)(struct asking *a, struct index_module *im))
{
    struct index *ix = a->q->ix;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < ix->n && !a->q->hits[0].n; i++)
            if ((ix->modules[i].m == a->first) == (pass == 0))
                TRY(ask(a, &ix->modules[i]));
    }
    return NULL;
}

static struct err *ask_dwarf(struct asking *a, struct index_module *im)
{
    return ask_module(a->q, im);
}

static struct err *ask_tables(struct asking *a, struct index_module *im)
{
    ask_symbols(a->q, im, a->name);
    return progress_cancelled(a->q->ix->progress) ? err_new(ERR_CANCELLED, "cancelled") : NULL;
}

static void set_name(struct question *q, const struct name_parts *name)
{
    q->name = *name;
    struct bytes last = q->name.v[q->name.n - 1];
    struct bytes stem = name_stem(last);
    q->has_arguments = stem.n != last.n;
    q->hash = name_hash(last, &q->ix->scratch);
    q->stem = name_hash(stem, &q->ix->scratch);
}

static struct err *answer(struct asking *a)
{
    struct question *q = a->q;
    struct name_parts parts;
    if (!name_split(a->name, &parts))
        return NULL;
    set_name(q, &parts);
    TRY(ask_all(a, ask_dwarf));
    /* Rust has "&mut dyn a::B" and "a::Box<[u8]>" as one name, in no scope. */
    if (!q->hits[0].n && !q->hits[1].n && parts.n > 1) {
        set_name(q, &(struct name_parts){.v = {name_bytes(a->name)}, .n = 1});
        TRY(ask_all(a, ask_dwarf));
        set_name(q, &parts);
    }
    if (!q->hits[0].n && !q->file && (q->kinds & (INDEX_FUNCTION | INDEX_VARIABLE)))
        TRY(ask_all(a, ask_tables));
    return NULL;
}

/* Copies the hits into the arena, definitions first. */
static void keep(struct question *q, struct index_hits *out)
{
    size_t n = q->hits[0].n, k = q->hits[1].n;
    struct index_hit *v = arena_array(&q->ix->arena, struct index_hit, n + k + 1);
    if (n)
        memcpy(v, q->hits[0].v, n * sizeof(*v));
    if (k)
        memcpy(v + n, q->hits[1].v, k * sizeof(*v));
    *out = (struct index_hits){.v = v, .n = n + k};
}

static struct err *ask(struct index *ix, const char *file, const char *name, unsigned kinds, bool anywhere,
                       const struct module *first, struct index_hits *out)
{
    SCOPED(text_done) struct text key = {0};
    text_printf(&key, "%u %d %p ", kinds, anywhere, (const void *)first);
    text_printf(&key, "%s\n%s", file ? file : "", name);
    uint64_t *known = mapstr_find(&ix->known, key.p, key.n);
    if (known) {
        *out = *(const struct index_hits *)(uintptr_t)*known;
        return NULL;
    }
    struct question q = {.ix = ix, .kinds = kinds, .anywhere = anywhere, .file = file};
    struct asking a = {.q = &q, .name = name, .first = first};
    struct err *e = answer(&a);
    if (!e) {
        struct index_hits *hits = arena_new(&ix->arena, struct index_hits);
        keep(&q, hits);
        const char *kept = arena_strndup(&ix->arena, key.p, key.n);
        *mapstr_put(&ix->known, kept, key.n, NULL) = (uint64_t)(uintptr_t)hits;
        *out = *hits;
    }
    vec_done(&q.hits[0]);
    vec_done(&q.hits[1]);
    return e;
}

struct err *index_find(struct index *ix, const char *name, unsigned kinds, bool anywhere, const struct module *first,
                       struct index_hits *out)
{
    return ask(ix, NULL, name, kinds, anywhere, first, out);
}

struct err *index_find_in_file(struct index *ix, const char *file, const char *name, unsigned kinds,
                               struct index_hits *out)
{
    return ask(ix, file, name, kinds, true, NULL, out);
}
