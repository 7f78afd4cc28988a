/* SPDX-License-Identifier: Apache-2.0 */
/* The whole name of a type, from the DIEs around it. */
#include "value/type_priv.h"

#include "base/mem.h"

#define MAX_SCOPES 64
#define MAX_HOPS 16

/* A namespace by its own DIE, or by the one it extends. */
static const char *namespace_own_name(const struct dw_die *die)
{
    struct dw_die first;
    const char *name = dw_attr_string(die, DW_AT_name);
    if (!name && dw_attr_die(die, DW_AT_extension, &first))
        name = dw_attr_string(&first, DW_AT_name);
    return name && *name ? name : "(anonymous namespace)";
}

static bool is_type_scope(uint16_t tag)
{
    return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_interface_type || tag == DW_TAG_enumeration_type;
}

static const char *scope_name(struct types *t, const struct dw_die *die, uint16_t language);

static const char *namespace_name(struct types *t, const struct dw_die *die, uint16_t language)
{
    bool fresh;
    uint64_t key = dw_die_key(die), *known = map64_find(&t->namespaces, key);
    if (known)
        return (const char *)(uintptr_t)*known;
    const char *name = namespace_own_name(die);
    /* Known before its scope is: damage may lead back to it. */
    *map64_put(&t->namespaces, key, &fresh) = (uint64_t)(uintptr_t)name;
    const char *outer = scope_name(t, die, language);
    if (outer) {
        name = arena_printf(&t->arena, "%s::%s", outer, name);
        *map64_put(&t->namespaces, key, &fresh) = (uint64_t)(uintptr_t)name;
    }
    return name;
}

/* The name of the nearest scope that shows in names; a class or function that is defined outside of its scope
 * is looked up where it was declared. NULL: there is none. */
static const char *scope_name(struct types *t, const struct dw_die *die, uint16_t language)
{
    struct dw_die at = *die, path[MAX_SCOPES];
    dw_attr_die(die, DW_AT_specification, &at);
    for (int hop = 0; hop < MAX_HOPS; hop++) {
        size_t depth = dw_die_path(&t->scopes, at.unit, at.offset, path, MAX_SCOPES);
        bool moved = false;
        if (depth > MAX_SCOPES)
            return NULL;
        while (depth-- > 0 && !moved) {
            uint16_t tag = dw_tag(&path[depth]);
            if (tag == DW_TAG_namespace || tag == DW_TAG_module)
                return namespace_name(t, &path[depth], language);
            if (is_type_scope(tag))
                return type_of_die_in(t, &path[depth], language)->name;
            moved = dw_attr_die(&path[depth], DW_AT_specification, &at);
        }
        if (!moved)
            break;
    }
    return NULL;
}

/* GCC names "typedef struct {} x;" of C++ only by how it would be mangled. */
static const char *from_linkage(struct types *t, const struct dw_die *die)
{
    const char *linkage = dw_attr_string(die, DW_AT_linkage_name);
    if (!linkage)
        return NULL;
    SCOPED(freep) char *mangled = xasprintf("_Z%s", linkage);
    SCOPED(freep) char *full = demangle(mangled);
    const char *last = full ? strrchr(full, ':') : NULL;
    return full ? arena_strdup(&t->arena, last ? last + 1 : full) : NULL;
}

static const char *own_name(struct types *t, const struct dw_die *die)
{
    struct dw_die declared;
    const char *name = dw_attr_string(die, DW_AT_name);
    if (!name && dw_attr_die(die, DW_AT_specification, &declared))
        name = dw_attr_string(&declared, DW_AT_name);
    if (!name && is_type_scope(dw_tag(die)))
        name = from_linkage(t, die);
    return name && *name ? name : NULL;
}

/* ---- template arguments that the producer left out (clang -gsimple-template-names, and of alias templates) ---- */

static bool leaves_arguments_out(const struct type *t)
{
    struct dw_die root;
    const char *producer = dw_die_root(t->die.unit, &root) ? dw_attr_string(&root, DW_AT_producer) : NULL;
    return producer && strstr(producer, "clang") && type_is_cxx(t) && t->kind != TYPE_ENUM;
}

static bool put_value(struct text *out, const struct template_arg *a)
{
    const struct type *t = type_strip(a->type);
    if (t->kind == TYPE_BOOL)
        text_put(out, a->value ? "true" : "false");
    else if (t->kind == TYPE_INT && !t->is_signed)
        text_printf(out, "%llu", (unsigned long long)a->value);
    else {
        if (t->kind != TYPE_INT && t->name)
            text_printf(out, "(%s)", t->name);
        text_printf(out, "%lld", (long long)a->value);
    }
    return a->known;
}

/* The name with them; as it is when it has none, or one whose value is not known. */
static const char *with_arguments(struct type *t, const char *own)
{
    struct template_args args = type_template_args(t);
    SCOPED(text_done) struct text name = {0};
    bool known = args.n > 0;
    text_printf(&name, "%s<", own);
    for (size_t i = 0; i < args.n && known; i++) {
        text_put(&name, i ? ", " : "");
        if (args.v[i].is_value)
            known = put_value(&name, &args.v[i]);
        else
            type_name(&name, args.v[i].type, NULL);
    }
    text_putc(&name, '>');
    return known ? type_canonical_name(&t->types->arena, arena_strdup(&t->types->arena, text_str(&name))) : own;
}

static const char *without_arguments(struct types *t, const char *name)
{
    size_t n = name[0] == '<' ? strlen(name) : strcspn(name, "<");
    return name[n] ? arena_strndup(&t->arena, name, n) : name;
}

void type_set_name(struct type *t)
{
    const char *own = own_name(t->types, &t->die), *scope = NULL;
    if (!own)
        return;
    if (dw_tag(&t->die) == DW_TAG_base_type) {
        const char *spelling = type_is_rust(t) ? NULL : type_c_spelling(own);
        t->name = t->tag = spelling ? spelling : own;
        return;
    }
    if (type_is_cxx(t))
        own = type_canonical_name(&t->types->arena, own);
    if (!strchr(own, '<') && leaves_arguments_out(t))
        own = with_arguments(t, own);
    if (!type_language_is_c(t->language))
        scope = scope_name(t->types, &t->die, t->language);
    t->name = scope ? arena_printf(&t->types->arena, "%s::%s", scope, own) : own;
    t->tag = without_arguments(t->types, own);
}

const char *type_enumerator_scope(const struct type *t)
{
    if (type_language_is_c(t->language) || !t->die.unit)
        return NULL;
    return dw_attr_flag(&t->die, DW_AT_enum_class) ? t->name : scope_name(t->types, &t->die, t->language);
}
