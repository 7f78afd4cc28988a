/* SPDX-License-Identifier: Apache-2.0 */
/* Maps and sets of Rust's standard library: hashbrown's table (1.36 and later) and the B-tree of library/alloc. */
#include "rt/native/formatters.h"

#include <inttypes.h>

/* ---- hash tables ---- */

/* A control byte a slot, which is full when its top bit is clear; slot i lies i + 1 elements before the control
 * bytes (hashbrown 0.9 and later). node: the control bytes; end: slots; extra[0]: the next slot. */
static bool step_table(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    uint8_t bytes[64];
    while (it->extra[0] < it->end) {
        uint64_t first = it->extra[0], n = it->end - first;
        n = n < sizeof(bytes) ? n : sizeof(bytes);
        if (modules_read_some(vs->ms, it->node + first, bytes, n) != n)
            return false;
        for (uint64_t i = 0; i < n; i++) {
            if (bytes[i] & 0x80)
                continue;
            *object = it->node - (first + i + 1) * it->element->size;
            it->extra[0] = first + i + 1;
            return true;
        }
        it->extra[0] = first + n;
    }
    return false;
}

static bool table(struct values *vs, const struct value *v, struct presentation *p, const char *path, const char *name,
                  bool is_map)
{
    struct value raw, ctrl;
    struct fmt_nodes it = {.step = step_table};
    uint64_t mask;
    if (!fmt_path(vs, v, path, &raw))
        return false;
    it.element = fmt_argument(type_strip(raw.type), 0); /* RawTable<(K, V), A> */
    struct value inner;
    if (!fmt_path(vs, &raw, "table", &inner))
        inner = raw; /* one struct until hashbrown 0.10 */
    if (!it.element || !fmt_number(vs, &inner, "items", &it.n) || !fmt_number(vs, &inner, "bucket_mask", &mask) ||
        mask == UINT64_MAX || !fmt_path(vs, &inner, "ctrl", &ctrl) || !fmt_pointer(vs, &ctrl, &it.node))
        return false;
    it.element = type_strip(it.element);
    it.end = mask + 1;
    it.key = "__0"; /* a set is a map to () */
    it.mapped = is_map ? "__1" : NULL;
    fmt_summary(p, vs, "%s(size=%" PRIu64 ")", name, it.n);
    return fmt_nodes(p, vs, &it);
}

static bool present_hash_map(struct values *vs, const struct value *v, struct presentation *p)
{
    return table(vs, v, p, "base.table", "HashMap", true);
}

static bool present_hash_set(struct values *vs, const struct value *v, struct presentation *p)
{
    return table(vs, v, p, "base.map.table", "HashSet", false);
}

/* ---- B-trees ---- */

/* A tree of eleven keys a node is no higher than this with 2^64 elements. */
enum { BTREE_HEIGHT = 24, BTREE_KEYS = 11 };

/* Where the members of LeafNode<K, V> are. An InternalNode is a LeafNode and then `edges`, twelve pointers. */
struct btree {
    uint64_t keys, vals, len, edges;
    const struct type *key, *val;
    struct {
        taddr node;
        unsigned next; /* the key that comes next */
        unsigned n;
    } path[BTREE_HEIGHT];
    unsigned depth, height; /* path[height - 1] is a leaf */
    uint64_t left;
    bool is_map, half;
    taddr val_at;
    bool ok;
};

static bool field_offset(const struct type *t, const char *name, uint64_t *out)
{
    struct fields f = type_fields(t);
    for (size_t i = 0; i < f.n; i++) {
        if (f.v[i].name && strcmp(f.v[i].name, name) == 0) {
            *out = f.v[i].bit_offset / 8;
            return true;
        }
    }
    return false;
}

static bool enter(struct values *vs, struct btree *b, taddr node)
{
    uint16_t n;
    struct err *e = modules_read(vs->ms, node + b->len, &n, sizeof(n));
    err_free(e); /* the caller says that the tree is damaged */
    if (e || n > BTREE_KEYS || b->depth == b->height)
        return false;
    b->path[b->depth].node = node;
    b->path[b->depth].next = 0;
    b->path[b->depth].n = n;
    b->depth++;
    return true;
}

/* Down the edge at the current key of each node, to a leaf. */
static bool descend(struct values *vs, struct btree *b)
{
    while (b->depth < b->height) {
        unsigned word = fmt_word_size(vs);
        taddr child;
        taddr edge = b->path[b->depth - 1].node + b->edges + b->path[b->depth - 1].next * word;
        if (!fmt_word(vs, edge, &child) || !enter(vs, b, child))
            return false;
    }
    return true;
}

