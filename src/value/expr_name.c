/* SPDX-License-Identifier: Apache-2.0 */
/* What a name means, in gdb's order: the frame's own names; those of the namespaces and classes around its function,
 * from the inside out, first in its unit, then in the whole program; symbols without debug information; and for A::x
 * what A has. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/index_names.h"

enum { NAME_RECURSION = 16, NAME_SCOPES = 32, NAME_USING = 64 };

struct known_name {
    const struct known_name *next;
    const char *name, *file;
    uint8_t tag;
    struct found found;
};

struct lookup {
    struct eval *ev;
    const char *name; /* without :: in front and parameters behind */
    const char *file;
    const char *parameters; /* "(int, char *)" or NULL */
    bool global;
    struct scope_query q;
    unsigned depth;
    struct found declared; /* what is declared, in case that nothing defines it */
};

static struct err *find(struct eval *ev, const char *name, const char *file, enum tag_kind tag, unsigned depth,
                        struct found *out);

/* ---- choosing among hits ---- */

static unsigned index_kinds(enum tag_kind tag)
{
    return tag == TAG_NONE ? INDEX_ALL : INDEX_TYPE;
}

/* The enumeration around an enumerator. */
static bool enumeration_of(struct eval *ev, const struct dw_die *e, struct dw_die *out)
{
    struct dw_die path[NAME_SCOPES];
    size_t n = dw_die_path(&ev->paths, e->unit, e->offset, path, ARRAY_LEN(path));
    if (n == 0 || n > ARRAY_LEN(path) || dw_tag(&path[n - 1]) != DW_TAG_enumeration_type)
        return false;
    *out = path[n - 1];
    return true;
}

/* Do the parameters of a function have these types? `this` and other hidden ones do not count. */
static struct err *parameters_fit(struct lookup *l, const struct dw_die *function, bool *out)
{
    const struct type *want;
    struct fields have = type_parameters(type_of_die(l->ev->types, function));
    TRY(eval_parameters(l->ev, l->parameters, &want));
    struct fields wanted = type_parameters(want);
    size_t i = 0, k = 0;
    *out = true;
    for (; i < have.n && *out; i++) {
        if (have.v[i].flags & FIELD_ARTIFICIAL)
            continue;
        *out = k < wanted.n && type_equal(type_unqualified(have.v[i].type), type_unqualified(wanted.v[k].type));
        k++;
    }
    *out &= k == wanted.n;
    return NULL;
}

/* What a hit would be; FOUND_NOTHING: it does not fit. */
static struct err *from_hit(struct lookup *l, const struct index_hit *h, struct found *out)
{
    *out = (struct found){.declaration = h->declaration, .die = h->die};
    bool fits = true;
    if (h->kind == INDEX_NAMESPACE) {
        out->kind = FOUND_NAMESPACE;
    } else if (!h->die.unit) {
        out->kind = FOUND_SYMBOL;
        out->symbol = h->symbol;
    } else if (h->kind == INDEX_TYPE) {
        out->kind = scope_tag_fits(&l->q, &h->die) ? FOUND_TYPE : FOUND_NOTHING;
    } else if (h->kind == INDEX_ENUMERATOR) {
        out->kind = enumeration_of(l->ev, &h->die, &out->enumeration) ? FOUND_DIE : FOUND_NOTHING;
    } else {
        if (l->parameters && h->kind == INDEX_FUNCTION)
            TRY(parameters_fit(l, &h->die, &fits));
        out->declaration = scope_is_declaration(&h->die);
        out->kind = fits ? FOUND_DIE : FOUND_NOTHING;
    }
    return NULL;
}

/* Smaller is better: values before types (which C++ lets them hide), definitions, the frame's unit, what all units
 * see. */
static unsigned rank(struct lookup *l, const struct found *f)
{
    struct dw_die function;
    unsigned r = f->kind == FOUND_NAMESPACE ? 64 : f->kind == FOUND_TYPE ? 32 : f->kind == FOUND_SYMBOL ? 16 : 0;
    if (f->declaration)
        r += 128;
    if (f->die.unit && frame_function(l->ev, &function) && function.unit != f->die.unit)
        r += 2;
    if (f->die.unit && !dw_attr_flag(&f->die, DW_AT_external))
        r += 1;
    return r;
}

