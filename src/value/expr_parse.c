/* SPDX-License-Identifier: Apache-2.0 */
/* The expressions of C and C++ with gdb's additions: @, {type} address, $names, 'file.c'::x. */
#include "value/expr_parse.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- primary expressions ---- */

/* Strings that follow one another are one. */
static struct err *string(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_STRING, p->lx.tok.start);
    SCOPED(text_done) struct text all = {0};
    for (; p->lx.tok.kind == TOKEN_STRING;) {
        const struct token *t = &p->lx.tok;
        if (n->width != CHAR_PLAIN && t->width != CHAR_PLAIN && t->width != n->width)
            return lexer_error(&p->lx, t->start, "undefined string concatenation");
        if (all.n > 0 && t->width != n->width)
            return lexer_error(&p->lx, t->start, "strings of different kinds cannot be joined");
        n->width = t->width;
        text_putn(&all, t->text, t->n);
        TRY(lexer_next(&p->lx));
    }
    char *copy = arena_alloc(p->lx.arena, all.n + 1);
    memcpy(copy, text_str(&all), all.n);
    n->text = copy;
    n->n = all.n;
    *out = n;
    return NULL;
}

/* 'name'::more, of which the first part is read: a file, or a function with its parameters. */
static struct err *quoted(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_NAME, p->lx.tok.start);
    n->text = p->lx.tok.text;
    TRY(lexer_next(&p->lx));
    if (parser_at(p, OP_SCOPE)) {
        const char *rest;
        if (strchr(n->text, '.') && !strchr(n->text, '('))
            n->file = n->text;
        TRY(lexer_next(&p->lx));
        n->entry = p->lx.tok.entry;
        TRY(parse_qualified(p, &rest));
        n->text = n->file ? rest : arena_printf(p->lx.arena, "%s::%s", n->text, rest);
    }
    *out = n;
    return NULL;
}

/* crash.c::x without quotes: a name that means nothing, a dot, an extension and ::. The end of the file's name, or
 * 0. */
static struct err *bare_file(struct parser *p, size_t *end)
{
    static const char *const extensions[] = {"c", "cc", "cpp", "cxx", "C", "h", "hh", "hpp", "rs"};
    const struct lexer *lx = &p->lx;
    size_t at = lx->tok.end, n = 1;
    enum name_class is = NAME_UNKNOWN;
    *end = 0;
    if (lx->tok.kind != TOKEN_NAME || at >= lx->n || lx->text[at] != '.')
        return NULL;
    while (at + n < lx->n && lexer_is_name_char(lx->text[at + n], false))
        n++;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
        known |= strlen(extensions[i]) == n - 1 && memcmp(lx->text + at + 1, extensions[i], n - 1) == 0;
    if (!known || lx->n - at < n + 2 || memcmp(lx->text + at + n, "::", 2) != 0)
        return NULL;
    if (p->classify)
        TRY(p->classify(p->arg, lx->tok.text, &is));
    if (is == NAME_UNKNOWN)
        *end = at + n;
    return NULL;
}

static struct err *name(struct parser *p, const struct node **out)
{
    struct node *n = node_new(p, NODE_NAME, p->lx.tok.start);
    size_t end;
    TRY(bare_file(p, &end));
    if (end > 0) {
        TRY(lexer_name_until(&p->lx, n->at, end));
        n->file = p->lx.tok.text;
        TRY(lexer_next(&p->lx));
        TRY(parser_expect(p, OP_SCOPE));
    }
    n->entry = p->lx.tok.entry;
    TRY(parse_qualified(p, &n->text));
    *out = n;
    enum name_class is = NAME_OBJECT;
    if (p->classify && !n->file && !p->unknown)
        TRY(p->classify(p->arg, n->text, &is));
    if (is == NAME_UNKNOWN)
        p->unknown = n->text;
    return NULL;
}

static struct err *expect_type(struct parser *p, const struct node **out)
{
    bool is_type;
    TRY(parse_starts_type(p, &is_type));
    if (!is_type)
        return lexer_syntax(&p->lx);
    return parse_type(p, out);
}

/* static_cast<type>(x): the word is read. */
static struct err *named_cast(struct parser *p, enum cast_kind kind, size_t at, const struct node **out)
{
    const struct node *type = NULL, *x = NULL;
    struct node *n = node_new(p, NODE_CAST, at);
    n->op = (uint8_t)kind;
    TRY(parser_expect(p, OP_LT));
    TRY(expect_type(p, &type));
    TRY(parser_expect(p, OP_GT));
    TRY(parser_expect(p, OP_OPEN));
    TRY(parse_comma(p, &x));
    TRY(parser_expect(p, OP_CLOSE));
    TRY(node_join(p, n, type, x, NULL));
    *out = n;
    return NULL;
}

