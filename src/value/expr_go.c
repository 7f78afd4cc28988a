/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Go: names, literals, and which file knows the rest. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- names ---- */

/* RAX, Rip: the registers of the frame, as Delve calls them. */
static struct err *processor_register(struct eval *ev, const char *name, struct value *out, bool *found)
{
    char lower[16];
    size_t n = strlen(name);
    *found = false;
    if (!ev->env->frame || n >= sizeof(lower) || name[0] < 'A' || name[0] > 'Z')
        return NULL;
    for (size_t i = 0; i <= n; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    TRY(register_value(ev->vs, ev->env->frame, lower, out, found));
    uint8_t kind = *found ? type_strip(out->type)->kind : TYPE_ERROR;
    if (kind == TYPE_INT || kind == TYPE_POINTER) /* a number, whatever gdb takes it for */
        out->type = type_go_basic(ev->types, type_strip(out->type)->size == 4 ? "uint32" : "uint64");
    return NULL;
}

static struct err *name_value(struct eval *ev, const struct node *n, struct value *out)
{
    struct found f;
    bool is_register = false;
    TRY(go_find_name(ev, n->text, &f));
    if (f.kind == FOUND_NOTHING)
        TRY(processor_register(ev, n->text, out, &is_register));
    if (is_register)
        return NULL;
    if (f.kind == FOUND_NOTHING)
        return err_new(ERR_NOT_FOUND, "could not find symbol value for %s", n->text);
    return found_value(ev, n, &f, out);
}

/* ---- literals ---- */

struct value go_int(struct eval *ev, int64_t v)
{
    return value_of_int(ev->vs, type_go_basic(ev->types, "int"), (uint64_t)v);
}

static struct value untyped_int(struct eval *ev, uint64_t v)
{
    return value_of_int(ev->vs, type_go_basic(ev->types, "untyped int"), v);
}

static struct value literal(struct eval *ev, const struct node *n)
{
    switch (n->kind) {
    case NODE_FLOAT:
        return value_of_double(ev->vs, type_go_basic(ev->types, "untyped float"), n->f);
    case NODE_CHAR:
        return untyped_int(ev, n->u);
    case NODE_BOOL:
        return value_of_int(ev->vs, type_go_basic(ev->types, "bool"), n->u);
    case NODE_STRING:
        return go_string_value(ev, n->text, n->n);
    case NODE_NULLPTR:
        return value_of_int(ev->vs, type_go_basic(ev->types, "untyped nil"), 0);
    default:
        return untyped_int(ev, n->u);
    }
}

static struct err *call(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    const struct type *to;
    if (n->a->kind == NODE_NAME && !go_is_local(ev, n->a->text)) {
        TRY(go_built_in(ev, n, n->a->text, out, done));
        if (*done)
            return NULL;
    }
    TRY(go_type_of_node(ev, n->a, &to));
    *done = to != NULL;
    if (!to)
        return NULL; /* a function of the program: refused as in all languages */
    if (n->n != 1)
        return eval_fail(ev, n, "a conversion takes one value");
    return go_convert(ev, n->list->node, to, out);
}

/* a[i], or an instance of a generic function: pkg.F[int,string]. */
static struct err *index_or_instance(struct eval *ev, const struct node *n, struct value *out)
{
    struct found f;
    struct err *e =
        n->list ? err_new(ERR_NOT_FOUND, "could not find symbol value for %s", go_text(ev, n)) : go_index(ev, n, out);
    if (!e || e->code != ERR_NOT_FOUND || n->b->kind == NODE_RANGE)
        return e;
    struct err *lost = go_find_name(ev, go_text(ev, n), &f);
    if (lost || f.kind != FOUND_DIE) {
        err_free(lost);
        return e;
    }
    err_free(e);
    return found_value(ev, n, &f, out);
}

/* ---- all ---- */

struct err *go_evaluate(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    const struct type *to;
    *done = true;
    switch ((int)n->kind) {
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_CHAR:
    case NODE_STRING:
    case NODE_BOOL:
    case NODE_NULLPTR:
        *out = literal(ev, n);
        return NULL;
    case NODE_NAME:
        return name_value(ev, n, out);
    case NODE_MEMBER:
        TRY(go_runtime(ev, n, out, done));
        if (*done)
            return NULL;
        *done = true;
        return go_member(ev, n, out);
    case NODE_INDEX:
        return index_or_instance(ev, n, out);
    case NODE_CAST:
        if (n->op == CAST_DYNAMIC)
            return go_assertion(ev, n, out);
        TRY(eval_type(ev, n->a, &to));
        return go_convert(ev, n->b, to, out);
    case NODE_BINARY:
        return go_binary(ev, n, out, done);
    case NODE_UNARY:
        return go_unary(ev, n, out, done);
    case NODE_CALL:
        return call(ev, n, out, done);
    default:
        *done = false;
        return NULL;
    }
}
