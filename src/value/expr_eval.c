/* SPDX-License-Identifier: Apache-2.0 */
/* From the tree to the value. */
#include "value/expr_priv.h"
#include "base/mem.h"

enum { FILL_MAX = 1 << 20 }; /* bytes of an array that an expression makes */

struct value eval_absent(const struct type *t)
{
    return (struct value){.type = t};
}

struct err *eval_at(const struct eval *ev, const struct node *n, struct err *e)
{
    if (!e || e->code != ERR_USAGE || begins_with(e->msg, "column "))
        return e;
    struct err *at = eval_fail(ev, n, "%s", e->msg);
    err_free(e);
    return at;
}

/* ---- names ---- */

static struct err *find(struct eval *ev, const struct node *n, struct found *out)
{
    return name_find(ev, n->text, n->file, TAG_NONE, out);
}

static struct err *name(struct eval *ev, const struct node *n, struct value *out)
{
    struct found f;
    TRY(find(ev, n, &f));
    return found_value(ev, n, &f, out);
}

/* $name: what the environment has, a register, or nothing yet: void, as in gdb. */
static struct err *dollar(struct eval *ev, const struct node *n, struct value *out)
{
    struct err *e = NULL;
    if (ev->env->variable && ev->env->variable(ev->env->arg, n->text, out, &e))
        return e;
    bool found = false;
    if (ev->env->frame)
        TRY(register_value(ev->vs, ev->env->frame, n->text, out, &found));
    if (!found)
        *out = eval_absent(eval_c_type(ev, "void"));
    return NULL;
}

/* ---- assignments ---- */

static struct err *assign(struct eval *ev, const struct node *n, const struct node *to, const struct value *v,
                          struct value *out)
{
    if (to->kind != NODE_DOLLAR || !ev->env->assign)
        return call_refuse_change(ev, n);
    if (!ev->types_only)
        TRY(ev->env->assign(ev->env->arg, to->text, v));
    *out = *v;
    return NULL;
}

static struct err *assignment(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    if (n->a->kind != NODE_DOLLAR)
        return call_refuse_change(ev, n);
    struct node operation = {.kind = NODE_BINARY, .op = n->op, .at = n->at, .a = n->a, .b = n->b};
    TRY(eval_node(ev, n->op == OP_ASSIGN ? n->b : &operation, &v));
    return assign(ev, n, n->a, &v, out);
}

/* ++ and --; behind the operand, the value is that of before. */
static struct err *step(struct eval *ev, const struct node *n, struct value *out)
{
    struct node one = {.kind = NODE_INT, .at = n->at, .text = "", .u = 1, .decimal = true};
    struct node sum = {.kind = NODE_BINARY, .op = n->op == OP_INC ? OP_ADD : OP_SUB, .at = n->at, .a = n->a, .b = &one};
    struct value before, after;
    if (n->a->kind != NODE_DOLLAR)
        return call_refuse_change(ev, n);
    TRY(eval_node(ev, n->a, &before));
    TRY(eval_node(ev, &sum, &after));
    TRY(assign(ev, n, n->a, &after, out));
    if (n->kind == NODE_POSTFIX)
        *out = before;
    return NULL;
}

/* ---- operators ---- */

static bool is_address(const struct value *v)
{
    uint8_t kind = type_strip(v->type)->kind;
    return kind == TYPE_POINTER || kind == TYPE_UNSPECIFIED || kind == TYPE_MEMBER_POINTER;
}

static struct err *typed(const struct node *n, const struct value *v)
{
    if (!found_has_no_type(type_strip(v->type)))
        return NULL;
    return err_new(ERR_USAGE, "'%s' has unknown type; cast it to its declared type",
                   n->kind == NODE_NAME ? n->text : "the expression");
}

static struct err *operand(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    TRY(eval_node(ev, n, &v));
    TRY(typed(n, &v));
    return pointer_decay(ev, n, &v, out);
}

struct err *eval_as(struct eval *ev, const struct node *n, bool types_only, struct value *out, bool *is_type)
{
    bool before = ev->types_only;
    ev->types_only = types_only;
    struct err *e = is_type ? eval_any(ev, n, out, is_type) : eval_node(ev, n, out);
    ev->types_only = before;
    return e;
}