/* sizeof and its like before an operand, which may be a type in parentheses. */
static struct err *measure(struct parser *p, enum node_kind kind, const struct node **out)
{
    size_t at = p->lx.tok.start;
    const struct node *what = NULL;
    struct node *n;
    TRY(lexer_next(&p->lx));
    struct lexer start = p->lx;
    bool is_type = false, open = parser_at(p, OP_OPEN);
    if (open) {
        TRY(lexer_next(&p->lx));
        TRY(parse_starts_type(p, &is_type));
    }
    if (is_type) {
        TRY(parse_type(p, &what));
        TRY(parser_expect(p, OP_CLOSE));
    } else {
        p->lx = start;
        TRY(parse_unary(p, &what));
    }
    TRY(node_wrap(p, kind, at, what, &n));
    *out = n;
    return NULL;
}

/* A word that begins an expression and is no name. *done false: it is none of these. */
static struct err *keyword(struct parser *p, const struct node **out, bool *done)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } casts[] = {{"static_cast", CAST_STATIC},
                 {"reinterpret_cast", CAST_REINTERPRET},
                 {"const_cast", CAST_CONST},
                 {"dynamic_cast", CAST_DYNAMIC}};
    size_t at = p->lx.tok.start;
    *done = true;
    if (parser_at_word(p, "sizeof"))
        return measure(p, NODE_SIZEOF, out);
    if (parser_at_word(p, "alignof") || parser_at_word(p, "_Alignof") || parser_at_word(p, "__alignof__"))
        return measure(p, NODE_ALIGNOF, out);
    if (p->cxx && (parser_at_word(p, "true") || parser_at_word(p, "false"))) {
        struct node *n = node_new(p, NODE_BOOL, at);
        n->u = parser_at_word(p, "true");
        *out = n;
        return lexer_next(&p->lx);
    }
    if (p->cxx && parser_at_word(p, "nullptr")) {
        *out = node_new(p, NODE_NULLPTR, at);
        return lexer_next(&p->lx);
    }
    for (size_t i = 0; p->cxx && i < ARRAY_LEN(casts); i++) {
        if (parser_at_word(p, casts[i].word)) {
            TRY(lexer_next(&p->lx));
            return named_cast(p, (enum cast_kind)casts[i].kind, at, out);
        }
    }
    if (p->cxx && (parser_at_word(p, "new") || parser_at_word(p, "delete") || parser_at_word(p, "throw")))
        return lexer_error(&p->lx, at, "%s would change the process", p->lx.tok.text);
    *done = false;
    return NULL;
}

/* `{type} address`, or `{1, 2}`; the brace is read. */
static struct err *braces(struct parser *p, size_t at, const struct node **out)
{
    bool is_type;
    TRY(parse_starts_type(p, &is_type));
    struct node *n = node_new(p, is_type ? NODE_PLACE : NODE_LIST, at);
    *out = n;
    if (!is_type)
        return parse_list(p, OP_CLOSE_BRACE, parse_assignment, n);
    const struct node *type = NULL, *address = NULL;
    TRY(parse_type(p, &type));
    TRY(parser_expect(p, OP_CLOSE_BRACE));
    TRY(parse_unary(p, &address));
    return node_join(p, n, type, address, NULL);
}

/* A type where an expression is allowed: `whatis int *`, or a cast written as int(x). */
static struct err *type_expression(struct parser *p, const struct node **out)
{
    size_t at = p->lx.tok.start;
    TRY(parse_type(p, out));
    if (!parser_at(p, OP_OPEN))
        return NULL;
    const struct node *x = NULL, *type = *out;
    struct node *n = node_new(p, NODE_CAST, at);
    TRY(lexer_next(&p->lx));
    TRY(parse_comma(p, &x));
    TRY(parser_expect(p, OP_CLOSE));
    *out = n;
    return node_join(p, n, type, x, NULL);
}

static struct err *primary(struct parser *p, const struct node **out)
{
    size_t at = p->lx.tok.start;
    bool done = false;
    if (p->lx.tok.kind == TOKEN_STRING)
        return string(p, out);
    if (p->lx.tok.kind == TOKEN_QUOTED)
        return quoted(p, out);
    if (p->lx.tok.kind == TOKEN_NAME)
        TRY(keyword(p, out, &done));
    if (done)
        return NULL;
    if (p->lx.tok.kind == TOKEN_NAME || parser_at(p, OP_SCOPE)) {
        TRY(parse_starts_type(p, &done));
        return done ? type_expression(p, out) : name(p, out);
    }
    if (!parser_at(p, OP_OPEN_BRACE))
        return parse_plain(p, parse_comma, out);
    TRY(lexer_next(&p->lx));
    return braces(p, at, out);
}

/* ---- postfix and unary ---- */

static struct err *member(struct parser *p, const struct node *object, struct node **out)
{
    TRY(node_wrap(p, NODE_MEMBER, p->lx.tok.start, object, out));
    (*out)->op = p->lx.tok.op;
    TRY(lexer_next(&p->lx));
    if (p->lx.tok.kind != TOKEN_NAME && !parser_at(p, OP_COMPL) && p->lx.tok.kind != TOKEN_QUOTED)
        return lexer_syntax(&p->lx);
    (*out)->at = p->lx.tok.start;
    if (p->lx.tok.kind != TOKEN_QUOTED)
        return parse_qualified(p, &(*out)->text);
    (*out)->text = p->lx.tok.text;
    return lexer_next(&p->lx);
}

