/* SPDX-License-Identifier: Apache-2.0 */
/* Names among the DIEs of one unit or function: most names that are typed belong to the code that one looks at, and
 * this finds them without reading the rest of the program. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/index_names.h"
#include "value/scope_priv.h"

enum { SCOPE_DEPTH = 32 };

struct search {
    const struct scope_query *q;
    struct name_parts parts;
    struct found *out;
};

static struct bytes die_name(const struct dw_die *die)
{
    struct dw_value v;
    struct dw_die owner;
    const char *name = NULL;
    if (scope_attr(die, DW_AT_name, &v, &owner))
        name = dw_value_string(owner.unit, &v);
    return name ? name_bytes(name) : (struct bytes){0};
}

static bool flag(const struct dw_die *die, uint16_t at)
{
    struct dw_value v;
    struct dw_die owner;
    return scope_attr(die, at, &v, &owner) && v.u;
}

bool scope_tag_fits(const struct scope_query *q, const struct dw_die *die)
{
    bool record = dw_tag(die) == DW_TAG_structure_type || dw_tag(die) == DW_TAG_class_type;
    switch (q->tag) {
    case TAG_STRUCT:
    case TAG_CLASS:
        return record;
    case TAG_UNION:
        return dw_tag(die) == DW_TAG_union_type;
    case TAG_ENUM:
        return dw_tag(die) == DW_TAG_enumeration_type;
    case TAG_NONE:
        break;
    }
    return !q->c_tags || (!record && dw_tag(die) != DW_TAG_union_type && dw_tag(die) != DW_TAG_enumeration_type);
}

/* Which of scope_query's kinds a DIE is; 0: none. */
static unsigned kind_of(const struct dw_die *die)
{
    switch (dw_tag(die)) {
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_typedef:
    case DW_TAG_base_type:
    case DW_TAG_unspecified_type:
        return SCOPE_TYPES;
    case DW_TAG_subprogram:
        return SCOPE_FUNCTIONS;
    case DW_TAG_variable:
        return SCOPE_VARIABLES;
    case DW_TAG_member: /* a static one, before DWARF 5 */
        return dw_attr_flag(die, DW_AT_external) ? SCOPE_VARIABLES : 0;
    default:
        return 0;
    }
}

static bool completes(const struct dw_die *die, struct dw_die *out)
{
    return dw_attr_die(die, DW_AT_specification, out) || dw_attr_die(die, DW_AT_abstract_origin, out);
}

static bool part_is(const struct search *s, size_t part, const struct dw_die *die)
{
    struct bytes have = die_name(die), want = s->parts.v[part];
    if (have.n == 0)
        return false;
    if (names_equal(have, want))
        return true;
    /* A template function is often named without its arguments. */
    return dw_tag(die) == DW_TAG_subprogram && !memchr(want.p, '<', want.n) && names_equal(name_stem(have), want);
}

bool scope_is_declaration(const struct dw_die *die)
{
    struct dw_value v;
    struct dw_die owner;
    if (dw_tag(die) == DW_TAG_subprogram)
        return !dw_attr(die, DW_AT_low_pc, &v) && !dw_attr(die, DW_AT_ranges, &v);
    if (kind_of(die) == SCOPE_VARIABLES)
        return !dw_attr(die, DW_AT_location, &v) && !scope_attr(die, DW_AT_const_value, &v, &owner);
    return dw_attr_flag(die, DW_AT_declaration);
}

/* Keeps a hit unless a better one is there. */
static void keep(struct search *s, const struct dw_die *die, const struct dw_die *enumeration)
{
    bool is_type = !enumeration && kind_of(die) == SCOPE_TYPES;
    bool declaration = !enumeration && scope_is_declaration(die);
    if (s->out->kind != FOUND_NOTHING && (!s->out->declaration || declaration))
        return;
    *s->out = (struct found){.kind = is_type ? FOUND_TYPE : FOUND_DIE, .declaration = declaration, .die = *die};
    if (enumeration)
        s->out->enumeration = *enumeration;
}

static void look_at_enumerators(struct search *s, const struct dw_die *enumeration, size_t part)
{
    struct dw_die e;
    if (!(s->q->kinds & SCOPE_ENUMERATORS) || part + 1 != s->parts.n)
        return;
    for (bool ok = dw_die_child(enumeration, &e); ok; ok = dw_die_next(&e))
        if (dw_tag(&e) == DW_TAG_enumerator && part_is(s, part, &e))
            keep(s, &e, enumeration);
}

