/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Rust, as far as a debugger has a use for them (the Rust reference, "Expressions" and "Types"):
 * operators, paths, fields, indices and ranges, `as`, array literals, and gdb's @, sizeof and $names. */
#include "value/expr_parse.h"
#include "base/mem.h"
#include "base/text.h"

static struct err *parse_rust_type(struct parser *p, const struct node **out);

/* ---- paths ---- */

/* Template arguments at the current '<', as they stand in the text, appended to `name`. */
static struct err *generic(struct parser *p, struct text *name)
{
    size_t start = p->lx.tok.start, end = lexer_angle_end(&p->lx, start);
    if (end == 0)
        return lexer_syntax(&p->lx);
    TRY(lexer_name_until(&p->lx, start, end));
    text_putn(name, p->lx.tok.text, p->lx.tok.n);
    return lexer_next(&p->lx);
}

/* a::b, ::a::b, a::<T>::b; in a type also a<T>. */
static struct err *path(struct parser *p, bool in_type, const char **out)
{
    SCOPED(text_done) struct text name = {0};
    bool more = true;
    if (parser_at(p, OP_SCOPE)) {
        text_put(&name, "::");
        TRY(lexer_next(&p->lx));
    }
    while (more) {
        if (parser_at(p, OP_LT) && name.n > 2) {
            name.n -= 2; /* the turbofish's :: */
            TRY(generic(p, &name));
        } else if (p->lx.tok.kind == TOKEN_NAME) {
            text_put(&name, p->lx.tok.text);
            TRY(lexer_next(&p->lx));
        } else {
            return lexer_syntax(&p->lx);
        }
        if (in_type && parser_at(p, OP_LT))
            TRY(generic(p, &name));
        TRY(parser_skip(p, OP_SCOPE, &more));
        if (more)
            text_put(&name, "::");
    }
    *out = arena_strndup(p->lx.arena, text_str(&name), name.n);
    return NULL;
}

/* ---- types ---- */

/* A type whose name in DWARF is how it is written: a slice, a tuple. */
static struct err *named_as_written(struct parser *p, size_t start, const struct node **out)
{
    struct node *n = node_new(p, NODE_TYPE_NAME, start);
    size_t end = p->lx.tok.start;
    while (end > start && p->lx.text[end - 1] == ' ')
        end--;
    n->text = arena_strndup(p->lx.arena, p->lx.text + start, end - start);
    *out = n;
    return NULL;
}

/* [T; n], or [T] (*slice): the '[' is read. */
static struct err *array_type(struct parser *p, size_t at, bool *slice, const struct node **out)
{
    const struct node *element = NULL, *count = NULL;
    TRY(parse_rust_type(p, &element));
    TRY(parser_skip(p, OP_CLOSE_INDEX, slice));
    *out = element;
    if (*slice)
        return NULL;
    struct node *n = node_new(p, NODE_TYPE_ARRAY, at);
    TRY(parser_expect(p, OP_SEMICOLON));
    TRY(parse_assignment(p, &count));
    TRY(parser_expect(p, OP_CLOSE_INDEX));
    *out = n;
    return node_join(p, n, element, count, NULL);
}

/* & or * with its qualifier, and what it points to. */
static struct err *pointer_type(struct parser *p, const struct node **out)
{
    size_t at = p->lx.tok.start;
    bool raw = parser_at(p, OP_MUL), index, slice;
    TRY(lexer_next(&p->lx));
    bool qualified = parser_at_word(p, "mut") || (raw && parser_at_word(p, "const"));
    if (raw && !qualified)
        return lexer_syntax(&p->lx);
    if (qualified)
        TRY(lexer_next(&p->lx));
    TRY(parser_skip(p, OP_OPEN_INDEX, &index));
    if (index) {
        TRY(array_type(p, at, &slice, out));
        if (slice)
            return named_as_written(p, at, out);
    } else if (parser_at_word(p, "str")) {
        TRY(lexer_next(&p->lx));
        return named_as_written(p, at, out);
    } else {
        TRY(parse_rust_type(p, out));
    }
    struct node *n;
    TRY(node_wrap(p, NODE_TYPE_POINTER, at, *out, &n));
    *out = n;
    return NULL;
}

