/* SPDX-License-Identifier: Apache-2.0 */
/* Types as a programmer writes them. C puts half of a type before the name that it declares and half behind
 * it, so that a chain of pointers, arrays and functions is walked three times: for the base, for what stands
 * before, for what stands behind. */
#include "value/type_priv.h"

/* A parameter brings a whole type with it, and that its own parameters. */
#define MAX_NESTED 64
/* The largest real records have some 10,000 types in all that ptype /o spells out. */
#define MAX_STEPS 100000

enum { QUAL_CONST = 1, QUAL_VOLATILE = 2, QUAL_RESTRICT = 4, QUAL_ATOMIC = 8 };

static unsigned qualifier(const struct type *t)
{
    return t->kind == TYPE_CONST      ? QUAL_CONST
           : t->kind == TYPE_VOLATILE ? QUAL_VOLATILE
           : t->kind == TYPE_RESTRICT ? QUAL_RESTRICT
           : t->kind == TYPE_ATOMIC   ? QUAL_ATOMIC
                                      : 0;
}

/* The type below its qualifiers, which are added to *quals, and when a type is spelt out below its typedefs. */
static const struct type *peel(const struct type *t, bool typedefs, unsigned *quals)
{
    const struct type *nothing = t->types->nothing;
    for (int hop = 0; hop < TYPE_MAX_CHAIN && (qualifier(t) || (typedefs && t->kind == TYPE_TYPEDEF)); hop++) {
        *quals |= qualifier(t);
        t = t->target ? t->target : nothing;
    }
    return t;
}

static const struct type *target_of(const struct type *t)
{
    return t->target ? t->target : t->types->nothing;
}

static void put_word(struct type_printer *p, const char *word, bool before, bool *any)
{
    if (before || *any)
        text_putc(p->out, ' ');
    text_put(p->out, word);
    *any = true;
}

/* In gdb's order. */
static void put_qualifiers(struct type_printer *p, const struct type *t, unsigned quals, bool before, bool behind)
{
    bool any = false, cxx = type_is_cxx(t);
    if (quals & QUAL_CONST)
        put_word(p, "const", before, &any);
    if (quals & QUAL_VOLATILE)
        put_word(p, "volatile", before, &any);
    if (quals & QUAL_RESTRICT)
        put_word(p, cxx ? "__restrict__" : "restrict", before, &any);
    if (quals & QUAL_ATOMIC)
        put_word(p, cxx ? "std::atomic" : "_Atomic", before, &any);
    if (any && behind)
        text_putc(p->out, ' ');
}

const char *type_keyword(const struct type *t)
{
    return t->kind == TYPE_STRUCT  ? "struct"
           : t->kind == TYPE_CLASS ? "class"
           : t->kind == TYPE_UNION ? "union"
           : t->kind == TYPE_ENUM  ? "enum"
                                   : NULL;
}

/* Only C needs the word before a tag. */
static bool shows_keyword(const struct type *t)
{
    return type_keyword(t) && (type_language_is_c(t->language) || !t->language);
}

void type_put_own_name(struct type_printer *p, const struct type *t)
{
    if (t->name && shows_keyword(t))
        text_printf(p->out, "%s ", type_keyword(t));
    if (t->name)
        text_put_escaped(p->out, t->name, strlen(t->name));
    else if (type_keyword(t))
        text_printf(p->out, "%s {...}", type_keyword(t));
    else
        text_put(p->out, t->kind == TYPE_VOID ? "void" : "<unknown type>");
}

/* Does the type consist of its target and something around a name? */
static bool is_declarator(const struct type *t)
{
    return !t->name && (t->kind == TYPE_POINTER || t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE ||
                        t->kind == TYPE_MEMBER_POINTER || t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR ||
                        t->kind == TYPE_FUNCTION || t->kind == TYPE_TYPEDEF);
}

static bool is_array(const struct type *t)
{
    return t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR;
}

/* What all of it is made of: a name, or the inside of a record. */
static void put_base(struct type_printer *p, const struct type *t, int show, unsigned level)
{
    unsigned quals = 0;
    t = peel(t, show > 0, &quals);
    for (int hop = 0; hop < TYPE_MAX_CHAIN && is_declarator(t); hop++) {
        /* A qualified array is one of qualified elements. */
        quals = is_array(t) ? quals : 0;
        t = peel(target_of(t), show > 0, &quals);
        p->steps++;
    }
    put_qualifiers(p, t, quals, false, true);
    if (type_keyword(t) && (show > 0 || (show == 0 && !t->name)))
        type_put_inside(p, t, show, level);
    else
        type_put_own_name(p, t);
}

