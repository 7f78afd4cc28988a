/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of Go (the Go specification, "Operators"): both operands have one type, constants take that of what they
 * meet, and the result wraps in it. Messages are Delve's. */
#include "value/expr_priv.h"
#include "base/mem.h"

#include <math.h>

enum {
    COMPARED_LEVELS = 32,     /* structs, arrays and interfaces in each other */
    COMPARED_MAX = 64 * 1024, /* elements of an array */
};

static struct value go_bool(struct eval *ev, bool v)
{
    return value_of_int(ev->vs, type_go_basic(ev->types, "bool"), v);
}

/* A constant has no type of its own yet. */
static bool untyped(const struct value *v)
{
    struct value row;
    return (!v->type->die.unit && v->type->name && begins_with(v->type->name, "untyped ")) ||
           (type_strip(v->type)->name && strcmp(type_strip(v->type)->name, "string") == 0 && value_go_inline(v, &row));
}

static bool is_integer(const struct type *t)
{
    enum go_kind kind;
    type_go(t, &kind);
    return kind >= GO_INT && kind <= GO_UINTPTR;
}

static bool is_float(const struct type *t)
{
    return type_strip(t)->kind == TYPE_FLOAT;
}

static bool is_complex(const struct type *t)
{
    return type_strip(t)->kind == TYPE_COMPLEX;
}

static bool is_comparison(uint8_t op)
{
    return op == OP_EQ || op == OP_NE || op == OP_LT || op == OP_GT || op == OP_LE || op == OP_GE;
}

/* ---- one type for both ---- */

static struct err *not_constant_of(struct eval *ev, const struct node *n, const struct type *to)
{
    return eval_fail(ev, n, "can not convert %s constant to %s", go_text(ev, n), go_type_text(ev, to));
}

/* A constant in the type of what it meets. */
static struct err *adapt(struct eval *ev, const struct node *n, struct value *constant, const struct type *to)
{
    enum go_kind kind, own;
    type_go(to, &kind);
    type_go(constant->type, &own);
    bool fits = own == GO_STRING ? kind == GO_STRING
                                 : (is_integer(to) && is_integer(constant->type)) || is_float(to) || is_complex(to);
    if (!fits)
        return not_constant_of(ev, n, to);
    if (own == GO_STRING || is_complex(to))
        return NULL; /* their bytes are compared and computed with as they are */
    return eval_at(ev, n, value_cast(ev->vs, constant, to, constant));
}

static bool same_type(struct eval *ev, const struct type *a, const struct type *b)
{
    return a == b || strcmp(go_type_text(ev, a), go_type_text(ev, b)) == 0;
}

/* *t: of both operands. */
static struct err *negotiate(struct eval *ev, const struct node *n, const struct node *an, struct value *a,
                             const struct node *bn, struct value *b, const struct type **t)
{
    *t = untyped(a) ? b->type : a->type;
    if (untyped(a) && untyped(b)) {
        if (is_integer(a->type) && is_float(b->type))
            return eval_at(ev, n, value_cast(ev->vs, a, b->type, a));
        *t = a->type;
        if (is_float(a->type) && is_integer(b->type))
            return eval_at(ev, n, value_cast(ev->vs, b, a->type, b));
        enum go_kind x, y;
        type_go(a->type, &x);
        type_go(b->type, &y);
        return (x == GO_STRING) == (y == GO_STRING) ? NULL : not_constant_of(ev, bn, a->type);
    }
    if (untyped(a))
        return adapt(ev, an, a, b->type);
    if (untyped(b))
        return adapt(ev, bn, b, a->type);
    if (same_type(ev, a->type, b->type))
        return NULL;
    return eval_fail(ev, n, "mismatched types \"%s\" and \"%s\"", go_type_text(ev, a->type), go_type_text(ev, b->type));
}

/* ---- equality ---- */

static struct err *equal(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                         unsigned level, bool *out);

