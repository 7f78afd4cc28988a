/* SPDX-License-Identifier: Apache-2.0 */
/* Type names to types. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- what the languages have of themselves ---- */

const struct type *eval_builtin_type(struct eval *ev, const char *name)
{
    static const struct {
        const char *name;
        bool is_signed;
        uint8_t size;
    } characters[] = {{"wchar_t", true, 4}, {"char8_t", false, 1}, {"char16_t", false, 2}, {"char32_t", false, 4}};
    if (ev->language == EXPR_RUST)
        return type_rust(ev->types, name);
    if (ev->language == EXPR_GO)
        return type_go_basic(ev->types, name);
    for (size_t i = 0; i < ARRAY_LEN(characters); i++)
        if (strcmp(characters[i].name, name) == 0)
            return type_base(ev->types, TYPE_CHAR, name, characters[i].size, characters[i].is_signed);
    return type_c(ev->types, name);
}

const struct type *eval_c_type(struct eval *ev, const char *name)
{
    const struct type *t = type_c(ev->types, name);
    return t ? t : type_base(ev->types, TYPE_ERROR, name, 0, false);
}

const struct type *eval_bool_type(struct eval *ev)
{
    return ev->language == EXPR_C ? eval_c_type(ev, "int") : eval_builtin_type(ev, "bool");
}

uint64_t eval_sizeof(const struct type *t)
{
    const struct type *s = type_complete(type_strip(t));
    if (s->kind == TYPE_VOID || s->kind == TYPE_FUNCTION)
        return 1; /* GNU C */
    return s->size;
}

uint64_t eval_alignof(const struct type *t)
{
    uint64_t most = 1;
    for (const struct type *at = t; at; at = at->kind == TYPE_TYPEDEF ? at->target : NULL)
        if (at->align)
            return at->align;
    const struct type *s = type_complete(type_strip(t));
    if (s->align)
        return s->align;
    if (s->kind == TYPE_ARRAY && s->target)
        return eval_alignof(s->target);
    if (!type_is_record(s))
        return s->size ? s->size : 1;
    struct fields fields = type_fields(s);
    for (size_t i = 0; i < fields.n; i++) {
        if (fields.v[i].flags & FIELD_STATIC)
            continue;
        uint64_t one = eval_alignof(fields.v[i].type);
        most = one > most ? one : most;
    }
    return most;
}

/* ---- names ---- */

static struct err *unknown_type(struct eval *ev, const struct node *n)
{
    static const char *const words[] = {
        [TAG_STRUCT] = "struct", [TAG_UNION] = "union", [TAG_ENUM] = "enum", [TAG_CLASS] = "struct"};
    if (n->tag == TAG_NONE)
        return name_unknown(ev, n->text);
    return err_new(ERR_NOT_FOUND, "No %s type named %s.", words[n->tag], n->text);
}

static struct err *named(struct eval *ev, const struct node *n, const struct type **out)
{
    struct found f;
    const struct type *t = NULL;
    if (ev->language == EXPR_GO)
        TRY(go_named_type(ev, n->text, &t));
    else if (n->tag == TAG_NONE)
        t = eval_builtin_type(ev, n->text);
    if (t) {
        *out = t;
        return NULL;
    }
    TRY(name_find(ev, n->text, NULL, (enum tag_kind)n->tag, &f));
    if (f.kind != FOUND_TYPE)
        return unknown_type(ev, n);
    *out = f.type;
    return NULL;
}

static struct err *base(struct eval *ev, const struct node *n, const struct type **out)
{
    const struct type *t = type_c(ev->types, n->text);
    if (!t)
        t = eval_builtin_type(ev, n->text);
    if (!t)
        return eval_fail(ev, n, "\"%s\" is no type", n->text);
    *out = t;
    return NULL;
}

/* typeof(x): its type, unread. */
static struct err *type_of_expression(struct eval *ev, const struct node *n, const struct type **out)
{
    struct value v;
    bool is_type;
    TRY(eval_as(ev, n->a, true, &v, &is_type));
    *out = v.type;
    return NULL;
}

/* ---- made types ---- */

static struct err *array(struct eval *ev, const struct node *n, const struct type *element, const struct type **out)
{
    int64_t count = 0;
    if (n->b)
        TRY(eval_count(ev, n->b, &count));
    if (count < 0 || (n->b && count == 0))
        return eval_fail(ev, n->b, "an array of %lld elements", (long long)count);
    *out = type_array_of(ev->types, element, (uint64_t)count);
    return NULL;
}

static struct err *function(struct eval *ev, const struct node *n, const struct type *result, const struct type **out)
{
    const struct type **parameters = arena_array(ev->arena, const struct type *, n->n + 1);
    size_t i = 0;
    for (const struct node_link *l = n->list; l && i < n->n; l = l->next)
        TRY(eval_type(ev, l->node, &parameters[i++]));
    *out = type_function_of(ev->types, result, parameters, i, n->variadic);
    return NULL;
}

static struct err *pointer_to_member(struct eval *ev, const struct node *n, const struct type *to,
                                     const struct type **out)
{
    struct node class = {.kind = NODE_TYPE_NAME, .at = n->at, .text = n->text};
    const struct type *owner;
    TRY(named(ev, &class, &owner));
    *out = type_member_pointer_to(ev->types, to, owner);
    return NULL;
}

struct err *eval_type(struct eval *ev, const struct node *n, const struct type **out)
{
    const struct type *t = NULL;
    if (n->kind == NODE_TYPE_BASE)
        return base(ev, n, out);
    if (n->kind == NODE_TYPE_NAME)
        return named(ev, n, out);
    if (n->kind == NODE_TYPE_OF)
        return type_of_expression(ev, n, out);
    TRY(eval_type(ev, n->a, &t));
    switch (n->kind) {
    case NODE_TYPE_QUALIFIED:
        if (n->qualifiers & QUALIFIER_VOLATILE)
            t = type_with(ev->types, t, TYPE_VOLATILE);
        if (n->qualifiers & QUALIFIER_CONST)
            t = type_with(ev->types, t, TYPE_CONST);
        break;
    case NODE_TYPE_POINTER:
        t = type_pointer_to(ev->types, t);
        break;
    case NODE_TYPE_REFERENCE:
        t = type_reference_to(ev->types, t);
        break;
    case NODE_TYPE_RVALUE_REFERENCE:
        t = type_rvalue_reference_to(ev->types, t);
        break;
    case NODE_TYPE_ARRAY:
        return array(ev, n, t, out);
    case NODE_TYPE_FUNCTION:
        return function(ev, n, t, out);
    default:
        return pointer_to_member(ev, n, t, out);
    }
    *out = t;
    return NULL;
}

struct err *eval_parameters(struct eval *ev, const char *text, const struct type **out)
{
    struct parser p = {.classify = name_classify, .arg = ev};
    const struct node *n;
    const char *whole = arena_printf(ev->arena, "void %s", text);
    TRY(parse_expression(&p, ev->arena, whole, EXPR_CXX, &n));
    if (n->kind != NODE_TYPE_FUNCTION)
        return err_new(ERR_USAGE, "\"%s\" is no list of parameters", text);
    return eval_type(ev, n, out);
}
