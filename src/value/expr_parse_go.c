/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Go, as Delve takes them (the Go specification, "Expressions"): operators, selectors, indices and
 * slices, type assertions, conversions, and "pkg/path".Name. Addresses are told from types when they are evaluated. */
#include "value/expr_parse.h"
#include "base/mem.h"
#include "base/text.h"
#include "value/expr_quote.h"

static struct err *unary(struct parser *p, const struct node **out);

/* ---- types ---- */

static struct err *type_text(struct parser *p, struct text *name);

/* Types between brackets, separated as DWARF does it. */
static struct err *type_list(struct parser *p, enum op close, const char *separator, struct text *name)
{
    bool done, first = true;
    TRY(parser_skip(p, close, &done));
    for (; !done; first = false) {
        text_put(name, first ? "" : separator);
        TRY(type_text(p, name));
        TRY(parser_skip(p, close, &done));
        if (!done)
            TRY(parser_expect(p, OP_COMMA));
    }
    return NULL;
}

/* pkg.Name, "pkg/path".Name, Name[int,string] */
static struct err *name_into(struct parser *p, struct text *name)
{
    static const char *const own[][2] = {{"byte", "uint8"}, {"rune", "int32"}, {"any", "interface {}"}};
    bool dot, open;
    if (p->lx.tok.kind != TOKEN_NAME && p->lx.tok.kind != TOKEN_STRING)
        return lexer_syntax(&p->lx);
    const char *first = arena_strndup(p->lx.arena, p->lx.tok.text, p->lx.tok.n);
    TRY(lexer_next(&p->lx));
    TRY(parser_skip(p, OP_DOT, &dot));
    for (size_t i = 0; i < ARRAY_LEN(own) && !dot; i++)
        if (strcmp(first, own[i][0]) == 0)
            first = own[i][1];
    text_put(name, first);
    if (dot) {
        if (p->lx.tok.kind != TOKEN_NAME)
            return lexer_syntax(&p->lx);
        text_printf(name, ".%s", p->lx.tok.text);
        TRY(lexer_next(&p->lx));
    }
    TRY(parser_skip(p, OP_OPEN_INDEX, &open));
    if (!open)
        return NULL;
    text_putc(name, '[');
    TRY(type_list(p, OP_CLOSE_INDEX, ",", name));
    text_putc(name, ']');
    return NULL;
}

/* func(int, string) error; the word is read. */
static struct err *function_text(struct parser *p, struct text *name)
{
    bool several;
    text_put(name, "func(");
    TRY(parser_expect(p, OP_OPEN));
    TRY(type_list(p, OP_CLOSE, ", ", name));
    text_putc(name, ')');
    TRY(parser_skip(p, OP_OPEN, &several));
    bool result = p->lx.tok.kind == TOKEN_NAME || parser_at(p, OP_MUL) || parser_at(p, OP_OPEN_INDEX);
    if (several) {
        text_put(name, " (");
        TRY(type_list(p, OP_CLOSE, ", ", name));
        text_putc(name, ')');
    } else if (result) {
        text_putc(name, ' ');
        TRY(type_text(p, name));
    }
    return NULL;
}

/* struct {}, interface {}: what is between the braces as it is written; the word is read. */
static struct err *braces_text(struct parser *p, const char *word, struct text *name)
{
    unsigned level = 1;
    if (!parser_at(p, OP_OPEN_BRACE))
        return lexer_syntax(&p->lx);
    size_t begin = p->lx.tok.start + 1, end = begin;
    TRY(lexer_next(&p->lx));
    while (level) {
        if (p->lx.tok.kind == TOKEN_END)
            return lexer_syntax(&p->lx);
        level += parser_at(p, OP_OPEN_BRACE) ? 1 : 0;
        level -= parser_at(p, OP_CLOSE_BRACE) ? 1 : 0;
        end = p->lx.tok.start;
        TRY(lexer_next(&p->lx));
    }
    while (begin < end && p->lx.text[begin] == ' ')
        begin++;
    while (begin < end && p->lx.text[end - 1] == ' ')
        end--;
    const char *blank = begin < end ? " " : "";
    text_printf(name, "%s {%s%.*s%s}", word, blank, (int)(end - begin), p->lx.text + begin, blank);
    return NULL;
}