static struct err *equal_fields(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                                unsigned level, bool *out)
{
    struct fields fields = type_fields(type_strip(a->type));
    bool all = true;
    for (size_t i = 0; i < fields.n; i++) { /* all of them: what cannot be compared is an error */
        struct value x, y;
        bool same;
        if (fields.v[i].name && strcmp(fields.v[i].name, "_") == 0)
            continue;
        TRY(value_field(ev->vs, a, &fields.v[i], &x));
        TRY(value_field(ev->vs, b, &fields.v[i], &y));
        TRY(equal(ev, n, &x, &y, level, &same));
        all &= same;
    }
    *out = all;
    return NULL;
}

static struct err *equal_elements(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                                  unsigned level, bool *out)
{
    uint64_t count = type_strip(a->type)->count;
    if (count > COMPARED_MAX)
        return eval_fail(ev, n, "array too long for comparison");
    *out = true;
    for (uint64_t i = 0; i < count && *out; i++) {
        struct value x = value_element(a, (int64_t)i), y = value_element(b, (int64_t)i);
        TRY(equal(ev, n, &x, &y, level, out));
    }
    return NULL;
}

static struct err *equal_held(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                              unsigned level, bool *out)
{
    struct value x, y;
    bool nil_a, nil_b;
    TRY(go_held(ev, n, a, &x, &nil_a));
    TRY(go_held(ev, n, b, &y, &nil_b));
    *out = nil_a && nil_b;
    if (nil_a || nil_b || !same_type(ev, x.type, y.type))
        return NULL;
    return equal(ev, n, &x, &y, level, out);
}

static struct err *equal_words(struct eval *ev, const struct value *a, const struct value *b, bool *out)
{
    uint64_t x, y;
    TRY(value_read(ev->vs, a, 0, &x, sizeof(x)));
    TRY(value_read(ev->vs, b, 0, &y, sizeof(y)));
    *out = x == y;
    return NULL;
}

static struct err *parts_of(struct eval *ev, const struct node *n, const struct value *v, long double parts[2])
{
    struct value half;
    parts[1] = 0;
    if (!is_complex(v->type)) {
        TRY(eval_at(ev, n, value_cast(ev->vs, v, type_go_basic(ev->types, "float64"), &half)));
        return value_double(ev->vs, &half, &parts[0]);
    }
    for (int i = 0; i < 2; i++) {
        TRY(go_complex_part(ev, n, v, i == 1, &half));
        TRY(value_double(ev->vs, &half, &parts[i]));
    }
    return NULL;
}

static struct err *equal_numbers(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                                 bool *out)
{
    struct node same = *n;
    struct value v;
    uint64_t truth;
    if (is_complex(a->type) || is_complex(b->type)) {
        long double x[2], y[2];
        TRY(parts_of(ev, n, a, x));
        TRY(parts_of(ev, n, b, y));
        *out = x[0] == y[0] && x[1] == y[1];
        return NULL;
    }
    same.op = OP_EQ;
    TRY(number_binary(ev, &same, a, b, &v));
    TRY(value_int(ev->vs, &v, &truth));
    *out = truth != 0;
    return NULL;
}

static struct err *equal(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                         unsigned level, bool *out)
{
    enum go_kind kind;
    struct bytes x, y;
    bool text;
    type_go(a->type, &kind);
    if (level > COMPARED_LEVELS)
        return eval_fail(ev, n, "structure too deep for comparison");
    switch ((int)kind) {
    case GO_STRING:
        TRY(go_string(ev, a, &x, &text));
        TRY(go_string(ev, b, &y, &text));
        *out = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
        return NULL;
    case GO_POINTER:
    case GO_UNSAFE_POINTER:
    case GO_CHAN:
        return equal_words(ev, a, b, out);
    case GO_STRUCT:
        return equal_fields(ev, n, a, b, level + 1, out);
    case GO_ARRAY:
        return equal_elements(ev, n, a, b, level + 1, out);
    case GO_INTERFACE:
        return equal_held(ev, n, a, b, level + 1, out);
    case GO_SLICE:
    case GO_MAP:
    case GO_FUNC:
        return eval_fail(ev, n, "can not compare %s variables", go_kind_text(a->type));
    default:
        return equal_numbers(ev, n, a, b, out);
    }
}