/* What stands before the name. `pointed`: a pointer or reference stands between this type and the name. */
static void put_before(struct type_printer *p, const struct type *t, int show, bool pointed, bool space, int depth)
{
    unsigned quals = 0;
    t = peel(t, show > 0, &quals);
    if (depth <= 0 || !is_declarator(t))
        return;
    bool indirect = t->kind == TYPE_POINTER || t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE;
    bool inner_space = t->kind == TYPE_POINTER || (is_array(t) && space); /* as gdb does it */
    put_before(p, target_of(t), show, indirect || t->kind == TYPE_MEMBER_POINTER, inner_space, depth - 1);
    if (t->kind == TYPE_MEMBER_POINTER) {
        if (t->owner)
            put_base(p, t->owner, -1, 0);
        text_put(p->out, "::*");
    } else if (t->kind == TYPE_POINTER)
        text_putc(p->out, '*');
    else if (indirect)
        text_put(p->out, t->kind == TYPE_REFERENCE ? "&" : "&&");
    else if (pointed && (is_array(t) || t->kind == TYPE_FUNCTION))
        text_putc(p->out, '(');
    if (indirect)
        put_qualifiers(p, t, quals, true, space);
}

static void put_parameters(struct type_printer *p, const struct type *t)
{
    struct fields params = type_parameters(t);
    struct dw_value v;
    text_putc(p->out, '(');
    for (size_t i = 0; i < params.n; i++) {
        if (i)
            text_put(p->out, ", ");
        type_put(p, params.v[i].type, NULL, -1, 0);
    }
    bool prototyped =
        t->die.unit ? !type_language_is_c(t->language) || dw_attr(&t->die, DW_AT_prototyped, &v) : !t->unprototyped;
    if (t->variadic)
        text_put(p->out, params.n ? ", ..." : "...");
    else if (!params.n && prototyped)
        text_put(p->out, "void");
    text_putc(p->out, ')');
}

static void put_bounds(struct type_printer *p, const struct type *t)
{
    struct dw_die d;
    struct dw_value v;
    text_put(p->out, t->kind == TYPE_VECTOR ? " __attribute__ ((vector_size(" : "[");
    if (t->count_known)
        text_printf(p->out, "%llu", (unsigned long long)t->count);
    else if (type_subrange(t, &d) && (dw_attr(&d, DW_AT_upper_bound, &v) || dw_attr(&d, DW_AT_count, &v)))
        text_put(p->out, "variable length");
    text_put(p->out, t->kind == TYPE_VECTOR ? ")))" : "]");
}

static void put_behind(struct type_printer *p, const struct type *t, int show, bool pointed, int depth)
{
    unsigned quals = 0;
    t = peel(t, show > 0, &quals);
    if (depth <= 0 || !is_declarator(t))
        return;
    bool indirect = t->kind == TYPE_POINTER || t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE ||
                    t->kind == TYPE_MEMBER_POINTER;
    if (pointed && (is_array(t) || t->kind == TYPE_FUNCTION))
        text_putc(p->out, ')');
    if (is_array(t))
        put_bounds(p, t);
    else if (t->kind == TYPE_FUNCTION)
        put_parameters(p, t);
    put_behind(p, target_of(t), show, indirect, depth - 1);
}

/* Between a base and what follows it. */
static bool needs_space(const struct type *t, int show)
{
    unsigned quals = 0;
    t = peel(t, show > 0, &quals);
    return is_declarator(t) && t->kind != TYPE_VECTOR && t->kind != TYPE_TYPEDEF;
}

static void put_c(struct type_printer *p, const struct type *t, const char *inner, int show, unsigned level)
{
    put_base(p, t, show, level);
    if (inner || needs_space(t, show))
        text_putc(p->out, ' ');
    put_before(p, t, show, false, inner != NULL, TYPE_MAX_CHAIN);
    if (inner)
        text_put_escaped(p->out, inner, strlen(inner));
    put_behind(p, t, show, false, TYPE_MAX_CHAIN);
}

void type_put(struct type_printer *p, const struct type *t, const char *inner, int show, unsigned level)
{
    if (p->nested >= MAX_NESTED || p->steps++ >= MAX_STEPS) {
        text_put(p->out, "...");
        return;
    }
    p->nested++;
    if (type_is_rust(t))
        type_put_rust(p, t, inner, show, level);
    else if (type_is_go(t) && show <= 0)
        type_put_go(p, t, inner);
    else
        put_c(p, t, inner, show, level);
    p->nested--;
}

void type_name(struct text *out, const struct type *t, const char *inner)
{
    const struct type_print how = {0};
    struct type_printer p = {.out = out, .how = &how};
    type_put(&p, t, inner && *inner ? inner : NULL, -1, 0);
}

void type_declaration(struct text *out, const struct type *t, const struct type_print *how)
{
    struct type_printer p = {.out = out, .how = how};
    int show = how->depth < MAX_NESTED ? (int)how->depth + 1 : MAX_NESTED;
    type_put(&p, t, NULL, show, 0);
}
