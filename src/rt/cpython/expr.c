/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Python, evaluated as they are read. */
#include "rt/cpython/expr.h"

#include <inttypes.h>

enum { DEPTH_MAX = 100, ITEMS_MAX = 1000, INDICES_MAX = 64 };

static struct err *expression(struct expr *e, struct operand *out);

static const char *word_of(struct expr *e)
{
    return (const char *)e->word.p;
}

static struct operand nothing(void)
{
    return (struct operand){.kind = OPERAND_NONE};
}

/* ---- atoms ---- */

/* What was computed here is known by its text. */
static struct err *from_value(struct expr *e, size_t at, const struct value *v, struct operand *out)
{
    uint64_t n;
    *out = (struct operand){.kind = OPERAND_OBJECT};
    if (py_value_object(v, &out->object))
        return NULL;
    const struct type *t = type_strip(v->type);
    if (!t->foreign || v->loc.n != 1) {
        struct err *err = value_int(e->vs, v, &n);
        if (err) {
            err_free(err);
            return expr_fail(e, at, "the value is none of Python's");
        }
        *out = operand_int((int64_t)n);
        return NULL;
    }
    struct expr inner = {.rt = e->rt, .env = e->env, .vs = e->vs, .arena = e->arena, .depth = e->depth};
    inner.text = arena_strndup(e->arena, (const char *)v->loc.pieces[0].bytes.p, v->loc.pieces[0].bytes.n);
    inner.n = strlen(inner.text);
    struct err *err = expr_next(&inner);
    if (!err)
        err = expression(&inner, out);
    if (err || inner.token != PY_TOKEN_END) /* a slice, say, can be shown and no more */
        *out = (struct operand){.kind = OPERAND_SHOWN, .type = t->name, .text = {(const uint8_t *)inner.text, inner.n}};
    err_free(err);
    return NULL;
}

static struct err *dollar(struct expr *e, struct operand *out)
{
    size_t at = e->start;
    struct err *err = NULL;
    struct value v;
    bool found = false;
    const char *name = word_of(e);
    TRY(expr_next(e));
    *out = nothing();
    if (e->skip)
        return NULL;
    if (e->env->variable && e->env->variable(e->env->arg, name, &v, &err)) {
        TRY(err);
        return from_value(e, at, &v, out);
    }
    if (e->env->frame && e->env->frame->pc)
        TRY(register_value(e->vs, e->env->frame, name, &v, &found));
    return found ? from_value(e, at, &v, out) : expr_fail(e, at, "there is no $%s", name);
}

static struct err *parentheses(struct expr *e, struct operand *out)
{
    VEC(struct operand) items = {0};
    struct err *err = NULL;
    bool tuple = expr_at(e, ")"), comma = true;
    while (!err && comma && !expr_at(e, ")") && items.n < ITEMS_MAX) {
        struct operand item;
        err = expression(e, &item);
        if (!err) {
            *vec_push(&items) = item;
            err = expr_take(e, ",", &comma);
            tuple |= comma;
        }
    }
    if (!err)
        err = expr_expect(e, ")");
    if (!err && !tuple) {
        *out = items.v[0];
    } else if (!err) {
        struct operand *copy = arena_array(e->arena, struct operand, items.n ? items.n : 1);
        if (items.n)
            memcpy(copy, items.v, items.n * sizeof(*copy));
        *out = (struct operand){.kind = OPERAND_TUPLE, .items = copy, .n = items.n};
    }
    vec_done(&items);
    return err;
}

static struct err *literal(struct expr *e, struct operand *out)
{
    *out = e->literal;
    TRY(expr_next(e));
    while (e->token == PY_TOKEN_LITERAL && e->literal.kind == out->kind &&
           (out->kind == OPERAND_STR || out->kind == OPERAND_BYTES)) { /* 'a' 'b' */
        size_t n = out->text.n + e->literal.text.n;
        uint8_t *both = arena_alloc(e->arena, n + 1);
        memcpy(both, out->text.p, out->text.n);
        memcpy(both + out->text.n, e->literal.text.p, e->literal.text.n);
        out->text = (struct bytes){.p = both, .n = n};
        TRY(expr_next(e));
    }
    return NULL;
}

static struct err *call(struct expr *e, size_t at, const char *function, struct operand *out)
{
    static const char *const known[] = {"len", "type", "id"};
    struct operand argument;
    const char *name = NULL;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i], function) == 0)
            name = known[i];
    if (!name)
        return expr_fail(e, at,
                         "%s() would have to run in the target, which is not done; len(), type() and id() can be "
                         "asked",
                         function);
    TRY(expression(e, &argument));
    TRY(expr_expect(e, ")"));
    *out = nothing();
    if (e->skip)
        return NULL;
    if (strcmp(name, "len") == 0) {
        *out = operand_int(0);
        return access_length(e, at, &argument, &out->i);
    }
    if (argument.kind != OPERAND_OBJECT)
        return expr_fail(e, at, "%s() takes an object of the target", name);
    if (*name == 'i')
        *out = operand_int((int64_t)argument.object);
    else
        *out = (struct operand){.kind = OPERAND_OBJECT, .object = py_type_of(e->rt, argument.object)};
    return NULL;
}

