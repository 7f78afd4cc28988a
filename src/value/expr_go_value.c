/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Go: their members, elements, lengths, and what interfaces hold. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/format.h"

enum { EMBEDDED_MAX = 16 }; /* structs in each other that a promoted member is looked for in */

static struct err *number(struct eval *ev, const struct value *v, const char *name, int64_t *out)
{
    struct value member;
    uint64_t n;
    TRY(value_member(ev->vs, v, name, &member));
    TRY(value_int(ev->vs, &member, &n));
    *out = (int64_t)n;
    return NULL;
}

/* What the runtime's formatter says; ERR_NO_DATA: it does not know the value. */
static struct err *present(struct eval *ev, const struct node *n, const struct value *v, struct presentation *out)
{
    *out = (struct presentation){0};
    if (format_present(ev->vs, v, out))
        return NULL;
    return err_new(ERR_NO_DATA, "column %zu: Go's runtime data does not explain this value", n->at + 1);
}

struct err *go_string(struct eval *ev, const struct value *v, struct bytes *out, bool *is_string)
{
    enum go_kind kind;
    const struct type *t = type_go(v->type, &kind);
    int64_t n, at;
    bool text = t->kind == TYPE_ARRAY && !type_is_go(t) && t->target && type_strip(t->target)->kind == TYPE_CHAR;
    *is_string = text || kind == GO_STRING;
    if (!*is_string)
        return NULL;
    n = (int64_t)t->count;
    if (!text)
        TRY(number(ev, v, "len", &n));
    if (n < 0 || n > EXPR_TEXT_MAX)
        return err_new(ERR_LIMIT, "strings of more than %d bytes are not compared", EXPR_TEXT_MAX);
    uint8_t *bytes = arena_alloc(ev->arena, (size_t)n + 1);
    *out = (struct bytes){bytes, (size_t)n};
    if (text)
        return value_read(ev->vs, v, 0, bytes, (size_t)n);
    TRY(number(ev, v, "str", &at));
    return modules_read(ev->vs->ms, (taddr)at, bytes, (size_t)n);
}

/* ---- lengths ---- */

static struct err *present_length(struct eval *ev, const struct node *n, const struct value *v, bool cap, int64_t *out)
{
    struct presentation p;
    TRY(present(ev, n, v, &p));
    *out = (int64_t)p.length;
    const char *slash = p.summary ? strchr(p.summary, '/') : NULL;
    if (cap)
        *out = slash ? strtoll(slash + 1, NULL, 10) : 0; /* of a channel */
    return NULL;
}

struct err *go_length(struct eval *ev, const struct node *n, const struct value *v, bool cap, struct value *out)
{
    enum go_kind kind;
    struct value x = *v;
    const struct type *t = type_go(x.type, &kind);
    int64_t length = (int64_t)t->count;
    if (kind == GO_POINTER && t->target && type_strip(t->target)->kind == TYPE_ARRAY)
        length = (int64_t)type_strip(t->target)->count;
    else if (kind == GO_SLICE)
        TRY(number(ev, &x, cap ? "cap" : "len", &length));
    else if (kind == GO_STRING && !cap)
        TRY(number(ev, &x, "len", &length));
    else if ((kind == GO_MAP && !cap) || kind == GO_CHAN)
        TRY(present_length(ev, n, &x, cap, &length));
    else if (kind != GO_ARRAY)
        return eval_fail(ev, n, "the value has no %s", cap ? "capacity" : "length");
    *out = go_int(ev, length);
    return NULL;
}

/* ---- elements ---- */

/* What can be indexed by numbers. */
struct row {
    const struct type *element;
    struct value array; /* of an array that is in no memory; type NULL: `at` counts */
    taddr at;
    int64_t n, cap;
};

