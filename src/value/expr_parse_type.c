/* SPDX-License-Identifier: Apache-2.0 */
/* Names and types of C and C++: qualified names with template arguments, type names with abstract declarators
 * (C11 6.7.7). */
#include "value/expr_parse.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- names ---- */

static struct err *classify(struct parser *p, const char *name, enum name_class *out)
{
    *out = NAME_UNKNOWN;
    return p->classify ? p->classify(p->arg, name, out) : NULL;
}

/* `vec` that is followed at once by template arguments and means something with them becomes one name; the
 * space in "a <b" is how to compare (as in gdb). */
static struct err *take_template(struct parser *p, const char *before)
{
    const struct lexer *lx = &p->lx;
    enum name_class is;
    if (lx->tok.entry || lx->tok.end >= lx->n || lx->text[lx->tok.end] != '<')
        return NULL;
    size_t end = lexer_angle_end(lx, lx->tok.end);
    if (end == 0)
        return NULL;
    const char *whole = arena_printf(lx->arena, "%s%.*s", before, (int)(end - lx->tok.start), lx->text + lx->tok.start);
    TRY(classify(p, whole, &is));
    return is == NAME_UNKNOWN ? NULL : lexer_name_until(&p->lx, lx->tok.start, end);
}

/* operator+, operator[], operator new, operator int: the word is read. */
static struct err *operator_name(struct parser *p, struct text *name)
{
    size_t start = p->lx.tok.start;
    if (p->lx.tok.kind == TOKEN_NAME) {
        text_printf(name, " %s", p->lx.tok.text);
        return lexer_next(&p->lx);
    }
    if (p->lx.tok.kind != TOKEN_OP)
        return lexer_syntax(&p->lx);
    enum op close = parser_at(p, OP_OPEN) ? OP_CLOSE : parser_at(p, OP_OPEN_INDEX) ? OP_CLOSE_INDEX : OP_NONE;
    size_t end = p->lx.tok.end;
    TRY(lexer_next(&p->lx));
    text_putn(name, p->lx.text + start, end - start);
    if (close == OP_NONE)
        return NULL;
    text_putc(name, close == OP_CLOSE ? ')' : ']');
    return parser_expect(p, close);
}

static struct err *component(struct parser *p, struct text *name)
{
    if (parser_at(p, OP_COMPL)) {
        text_putc(name, '~');
        TRY(lexer_next(&p->lx));
    }
    if (p->lx.tok.kind != TOKEN_NAME)
        return lexer_syntax(&p->lx);
    bool is_operator = p->cxx && parser_at_word(p, "operator");
    if (p->cxx)
        TRY(take_template(p, text_str(name)));
    text_putn(name, p->lx.tok.text, p->lx.tok.n);
    TRY(lexer_next(&p->lx));
    return is_operator ? operator_name(p, name) : NULL;
}

/* Reads `::` when a name goes on behind it; `::*` belongs to a pointer to a member. */
static struct err *skip_scope(struct parser *p, bool *more)
{
    struct lexer start = p->lx;
    TRY(parser_skip(p, OP_SCOPE, more));
    if (!*more || p->lx.tok.kind == TOKEN_NAME || parser_at(p, OP_COMPL))
        return NULL;
    *more = false;
    p->lx = start;
    return NULL;
}

struct err *parse_qualified(struct parser *p, const char **out)
{
    SCOPED(text_done) struct text name = {0};
    bool more;
    TRY(parser_skip(p, OP_SCOPE, &more));
    if (more)
        text_put(&name, "::");
    do {
        TRY(component(p, &name));
        TRY(skip_scope(p, &more));
        if (more)
            text_put(&name, "::");
    } while (more);
    *out = arena_strndup(p->lx.arena, text_str(&name), name.n);
    return NULL;
}

/* ---- specifiers ---- */