struct err *eval_count(struct eval *ev, const struct node *n, int64_t *out)
{
    struct value v;
    bool before = ev->types_only;
    ev->types_only = false;
    struct err *e = operand(ev, n, &v);
    if (!e)
        e = number_int(ev, n, &v, out);
    ev->types_only = before;
    return e;
}

/* An operand that is left out must make sense all the same. */
static struct err *check(struct eval *ev, const struct node *n)
{
    struct value v;
    return eval_as(ev, n, true, &v, NULL);
}

static const char *op_spelling(uint8_t op)
{
    static const char *const text[] = {
        [OP_OR] = "|",  [OP_XOR] = "^", [OP_AND] = "&", [OP_EQ] = "==",  [OP_NE] = "!=",  [OP_LT] = "<",
        [OP_GT] = ">",  [OP_LE] = "<=", [OP_GE] = ">=", [OP_SHL] = "<<", [OP_SHR] = ">>", [OP_ADD] = "+",
        [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_REM] = "%",  [OP_NOT] = "!",  [OP_COMPL] = "~",
    };
    return op < ARRAY_LEN(text) && text[op] ? text[op] : "";
}

static struct err *no_operator(struct eval *ev, const struct node *n, const struct value *v, bool *is_record)
{
    *is_record = type_is_record(type_strip(v->type));
    if (!*is_record)
        return NULL;
    return eval_fail(ev, n, "operator%s of a structure is the program's own: calls are refused", op_spelling(n->op));
}

static struct err *logical(struct eval *ev, const struct node *n, struct value *out)
{
    struct value a, b;
    bool truth;
    TRY(operand(ev, n->a, &a));
    TRY(number_truth(ev, n->a, &a, &truth));
    if (truth == (n->op == OP_AND_AND) || ev->types_only) {
        TRY(operand(ev, n->b, &b));
        TRY(number_truth(ev, n->b, &b, &truth));
    } else {
        TRY(check(ev, n->b));
    }
    *out = value_of_int(ev->vs, eval_bool_type(ev), truth);
    return NULL;
}

static struct err *binary(struct eval *ev, const struct node *n, struct value *out)
{
    struct value a, b;
    int64_t count;
    bool record;
    if (n->op == OP_AND_AND || n->op == OP_OR_OR)
        return logical(ev, n, out);
    if (n->op == OP_COMMA) {
        TRY(eval_node(ev, n->a, &a));
        return eval_node(ev, n->b, out);
    }
    if (n->op == OP_AT) {
        TRY(eval_node(ev, n->a, &a));
        TRY(typed(n->a, &a));
        TRY(eval_count(ev, n->b, &count));
        return pointer_repeat(ev, n, &a, count, out);
    }
    TRY(operand(ev, n->a, &a));
    TRY(operand(ev, n->b, &b));
    TRY(no_operator(ev, n, &a, &record));
    TRY(no_operator(ev, n, &b, &record));
    return is_address(&a) || is_address(&b) ? pointer_binary(ev, n, &a, &b, out) : number_binary(ev, n, &a, &b, out);
}

static struct err *address_of(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    bool done = false;
    TRY(member_pointer_to(ev, n->a, &done, out));
    if (done)
        return NULL;
    TRY(eval_node(ev, n->a, &v));
    return pointer_address_of(ev, n, &v, out);
}

static struct err *unary(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    bool record, truth;
    if (n->op == OP_INC || n->op == OP_DEC)
        return step(ev, n, out);
    if (n->op == OP_AND)
        return address_of(ev, n, out);
    TRY(eval_node(ev, n->a, &v));
    TRY(typed(n->a, &v));
    if (n->op == OP_MUL)
        return pointer_deref(ev, n, &v, out);
    TRY(pointer_decay(ev, n, &v, &v));
    TRY(no_operator(ev, n, &v, &record));
    if (!is_address(&v))
        return number_unary(ev, n, &v, out);
    if (n->op != OP_NOT)
        return eval_fail(ev, n, "Argument to arithmetic operation not a number or boolean.");
    TRY(number_truth(ev, n, &v, &truth));
    *out = value_of_int(ev->vs, eval_bool_type(ev), !truth);
    return NULL;
}

