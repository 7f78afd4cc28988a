/* SPDX-License-Identifier: Apache-2.0 */
/* Records and enumerations spelt out as gdb's ptype does it for C and C++. */
#include "value/type_priv.h"

#include "base/mem.h"
#include <ctype.h>

/* A member function, as its class declares it. */
struct method {
    const char *name;
    const struct type *type; /* TYPE_FUNCTION */
    uint8_t access;
    bool artificial, is_virtual;
    bool first; /* of its name */
};

struct nested_typedef {
    const struct type *type; /* TYPE_TYPEDEF */
    const char *name;
    uint8_t access;
};

/* All of a record that is printed. */
struct inside {
    const struct type *type;
    struct fields fields;
    VEC(struct method) methods;
    VEC(struct nested_typedef) typedefs;
    bool nested; /* it has types of its own that are not printed */
    bool labels; /* fields and typedefs stand below access labels */
    int section; /* the access whose label was printed last; -1 none */
};

static bool is_static_method(const struct method *m)
{
    struct fields params = type_parameters(m->type);
    return !params.n || !(params.v[0].flags & FIELD_ARTIFICIAL);
}

static uint8_t access_of(const struct type *t, const struct dw_die *die)
{
    uint64_t v;
    if (dw_attr_uint(die, DW_AT_accessibility, &v) && v >= 1 && v <= 3)
        return (uint8_t)(v - 1);
    return t->kind == TYPE_CLASS ? ACCESS_PRIVATE : ACCESS_PUBLIC;
}

/* "operator int", but not "operator new" or "operator+". */
static bool is_conversion(const char *name)
{
    if (!begins_with(name, "operator") || name[8] != ' ')
        return false;
    const char *type = name + 8 + strspn(name + 8, " ");
    size_t n = strcspn(type, " [(");
    bool word = isalpha((unsigned char)*type) || *type == '_' || *type == '$';
    return word && !(n == 3 && memcmp(type, "new", 3) == 0) && !(n == 6 && memcmp(type, "delete", 6) == 0);
}

static const char *method_name(const struct inside *in, const char *name)
{
    struct arena *a = &in->type->types->arena;
    size_t before = is_conversion(name) ? sizeof("operator") : 0;
    const char *rest = type_canonical_name(a, name + before);
    return before ? arena_printf(a, "operator %s", rest) : rest;
}

static void read_method(struct inside *in, const struct dw_die *die)
{
    uint64_t v;
    const char *name = dw_attr_string(die, DW_AT_name);
    if (!name)
        return;
    *vec_push(&in->methods) = (struct method){.name = method_name(in, name),
                                              .type = type_of_die_in(in->type->types, die, in->type->language),
                                              .access = access_of(in->type, die),
                                              .artificial = dw_attr_flag(die, DW_AT_artificial),
                                              .is_virtual = dw_attr_uint(die, DW_AT_virtuality, &v) && v};
}

static bool is_nested_type(uint16_t tag)
{
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type;
}

static void read_nested(struct inside *in)
{
    struct dw_die d;
    if (!in->type->die.unit || in->type->incomplete)
        return;
    for (bool ok = dw_die_child(&in->type->die, &d); ok && in->methods.n < TYPE_MAX_PARTS; ok = dw_die_next(&d)) {
        if (dw_tag(&d) == DW_TAG_subprogram)
            read_method(in, &d);
        else if (dw_tag(&d) == DW_TAG_typedef) {
            const struct type *t = type_of_die_in(in->type->types, &d, in->type->language);
            size_t scope = in->type->name ? strlen(in->type->name) + 2 : 0;
            if (t->name && strlen(t->name) > scope)
                *vec_push(&in->typedefs) =
                    (struct nested_typedef){.type = t, .name = t->name + scope, .access = access_of(in->type, &d)};
        } else if (is_nested_type(dw_tag(&d)))
            in->nested = true;
    }
}

/* A class shows labels when not all is private, a struct when not all is public. gdb counts what the compiler
 * made up as private. */