static struct err *choose(struct lookup *l, const struct index_hits *hits, struct found *out)
{
    unsigned best = UINT32_MAX;
    for (size_t i = 0; i < hits->n; i++) {
        struct found f;
        TRY(from_hit(l, &hits->v[i], &f));
        unsigned r = f.kind == FOUND_NOTHING ? UINT32_MAX : rank(l, &f);
        if (r < best) {
            best = r;
            *out = f;
        }
    }
    return NULL;
}

/* ---- units and the program ---- */

/* Takes what was found when it is a definition, else remembers it. True: taken. */
static bool take(struct lookup *l, const struct found *f, struct found *out)
{
    if (f->kind == FOUND_NOTHING)
        return false;
    if (f->declaration || f->kind == FOUND_NAMESPACE) {
        if (l->declared.kind == FOUND_NOTHING || l->declared.kind == FOUND_NAMESPACE)
            l->declared = *f;
        return false;
    }
    *out = *f;
    return true;
}

/* "a::b", then "a", then "": the scopes that a name is looked for in. */
static const char *next_scope(struct eval *ev, const char *scope)
{
    struct name_parts parts;
    if (!name_split(scope, &parts) || parts.n < 2)
        return "";
    const char *end = (const char *)parts.v[parts.n - 2].p + parts.v[parts.n - 2].n;
    return arena_strndup(ev->arena, scope, (size_t)(end - scope));
}

static const char *in_scope(struct eval *ev, const char *scope, const char *name)
{
    return *scope ? arena_printf(ev->arena, "%s::%s", scope, name) : name;
}

static bool find_in_unit(struct lookup *l, struct dw_unit *u, const char *scope, struct found *out)
{
    struct dw_die root;
    struct found f;
    struct scope_query q = l->q;
    q.name = in_scope(l->ev, scope, l->name);
    return dw_die_root(u, &root) && scope_search(&q, &root, &f) && take(l, &f, out);
}

/* As in_scope(): in its class, the name of a constructor is the class. */
static bool names_constructor(const char *scope, const char *name)
{
    struct name_parts parts;
    return name_split(scope, &parts) && names_equal(name_stem(parts.v[parts.n - 1]), name_bytes(name));
}

static struct err *find_in_program(struct lookup *l, const char *scope, struct found *out, bool *done)
{
    struct index_hits hits;
    struct found f = {0};
    const struct vframe *frame = l->ev->env->frame;
    *done = false;
    if (!l->ev->vs->index)
        return NULL;
    unsigned kinds = index_kinds(l->q.tag);
    if (names_constructor(scope, l->name))
        kinds &= ~(unsigned)INDEX_FUNCTION;
    TRY(index_find(l->ev->vs->index, in_scope(l->ev, scope, l->name), kinds, false, frame ? frame->module : NULL,
                   &hits));
    TRY(choose(l, &hits, &f));
    *done = take(l, &f, out);
    return NULL;
}

/* Namespaces that `using namespace` brings in, at the level of the file or of the function. */
static bool find_by_using(struct lookup *l, const struct dw_die *top, struct found *out)
{
    struct dw_die die, to;
    unsigned n = 0;
    for (bool ok = dw_die_child(top, &die); ok && n < NAME_USING; ok = dw_die_next(&die)) {
        struct found f;
        if (dw_tag(&die) != DW_TAG_imported_module || !dw_attr_die(&die, DW_AT_import, &to))
            continue;
        n++;
        if (scope_search(&l->q, &to, &f) && take(l, &f, out))
            return true;
    }
    return false;
}

static struct err *find_by_scopes(struct lookup *l, struct found *out, bool *done)
{
    struct dw_die function, root;
    bool known = frame_function(l->ev, &function);
    const char *innermost = l->global ? "" : frame_scope(l->ev);
    *done = true;
    /* Overloads may be in other units. */
    for (const char *scope = innermost; known && !l->parameters; scope = next_scope(l->ev, scope)) {
        if (find_in_unit(l, function.unit, scope, out))
            return NULL;
        if (!*scope)
            break;
    }
    if (known && !l->global && !l->parameters &&
        (find_by_using(l, &function, out) || (dw_die_root(function.unit, &root) && find_by_using(l, &root, out))))
        return NULL;
    for (const char *scope = innermost;; scope = next_scope(l->ev, scope)) {
        TRY(find_in_program(l, scope, out, done));
        if (*done || !*scope)
            return NULL;
    }
}