bool go_may_equal(struct eval *ev, const struct value *held, const struct value *v)
{
    enum go_kind kind;
    type_go(v->type, &kind);
    const char *type = !untyped(v)         ? go_type_text(ev, v->type)
                       : kind == GO_STRING ? "string"
                       : is_float(v->type) ? "float64"
                                           : "int";
    return strcmp(go_type_text(ev, held->type), type) == 0;
}

struct err *go_equal(struct eval *ev, const struct node *n, const struct value *a, const struct value *b, bool *out)
{
    struct value x = *a, y = *b;
    const struct type *t;
    TRY(negotiate(ev, n, n->a, &x, n->b, &y, &t));
    return equal(ev, n, &x, &y, 0, out);
}

/* ---- comparisons ---- */

static struct err *compare_strings(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                                   struct value *out)
{
    struct bytes x, y;
    bool text;
    TRY(go_string(ev, a, &x, &text));
    TRY(go_string(ev, b, &y, &text));
    size_t least = x.n < y.n ? x.n : y.n;
    int order = least ? memcmp(x.p, y.p, least) : 0;
    if (order == 0)
        order = x.n < y.n ? -1 : x.n > y.n;
    *out = go_bool(ev, n->op == OP_LT   ? order < 0
                       : n->op == OP_GT ? order > 0
                       : n->op == OP_LE ? order <= 0
                                        : order >= 0);
    return NULL;
}

static struct err *compare(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                           struct value *out)
{
    enum go_kind kind;
    bool same;
    type_go(a->type, &kind);
    if (n->op == OP_EQ || n->op == OP_NE) {
        TRY(equal(ev, n, a, b, 0, &same));
        *out = go_bool(ev, same == (n->op == OP_EQ));
        return NULL;
    }
    if (kind == GO_STRING)
        return compare_strings(ev, n, a, b, out);
    if (!number_is(type_strip(a->type)) || kind == GO_BOOL)
        return eval_fail(ev, n, "operator %s not defined on %s", go_op_text(n->op), go_kind_text(a->type));
    return number_binary(ev, n, a, b, out);
}

/* x == nil: the first word of whatever can be nil is 0 then. */
static struct err *compare_nil(struct eval *ev, const struct node *n, struct value *out)
{
    const struct node *x = n->a->kind == NODE_NULLPTR ? n->b : n->a;
    struct value v;
    uint64_t word = 0;
    enum go_kind kind;
    if (n->op != OP_EQ && n->op != OP_NE)
        return eval_fail(ev, n, "operator %s can not be applied to \"nil\"", go_op_text(n->op));
    if (x->kind == NODE_NULLPTR) {
        *out = go_bool(ev, n->op == OP_EQ);
        return NULL;
    }
    TRY(eval_node(ev, x, &v));
    type_go(v.type, &kind);
    bool may = kind == GO_POINTER || kind == GO_SLICE || kind == GO_MAP || kind == GO_CHAN || kind == GO_FUNC ||
               kind == GO_INTERFACE || kind == GO_UNSAFE_POINTER;
    if (!may)
        return eval_fail(ev, n, "can not compare %s to nil", go_kind_text(v.type));
    TRY(value_read(ev->vs, &v, 0, &word, sizeof(word)));
    *out = go_bool(ev, (word == 0) == (n->op == OP_EQ));
    return NULL;
}

/* ---- arithmetic ---- */

static struct err *concatenate(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                               struct value *out)
{
    struct bytes x, y;
    bool text;
    if (n->op != OP_ADD)
        return eval_fail(ev, n, "operator %s not defined on string", go_op_text(n->op));
    TRY(go_string(ev, a, &x, &text));
    TRY(go_string(ev, b, &y, &text));
    if (x.n + y.n > EXPR_TEXT_MAX)
        return err_new(ERR_LIMIT, "strings of an expression have at most %d bytes", EXPR_TEXT_MAX);
    char *both = arena_alloc(ev->arena, x.n + y.n + 1);
    memcpy(both, x.p, x.n);
    memcpy(both + x.n, y.p, y.n);
    *out = go_string_value(ev, both, x.n + y.n);
    return NULL;
}

