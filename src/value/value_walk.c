/* SPDX-License-Identifier: Apache-2.0 */
/* From a value to what is inside of it or behind it. */
#include "module/dwarf_const.h"
#include "value/descent.h"
#include "value/scope.h"
#include "value/value_priv.h"

/* ---- members ---- */

static struct err *read_target(void *arg, taddr at, void *buf, size_t n)
{
    const struct values *vs = arg;
    return modules_read(vs->ms, at, buf, n);
}

/* Where a virtual base lies: the expression reads the offset from the object's vtable. */
static struct err *virtual_base(struct values *vs, const struct value *v, const struct field *f, struct value *out)
{
    struct dw_value at;
    taddr object, base;
    if (!f->die.unit || !dw_attr(&f->die, DW_AT_data_member_location, &at) || at.cls != DW_CLASS_BLOCK)
        return err_new(ERR_NO_DATA, "nothing says where the virtual base is");
    TRY(value_address(v, &object));
    struct dwx_frame frame = {.arg = vs, .arch = modules_image(vs->ms)->arch, .memory = read_target};
    TRY(dwx_number(&frame, f->die.unit, at.block, &object, &base));
    *out = value_at(vs, f->type, base);
    return NULL;
}

static struct err *no_definition(const struct field *f)
{
    return err_new(ERR_OPTIMISED_OUT, "the static member \"%s\" is defined nowhere", f->name ? f->name : "");
}

/* By its qualified name in the whole program. */
static struct err *find_static(struct values *vs, const struct value *v, const struct field *f, struct value *out)
{
    const struct type *record = type_strip(v->type);
    struct index_hits hits;
    if (!record->name || !f->name || !vs->index)
        return no_definition(f);
    const char *name = arena_printf(vs->arena, "%s::%s", record->name, f->name);
    TRY(index_find(vs->index, name, INDEX_VARIABLE, false, NULL, &hits));
    for (size_t i = 0; i < hits.n; i++) {
        struct value found;
        struct err *e = hits.v[i].die.unit ? scope_global(vs, v->frame, &hits.v[i].die, &found) : no_definition(f);
        if (!e && found.loc.n) {
            *out = found;
            return NULL;
        }
        err_free(e); /* a declaration has no place; another hit may */
    }
    return no_definition(f);
}

/* The definition stands elsewhere in the program. What the linker calls it is looked up at once; the names of the
 * whole program are read only for a member without such a name. */
static struct err *static_member(struct values *vs, const struct value *v, const struct field *f, struct value *out)
{
    struct symbol symbol;
    struct module *in;
    struct dw_value constant;
    const char *linkage = f->die.unit ? dw_attr_string(&f->die, DW_AT_linkage_name) : NULL;
    if (f->die.unit && dw_attr(&f->die, DW_AT_const_value, &constant))
        return scope_global(vs, v->frame, &f->die, out);
    if (!linkage)
        return find_static(vs, v, f, out);
    if (!modules_symbol_named(vs->ms, linkage, &symbol, &in))
        return no_definition(f);
    *out = value_at(vs, f->type, symbol.addr);
    return NULL;
}

struct err *value_field(struct values *vs, const struct value *v, const struct field *f, struct value *out)
{
    if (f->flags & FIELD_STATIC)
        return static_member(vs, v, f, out);
    if (f->flags & FIELD_VIRTUAL)
        return virtual_base(vs, v, f, out);
    *out = *v;
    out->type = f->type;
    out->bit_offset = v->bit_offset + f->bit_offset;
    out->bit_size = f->bit_size;
    return NULL;
}

static bool is_anonymous_record(const struct field *f)
{
    return !f->name && !(f->flags & FIELD_BASE) && type_is_record(type_strip(f->type));
}