static struct err *tuple_type(struct parser *p, size_t at, const struct node **out)
{
    struct node *items = node_new(p, NODE_LIST, at);
    TRY(parser_expect(p, OP_OPEN));
    TRY(parse_list(p, OP_CLOSE, parse_rust_type, items));
    return named_as_written(p, at, out);
}

/* fn(A, B) -> C */
static struct err *function_type(struct parser *p, size_t at, const struct node **out)
{
    struct node *n = node_new(p, NODE_TYPE_FUNCTION, at), *pointer;
    const struct node *result = NULL;
    bool arrow;
    TRY(lexer_next(&p->lx));
    TRY(parser_expect(p, OP_OPEN));
    TRY(parse_list(p, OP_CLOSE, parse_rust_type, n));
    TRY(parser_skip(p, OP_ARROW, &arrow));
    if (arrow) {
        TRY(parse_rust_type(p, &result));
    } else {
        struct node *nothing = node_new(p, NODE_TYPE_BASE, at);
        nothing->text = "void";
        result = nothing;
    }
    TRY(node_join(p, n, result, NULL, NULL));
    TRY(node_wrap(p, NODE_TYPE_POINTER, at, n, &pointer));
    *out = pointer;
    return NULL;
}

static struct err *type(struct parser *p, const struct node **out)
{
    size_t at = p->lx.tok.start;
    bool index, slice;
    if (parser_at(p, OP_AND) || parser_at(p, OP_MUL))
        return pointer_type(p, out);
    if (parser_at(p, OP_OPEN))
        return tuple_type(p, at, out);
    if (parser_at_word(p, "fn"))
        return function_type(p, at, out);
    TRY(parser_skip(p, OP_OPEN_INDEX, &index));
    if (index) {
        TRY(array_type(p, at, &slice, out));
        return slice ? named_as_written(p, at, out) : NULL;
    }
    struct node *n = node_new(p, NODE_TYPE_NAME, at);
    *out = n;
    return path(p, true, &n->text);
}

static struct err *parse_rust_type(struct parser *p, const struct node **out)
{
    TRY(parser_enter(p));
    TRY(type(p, out));
    p->depth--;
    return NULL;
}

/* ---- expressions ---- */

static struct err *unary(struct parser *p, const struct node **out);

/* [a, b], [a; n] and []: the '[' is read. */
static struct err *array(struct parser *p, size_t at, const struct node **out)
{
    struct node *n = node_new(p, NODE_LIST, at);
    const struct node *first = NULL, *count = NULL;
    bool done;
    *out = n;
    TRY(parser_skip(p, OP_CLOSE_INDEX, &done));
    if (done)
        return NULL;
    TRY(parse_assignment(p, &first));
    TRY(parser_skip(p, OP_SEMICOLON, &done));
    if (done) {
        n->kind = NODE_FILL;
        TRY(parse_assignment(p, &count));
        TRY(parser_expect(p, OP_CLOSE_INDEX));
        return node_join(p, n, first, count, NULL);
    }
    TRY(node_append(p, n, first));
    TRY(parser_skip(p, OP_COMMA, &done));
    return done ? parse_list(p, OP_CLOSE_INDEX, parse_assignment, n) : parser_expect(p, OP_CLOSE_INDEX);
}

static struct err *word(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_NAME, p->lx.tok.start);
    if (parser_at_word(p, "true") || parser_at_word(p, "false")) {
        n->kind = NODE_BOOL;
        n->u = parser_at_word(p, "true");
        *out = n;
        return lexer_next(&p->lx);
    }
    if (parser_at_word(p, "sizeof")) {
        const struct node *what = NULL;
        TRY(lexer_next(&p->lx));
        TRY(unary(p, &what));
        n->kind = NODE_SIZEOF;
        *out = n;
        return node_join(p, n, what, NULL, NULL);
    }
    n->entry = p->lx.tok.entry;
    *out = n;
    return path(p, false, &n->text);
}