struct value go_complex(struct eval *ev, const struct type *t, long double real, long double imaginary)
{
    if (type_strip(t)->size == 8) {
        float parts[] = {(float)real, (float)imaginary};
        return value_of_bytes(ev->vs, t, parts, sizeof(parts));
    }
    double parts[] = {(double)real, (double)imaginary};
    return value_of_bytes(ev->vs, t, parts, sizeof(parts));
}

static struct err *complex_operation(struct eval *ev, const struct node *n, const struct value *a,
                                     const struct value *b, const struct type *t, struct value *out)
{
    long double x[2], y[2];
    TRY(parts_of(ev, n, a, x));
    TRY(parts_of(ev, n, b, y));
    long double size = y[0] * y[0] + y[1] * y[1];
    switch (n->op) {
    case OP_ADD:
        *out = go_complex(ev, t, x[0] + y[0], x[1] + y[1]);
        return NULL;
    case OP_SUB:
        *out = go_complex(ev, t, x[0] - y[0], x[1] - y[1]);
        return NULL;
    case OP_MUL:
        *out = go_complex(ev, t, x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]);
        return NULL;
    case OP_DIV:
        if (size == 0)
            return eval_fail(ev, n, "division by zero");
        *out = go_complex(ev, t, (x[0] * y[0] + x[1] * y[1]) / size, (x[1] * y[0] - x[0] * y[1]) / size);
        return NULL;
    default:
        return eval_fail(ev, n, "operator %s not defined on complex numbers", go_op_text(n->op));
    }
}

static struct err *check_divisor(struct eval *ev, const struct node *n, const struct value *b)
{
    long double divisor;
    uint64_t i;
    if (n->op != OP_DIV && n->op != OP_REM)
        return NULL;
    if (is_float(b->type)) {
        TRY(value_double(ev->vs, b, &divisor));
        return divisor == 0 ? eval_fail(ev, n, "division by zero") : NULL;
    }
    TRY(value_int(ev->vs, b, &i));
    return i == 0 ? eval_fail(ev, n, "integer divide by zero") : NULL;
}

static struct err *shift(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                         struct value *out)
{
    uint64_t count;
    if (!is_integer(a->type))
        return eval_fail(ev, n, "shift of type %s", go_kind_text(a->type));
    if (!is_integer(b->type))
        return eval_fail(ev, n, "shift count type %s, must be unsigned integer", go_kind_text(b->type));
    TRY(value_int(ev->vs, b, &count));
    if (type_strip(b->type)->is_signed && (int64_t)count < 0)
        return eval_fail(ev, n, "shift count must not be negative");
    TRY(number_binary(ev, n, a, b, out));
    return eval_at(ev, n, value_cast(ev->vs, out, a->type, out));
}

static struct err *arithmetic(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                              const struct type *t, struct value *out)
{
    enum go_kind kind;
    type_go(t, &kind);
    if (kind == GO_STRING)
        return concatenate(ev, n, a, b, out);
    if (is_complex(t))
        return complex_operation(ev, n, a, b, t, out);
    if (!number_is(type_strip(t)) || kind == GO_BOOL)
        return eval_fail(ev, n, "operator %s can not be applied to \"%s\"", go_op_text(n->op), go_text(ev, n->a));
    TRY(check_divisor(ev, n, b));
    TRY(number_binary(ev, n, a, b, out));
    return eval_at(ev, n, value_cast(ev->vs, out, t, out)); /* C has promoted it */
}

static struct err *boolean(struct eval *ev, const struct node *n, bool *out)
{
    struct value v;
    uint64_t word;
    TRY(eval_node(ev, n, &v));
    if (type_strip(v.type)->kind != TYPE_BOOL)
        return eval_fail(ev, n, "expression \"%s\" should be boolean not %s", go_text(ev, n), go_kind_text(v.type));
    TRY(value_int(ev->vs, &v, &word));
    *out = word != 0;
    return NULL;
}

static struct err *logical(struct eval *ev, const struct node *n, struct value *out)
{
    bool truth;
    TRY(boolean(ev, n->a, &truth));
    if (truth == (n->op == OP_AND_AND))
        TRY(boolean(ev, n->b, &truth));
    *out = go_bool(ev, truth);
    return NULL;
}