static bool needs_labels(const struct inside *in)
{
    uint8_t usual = in->type->kind == TYPE_CLASS ? ACCESS_PRIVATE : ACCESS_PUBLIC;
    for (size_t i = 0; i < in->fields.n; i++) {
        const struct field *f = &in->fields.v[i];
        uint8_t access = f->flags & FIELD_ARTIFICIAL ? ACCESS_PRIVATE : f->access;
        if (!(f->flags & FIELD_BASE) && access != usual)
            return true;
    }
    for (size_t i = 0; i < in->methods.n; i++)
        if (in->methods.v[i].access != usual)
            return true;
    for (size_t i = 0; i < in->typedefs.n; i++)
        if (in->typedefs.v[i].access != usual)
            return true;
    return false;
}

static void put_indent(struct type_printer *p, unsigned level)
{
    text_printf(p->out, "%*s", (int)level, "");
}

static void put_label(struct type_printer *p, struct inside *in, uint8_t access, unsigned level)
{
    static const char *const labels[] = {"public:", "protected:", "private:"};
    if (in->section == access)
        return;
    in->section = access;
    type_offsets_blank(p);
    put_indent(p, level + 2);
    text_printf(p->out, "%s\n", labels[access]);
}

/* ---- head ---- */

/* "[with T = int] " */
static void put_template_args(struct type_printer *p, const struct type *t)
{
    struct template_args args = type_template_args(t);
    bool any = false;
    for (size_t i = 0; i < args.n; i++) {
        if (args.v[i].is_value || !args.v[i].name) /* gdb leaves those of a pack out, which have no name */
            continue;
        text_put(p->out, any ? ", " : "[with ");
        text_put_escaped(p->out, args.v[i].name, strlen(args.v[i].name));
        text_put(p->out, " = ");
        type_put(p, args.v[i].type, NULL, -1, 0);
        any = true;
    }
    if (any)
        text_put(p->out, "] ");
}

static void put_bases(struct type_printer *p, const struct inside *in)
{
    static const char *const words[] = {"public", "protected", "private"};
    bool any = false;
    for (size_t i = 0; i < in->fields.n; i++) {
        const struct field *f = &in->fields.v[i];
        if (!(f->flags & FIELD_BASE))
            continue;
        text_printf(p->out, "%s%s%s ", any ? ", " : ": ", words[f->access], f->flags & FIELD_VIRTUAL ? " virtual" : "");
        type_put(p, f->type, NULL, -1, 0);
        any = true;
    }
    if (any)
        text_putc(p->out, ' ');
}

static void put_head(struct type_printer *p, const struct inside *in)
{
    const struct type *t = in->type;
    text_printf(p->out, "%s ", type_keyword(t));
    if (t->name) {
        text_put_escaped(p->out, t->name, strlen(t->name));
        text_putc(p->out, ' ');
    }
    if (!p->how->raw)
        put_template_args(p, t);
    put_bases(p, in);
    text_put(p->out, "{\n");
}

/* ---- fields ---- */

static bool is_plain_record(const struct type *t)
{
    return type_is_record(type_unqualified(t));
}

static void put_field(struct type_printer *p, struct inside *in, const struct field *f, int show, unsigned level)
{
    struct type_printer outer = *p;
    bool is_static = f->flags & FIELD_STATIC;
    if (in->labels)
        put_label(p, in, f->access, level);
    type_offsets_field(p, in->type, f);
    put_indent(p, level + 4);
    text_put(p->out, is_static ? "static " : "");
    show--;
    if (p->how->offsets && !is_static && is_plain_record(f->type))
        show++; /* its fields have offsets, too */
    outer.end = p->end;
    p->base = is_plain_record(f->type) ? outer.base + f->bit_offset : 0; /* of what a field points at, its own */
    p->end = 0;
    type_put(p, f->type, f->name, show, level + 4);
    p->base = outer.base;
    p->end = outer.end;
    if (f->bit_size)
        text_printf(p->out, " : %u", f->bit_size);
    text_put(p->out, ";\n");
}

