/* SPDX-License-Identifier: Apache-2.0 */
/* Trees and hash tables of libstdc++ (bits/stl_tree.h, bits/hashtable.h, hashtable_policy.h of GCC 5 to 15). */
#include "rt/native/formatters.h"

/* ---- trees ---- */

/* struct _Rb_tree_node_base, in words: the colour, then three pointers; the object follows. */
enum { TREE_PARENT = 1, TREE_LEFT = 2, TREE_RIGHT = 3, TREE_WORDS = 4 };
/* Deeper than a balanced tree of 2^64 elements can be. */
enum { TREE_DEPTH = 130 };

static bool link_of(struct values *vs, taddr node, unsigned which, taddr *out)
{
    return fmt_word(vs, node + which * fmt_word_size(vs), out);
}

static bool leftmost(struct values *vs, taddr *node)
{
    for (unsigned i = 0; i < TREE_DEPTH; i++) {
        taddr left;
        if (!link_of(vs, *node, TREE_LEFT, &left))
            return false;
        if (!left)
            return true;
        *node = left;
    }
    return false;
}

/* The node after one, in order. */
static bool successor(struct values *vs, taddr *node)
{
    taddr right, up;
    if (!link_of(vs, *node, TREE_RIGHT, &right))
        return false;
    if (right) {
        *node = right;
        return leftmost(vs, node);
    }
    for (unsigned i = 0; i < TREE_DEPTH; i++) {
        if (!link_of(vs, *node, TREE_PARENT, &up) || !link_of(vs, up, TREE_RIGHT, &right))
            return false;
        bool was_right = right == *node;
        *node = up;
        if (!was_right)
            return true;
    }
    return false;
}

/* node: the next one. extra[0]: bytes from a node to its object. */
static bool step_tree(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    *object = it->node + it->extra[0];
    return it->done + 1 >= it->n || successor(vs, &it->node);
}

static bool tree(struct values *vs, const struct value *v, struct presentation *p, const char *name, bool is_map)
{
    struct value inside;
    struct fmt_nodes it = {.step = step_tree, .numbered = !is_map};
    if (!fmt_path(vs, v, "_M_t", &inside) || !fmt_number(vs, &inside, "_M_impl._M_node_count", &it.n) ||
        !fmt_number(vs, &inside, "_M_impl._M_header._M_left", &it.node))
        return false;
    it.element = fmt_argument(type_strip(inside.type), 1); /* _Rb_tree<key, value, ...> */
    if (!it.element)
        return false;
    it.extra[0] = fmt_align(it.element, TREE_WORDS * fmt_word_size(vs));
    if (is_map) {
        it.key = "first";
        it.mapped = "second";
    }
    fmt_counted(p, vs, name, it.n);
    return fmt_nodes(p, vs, &it);
}

/* ---- hash tables ---- */

/* node: the next one, singly linked over all buckets. extra[0]: bytes from a node to its object. */
static bool step_hash(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    if (!it->node)
        return false;
    *object = it->node + it->extra[0];
    return fmt_word(vs, it->node, &it->node);
}

static bool hash(struct values *vs, const struct value *v, struct presentation *p, const char *name, bool is_map)
{
    struct value inside;
    struct fmt_nodes it = {.step = step_hash, .numbered = !is_map};
    if (!fmt_path(vs, v, "_M_h", &inside) || !fmt_number(vs, &inside, "_M_element_count", &it.n) ||
        !fmt_number(vs, &inside, "_M_before_begin._M_nxt", &it.node))
        return false;
    it.element = fmt_argument(type_strip(inside.type), 1); /* _Hashtable<key, value, ...> */
    if (!it.element)
        return false;
    it.extra[0] = fmt_align(it.element, fmt_word_size(vs));
    if (is_map) {
        it.key = "first";
        it.mapped = "second";
    }
    fmt_counted(p, vs, name, it.n);
    return fmt_nodes(p, vs, &it);
}

FMT_TREES_AND_HASHES(tree, hash)

static const struct formatter_row rows[] = {
    {"std::map", present_map},
    {"std::multimap", present_multimap},
    {"std::set", present_set},
    {"std::multiset", present_multiset},
    {"std::unordered_map", present_unordered_map},
    {"std::unordered_multimap", present_unordered_multimap},
    {"std::unordered_set", present_unordered_set},
    {"std::unordered_multiset", present_unordered_multiset},
};
const struct formatter_rows libstdcxx_map_rows = {rows, ARRAY_LEN(rows)};