/* Own members first, then those of anonymous members, then of bases. *found says whether `out` was written. */
static struct err *find_member(struct values *vs, const struct value *v, const char *name, struct descent *d,
                               struct value *out, bool *found)
{
    const struct type *t = type_strip(v->type);
    if (!type_is_record(t) || !descent_in(d))
        return NULL;
    if (type_variants(t).n) {
        struct value active;
        TRY(value_variant(vs, v, &active));
        TRY(find_member(vs, &active, name, d, out, found));
        descent_out(d);
        return NULL;
    }
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (f->name && !(f->flags & FIELD_BASE) && strcmp(f->name, name) == 0) {
            *found = true;
            return value_field(vs, v, f, out);
        }
    }
    for (int bases = 0; bases < 2; bases++)
        for (size_t i = 0; i < fields.n && !*found; i++) {
            const struct field *f = &fields.v[i];
            struct value inner;
            if (bases ? !(f->flags & FIELD_BASE) : !is_anonymous_record(f))
                continue;
            TRY(value_field(vs, v, f, &inner));
            TRY(find_member(vs, &inner, name, d, out, found));
        }
    descent_out(d);
    return NULL;
}

struct err *value_member(struct values *vs, const struct value *v, const char *name, struct value *out)
{
    bool found = false;
    struct value object, member;
    TRY(value_referent(vs, v, &object));
    TRY(find_member(vs, &object, name, &(struct descent){0}, &member, &found));
    if (!found)
        return err_new(ERR_NOT_FOUND, "There is no member named %s.", name);
    *out = member;
    return NULL;
}

struct err *value_variant(struct values *vs, const struct value *v, struct value *out)
{
    struct variants all = type_variants(type_strip(v->type));
    const struct variant *other = NULL;
    uint64_t d = 0;
    if (all.n && all.has_discriminant) {
        struct value which;
        TRY(value_field(vs, v, &all.discriminant, &which));
        TRY(value_int(vs, &which, &d));
        size_t size = value_size(which.type);
        if (size < sizeof(d))
            d &= (UINT64_C(1) << size * 8) - 1;
    }
    for (size_t i = 0; i < all.n; i++) {
        const struct variant *one = &all.v[i];
        if (one->otherwise || !all.has_discriminant)
            other = one;
        else if (d >= one->lo && d <= one->hi)
            return value_field(vs, v, &one->field, out);
    }
    if (!other)
        return err_new(ERR_NO_DATA, "no variant has the discriminant %" PRIu64, d);
    return value_field(vs, v, &other->field, out);
}

/* ---- elements ---- */

struct value value_element(const struct value *v, int64_t i)
{
    const struct type *t = type_strip(v->type);
    uint64_t stride = t->stride ? t->stride : (t->target ? value_size(t->target) * 8 : 0);
    struct value e = *v;
    e.type = t->target ? t->target : t;
    e.bit_offset = v->bit_offset + ((uint64_t)i - (uint64_t)t->lower) * stride; /* modulo 2^64, as addresses */
    e.bit_size = 0;
    return e;
}

/* ---- what is pointed at ---- */

static bool is_reference(const struct type *t)
{
    return t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE;
}

static struct err *synthetic_target(struct values *vs, const struct value *v, const struct type *target,
                                    struct value *out)
{
    const struct loc_piece *p = value_synthetic(v);
    struct variable object = {.die = p->die, .type = type_of(vs->types, &p->die)};
    struct value whole;
    if (!v->frame)
        return err_new(ERR_NO_DATA, "the object pointed at is known only in its frame");
    TRY(scope_value(v->frame, &object, &whole));
    *out = whole;
    out->type = target;
    out->bit_offset += (uint64_t)p->offset * 8;
    return NULL;
}

struct err *value_deref(struct values *vs, const struct value *v, struct value *out)
{
    const struct type *t = type_strip(v->type);
    if (t->kind != TYPE_POINTER && !is_reference(t))
        return err_new(ERR_USAGE, "Attempt to take contents of a non-pointer value.");
    if (!t->target || type_strip(t->target)->kind == TYPE_VOID)
        return err_new(ERR_USAGE, "Attempt to take contents of a non-pointer value.");
    const struct type *target = type_strip(t->target)->incomplete ? type_complete(type_strip(t->target)) : t->target;
    if (value_synthetic(v))
        return synthetic_target(vs, v, target, out);
    uint64_t at;
    TRY(value_int(vs, v, &at));
    *out = value_at(vs, target, at);
    out->frame = v->frame;
    return value_resolve(vs, out);
}

struct err *value_referent(struct values *vs, const struct value *v, struct value *out)
{
    if (is_reference(type_strip(v->type)))
        return value_deref(vs, v, out);
    *out = *v;
    return NULL;
}

/* ---- variable-length arrays ---- */

