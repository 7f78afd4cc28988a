/* SPDX-License-Identifier: Apache-2.0 */
/* The types of literals: C11 6.4.4, Rust's by their suffix. */
#include "value/expr_priv.h"
#include "base/mem.h"

static bool fits(const struct type *t, uint64_t v)
{
    uint64_t bits = t->size * 8 - (t->is_signed ? 1 : 0);
    return bits >= 64 || v >> bits == 0;
}

/* The first type of int, long and long long that holds the number; without a u, numbers in base ten are signed as long
 * as they can be. */
static const struct type *c_integer(struct eval *ev, const struct node *n)
{
    static const char *const names[2][3] = {{"int", "long", "long long"},
                                            {"unsigned int", "unsigned long", "unsigned long long"}};
    bool is_unsigned = strchr(n->text, 'u') != NULL;
    const char *l = strchr(n->text, 'l');
    const struct type *t = NULL;
    for (unsigned i = l ? (l[1] == 'l' ? 2 : 1) : 0; i < 3; i++) {
        for (unsigned sign = is_unsigned; sign < 2; sign++) {
            if (sign == 1 && !is_unsigned && n->decimal)
                continue;
            t = eval_c_type(ev, names[sign][i]);
            if (fits(t, n->u))
                return t;
        }
    }
    return eval_c_type(ev, names[1][1]);
}

static const struct type *rust_integer(struct eval *ev, const struct node *n)
{
    if (*n->text)
        return eval_builtin_type(ev, n->text);
    return eval_builtin_type(ev, n->u > INT32_MAX ? "i64" : "i32");
}

static const struct type *real(struct eval *ev, const struct node *n)
{
    if (ev->language == EXPR_RUST)
        return eval_builtin_type(ev, *n->text ? n->text : "f64");
    return eval_c_type(ev, *n->text == 'f' ? "float" : *n->text == 'l' ? "long double" : "double");
}

static const struct type *character(struct eval *ev, uint8_t width)
{
    static const char *const names[] = {[CHAR_PLAIN] = "char",     [CHAR_WIDE] = "wchar_t", [CHAR_UTF16] = "char16_t",
                                        [CHAR_UTF32] = "char32_t", [CHAR_UTF8] = "char",    [CHAR_BYTE] = "u8"};
    return eval_builtin_type(ev, ev->language == EXPR_RUST && width == CHAR_UTF32 ? "char" : names[width]);
}

/* As in the source: with its terminating NUL, but for Rust. */
static struct value string(struct eval *ev, const struct node *n)
{
    bool rust = ev->language == EXPR_RUST;
    bool text = rust && n->width != CHAR_BYTE;
    const struct type *t = text ? eval_c_type(ev, "char") : character(ev, n->width);
    size_t size = (size_t)t->size, bytes = n->n + (rust ? 0 : size);
    uint8_t *copy = arena_alloc(ev->arena, bytes + 1);
    memcpy(copy, n->text, n->n);
    return value_of_bytes(ev->vs, type_array_of(ev->types, t, bytes / size), copy, bytes);
}

struct err *eval_literal(struct eval *ev, const struct node *n, struct value *out)
{
    switch (n->kind) {
    case NODE_INT:
        *out = value_of_int(ev->vs, ev->language == EXPR_RUST ? rust_integer(ev, n) : c_integer(ev, n), n->u);
        return NULL;
    case NODE_FLOAT:
        *out = value_of_double(ev->vs, real(ev, n), n->f);
        return NULL;
    case NODE_CHAR:
        *out = value_of_int(ev->vs, character(ev, n->width), n->u);
        return NULL;
    case NODE_STRING:
        *out = string(ev, n);
        return NULL;
    case NODE_BOOL:
        *out = value_of_int(ev->vs, eval_builtin_type(ev, "bool"), n->u);
        return NULL;
    default: /* NODE_NULLPTR */
        *out = value_of_int(ev->vs, type_pointer_to(ev->types, eval_c_type(ev, "void")), 0);
        return NULL;
    }
}
