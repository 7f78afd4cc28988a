/* SPDX-License-Identifier: Apache-2.0 */
/* From a DIE to its type: what can be said without looking inside (DWARF 5, chapter 5). */
#include "value/type_priv.h"

#include "base/mem.h"

/* Concrete instance -> abstract instance -> declaration is the longest real chain. */
#define MAX_HOPS 16
/* More dimensions than any language allows. */
#define MAX_DIMENSIONS 64

static const struct dw_die *die_of(const struct type *t)
{
    return &t->die;
}

static bool find_attr(const struct type *t, uint16_t at, struct dw_value *v)
{
    return dw_attr(die_of(t), at, v);
}

static uint16_t language_of(const struct dw_die *die, uint16_t hint)
{
    uint16_t own = dw_unit_root(die->unit)->language;
    return own ? own : hint;
}

/* ---- base types ---- */

static void set_kind(struct type *t, enum type_kind kind, bool is_signed)
{
    t->kind = (uint8_t)kind;
    t->is_signed = is_signed;
}

/* C++ has it as a type of its own, with the encoding of an integer. */
static bool is_wide_char(const struct type *t)
{
    return t->name && strcmp(t->name, "wchar_t") == 0;
}

static const struct type *complex_part(struct types *all, uint64_t size, bool floating)
{
    static const char *const floats[] = {"float", "double", "long double"};
    static const char *const ints[] = {"char", "short", "int", "long"};
    const char *name = NULL;
    if (floating)
        name = size == 8 ? floats[0] : size == 16 ? floats[1] : size == 32 ? floats[2] : NULL;
    else if (size >= 2 && size <= 16 && !(size & (size - 1)))
        name = ints[__builtin_ctzll(size) - 1];
    return name ? type_c(all, name) : type_base(all, floating ? TYPE_FLOAT : TYPE_INT, "", size / 2, true);
}

static void make_base(struct type *t)
{
    uint64_t encoding = 0;
    bool sized = dw_attr_uint(die_of(t), DW_AT_byte_size, &t->size);
    dw_attr_uint(die_of(t), DW_AT_encoding, &encoding);
    if (!sized && dw_attr_uint(die_of(t), DW_AT_bit_size, &t->size))
        t->size = t->size / 8 + (t->size % 8 != 0);
    switch (encoding) {
    case DW_ATE_boolean:
        set_kind(t, TYPE_BOOL, false);
        break;
    case DW_ATE_address:
    case DW_ATE_unsigned:
    case DW_ATE_unsigned_fixed:
        set_kind(t, is_wide_char(t) ? TYPE_CHAR : TYPE_INT, false);
        break;
    case DW_ATE_signed:
    case DW_ATE_signed_fixed:
        set_kind(t, is_wide_char(t) ? TYPE_CHAR : TYPE_INT, true);
        break;
    case DW_ATE_signed_char:
        set_kind(t, TYPE_CHAR, true);
        break;
    case DW_ATE_unsigned_char:
    case DW_ATE_UTF:
    case DW_ATE_UCS:
    case DW_ATE_ASCII:
        set_kind(t, TYPE_CHAR, false);
        break;
    case DW_ATE_float:
    case DW_ATE_imaginary_float:
        set_kind(t, TYPE_FLOAT, true);
        break;
    case DW_ATE_decimal_float:
        set_kind(t, TYPE_DECIMAL, true);
        break;
    case DW_ATE_complex_float:
    case DW_ATE_GNU_complex_int:
        set_kind(t, TYPE_COMPLEX, true);
        t->target = complex_part(t->types, t->size, encoding == DW_ATE_complex_float);
        break;
    default:
        set_kind(t, TYPE_ERROR, false);
        break;
    }
}

/* ---- enumerations ---- */

/* Compilers that name no underlying type use a signed form for a negative value. */
static bool has_negative(const struct dw_die *die)
{
    struct dw_die d;
    struct dw_value v;
    for (bool ok = dw_die_child(die, &d); ok; ok = dw_die_next(&d))
        if (dw_tag(&d) == DW_TAG_enumerator && dw_attr(&d, DW_AT_const_value, &v) && v.cls == DW_CLASS_CONSTANT &&
            (int64_t)v.u < 0 && (v.form == DW_FORM_sdata || v.form == DW_FORM_implicit_const))
            return true;
    return false;
}

