/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: the dict of an instance or the values that stand in its place, __slots__, and the dicts of classes.
 *
 * Before 3.11 an instance has a dict at tp_dictoffset. From then on classes of programs keep two words, later one, before
 * the object (Include/internal/pycore_object.h, pycore_dict.h): values by the keys of the class until somebody asks for
 * a dict; from 3.13 on the values stand in the object itself. */
#include "rt/cpython/object.h"

enum {
    T_OBJECT = 6, /* Include/structmember.h, descrobject.h */
    T_OBJECT_EX = 16,
    MEMBER_SIZE = 40, /* PyMemberDef: name, type, offset, flags, doc */
    NAME_BYTES = 256,
    VALUES_BEFORE_311 = 32, /* bytes before the object */
    DICT_BEFORE = 24,
    DICT_BEFORE_FREE_THREADED = 8,
};

/* ---- instance dicts ---- */

/* The dict at tp_dictoffset; below 0 that counts from the end of an object of variable size. */
static bool dict_at_offset(struct rt *rt, taddr object, const struct py_type *t, struct py_attrs *out)
{
    uint64_t offset = (uint64_t)t->dictoffset;
    if (!offset)
        return true;
    if (t->dictoffset < 0) {
        uint64_t size = (py_object_size(rt, object, t) + 7) / 8 * 8, back = 0 - offset;
        if (size < back)
            return false;
        offset = size - back;
    }
    return py_word(rt, object + offset, &out->dict);
}

/* Values that stand by the keys of the class. */
static bool open_values(struct rt *rt, const struct py_type *t, taddr values, struct py_attrs *out)
{
    out->any = true;
    return py_table_open(rt, t->cached_keys, values, &out->table);
}

static bool managed_311(struct rt *rt, taddr object, const struct py_type *t, struct py_attrs *out)
{
    uint64_t values;
    if (!py_word(rt, object - VALUES_BEFORE_311, &values) || !py_word(rt, object - DICT_BEFORE, &out->dict))
        return false;
    return !values || open_values(rt, t, values, out);
}

/* 3.12: one word, whose lowest bit says that it is values, one byte below them. */
static bool managed_312(struct rt *rt, taddr object, const struct py_type *t, struct py_attrs *out)
{
    uint64_t word;
    if (!py_word(rt, object - DICT_BEFORE, &word))
        return false;
    if (word & 1)
        return open_values(rt, t, word + 1, out);
    out->dict = word;
    return true;
}

static bool managed_313(struct rt *rt, taddr object, const struct py_type *t, struct py_attrs *out)
{
    uint8_t valid;
    taddr values = object + (uint64_t)t->basicsize;
    if (!py_word(rt, object - (rt->free_threaded ? DICT_BEFORE_FREE_THREADED : DICT_BEFORE), &out->dict))
        return false;
    if (out->dict || !(t->flags & PY_FLAG_INLINE_VALUES))
        return true;
    if (!py_field_byte(rt, values, rt->l.values_valid, &valid))
        return false;
    return !valid || open_values(rt, t, values, out);
}

bool py_attrs_open(struct rt *rt, taddr object, const struct py_type *t, struct py_attrs *out)
{
    *out = (struct py_attrs){.any = false};
    bool read;
    if (py_minor(rt) < 11 || !(t->flags & PY_FLAG_MANAGED_DICT))
        read = dict_at_offset(rt, object, t, out);
    else if (py_minor(rt) == 11)
        read = managed_311(rt, object, t, out);
    else if (py_minor(rt) == 12)
        read = managed_312(rt, object, t, out);
    else
        read = managed_313(rt, object, t, out);
    if (!read || out->any || !out->dict)
        return read;
    out->any = true;
    const struct py_type *dict = py_type(rt, out->dict);
    return dict &&
           (dict->kind == PYK_DICT || dict->kind == PYK_DEFAULTDICT || dict->kind == PYK_ORDERED_DICT ||
            dict->kind == PYK_COUNTER) &&
           py_dict_open(rt, out->dict, &out->table);
}

/* ---- slots ---- */