/* How many elements an array type has in a frame. */
static struct err *count_in_frame(const struct vframe *f, const struct type *array, uint64_t *out)
{
    struct dw_die range;
    struct dw_value v;
    uint64_t last;
    if (!type_subrange(array, &range))
        return err_new(ERR_NO_DATA, "nothing says how long the array is");
    if (dw_attr(&range, DW_AT_count, &v))
        return scope_attribute(f, &range, DW_AT_count, out);
    TRY(scope_attribute(f, &range, DW_AT_upper_bound, &last));
    int64_t n = (int64_t)(last - (uint64_t)array->lower + 1);
    *out = n > 0 ? (uint64_t)n : 0;
    return NULL;
}

struct err *value_resolve(struct values *vs, struct value *v)
{
    const struct type *t = type_strip(v->type);
    uint64_t n;
    if (t->kind != TYPE_ARRAY || t->count_known || !t->target || !v->frame)
        return NULL;
    struct value element = {.type = t->target, .frame = v->frame};
    TRY(value_resolve(vs, &element));
    struct err *e = count_in_frame(v->frame, t, &n);
    if (e && e->code == ERR_NO_DATA) { /* int x[]: its length is nowhere */
        err_free(e);
        return NULL;
    }
    TRY(e);
    v->type = type_array_of(vs->types, element.type, n);
    return NULL;
}

/* ---- the dynamic type ---- */

/* Itanium C++ ABI 2.5.2: a class with virtual functions or bases has a vtable pointer; its primary base, or it
 * itself, has it at offset 0. */
static bool has_virtual_function(const struct type *t)
{
    struct dw_die die;
    struct dw_value v;
    for (bool ok = t->die.unit && dw_die_child(&t->die, &die); ok; ok = dw_die_next(&die))
        if (dw_tag(&die) == DW_TAG_subprogram && dw_attr(&die, DW_AT_virtuality, &v) && v.u)
            return true;
    return false;
}

static bool has_vtable(const struct type *t, struct descent *d)
{
    if (!descent_in(d))
        return false;
    if (has_virtual_function(t))
        return true;
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (f->flags & FIELD_VIRTUAL || (f->name && begins_with(f->name, "_vptr")))
            return true;
        if (f->flags & FIELD_BASE && f->bit_offset == 0 && has_vtable(type_strip(f->type), d))
            return true;
    }
    descent_out(d);
    return false;
}

bool value_has_vtable(const struct type *t)
{
    return type_is_record(t) && has_vtable(t, &(struct descent){0});
}

/* The class of the vtable that an address points into, in the arena; NULL: it is in none. */
static const char *vtable_class(struct values *vs, taddr vptr)
{
    static const char prefix[] = "vtable for ";
    struct module *m = modules_find(vs->ms, vptr);
    struct symbol symbol;
    if (!m || !module_symbol(m, vptr, &symbol) || !begins_with(symbol.name, "_ZTV"))
        return NULL;
    char *plain SCOPED(freep) = demangle(symbol.name);
    if (!plain || !begins_with(plain, prefix))
        return NULL;
    return arena_strdup(vs->arena, plain + sizeof(prefix) - 1);
}

struct err *value_dynamic(struct values *vs, const struct value *v, struct value *out)
{
    const struct type *t = type_complete(type_strip(v->type));
    taddr at;
    uint64_t vptr, to_top;
    *out = *v;
    if (!value_has_vtable(t))
        return NULL;
    TRY(value_address(v, &at));
    unsigned word = modules_image(vs->ms)->arch->addr_size;
    TRY(modules_read(vs->ms, at, &(uint8_t){0}, 1));
    if (!modules_word(vs->ms, at, word, &vptr) || !modules_word(vs->ms, vptr - 2ull * word, word, &to_top))
        return NULL;
    const char *name = vtable_class(vs, vptr);
    struct index_hits hits;
    if (!name || !vs->index || (t->name && strcmp(name, t->name) == 0 && to_top == 0))
        return NULL;
    TRY(index_find(vs->index, name, INDEX_TYPE, false, modules_find(vs->ms, vptr), &hits));
    for (size_t i = 0; i < hits.n; i++) {
        if (!hits.v[i].die.unit || hits.v[i].declaration)
            continue;
        *out = value_at(vs, type_of_die(vs->types, &hits.v[i].die), at + to_top);
        break;
    }
    return NULL;
}
