/* SPDX-License-Identifier: Apache-2.0 */
/* From text to a tree. Private to expr*.c.
 *
 * The grammar of C and C++ depends on which names are types: the parser asks for that and for nothing else.
 * Threads: one. */
#ifndef VALUE_EXPR_PARSE_H
#define VALUE_EXPR_PARSE_H

#include "value/expr_lex.h"

enum {
    EXPR_DEPTH_MAX = 200,   /* of recursion while parsing */
    EXPR_HEIGHT_MAX = 1000, /* of the tree: how deep evaluating recurses */
    EXPR_TYPE_MAX = 500,    /* operators of all type names together: a declarator may turn inside out */
};

enum node_kind {
    NODE_INT,    /* u; text: the suffix; decimal */
    NODE_FLOAT,  /* f; text: the suffix */
    NODE_CHAR,   /* u; width */
    NODE_STRING, /* text, n, width */
    NODE_BOOL,   /* u */
    NODE_NULLPTR,
    NODE_NAME,   /* text: "x", "ns::x", "::x", "fn(int)::x"; file; entry */
    NODE_DOLLAR, /* text: the name behind the dollar */
    NODE_UNARY,  /* op a */
    NODE_POSTFIX, /* a op: ++ and -- */
    NODE_BINARY, /* a op b: arithmetic, comparisons, && || , and @ */
    NODE_ASSIGN, /* a = b, a op= b */
    NODE_TERNARY, /* a ? b : c */
    NODE_CAST,   /* (type a) b; op: enum cast_kind */
    NODE_SIZEOF, /* of an expression or type */
    NODE_ALIGNOF,
    NODE_MEMBER, /* a.text, a->text; text may be "Base::x" */
    NODE_MEMBER_POINTER, /* a.*b, a->*b */
    NODE_INDEX,  /* a[b] */
    NODE_RANGE,  /* Rust's a..b, each may be NULL; op: OP_RANGE or OP_RANGE_INCLUSIVE */
    NODE_CALL,   /* a(list) */
    NODE_LIST,   /* {list}, Rust's [list] */
    NODE_FILL,   /* Rust's [a; b] */
    NODE_PLACE,  /* {type a} address b */

    /* Types. */
    NODE_TYPE_BASE,      /* text: "unsigned long", one of C's spellings */
    NODE_TYPE_NAME,      /* text; tag */
    NODE_TYPE_OF,        /* typeof(a), decltype(a) */
    NODE_TYPE_QUALIFIED, /* const, volatile a: qualifiers */
    NODE_TYPE_POINTER,   /* to a */
    NODE_TYPE_REFERENCE, /* to a */
    NODE_TYPE_RVALUE_REFERENCE,
    NODE_TYPE_ARRAY,     /* of a; b: the count, NULL in T[] */
    NODE_TYPE_FUNCTION,  /* gives a; list: the types of its parameters; variadic */
    NODE_TYPE_MEMBER,    /* a text::* */
};

enum cast_kind { CAST_C, CAST_STATIC, CAST_REINTERPRET, CAST_CONST, CAST_DYNAMIC };
enum tag_kind { TAG_NONE, TAG_STRUCT, TAG_UNION, TAG_CLASS, TAG_ENUM };
enum { QUALIFIER_CONST = 1, QUALIFIER_VOLATILE = 2 };

struct node_link {
    const struct node *node;
    struct node_link *next;
};

struct node {
    uint8_t kind; /* enum node_kind */
    uint8_t op;   /* enum op, enum cast_kind */
    uint8_t width, tag, qualifiers;
    bool decimal, entry, variadic;
    uint16_t height; /* of the tree below */
    size_t at;       /* byte in the text, for errors */
    const struct node *a, *b, *c;
    struct node_link *list; /* arguments, elements, parameters: `n` of them */
    struct node_link *last;
    const char *text, *file;
    size_t n;
    uint64_t u;
    long double f;
};

static inline bool node_is_type(const struct node *n)
{
    return n->kind >= NODE_TYPE_BASE;
}

enum name_class {
    NAME_UNKNOWN,
    NAME_OBJECT, /* a variable, function, enumerator or namespace */
    NAME_TYPE,
};