static struct err *primary(struct parser *p, const struct node **out)
{
    size_t at = p->lx.tok.start;
    if (p->lx.tok.kind == TOKEN_NAME || parser_at(p, OP_SCOPE))
        return word(p, out);
    if (!parser_at(p, OP_OPEN_INDEX))
        return parse_plain(p, parse_assignment, out);
    TRY(lexer_next(&p->lx));
    return array(p, at, out);
}

static struct err *postfix(struct parser *p, const struct node **x, bool *more)
{
    struct node *n = NULL;
    size_t at = p->lx.tok.start;
    *more = true;
    if (parser_at(p, OP_DOT)) {
        TRY(node_wrap(p, NODE_MEMBER, at, *x, &n));
        n->op = OP_DOT;
        TRY(lexer_next(&p->lx));
        if (p->lx.tok.kind != TOKEN_NAME)
            return lexer_syntax(&p->lx);
        n->text = p->lx.tok.text;
        n->at = p->lx.tok.start;
        TRY(lexer_next(&p->lx));
    } else if (parser_at(p, OP_OPEN_INDEX)) {
        return parse_subscript(p, parse_assignment, x);
    } else if (parser_at(p, OP_OPEN)) {
        return parse_call(p, x);
    } else {
        *more = false;
        return NULL;
    }
    *x = n;
    return NULL;
}

static struct err *operand(struct parser *p, const struct node **out)
{
    static const uint8_t ops[] = {OP_SUB, OP_NOT, OP_MUL, OP_AND, OP_ADD};
    bool more = true;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        if (!parser_at(p, (enum op)ops[i]))
            continue;
        struct node *n = node_new(p, NODE_UNARY, p->lx.tok.start);
        const struct node *x = NULL;
        n->op = ops[i];
        TRY(lexer_next(&p->lx));
        if (ops[i] == OP_AND && parser_at_word(p, "mut"))
            TRY(lexer_next(&p->lx));
        TRY(unary(p, &x));
        *out = n;
        return node_join(p, n, x, NULL, NULL);
    }
    TRY(primary(p, out));
    while (more)
        TRY(postfix(p, out, &more));
    return NULL;
}

static struct err *unary(struct parser *p, const struct node **out)
{
    TRY(parser_enter(p));
    TRY(operand(p, out));
    p->depth--;
    return NULL;
}

/* x as T as U */
static struct err *conversion(struct parser *p, const struct node **out)
{
    TRY(unary(p, out));
    while (parser_at_word(p, "as")) {
        const struct node *to = NULL;
        struct node *n = node_new(p, NODE_CAST, p->lx.tok.start);
        TRY(lexer_next(&p->lx));
        TRY(parse_rust_type(p, &to));
        TRY(node_join(p, n, to, *out, NULL));
        *out = n;
    }
    return NULL;
}

static bool ends_range(const struct parser *p)
{
    return p->lx.tok.kind == TOKEN_END || parser_at(p, OP_CLOSE_INDEX) || parser_at(p, OP_CLOSE) ||
           parser_at(p, OP_COMMA);
}

/* a..b, a.., ..b and .., as an index; the left side is read or absent. */
static struct err *range(struct parser *p, const struct node *from, const struct node **out)
{
    const struct node *to = NULL;
    struct node *n = node_new(p, NODE_RANGE, p->lx.tok.start);
    n->op = p->lx.tok.op;
    TRY(lexer_next(&p->lx));
    if (!ends_range(p))
        TRY(parse_binary(p, conversion, &to));
    *out = n;
    return node_join(p, n, from, to, NULL);
}

struct err *parse_rust(struct parser *p, const struct node **out)
{
    if (parser_at(p, OP_RANGE) || parser_at(p, OP_RANGE_INCLUSIVE))
        return range(p, NULL, out);
    TRY(parse_binary(p, conversion, out));
    if (parser_at(p, OP_RANGE) || parser_at(p, OP_RANGE_INCLUSIVE))
        return range(p, *out, out);
    return parse_assigned(p, out);
}