/* chan T, chan<- T; the word is read. */
static struct err *channel_text(struct parser *p, struct text *name)
{
    bool only_sends;
    TRY(parser_skip(p, OP_LT, &only_sends));
    if (only_sends)
        TRY(parser_expect(p, OP_SUB));
    text_put(name, only_sends ? "chan<- " : "chan ");
    return type_text(p, name);
}

static struct err *receiver_text(struct parser *p, struct text *name)
{
    TRY(parser_expect(p, OP_LT));
    TRY(parser_expect(p, OP_SUB));
    if (!parser_at_word(p, "chan"))
        return lexer_syntax(&p->lx);
    TRY(lexer_next(&p->lx));
    text_put(name, "<-chan ");
    return type_text(p, name);
}

static struct err *map_text(struct parser *p, struct text *name)
{
    text_put(name, "map[");
    TRY(parser_expect(p, OP_OPEN_INDEX));
    TRY(type_text(p, name));
    TRY(parser_expect(p, OP_CLOSE_INDEX));
    text_putc(name, ']');
    return type_text(p, name);
}

static struct err *row_text(struct parser *p, struct text *name)
{
    text_putc(name, '[');
    TRY(parser_expect(p, OP_OPEN_INDEX));
    if (p->lx.tok.kind == TOKEN_INT) {
        text_printf(name, "%llu", (unsigned long long)p->lx.tok.u);
        TRY(lexer_next(&p->lx));
    }
    TRY(parser_expect(p, OP_CLOSE_INDEX));
    text_putc(name, ']');
    return type_text(p, name);
}

/* A type that begins with a word of the language; *found false: the word is a name. */
static struct err *worded_text(struct parser *p, struct text *name, bool *found)
{
    static const char *const words[] = {"map", "chan", "func", "struct", "interface"};
    size_t i = 0;
    while (i < ARRAY_LEN(words) && !parser_at_word(p, words[i]))
        i++;
    *found = i < ARRAY_LEN(words);
    if (!*found)
        return NULL;
    TRY(lexer_next(&p->lx));
    return i == 0   ? map_text(p, name)
           : i == 1 ? channel_text(p, name)
           : i == 2 ? function_text(p, name)
                    : braces_text(p, words[i], name);
}

/* The type at the current token as DWARF writes its name. */
static struct err *type_text(struct parser *p, struct text *name)
{
    bool star, done = true;
    TRY(parser_enter(p));
    TRY(parser_skip(p, OP_MUL, &star));
    if (star) {
        text_putc(name, '*');
        TRY(type_text(p, name));
    } else if (parser_at(p, OP_OPEN_INDEX)) {
        TRY(row_text(p, name));
    } else if (parser_at(p, OP_LT)) {
        TRY(receiver_text(p, name));
    } else {
        TRY(worded_text(p, name, &done));
        if (!done)
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

/* 'main.x', or a character that C has no literal for. */
static struct err *quoted(struct parser *p, const struct node **out)
{
    const struct token *t = &p->lx.tok;
    size_t n = t->n ? utf8_sequence(t->text, t->n) : 0;
    struct node *name = node_new(p, n && n == t->n ? NODE_CHAR : NODE_NAME, t->start);
    name->text = t->text;
    if (name->kind == NODE_CHAR)
        name->u = quote_decode_utf8(t->text, n);
    *out = name;
    return lexer_next(&p->lx);
}

static struct err *primary(struct parser *p, const struct node **out)
{
    if (p->lx.tok.kind == TOKEN_STRING)
        return string(p, out);
    if (p->lx.tok.kind == TOKEN_QUOTED)
        return quoted(p, out);
    if (parser_at_word(p, "map") || parser_at_word(p, "chan") || parser_at_word(p, "struct") ||
        parser_at_word(p, "interface") || parser_at(p, OP_OPEN_INDEX))
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

/* The bracket's end, with types before it that no index has: pair[string,int]. */
static struct err *more_arguments(struct parser *p, struct node *n)
{
    bool another;
    TRY(parser_skip(p, OP_COMMA, &another));
    if (another)
        return parse_list(p, OP_CLOSE_INDEX, parse_assignment, n);
    return parser_expect(p, OP_CLOSE_INDEX);
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
    if (slice) {
        TRY(parser_expect(p, OP_CLOSE_INDEX));
        TRY(node_join(p, range, from, to, NULL));
    }
    TRY(node_join(p, n, *x, slice ? range : from, NULL));
    *x = n;
    return slice ? NULL : more_arguments(p, n);
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