struct parser {
    struct lexer lx;
    bool cxx; /* not for lx.rust */
    bool go;
    /* What a name is ("ns::vec<int>"); NULL: all are NAME_UNKNOWN. */
    struct err *(*classify)(void *arg, const char *name, enum name_class *out);
    bool (*local)(void *arg, const char *name); /* is it a variable of the frame? Go only; NULL: none is */
    void *arg;
    unsigned depth, type_operators;
    const char *unknown; /* the first name that is NAME_UNKNOWN: it may be why the rest made no sense */
};

enum expr_language { EXPR_C, EXPR_CXX, EXPR_RUST, EXPR_GO };
/* The whole text as one expression or type. ERR_USAGE, ERR_LIMIT, what classify() says. The tree is in the arena,
 * its strings there and in the text. */
struct err *parse_expression(struct parser *p, struct arena *a, const char *text, enum expr_language language,
                             const struct node **out) MUST_CHECK;

/* ---- between the files of the parser ---- */

struct node *node_new(struct parser *p, enum node_kind kind, size_t at);
/* Links children in and bounds the height. ERR_LIMIT. */
struct err *node_join(struct parser *p, struct node *n, const struct node *a, const struct node *b,
                      const struct node *c) MUST_CHECK;
/* Adds to n->list. ERR_LIMIT. */
struct err *node_append(struct parser *p, struct node *into, const struct node *item) MUST_CHECK;
/* A new node with one child. */
struct err *node_wrap(struct parser *p, enum node_kind kind, size_t at, const struct node *a,
                      struct node **out) MUST_CHECK;
struct err *parser_enter(struct parser *p) MUST_CHECK; /* ERR_LIMIT; the caller counts p->depth down again */
bool parser_at(const struct parser *p, enum op op);      /* an operator, no assignment with it */
bool parser_at_word(const struct parser *p, const char *word);
struct err *parser_skip(struct parser *p, enum op op, bool *skipped) MUST_CHECK; /* when it is there */
struct err *parser_expect(struct parser *p, enum op op) MUST_CHECK;

/* A rule of a grammar: what begins at the current token. */
typedef struct err *parse_part(struct parser *p, const struct node **out);

/* An expression of the parser's language; with commas between. */
struct err *parse_assignment(struct parser *p, const struct node **out) MUST_CHECK;
struct err *parse_comma(struct parser *p, const struct node **out) MUST_CHECK;
/* The current token as a node. */
struct err *parse_literal(struct parser *p, enum node_kind kind, const struct node **out) MUST_CHECK;
/* What all languages write alike: numbers, characters, strings, dollar names, and `(inside)`. ERR_USAGE: none of these
 * stands here. */
struct err *parse_plain(struct parser *p, parse_part *inside, const struct node **out) MUST_CHECK;
/* `[index]` behind *x: the bracket is the current token. */
struct err *parse_subscript(struct parser *p, parse_part *index, const struct node **x) MUST_CHECK;
/* `(arguments)` behind *x: the parenthesis is the current token. */
struct err *parse_call(struct parser *p, const struct node **x) MUST_CHECK;
/* Items up to the closing operator: the opening one is read. */
struct err *parse_list(struct parser *p, enum op close, parse_part *item, struct node *into) MUST_CHECK;
/* `= value`, `+= value` behind *out, when it is there. */
struct err *parse_assigned(struct parser *p, const struct node **out) MUST_CHECK;
/* The left-associative operators, by precedence, with operands by `unary`; expr_binary.c. */
struct err *parse_binary(struct parser *p, parse_part *unary, const struct node **out) MUST_CHECK;

/* C and C++ (expr_parse.c) */
struct err *parse_c(struct parser *p, const struct node **out) MUST_CHECK;
struct err *parse_unary(struct parser *p, const struct node **out) MUST_CHECK;

/* Names and types of C and C++ (expr_parse_type.c). */
/* A name with its qualification and template arguments. */
struct err *parse_qualified(struct parser *p, const char **out) MUST_CHECK;
/* Does a type begin here? */
struct err *parse_starts_type(struct parser *p, bool *out) MUST_CHECK;
/* A type with its abstract declarator. */
struct err *parse_type(struct parser *p, const struct node **out) MUST_CHECK;
/* Rust (expr_parse_rust.c). */
struct err *parse_rust(struct parser *p, const struct node **out) MUST_CHECK;
/* Go (expr_parse_go.c). */
struct err *parse_go(struct parser *p, const struct node **out) MUST_CHECK;

#endif
