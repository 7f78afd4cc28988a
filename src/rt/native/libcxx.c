/* SPDX-License-Identifier: Apache-2.0 */
/* The commonest types of libc++ (string, vector, __tree, __hash_table, list, optional, memory of LLVM 14 to 21).
 * Members sat in compressed pairs until LLVM 20: both places are tried. */
#include "rt/native/formatters.h"

#include <inttypes.h>

static bool either(struct values *vs, const struct value *v, const char *now, const char *before, struct value *out)
{
    return fmt_path(vs, v, now, out) || fmt_path(vs, v, before, out);
}

static bool either_number(struct values *vs, const struct value *v, const char *now, const char *before, uint64_t *out)
{
    return fmt_number(vs, v, now, out) || fmt_number(vs, v, before, out);
}

static bool present_string(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value rep, data;
    uint64_t is_long, at, n;
    if (!either(vs, v, "__rep_", "__r_.__value_", &rep) || !fmt_number(vs, &rep, "__s.__is_long_", &is_long))
        return false;
    const struct type *character = fmt_argument(v->type, 0);
    if (is_long)
        return fmt_number(vs, &rep, "__l.__size_", &n) && fmt_number(vs, &rep, "__l.__data_", &at) &&
               fmt_string(p, vs, character, at, n);
    if (!fmt_number(vs, &rep, "__s.__size_", &n) || !fmt_path(vs, &rep, "__s.__data_", &data))
        return false;
    struct err *e = value_address(&data, &at);
    err_free(e); /* in registers: the record shows it */
    return !e && fmt_string(p, vs, character, at, n);
}

static bool present_string_view(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t at, n;
    return either_number(vs, v, "__data_", "__data", &at) && either_number(vs, v, "__size_", "__size", &n) &&
           fmt_string(p, vs, fmt_argument(v->type, 0), at, n);
}

static bool present_vector(struct values *vs, const struct value *v, struct presentation *p)
{
    const struct type *element = fmt_argument(v->type, 0);
    uint64_t start, end, stop;
    uint64_t size = element ? type_strip(element)->size : 0;
    if (!size || !fmt_number(vs, v, "__begin_", &start) || !fmt_number(vs, v, "__end_", &end) ||
        !either_number(vs, v, "__cap_", "__end_cap_.__value_", &stop) || end < start || stop < end)
        return false;
    fmt_summary(p, vs, "std::vector of length %" PRIu64 ", capacity %" PRIu64, (end - start) / size,
                (stop - start) / size);
    return fmt_row(p, vs, element, start, (end - start) / size, false);
}

/* ---- trees: __tree_node is left, right, parent, a colour of one byte, the object ---- */

enum { TREE_LEFT = 0, TREE_RIGHT = 1, TREE_PARENT = 2, TREE_DEPTH = 130 };

static bool successor(struct values *vs, taddr *node)
{
    unsigned word = fmt_word_size(vs);
    taddr next, up, left;
    if (!fmt_word(vs, *node + TREE_RIGHT * word, &next))
        return false;
    for (unsigned i = 0; next && i < TREE_DEPTH; i++) {
        *node = next;
        if (!fmt_word(vs, next + TREE_LEFT * word, &left))
            return false;
        if (!left)
            return true;
        next = left;
    }
    for (unsigned i = 0; i < TREE_DEPTH; i++) {
        if (!fmt_word(vs, *node + TREE_PARENT * word, &up) || !fmt_word(vs, up + TREE_LEFT * word, &left))
            return false;
        bool was_left = left == *node;
        *node = up;
        if (was_left)
            return true;
    }
    return false;
}

static bool step_tree(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    *object = it->node + it->extra[0];
    return it->done + 1 >= it->n || successor(vs, &it->node);
}

/* Maps wrap their pairs in a __value_type with one member. */
static const char *pair_path(const struct type *element, const char *now, const char *before)
{
    struct fields f = type_fields(type_strip(element));
    bool old = f.n == 1 && f.v[0].name && strcmp(f.v[0].name, "__cc") == 0;
    bool wrapped = f.n == 1 && f.v[0].name && begins_with(f.v[0].name, "__cc");
    if (!wrapped)
        return strrchr(now, '.') + 1;
    return old ? before : now;
}

static bool chain(struct values *vs, struct presentation *p, struct fmt_nodes *it, const char *name, bool is_map,
                  unsigned head)
{
    if (!it->element)
        return false;
    it->extra[0] = fmt_align(it->element, head);
    it->numbered = !is_map;
    if (is_map) {
        it->key = pair_path(it->element, "__cc_.first", "__cc.first");
        it->mapped = pair_path(it->element, "__cc_.second", "__cc.second");
    }
    fmt_counted(p, vs, name, it->n);
    return fmt_nodes(p, vs, it);
}

