/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Go, as Delve takes them (the Go specification, "Expressions"): operators, selectors, indices and
 * slices, type assertions, conversions, and "pkg/path".Name. Addresses are told from types when they are evaluated. */
#include "value/expr_parse.h"
#include "base/mem.h"
#include "base/text.h"

static struct err *unary(struct parser *p, const struct node **out);

/* ---- types ---- */

static struct err *name_into(struct parser *p, struct text *name)
{
    bool dot;
    if (p->lx.tok.kind != TOKEN_NAME && p->lx.tok.kind != TOKEN_STRING)
        return lexer_syntax(&p->lx);
    text_putn(name, p->lx.tok.text, p->lx.tok.n);
    TRY(lexer_next(&p->lx));
    TRY(parser_skip(p, OP_DOT, &dot));
    if (!dot)
        return NULL;
    if (p->lx.tok.kind != TOKEN_NAME)
        return lexer_syntax(&p->lx);
    text_putc(name, '.');
    text_put(name, p->lx.tok.text);
    return lexer_next(&p->lx);
}

/* The type at the current token as DWARF writes its name. */
static struct err *type_text(struct parser *p, struct text *name)
{
    TRY(parser_enter(p));
    if (parser_at(p, OP_MUL)) {
        text_putc(name, '*');
        TRY(lexer_next(&p->lx));
        TRY(type_text(p, name));
    } else if (parser_at(p, OP_OPEN_INDEX)) {
        text_putc(name, '[');
        TRY(lexer_next(&p->lx));
        if (p->lx.tok.kind == TOKEN_INT) {
            text_printf(name, "%llu", (unsigned long long)p->lx.tok.u);
            TRY(lexer_next(&p->lx));
        }
        TRY(parser_expect(p, OP_CLOSE_INDEX));
        text_putc(name, ']');
        TRY(type_text(p, name));
    } else if (parser_at_word(p, "map")) {
        text_put(name, "map[");
        TRY(lexer_next(&p->lx));
        TRY(parser_expect(p, OP_OPEN_INDEX));
        TRY(type_text(p, name));
        TRY(parser_expect(p, OP_CLOSE_INDEX));
        text_putc(name, ']');
        TRY(type_text(p, name));
    } else if (parser_at_word(p, "chan")) {
        text_put(name, "chan ");
        TRY(lexer_next(&p->lx));
        TRY(type_text(p, name));
    } else {
        TRY(name_into(p, name));
    }
    p->depth--;
    return NULL;
}

static struct err *go_type(struct parser *p, const struct node **out)
{
    SCOPED(text_done) struct text name = {0};
    struct node *n = node_new(p, NODE_TYPE_NAME, p->lx.tok.start);
    TRY(type_text(p, &name));
    n->text = arena_strdup(p->lx.arena, text_str(&name));
    *out = n;
    return NULL;
}

/* []byte(x), or the type alone. */
static struct err *conversion(struct parser *p, const struct node **out)
{
    const struct node *type = NULL, *x = NULL;
    struct node *n = node_new(p, NODE_CAST, p->lx.tok.start);
    bool open;
    TRY(go_type(p, &type));
    TRY(parser_skip(p, OP_OPEN, &open));
    *out = type;
    if (!open)
        return NULL;
    TRY(parse_assignment(p, &x));
    TRY(parser_expect(p, OP_CLOSE));
    *out = n;
    return node_join(p, n, type, x, NULL);
}

/* ---- names ---- */

/* pkg.Name, unless pkg is a variable of the frame. */
static struct err *package_name(struct parser *p, struct node *n, const char *package)
{
    enum name_class is = NAME_UNKNOWN;
    struct lexer back = p->lx;
    bool dot;
    n->text = package;
    TRY(parser_skip(p, OP_DOT, &dot));
    if (!dot || p->lx.tok.kind != TOKEN_NAME || (p->local && p->local(p->arg, package))) {
        p->lx = back;
        return NULL;
    }
    const char *whole = arena_printf(p->lx.arena, "%s.%s", package, p->lx.tok.text);
    if (p->classify)
        TRY(p->classify(p->arg, whole, &is));
    if (is == NAME_UNKNOWN) {
        p->lx = back;
        return NULL;
    }
    n->text = whole;
    return lexer_next(&p->lx);
}

static struct err *word(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_NAME, p->lx.tok.start);
    *out = n;
    if (parser_at_word(p, "true") || parser_at_word(p, "false")) {
        n->kind = NODE_BOOL;
        n->u = parser_at_word(p, "true");
        return lexer_next(&p->lx);
    }
    if (parser_at_word(p, "nil")) {
        n->kind = NODE_NULLPTR;
        return lexer_next(&p->lx);
    }
    const char *name = p->lx.tok.text;
    TRY(lexer_next(&p->lx));
    return package_name(p, n, name);
}