static struct err *ternary(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    bool truth;
    TRY(operand(ev, n->a, &v));
    TRY(number_truth(ev, n->a, &v, &truth));
    TRY(check(ev, truth ? n->c : n->b));
    return eval_node(ev, truth ? n->b : n->c, out);
}

/* ---- indices ---- */

/* a..b of an array or slice: its elements, as an array. */
static struct err *slice(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    const struct node *r = n->b;
    struct value object, limit, first;
    int64_t from = 0, to = 0;
    TRY(pointer_referent(ev, v, &object));
    const struct type *t = type_strip(object.type);
    if (r->a)
        TRY(eval_count(ev, r->a, &from));
    if (r->b) {
        TRY(eval_count(ev, r->b, &to));
        to += r->op == OP_RANGE_INCLUSIVE && to < INT64_MAX;
    } else if (t->kind == TYPE_ARRAY && t->count_known) {
        to = (int64_t)t->count;
    } else if (type_is_record(t) && member_exists(t, "length")) {
        TRY(value_member(ev->vs, &object, "length", &limit));
        TRY(number_int(ev, n, &limit, &to));
    } else {
        return eval_fail(ev, n, "the range needs an end");
    }
    if (from < 0 || to <= from)
        return eval_fail(ev, n, "the range %lld..%lld has no elements", (long long)from, (long long)to);
    struct value i = value_of_int(ev->vs, eval_c_type(ev, "long"), (uint64_t)from);
    TRY(pointer_index(ev, n, &object, &i, &first));
    return pointer_repeat(ev, n, &first, to - from, out);
}

static struct err *element(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v, i;
    TRY(eval_node(ev, n->a, &v));
    TRY(typed(n->a, &v));
    if (n->b->kind == NODE_RANGE)
        return slice(ev, n, &v, out);
    TRY(eval_node(ev, n->b, &i));
    return pointer_index(ev, n, &v, &i, out);
}

/* ---- arrays that an expression makes ---- */

static struct err *put_element(struct eval *ev, const struct node *n, const struct type **t, uint8_t **bytes, size_t i,
                               size_t count)
{
    struct value v;
    TRY(operand(ev, n, &v));
    if (!*t) {
        *t = v.type;
        size_t size = eval_sizeof(v.type);
        if (size == 0 || count > FILL_MAX / size)
            return eval_fail(ev, n, "an array in an expression has at most %d bytes", FILL_MAX);
        *bytes = arena_alloc(ev->arena, size * count);
    }
    size_t size = eval_sizeof(*t);
    if (eval_sizeof(v.type) != size)
        return eval_fail(ev, n, "array elements must all be the same size");
    return ev->types_only ? NULL : value_read(ev->vs, &v, 0, *bytes + i * size, size);
}

static struct err *list(struct eval *ev, const struct node *n, struct value *out)
{
    const struct type *t = NULL;
    uint8_t *bytes = NULL;
    size_t i = 0;
    if (n->n == 0)
        return eval_fail(ev, n, "an array without elements");
    for (const struct node_link *l = n->list; l; l = l->next)
        TRY(put_element(ev, l->node, &t, &bytes, i++, n->n));
    *out = value_of_bytes(ev->vs, type_array_of(ev->types, t, i), bytes, i * eval_sizeof(t));
    return NULL;
}

static struct err *fill(struct eval *ev, const struct node *n, struct value *out)
{
    const struct type *t = NULL;
    uint8_t *bytes = NULL;
    int64_t count;
    TRY(eval_count(ev, n->b, &count));
    if (count < 1 || count > FILL_MAX)
        return eval_fail(ev, n->b, "Array with %lld elements", (long long)count);
    TRY(put_element(ev, n->a, &t, &bytes, 0, (size_t)count));
    size_t size = eval_sizeof(t);
    for (size_t i = 1; i < (size_t)count; i++)
        memcpy(bytes + i * size, bytes, size);
    *out = value_of_bytes(ev->vs, type_array_of(ev->types, t, (uint64_t)count), bytes, size * (size_t)count);
    return NULL;
}