static bool tree(struct values *vs, const struct value *v, struct presentation *p, const char *name, bool is_map)
{
    struct value inside;
    struct fmt_nodes it = {.step = step_tree};
    if (!fmt_path(vs, v, "__tree_", &inside) || !either_number(vs, &inside, "__size_", "__pair3_.__value_", &it.n) ||
        !fmt_number(vs, &inside, "__begin_node_", &it.node))
        return false;
    it.element = fmt_argument(type_strip(inside.type), 0);
    return chain(vs, p, &it, name, is_map, 3 * fmt_word_size(vs) + 1);
}

/* ---- hash tables: __hash_node is next, hash, the object ---- */

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
    struct fmt_nodes it = {.step = step_hash};
    if (!fmt_path(vs, v, "__table_", &inside) || !either_number(vs, &inside, "__size_", "__p2_.__value_", &it.n) ||
        !either_number(vs, &inside, "__first_node_.__next_", "__p1_.__value_.__next_", &it.node))
        return false;
    it.element = fmt_argument(type_strip(inside.type), 0);
    return chain(vs, p, &it, name, is_map, 2 * fmt_word_size(vs));
}

/* ---- lists: __list_node is previous, next, the object ---- */

static bool step_list(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    if (!it->node)
        return false;
    *object = it->node + it->extra[0];
    return fmt_word(vs, it->node + fmt_word_size(vs), &it->node);
}

static bool present_list(struct values *vs, const struct value *v, struct presentation *p)
{
    struct fmt_nodes it = {.step = step_list, .element = fmt_argument(v->type, 0)};
    return either_number(vs, v, "__size_", "__size_alloc_.__value_", &it.n) &&
           fmt_number(vs, v, "__end_.__next_", &it.node) &&
           chain(vs, p, &it, "std::list", false, 2 * fmt_word_size(vs));
}

/* ---- one thing ---- */

static bool present_unique_ptr(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value pointer;
    if (!fmt_path(vs, v, "__ptr_", &pointer) ||
        (type_strip(pointer.type)->kind != TYPE_POINTER && !fmt_path(vs, &pointer, "__value_", &pointer)))
        return false;
    fmt_summary(p, vs, "std::unique_ptr");
    return fmt_child(p, vs, "get()", pointer);
}

static bool present_shared_ptr(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value pointer, block;
    uint64_t counts, uses, weak;
    if (!fmt_path(vs, v, "__ptr_", &pointer) || !fmt_number(vs, v, "__cntrl_", &counts))
        return false;
    if (!counts) {
        fmt_summary(p, vs, "std::shared_ptr (empty)");
        return fmt_child(p, vs, "get()", pointer);
    }
    struct err *e = fmt_path(vs, v, "__cntrl_", &block) ? value_deref(vs, &block, &block) : NULL;
    err_free(e); /* the record shows the pointers */
    if (e || !fmt_number(vs, &block, "__shared_owners_", &uses) ||
        !fmt_number(vs, &block, "__shared_weak_owners_", &weak))
        return false;
    /* Owners are counted from zero. */
    fmt_summary(p, vs, "std::shared_ptr (use count %" PRId64 ", weak count %" PRId64 ")", (int64_t)(uses + 1),
                (int64_t)weak);
    return fmt_child(p, vs, "get()", pointer);
}

static bool present_array(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value elements;
    return fmt_path(vs, v, "__elems_", &elements) && fmt_array(p, vs, &elements);
}

static bool present_optional(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value inside;
    uint64_t engaged;
    const struct type *t = fmt_argument(v->type, 0);
    if (!t || !fmt_number(vs, v, "__engaged_", &engaged) || !fmt_path(vs, v, "__val_", &inside))
        return false;
    if (!engaged) {
        p->kind = PRESENT_TEXT;
        return fmt_summary(p, vs, "std::optional<%s> [no contained value]", fmt_type_name(vs, t));
    }
    fmt_summary(p, vs, "std::optional<%s>", fmt_type_name(vs, t));
    return fmt_child(p, vs, "[contained value]", inside);
}

FMT_TREES_AND_HASHES(tree, hash)

static const struct formatter_row rows[] = {
    {"std::__1::basic_string", present_string},
    {"std::__1::basic_string_view", present_string_view},
    {"std::__1::vector", present_vector},
    {"std::__1::array", present_array},
    {"std::__1::list", present_list},
    {"std::__1::map", present_map},
    {"std::__1::multimap", present_multimap},
    {"std::__1::set", present_set},
    {"std::__1::multiset", present_multiset},
    {"std::__1::unordered_map", present_unordered_map},
    {"std::__1::unordered_multimap", present_unordered_multimap},
    {"std::__1::unordered_set", present_unordered_set},
    {"std::__1::unordered_multiset", present_unordered_multiset},
    {"std::__1::unique_ptr", present_unique_ptr},
    {"std::__1::shared_ptr", present_shared_ptr},
    {"std::__1::optional", present_optional},
};
const struct formatter_rows libcxx_rows = {rows, ARRAY_LEN(rows)};