static struct err *find_in_file(struct lookup *l, struct found *out, bool *done)
{
    struct index_hits hits;
    struct found f = {0};
    *done = false;
    if (!l->ev->vs->index)
        return NULL;
    TRY(index_find_in_file(l->ev->vs->index, l->file, l->name, index_kinds(l->q.tag), &hits));
    TRY(choose(l, &hits, &f));
    *done = take(l, &f, out);
    return NULL;
}

static bool find_symbol(struct lookup *l, struct found *out)
{
    *out = (struct found){.kind = FOUND_SYMBOL};
    return l->q.tag == TAG_NONE && modules_symbol_named(l->ev->vs->ms, l->name, &out->symbol, NULL);
}

/* ---- A::x by what A is ---- */

static struct err *find_in_type(struct lookup *l, const struct type *t, const char *last, struct found *out)
{
    const struct type *record = type_complete(type_strip(t));
    if (t != record && record->name && type_is_record(record)) {
        const char *full = arena_printf(l->ev->arena, "::%s::%s", record->name, last);
        TRY(find(l->ev, full, NULL, l->q.tag, l->depth + 1, out));
        if (out->kind != FOUND_NOTHING)
            return NULL;
    }
    if (l->q.tag == TAG_NONE && type_is_record(record) && member_exists(record, last)) {
        /* Of *this when it is such an object, else of no object. */
        if (record->name && frame_this(l->ev, record, out))
            out->name = arena_printf(l->ev->arena, "%s::%s", record->name, last);
        else
            *out = (struct found){.kind = FOUND_MEMBER, .type = record, .name = last};
        return NULL;
    }
    struct fields fields = type_fields(record);
    for (size_t i = 0; i < fields.n; i++) {
        const struct type *base = type_strip(fields.v[i].type);
        if (!(fields.v[i].flags & FIELD_BASE) || !base->name)
            continue;
        const char *full = arena_printf(l->ev->arena, "::%s::%s", base->name, last);
        TRY(find(l->ev, full, NULL, l->q.tag, l->depth + 1, out));
        if (out->kind != FOUND_NOTHING)
            return NULL;
    }
    return NULL;
}

static struct err *find_by_head(struct lookup *l, const char *whole, struct found *out)
{
    struct name_parts parts;
    struct found head;
    *out = (struct found){0};
    if (!name_split(l->name, &parts) || parts.n < 2 || l->depth >= NAME_RECURSION)
        return NULL;
    const char *last = arena_strndup(l->ev->arena, (const char *)parts.v[parts.n - 1].p, parts.v[parts.n - 1].n);
    const char *end = (const char *)parts.v[parts.n - 2].p + parts.v[parts.n - 2].n;
    /* With the parameters that a function may have in front of its ::. */
    const char *scope = strstr(whole, ")::");
    size_t n = scope ? (size_t)(scope + 1 - whole) : (size_t)(end - l->name) + (l->global ? 2 : 0);
    TRY(find(l->ev, arena_strndup(l->ev->arena, whole, n), l->file, TAG_NONE, l->depth + 1, &head));
    if (head.kind == FOUND_TYPE)
        return find_in_type(l, head.type, last, out);
    if (head.kind == FOUND_DIE && dw_tag(&head.die) == DW_TAG_subprogram) {
        struct scope_query q = l->q;
        q.name = last;
        frame_find_in_function(l->ev, &head.die, &q, out);
    }
    return NULL;
}

/* ---- all of it ---- */

static struct err *look(struct lookup *l, const char *whole, struct found *out)
{
    bool done = false;
    *out = (struct found){0};
    if (l->file) {
        TRY(find_in_file(l, out, &done));
    } else {
        if (!l->global && !l->parameters) {
            frame_find(l->ev, &l->q, out);
            done = out->kind != FOUND_NOTHING;
        }
        if (!done)
            TRY(find_by_scopes(l, out, &done));
    }
    if (done)
        return NULL;
    if (l->declared.kind == FOUND_DIE || l->declared.kind == FOUND_TYPE) {
        *out = l->declared;
        return NULL;
    }
    TRY(find_by_head(l, whole, out));
    if (out->kind == FOUND_NOTHING && !l->file && !find_symbol(l, out))
        *out = l->declared;
    return NULL;
}

