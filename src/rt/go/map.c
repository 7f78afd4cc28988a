/* SPDX-License-Identifier: Apache-2.0 */
/* Maps, by the fields that DWARF names for every key and element type: buckets (runtime/map.go until Go 1.23) and
 * Swiss tables (internal/runtime/maps/{map,table,group}.go from Go 1.24, keys and elements apart with 1.27's
 * mapsplitgroup). */
#include "rt/go/priv.h"

#include <inttypes.h>

enum {
    SLOTS = 8,          /* of a bucket or group */
    CTRL_EMPTY = 0x80,  /* bit of a control byte: the slot holds nothing */
    TOPHASH_FIRST = 5,  /* least tophash of a full slot; 2 to 4: the bucket was moved */
    TOPHASH_MOVED = 2,
    SAME_SIZE = 8,      /* hmap.flags: growing to as many buckets */
    B_MAX = 48,         /* log2 of buckets */
    OVERFLOW_MAX = 1 << 20, /* buckets in one chain */
};

/* Where keys or elements stand in a bucket or group. */
struct column {
    const struct type *type; /* as the program declares it */
    uint64_t first, step;
    bool indirect; /* a pointer to it stands there: it is large */
};

struct map_state {
    struct column key, elem;
    uint64_t n, done;
    taddr block; /* the bucket or group at hand */
    uint8_t marks[SLOTS]; /* its tophash or control bytes */
    unsigned slot;
    bool swiss, have_block, half; /* half: the element of the last key is next */
    struct value mapped;
    uint64_t block_size, marks_at;
    /* Buckets: the new ones, then those of the old ones that were not moved yet. */
    taddr buckets[2];
    uint64_t n_buckets[2], bucket, overflow_at;
    unsigned array, chain;
    /* Swiss tables. */
    taddr directory, last_table, groups;
    uint64_t n_tables, table, n_groups, group;
    uint64_t table_groups_at, table_mask_at;
};

/* ---- layout ---- */

static bool field_of(const struct type *t, const char *name, struct field *out)
{
    struct fields fields = type_fields(type_strip(t));
    for (size_t i = 0; i < fields.n; i++)
        if (fields.v[i].name && strcmp(fields.v[i].name, name) == 0) {
            *out = fields.v[i];
            return true;
        }
    return false;
}

static const struct type *target_of(const struct type *t)
{
    const struct type *own = type_strip(t);
    return own->kind == TYPE_POINTER && own->target ? type_strip(own->target) : NULL;
}

/* `there`: what DWARF says stands in the slot; `declared`: the map's own key or element type. */
static bool set_column(struct column *c, const struct type *declared, const struct type *there, uint64_t first,
                       uint64_t step)
{
    if (!declared)
        return false;
    const struct type *real = type_strip(declared), *slot = type_strip(there);
    *c = (struct column){.type = declared, .first = first, .step = step};
    c->indirect = slot != real && slot->size != real->size && target_of(slot) == real;
    return c->indirect || slot->size == real->size;
}

/* An array of keys or of elements in a bucket or split group. */
static bool array_column(struct column *c, const struct type *declared, const struct type *block, const char *name)
{
    struct field f;
    if (!field_of(block, name, &f) || type_strip(f.type)->kind != TYPE_ARRAY || !type_strip(f.type)->target)
        return false;
    const struct type *element = type_strip(f.type)->target;
    return set_column(c, declared, element, f.bit_offset / 8, type_strip(element)->size);
}

static bool slot_column(struct column *c, const struct type *declared, const struct field *slots, const char *name)
{
    const struct type *slot = type_strip(slots->type)->target;
    struct field f;
    return slot && field_of(slot, name, &f) &&
           set_column(c, declared, f.type, slots->bit_offset / 8 + f.bit_offset / 8, type_strip(slot)->size);
}

static bool marks_of(struct map_state *m, const struct type *block, const char *name)
{
    struct field f;
    if (!field_of(block, name, &f))
        return false;
    m->marks_at = f.bit_offset / 8;
    m->block_size = block->size;
    return block->size > 0;
}

/* ---- buckets ---- */