static void make_enum(struct type *t)
{
    struct dw_value v;
    if (find_attr(t, DW_AT_type, &v))
        t->target = type_named_by(t->types, die_of(t), t->language);
    if (!t->size && t->target)
        t->size = t->target->size;
    t->is_signed = t->target ? type_strip(t->target)->is_signed : has_negative(die_of(t));
}

/* ---- arrays ---- */

/* A bound that is a number. False: absent, or it depends on the program. */
static bool constant(const struct dw_die *die, uint16_t at, struct dw_value *v)
{
    return dw_attr(die, at, v) && v->cls == DW_CLASS_CONSTANT;
}

/* DWARF 5, 5.13. The lower bound that a language leaves unsaid is 0 in all that Inquest knows. */
static void read_bounds(const struct dw_die *subrange, struct type *array)
{
    struct dw_value v;
    array->lower = constant(subrange, DW_AT_lower_bound, &v) ? (int64_t)v.u : 0;
    if (constant(subrange, DW_AT_count, &v)) {
        array->count = v.u;
        array->count_known = true;
    } else if (constant(subrange, DW_AT_upper_bound, &v)) {
        /* int x[0] has the upper bound -1, in whatever form. */
        array->count = v.u - (uint64_t)array->lower + 1;
        if (v.u == UINT32_MAX && v.form == DW_FORM_data4)
            array->count = 0;
        array->count_known = true;
    }
    if (array->count > INT64_MAX) {
        array->count = 0;
        array->count_known = false;
    }
    if (constant(subrange, DW_AT_byte_stride, &v))
        array->stride = v.u * 8;
    else if (constant(subrange, DW_AT_bit_stride, &v))
        array->stride = v.u;
}

static void set_array_size(struct type *t)
{
    uint64_t bits;
    if (t->size || !t->count_known)
        return;
    if (!t->stride && __builtin_mul_overflow(t->count, t->target->size, &t->size))
        t->size = 0;
    else if (t->stride && !__builtin_mul_overflow(t->count, t->stride, &bits))
        t->size = bits / 8;
}

static bool is_subrange(const struct dw_die *d)
{
    return dw_tag(d) == DW_TAG_subrange_type || dw_tag(d) == DW_TAG_enumeration_type;
}

/* int a[2][3] is one DIE with two subranges. The outermost array is the DIE's type; each further dimension
 * is an array type that has its subrange as DIE. */
static void make_array(struct type *t)
{
    struct dw_die d, dims[MAX_DIMENSIONS];
    size_t n = 0;
    for (bool ok = dw_die_child(die_of(t), &d); ok && n < MAX_DIMENSIONS; ok = dw_die_next(&d))
        if (is_subrange(&d))
            dims[n++] = d;
    const struct type *element = type_named_by(t->types, die_of(t), t->language);
    while (n > 1) {
        struct type *inner = type_new(t->types, TYPE_ARRAY);
        inner->die = dims[--n];
        inner->language = t->language;
        inner->target = element;
        read_bounds(&inner->die, inner);
        set_array_size(inner);
        element = inner;
    }
    t->target = element;
    if (dw_attr_flag(die_of(t), DW_AT_GNU_vector))
        t->kind = TYPE_VECTOR;
    if (n)
        read_bounds(&dims[0], t);
    struct dw_value v;
    if (constant(die_of(t), DW_AT_byte_stride, &v))
        t->stride = v.u * 8;
    else if (constant(die_of(t), DW_AT_bit_stride, &v))
        t->stride = v.u;
    set_array_size(t);
}