/* ---- types and values ---- */

static struct err *measure(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    bool is_type;
    TRY(eval_as(ev, n->a, true, &v, &is_type));
    TRY(typed(n->a, &v));
    const struct type *t = type_strip(v.type);
    if ((t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE) && t->target)
        t = t->target;
    /* gdb's type for it, and more useful than size_t: sizeof (x) - 100 is negative. */
    *out = value_of_int(ev->vs, eval_c_type(ev, "int"), n->kind == NODE_SIZEOF ? eval_sizeof(t) : eval_alignof(t));
    return NULL;
}

/* The class that a dynamic_cast asks for, or the object's own. */
static struct err *dynamic_cast(struct eval *ev, const struct node *n, const struct value *v, const struct type *to,
                                struct value *out)
{
    const struct type *t = type_strip(to);
    struct value object, whole, part;
    bool pointer = t->kind == TYPE_POINTER;
    if ((!pointer && t->kind != TYPE_REFERENCE && t->kind != TYPE_RVALUE_REFERENCE) || !t->target)
        return eval_fail(ev, n, "Argument to dynamic_cast must be a pointer or reference type");
    TRY(pointer ? eval_at(ev, n, value_deref(ev->vs, v, &object)) : pointer_referent(ev, v, &object));
    TRY(value_dynamic(ev->vs, &object, &whole));
    bool any = type_strip(t->target)->kind == TYPE_VOID; /* the whole object */
    bool fits = any || member_has_base(whole.type, t->target);
    if (!fits && !pointer)
        return eval_fail(ev, n, "dynamic_cast failed");
    part = whole;
    if (fits && !any)
        TRY(eval_at(ev, n, value_cast(ev->vs, &whole, t->target, &part)));
    if (!pointer) {
        *out = part;
        return NULL;
    }
    taddr at = 0; /* a null pointer: the object is of another class */
    if (fits)
        TRY(value_address(&part, &at));
    *out = value_of_int(ev->vs, to, at);
    return NULL;
}

static struct err *cast(struct eval *ev, const struct node *n, struct value *out)
{
    const struct type *to;
    struct value v;
    taddr at;
    TRY(eval_type(ev, n->a, &to));
    TRY(eval_node(ev, n->b, &v));
    const struct type *t = type_strip(to);
    bool reference = t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE;
    if (ev->types_only) {
        *out = eval_absent(reference ? t->target : to);
        return NULL;
    }
    if (found_has_no_type(type_strip(v.type))) {
        TRY(value_address(&v, &at));
        *out = value_at(ev->vs, to, at);
        return NULL;
    }
    if (n->op == CAST_DYNAMIC)
        return dynamic_cast(ev, n, &v, to, out);
    if (reference && t->target) {
        struct value object;
        TRY(pointer_referent(ev, &v, &object));
        if (type_is_record(type_strip(t->target)) && n->op != CAST_REINTERPRET)
            return eval_at(ev, n, value_cast(ev->vs, &object, t->target, out));
        TRY(eval_at(ev, n, value_address(&object, &at)));
        *out = value_at(ev->vs, t->target, at);
        return NULL;
    }
    TRY(pointer_referent(ev, &v, &v));
    const struct type *from = type_strip(v.type);
    if (t->kind != TYPE_ARRAY && (from->kind == TYPE_ARRAY || from->kind == TYPE_FUNCTION))
        TRY(pointer_decay(ev, n, &v, &v));
    return eval_at(ev, n, value_cast(ev->vs, &v, to, out));
}

/* {type} address */
static struct err *place(struct eval *ev, const struct node *n, struct value *out)
{
    const struct type *t;
    struct value v;
    uint64_t at = 0;
    TRY(eval_type(ev, n->a, &t));
    TRY(operand(ev, n->b, &v));
    if (!is_address(&v) && !number_is_integral(type_strip(v.type)))
        return eval_fail(ev, n->b, "an address is wanted here");
    if (!ev->types_only)
        TRY(value_int(ev->vs, &v, &at));
    *out = ev->types_only ? eval_absent(t) : value_at(ev->vs, t, at);
    return NULL;
}

