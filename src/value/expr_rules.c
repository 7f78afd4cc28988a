/* SPDX-License-Identifier: Apache-2.0 */
/* What the grammars of all languages share: making nodes, looking at tokens, the rules that they write alike. */
#include "value/expr_parse.h"

struct node *node_new(struct parser *p, enum node_kind kind, size_t at)
{
    struct node *n = arena_new(p->lx.arena, struct node);
    n->kind = (uint8_t)kind;
    n->at = at;
    return n;
}

/* Counts a child into the height of its parent. */
static struct err *cover(struct parser *p, struct node *n, const struct node *child)
{
    if (child && child->height >= n->height)
        n->height = (uint16_t)(child->height + 1);
    if (n->height > EXPR_HEIGHT_MAX)
        return lexer_error(&p->lx, n->at, "the expression is nested too deeply");
    return NULL;
}

struct err *node_join(struct parser *p, struct node *n, const struct node *a, const struct node *b,
                      const struct node *c)
{
    TRY(cover(p, n, a));
    TRY(cover(p, n, b));
    TRY(cover(p, n, c));
    n->a = a;
    n->b = b;
    n->c = c;
    return NULL;
}

struct err *node_wrap(struct parser *p, enum node_kind kind, size_t at, const struct node *a, struct node **out)
{
    struct node *n = node_new(p, kind, at);
    TRY(node_join(p, n, a, NULL, NULL));
    *out = n;
    return NULL;
}

struct err *parser_enter(struct parser *p)
{
    if (++p->depth <= EXPR_DEPTH_MAX)
        return NULL;
    return lexer_error(&p->lx, p->lx.tok.start, "the expression is nested too deeply");
}

bool parser_at(const struct parser *p, enum op op)
{
    const struct token *t = &p->lx.tok;
    return t->kind == TOKEN_OP && t->op == op && t->assign == (op == OP_ASSIGN);
}

bool parser_at_word(const struct parser *p, const char *word)
{
    return p->lx.tok.kind == TOKEN_NAME && !p->lx.tok.entry && strcmp(p->lx.tok.text, word) == 0;
}

struct err *parser_skip(struct parser *p, enum op op, bool *skipped)
{
    *skipped = parser_at(p, op);
    return *skipped ? lexer_next(&p->lx) : NULL;
}

struct err *parser_expect(struct parser *p, enum op op)
{
    if (!parser_at(p, op))
        return lexer_syntax(&p->lx);
    return lexer_next(&p->lx);
}

struct err *node_append(struct parser *p, struct node *into, const struct node *item)
{
    TRY(cover(p, into, item));
    struct node_link *link = arena_new(p->lx.arena, struct node_link);
    link->node = item;
    if (into->last)
        into->last->next = link;
    else
        into->list = link;
    into->last = link;
    into->n++;
    return NULL;
}

struct err *parse_list(struct parser *p, enum op close, parse_part *item, struct node *into)
{
    bool done;
    TRY(parser_skip(p, close, &done));
    while (!done) {
        const struct node *one = NULL;
        TRY(item(p, &one));
        TRY(node_append(p, into, one));
        TRY(parser_skip(p, close, &done));
        if (!done)
            TRY(parser_expect(p, OP_COMMA));
    }
    return NULL;
}

struct err *parse_literal(struct parser *p, enum node_kind kind, const struct node **out)
{
    const struct token *t = &p->lx.tok;
    struct node *n = node_new(p, kind, t->start);
    n->u = t->u;
    n->f = t->f;
    n->text = t->text;
    n->n = t->n;
    n->width = t->width;
    n->decimal = t->decimal;
    *out = n;
    return lexer_next(&p->lx);
}

struct err *parse_plain(struct parser *p, parse_part *inside, const struct node **out)
{
    switch ((enum token_kind)p->lx.tok.kind) {
    case TOKEN_INT:
        return parse_literal(p, NODE_INT, out);
    case TOKEN_FLOAT:
        return parse_literal(p, NODE_FLOAT, out);
    case TOKEN_CHAR:
        return parse_literal(p, NODE_CHAR, out);
    case TOKEN_STRING:
        return parse_literal(p, NODE_STRING, out);
    case TOKEN_DOLLAR:
        return parse_literal(p, NODE_DOLLAR, out);
    case TOKEN_OP:
        if (!parser_at(p, OP_OPEN))
            break;
        TRY(lexer_next(&p->lx));
        TRY(inside(p, out));
        return parser_expect(p, OP_CLOSE);
    case TOKEN_QUOTED:
    case TOKEN_NAME:
    case TOKEN_END:
        break;
    }
    return lexer_syntax(&p->lx);
}

struct err *parse_subscript(struct parser *p, parse_part *index, const struct node **x)
{
    struct node *n = node_new(p, NODE_INDEX, p->lx.tok.start);
    const struct node *i = NULL;
    TRY(parser_expect(p, OP_OPEN_INDEX));
    TRY(index(p, &i));
    TRY(parser_expect(p, OP_CLOSE_INDEX));
    TRY(node_join(p, n, *x, i, NULL));
    *x = n;
    return NULL;
}

struct err *parse_call(struct parser *p, const struct node **x)
{
    struct node *n;
    TRY(parser_expect(p, OP_OPEN));
    TRY(node_wrap(p, NODE_CALL, (*x)->at, *x, &n));
    TRY(parse_list(p, OP_CLOSE, parse_assignment, n));
    *x = n;
    return NULL;
}

struct err *parse_assigned(struct parser *p, const struct node **out)
{
    if (p->lx.tok.kind != TOKEN_OP || !p->lx.tok.assign)
        return NULL;
    const struct node *value = NULL;
    struct node *n = node_new(p, NODE_ASSIGN, p->lx.tok.start);
    n->op = p->lx.tok.op;
    TRY(lexer_next(&p->lx));
    TRY(parse_assignment(p, &value));
    TRY(node_join(p, n, *out, value, NULL));
    *out = n;
    return NULL;
}

struct err *parse_assignment(struct parser *p, const struct node **out)
{
    TRY(parser_enter(p));
    TRY(p->lx.rust ? parse_rust(p, out) : p->go ? parse_go(p, out) : parse_c(p, out));
    p->depth--;
    return NULL;
}

struct err *parse_comma(struct parser *p, const struct node **out)
{
    TRY(parse_assignment(p, out));
    while (parser_at(p, OP_COMMA)) {
        const struct node *right = NULL;
        struct node *n = node_new(p, NODE_BINARY, p->lx.tok.start);
        n->op = OP_COMMA;
        TRY(lexer_next(&p->lx));
        TRY(parse_assignment(p, &right));
        TRY(node_join(p, n, *out, right, NULL));
        *out = n;
    }
    return NULL;
}

struct err *parse_expression(struct parser *p, struct arena *a, const char *text, enum expr_language language,
                             const struct node **out)
{
    const struct node *n = NULL;
    p->cxx = language == EXPR_CXX;
    p->go = language == EXPR_GO;
    p->depth = 0;
    p->unknown = NULL;
    p->type_operators = 0;
    TRY(lexer_init(&p->lx, a, text, language == EXPR_RUST));
    TRY(parse_comma(p, &n));
    if (p->lx.tok.kind != TOKEN_END)
        return lexer_syntax(&p->lx);
    *out = n;
    return NULL;
}