/* Words that base types are made of. */
static bool is_base_word(const struct parser *p)
{
    static const char *const c[] = {"void",   "char",   "short",    "int",   "long",     "float",
                                    "double", "signed", "unsigned", "_Bool", "__int128", "_Complex"};
    static const char *const cxx[] = {"bool", "wchar_t", "char8_t", "char16_t", "char32_t"};
    for (size_t i = 0; i < ARRAY_LEN(c); i++)
        if (parser_at_word(p, c[i]))
            return true;
    for (size_t i = 0; p->cxx && i < ARRAY_LEN(cxx); i++)
        if (parser_at_word(p, cxx[i]))
            return true;
    return false;
}

static enum tag_kind tag_here(const struct parser *p)
{
    static const char *const words[] = {
        [TAG_STRUCT] = "struct", [TAG_UNION] = "union", [TAG_ENUM] = "enum", [TAG_CLASS] = "class"};
    for (unsigned i = TAG_STRUCT; i < ARRAY_LEN(words); i++)
        if (parser_at_word(p, words[i]))
            return (enum tag_kind)i;
    return TAG_NONE;
}

static bool at_typeof(const struct parser *p)
{
    return parser_at_word(p, "typeof") || parser_at_word(p, "__typeof__") || parser_at_word(p, "__typeof") ||
           (p->cxx && (parser_at_word(p, "decltype") || parser_at_word(p, "__decltype")));
}

static uint8_t qualifier_here(const struct parser *p)
{
    if (parser_at_word(p, "const"))
        return QUALIFIER_CONST;
    return parser_at_word(p, "volatile") ? QUALIFIER_VOLATILE : 0;
}

/* Reads qualifiers. */
static struct err *qualifiers(struct parser *p, uint8_t *out)
{
    for (uint8_t q; (q = qualifier_here(p)) != 0 || parser_at_word(p, "restrict") || parser_at_word(p, "__restrict");) {
        *out |= q;
        TRY(lexer_next(&p->lx));
    }
    return NULL;
}

struct err *parse_starts_type(struct parser *p, bool *out)
{
    *out = is_base_word(p) || tag_here(p) != TAG_NONE || at_typeof(p) || qualifier_here(p) != 0;
    if (*out || (p->lx.tok.kind != TOKEN_NAME && !parser_at(p, OP_SCOPE)) || p->lx.tok.entry)
        return NULL;
    struct lexer start = p->lx;
    const char *name;
    enum name_class is;
    TRY(parse_qualified(p, &name));
    TRY(classify(p, name, &is));
    *out = is == NAME_TYPE;
    p->lx = start;
    return NULL;
}

static struct err *base_words(struct parser *p, struct node *n, uint8_t *quals)
{
    SCOPED(text_done) struct text words = {0};
    for (; is_base_word(p);) {
        text_printf(&words, "%s%s", words.n > 0 ? " " : "", p->lx.tok.text);
        if (words.n > 100)
            return lexer_syntax(&p->lx);
        TRY(lexer_next(&p->lx));
        TRY(qualifiers(p, quals));
    }
    n->text = arena_strndup(p->lx.arena, text_str(&words), words.n);
    return NULL;
}

/* typeof(expression or type) */
static struct err *type_of(struct parser *p, struct node *n)
{
    bool is_type;
    const struct node *what = NULL;
    TRY(lexer_next(&p->lx));
    TRY(parser_expect(p, OP_OPEN));
    TRY(parse_starts_type(p, &is_type));
    TRY(is_type ? parse_type(p, &what) : parse_comma(p, &what));
    TRY(parser_expect(p, OP_CLOSE));
    return node_join(p, n, what, NULL, NULL);
}

/* Wraps *type, counting against EXPR_TYPE_MAX. */
static struct err *wrap(struct parser *p, enum node_kind kind, const struct node **type, struct node **out)
{
    struct node *n;
    if (++p->type_operators > EXPR_TYPE_MAX)
        return lexer_error(&p->lx, p->lx.tok.start, "the type is nested too deeply");
    TRY(node_wrap(p, kind, p->lx.tok.start, *type, &n));
    *type = n;
    if (out)
        *out = n;
    return NULL;
}

