/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of containers and targets of smart pointers, through the presentation that the runtime of their language
 * makes. gdb calls the program's operators, or needs scripts, for these. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/format.h"

static bool present(struct eval *ev, const struct value *v, struct presentation *p)
{
    *p = (struct presentation){0};
    return type_is_record(type_strip(v->type)) && format_present(ev->vs, v, p);
}

/* Is a key of a map what stands in the brackets? A number, or a string. */
static struct err *key_is(struct eval *ev, const struct node *n, const struct value *key, const struct value *want,
                          bool *out)
{
    struct presentation p;
    struct value plain, same;
    TRY(pointer_referent(ev, key, &plain));
    const struct type *t = type_strip(plain.type), *w = type_strip(want->type);
    *out = false;
    if (present(ev, &plain, &p) && p.kind == PRESENT_STRING && w->kind == TYPE_ARRAY && w->target &&
        type_strip(w->target)->kind == TYPE_CHAR) {
        uint64_t size = type_strip(p.string.type)->size;
        uint64_t have = w->count > 0 && ev->language != EXPR_RUST ? w->size - eval_sizeof(w->target) : w->size;
        if (size != have || size > EXPR_TEXT_MAX)
            return NULL;
        uint8_t *a = arena_alloc(ev->arena, size + 1), *b = arena_alloc(ev->arena, size + 1);
        TRY(value_read(ev->vs, &p.string, 0, a, size));
        TRY(value_read(ev->vs, want, 0, b, size));
        *out = memcmp(a, b, size) == 0;
        return NULL;
    }
    if ((!number_is(t) && t->kind != TYPE_POINTER) || (!number_is(w) && w->kind != TYPE_POINTER))
        return NULL;
    struct node equals = {.kind = NODE_BINARY, .op = OP_EQ, .at = n->at};
    bool pointers = t->kind == TYPE_POINTER || w->kind == TYPE_POINTER;
    TRY(pointers ? pointer_binary(ev, &equals, &plain, want, &same) : number_binary(ev, &equals, &plain, want, &same));
    return number_truth(ev, n, &same, out);
}

static struct err *map_element(struct eval *ev, const struct node *n, struct presentation *p, const struct value *want,
                               struct value *out)
{
    struct child key, value;
    struct err *e = NULL;
    while (p->next(p, ev->vs, &key, &e) && p->next(p, ev->vs, &value, &e)) {
        bool same;
        TRY(key_is(ev, n, &key.value, want, &same));
        if (same) {
            *out = value.value;
            return NULL;
        }
        if (progress_cancelled(ev->vs->progress))
            return err_new(ERR_CANCELLED, "cancelled");
    }
    TRY(e);
    return eval_fail(ev, n, "the map has no such key");
}

static struct err *nth_child(struct eval *ev, const struct node *n, struct presentation *p, int64_t i,
                             struct value *out)
{
    struct child c;
    struct err *e = NULL;
    for (int64_t at = 0; p->next(p, ev->vs, &c, &e); at++) {
        if (at == i) {
            *out = c.value;
            return NULL;
        }
        if (progress_cancelled(ev->vs->progress))
            return err_new(ERR_CANCELLED, "cancelled");
    }
    TRY(e);
    return eval_fail(ev, n, "no element %lld", (long long)i);
}

/* Even the type of what a container holds takes reading it. */
static struct err *evaluate_really(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    *done = true;
    return eval_as(ev, n, false, out, NULL);
}

struct err *container_element(struct eval *ev, const struct node *n, const struct value *v, const struct value *i,
                              struct value *out, bool *done)
{
    struct presentation p;
    int64_t at;
    if (ev->types_only)
        return evaluate_really(ev, n, out, done);
    *done = present(ev, v, &p) && (p.kind == PRESENT_STRING || p.next);
    if (!*done)
        return NULL;
    if (p.kind == PRESENT_MAP)
        return map_element(ev, n, &p, i, out);
    TRY(number_int(ev, n, i, &at));
    if (p.kind == PRESENT_STRING) {
        const struct type *t = type_strip(p.string.type);
        if (at < 0 || (t->count_known && (uint64_t)at >= t->count))
            return eval_fail(ev, n, "no element %lld", (long long)at);
        *out = value_element(&p.string, at);
        return NULL;
    }
    if (p.kind != PRESENT_ARRAY) {
        *done = false;
        return NULL;
    }
    return nth_child(ev, n, &p, at, out);
}

/* Names that the runtimes give to what a smart pointer points to, or an optional holds. */
static bool is_content(const char *name)
{
    return name && (strcmp(name, "get()") == 0 || strcmp(name, "[contained value]") == 0 || strcmp(name, "value") == 0);
}

struct err *container_target(struct eval *ev, const struct node *n, const struct value *v, struct value *out,
                             bool *done)
{
    struct presentation p;
    struct child c = {0};
    struct value object;
    struct err *e = NULL;
    *done = false;
    TRY(pointer_referent(ev, v, &object));
    if (ev->types_only && type_is_record(type_strip(object.type)) && n->kind == NODE_UNARY)
        return evaluate_really(ev, n, out, done);
    *done = present(ev, &object, &p) && p.kind == PRESENT_RECORD && p.next && p.next(&p, ev->vs, &c, &e) &&
            is_content(c.name);
    TRY(e);
    if (!*done)
        return NULL;
    if (type_strip(c.value.type)->kind == TYPE_POINTER)
        return eval_at(ev, n, value_deref(ev->vs, &c.value, out));
    *out = c.value;
    return NULL;
}
