/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, put together from DIEs. */
#include "base/text.h"
#include "module/inlines.h"

/* Concrete instance -> abstract instance -> declaration is the longest real chain. */
#define MAX_HOPS 16
#define MAX_SCOPES 64

struct naming {
    const char *name, *linkage;
    struct dw_die declared; /* the last DIE of the chain: where the function stands in its scopes */
};

static void read_names(const struct dw_die *die, struct naming *n, struct dw_value *next)
{
    struct dw_attrs it;
    struct dw_value v;
    uint16_t at;
    dw_attrs_init(&it, die);
    while (dw_attrs_next(&it, &at, &v)) {
        if (at == DW_AT_name && !n->name)
            n->name = dw_value_string(die->unit, &v);
        else if ((at == DW_AT_linkage_name || at == DW_AT_MIPS_linkage_name) && !n->linkage)
            n->linkage = dw_value_string(die->unit, &v);
        else if (at == DW_AT_abstract_origin || at == DW_AT_specification)
            *next = v;
    }
}

static void follow(const struct dw_die *die, struct naming *n)
{
    n->declared = *die;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
        struct dw_value next = {0};
        struct dw_die target;
        read_names(&n->declared, n, &next);
        if (!dw_value_die(n->declared.unit, &next, &target))
            return;
        n->declared = target;
    }
}

/* C, assembler and the like have no scopes that a name would show. */
static bool has_scopes(const struct dw_die *die)
{
    const char *language = dw_language_name(dw_unit_root(die->unit)->language);
    return !language || (strcmp(language, "c") != 0 && strcmp(language, "assembler") != 0);
}

/* The name of a scope; NULL: it shows nothing. */
static const char *scope_name(const struct dw_die *scope)
{
    const char *name = dw_attr_string(scope, DW_AT_name);
    struct dw_die type;
    switch (dw_tag(scope)) {
    case DW_TAG_namespace:
        return name && *name ? name : "(anonymous namespace)";
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_interface_type:
        /* With -fdebug-types-section the class is a stub that names its type unit. */
        if (!name && dw_attr_die(scope, DW_AT_signature, &type))
            name = dw_attr_string(&type, DW_AT_name);
        return name;
    case DW_TAG_module:
        return name;
    default:
        return NULL;
    }
}

/* The scopes around a DIE, innermost first. A class that is defined outside of its scope is looked up
 * where it was declared. */
static size_t collect_scopes(const struct dw_die *die, const char **out, size_t max)
{
    struct dw_die at = *die, path[MAX_SCOPES], declared;
    size_t n = 0;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
        size_t depth = dw_die_path(at.unit, at.offset, path, MAX_SCOPES);
        bool moved = false;
        if (depth > MAX_SCOPES)
            return n;
        while (depth-- > 0 && !moved) {
            const struct dw_die *scope = &path[depth];
            uint16_t tag = dw_tag(scope);
            if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
                return n;
            const char *name = scope_name(scope);
            if (!name && tag != DW_TAG_lexical_block && dw_attr_die(scope, DW_AT_specification, &declared))
                name = dw_attr_string(&declared, DW_AT_name);
            if (name && n < max)
                out[n++] = name;
            if (dw_attr_die(scope, DW_AT_specification, &declared)) {
                at = declared;
                moved = true;
            }
        }
        if (!moved)
            break;
    }
    return n;
}

void function_name(const struct dw_die *function, struct arena *a, const char **name, const char **linkage)
{
    struct naming n = {0};
    const char *scopes[MAX_SCOPES];
    follow(function, &n);
    size_t depth = n.name && has_scopes(&n.declared) ? collect_scopes(&n.declared, scopes, MAX_SCOPES) : 0;
    *linkage = n.linkage;
    *name = n.name ? n.name : n.linkage;
    if (!depth)
        return;
    SCOPED(text_done) struct text t = {0};
    while (depth-- > 0) {
        text_put(&t, scopes[depth]);
        text_put(&t, "::");
    }
    text_put(&t, n.name);
    *name = arena_strdup(a, text_str(&t));
}
