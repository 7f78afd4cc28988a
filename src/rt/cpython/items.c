/* SPDX-License-Identifier: Apache-2.0 */
/* What is in an object, one after the other: elements, pairs, attributes. */
#include "rt/cpython/object.h"

enum {
    DEQUE_BLOCK = 64, /* Modules/_collectionsmodule.c: BLOCKLEN, and the fields of dequeobject */
    DEQUE_LEFT_BLOCK = 24,
    DEQUE_LEFT_INDEX = 40,
    BLOCK_DATA = 8,
    BLOCK_RIGHT = 520,
    ODICT_FIRST = 48, /* Objects/odictobject.c: the list of keys in their order; 3.6 to 3.15 */
    NODE_SIZE = 32,
    SET_ENTRY = 16, /* Include/cpython/setobject.h: key, hash */
    VIEW_DICT = 16, /* dict_keys, mappingproxy and the like: what they show */
    SIMPLE_QUEUE_LIST = 32, /* Modules/_queuemodule.c, until 3.12 */
    SIMPLE_QUEUE_LIST_FROM = 40,
};

static bool fail_at(struct py_items *it, taddr at)
{
    it->bad = at;
    return false;
}

static bool fail_corrupt(struct py_items *it)
{
    it->corrupt = true;
    return false;
}

/* ---- pointers in a row ---- */

/* Pointer i of those at it->at, many read at once. */
static bool word_at(struct py_items *it, uint64_t i, taddr *out)
{
    if (i < it->first || i >= it->first + it->have) {
        uint64_t left = it->n - i;
        size_t want = left < ARRAY_LEN(it->words) ? (size_t)left : ARRAY_LEN(it->words);
        size_t got = py_read_some(it->rt, it->at + i * 8, it->words, want * 8) / 8;
        if (!got)
            return fail_at(it, it->at + i * 8);
        it->first = i;
        it->have = got;
    }
    *out = it->words[i - it->first];
    return true;
}

static bool next_word(struct py_items *it, struct py_item *out)
{
    if (it->i >= it->n || !word_at(it, it->i, &out->value))
        return false;
    it->i++;
    return true;
}

static bool begin_row(struct py_items *it, taddr at, uint64_t n)
{
    it->shape = PY_SHAPE_ROW;
    it->at = at;
    it->n = it->length = n;
    it->next = next_word;
    return true;
}

static bool begin_list(struct py_items *it)
{
    uint64_t items;
    int64_t n;
    if (!py_var_size(it->rt, it->object, &n) || !py_field(it->rt, it->object, it->rt->l.list_items, &items))
        return fail_at(it, it->object);
    return n < 0 || (n && !items) || n > INT64_MAX / 8 ? fail_corrupt(it) : begin_row(it, items, (uint64_t)n);
}

static bool begin_tuple(struct py_items *it)
{
    int64_t n;
    if (!py_var_size(it->rt, it->object, &n))
        return fail_at(it, it->object);
    return n < 0 || n > INT64_MAX / 8 ? fail_corrupt(it)
                                      : begin_row(it, it->object + it->rt->l.tuple_items, (uint64_t)n);
}

/* ---- dicts ---- */

static bool next_pair(struct py_items *it, struct py_item *out)
{
    while (it->i < it->n) {
        if (!py_table_entry(it->rt, &it->table, it->i, &out->key, &out->value))
            return fail_at(it, it->table.entries + it->i * it->table.entry_size);
        it->i++;
        if (out->value)
            return true;
    }
    return false;
}

static bool next_key(struct py_items *it, struct py_item *out)
{
    struct py_item pair;
    if (!next_pair(it, &pair))
        return false;
    out->value = pair.key;
    return true;
}

static bool next_value(struct py_items *it, struct py_item *out)
{
    struct py_item pair;
    if (!next_pair(it, &pair))
        return false;
    out->value = pair.value;
    return true;
}