struct err *go_binary(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    struct value a, b;
    const struct type *t;
    *done = n->op != OP_COMMA && n->op != OP_AT;
    if (!*done)
        return NULL;
    if (n->op == OP_AND_AND || n->op == OP_OR_OR)
        return logical(ev, n, out);
    if (n->a->kind == NODE_NULLPTR || n->b->kind == NODE_NULLPTR)
        return compare_nil(ev, n, out);
    TRY(eval_node(ev, n->a, &a));
    TRY(eval_node(ev, n->b, &b));
    if (n->op == OP_SHL || n->op == OP_SHR)
        return shift(ev, n, &a, &b, out);
    TRY(negotiate(ev, n, n->a, &a, n->b, &b, &t));
    return is_comparison(n->op) ? compare(ev, n, &a, &b, out) : arithmetic(ev, n, &a, &b, t, out);
}

/* ---- one operand ---- */

static struct err *dereference(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    enum go_kind kind;
    uint64_t at;
    const struct type *t = type_go(v->type, &kind);
    if (n->a->kind == NODE_NULLPTR)
        return eval_fail(ev, n, "nil can not be dereferenced");
    if (kind != GO_POINTER || !t->target)
        return eval_fail(ev, n, "expression \"%s\" (%s) can not be dereferenced", go_text(ev, n->a),
                         go_type_text(ev, v->type));
    TRY(value_int(ev->vs, v, &at));
    return at ? value_deref(ev->vs, v, out) : eval_fail(ev, n, "nil pointer dereference");
}

static struct err *negate(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    enum go_kind kind;
    long double parts[2];
    type_go(v->type, &kind);
    if (is_complex(v->type) && n->op != OP_COMPL) {
        TRY(parts_of(ev, n, v, parts));
        bool minus = n->op == OP_SUB;
        *out = go_complex(ev, v->type, minus ? -parts[0] : parts[0], minus ? -parts[1] : parts[1]);
        return NULL;
    }
    if (!number_is(type_strip(v->type)) || kind == GO_BOOL)
        return eval_fail(ev, n, "operator %s can not be applied to \"%s\"", go_op_text(n->op), go_text(ev, n->a));
    TRY(number_unary(ev, n, v, out));
    return eval_at(ev, n, value_cast(ev->vs, out, v->type, out));
}

struct err *go_unary(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    struct value v;
    bool truth;
    *done = true;
    switch (n->op) {
    case OP_NOT:
        TRY(boolean(ev, n->a, &truth));
        *out = go_bool(ev, !truth);
        return NULL;
    case OP_MUL:
        TRY(eval_node(ev, n->a, &v));
        return dereference(ev, n, &v, out);
    case OP_AND:
        TRY(eval_node(ev, n->a, &v));
        TRY(pointer_address_of(ev, n, &v, out));
        out->address_only = true;
        return NULL;
    case OP_SUB:
    case OP_ADD:
    case OP_COMPL:
        TRY(eval_node(ev, n->a, &v));
        return negate(ev, n, &v, out);
    default:
        *done = false;
        return NULL;
    }
}

/* ---- min, max ---- */

struct err *go_least(struct eval *ev, const struct node *n, bool most, struct value *out)
{
    const struct node *best = NULL;
    struct node order = {.kind = NODE_BINARY, .op = most ? OP_GT : OP_LT, .at = n->at};
    for (const struct node_link *l = n->list; l; l = l->next) {
        struct value v, x, better;
        const struct type *t;
        uint64_t truth = 1;
        TRY(eval_node(ev, l->node, &v));
        if (best) {
            x = *out;
            struct value candidate = v;
            order.a = l->node;
            order.b = best;
            TRY(negotiate(ev, &order, l->node, &candidate, best, &x, &t));
            TRY(compare(ev, &order, &candidate, &x, &better));
            TRY(value_int(ev->vs, &better, &truth));
        }
        if (truth) {
            best = l->node;
            *out = v;
        }
    }
    return best ? NULL : eval_fail(ev, n, "not enough arguments to %s", most ? "max" : "min");
}
