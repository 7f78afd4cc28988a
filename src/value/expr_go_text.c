/* SPDX-License-Identifier: Apache-2.0 */
/* A part of an expression as Go writes it, for messages about it. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "base/text.h"

static void put(struct text *out, const struct node *n);

static const char *spelling(uint8_t op)
{
    static const char *const text[] = {
        [OP_OR_OR] = "||", [OP_AND_AND] = "&&", [OP_OR] = "|",   [OP_XOR] = "^", [OP_AND] = "&",
        [OP_EQ] = "==",    [OP_NE] = "!=",      [OP_LT] = "<",   [OP_GT] = ">",  [OP_LE] = "<=",
        [OP_GE] = ">=",    [OP_SHL] = "<<",     [OP_SHR] = ">>", [OP_ADD] = "+", [OP_SUB] = "-",
        [OP_MUL] = "*",    [OP_DIV] = "/",      [OP_REM] = "%",  [OP_NOT] = "!", [OP_COMPL] = "^",
    };
    return op < ARRAY_LEN(text) && text[op] ? text[op] : "?";
}

static void put_list(struct text *out, const struct node *n)
{
    text_putc(out, '(');
    for (const struct node_link *l = n->list; l; l = l->next) {
        put(out, l->node);
        text_put(out, l->next ? ", " : "");
    }
    text_putc(out, ')');
}

static void put_index(struct text *out, const struct node *n)
{
    put(out, n->a);
    text_putc(out, '[');
    if (n->b->kind != NODE_RANGE) {
        put(out, n->b);
        for (const struct node_link *l = n->list; l; l = l->next) {
            text_putc(out, ',');
            put(out, l->node);
        }
    } else {
        if (n->b->a)
            put(out, n->b->a);
        text_putc(out, ':');
        if (n->b->b)
            put(out, n->b->b);
    }
    text_putc(out, ']');
}

static void put_cast(struct text *out, const struct node *n)
{
    bool assertion = n->op == CAST_DYNAMIC;
    if (assertion) {
        put(out, n->b);
        text_putc(out, '.');
        text_putc(out, '(');
    }
    put(out, n->a);
    if (!assertion) {
        text_putc(out, '(');
        put(out, n->b);
    }
    text_putc(out, ')');
}

/* The tree has at most EXPR_HEIGHT_MAX levels. */
static void put(struct text *out, const struct node *n)
{
    switch ((int)n->kind) {
    case NODE_INT:
    case NODE_CHAR:
        text_printf(out, "%llu", (unsigned long long)n->u);
        break;
    case NODE_FLOAT:
        text_printf(out, "%Lg", n->f);
        break;
    case NODE_STRING:
        text_putc(out, '"');
        text_put_escaped(out, n->text, n->n);
        text_putc(out, '"');
        break;
    case NODE_BOOL:
        text_put(out, n->u ? "true" : "false");
        break;
    case NODE_NULLPTR:
        text_put(out, "nil");
        break;
    case NODE_UNARY:
        text_put(out, spelling(n->op));
        put(out, n->a);
        break;
    case NODE_BINARY:
        put(out, n->a);
        text_printf(out, " %s ", spelling(n->op));
        put(out, n->b);
        break;
    case NODE_MEMBER:
        put(out, n->a);
        text_printf(out, ".%s", n->text);
        break;
    case NODE_INDEX:
        put_index(out, n);
        break;
    case NODE_CAST:
        put_cast(out, n);
        break;
    case NODE_CALL:
        put(out, n->a);
        put_list(out, n);
        break;
    case NODE_DOLLAR:
        text_printf(out, "$%s", n->text);
        break;
    default:
        text_put(out, n->text ? n->text : "?");
    }
}

const char *go_text(struct eval *ev, const struct node *n)
{
    SCOPED(text_done) struct text out = {0};
    put(&out, n);
    return arena_strdup(ev->arena, text_str(&out));
}

const char *go_type_text(struct eval *ev, const struct type *t)
{
    SCOPED(text_done) struct text out = {0};
    type_name(&out, t, NULL);
    const char *name = text_str(&out);
    return arena_strdup(ev->arena, begins_with(name, "untyped ") ? name + 8 : name);
}

const char *go_kind_text(const struct type *t)
{
    static const char *const names[] = {
        [GO_BOOL] = "bool",
        [GO_FLOAT32] = "float32",
        [GO_FLOAT64] = "float64",
        [GO_COMPLEX64] = "complex64",
        [GO_COMPLEX128] = "complex128",
        [GO_ARRAY] = "array",
        [GO_CHAN] = "chan",
        [GO_FUNC] = "func",
        [GO_INTERFACE] = "interface",
        [GO_MAP] = "map",
        [GO_POINTER] = "ptr",
        [GO_SLICE] = "slice",
        [GO_STRING] = "string",
        [GO_STRUCT] = "struct",
        [GO_UNSAFE_POINTER] = "unsafe.Pointer",
    };
    enum go_kind kind;
    type_go(t, &kind);
    if (kind >= GO_INT && kind <= GO_UINTPTR) {
        static const char *const numbers[] = {"int",   "int8",   "int16",  "int32",  "int64",  "uint",
                                              "uint8", "uint16", "uint32", "uint64", "uintptr"};
        return numbers[kind - GO_INT];
    }
    return kind < (int)ARRAY_LEN(names) && names[kind] ? names[kind] : "invalid";
}

const char *go_op_text(uint8_t op)
{
    return spelling(op);
}