static bool begin_dict(struct py_items *it, taddr dict)
{
    uint64_t used;
    if (!py_field(it->rt, dict, it->rt->l.dict_used, &used))
        return fail_at(it, dict);
    if (!py_dict_open(it->rt, dict, &it->table) || used > it->table.n)
        return fail_corrupt(it);
    it->shape = PY_SHAPE_MAP;
    it->length = used;
    it->n = py_table_count(&it->table);
    it->next = next_pair;
    return true;
}

/* An OrderedDict has its order in a list of its own; the values are in the dict that it begins with. */
static bool next_ordered(struct py_items *it, struct py_item *out)
{
    uint64_t node[4]; /* key, hash, next, previous */
    if (!it->at)
        return false;
    if (it->i >= it->n)
        return fail_corrupt(it);
    if (!py_read(it->rt, it->at, node, sizeof(node)))
        return fail_at(it, it->at);
    out->key = node[0];
    if (!py_table_find(it->rt, &it->table, node[0], node[1], &out->value))
        return fail_corrupt(it);
    it->at = node[2];
    it->i++;
    return true;
}

static bool begin_ordered(struct py_items *it)
{
    if (!begin_dict(it, it->object))
        return false;
    if (!py_field(it->rt, it->object, py_offset(it->rt, ODICT_FIRST), &it->at))
        return fail_at(it, it->object + py_offset(it->rt, ODICT_FIRST));
    it->next = next_ordered;
    return true;
}

/* A view, by what it is a view of: a dict, or anything that has one's items. */
static bool begin_view(struct py_items *it)
{
    uint64_t of;
    const struct py_type *t;
    if (!py_field(it->rt, it->object, py_offset(it->rt, VIEW_DICT), &of) || !(t = py_type(it->rt, of)))
        return fail_at(it, it->object + py_offset(it->rt, VIEW_DICT));
    uint8_t kind = it->type->kind;
    it->object = of;
    bool dict =
        t->kind == PYK_DICT || t->kind == PYK_DEFAULTDICT || t->kind == PYK_COUNTER || t->kind == PYK_FROZENDICT;
    if (!dict && t->kind != PYK_ORDERED_DICT)
        return false;
    if (!begin_dict(it, of))
        return false;
    it->next = kind == PYK_DICT_KEYS ? next_key : kind == PYK_DICT_VALUES ? next_value : next_pair;
    it->shape = kind == PYK_DICT_KEYS || kind == PYK_DICT_VALUES ? PY_SHAPE_ROW : PY_SHAPE_MAP;
    return true;
}

/* ---- sets ---- */

static bool next_member(struct py_items *it, struct py_item *out)
{
    uint64_t entry[2];
    while (it->i <= it->n) { /* n: the mask */
        if (!py_read(it->rt, it->at + it->i * SET_ENTRY, entry, sizeof(entry)))
            return fail_at(it, it->at + it->i * SET_ENTRY);
        it->i++;
        if (!entry[0] || entry[1] == UINT64_MAX) /* no object has the hash -1: a deleted entry has */
            continue;
        out->value = entry[0];
        return true;
    }
    return false;
}

static bool begin_set(struct py_items *it)
{
    struct rt *rt = it->rt;
    if (!py_field(rt, it->object, rt->l.set_used, &it->length) || !py_field(rt, it->object, rt->l.set_mask, &it->n) ||
        !py_field(rt, it->object, rt->l.set_table, &it->at))
        return fail_at(it, it->object);
    if (it->n > INT64_MAX / SET_ENTRY || (it->n & (it->n + 1)) || it->length > it->n + 1)
        return fail_corrupt(it);
    it->shape = PY_SHAPE_ROW;
    it->next = next_member;
    return true;
}

/* ---- queues ---- */

static bool next_in_block(struct py_items *it, struct py_item *out)
{
    if (it->i >= it->n)
        return false;
    if (it->first == DEQUE_BLOCK) {
        taddr right;
        if (!py_word(it->rt, it->at + BLOCK_RIGHT, &right))
            return fail_at(it, it->at + BLOCK_RIGHT);
        it->at = right;
        it->first = 0;
    }
    if (!py_word(it->rt, it->at + BLOCK_DATA + it->first * 8, &out->value))
        return fail_at(it, it->at + BLOCK_DATA + it->first * 8);
    it->first++;
    it->i++;
    return true;
}

