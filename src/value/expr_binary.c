/* SPDX-License-Identifier: Apache-2.0 */
/* The left-associative operators of C, C++, Rust and Go with their precedence. */
#include "value/expr_parse.h"
#include "base/mem.h"

struct level {
    uint8_t op;
    uint8_t c, rust, go; /* how tight it binds; 0: not an operator of the language */
    const char *word; /* C++'s other spelling */
};

/* @ binds tighter than shifts, looser than + (gdb's manual, "Arrays"). In Rust comparisons are looser than bit
 * operations, and `as` (expr_parse_rust.c) is tighter than all of these. */
static const struct level levels[] = {
    {OP_OR_OR, 1, 1, 1, "or"},   {OP_AND_AND, 2, 2, 2, "and"}, {OP_OR, 3, 4, 4, "bitor"},  {OP_XOR, 4, 5, 4, "xor"},
    {OP_AND, 5, 6, 5, "bitand"}, {OP_EQ, 6, 3, 3, NULL},       {OP_NE, 6, 3, 3, "not_eq"}, {OP_LT, 7, 3, 3, NULL},
    {OP_GT, 7, 3, 3, NULL},      {OP_LE, 7, 3, 3, NULL},       {OP_GE, 7, 3, 3, NULL},     {OP_SHL, 8, 7, 5, NULL},
    {OP_SHR, 8, 7, 5, NULL},     {OP_AT, 9, 8, 0, NULL},       {OP_ADD, 10, 9, 4, NULL},   {OP_SUB, 10, 9, 4, NULL},
    {OP_MUL, 11, 10, 5, NULL},   {OP_DIV, 11, 10, 5, NULL},    {OP_REM, 11, 10, 5, NULL},
};

static const struct level *level_here(const struct parser *p)
{
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        const struct level *l = &levels[i];
        if (parser_at(p, (enum op)l->op) || (p->cxx && l->word && parser_at_word(p, l->word)))
            return l;
    }
    return NULL;
}

/* Operators that bind at least as tight as `least` behind the operand *out. */
static struct err *climb(struct parser *p, struct err *(*unary)(struct parser *p, const struct node **out),
                         unsigned least, const struct node **out)
{
    const struct level *l;
    TRY(unary(p, out));
    while ((l = level_here(p)) != NULL) {
        unsigned tight = p->lx.rust ? l->rust : p->go ? l->go : l->c;
        if (tight < least)
            return NULL;
        const struct node *right = NULL;
        struct node *n = node_new(p, NODE_BINARY, p->lx.tok.start);
        n->op = l->op;
        TRY(lexer_next(&p->lx));
        TRY(climb(p, unary, tight + 1, &right)); /* at most as deep as there are levels */
        TRY(node_join(p, n, *out, right, NULL));
        *out = n;
    }
    return NULL;
}

struct err *parse_binary(struct parser *p, parse_part *unary, const struct node **out)
{
    return climb(p, unary, 1, out);
}