static void put_fields(struct type_printer *p, struct inside *in, int show, unsigned level)
{
    for (size_t i = 0; i < in->fields.n; i++)
        if (!(in->fields.v[i].flags & (FIELD_BASE | FIELD_ARTIFICIAL)))
            put_field(p, in, &in->fields.v[i], show, level);
}

/* ---- methods ---- */

/* Of constructors, destructors and conversions the name says it. */
static bool has_result(const struct inside *in, const struct method *m)
{
    const char *tag = in->type->tag;
    size_t n = strcspn(m->name, "<");
    bool constructor = tag && strncmp(m->name, tag, n) == 0 && !tag[n];
    return !constructor && m->name[0] != '~' && !is_conversion(m->name);
}

static void put_arguments(struct type_printer *p, const struct method *m)
{
    struct fields params = type_parameters(m->type);
    size_t shown = 0;
    text_putc(p->out, '(');
    for (size_t i = 0; i < params.n; i++) {
        if (params.v[i].flags & FIELD_ARTIFICIAL)
            continue;
        text_put(p->out, shown++ ? ", " : "");
        type_put(p, params.v[i].type, NULL, 0, 0);
    }
    if (m->type->variadic)
        text_put(p->out, shown ? ", ..." : "...");
    else if (!shown)
        text_put(p->out, "void");
    text_putc(p->out, ')');
}

/* What stands behind a method is how its `this` points at the object. */
static void put_this_qualifiers(struct type_printer *p, const struct method *m)
{
    struct fields params = type_parameters(m->type);
    const struct type *self = params.n ? type_strip(params.v[0].type) : NULL;
    bool is_const = false, is_volatile = false;
    if (!self || self->kind != TYPE_POINTER || !self->target)
        return;
    self = self->target;
    for (int hop = 0; hop < 4 && self && (self->kind == TYPE_CONST || self->kind == TYPE_VOLATILE); hop++) {
        is_const = is_const || self->kind == TYPE_CONST;
        is_volatile = is_volatile || self->kind == TYPE_VOLATILE;
        self = self->target;
    }
    text_put(p->out, is_const ? " const" : "");
    text_put(p->out, is_volatile ? " volatile" : "");
}

static void put_method(struct type_printer *p, struct inside *in, const struct method *m, unsigned level)
{
    bool is_static = is_static_method(m);
    put_label(p, in, m->access, level);
    put_indent(p, level + 4);
    text_put(p->out, m->is_virtual ? "virtual " : is_static ? "static " : "");
    if (has_result(in, m)) {
        type_put(p, m->type->target ? m->type->target : m->type->types->nothing, NULL, -1, 0);
        text_putc(p->out, ' ');
    }
    text_put_escaped(p->out, m->name, strlen(m->name));
    put_arguments(p, m);
    if (!is_static)
        put_this_qualifiers(p, m);
    text_put(p->out, ";\n");
}

static bool any_method(const struct inside *in)
{
    for (size_t i = 0; i < in->methods.n; i++)
        if (!in->methods.v[i].artificial)
            return true;
    return false;
}

/* For each method the next one of its name, or 0; `first` is left set on those with none before them. */
static size_t *chain_overloads(struct inside *in)
{
    struct mapstr last = {0}; /* name -> number of the last method so far that has it */
    size_t *next = xcalloc(in->methods.n + 1, sizeof(*next));
    for (size_t i = 0; i < in->methods.n; i++) {
        struct method *m = &in->methods.v[i];
        uint64_t *slot = mapstr_put(&last, m->name, strlen(m->name), &m->first);
        if (!m->first)
            next[*slot] = i;
        *slot = i;
    }
    mapstr_done(&last);
    return next;
}