static struct err *named(struct expr *e, struct operand *out)
{
    size_t at = e->start;
    const char *name = word_of(e);
    bool is_call;
    TRY(expr_next(e));
    *out = nothing();
    if (strcmp(name, "None") == 0)
        return NULL;
    if (strcmp(name, "True") == 0 || strcmp(name, "False") == 0) {
        *out = operand_bool(*name == 'T');
        return NULL;
    }
    TRY(expr_take(e, "(", &is_call));
    if (is_call)
        return call(e, at, name, out);
    return e->skip ? NULL : access_name(e, at, name, out);
}

static struct err *atom(struct expr *e, struct operand *out)
{
    bool open;
    if (e->token == PY_TOKEN_LITERAL)
        return literal(e, out);
    if (e->token == PY_TOKEN_DOLLAR)
        return dollar(e, out);
    if (e->token == PY_TOKEN_NAME)
        return named(e, out);
    TRY(expr_take(e, "(", &open));
    if (open)
        return parentheses(e, out);
    if (e->token == PY_TOKEN_END)
        return expr_fail(e, e->start, "SyntaxError: the expression ends too early");
    return expr_fail(e, e->start, "SyntaxError: invalid syntax near '%s'", word_of(e));
}

/* ---- what stands behind ---- */

/* An index or a slice. */
static struct err *subscript_item(struct expr *e, struct subscript *out)
{
    bool colon = true;
    *out = (struct subscript){.slice = false};
    for (size_t n = 0; colon && n < 3; n++) {
        if (!expr_at(e, ":") && !expr_at(e, "]") && !expr_at(e, ",")) {
            struct operand *bound = arena_new(e->arena, struct operand);
            TRY(expression(e, bound));
            out->bounds[n] = bound;
        }
        TRY(expr_take(e, ":", &colon));
        out->slice |= colon;
    }
    return out->slice || out->bounds[0] ? NULL : expr_fail(e, e->start, "SyntaxError: an index is missing");
}

static struct err *subscript(struct expr *e, size_t at, struct operand *x)
{
    struct subscript items[INDICES_MAX];
    struct operand value = nothing();
    size_t n = 0;
    bool comma = true, tuple = false;
    while (comma && !(n && expr_at(e, "]"))) {
        if (n == INDICES_MAX)
            return err_new(ERR_LIMIT, "there are too many indices");
        TRY(subscript_item(e, &items[n++]));
        TRY(expr_take(e, ",", &comma));
        tuple |= comma;
    }
    TRY(expr_expect(e, "]"));
    if (!e->skip)
        TRY(access_subscript(e, at, x, items, n, tuple, &value));
    *x = value;
    return NULL;
}

static struct err *attribute(struct expr *e, struct operand *x)
{
    struct operand result = nothing();
    size_t at = e->start;
    if (e->token != PY_TOKEN_NAME)
        return expr_fail(e, at, "SyntaxError: the name of an attribute is missing");
    const char *name = word_of(e);
    TRY(expr_next(e));
    if (!e->skip)
        TRY(access_attribute(e, at, x, name, &result));
    *x = result;
    return NULL;
}

static struct err *primary(struct expr *e, struct operand *out)
{
    TRY(atom(e, out));
    for (;;) {
        size_t at = e->start;
        bool taken;
        TRY(expr_take(e, ".", &taken));
        if (taken) {
            TRY(attribute(e, out));
            continue;
        }
        TRY(expr_take(e, "[", &taken));
        if (!taken && expr_at(e, "("))
            return expr_fail(e, at, "a call would have to run in the target, which is not done");
        if (!taken)
            return NULL;
        TRY(subscript(e, at, out));
    }
}

/* ---- operators ---- */

static struct err *unary(struct expr *e, struct operand *out);

/* -2 ** 2 is -(2 ** 2), 2 ** -1 is 2 ** (-1). */
static struct err *power(struct expr *e, struct operand *out)
{
    struct operand exponent;
    size_t at;
    bool taken;
    TRY(primary(e, out));
    at = e->start;
    TRY(expr_take(e, "**", &taken));
    if (!taken)
        return NULL;
    TRY(unary(e, &exponent));
    struct operand base = *out;
    return e->skip ? NULL : operand_arithmetic(e, at, "**", &base, &exponent, out);
}