/* ~r0: a result without a name. */
static struct err *result(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_NAME, p->lx.tok.start);
    TRY(lexer_next(&p->lx));
    if (p->lx.tok.kind != TOKEN_NAME)
        return lexer_syntax(&p->lx);
    n->text = arena_printf(p->lx.arena, "~%s", p->lx.tok.text);
    *out = n;
    return lexer_next(&p->lx);
}

/* A string, or the path of a package in quotes. */
static struct err *string(struct parser *p, const struct node **out)
{
    struct lexer back = p->lx;
    const char *path = arena_strndup(p->lx.arena, p->lx.tok.text, p->lx.tok.n);
    bool dot;
    TRY(lexer_next(&p->lx));
    TRY(parser_skip(p, OP_DOT, &dot));
    if (!dot || p->lx.tok.kind != TOKEN_NAME) {
        p->lx = back;
        return parse_literal(p, NODE_STRING, out);
    }
    struct node *n = node_new(p, NODE_NAME, back.tok.start);
    n->text = arena_printf(p->lx.arena, "%s.%s", path, p->lx.tok.text);
    *out = n;
    return lexer_next(&p->lx);
}

static struct err *quoted(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_NAME, p->lx.tok.start);
    n->text = p->lx.tok.text;
    *out = n;
    return lexer_next(&p->lx);
}

static struct err *primary(struct parser *p, const struct node **out)
{
    if (p->lx.tok.kind == TOKEN_STRING)
        return string(p, out);
    if (p->lx.tok.kind == TOKEN_QUOTED)
        return quoted(p, out);
    if (parser_at_word(p, "map") || parser_at_word(p, "chan") || parser_at(p, OP_OPEN_INDEX))
        return conversion(p, out);
    if (p->lx.tok.kind == TOKEN_NAME)
        return word(p, out);
    return parser_at(p, OP_COMPL) ? result(p, out) : parse_plain(p, parse_assignment, out);
}

/* ---- operators ---- */

/* .name, or .(type): the dot is read. */
static struct err *selector(struct parser *p, size_t at, const struct node **x)
{
    const struct node *type = NULL;
    bool assertion;
    TRY(parser_skip(p, OP_OPEN, &assertion));
    struct node *n = node_new(p, assertion ? NODE_CAST : NODE_MEMBER, at);
    if (assertion) {
        n->op = CAST_DYNAMIC;
        TRY(go_type(p, &type));
        TRY(parser_expect(p, OP_CLOSE));
        TRY(node_join(p, n, type, *x, NULL));
    } else {
        if (p->lx.tok.kind != TOKEN_NAME)
            return lexer_syntax(&p->lx);
        n->text = p->lx.tok.text;
        n->op = OP_DOT;
        TRY(node_join(p, n, *x, NULL, NULL));
        TRY(lexer_next(&p->lx));
    }
    *x = n;
    return NULL;
}

/* [i], [a:b], [a:], [:b]: the bracket is read. */
static struct err *index_or_slice(struct parser *p, size_t at, const struct node **x)
{
    const struct node *from = NULL, *to = NULL;
    struct node *n = node_new(p, NODE_INDEX, at), *range = node_new(p, NODE_RANGE, at);
    bool slice;
    if (!parser_at(p, OP_COLON))
        TRY(parse_assignment(p, &from));
    TRY(parser_skip(p, OP_COLON, &slice));
    if (slice && !parser_at(p, OP_CLOSE_INDEX))
        TRY(parse_assignment(p, &to));
    TRY(parser_expect(p, OP_CLOSE_INDEX));
    if (slice)
        TRY(node_join(p, range, from, to, NULL));
    TRY(node_join(p, n, *x, slice ? range : from, NULL));
    *x = n;
    return NULL;
}

static struct err *postfix(struct parser *p, const struct node **x, bool *more)
{
    size_t at = p->lx.tok.start;
    bool found;
    *more = true;
    TRY(parser_skip(p, OP_DOT, &found));
    if (found)
        return selector(p, at, x);
    TRY(parser_skip(p, OP_OPEN_INDEX, &found));
    if (found)
        return index_or_slice(p, at, x);
    *more = parser_at(p, OP_OPEN);
    return *more ? parse_call(p, x) : NULL;
}

static struct err *operand(struct parser *p, const struct node **out)
{
    static const uint8_t ops[] = {OP_SUB, OP_NOT, OP_MUL, OP_AND, OP_ADD, OP_XOR};
    bool more = true;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        if (!parser_at(p, (enum op)ops[i]))
            continue;
        struct node *n = node_new(p, NODE_UNARY, p->lx.tok.start);
        const struct node *x = NULL;
        n->op = ops[i] == OP_XOR ? OP_COMPL : ops[i];
        TRY(lexer_next(&p->lx));
        TRY(unary(p, &x));
        *out = n;
        return node_join(p, n, x, NULL, NULL);
    }
    TRY(primary(p, out));
    while (more && !node_is_type(*out))
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

struct err *parse_go(struct parser *p, const struct node **out)
{
    TRY(parse_binary(p, unary, out));
    return parse_assigned(p, out);
}