/* *found false: the value is no string, slice, array or pointer to an array. */
static struct err *row_of(struct eval *ev, const struct value *v, struct row *out, bool *found)
{
    enum go_kind kind;
    struct value x = *v;
    const struct type *t = type_go(x.type, &kind);
    int64_t at = 0;
    *out = (struct row){.element = t->target};
    *found = true;
    if (kind == GO_POINTER && t->target && type_strip(t->target)->kind == TYPE_ARRAY) {
        TRY(value_deref(ev->vs, v, &x));
        t = type_go(x.type, &kind);
    }
    if (kind == GO_SLICE || kind == GO_STRING) {
        struct value data;
        TRY(value_member(ev->vs, &x, kind == GO_SLICE ? "array" : "str", &data));
        TRY(number(ev, &x, kind == GO_SLICE ? "array" : "str", &at));
        TRY(number(ev, &x, "len", &out->n));
        out->cap = out->n;
        if (kind == GO_SLICE)
            TRY(number(ev, &x, "cap", &out->cap));
        out->element = type_strip(data.type)->target;
    } else if (kind == GO_ARRAY) {
        out->element = t->target;
        out->n = out->cap = (int64_t)t->count;
        out->array = x;
    } else {
        *found = false;
    }
    out->at = (taddr)at;
    return NULL;
}

static struct err *element(struct eval *ev, const struct node *n, const struct row *r, struct value *out)
{
    int64_t i;
    TRY(eval_count(ev, n->b, &i));
    if (i < 0 || i >= r->n || !r->element)
        return eval_fail(ev, n, "index %lld is out of range: there are %lld", (long long)i, (long long)r->n);
    if (r->array.type)
        *out = value_element(&r->array, i);
    else
        *out = value_at(ev->vs, r->element, r->at + (uint64_t)i * type_strip(r->element)->size);
    return NULL;
}

/* a[from:to], with the type of the slice or string, of an array as an array. */
static struct err *slice(struct eval *ev, const struct node *n, const struct value *v, const struct row *r,
                         struct value *out)
{
    int64_t from = 0, to = r->n;
    enum go_kind kind;
    type_go(v->type, &kind);
    if (n->b->a)
        TRY(eval_count(ev, n->b->a, &from));
    if (n->b->b)
        TRY(eval_count(ev, n->b->b, &to));
    int64_t most = kind == GO_SLICE ? r->cap : r->n;
    if (from < 0 || from > to || to > most || !r->element)
        return eval_fail(ev, n, "[%lld:%lld] is out of range: there are %lld", (long long)from, (long long)to,
                         (long long)most);
    uint64_t skipped = (uint64_t)from * type_strip(r->element)->size;
    if (r->array.type) {
        *out = r->array;
        out->type = type_array_of(ev->types, r->element, (uint64_t)(to - from));
        out->bit_offset += skipped * 8;
        return NULL;
    }
    uint64_t words[3] = {r->at + skipped, (uint64_t)(to - from), (uint64_t)(r->cap - from)};
    *out = value_of_bytes(ev->vs, v->type, words, kind == GO_SLICE ? 24 : 16);
    return NULL;
}

/* ---- maps ---- */

/* The bytes by which Go compares keys of a type without strings and interfaces inside. */
static struct err *key_bytes(struct eval *ev, const struct node *n, const struct value *v, const struct type *like,
                             uint8_t *out, size_t size)
{
    struct value same = *v;
    enum go_kind kind;
    type_go(like, &kind);
    if (kind == GO_STRUCT || kind == GO_ARRAY || kind == GO_INTERFACE)
        return eval_fail(ev, n, "only numbers, strings and pointers are looked up in maps");
    if (type_strip(v->type) != type_strip(like))
        TRY(eval_at(ev, n, value_cast(ev->vs, v, like, &same)));
    return value_read(ev->vs, &same, 0, out, size);
}

static struct err *key_equals(struct eval *ev, const struct node *n, const struct value *key, const struct value *want,
                              bool *out)
{
    struct bytes a, b;
    bool text, wanted_text;
    uint8_t x[16], y[16];
    size_t size = (size_t)type_strip(key->type)->size;
    TRY(go_string(ev, key, &a, &text));
    TRY(go_string(ev, want, &b, &wanted_text));
    if (text != wanted_text)
        return eval_fail(ev, n, "the keys of the map are of another type");
    if (text) {
        *out = a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
        return NULL;
    }
    if (size > sizeof(x))
        return eval_fail(ev, n, "only numbers, strings and pointers are looked up in maps");
    TRY(key_bytes(ev, n, key, key->type, x, size));
    TRY(key_bytes(ev, n, want, key->type, y, size));
    *out = memcmp(x, y, size) == 0;
    return NULL;
}