static struct err *qualify(struct parser *p, uint8_t quals, const struct node **type)
{
    struct node *n;
    if (quals == 0)
        return NULL;
    TRY(wrap(p, NODE_TYPE_QUALIFIED, type, &n));
    n->qualifiers = quals;
    return NULL;
}

static struct err *specifiers(struct parser *p, const struct node **out)
{
    uint8_t quals = 0;
    TRY(qualifiers(p, &quals));
    struct node *n = node_new(p, NODE_TYPE_NAME, p->lx.tok.start);
    n->tag = (uint8_t)tag_here(p);
    if (is_base_word(p)) {
        n->kind = NODE_TYPE_BASE;
        TRY(base_words(p, n, &quals));
    } else if (at_typeof(p)) {
        n->kind = NODE_TYPE_OF;
        TRY(type_of(p, n));
    } else {
        if (n->tag != TAG_NONE)
            TRY(lexer_next(&p->lx));
        TRY(parse_qualified(p, &n->text));
    }
    TRY(qualifiers(p, &quals));
    *out = n;
    return qualify(p, quals, out);
}

/* ---- declarators ---- */

/* Class::* : the class's name, or NULL (and nothing is read). */
static struct err *member_of(struct parser *p, const char **name)
{
    struct lexer start = p->lx;
    *name = NULL;
    if (!p->cxx || p->lx.tok.kind != TOKEN_NAME)
        return NULL;
    TRY(parse_qualified(p, name));
    if (parser_at(p, OP_SCOPE)) {
        TRY(lexer_next(&p->lx));
        if (parser_at(p, OP_MUL))
            return lexer_next(&p->lx);
    }
    *name = NULL;
    p->lx = start;
    return NULL;
}

/* * and & and Class::* in front of what they apply to. */
static struct err *pointers(struct parser *p, const struct node **type)
{
    for (;;) {
        const char *owner;
        struct node *n;
        uint8_t quals = 0;
        TRY(member_of(p, &owner));
        if (owner) {
            TRY(wrap(p, NODE_TYPE_MEMBER, type, &n));
            n->text = owner;
        } else if (parser_at(p, OP_MUL)) {
            TRY(wrap(p, NODE_TYPE_POINTER, type, NULL));
            TRY(lexer_next(&p->lx));
        } else if (p->cxx && (parser_at(p, OP_AND) || parser_at(p, OP_AND_AND))) {
            TRY(wrap(p, parser_at(p, OP_AND) ? NODE_TYPE_REFERENCE : NODE_TYPE_RVALUE_REFERENCE, type, NULL));
            TRY(lexer_next(&p->lx));
        } else {
            return NULL;
        }
        TRY(qualifiers(p, &quals));
        TRY(qualify(p, quals, type));
    }
}

static struct err *parameter(struct parser *p, const struct node **out)
{
    bool is_type;
    TRY(parse_starts_type(p, &is_type));
    return is_type ? parse_type(p, out) : lexer_syntax(&p->lx);
}

/* Parameters of a function type; the '(' is read. */
static struct err *parameters(struct parser *p, struct node *function)
{
    struct lexer start = p->lx;
    if (parser_at_word(p, "void")) {
        TRY(lexer_next(&p->lx));
        if (parser_at(p, OP_CLOSE))
            return lexer_next(&p->lx);
        p->lx = start;
    }
    for (bool done = parser_at(p, OP_CLOSE); !done; done = !parser_at(p, OP_COMMA)) {
        if (parser_at(p, OP_COMMA))
            TRY(lexer_next(&p->lx));
        if (parser_at(p, OP_ELLIPSIS)) {
            function->variadic = true;
            TRY(lexer_next(&p->lx));
            break;
        }
        const struct node *one = NULL;
        TRY(parameter(p, &one));
        TRY(node_append(p, function, one));
    }
    return parser_expect(p, OP_CLOSE);
}

