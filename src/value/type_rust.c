/* SPDX-License-Identifier: Apache-2.0 */
/* Types in Rust's syntax, as gdb's ptype and whatis lay it out. */
#include "value/type_priv.h"

#include <stdio.h>

static bool is_array(const struct type *t)
{
    return t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR;
}

static const struct type *target_of(const struct type *t)
{
    return t->target ? t->target : t->types->nothing;
}

static void put_function(struct type_printer *p, const struct type *t)
{
    struct fields params = type_parameters(t);
    const struct type *result = type_unqualified(target_of(t));
    text_put(p->out, "fn (");
    for (size_t i = 0; i < params.n; i++) {
        text_put(p->out, i ? ", " : "");
        type_put(p, params.v[i].type, NULL, -1, 0);
    }
    text_putc(p->out, ')');
    if (result->kind != TYPE_VOID) {
        text_put(p->out, " -> ");
        type_put(p, result, NULL, -1, 0);
    }
}

static void put_array(struct type_printer *p, const struct type *t)
{
    text_putc(p->out, '[');
    type_put(p, target_of(t), NULL, -1, 0);
    if (t->count_known)
        text_printf(p->out, "; %llu", (unsigned long long)t->count);
    text_putc(p->out, ']');
}

/* Fields of tuples are named __0, __1 and so on. */
static bool is_tuple_like(struct fields f)
{
    char expected[24];
    for (size_t i = 0; i < f.n; i++) {
        snprintf(expected, sizeof(expected), "__%zu", i);
        if (!f.v[i].name || strcmp(f.v[i].name, expected) != 0)
            return false;
    }
    return f.n > 0;
}

static unsigned step(const struct type_printer *p)
{
    return p->how->offsets ? 4 : 2;
}

static void put_field(struct type_printer *p, const struct field *f, bool tuple, unsigned level)
{
    if (!tuple && f->name) {
        text_put_escaped(p->out, f->name, strlen(f->name));
        text_put(p->out, ": ");
    }
    type_put(p, f->type, NULL, -1, level);
}

static void put_end(struct type_printer *p, const struct type *t, unsigned level, char bracket)
{
    if (p->how->offsets) {
        type_offsets_total(p, t, level);
        type_offsets_blank(p);
        text_printf(p->out, "%*s", level ? 0 : 2, "");
    }
    text_printf(p->out, "%*s%c", (int)level, "", bracket);
}

/* A field a line. */
static void put_block(struct type_printer *p, const struct type *t, unsigned level)
{
    struct fields f = type_fields(t);
    bool tuple = is_tuple_like(f);
    text_put(p->out, tuple ? " (\n" : " {\n");
    for (size_t i = 0; i < f.n; i++) {
        type_offsets_field(p, t, &f.v[i]);
        text_printf(p->out, "%*s", (int)(level + step(p)), "");
        put_field(p, &f.v[i], tuple, level + step(p));
        text_put(p->out, ",\n");
    }
    put_end(p, t, level, tuple ? ')' : '}');
}

/* A variant with its fields on its own line. */
static void put_line(struct type_printer *p, const struct type *t, unsigned level)
{
    struct fields f = type_fields(t);
    bool tuple = is_tuple_like(f);
    text_put(p->out, tuple ? "(" : "{");
    for (size_t i = 0; i < f.n; i++) {
        text_put(p->out, i ? ", " : "");
        put_field(p, &f.v[i], tuple, level);
    }
    text_put(p->out, tuple ? ")" : "}");
}

static void put_variant(struct type_printer *p, const struct type *t, const struct field *f, unsigned level)
{
    const char *name = f->name ? f->name : f->type->tag ? f->type->tag : "?";
    struct type_printer outer = *p;
    p->end = 0; /* variants overlap */
    type_offsets_field(p, t, f);
    text_printf(p->out, "%*s", (int)level, "");
    text_put_escaped(p->out, name, strlen(name));
    p->base += f->bit_offset;
    p->end = 0;
    if (type_fields(f->type).n && p->how->offsets)
        put_block(p, f->type, level);
    else if (type_fields(f->type).n)
        put_line(p, f->type, level);
    p->base = outer.base;
    p->end = 0;
    text_put(p->out, ",\n");
}

static void put_named(struct type_printer *p, const char *keyword, const struct type *t)
{
    text_printf(p->out, "%s ", keyword);
    if (t->name)
        text_put_escaped(p->out, t->name, strlen(t->name));
}

static void put_variants(struct type_printer *p, const struct type *t, unsigned level)
{
    struct variants v = type_variants(t);
    put_named(p, "enum", t);
    text_put(p->out, " {\n");
    for (size_t i = 0; i < v.n; i++)
        if (i == 0 || v.v[i].field.die.offset != v.v[i - 1].field.die.offset) /* one with several ranges */
            put_variant(p, t, &v.v[i].field, level + step(p));
    put_end(p, t, level, '}');
}

static void put_enum(struct type_printer *p, const struct type *t, unsigned level)
{
    struct enumerators e = type_enumerators(t);
    put_named(p, "enum", t);
    text_put(p->out, " {\n");
    for (size_t i = 0; i < e.n; i++) {
        text_printf(p->out, "%*s", (int)level + 2, "");
        text_put_escaped(p->out, e.v[i].name, strlen(e.v[i].name));
        text_put(p->out, ",\n");
    }
    text_printf(p->out, "%*s}", (int)level, "");
}

static void put_inside(struct type_printer *p, const struct type *t, unsigned level)
{
    if (t->kind == TYPE_ENUM)
        put_enum(p, t, level);
    else if (type_variants(t).n)
        put_variants(p, t, level);
    else if (t->name && t->name[0] == '(') /* a tuple's name is all there is to say */
        type_put_own_name(p, t);
    else {
        put_named(p, t->kind == TYPE_UNION ? "union" : "struct", t);
        if (type_fields(t).n)
            put_block(p, t, level);
    }
}

void type_put_rust(struct type_printer *p, const struct type *t, const char *inner, int show, unsigned level)
{
    t = show > 0 ? type_strip(t) : type_unqualified(t);
    if (inner) {
        text_put_escaped(p->out, inner, strlen(inner));
        text_put(p->out, ": ");
    }
    if (t->kind == TYPE_VOID)
        text_put(p->out, "()");
    else if (type_keyword(t) && show > 0)
        put_inside(p, type_complete(t), level);
    else if (t->name)
        text_put_escaped(p->out, t->name, strlen(t->name));
    else if (t->kind == TYPE_FUNCTION)
        put_function(p, t);
    else if (is_array(t))
        put_array(p, t);
    else if (t->kind == TYPE_POINTER) {
        text_put(p->out, "*mut ");
        type_put(p, target_of(t), NULL, -1, 0);
    } else
        type_put_own_name(p, t);
}