static struct err *read_buckets(struct values *vs, const struct value *h, struct map_state *m, bool *known)
{
    uint64_t b, flags;
    struct field buckets, overflow;
    const struct type *block = field_of(h->type, "buckets", &buckets) ? target_of(buckets.type) : NULL;
    TRY(go_number(vs, h, "count", &m->n));
    TRY(go_number(vs, h, "B", &b));
    TRY(go_number(vs, h, "flags", &flags));
    TRY(go_number(vs, h, "buckets", &m->buckets[0]));
    TRY(go_number(vs, h, "oldbuckets", &m->buckets[1]));
    *known = block && b <= B_MAX && marks_of(m, block, "tophash") && field_of(block, "overflow", &overflow) &&
             array_column(&m->key, m->key.type, block, "keys") && array_column(&m->elem, m->elem.type, block, "values");
    if (!*known)
        return NULL;
    m->overflow_at = overflow.bit_offset / 8;
    m->n_buckets[0] = m->buckets[0] ? UINT64_C(1) << b : 0;
    m->n_buckets[1] = !m->buckets[1] ? 0 : flags & SAME_SIZE || b == 0 ? UINT64_C(1) << b : UINT64_C(1) << (b - 1);
    return NULL;
}

/* Moves to the next bucket: the overflow of this one, else the next of the array. */
static struct err *next_bucket(struct values *vs, struct map_state *m, bool *more)
{
    uint64_t overflow = 0;
    if (m->have_block)
        TRY(modules_read(vs->ms, m->block + m->overflow_at, &overflow, sizeof(overflow)));
    *more = true;
    m->have_block = true;
    if (overflow && m->chain++ < OVERFLOW_MAX) {
        m->block = overflow;
        return modules_read(vs->ms, m->block + m->marks_at, m->marks, SLOTS);
    }
    m->chain = 0;
    while (m->array < ARRAY_LEN(m->buckets) && m->bucket >= m->n_buckets[m->array]) {
        m->array++;
        m->bucket = 0;
    }
    *more = m->array < ARRAY_LEN(m->buckets);
    if (!*more)
        return NULL;
    m->block = m->buckets[m->array] + m->bucket++ * m->block_size;
    return modules_read(vs->ms, m->block + m->marks_at, m->marks, SLOTS);
}

/* ---- Swiss tables ---- */

static bool table_layout(struct map_state *m, const struct type *table, const struct type **group)
{
    struct field groups, data, mask;
    if (!table || !field_of(table, "groups", &groups) || !field_of(groups.type, "data", &data) ||
        !field_of(groups.type, "lengthMask", &mask))
        return false;
    m->table_groups_at = (groups.bit_offset + data.bit_offset) / 8;
    m->table_mask_at = (groups.bit_offset + mask.bit_offset) / 8;
    *group = target_of(data.type);
    return *group != NULL;
}

static bool group_layout(struct map_state *m, const struct type *group)
{
    struct field slots;
    if (!marks_of(m, group, "ctrl"))
        return false;
    if (field_of(group, "slots", &slots))
        return slot_column(&m->key, m->key.type, &slots, "key") && slot_column(&m->elem, m->elem.type, &slots, "elem");
    return array_column(&m->key, m->key.type, group, "keys") && array_column(&m->elem, m->elem.type, group, "elems");
}

static struct err *read_swiss(struct values *vs, const struct value *map, struct map_state *m, bool *known)
{
    struct field dir;
    const struct type *group, *tables = field_of(map->type, "dirPtr", &dir) ? target_of(dir.type) : NULL;
    m->swiss = true;
    TRY(go_number(vs, map, "used", &m->n));
    TRY(go_number(vs, map, "dirPtr", &m->directory));
    TRY(go_number(vs, map, "dirLen", &m->n_tables));
    *known = tables && table_layout(m, target_of(tables), &group) && group_layout(m, group) &&
             m->n_tables <= UINT64_C(1) << B_MAX;
    if (*known && m->n_tables == 0 && m->directory) { /* a small map is one group */
        m->groups = m->directory;
        m->n_groups = 1;
    }
    return NULL;
}