enum open { OPEN_NEITHER, OPEN_DECLARATOR, OPEN_PARAMETERS };

/* What a '(' in a declarator begins: another declarator, parameters, or (in `int(3)`) neither. */
static struct err *look_behind_open(struct parser *p, enum open *out)
{
    struct lexer start = p->lx;
    const char *owner = NULL;
    bool is_type = false;
    TRY(lexer_next(&p->lx));
    bool pointer = parser_at(p, OP_MUL) || parser_at(p, OP_AND) || parser_at(p, OP_AND_AND);
    bool nested = pointer || parser_at(p, OP_OPEN) || parser_at(p, OP_OPEN_INDEX);
    bool ends = parser_at(p, OP_CLOSE) || parser_at(p, OP_ELLIPSIS);
    if (!nested && !ends) {
        TRY(member_of(p, &owner));
        if (!owner)
            TRY(parse_starts_type(p, &is_type));
    }
    p->lx = start;
    *out = nested || owner ? OPEN_DECLARATOR : ends || is_type ? OPEN_PARAMETERS : OPEN_NEITHER;
    return NULL;
}

static struct err *declarator(struct parser *p, const struct node **type);

/* [count] and (parameters) behind a declarator, which apply to it from right to left. */
static struct err *suffixes(struct parser *p, const struct node **type)
{
    enum open open = OPEN_NEITHER;
    struct node *n = node_new(p, NODE_TYPE_ARRAY, p->lx.tok.start);
    const struct node *count = NULL;
    bool done;
    TRY(parser_enter(p));
    if (parser_at(p, OP_OPEN))
        TRY(look_behind_open(p, &open));
    if (parser_at(p, OP_OPEN_INDEX)) {
        TRY(lexer_next(&p->lx));
        TRY(parser_skip(p, OP_CLOSE_INDEX, &done));
        if (!done) {
            TRY(parse_assignment(p, &count));
            TRY(parser_expect(p, OP_CLOSE_INDEX));
        }
    } else if (open == OPEN_PARAMETERS) {
        n->kind = NODE_TYPE_FUNCTION;
        TRY(lexer_next(&p->lx));
        TRY(parameters(p, n));
        uint8_t of_method = 0;
        TRY(qualifiers(p, &of_method));
    } else {
        p->depth--;
        return NULL;
    }
    TRY(suffixes(p, type));
    p->depth--;
    TRY(node_join(p, n, *type, count, NULL));
    *type = n;
    return NULL;
}

/* `(*)(int)`: what stands in the parentheses applies to what the suffixes make, which are read later. */
static struct err *nested(struct parser *p, const struct node **type)
{
    const struct node *inner, *outer = *type;
    struct node *hole = node_new(p, NODE_TYPE_QUALIFIED, p->lx.tok.start);
    inner = hole;
    TRY(parser_expect(p, OP_OPEN));
    TRY(declarator(p, &inner));
    TRY(parser_expect(p, OP_CLOSE));
    TRY(suffixes(p, &outer));
    *type = inner;
    return node_join(p, hole, outer, NULL, NULL);
}

static struct err *declarator(struct parser *p, const struct node **type)
{
    enum open open = OPEN_NEITHER;
    TRY(parser_enter(p));
    TRY(pointers(p, type));
    if (parser_at(p, OP_OPEN))
        TRY(look_behind_open(p, &open));
    if (open == OPEN_DECLARATOR)
        TRY(nested(p, type));
    else
        TRY(suffixes(p, type));
    p->depth--;
    return NULL;
}

struct err *parse_type(struct parser *p, const struct node **out)
{
    TRY(specifiers(p, out));
    return declarator(p, out);
}
