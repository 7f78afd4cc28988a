/* SPDX-License-Identifier: Apache-2.0 */
/* The names of one unit. */
#include "value/index_priv.h"

/* Concrete instance -> abstract instance -> declaration -> type unit is the longest real chain. */
enum { MAX_HOPS = 8, MAX_SCOPE_DEPTH = 64 };

struct unit_scan {
    struct index_part *p;
    struct dw_unit *u;
    uint32_t number;
    uint32_t scopes[MAX_SCOPE_DEPTH + 1]; /* of the children at a depth */
    bool records;                          /* are scopes: not C */
};

/* Units of C++ repeat the names of their headers, as the same strings of .debug_str: most hashes are known. */
static uint32_t hash_of(struct index_part *p, const char *name, unsigned kind)
{
    uint64_t key = (uint64_t)(uintptr_t)name << 1 | (kind == INDEX_FUNCTION);
    struct index_hashed *h = &p->hashed[key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - INDEX_HASHED_BITS)];
    if (h->key != key) {
        struct bytes b = name_bytes(name);
        *h = (struct index_hashed){key, name_hash(kind == INDEX_FUNCTION ? name_stem(b) : b, &p->scratch)};
    }
    return h->hash;
}

static void add_entry(struct unit_scan *us, const char *name, unsigned kind, uint32_t flags, uint32_t scope,
                      uint32_t offset)
{
    uint32_t hash = hash_of(us->p, name, kind);
    *vec_push(&us->p->shards[hash % INDEX_SHARDS]) = (struct index_entry){
        .hash = hash,
        .scope = scope,
        .where = us->number << INDEX_WHERE_BITS | flags | (uint32_t)__builtin_ctz(kind),
        .offset = offset,
    };
}

static unsigned kind_of(uint16_t tag)
{
    switch (tag) {
    case DW_TAG_subprogram:
        return INDEX_FUNCTION;
    case DW_TAG_variable:
    case DW_TAG_constant:
    case DW_TAG_member:
        return INDEX_VARIABLE;
    case DW_TAG_enumerator:
        return INDEX_ENUMERATOR;
    case DW_TAG_namespace:
    case DW_TAG_module:
        return INDEX_NAMESPACE;
    default:
        return INDEX_TYPE;
    }
}

/* A function without code is inlined wherever it is used, or defined elsewhere. */
static uint32_t flags_of(const struct dw_item *item)
{
    bool declared = item->flags & DW_ITEM_DECLARATION;
    if (item->abbrev->tag == DW_TAG_subprogram)
        declared = !(item->abbrev->has & DW_HAS_PC);
    return declared ? INDEX_ENTRY_DECLARATION : 0;
}

/* ---- scopes ---- */

static uint32_t scope_in(struct unit_scan *us, uint32_t parent, const char *name, bool transparent, bool *fresh)
{
    struct index_part *p = us->p;
    uint64_t key = hash_of(p, name, INDEX_TYPE) + UINT64_C(0x9e3779b97f4a7c15) * (parent + 1);
    for (;; key++) {
        uint64_t *id = map64_put(&p->scope_ids, key, fresh);
        if (*fresh) {
            *id = p->scopes.n;
            *vec_push(&p->scopes) = (struct index_scope){name, parent, transparent};
            return (uint32_t)*id;
        }
        const struct index_scope *s = &p->scopes.v[*id];
        if (s->parent == parent && (s->name == name || strcmp(s->name, name) == 0))
            return (uint32_t)*id;
    }
}

/* Makes the scope of the children of an item that is entered. */
static void enter(struct unit_scan *us, const struct dw_item *item, uint32_t scope, const char *name)
{
    uint16_t tag = item->abbrev->tag;
    bool transparent = false, fresh = false;
    uint32_t inner = scope;
    if (tag == DW_TAG_namespace) {
        transparent = !name || (item->flags & DW_ITEM_EXPORTS);
        inner = scope_in(us, scope, name ? name : "(anonymous namespace)", transparent, &fresh);
        if (fresh && name)
            add_entry(us, name, INDEX_NAMESPACE, 0, scope, (uint32_t)(item->offset - us->u->offset));
    } else if (name && !(tag == DW_TAG_enumeration_type && !us->records)) {
        transparent = tag == DW_TAG_enumeration_type && !(item->flags & DW_ITEM_ENUM_CLASS);
        inner = scope_in(us, scope, name, transparent, &fresh);
    }
    us->scopes[item->depth] = inner;
}

/* ---- links ---- */

static bool next_link(const struct dw_die *die, struct dw_die *out)
{
    return dw_attr_die(die, DW_AT_specification, out) || dw_attr_die(die, DW_AT_abstract_origin, out) ||
           dw_attr_die(die, DW_AT_signature, out);
}