bool type_subrange(const struct type *t, struct dw_die *out)
{
    struct dw_die d;
    if ((t->kind != TYPE_ARRAY && t->kind != TYPE_VECTOR) || !t->die.unit)
        return false;
    if (is_subrange(&t->die)) {
        *out = t->die;
        return true;
    }
    for (bool ok = dw_die_child(&t->die, &d); ok; ok = dw_die_next(&d))
        if (is_subrange(&d)) {
            *out = d;
            return true;
        }
    return false;
}

/* ---- the rest ---- */

static void make_indirection(struct type *t)
{
    t->target = type_named_by(t->types, die_of(t), t->language);
    if (!t->size)
        t->size = t->die.unit->addr_size;
}

/* Itanium C++ ABI 2.3: one of a member is a ptrdiff_t, one of a method two of them. */
static void make_member_pointer(struct type *t)
{
    struct dw_die owner;
    t->target = type_named_by(t->types, die_of(t), t->language);
    t->owner = dw_attr_die(die_of(t), DW_AT_containing_type, &owner) ? type_of_die_in(t->types, &owner, t->language)
                                                                     : t->types->error;
    if (!t->size)
        t->size = (type_strip(t->target)->kind == TYPE_FUNCTION ? 2u : 1u) * t->die.unit->addr_size;
}

static void make_function(struct type *t)
{
    struct dw_die d;
    t->target = type_of(t->types, die_of(t));
    for (bool ok = dw_die_child(die_of(t), &d); ok && !t->variadic; ok = dw_die_next(&d)) {
        if (dw_tag(&d) == DW_TAG_unspecified_parameters)
            t->variadic = true;
        else if (dw_tag(&d) != DW_TAG_formal_parameter)
            break;
    }
}

static void make_alias(struct type *t)
{
    t->target = type_named_by(t->types, die_of(t), t->language);
    t->size = t->target->size;
    t->incomplete = t->target->incomplete;
}

static enum type_kind kind_of(uint16_t tag)
{
    static const struct {
        uint16_t tag;
        uint8_t kind;
    } kinds[] = {
        {DW_TAG_base_type, TYPE_INT},
        {DW_TAG_pointer_type, TYPE_POINTER},
        {DW_TAG_structure_type, TYPE_STRUCT},
        {DW_TAG_class_type, TYPE_CLASS},
        {DW_TAG_interface_type, TYPE_CLASS},
        {DW_TAG_union_type, TYPE_UNION},
        {DW_TAG_enumeration_type, TYPE_ENUM},
        {DW_TAG_typedef, TYPE_TYPEDEF},
        {DW_TAG_template_alias, TYPE_TYPEDEF},
        {DW_TAG_subrange_type, TYPE_TYPEDEF},
        {DW_TAG_const_type, TYPE_CONST},
        {DW_TAG_immutable_type, TYPE_CONST},
        {DW_TAG_volatile_type, TYPE_VOLATILE},
        {DW_TAG_restrict_type, TYPE_RESTRICT},
        {DW_TAG_atomic_type, TYPE_ATOMIC},
        {DW_TAG_array_type, TYPE_ARRAY},
        {DW_TAG_subroutine_type, TYPE_FUNCTION},
        {DW_TAG_subprogram, TYPE_FUNCTION},
        {DW_TAG_inlined_subroutine, TYPE_FUNCTION},
        {DW_TAG_reference_type, TYPE_REFERENCE},
        {DW_TAG_rvalue_reference_type, TYPE_RVALUE_REFERENCE},
        {DW_TAG_ptr_to_member_type, TYPE_MEMBER_POINTER},
        {DW_TAG_unspecified_type, TYPE_UNSPECIFIED},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].tag == tag)
            return (enum type_kind)kinds[i].kind;
    return TYPE_ERROR;
}

static void read_common(struct type *t)
{
    struct dw_attrs it;
    struct dw_value v;
    uint16_t at;
    dw_attrs_init(&it, die_of(t));
    while (dw_attrs_next(&it, &at, &v))
        switch (at) {
        case DW_AT_byte_size:
            if (v.cls == DW_CLASS_CONSTANT)
                t->size = v.u;
            break;
        case DW_AT_alignment:
            t->align = v.u <= UINT16_MAX ? (uint16_t)v.u : 0;
            break;
        case DW_AT_declaration:
            t->incomplete = v.u != 0;
            break;
        case DW_AT_endianity:
            t->big_endian = v.u == 1; /* DW_END_big */
            break;
        case DW_AT_go_kind:
            t->go_kind = t->language == DW_LANG_Go && v.u <= GO_UNSAFE_POINTER ? (uint8_t)v.u : 0;
            break;
        default:
            break;
        }
}