static struct err *unary(struct expr *e, struct operand *out)
{
    size_t at = e->start;
    char op = expr_at(e, "-") ? '-' : expr_at(e, "+") ? '+' : '~';
    if (++e->depth > DEPTH_MAX)
        return err_new(ERR_LIMIT, "the expression is nested too deeply");
    if (op == '~' && !expr_at(e, "~")) {
        TRY(power(e, out));
        e->depth--;
        return NULL;
    }
    TRY(expr_next(e));
    TRY(unary(e, out));
    e->depth--;
    struct operand x = *out;
    return e->skip ? NULL : operand_unary(e, at, op, &x, out);
}

static struct err *binary(struct expr *e, const char *const *ops, struct err *(*inner)(struct expr *, struct operand *),
                          struct operand *out)
{
    TRY(inner(e, out));
    for (;;) {
        const char *op = NULL;
        for (size_t i = 0; ops[i] && !op; i++)
            op = expr_at(e, ops[i]) ? ops[i] : NULL;
        if (!op)
            return NULL;
        size_t at = e->start;
        struct operand left = *out, right;
        TRY(expr_next(e));
        TRY(inner(e, &right));
        if (!e->skip)
            TRY(operand_arithmetic(e, at, op, &left, &right, out));
    }
}

static struct err *term(struct expr *e, struct operand *out)
{
    static const char *const ops[] = {"*", "//", "/", "%", NULL};
    return binary(e, ops, unary, out);
}

static struct err *sum(struct expr *e, struct operand *out)
{
    static const char *const ops[] = {"+", "-", NULL};
    return binary(e, ops, term, out);
}

static struct err *shifted(struct expr *e, struct operand *out)
{
    static const char *const ops[] = {"<<", ">>", NULL};
    return binary(e, ops, sum, out);
}

static struct err *both_bits(struct expr *e, struct operand *out)
{
    static const char *const ops[] = {"&", NULL};
    return binary(e, ops, shifted, out);
}

static struct err *other_bits(struct expr *e, struct operand *out)
{
    static const char *const ops[] = {"^", NULL};
    return binary(e, ops, both_bits, out);
}

static struct err *any_bits(struct expr *e, struct operand *out)
{
    static const char *const ops[] = {"|", NULL};
    return binary(e, ops, other_bits, out);
}

/* The comparison that stands here, taken; NULL: none. */
static struct err *comparison_operator(struct expr *e, const char **op)
{
    static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">", "in", "is", "not"};
    bool more;
    *op = NULL;
    for (size_t i = 0; i < ARRAY_LEN(ops) && !*op; i++)
        if (expr_at(e, ops[i]))
            *op = ops[i];
    if (!*op)
        return NULL;
    TRY(expr_next(e));
    if (strcmp(*op, "not") == 0) {
        TRY(expr_expect(e, "in"));
        *op = "not in";
    } else if (strcmp(*op, "is") == 0) {
        TRY(expr_take(e, "not", &more));
        *op = more ? "is not" : "is";
    }
    return NULL;
}

static struct err *same(struct expr *e, size_t at, const struct operand *a, const struct operand *b, bool *out)
{
    struct operand x = *a, y = *b;
    if (x.kind == OPERAND_OBJECT && y.kind == OPERAND_OBJECT) {
        *out = x.object == y.object;
        return NULL;
    }
    TRY(operand_load(e, at, &x));
    TRY(operand_load(e, at, &y));
    bool known = (x.kind == OPERAND_NONE || x.kind == OPERAND_BOOL || x.kind == OPERAND_OBJECT) &&
                 (y.kind == OPERAND_NONE || y.kind == OPERAND_BOOL || y.kind == OPERAND_OBJECT);
    if (!known)
        return expr_fail(e, at, "\"is\" takes objects of the target, None, True and False");
    *out = x.kind == y.kind && x.i == y.i && x.kind != OPERAND_OBJECT;
    return NULL;
}

static struct err *compare(struct expr *e, size_t at, const char *op, const struct operand *a, const struct operand *b,
                           bool *out)
{
    int order;
    if (strstr(op, "in")) {
        TRY(access_contains(e, at, b, a, out));
        *out ^= *op == 'n';
        return NULL;
    }
    if (*op == 'i') {
        TRY(same(e, at, a, b, out));
        *out ^= strcmp(op, "is not") == 0;
        return NULL;
    }
    if (op[1] == '=' && (*op == '=' || *op == '!')) {
        TRY(operand_equal(e, at, a, b, out));
        *out ^= *op == '!';
        return NULL;
    }
    TRY(operand_order(e, at, op, a, b, &order));
    *out = (*op == '<' ? order < 0 : order > 0) || (op[1] == '=' && order == 0);
    return NULL;
}