const char *index_linked_name(struct dw_unit *u, const struct dw_value *link, struct dw_die *declared)
{
    const char *name = NULL;
    struct dw_die next;
    struct dw_die target;
    if (!dw_value_die(u, link, &target))
        return NULL;
    *declared = target;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
        if (!name)
            name = dw_attr_string(declared, DW_AT_name);
        if (!next_link(declared, &next))
            break;
        *declared = next;
    }
    return name;
}

/* The scope that a DIE of this unit stands in; false for one inside of a function. */
static bool find_place(const struct unit_scan *us, uint64_t offset, uint32_t *scope)
{
    const struct index_part *p = us->p;
    *scope = 0;
    if (!us->records)
        return true; /* C */
    size_t i = sorted_first(p->places.v, p->places.n, place, place->offset < offset);
    if (i == p->places.n || p->places.v[i].offset != offset)
        return false;
    *scope = p->places.v[i].scope;
    return true;
}

static void resolve_link(struct unit_scan *us, const struct dw_item *item)
{
    uint64_t offset = item->offset - us->u->offset;
    struct dw_die declared = {.unit = us->u, .offset = item->offset};
    const char *name = index_linked_name(us->u, &item->link, &declared);
    uint32_t flags = flags_of(item), scope = 0;
    if (item->name)
        name = item->name;
    if (!name)
        return;
    /* A stub of a type unit stands where it belongs. */
    if (item->link.cls == DW_CLASS_REF_SIG)
        (void)find_place(us, offset, &scope);
    else if (declared.unit != us->u || !find_place(us, declared.offset - us->u->offset, &scope))
        flags |= INDEX_ENTRY_FAR;
    add_entry(us, name, kind_of(item->abbrev->tag), flags, scope, (uint32_t)offset);
}

/* Units of another file count when somebody imports them: a supplement serves several programs. */
static void import_unit(struct unit_scan *us, const struct dw_value *link)
{
    struct dw_die root;
    bool fresh;
    if (!dw_value_die(us->u, link, &root) || (root.unit->file == us->u->file && us->u->file->kind != DW_ALT))
        return;
    map64_put(&us->p->met, (uint64_t)(uintptr_t)root.unit, &fresh);
    if (fresh)
        *vec_push(&us->p->imported) = root.unit;
}

/* ---- the pass ---- */

static void take_item(struct unit_scan *us, const struct dw_item *item)
{
    struct index_part *p = us->p;
    uint16_t tag = item->abbrev->tag;
    uint32_t scope = us->scopes[item->depth - 1];
    bool linked = item->link.cls != DW_CLASS_NONE;
    const char *name = item->name;
    struct dw_die declared;
    if (tag == DW_TAG_imported_unit) {
        import_unit(us, &item->link);
        return;
    }
    if (us->records && tag != DW_TAG_enumerator && tag != DW_TAG_typedef)
        *vec_push(&p->places) = (struct index_place){(uint32_t)(item->offset - us->u->offset), scope};
    if (linked)
        *vec_push(&p->links) = *item;
    if (item->flags & DW_ITEM_ENTERED || tag == DW_TAG_namespace) {
        /* A record that is defined outside of its scope, or a stub of a type unit. */
        uint32_t outer = scope;
        if (linked) {
            const char *full = index_linked_name(us->u, &item->link, &declared);
            name = name ? name : full;
            if (full && item->link.cls != DW_CLASS_REF_SIG && declared.unit == us->u)
                (void)find_place(us, declared.offset - us->u->offset, &outer);
        }
        enter(us, item, outer, name);
    }
    bool only_declared = tag == DW_TAG_subprogram && (item->flags & DW_ITEM_DECLARATION);
    if (name && !linked && !only_declared && tag != DW_TAG_namespace)
        add_entry(us, name, kind_of(tag), flags_of(item), scope, (uint32_t)(item->offset - us->u->offset));
}

void index_scan_unit(struct index_part *p, uint32_t number, struct dw_unit *u)
{
    struct unit_scan us = {.p = p, .u = u, .number = number};
    struct dw_item item;
    if (!p->scopes.n)
        vec_push(&p->scopes)->name = "";
    p->links.n = p->places.n = 0;
    dw_scan_start(&p->scan, u);
    us.records = p->scan.records;
    while (dw_scan_next(&p->scan, &item) && item.offset - u->offset <= UINT32_MAX)
        take_item(&us, &item);
    for (size_t i = 0; i < p->links.n; i++)
        resolve_link(&us, &p->links.v[i]);
}