/* Several entries of the directory, all in a row, may name one table. */
static struct err *next_table(struct values *vs, struct map_state *m, bool *more)
{
    uint64_t at = m->last_table, mask;
    while (at == m->last_table && m->table < m->n_tables && !progress_cancelled(vs->progress))
        TRY(modules_read(vs->ms, m->directory + m->table++ * 8, &at, sizeof(at)));
    *more = at != m->last_table;
    if (!*more)
        return NULL;
    m->last_table = at;
    TRY(modules_read(vs->ms, at + m->table_groups_at, &m->groups, sizeof(m->groups)));
    TRY(modules_read(vs->ms, at + m->table_mask_at, &mask, sizeof(mask)));
    if (mask >= UINT64_C(1) << B_MAX)
        return err_at(err_new(ERR_CORRUPT, "the map's table at 0x%" PRIx64 " is damaged", at), ERR_AT_ADDRESS, at);
    m->n_groups = mask + 1;
    m->group = 0;
    return NULL;
}

static struct err *next_group(struct values *vs, struct map_state *m, bool *more)
{
    *more = true;
    if (m->group >= m->n_groups)
        TRY(next_table(vs, m, more));
    if (!*more)
        return NULL;
    m->block = m->groups + m->group++ * m->block_size;
    return modules_read(vs->ms, m->block + m->marks_at, m->marks, SLOTS);
}

/* ---- pairs ---- */

static bool is_full(const struct map_state *m, unsigned slot)
{
    if (m->swiss)
        return !(m->marks[slot] & CTRL_EMPTY);
    bool moved = m->array == 1 && m->marks[0] >= TOPHASH_MOVED && m->marks[0] < TOPHASH_FIRST;
    return !moved && m->marks[slot] >= TOPHASH_FIRST;
}

static struct err *cell(struct values *vs, const struct map_state *m, const struct column *c, unsigned slot,
                        struct value *out)
{
    taddr at = m->block + c->first + slot * c->step;
    if (c->indirect)
        TRY(modules_read(vs->ms, at, &at, sizeof(at)));
    *out = value_at(vs, c->type, at);
    return NULL;
}

static struct err *next_key(struct values *vs, struct map_state *m, struct value *key, bool *found)
{
    *found = false;
    while (m->done < m->n && !progress_cancelled(vs->progress)) {
        bool more = true;
        if (m->slot >= SLOTS) {
            TRY(m->swiss ? next_group(vs, m, &more) : next_bucket(vs, m, &more));
            m->slot = 0;
        }
        if (!more)
            return err_new(ERR_CORRUPT, "the map has %" PRIu64 " of its %" PRIu64 " keys", m->done, m->n);
        for (; m->slot < SLOTS && !is_full(m, m->slot); m->slot++)
            ;
        if (m->slot >= SLOTS)
            continue;
        TRY(cell(vs, m, &m->key, m->slot, key));
        TRY(cell(vs, m, &m->elem, m->slot, &m->mapped));
        m->slot++;
        m->done++;
        *found = true;
        return NULL;
    }
    return NULL;
}

static bool next_pair(struct presentation *p, struct values *vs, struct child *out, struct err **e)
{
    struct map_state *m = p->state;
    bool found = true;
    if (m->half)
        out->value = m->mapped;
    else
        *e = value_memory_error(next_key(vs, m, &out->value, &found));
    m->half = !m->half;
    return !*e && found;
}

bool go_present_map(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out)
{
    (void)rt;
    struct value map;
    struct field f;
    taddr at;
    bool known = true;
    struct map_state *m = arena_new(vs->arena, struct map_state);
    *m = (struct map_state){.slot = SLOTS};
    m->key.type = type_go_part(v->type, DW_AT_go_key);
    m->elem.type = type_go_part(v->type, DW_AT_go_elem);
    struct err *e = go_behind(vs, v, &map, &at);
    if (!e && at)
        e = field_of(map.type, "dirPtr", &f) ? read_swiss(vs, &map, m, &known) : read_buckets(vs, &map, m, &known);
    bool good = !e && known;
    err_free(e); /* then the pointer is shown */
    if (!good)
        return false;
    *out = (struct presentation){.kind = PRESENT_MAP, .length = m->n};
    if (at) {
        out->next = next_pair;
        out->state = m;
    }
    return true;
}
