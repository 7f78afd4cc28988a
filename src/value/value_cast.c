/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions: C11 6.3, and C++'s between classes and their bases. */
#include <math.h>

#include "value/descent.h"
#include "value/value_priv.h"

static struct err *invalid_cast(void)
{
    return err_new(ERR_USAGE, "Invalid cast.");
}

/* ---- numbers ---- */

static bool is_real(const struct type *t)
{
    return t->kind == TYPE_FLOAT;
}

static bool is_number(const struct type *t)
{
    return t->kind == TYPE_BOOL || t->kind == TYPE_CHAR || t->kind == TYPE_INT || t->kind == TYPE_ENUM ||
           t->kind == TYPE_POINTER || t->kind == TYPE_FLOAT || t->kind == TYPE_UNSPECIFIED;
}

/* The integer part, modulo 2^128; what is too large becomes the largest. */
static void real_to_bytes(long double v, uint8_t *bytes)
{
    const long double most = ldexpl(1.0L, 127);
    unsigned __int128 whole;
    if (isnan(v))
        whole = 0;
    else if (v >= most)
        whole = v >= 2 * most ? ~(unsigned __int128)0 : (unsigned __int128)v;
    else
        whole = v <= -most ? (unsigned __int128)1 << 127 : (unsigned __int128)(__int128)v;
    memset(bytes, v < 0 ? 0xff : 0, SCALAR_MAX);
    memcpy(bytes, &whole, sizeof(whole));
}

static long double scalar_to_real(const struct scalar *s, bool is_signed)
{
    unsigned __int128 whole;
    memcpy(&whole, s->bytes, sizeof(whole));
    return is_signed ? (long double)(__int128)whole : (long double)whole;
}

static struct err *cast_number(struct values *vs, const struct value *v, const struct type *from, const struct type *to,
                               struct value *out)
{
    const struct type *t = type_strip(to);
    struct scalar s;
    long double real = 0;
    TRY(value_scalar(vs, v, &s));
    if (is_real(from))
        TRY(value_double(vs, v, &real));
    if (is_real(t)) {
        *out = value_of_double(vs, to, is_real(from) ? real : scalar_to_real(&s, from->is_signed));
        return NULL;
    }
    if (t->size > SCALAR_MAX)
        return invalid_cast();
    if (t->kind == TYPE_BOOL) {
        static const uint8_t zero[SCALAR_MAX];
        bool set = is_real(from) ? real != 0 : memcmp(s.bytes, zero, s.size) != 0;
        *out = value_of_int(vs, to, set);
        return NULL;
    }
    if (is_real(from))
        real_to_bytes(real, s.bytes);
    *out = value_of_bytes(vs, to, s.bytes, (size_t)t->size);
    return NULL;
}

/* ---- classes ---- */

/* The part of `v` that is its base `base`. *found says whether there is one. */
static struct err *find_base(struct values *vs, const struct value *v, const struct type *base, struct descent *d,
                             struct value *out, bool *found)
{
    const struct type *t = type_strip(v->type);
    if (type_equal(t, base)) {
        *found = true;
        *out = *v;
        return NULL;
    }
    if (!descent_in(d))
        return NULL;
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n && !*found; i++) {
        struct value inner;
        if (!(fields.v[i].flags & FIELD_BASE))
            continue;
        TRY(value_field(vs, v, &fields.v[i], &inner));
        TRY(find_base(vs, &inner, base, d, out, found));
    }
    descent_out(d);
    return NULL;
}

/* Where `base` lies in `derived`, when no virtual base is on the way. */
static bool base_offset(const struct type *derived, const struct type *base, struct descent *d, uint64_t *out)
{
    if (type_equal(derived, base)) {
        *out = 0;
        return true;
    }
    if (!descent_in(d))
        return false;
    struct fields fields = type_fields(derived);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (!(f->flags & FIELD_BASE) || f->flags & FIELD_VIRTUAL)
            continue;
        if (base_offset(type_strip(f->type), base, d, out)) {
            *out += f->bit_offset / 8;
            return true;
        }
    }
    descent_out(d);
    return false;
}

static const struct type *record_behind(const struct type *t)
{
    const struct type *target = t->target ? type_strip(t->target) : NULL;
    return target && type_is_record(target) ? type_complete(target) : NULL;
}