static void make(struct type *t)
{
    read_common(t);
    if (t->kind != TYPE_FUNCTION) /* that is the function's, not its type's */
        type_set_name(t);
    switch ((enum type_kind)t->kind) {
    case TYPE_INT:
        make_base(t);
        break;
    case TYPE_ENUM:
        make_enum(t);
        break;
    case TYPE_ARRAY:
        make_array(t);
        break;
    case TYPE_POINTER:
    case TYPE_REFERENCE:
    case TYPE_RVALUE_REFERENCE:
        make_indirection(t);
        break;
    case TYPE_MEMBER_POINTER:
        make_member_pointer(t);
        break;
    case TYPE_FUNCTION:
        make_function(t);
        break;
    case TYPE_TYPEDEF:
    case TYPE_CONST:
    case TYPE_VOLATILE:
    case TYPE_RESTRICT:
    case TYPE_ATOMIC:
        make_alias(t);
        break;
    case TYPE_ERROR:
    case TYPE_VOID:
    case TYPE_BOOL:
    case TYPE_CHAR:
    case TYPE_FLOAT:
    case TYPE_DECIMAL:
    case TYPE_COMPLEX:
    case TYPE_VECTOR:
    case TYPE_STRUCT:
    case TYPE_CLASS:
    case TYPE_UNION:
    case TYPE_UNSPECIFIED:
        break;
    }
}

/* A stub that names its type unit (-fdebug-types-section) is that unit's type. */
static bool by_signature(const struct dw_die *die, struct dw_die *out)
{
    return dw_attr_die(die, DW_AT_signature, out) && dw_die_key(out) != dw_die_key(die);
}

const struct type *type_of_die_in(struct types *all, const struct dw_die *die, uint16_t language)
{
    bool fresh;
    uint64_t key = dw_die_key(die), *known = map64_find(&all->by_die, key);
    if (known)
        return (const struct type *)(uintptr_t)*known;
    if (all->depth >= TYPE_MAX_CHAIN)
        return all->error;
    all->depth++;
    struct dw_die unit_type;
    const struct type *out;
    if (by_signature(die, &unit_type)) {
        out = type_of_die_in(all, &unit_type, language);
        *map64_put(&all->by_die, key, &fresh) = (uint64_t)(uintptr_t)out;
    } else {
        struct type *t = type_new(all, kind_of(dw_tag(die)));
        t->die = *die;
        t->language = language_of(die, language);
        /* Known before it is made: a damaged type may lead to itself. */
        *map64_put(&all->by_die, key, &fresh) = (uint64_t)(uintptr_t)t;
        make(t);
        out = t;
    }
    all->depth--;
    return out;
}

const struct type *type_of_die(struct types *t, const struct dw_die *die)
{
    return type_of_die_in(t, die, 0);
}

const struct type *type_named_by(struct types *t, const struct dw_die *die, uint16_t language)
{
    struct dw_die type;
    struct dw_value v;
    if (!dw_attr(die, DW_AT_type, &v))
        return t->nothing;
    return dw_value_die(die->unit, &v, &type) ? type_of_die_in(t, &type, language_of(die, language)) : t->error;
}

const struct type *type_of(struct types *t, const struct dw_die *die)
{
    struct dw_die at = *die;
    struct dw_value v;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
        if (dw_attr(&at, DW_AT_type, &v))
            return type_named_by(t, &at, language_of(die, 0));
        if (!dw_attr_die(&at, DW_AT_abstract_origin, &at) && !dw_attr_die(&at, DW_AT_specification, &at))
            break;
    }
    return t->nothing;
}