/* One [], (), ., -> or ++ behind `*x`, if one is there. */
static struct err *postfix(struct parser *p, const struct node **x, bool *more)
{
    size_t at = p->lx.tok.start;
    struct node *n = NULL;
    const struct node *index = NULL;
    *more = true;
    if (parser_at(p, OP_DOT) || parser_at(p, OP_ARROW)) {
        TRY(member(p, *x, &n));
    } else if (parser_at(p, OP_DOT_STAR) || parser_at(p, OP_ARROW_STAR)) {
        n = node_new(p, NODE_MEMBER_POINTER, at);
        TRY(lexer_next(&p->lx));
        TRY(parse_unary(p, &index));
        TRY(node_join(p, n, *x, index, NULL));
    } else if (parser_at(p, OP_OPEN_INDEX)) {
        return parse_subscript(p, parse_comma, x);
    } else if (parser_at(p, OP_OPEN)) {
        return parse_call(p, x);
    } else if (parser_at(p, OP_INC) || parser_at(p, OP_DEC)) {
        TRY(node_wrap(p, NODE_POSTFIX, at, *x, &n));
        n->op = p->lx.tok.op;
        TRY(lexer_next(&p->lx));
    } else {
        *more = false;
        return NULL;
    }
    *x = n;
    return NULL;
}

static struct err *postfixes(struct parser *p, const struct node **out)
{
    bool more = true;
    TRY(primary(p, out));
    while (more && !node_is_type(*out))
        TRY(postfix(p, out, &more));
    return NULL;
}

/* Can an operand begin at the current token? Tells a cast from a type in parentheses. */
static bool at_operand(const struct parser *p)
{
    static const uint8_t ops[] = {OP_ADD, OP_SUB, OP_MUL,  OP_AND,        OP_NOT,  OP_COMPL,
                                  OP_INC, OP_DEC, OP_OPEN, OP_OPEN_BRACE, OP_SCOPE};
    if (p->lx.tok.kind != TOKEN_OP)
        return p->lx.tok.kind != TOKEN_END;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (parser_at(p, (enum op)ops[i]))
            return true;
    return false;
}

/* `(type) x` or `(type)`; *done false when no type stands in the parentheses. */
static struct err *cast(struct parser *p, const struct node **out, bool *done)
{
    struct lexer start = p->lx;
    size_t at = p->lx.tok.start;
    const struct node *type = NULL, *x = NULL;
    TRY(lexer_next(&p->lx));
    TRY(parse_starts_type(p, done));
    if (*done)
        TRY(parse_type(p, &type));
    if (!*done || !parser_at(p, OP_CLOSE)) {
        p->lx = start; /* int(3) in parentheses */
        *done = false;
        return NULL;
    }
    TRY(lexer_next(&p->lx));
    *out = type;
    if (!at_operand(p))
        return NULL;
    struct node *n = node_new(p, NODE_CAST, at);
    TRY(parse_unary(p, &x));
    *out = n;
    return node_join(p, n, type, x, NULL);
}

static uint8_t at_prefix(const struct parser *p)
{
    static const uint8_t ops[] = {OP_ADD, OP_SUB, OP_MUL, OP_AND, OP_NOT, OP_COMPL, OP_INC, OP_DEC};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (parser_at(p, (enum op)ops[i]))
            return ops[i];
    if (p->cxx && parser_at_word(p, "not"))
        return OP_NOT;
    return p->cxx && parser_at_word(p, "compl") ? OP_COMPL : OP_NONE;
}

static struct err *unary(struct parser *p, const struct node **out)
{
    bool done = false;
    if (parser_at(p, OP_OPEN))
        TRY(cast(p, out, &done));
    if (done)
        return NULL;
    uint8_t op = at_prefix(p);
    if (op == OP_NONE)
        return postfixes(p, out);
    const struct node *x = NULL;
    struct node *n = node_new(p, NODE_UNARY, p->lx.tok.start);
    n->op = op;
    TRY(lexer_next(&p->lx));
    TRY(parse_unary(p, &x));
    *out = n;
    return node_join(p, n, x, NULL, NULL);
}

struct err *parse_unary(struct parser *p, const struct node **out)
{
    TRY(parser_enter(p));
    TRY(unary(p, out));
    p->depth--;
    return NULL;
}

/* ---- the rest ---- */

static struct err *ternary(struct parser *p, const struct node **out)
{
    bool more;
    size_t at = p->lx.tok.start;
    TRY(parse_binary(p, parse_unary, out));
    TRY(parser_skip(p, OP_QUESTION, &more));
    if (!more)
        return NULL;
    const struct node *yes = NULL, *no = NULL;
    struct node *n = node_new(p, NODE_TERNARY, at);
    TRY(parse_comma(p, &yes));
    TRY(parser_expect(p, OP_COLON));
    TRY(parse_assignment(p, &no));
    TRY(node_join(p, n, *out, yes, no));
    *out = n;
    return NULL;
}

struct err *parse_c(struct parser *p, const struct node **out)
{
    TRY(ternary(p, out));
    return parse_assigned(p, out);
}