static void read_members(struct rt *rt, struct py_type *t)
{
    uint64_t def[3];
    char name[NAME_BYTES];
    VEC(struct py_member) all = {0};
    t->have_members = true;
    for (taddr at = t->members; at && all.n < PY_MEMBERS_MAX; at += MEMBER_SIZE) {
        if (!py_read(rt, at, def, sizeof(def)) || !def[0])
            break;
        size_t n = py_read_some(rt, def[0], name, sizeof(name));
        if (n && memchr(name, 0, n))
            *vec_push(&all) = (struct py_member){arena_strdup(&rt->arena, name), (uint32_t)def[1], (int64_t)def[2]};
    }
    struct py_member *copy = arena_array(&rt->arena, struct py_member, all.n ? all.n : 1);
    if (all.n)
        memcpy(copy, all.v, all.n * sizeof(*copy));
    t->own_members = copy;
    t->n_members = (unsigned)all.n;
    vec_done(&all);
}

const struct py_member *py_member_at(struct rt *rt, const struct py_type *t, unsigned i)
{
    if (!t->have_members)
        read_members(rt, (struct py_type *)(uintptr_t)t);
    return i < t->n_members ? &t->own_members[i] : NULL;
}

bool py_member_is_object(const struct py_member *m)
{
    return m->type == T_OBJECT || m->type == T_OBJECT_EX;
}

bool py_member_value(struct rt *rt, taddr object, const struct py_type *t, const struct py_member *m, taddr *out)
{
    return m->offset > 0 && m->offset < t->basicsize && py_word(rt, object + (uint64_t)m->offset, out);
}

const struct py_type *py_mro_at(struct rt *rt, const struct py_type *t, unsigned i)
{
    int64_t n;
    uint64_t base;
    if (i == 0)
        return t;
    if (!t->mro || i >= PY_MRO_MAX || !py_var_size(rt, t->mro, &n) || i >= n ||
        !py_word(rt, t->mro + rt->l.tuple_items + (uint64_t)i * 8, &base))
        return NULL;
    return py_class(rt, base);
}

const struct py_member *py_member_named(struct rt *rt, const struct py_type *t, const char *name)
{
    const struct py_type *base;
    const struct py_member *m;
    for (unsigned i = 0; (base = py_mro_at(rt, t, i)); i++)
        for (unsigned k = 0; (m = py_member_at(rt, base, k)); k++)
            if (strcmp(m->name, name) == 0)
                return m;
    return NULL;
}

static bool slot_of(struct rt *rt, taddr object, const struct py_type *t, const char *name, taddr *out)
{
    const struct py_type *base;
    const struct py_member *m;
    for (unsigned i = 0; (base = py_mro_at(rt, t, i)); i++)
        for (unsigned k = 0; (m = py_member_at(rt, base, k)); k++)
            if (py_member_is_object(m) && strcmp(m->name, name) == 0)
                return py_member_value(rt, object, t, m, out) && *out != 0;
    return false;
}

bool py_attr(struct rt *rt, taddr object, const char *name, taddr *out)
{
    struct py_attrs a;
    const struct py_type *t = py_type(rt, object);
    if (!t)
        return false;
    if (py_attrs_open(rt, object, t, &a) && a.any && py_table_get(rt, &a.table, name, out))
        return true;
    return slot_of(rt, object, t, name, out);
}

bool py_class_attr(struct rt *rt, const struct py_type *t, const char *name, taddr *out)
{
    const struct py_type *base;
    for (unsigned i = 0; (base = py_mro_at(rt, t, i)); i++)
        if (base->dict && py_dict_get(rt, base->dict, name, out))
            return true;
    return false;
}

taddr py_dataclass_fields(struct rt *rt, const struct py_type *t)
{
    if (!t->have_fields) {
        struct py_type *known = (struct py_type *)(uintptr_t)t;
        taddr fields;
        known->dataclass_fields = py_class_attr(rt, t, "__dataclass_fields__", &fields) ? fields : 0;
        known->have_fields = true;
    }
    return t->dataclass_fields;
}
