/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside of a type: members, parameters, enumerators, variants, template arguments. */
#include "value/type_priv.h"

#include "base/mem.h"
#include "module/dwexpr.h"

typedef VEC(struct field) field_vec;

static void *keep(struct types *t, const void *v, size_t n, size_t size)
{
    if (!n)
        return NULL;
    void *out = arena_alloc_array(&t->arena, n, size);
    memcpy(out, v, n * size);
    return out;
}

static struct fields keep_fields(struct types *t, field_vec *v)
{
    struct fields out = {.v = keep(t, v->v, v->n, sizeof(*v->v)), .n = v->n};
    vec_done(v);
    return out;
}

/* ---- members ---- */

/* How DWARF 2 says a plain offset: an expression over the object's address. False: it needs the object. */
static bool plain_offset(struct types *t, struct dw_unit *u, struct bytes expr, uint64_t *out)
{
    const struct dwx_frame nothing = {.arch = modules_image(t->ms)->arch};
    const uint64_t object = 0;
    struct err *e = dwx_number(&nothing, u, expr, &object, out);
    err_free(e);
    return !e;
}

/* What a member's DIE says of its place, before it is put together. */
struct place {
    uint64_t bytes, data_bits, big_bits, bits, storage;
    bool has_bytes, has_data_bits, has_big_bits, computed;
};

/* DWARF 5, 5.7.6. DW_AT_bit_offset (DWARF 2 and 3) counts from the most significant bit of a storage unit
 * to that of the field. */
static void set_place(struct field *f, const struct place *p)
{
    uint64_t at = p->bytes * 8;
    f->bit_size = p->bits <= UINT32_MAX ? (uint32_t)p->bits : 0;
    if (p->has_data_bits)
        at += p->data_bits;
    else if (p->has_big_bits)
        at += (p->storage ? p->storage : f->type->size) * 8 - p->big_bits - p->bits;
    f->bit_offset = at;
    if (p->computed)
        f->flags |= FIELD_VIRTUAL;
}

static void read_location(const struct field *f, const struct dw_value *v, struct place *p)
{
    if (v->cls == DW_CLASS_CONSTANT)
        p->bytes = v->u;
    else if (v->cls != DW_CLASS_BLOCK || !plain_offset(f->type->types, f->die.unit, v->block, &p->bytes))
        p->computed = true;
}

static void read_member_attr(struct field *f, struct place *p, uint16_t at, const struct dw_value *v)
{
    switch (at) {
    case DW_AT_name:
        f->name = dw_value_string(f->die.unit, v);
        break;
    case DW_AT_data_member_location:
        read_location(f, v, p);
        break;
    case DW_AT_data_bit_offset:
        p->data_bits = v->u;
        p->has_data_bits = true;
        break;
    case DW_AT_bit_offset:
        p->big_bits = v->u;
        p->has_big_bits = true;
        break;
    case DW_AT_bit_size:
        p->bits = v->cls == DW_CLASS_CONSTANT ? v->u : 0;
        break;
    case DW_AT_byte_size:
        p->storage = v->u;
        break;
    case DW_AT_accessibility: /* 1 public, 2 protected, 3 private */
        if (v->u >= 1 && v->u <= 3)
            f->access = (uint8_t)(v->u - 1);
        break;
    case DW_AT_artificial:
        if (v->u)
            f->flags |= FIELD_ARTIFICIAL;
        break;
    case DW_AT_declaration:
        if (v->u)
            f->flags |= FIELD_STATIC;
        break;
    case DW_AT_virtuality:
        if (v->u && (f->flags & FIELD_BASE))
            f->flags |= FIELD_VIRTUAL;
        break;
    default:
        break;
    }
}

static uint8_t default_access(const struct type *t)
{
    return t->kind == TYPE_CLASS ? ACCESS_PRIVATE : ACCESS_PUBLIC;
}

/* A member, base class or parameter; `flags` to begin with. */
static struct field read_field(struct types *t, const struct dw_die *die, uint16_t language, uint8_t flags,
                               uint8_t access)
{
    struct field f = {.flags = flags, .access = access, .die = *die, .type = type_named_by(t, die, language)};
    struct place p = {0};
    struct dw_attrs it;
    struct dw_value v;
    uint16_t at;
    dw_attrs_init(&it, die);
    while (dw_attrs_next(&it, &at, &v))
        read_member_attr(&f, &p, at, &v);
    if (!(f.flags & FIELD_STATIC))
        set_place(&f, &p);
    return f;
}

