/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's convenience functions that need nothing from the process, and why other calls are refused. */
#include "value/expr_priv.h"
#include "base/mem.h"

#include <regex.h>

enum { CALL_TEXT = 64 * 1024, CALL_ARGUMENTS = 4 };

struct err *call_refuse_change(const struct eval *ev, const struct node *n)
{
    if (modules_image(ev->vs->ms)->kind == IMAGE_LIVE)
        return eval_fail(ev, n, "Inquest does not change the process");
    return eval_fail(ev, n, "a core cannot be changed");
}

static struct err *refuse(const struct eval *ev, const struct node *n)
{
    if (modules_image(ev->vs->ms)->kind == IMAGE_LIVE)
        return eval_fail(ev, n, "functions of the program are not called: Inquest does not change the process");
    return eval_fail(ev, n, "functions of the program are not called: nothing runs here");
}

/* The characters of a string in the target or of a literal, without the NUL. */
static struct err *string(struct eval *ev, const struct node *n, const struct value *v, struct bytes *out)
{
    const struct type *t = type_strip(v->type);
    uint64_t at;
    bool ended;
    if (t->kind == TYPE_ARRAY && t->size > 0 && t->size <= CALL_TEXT) {
        uint8_t *copy = arena_alloc(ev->arena, (size_t)t->size + 1);
        TRY(value_read(ev->vs, v, 0, copy, (size_t)t->size));
        *out = (struct bytes){.p = copy, .n = strlen((const char *)copy)};
        return NULL;
    }
    if (t->kind != TYPE_POINTER)
        return eval_fail(ev, n, "a string is wanted here");
    TRY(value_int(ev->vs, v, &at));
    return value_cstr(ev->vs, at, CALL_TEXT, out, &ended);
}

struct call {
    const struct node *n;
    const struct node *nodes[CALL_ARGUMENTS];
    struct value v[CALL_ARGUMENTS];
};

static struct err *text_argument(struct eval *ev, const struct call *c, size_t i, struct bytes *out)
{
    return string(ev, c->nodes[i], &c->v[i], out);
}

static struct value number(struct eval *ev, uint64_t v)
{
    return value_of_int(ev->vs, eval_c_type(ev, "int"), v);
}

static struct err *strlen_of(struct eval *ev, struct call *c, struct value *out)
{
    struct bytes s;
    TRY(text_argument(ev, c, 0, &s));
    *out = number(ev, s.n);
    return NULL;
}

static struct err *streq(struct eval *ev, struct call *c, struct value *out)
{
    struct bytes a, b;
    TRY(text_argument(ev, c, 0, &a));
    TRY(text_argument(ev, c, 1, &b));
    *out = number(ev, a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    return NULL;
}

static struct err *memeq(struct eval *ev, struct call *c, struct value *out)
{
    uint64_t a, b;
    int64_t n;
    TRY(number_int(ev, c->nodes[2], &c->v[2], &n));
    if (n < 0 || n > CALL_TEXT)
        return eval_fail(ev, c->nodes[2], "%lld bytes cannot be compared", (long long)n);
    TRY(value_int(ev->vs, &c->v[0], &a));
    TRY(value_int(ev->vs, &c->v[1], &b));
    uint8_t *x = arena_alloc(ev->arena, (size_t)n + 1), *y = arena_alloc(ev->arena, (size_t)n + 1);
    TRY(modules_read(ev->vs->ms, a, x, (size_t)n));
    TRY(modules_read(ev->vs->ms, b, y, (size_t)n));
    *out = number(ev, memcmp(x, y, (size_t)n) == 0);
    return NULL;
}

static struct err *regex(struct eval *ev, struct call *c, struct value *out)
{
    struct bytes text, pattern;
    regex_t re;
    TRY(text_argument(ev, c, 0, &text));
    TRY(text_argument(ev, c, 1, &pattern));
    if (pattern.n > 256 || regcomp(&re, arena_strndup(ev->arena, (const char *)pattern.p, pattern.n), REG_NOSUB) != 0)
        return eval_fail(ev, c->nodes[1], "no regular expression");
    bool match = regexec(&re, arena_strndup(ev->arena, (const char *)text.p, text.n), 0, NULL, 0) == 0;
    regfree(&re);
    *out = number(ev, match);
    return NULL;
}

static struct err *isvoid(struct eval *ev, struct call *c, struct value *out)
{
    *out = number(ev, type_strip(c->v[0].type)->kind == TYPE_VOID);
    return NULL;
}

/* The name of an enumerator, or the number. */
static struct err *as_string(struct eval *ev, struct call *c, struct value *out)
{
    struct enumerators all = type_enumerators(type_strip(c->v[0].type));
    int64_t v;
    TRY(number_int(ev, c->nodes[0], &c->v[0], &v));
    const char *text = NULL;
    for (size_t i = 0; i < all.n && !text; i++)
        if (all.v[i].value == v)
            text = all.v[i].name;
    if (!text)
        text = arena_printf(ev->arena, "%lld", (long long)v);
    size_t n = strlen(text) + 1;
    *out = value_of_bytes(ev->vs, type_array_of(ev->types, eval_c_type(ev, "char"), n), text, n);
    return NULL;
}

static const struct {
    const char *name;
    size_t arguments;
    struct err *(*call)(struct eval *ev, struct call *c, struct value *out);
} functions[] = {
    {"_strlen", 1, strlen_of}, {"_streq", 2, streq},   {"_memeq", 3, memeq},
    {"_regex", 2, regex},      {"_isvoid", 1, isvoid}, {"_as_string", 1, as_string},
};

static struct err *call_convenience(struct eval *ev, const struct node *n, size_t which, struct value *out)
{
    struct call c = {.n = n};
    size_t i = 0;
    if (n->n != functions[which].arguments)
        return eval_fail(ev, n, "$%s takes %zu argument%s", functions[which].name, functions[which].arguments,
                         functions[which].arguments == 1 ? "" : "s");
    for (const struct node_link *l = n->list; l && i < CALL_ARGUMENTS; l = l->next, i++) {
        c.nodes[i] = l->node;
        TRY(eval_node(ev, l->node, &c.v[i]));
        TRY(pointer_referent(ev, &c.v[i], &c.v[i]));
    }
    if (ev->types_only) {
        *out = eval_absent(eval_c_type(ev, "int"));
        return NULL;
    }
    return functions[which].call(ev, &c, out);
}

struct err *call_function(struct eval *ev, const struct node *n, struct value *out)
{
    if (n->a->kind == NODE_DOLLAR) {
        for (size_t i = 0; i < ARRAY_LEN(functions); i++)
            if (strcmp(functions[i].name, n->a->text) == 0)
                return call_convenience(ev, n, i, out);
        return eval_fail(ev, n, "$%s is no function that Inquest has", n->a->text);
    }
    struct value f;
    TRY(eval_node(ev, n->a, &f)); /* a wrong name is the first thing to say */
    return refuse(ev, n);
}