/* a < b < c is a < b and b < c. */
static struct err *comparison(struct expr *e, struct operand *out)
{
    bool all = true, any = false;
    struct operand left;
    TRY(any_bits(e, &left));
    for (;;) {
        const char *op;
        size_t at = e->start;
        struct operand right;
        bool holds = false;
        TRY(comparison_operator(e, &op));
        if (!op)
            break;
        TRY(any_bits(e, &right));
        any = true;
        if (!e->skip && all) {
            TRY(compare(e, at, op, &left, &right, &holds));
            all = holds;
        }
        left = right;
    }
    *out = any ? operand_bool(all) : left;
    return NULL;
}

static struct err *inversion(struct expr *e, struct operand *out)
{
    size_t at = e->start;
    bool taken, truth;
    TRY(expr_take(e, "not", &taken));
    if (!taken)
        return comparison(e, out);
    if (++e->depth > DEPTH_MAX)
        return err_new(ERR_LIMIT, "the expression is nested too deeply");
    TRY(inversion(e, out));
    e->depth--;
    if (e->skip)
        return NULL;
    TRY(operand_truth(e, at, out, &truth));
    *out = operand_bool(!truth);
    return NULL;
}

/* `a and b`, `a or b`: the one that decides; what is behind it is read, and nothing of it looked up. */
static struct err *logical(struct expr *e, const char *op, bool decides,
                           struct err *(*inner)(struct expr *, struct operand *), struct operand *out)
{
    bool taken, truth = false;
    unsigned skip = e->skip;
    size_t at = e->start;
    TRY(inner(e, out));
    for (;;) {
        struct operand next;
        TRY(expr_take(e, op, &taken));
        if (!taken)
            break;
        bool decided = e->skip;
        if (!decided) {
            TRY(operand_truth(e, at, out, &truth));
            decided = truth == decides;
        }
        e->skip += decided;
        at = e->start;
        TRY(inner(e, &next));
        if (!decided)
            *out = next;
    }
    e->skip = skip;
    return NULL;
}

static struct err *conjunction(struct expr *e, struct operand *out)
{
    return logical(e, "and", false, inversion, out);
}

static struct err *expression(struct expr *e, struct operand *out)
{
    if (++e->depth > DEPTH_MAX)
        return err_new(ERR_LIMIT, "the expression is nested too deeply");
    TRY(logical(e, "or", true, conjunction, out));
    e->depth--;
    return NULL;
}

/* ---- the whole ---- */

static struct value to_value(struct expr *e, const struct operand *o)
{
    if (o->kind == OPERAND_OBJECT)
        return py_value(e->rt, e->vs, o->object);
    if (o->kind == OPERAND_INT) /* commands that take an address can use it */
        return value_of_int(e->vs, type_base(e->vs->types, TYPE_INT, "int", sizeof(o->i), true), (uint64_t)o->i);
    struct text t = {0};
    operand_put(e, o, &t);
    const struct type *type = type_foreign(e->vs->types, DW_LANG_Python, operand_type(e, o), t.n);
    struct value v = value_of_bytes(e->vs, type, text_str(&t), t.n);
    text_done(&t);
    return v;
}

/* $name = value */
static struct err *assigned(struct expr *e, bool *is_assignment, struct value *out)
{
    struct operand x;
    struct expr back = *e;
    *is_assignment = false;
    if (e->token != PY_TOKEN_DOLLAR)
        return NULL;
    const char *name = word_of(e);
    TRY(expr_next(e));
    if (!expr_at(e, "=")) {
        *e = back;
        return NULL;
    }
    *is_assignment = true;
    TRY(expr_next(e));
    TRY(expression(e, &x));
    if (!e->env->assign)
        return expr_fail(e, back.start, "nothing can be assigned here");
    *out = to_value(e, &x);
    return e->env->assign(e->env->arg, name, out);
}

struct err *py_evaluate(struct rt *rt, const struct expr_env *env, const char *text, struct value *out)
{
    struct operand x;
    bool done;
    struct expr e = {.rt = rt, .env = env, .vs = env->vs, .arena = env->vs->arena, .text = text, .n = strlen(text)};
    if (e.n > 64 * 1024)
        return err_new(ERR_LIMIT, "the expression is too long");
    if (!env->frame || !env->frame->lang || !py_scope_open(rt, env->frame->lang->record, &e.scope))
        return err_new(ERR_NO_DATA, "the frame cannot be read");
    TRY(expr_next(&e));
    TRY(assigned(&e, &done, out));
    if (!done) {
        TRY(expression(&e, &x));
        *out = to_value(&e, &x);
    }
    if (e.token != PY_TOKEN_END && expr_at(&e, "="))
        return expr_fail(&e, e.start, "nothing in the target can be changed");
    return e.token == PY_TOKEN_END ? NULL
                                   : expr_fail(&e, e.start, "SyntaxError: invalid syntax near '%s'",
                                               e.token == PY_TOKEN_LITERAL ? text + e.start : word_of(&e));
}