static struct fields read_fields(const struct type *t)
{
    field_vec v = {0};
    struct dw_die d;
    uint8_t access = default_access(t);
    for (bool ok = dw_die_child(&t->die, &d); ok && v.n < TYPE_MAX_PARTS; ok = dw_die_next(&d))
        switch (dw_tag(&d)) {
        case DW_TAG_member:
            *vec_push(&v) = read_field(t->types, &d, t->language, 0, access);
            break;
        case DW_TAG_inheritance:
            *vec_push(&v) = read_field(t->types, &d, t->language, FIELD_BASE, access);
            break;
        case DW_TAG_variable: /* DWARF 5's static member */
            *vec_push(&v) = read_field(t->types, &d, t->language, FIELD_STATIC, access);
            break;
        default:
            break;
        }
    return keep_fields(t->types, &v);
}

struct fields type_fields(const struct type *t)
{
    t = type_complete(t);
    if (!type_is_record(t) || t->incomplete || (!t->die.unit && !t->more))
        return (struct fields){0};
    struct type_more *more = type_more(t);
    if (!(more->have & MORE_FIELDS) && t->die.unit) {
        more->have |= MORE_FIELDS;
        more->fields = read_fields(t);
    }
    return more->fields;
}

/* ---- parameters ---- */

static struct field read_parameter(const struct type *t, const struct dw_die *die)
{
    struct field f = read_field(t->types, die, t->language, 0, ACCESS_PUBLIC);
    struct dw_die origin;
    f.type = type_of(t->types, die);
    if (!f.name && dw_attr_die(die, DW_AT_abstract_origin, &origin))
        f.name = dw_attr_string(&origin, DW_AT_name);
    return f;
}

/* In the function itself `this` is constant; compilers leave that out where it is only declared. */
static void fix_this(const struct type *t, struct field *f)
{
    if (type_is_cxx(t) && (f->flags & FIELD_ARTIFICIAL) && f->type->kind == TYPE_POINTER &&
        (!f->name || strcmp(f->name, "this") == 0))
        f->type = type_with(t->types, f->type, TYPE_CONST);
}

static void add_parameters(const struct type *t, const struct dw_die *parent, field_vec *v)
{
    struct dw_die d;
    for (bool ok = dw_die_child(parent, &d); ok && v->n < TYPE_MAX_PARTS; ok = dw_die_next(&d)) {
        if (dw_tag(&d) == DW_TAG_formal_parameter)
            *vec_push(v) = read_parameter(t, &d);
        else if (dw_tag(&d) == DW_TAG_GNU_formal_parameter_pack && dw_tag(parent) != dw_tag(&d))
            add_parameters(t, &d, v);
    }
}

struct fields type_parameters(const struct type *t)
{
    if (t->kind != TYPE_FUNCTION || (!t->die.unit && !t->more))
        return (struct fields){0};
    struct type_more *more = type_more(t);
    if (!(more->have & MORE_PARAMETERS) && t->die.unit) {
        field_vec v = {0};
        struct dw_die die = t->die;
        more->have |= MORE_PARAMETERS;
        add_parameters(t, &die, &v);
        /* The concrete instance of a function may leave its parameters to the abstract one. */
        if (!v.n && dw_attr_die(&t->die, DW_AT_abstract_origin, &die))
            add_parameters(t, &die, &v);
        if (v.n)
            fix_this(t, &v.v[0]);
        more->parameters = keep_fields(t->types, &v);
    }
    return more->parameters;
}

/* ---- enumerators ---- */

/* gdb's rule for flags: one bit each, or none. */
static bool can_be_flag(const struct enumerator *e)
{
    return e->value >= 0 && (e->value & (e->value - 1)) == 0;
}

static struct enumerators read_enumerators(const struct type *t)
{
    VEC(struct enumerator) v = {0};
    struct dw_die d;
    uint64_t value;
    bool flags = true;
    for (bool ok = dw_die_child(&t->die, &d); ok && v.n < TYPE_MAX_PARTS; ok = dw_die_next(&d)) {
        const char *name = dw_tag(&d) == DW_TAG_enumerator ? dw_attr_string(&d, DW_AT_name) : NULL;
        if (!name || !dw_attr_uint(&d, DW_AT_const_value, &value))
            continue;
        *vec_push(&v) = (struct enumerator){.name = name, .value = (int64_t)value};
        flags = flags && can_be_flag(&v.v[v.n - 1]);
    }
    struct enumerators out = {.v = keep(t->types, v.v, v.n, sizeof(*v.v)), .n = v.n, .flags = v.n && flags};
    vec_done(&v);
    return out;
}

struct enumerators type_enumerators(const struct type *t)
{
    t = type_complete(t);
    if (t->kind != TYPE_ENUM || !t->die.unit)
        return (struct enumerators){0};
    struct type_more *more = type_more(t);
    if (!(more->have & MORE_ENUMERATORS)) {
        more->have |= MORE_ENUMERATORS;
        more->enumerators = read_enumerators(t);
    }
    return more->enumerators;
}