/* Overloads stand together, where the first of them is. */
static void put_methods(struct type_printer *p, struct inside *in, unsigned level)
{
    SCOPED(freep) size_t *next = chain_overloads(in);
    if (any_method(in) && in->section >= 0)
        text_putc(p->out, '\n');
    for (size_t i = 0; i < in->methods.n; i++) {
        size_t k = i;
        do {
            if (in->methods.v[i].first && !in->methods.v[k].artificial)
                put_method(p, in, &in->methods.v[k], level);
            k = next[k];
        } while (in->methods.v[i].first && k);
    }
}

/* ---- typedefs of a class ---- */

static void put_typedefs(struct type_printer *p, struct inside *in, int show, unsigned level)
{
    if (in->typedefs.n && (in->fields.n || in->methods.n || in->nested))
        text_putc(p->out, '\n');
    for (size_t i = 0; i < in->typedefs.n; i++) {
        const struct nested_typedef *d = &in->typedefs.v[i];
        if (in->labels)
            put_label(p, in, d->access, level);
        put_indent(p, level + 4);
        text_put(p->out, "typedef ");
        type_put(p, d->type->target ? d->type->target : d->type->types->nothing, d->name, show - 1, level + 4);
        text_put(p->out, ";\n");
    }
}

static void put_record(struct type_printer *p, const struct type *t, int show, unsigned level)
{
    struct inside in = {.type = type_complete(t), .section = -1};
    in.fields = type_fields(in.type);
    read_nested(&in);
    in.labels = needs_labels(&in);
    put_head(p, &in);
    if (!in.fields.n && !in.methods.n && !in.typedefs.n) {
        type_offsets_blank(p);
        put_indent(p, level + 4);
        text_put(p->out, in.type->incomplete ? "<incomplete type>\n" : "<no data fields>\n");
    }
    put_fields(p, &in, show, level);
    if (!p->how->no_methods && !p->how->offsets)
        put_methods(p, &in, level);
    if (!p->how->no_typedefs && !p->how->offsets)
        put_typedefs(p, &in, show, level);
    if (p->how->offsets) {
        if (show > 0)
            type_offsets_total(p, in.type, level);
        type_offsets_blank(p);
        put_indent(p, level ? 0 : 2);
    }
    put_indent(p, level);
    text_putc(p->out, '}');
    vec_done(&in.methods);
    vec_done(&in.typedefs);
}

/* ---- enumerations ---- */

static void put_enum(struct type_printer *p, const struct type *t)
{
    bool scoped = t->die.unit && dw_attr_flag(&t->die, DW_AT_enum_class);
    const char *scope = type_enumerator_scope(t);
    struct enumerators e = type_enumerators(t);
    int64_t expected = 0;
    text_put(p->out, scoped ? "enum class " : "enum ");
    if (t->name) {
        text_put_escaped(p->out, t->name, strlen(t->name));
        text_putc(p->out, ' ');
    }
    if (type_is_cxx(t) && t->target) {
        text_put(p->out, ": ");
        type_put(p, type_below_typedefs(t->target), NULL, -1, 0);
        text_putc(p->out, ' ');
    }
    text_putc(p->out, '{');
    for (size_t i = 0; i < e.n; i++) {
        text_put(p->out, i ? ", " : "");
        if (scope) {
            text_put_escaped(p->out, scope, strlen(scope));
            text_put(p->out, "::");
        }
        text_put_escaped(p->out, e.v[i].name, strlen(e.v[i].name));
        if (e.v[i].value != expected)
            text_printf(p->out, " = %lld", (long long)e.v[i].value);
        expected = (int64_t)((uint64_t)e.v[i].value + 1);
    }
    text_putc(p->out, '}');
}

void type_put_inside(struct type_printer *p, const struct type *t, int show, unsigned level)
{
    if (t->foreign) { /* what is in it its runtime knows, of a value */
        text_put(p->out, "class ");
        text_put_escaped(p->out, t->name, strlen(t->name));
    } else if (t->kind == TYPE_ENUM)
        put_enum(p, type_complete(t));
    else
        put_record(p, t, show, level);
}