static bool begin_deque(struct py_items *it)
{
    int64_t n;
    if (!py_var_size(it->rt, it->object, &n) ||
        !py_field(it->rt, it->object, py_offset(it->rt, DEQUE_LEFT_BLOCK), &it->at) ||
        !py_field(it->rt, it->object, py_offset(it->rt, DEQUE_LEFT_INDEX), &it->first))
        return fail_at(it, it->object);
    if (n < 0 || it->first >= DEQUE_BLOCK)
        return fail_corrupt(it);
    it->shape = PY_SHAPE_ROW;
    it->n = it->length = (uint64_t)n;
    it->next = next_in_block;
    return true;
}

/* ---- attributes ---- */

/* A generator of names: slots of each class, outermost last, then the dict. */
static bool next_attribute(struct py_items *it, struct py_item *out)
{
    const struct py_type *base;
    while ((base = py_mro_at(it->rt, it->type, it->base))) {
        const struct py_member *m = base->heap ? py_member_at(it->rt, base, it->member) : NULL;
        if (!m) {
            it->base++;
            it->member = 0;
            continue;
        }
        it->member++;
        if (!py_member_is_object(m))
            continue;
        if (!py_member_value(it->rt, it->object, it->type, m, &out->value))
            return fail_at(it, it->object + (uint64_t)m->offset);
        if (!out->value)
            continue;
        out->name = m->name;
        return true;
    }
    return next_pair(it, out);
}

/* Without its words, which are most of it. */
static void begin(struct rt *rt, taddr object, const struct py_type *t, struct py_items *out)
{
    memset(out, 0, offsetof(struct py_items, words));
    out->rt = rt;
    out->object = object;
    out->type = t;
    out->length = UINT64_MAX;
}

void py_attributes_begin(struct rt *rt, taddr object, const struct py_type *t, struct py_items *out)
{
    struct py_attrs a;
    begin(rt, object, t, out);
    out->shape = PY_SHAPE_NAMED;
    out->next = next_attribute;
    if (!py_attrs_open(rt, object, t, &a))
        out->corrupt = true;
    else if (a.any) {
        out->table = a.table;
        out->n = py_table_count(&a.table);
    }
}

/* ---- all ---- */

bool py_items_begin(struct rt *rt, taddr object, const struct py_type *t, struct py_items *out)
{
    begin(rt, object, t, out);
    switch ((int)t->kind) {
    case PYK_LIST:
        return begin_list(out);
    case PYK_TUPLE:
        return begin_tuple(out);
    case PYK_DICT:
    case PYK_FROZENDICT:
    case PYK_DEFAULTDICT:
    case PYK_COUNTER:
        return begin_dict(out, object);
    case PYK_ORDERED_DICT:
        return begin_ordered(out);
    case PYK_MAPPING_PROXY:
    case PYK_DICT_KEYS:
    case PYK_DICT_VALUES:
    case PYK_DICT_ITEMS:
        return begin_view(out);
    case PYK_SET:
    case PYK_FROZENSET:
        return begin_set(out);
    case PYK_DEQUE:
        return begin_deque(out);
    default:
        return false;
    }
}

bool py_items_next(struct py_items *it, struct py_item *out)
{
    *out = (struct py_item){.name = NULL};
    return it->next && it->next(it, out);
}

bool py_items_at(struct py_items *it, uint64_t i, taddr *out)
{
    struct py_item item;
    if (i >= it->n && it->type->kind != PYK_SET)
        return false;
    if (it->next == next_word)
        return word_at(it, i, out);
    for (uint64_t k = 0; k <= i; k++)
        if (!py_items_next(it, &item))
            return false;
    *out = item.value;
    return true;
}