/* ---- variants of a Rust enum ---- */

typedef VEC(struct variant) variant_vec;

static uint64_t discriminant_number(const struct dw_value *v)
{
    return v->cls == DW_CLASS_CONSTANT ? v->u : 0;
}

/* DW_AT_discr_list: labels (0, value) and ranges (1, low, high), of unsigned numbers (DWARF 5, 5.7.10). */
static void add_ranges(variant_vec *out, struct variant v, struct bytes list)
{
    struct cursor c = cursor_of(list, 0, "DW_AT_discr_list");
    while (cursor_left(&c) && out->n < TYPE_MAX_PARTS) {
        uint8_t kind = cursor_u8(&c);
        v.lo = v.hi = cursor_uleb(&c);
        if (kind == 1)
            v.hi = cursor_uleb(&c);
        if (c.failed || kind > 1)
            return;
        *vec_push(out) = v;
    }
}

static void add_variant(const struct type *t, const struct dw_die *die, variant_vec *out)
{
    struct variant v = {0};
    struct dw_value value;
    struct dw_die d;
    bool ok = dw_die_child(die, &d);
    while (ok && dw_tag(&d) != DW_TAG_member)
        ok = dw_die_next(&d);
    if (!ok)
        return;
    v.field = read_field(t->types, &d, t->language, 0, ACCESS_PUBLIC);
    if (dw_attr(die, DW_AT_discr_value, &value))
        v.lo = v.hi = discriminant_number(&value);
    else if (dw_attr(die, DW_AT_discr_list, &value) && value.cls == DW_CLASS_BLOCK) {
        add_ranges(out, v, value.block);
        return;
    } else
        v.otherwise = true;
    *vec_push(out) = v;
}

static struct variants read_variants(const struct type *t, const struct dw_die *part)
{
    struct variants out = {0};
    variant_vec v = {0};
    struct dw_die d;
    if (dw_attr_die(part, DW_AT_discr, &d)) {
        out.has_discriminant = true;
        out.discriminant = read_field(t->types, &d, t->language, 0, ACCESS_PUBLIC);
    }
    for (bool ok = dw_die_child(part, &d); ok && v.n < TYPE_MAX_PARTS; ok = dw_die_next(&d))
        if (dw_tag(&d) == DW_TAG_variant)
            add_variant(t, &d, &v);
    out.v = keep(t->types, v.v, v.n, sizeof(*v.v));
    out.n = v.n;
    vec_done(&v);
    return out;
}

struct variants type_variants(const struct type *t)
{
    t = type_complete(t);
    if (!type_is_record(t) || !t->die.unit)
        return (struct variants){0};
    struct type_more *more = type_more(t);
    if (!(more->have & MORE_VARIANTS)) {
        struct dw_die d;
        more->have |= MORE_VARIANTS;
        for (bool ok = dw_die_child(&t->die, &d); ok; ok = dw_die_next(&d))
            if (dw_tag(&d) == DW_TAG_variant_part) {
                more->variants = read_variants(t, &d);
                break;
            }
    }
    return more->variants;
}

/* ---- template arguments ---- */

typedef VEC(struct template_arg) arg_vec;

static void add_args(const struct type *t, const struct dw_die *parent, arg_vec *out)
{
    struct dw_die d;
    struct dw_value v;
    for (bool ok = dw_die_child(parent, &d); ok && out->n < TYPE_MAX_PARTS; ok = dw_die_next(&d)) {
        uint16_t tag = dw_tag(&d);
        if (tag == DW_TAG_GNU_template_parameter_pack && dw_tag(parent) != tag)
            add_args(t, &d, out);
        if (tag != DW_TAG_template_type_parameter && tag != DW_TAG_template_value_parameter)
            continue;
        struct template_arg *a = vec_push(out);
        a->name = dw_attr_string(&d, DW_AT_name);
        a->type = type_named_by(t->types, &d, t->language);
        a->is_value = tag == DW_TAG_template_value_parameter;
        a->known = a->is_value && dw_attr(&d, DW_AT_const_value, &v) && v.cls == DW_CLASS_CONSTANT;
        if (a->known)
            a->value = (int64_t)v.u;
    }
}

struct template_args type_template_args(const struct type *t)
{
    if (!t->die.unit)
        return (struct template_args){0};
    struct type_more *more = type_more(t);
    if (!(more->have & MORE_ARGS)) {
        arg_vec v = {0};
        more->have |= MORE_ARGS;
        add_args(t, &t->die, &v);
        more->args.v = keep(t->types, v.v, v.n, sizeof(*v.v));
        more->args.n = v.n;
        vec_done(&v);
    }
    return more->args;
}