static bool next_pair(struct values *vs, struct btree *b, taddr *key, taddr *val)
{
    while (b->depth && b->path[b->depth - 1].next >= b->path[b->depth - 1].n)
        b->depth--; /* this node is done: its key in the parent comes next */
    if (!b->depth)
        return false;
    unsigned at = b->depth - 1;
    unsigned i = b->path[at].next++;
    *key = b->path[at].node + b->keys + i * b->key->size;
    *val = b->path[at].node + b->vals + i * b->val->size;
    return descend(vs, b);
}

static bool next_in_btree(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    struct btree *b = p->state;
    taddr key;
    if (b->half) {
        b->half = false;
        *out = (struct child){.value = value_at(vs, b->val, b->val_at)};
        return true;
    }
    if (!b->left)
        return false;
    if (!b->ok || !next_pair(vs, b, &key, &b->val_at)) {
        *err = err_new(ERR_CORRUPT, "the tree is damaged, %" PRIu64 " elements before its end", b->left);
        b->left = 0;
        return false;
    }
    b->left--;
    b->half = b->is_map;
    *out = (struct child){.value = value_at(vs, b->key, key)};
    return true;
}

/* The root is an Option<NodeRef>: as a variant, or (niche) told by its pointer. */
static bool root_of(struct values *vs, const struct value *map, struct value *out)
{
    struct value root;
    if (!fmt_path(vs, map, "root", &root))
        return false;
    if (type_variants(type_strip(root.type)).n) {
        struct err *e = value_variant(vs, &root, &root);
        err_free(e); /* the record shows it */
        if (e || !fmt_path(vs, &root, "__0", &root))
            return false;
    }
    *out = root;
    return true;
}

static bool btree(struct values *vs, const struct value *map, struct presentation *p, const char *name, bool is_map)
{
    struct value root, pointer;
    struct btree *b = arena_new(vs->arena, struct btree);
    uint64_t height, node;
    *b = (struct btree){.is_map = is_map, .key = fmt_argument(map->type, 0), .val = fmt_argument(map->type, 1)};
    if (!b->key || !b->val || !fmt_number(vs, map, "length", &b->left))
        return false;
    b->key = type_strip(b->key);
    b->val = type_strip(b->val);
    p->kind = is_map ? PRESENT_MAP : PRESENT_ARRAY;
    p->length = b->left;
    p->next = next_in_btree;
    p->state = b;
    fmt_summary(p, vs, "%s(size=%" PRIu64 ")", name, b->left);
    if (!b->left)
        return true;
    if (!root_of(vs, map, &root) || !fmt_number(vs, &root, "height", &height) || height >= BTREE_HEIGHT ||
        !fmt_path(vs, &root, "node", &pointer) || !fmt_pointer(vs, &pointer, &node))
        return false;
    while (type_is_record(type_strip(pointer.type))) { /* NonNull<LeafNode<K, V>> */
        struct fields f = type_fields(type_strip(pointer.type));
        struct err *e = f.n ? value_field(vs, &pointer, &f.v[0], &pointer) : NULL;
        err_free(e); /* cannot happen: fmt_pointer() walked here */
        if (e || !f.n)
            return false;
    }
    const struct type *leaf = type_strip(pointer.type)->target;
    leaf = leaf ? type_complete(type_strip(leaf)) : NULL;
    if (!leaf || !field_offset(leaf, "keys", &b->keys) || !field_offset(leaf, "vals", &b->vals) ||
        !field_offset(leaf, "len", &b->len))
        return false;
    unsigned word = fmt_word_size(vs);
    b->edges = (leaf->size + word - 1) / word * word;
    b->height = (unsigned)height + 1;
    b->ok = enter(vs, b, node) && descend(vs, b);
    return true;
}

static bool present_btree_map(struct values *vs, const struct value *v, struct presentation *p)
{
    return btree(vs, v, p, "BTreeMap", true);
}

static bool present_btree_set(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value map;
    if (!fmt_path(vs, v, "map", &map))
        return false;
    map.type = type_strip(map.type);
    return btree(vs, &map, p, "BTreeSet", false);
}

static const struct formatter_row rows[] = {
    {"std::collections::hash::map::HashMap", present_hash_map},
    {"std::collections::hash::set::HashSet", present_hash_set},
    {"alloc::collections::btree::map::BTreeMap", present_btree_map},
    {"alloc::collections::btree::set::BTreeSet", present_btree_set},
};
const struct formatter_rows rust_map_rows = {rows, ARRAY_LEN(rows)};