static struct err *member(struct eval *ev, const struct node *n, struct value *out)
{
    struct value object, pointer;
    TRY(eval_node(ev, n->a, &object));
    TRY(typed(n->a, &object));
    if (n->kind == NODE_MEMBER)
        return member_of(ev, n, &object, out);
    TRY(eval_node(ev, n->b, &pointer));
    return member_by_pointer(ev, n, &object, &pointer, out);
}

static struct err *evaluate(struct eval *ev, const struct node *n, struct value *out)
{
    bool done = false;
    if (ev->language == EXPR_GO)
        TRY(go_evaluate(ev, n, out, &done));
    if (done)
        return NULL;
    switch ((enum node_kind)n->kind) {
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_CHAR:
    case NODE_STRING:
    case NODE_BOOL:
    case NODE_NULLPTR:
        return eval_literal(ev, n, out);
    case NODE_NAME:
        return name(ev, n, out);
    case NODE_DOLLAR:
        return dollar(ev, n, out);
    case NODE_UNARY:
        return unary(ev, n, out);
    case NODE_POSTFIX:
        return step(ev, n, out);
    case NODE_BINARY:
        return binary(ev, n, out);
    case NODE_ASSIGN:
        return assignment(ev, n, out);
    case NODE_TERNARY:
        return ternary(ev, n, out);
    case NODE_CAST:
        return cast(ev, n, out);
    case NODE_SIZEOF:
    case NODE_ALIGNOF:
        return measure(ev, n, out);
    case NODE_MEMBER:
    case NODE_MEMBER_POINTER:
        return member(ev, n, out);
    case NODE_INDEX:
        return element(ev, n, out);
    case NODE_RANGE:
        return eval_fail(ev, n, "a range can only be an index");
    case NODE_CALL:
        return call_function(ev, n, out);
    case NODE_LIST:
        return list(ev, n, out);
    case NODE_FILL:
        return fill(ev, n, out);
    case NODE_PLACE:
        return place(ev, n, out);
    case NODE_TYPE_BASE:
    case NODE_TYPE_NAME:
    case NODE_TYPE_OF:
    case NODE_TYPE_QUALIFIED:
    case NODE_TYPE_POINTER:
    case NODE_TYPE_REFERENCE:
    case NODE_TYPE_RVALUE_REFERENCE:
    case NODE_TYPE_ARRAY:
    case NODE_TYPE_FUNCTION:
    case NODE_TYPE_MEMBER:
        break;
    }
    return eval_fail(ev, n, "Attempt to use a type as an expression");
}

struct err *eval_node(struct eval *ev, const struct node *n, struct value *out)
{
    if (progress_cancelled(ev->vs->progress))
        return err_new(ERR_CANCELLED, "cancelled");
    return eval_at(ev, n, evaluate(ev, n, out));
}

/* A name may turn out to be a type: the parser knows it for C and C++, but not for Rust. */
static struct err *named_type(struct eval *ev, const struct node *n, const struct type **out)
{
    struct found f;
    *out = NULL;
    if (n->kind == NODE_FILL) { /* [u8; 4] */
        int64_t count;
        TRY(named_type(ev, n->a, out));
        if (!*out)
            return NULL;
        TRY(eval_count(ev, n->b, &count));
        *out = type_array_of(ev->types, *out, count < 0 ? 0 : (uint64_t)count);
        return NULL;
    }
    if (n->kind != NODE_NAME || n->entry)
        return NULL;
    TRY(find(ev, n, &f));
    if (f.kind == FOUND_TYPE)
        *out = f.type;
    else if (f.kind == FOUND_NOTHING && !n->file)
        *out = eval_builtin_type(ev, n->text);
    return NULL;
}

struct err *eval_any(struct eval *ev, const struct node *n, struct value *out, bool *is_type)
{
    const struct type *t = NULL;
    *is_type = node_is_type(n);
    if (*is_type)
        TRY(eval_type(ev, n, &t));
    else
        TRY(named_type(ev, n, &t));
    *is_type = t != NULL;
    if (!t)
        return eval_node(ev, n, out);
    *out = eval_absent(t);
    return NULL;
}