static void look_below(struct search *s, const struct dw_die *scope, size_t part, unsigned depth);

/* `using ns::name;` and `namespace other = ns;` */
static void follow_import(struct search *s, const struct dw_die *import, size_t part, unsigned depth)
{
    struct dw_die to;
    if (!dw_attr_die(import, DW_AT_import, &to))
        return;
    bool is_namespace = dw_tag(&to) == DW_TAG_namespace;
    if (!part_is(s, part, die_name(import).n > 0 ? import : &to))
        return;
    if (part + 1 < s->parts.n && is_namespace)
        look_below(s, &to, part + 1, depth);
    else if (part + 1 == s->parts.n && (kind_of(&to) & s->q->kinds))
        keep(s, &to, NULL);
}

/* A scope that a name may go through: by its own name, or unnamed. */
static void enter(struct search *s, const struct dw_die *die, size_t part, unsigned depth)
{
    switch (dw_tag(die)) {
    case DW_TAG_namespace:
    case DW_TAG_module:
        if (die_name(die).n == 0 || flag(die, DW_AT_export_symbols))
            look_below(s, die, part, depth);
        if (part + 1 < s->parts.n && part_is(s, part, die))
            look_below(s, die, part + 1, depth);
        else if (part + 1 == s->parts.n && s->out->kind == FOUND_NOTHING && part_is(s, part, die))
            s->out->kind = FOUND_NAMESPACE;
        break;
    case DW_TAG_imported_declaration:
        follow_import(s, die, part, depth);
        break;
    case DW_TAG_lexical_block:
        look_below(s, die, part, depth);
        break;
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        if (part + 1 < s->parts.n && part_is(s, part, die))
            look_below(s, die, part + 1, depth);
        break;
    case DW_TAG_enumeration_type:
        if (!dw_attr_flag(die, DW_AT_enum_class))
            look_at_enumerators(s, die, part);
        if (part + 1 < s->parts.n && part_is(s, part, die))
            look_at_enumerators(s, die, part + 1);
        break;
    default:
        break;
    }
}

/* In its class, the name of a constructor is the class. */
static bool is_constructor(const struct dw_die *die, const struct dw_die *scope)
{
    return dw_tag(die) == DW_TAG_subprogram && kind_of(scope) == SCOPE_TYPES &&
           names_equal(name_stem(die_name(scope)), name_stem(die_name(die)));
}

static void look_below(struct search *s, const struct dw_die *scope, size_t part, unsigned depth)
{
    struct dw_die die, of;
    if (depth > SCOPE_DEPTH)
        return;
    for (bool ok = dw_die_child(scope, &die); ok; ok = dw_die_next(&die)) {
        /* What completes another DIE belongs where that one stands: find_definition(). */
        unsigned kind = completes(&die, &of) ? 0 : kind_of(&die) & s->q->kinds;
        if (kind && part + 1 == s->parts.n && part_is(s, part, &die) &&
            (kind != SCOPE_TYPES || scope_tag_fits(s->q, &die)) && !is_constructor(&die, scope))
            keep(s, &die, NULL);
        enter(s, &die, part, depth + 1);
    }
}

/* The definition, beside the unit's other children, of what is declared in a class or namespace. */
static void find_definition(struct search *s, const struct dw_die *top)
{
    const struct dw_die declared = s->out->die;
    struct dw_die die;
    for (bool ok = dw_die_child(top, &die); ok && s->out->declaration; ok = dw_die_next(&die)) {
        struct dw_die of = die;
        if (kind_of(&die) != kind_of(&declared))
            continue;
        /* A function's code, what it was made from, and its declaration in a class. */
        for (int hop = 0; hop < 3 && completes(&of, &of); hop++)
            if (of.unit == declared.unit && of.offset == declared.offset)
                keep(s, &die, NULL);
    }
}

bool scope_search(const struct scope_query *q, const struct dw_die *top, struct found *out)
{
    struct search s = {.q = q, .out = out};
    *out = (struct found){0};
    if (!name_split(q->name, &s.parts))
        return false;
    look_below(&s, top, 0, 0);
    if (out->kind == FOUND_DIE && out->declaration)
        find_definition(&s, top);
    return out->kind != FOUND_NOTHING;
}