/* An address of a `from` as one of a `to`, both records; unrelated ones keep it. */
static struct err *cast_address(struct values *vs, taddr at, const struct type *from, const struct type *to, taddr *out)
{
    uint64_t offset;
    bool found = false;
    *out = at;
    if (at == 0 || type_equal(from, to))
        return NULL;
    struct value object = value_at(vs, from, at), base;
    struct err *e = find_base(vs, &object, to, &(struct descent){0}, &base, &found);
    if (!e && found)
        return value_address(&base, out);
    if (base_offset(to, from, &(struct descent){0}, &offset)) {
        err_free(e);
        *out = at - offset;
        return NULL;
    }
    return e;
}

static struct err *cast_pointer(struct values *vs, const struct value *v, const struct type *from,
                                const struct type *to, struct value *out)
{
    const struct type *t = type_strip(to), *a = record_behind(from), *b = record_behind(t);
    uint64_t at;
    if (!a || !b)
        return cast_number(vs, v, from, to, out);
    TRY(value_int(vs, v, &at));
    TRY(cast_address(vs, at, a, b, &at));
    *out = value_of_int(vs, to, at);
    return NULL;
}

static struct err *cast_record(struct values *vs, const struct value *v, const struct type *to, struct value *out)
{
    const struct type *from = type_strip(v->type), *t = type_complete(type_strip(to));
    bool found = false;
    uint64_t offset;
    if (!type_is_record(from))
        return invalid_cast();
    TRY(find_base(vs, v, t, &(struct descent){0}, out, &found));
    if (!found && base_offset(t, from, &(struct descent){0}, &offset)) {
        *out = *v;
        out->bit_offset -= offset * 8;
        found = true;
    }
    if (!found)
        return invalid_cast();
    out->type = to;
    return NULL;
}

/* ---- all ---- */

/* Arrays and functions become pointers (C11 6.3.2.1). */
static struct err *decay(struct values *vs, struct value *v)
{
    const struct type *t = type_strip(v->type);
    bool array = t->kind == TYPE_ARRAY && t->target;
    taddr at;
    if (!array && t->kind != TYPE_FUNCTION)
        return NULL;
    TRY(value_address(v, &at));
    *v = value_of_int(vs, type_pointer_to(vs->types, array ? t->target : v->type), at);
    return NULL;
}

static struct err *cast_to_reference(struct values *vs, const struct value *v, const struct type *to, struct value *out)
{
    const struct type *target = type_strip(to)->target;
    struct value object = *v;
    taddr at;
    if (target && type_is_record(type_strip(target)) && type_is_record(type_strip(v->type)))
        TRY(cast_record(vs, v, target, &object));
    TRY(value_address(&object, &at));
    *out = value_of_int(vs, to, at);
    return NULL;
}

/* To an array or vector: the same bytes, seen otherwise. */
static struct err *cast_to_array(const struct value *v, const struct type *to, struct value *out)
{
    const struct type *t = type_strip(to);
    if (t->size != 0 && value_size(v->type) != t->size)
        return invalid_cast();
    *out = *v;
    out->type = to;
    return NULL;
}

struct err *value_cast(struct values *vs, const struct value *v, const struct type *to, struct value *out)
{
    const struct type *t = type_strip(to);
    struct value plain;
    TRY(value_referent(vs, v, &plain));
    if (t->kind == TYPE_VOID) {
        *out = value_of_bytes(vs, to, NULL, 0);
        return NULL;
    }
    if (t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE)
        return cast_to_reference(vs, &plain, to, out);
    if (type_is_record(t))
        return cast_record(vs, &plain, to, out);
    if (t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR)
        return cast_to_array(&plain, to, out);
    TRY(decay(vs, &plain));
    const struct type *from = type_strip(plain.type);
    if (type_equal(from, t)) {
        *out = plain;
        out->type = to;
        return NULL;
    }
    if (!is_number(from) || !is_number(t) || (from->kind == TYPE_POINTER && is_real(t)))
        return invalid_cast();
    if (from->kind == TYPE_POINTER && t->kind == TYPE_POINTER)
        return cast_pointer(vs, &plain, from, to, out);
    return cast_number(vs, &plain, from, to, out);
}