/* Rust's crate::, self:: and super:: stand for the scope of the function. */
static const char *rust_path(struct eval *ev, const char *name)
{
    const char *scope = frame_scope(ev);
    if (ev->language != EXPR_RUST)
        return name;
    if (begins_with(name, "crate::"))
        return arena_printf(ev->arena, "::%.*s::%s", (int)strcspn(scope, ":"), scope, name + 7);
    if (begins_with(name, "self::"))
        return arena_printf(ev->arena, "::%s::%s", scope, name + 6);
    for (unsigned i = 0; begins_with(name, "super::") && i < NAME_RECURSION; i++, name += 7) {
        scope = next_scope(ev, scope);
        if (!begins_with(name + 7, "super::"))
            return arena_printf(ev->arena, "::%s::%s", scope, name + 7);
    }
    return name;
}

static struct err *find(struct eval *ev, const char *name, const char *file, enum tag_kind tag, unsigned depth,
                        struct found *out)
{
    name = rust_path(ev, name);
    const char *open = strchr(name, '(');
    bool parameters = open && open > name && name[strlen(name) - 1] == ')' && !strstr(name, "operator(");
    struct lookup l = {.ev = ev, .file = file, .depth = depth, .global = begins_with(name, "::")};
    const char *bare = l.global ? name + 2 : name;
    l.name = parameters ? arena_strndup(ev->arena, bare, (size_t)(open - bare)) : bare;
    l.parameters = parameters ? open : NULL;
    l.q = (struct scope_query){.name = l.name,
                               .kinds = tag == TAG_NONE ? SCOPE_ALL : SCOPE_TYPES,
                               .tag = tag,
                               .c_tags = ev->language == EXPR_C};
    TRY(look(&l, name, out));
    if (out->kind == FOUND_TYPE && !out->type)
        out->type = type_of_die(ev->types, &out->die);
    return NULL;
}

struct err *name_find(struct eval *ev, const char *name, const char *file, enum tag_kind tag, struct found *out)
{
    for (const struct known_name *k = ev->known; k; k = k->next) {
        bool same_file = k->file == file || (k->file && file && strcmp(k->file, file) == 0);
        if (k->tag == tag && same_file && strcmp(k->name, name) == 0) {
            *out = k->found;
            return NULL;
        }
    }
    struct known_name *k = arena_new(ev->arena, struct known_name);
    *k = (struct known_name){.next = ev->known, .name = name, .file = file, .tag = (uint8_t)tag};
    TRY(find(ev, name, file, tag, 0, &k->found));
    ev->known = k;
    *out = k->found;
    return NULL;
}

struct err *name_classify(void *arg, const char *name, enum name_class *out)
{
    struct eval *ev = arg;
    struct found f;
    TRY(name_find(ev, name, NULL, TAG_NONE, &f));
    *out = f.kind == FOUND_NOTHING ? NAME_UNKNOWN : f.kind == FOUND_TYPE ? NAME_TYPE : NAME_OBJECT;
    return NULL;
}

struct err *name_unknown(struct eval *ev, const char *name)
{
    struct name_parts parts;
    struct found head;
    const char *bare = begins_with(name, "::") ? name + 2 : name;
    if (name_split(bare, &parts) && parts.n > 1) {
        const char *end = (const char *)parts.v[parts.n - 2].p + parts.v[parts.n - 2].n;
        const char *scope = arena_strndup(ev->arena, bare, (size_t)(end - bare));
        TRY(name_find(ev, scope, NULL, TAG_NONE, &head));
        if (head.kind == FOUND_NAMESPACE)
            return err_new(ERR_NOT_FOUND, "No symbol \"%s\" in namespace \"%s\".", (const char *)parts.v[parts.n - 1].p,
                           scope);
        if (head.kind == FOUND_TYPE)
            return err_new(ERR_NOT_FOUND, "There is no field named %s", (const char *)parts.v[parts.n - 1].p);
        if (head.kind == FOUND_NOTHING)
            bare = arena_strndup(ev->arena, (const char *)parts.v[0].p, parts.v[0].n);
    }
    if (ev->language == EXPR_RUST)
        return err_new(ERR_NOT_FOUND, "No symbol '%s' in current context", bare);
    return err_new(ERR_NOT_FOUND, "No symbol \"%s\" in current context.", bare);
}
