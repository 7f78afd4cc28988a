/* SPDX-License-Identifier: Apache-2.0 */
#include "module/names.h"

#include "base/mem.h"
#include "base/text.h"
#include "module/module.h"
#include "module/signature.h"

/* Concrete instance -> abstract instance -> declaration is the longest real chain. */
#define MAX_HOPS 16
#define MAX_SCOPES 64

struct naming {
    struct function_name names;
    struct dw_die declared; /* the last DIE of the chain: where the function stands in its scopes */
};

static void read_names(const struct dw_die *die, struct naming *n, struct dw_value *next)
{
    struct dw_attrs it;
    struct dw_value v;
    uint16_t at;
    dw_attrs_init(&it, die);
    while (dw_attrs_next(&it, &at, &v)) {
        if (at == DW_AT_name && !n->names.name)
            n->names.name = dw_value_string(die->unit, &v);
        else if ((at == DW_AT_linkage_name || at == DW_AT_MIPS_linkage_name) && !n->names.linkage)
            n->names.linkage = dw_value_string(die->unit, &v);
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
static bool has_scopes(const char *language)
{
    return !language || (strcmp(language, "c") != 0 && strcmp(language, "assembler") != 0);
}

/* Compilers write template arguments differently into DW_AT_name; the mangled name is the same for all, and
 * knows scopes that DIEs do not name (functions around a lambda, ABI tags). gdb prefers it, too. */
static const char *from_linkage(struct namer *nm, const char *linkage)
{
    SCOPED(freep) char *full = demangle(linkage);
    struct bytes name = full ? signature_name(full) : (struct bytes){0};
    return name.n ? arena_strndup(nm->arena, (const char *)name.p, name.n) : NULL;
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
static size_t collect_scopes(struct namer *nm, const struct dw_die *die, const char **out, size_t max)
{
    struct dw_die at = *die, path[MAX_SCOPES], declared;
    size_t n = 0;
    for (int hop = 0; hop < MAX_HOPS; hop++) {
        size_t depth = dw_die_path(&nm->scopes, at.unit, at.offset, path, MAX_SCOPES);
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

/* The whole name of a function that stands in scopes. */
static const char *qualify(struct namer *nm, const struct naming *n)
{
    const char *scopes[MAX_SCOPES];
    size_t depth = collect_scopes(nm, &n->declared, scopes, MAX_SCOPES);
    if (!depth)
        return n->names.name;
    SCOPED(text_done) struct text t = {0};
    while (depth-- > 0) {
        text_put(&t, scopes[depth]);
        text_put(&t, "::");
    }
    text_put(&t, n->names.name);
    return arena_strdup(nm->arena, text_str(&t));
}

static bool is_language(const struct namer *nm, const char *language)
{
    return nm->language && strcmp(nm->language, language) == 0;
}

/* gdb's rules: in C++ the demangled name, in C the name of the symbol where it differs ("__GI_raise"),
 * and the name in its scopes otherwise. */
static const char *choose_name(struct namer *nm, const struct naming *n)
{
    const char *linkage = n->names.linkage, *name = NULL;
    if (linkage && is_language(nm, "c++") && begins_with(linkage, "_Z"))
        name = from_linkage(nm, linkage);
    if (!name && linkage && (is_language(nm, "c") || !n->names.name))
        name = linkage;
    if (!name && n->names.name)
        name = has_scopes(nm->language) ? qualify(nm, n) : n->names.name;
    return name;
}

static struct function_name *make_name(struct namer *nm, const struct dw_die *function)
{
    struct naming n = {0};
    follow(function, &n);
    struct function_name *out = arena_new(nm->arena, struct function_name);
    out->linkage = n.names.linkage;
    out->name = choose_name(nm, &n);
    return out;
}

/* Inlined and concrete instances share the name of their abstract instance, unless they bring their own. */
static struct dw_die named_die(const struct dw_die *function)
{
    struct dw_die origin;
    struct dw_value v;
    bool own = dw_attr(function, DW_AT_name, &v) || dw_attr(function, DW_AT_linkage_name, &v);
    return !own && dw_attr_die(function, DW_AT_abstract_origin, &origin) ? origin : *function;
}

const struct function_name *function_name(struct namer *nm, const struct dw_die *function)
{
    struct dw_die die = named_die(function);
    bool fresh;
    uint64_t *slot = map64_put(&nm->known, dw_die_key(&die), &fresh);
    if (!fresh)
        return (const struct function_name *)(uintptr_t)*slot;
    struct function_name *name = make_name(nm, &die);
    *slot = (uint64_t)(uintptr_t)name;
    return name;
}

void namer_done(struct namer *nm)
{
    dw_scopes_done(&nm->scopes);
    map64_done(&nm->known);
}