static struct err *map_element(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct presentation p;
    struct child key, value;
    struct value want;
    struct err *e = NULL;
    bool same = false;
    TRY(eval_node(ev, n->b, &want));
    TRY(present(ev, n, v, &p));
    while (!same && p.next && p.next(&p, ev->vs, &key, &e) && p.next(&p, ev->vs, &value, &e)) {
        if (progress_cancelled(ev->vs->progress))
            return err_new(ERR_CANCELLED, "cancelled");
        TRY(key_equals(ev, n, &key.value, &want, &same));
    }
    TRY(e);
    if (!same)
        return err_new(ERR_NOT_FOUND, "key not found");
    *out = value.value;
    return NULL;
}

struct err *go_index(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    struct row r;
    enum go_kind kind;
    bool found;
    TRY(eval_node(ev, n->a, &v));
    type_go(v.type, &kind);
    TRY(row_of(ev, &v, &r, &found));
    if (found)
        return n->b->kind == NODE_RANGE ? slice(ev, n, &v, &r, out) : element(ev, n, &r, out);
    if (kind == GO_MAP && n->b->kind != NODE_RANGE)
        return map_element(ev, n, &v, out);
    struct node same = *n;
    same.kind = NODE_INDEX;
    struct value i;
    TRY(eval_node(ev, n->b, &i)); /* of a pointer, as in C: handy, and Go has no meaning for it */
    return pointer_index(ev, &same, &v, &i, out);
}

/* ---- members ---- */

/* In the struct itself, else in the structs that it embeds (the Go specification, "Struct types"). */
static struct err *promoted(struct eval *ev, const struct value *v, const char *name, unsigned depth, struct value *out,
                            bool *found)
{
    struct value x = *v;
    const struct type *t = type_strip(x.type);
    *found = false;
    if (t->kind == TYPE_POINTER && t->target) {
        TRY(value_deref(ev->vs, v, &x));
        t = type_strip(x.type);
    }
    if (!type_is_record(t) || depth > EMBEDDED_MAX)
        return NULL;
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n; i++)
        if (fields.v[i].name && strcmp(fields.v[i].name, name) == 0) {
            *found = true;
            return value_field(ev->vs, &x, &fields.v[i], out);
        }
    for (size_t i = 0; i < fields.n && !*found; i++) {
        struct value inner;
        if (!fields.v[i].die.unit || !dw_attr_flag(&fields.v[i].die, DW_AT_go_embedded_field))
            continue;
        TRY(value_field(ev->vs, &x, &fields.v[i], &inner));
        TRY(promoted(ev, &inner, name, depth + 1, out, found));
    }
    return NULL;
}

static struct err *held(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct presentation p;
    struct child c;
    struct err *e = NULL;
    TRY(present(ev, n, v, &p));
    if (!p.next)
        return eval_fail(ev, n, "the interface is nil");
    if (!p.next(&p, ev->vs, &c, &e))
        return e ? e : err_new(ERR_NO_DATA, "the interface holds nothing that is known");
    *out = c.value;
    return NULL;
}

struct err *go_member(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    enum go_kind kind;
    bool found;
    TRY(eval_node(ev, n->a, &v));
    type_go(v.type, &kind);
    if (kind == GO_INTERFACE) /* Delve looks through it, too */
        TRY(held(ev, n, &v, &v));
    TRY(promoted(ev, &v, n->text, 0, out, &found));
    if (found)
        return NULL;
    return eval_fail(ev, n, "There is no member named %s.", n->text);
}

struct err *go_assertion(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    enum go_kind kind;
    const struct type *to;
    SCOPED(text_done) struct text have = {0};
    TRY(eval_node(ev, n->b, &v));
    type_go(v.type, &kind);
    if (kind != GO_INTERFACE)
        return eval_fail(ev, n, "only an interface has a type to assert");
    TRY(held(ev, n, &v, out));
    if (n->a->kind == NODE_TYPE_NAME && strcmp(n->a->text, "data") == 0)
        return NULL;
    TRY(eval_type(ev, n->a, &to));
    SCOPED(text_done) struct text want = {0};
    type_name(&have, out->type, NULL);
    type_name(&want, to, NULL);
    if (strcmp(text_str(&have), text_str(&want)) == 0)
        return NULL;
    return eval_fail(ev, n, "the interface holds a %s, not a %s", text_str(&have), text_str(&want));
}
