/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of keys: of dicts, and of the instances of a class (Objects/dictobject.c).
 *
 * An index of dk_size slots says which entry has which hash; entries stand behind it in the order of insertion, as hash,
 * key, value, or (3.11, when all keys are str) key and value. A split table has its values apart, in the order of the
 * keys; from 3.11 on bytes beside them say in which order they were set. */
#include "rt/cpython/object.h"

enum {
    LOG2_MAX = 40,
    GENERAL_ENTRY = 24,
    UNICODE_ENTRY = 16,
    KIND_GENERAL = 0,
    PROBES_MORE = 64,
    SHARED_KEYS_MAX = 30, /* Include/internal/pycore_dict.h, SHARED_KEYS_MAX_SIZE, since 3.11 */
};

static uint8_t log2_of(uint64_t v)
{
    uint8_t n = 0;
    while (n < 63 && UINT64_C(1) << n < v)
        n++;
    return n;
}

/* The index until 3.10 has the narrowest slots that hold its size. */
static uint8_t old_width(uint64_t size)
{
    return size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffffff ? 4 : 8;
}

static bool read_shape(struct rt *rt, taddr keys, struct py_table *t)
{
    const struct py_layout *l = &rt->l;
    uint8_t log2_size, log2_bytes, kind;
    uint64_t size;
    t->entry_size = GENERAL_ENTRY;
    if (py_field_byte(rt, keys, l->keys_log2_size, &log2_size)) {
        if (!py_field_byte(rt, keys, l->keys_log2_index_bytes, &log2_bytes) ||
            !py_field_byte(rt, keys, l->keys_kind, &kind) || log2_size > LOG2_MAX || log2_bytes < log2_size ||
            log2_bytes > log2_size + 3)
            return false;
        t->index_width = (uint8_t)(1u << (log2_bytes - log2_size));
        t->entry_size = kind == KIND_GENERAL ? GENERAL_ENTRY : UNICODE_ENTRY;
        size = UINT64_C(1) << log2_size;
    } else {
        if (!py_field(rt, keys, l->keys_size, &size) || size > UINT64_C(1) << LOG2_MAX ||
            UINT64_C(1) << log2_of(size) != size)
            return false;
        t->index_width = old_width(size);
    }
    t->size = size;
    t->key_at = t->entry_size == GENERAL_ENTRY ? 8 : 0;
    t->entries = keys + l->keys_indices + size * t->index_width;
    return true;
}

/* Until 3.12 the count and the order stand before the values, backwards; then they are fields and behind them. */
static bool read_values(struct rt *rt, taddr values, struct py_table *t)
{
    const struct py_layout *l = &rt->l;
    uint8_t size, capacity;
    uint32_t first = l->values_values == PY_NONE ? 0 : l->values_values;
    t->values = values + first;
    t->n_order = t->n;
    if (l->values_capacity != PY_NONE) {
        if (!py_field_byte(rt, values, l->values_size, &size) ||
            !py_field_byte(rt, values, l->values_capacity, &capacity) || size > capacity)
            return false;
        t->order = t->values + (uint64_t)capacity * 8;
        t->order_step = 1;
        t->n_order = size;
    } else if (py_minor(rt) >= 11) {
        if (!py_read(rt, values - 2, &size, 1))
            return false;
        t->order = values - 3;
        t->order_step = -1;
        t->n_order = size;
    }
    return t->n_order <= t->n && (!t->order || t->n_order <= SHARED_KEYS_MAX);
}

bool py_table_open(struct rt *rt, taddr keys, taddr values, struct py_table *out)
{
    struct py_table t = {.keys = keys};
    if (!keys || !read_shape(rt, keys, &t) || !py_field(rt, keys, rt->l.keys_nentries, &t.n) || t.n > t.size)
        return false;
    if (values && !read_values(rt, values, &t))
        return false;
    *out = t;
    return true;
}

bool py_dict_open(struct rt *rt, taddr dict, struct py_table *out)
{
    uint64_t keys, values;
    return py_field(rt, dict, rt->l.dict_keys, &keys) && py_field(rt, dict, rt->l.dict_values, &values) &&
           py_table_open(rt, keys, values, out);
}

uint64_t py_table_count(const struct py_table *t)
{
    return t->values ? t->n_order : t->n;
}

bool py_table_entry(struct rt *rt, const struct py_table *t, uint64_t i, taddr *key, taddr *value)
{
    uint64_t entry[2];
    uint8_t at;
    if (t->values && t->order) {
        if (!py_read(rt, t->order + (uint64_t)((int64_t)i * t->order_step), &at, 1) || at >= t->n)
            return false;
        i = at;
    }
    if (!py_read(rt, t->entries + i * t->entry_size + t->key_at, entry, sizeof(entry)))
        return false;
    *key = entry[0];
    *value = entry[1];
    if (t->values && !py_word(rt, t->values + i * 8, value))
        return false;
    if (!*key)
        *value = 0;
    return true;
}

/* The entry in a slot; -1: the slot is empty, -2: its entry was deleted. */
static bool read_slot(struct rt *rt, const struct py_table *t, uint64_t slot, int64_t *out)
{
    uint64_t v;
    unsigned unused = 64 - 8u * t->index_width;
    if (!py_uint(rt, t->keys + rt->l.keys_indices + slot * t->index_width, t->index_width, &v))
        return false;
    *out = (int64_t)(v << unused) >> unused;
    return true;
}

bool py_table_find(struct rt *rt, const struct py_table *t, taddr key, uint64_t hash, taddr *value)
{
    uint64_t mask = t->size - 1, perturb = hash, slot = hash & mask;
    for (unsigned probe = 0; probe < t->n + PROBES_MORE; probe++) {
        uint64_t entry[2];
        int64_t i;
        if (!read_slot(rt, t, slot, &i) || i == -1 || i >= (int64_t)t->n)
            return false;
        if (i >= 0) {
            if (!py_read(rt, t->entries + (uint64_t)i * t->entry_size + t->key_at, entry, sizeof(entry)))
                return false;
            if (entry[0] == key) {
                *value = entry[1];
                return *value != 0;
            }
        }
        perturb >>= 5;
        slot = (slot * 5 + perturb + 1) & mask;
    }
    return false;
}

bool py_table_get(struct rt *rt, const struct py_table *t, const char *name, taddr *value)
{
    taddr key, found;
    for (uint64_t i = 0; i < py_table_count(t); i++) {
        if (!py_table_entry(rt, t, i, &key, &found))
            return false;
        if (found && py_str_is(rt, key, name)) {
            *value = found;
            return true;
        }
    }
    return false;
}

bool py_dict_get(struct rt *rt, taddr dict, const char *key, taddr *value)
{
    struct py_table t;
    return py_dict_open(rt, dict, &t) && py_table_get(rt, &t, key, value);
}
