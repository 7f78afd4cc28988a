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
    struct value row;
    int64_t n, at = 0;
    type_go(v->type, &kind);
    *is_string = kind == GO_STRING;
    if (!*is_string)
        return NULL;
    bool made = value_go_inline(v, &row);
    n = made ? (int64_t)type_strip(row.type)->count : 0;
    if (!made)
        TRY(number(ev, v, "len", &n));
    if (n < 0 || n > EXPR_TEXT_MAX)
        return err_new(ERR_LIMIT, "string too long: only %d bytes are looked at", EXPR_TEXT_MAX);
    uint8_t *bytes = arena_alloc(ev->arena, (size_t)n + 1);
    *out = (struct bytes){bytes, (size_t)n};
    if (made)
        return value_read(ev->vs, &row, 0, bytes, (size_t)n);
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

struct err *go_length(struct eval *ev, const struct node *n, const struct value *v, bool cap, struct value *out,
                      bool *has)
{
    enum go_kind kind;
    struct value row;
    struct go_row r;
    int64_t length = 0;
    type_go(v->type, &kind);
    *has = !(cap && kind == GO_STRING);
    if (*has && (kind == GO_STRING || kind == GO_SLICE) && !value_go_inline(v, &row)) {
        TRY(number(ev, v, cap ? "cap" : "len", &length)); /* known even where the rest is optimised out */
    } else if (*has) {
        TRY(go_row_of(ev, v, &r, has));
        length = cap ? r.cap : r.n;
    }
    if ((kind == GO_MAP && !cap) || kind == GO_CHAN) {
        *has = true;
        TRY(present_length(ev, n, v, cap, &length));
    }
    *out = go_int(ev, length);
    return NULL;
}

/* ---- elements ---- */

const struct type *go_slice_element(const struct type *slice)
{
    struct fields fields = type_fields(type_strip(slice));
    const struct type *t = fields.n ? type_strip(fields.v[0].type) : NULL;
    return t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY) ? t->target : NULL;
}

static struct err *slice_row(struct eval *ev, const struct value *v, bool text, struct go_row *out)
{
    struct value row;
    int64_t at;
    if (value_go_inline(v, &row)) {
        out->array = row;
        out->n = out->cap = (int64_t)type_strip(row.type)->count;
        out->element = type_strip(row.type)->target;
        return NULL;
    }
    TRY(number(ev, v, text ? "str" : "array", &at));
    TRY(number(ev, v, "len", &out->n));
    out->cap = out->n;
    if (!text)
        TRY(number(ev, v, "cap", &out->cap));
    out->at = (taddr)at;
    out->element = go_slice_element(v->type);
    return NULL;
}

struct err *go_row_of(struct eval *ev, const struct value *v, struct go_row *out, bool *found)
{
    enum go_kind kind;
    struct value x = *v;
    const struct type *t = type_go(x.type, &kind);
    *out = (struct go_row){.n = 0};
    *found = true;
    if (kind == GO_POINTER && t->target && type_strip(t->target)->kind == TYPE_ARRAY) {
        TRY(value_deref(ev->vs, v, &x));
        t = type_go(x.type, &kind);
    }
    if (kind == GO_SLICE || kind == GO_STRING)
        return slice_row(ev, &x, kind == GO_STRING, out);
    *found = kind == GO_ARRAY;
    if (!*found)
        return NULL;
    struct err *nowhere = value_address(&x, &out->at);
    err_free(nowhere); /* one in registers has no address */
    out->element = t->target;
    out->n = out->cap = (int64_t)t->count;
    out->array = x;
    return NULL;
}

static struct err *out_of_bounds(struct eval *ev, const struct node *n, int64_t most)
{
    return eval_fail(ev, n, "index out of bounds: there are %lld", (long long)most);
}

static struct err *element(struct eval *ev, const struct node *n, const struct go_row *r, struct value *out)
{
    struct value index;
    int64_t i;
    TRY(eval_node(ev, n->b, &index));
    if (type_strip(index.type)->kind != TYPE_INT)
        return eval_fail(ev, n, "can not convert %s to int", go_text(ev, n->b));
    TRY(number_int(ev, n->b, &index, &i));
    if (i < 0 || i >= r->n || !r->element)
        return out_of_bounds(ev, n, r->n);
    if (r->array.type)
        *out = value_element(&r->array, i);
    else
        *out = value_at(ev->vs, r->element, r->at + (uint64_t)i * type_strip(r->element)->size);
    return NULL;
}

/* Elements [from, to) of what an expression made, or of an array that is in no memory. */
static struct value part_of(struct eval *ev, const struct value *v, const struct go_row *r, int64_t from, int64_t to)
{
    struct value out = r->array;
    enum go_kind kind;
    type_go(v->type, &kind);
    const struct type *slice = kind == GO_ARRAY ? type_go_slice_of(ev->types, r->element) : v->type;
    out.type = type_go_inline(ev->types, kind == GO_STRING ? GO_STRING : GO_SLICE, go_type_text(ev, slice), r->element,
                              (uint64_t)(to - from));
    out.bit_offset += (uint64_t)from * type_strip(r->element)->size * 8;
    return out;
}

/* a[from:to], with the type of the slice or string; of an array as a slice. */
static struct err *slice(struct eval *ev, const struct node *n, const struct value *v, const struct go_row *r,
                         struct value *out)
{
    int64_t from = 0, to = r->n;
    enum go_kind kind;
    type_go(v->type, &kind);
    if (n->b->a)
        TRY(eval_count(ev, n->b->a, &from));
    if (n->b->b)
        TRY(eval_count(ev, n->b->b, &to));
    if (from < 0 || from > to || to > r->cap || !r->element)
        return out_of_bounds(ev, n, r->cap);
    if (!r->at) {
        *out = r->array.type ? part_of(ev, v, r, from, to) : *v;
        return NULL;
    }
    uint64_t words[] = {r->at + (uint64_t)from * type_strip(r->element)->size, (uint64_t)(to - from),
                        (uint64_t)(r->cap - from)};
    bool whole = kind == GO_SLICE || kind == GO_STRING;
    const struct type *t = whole ? v->type : type_go_slice_of(ev->types, r->element);
    *out = value_of_bytes(ev->vs, t, words, kind == GO_STRING ? 16 : 24);
    return NULL;
}

/* ---- maps ---- */

static struct err *key_equals(struct eval *ev, const struct node *n, const struct value *key, const struct value *want,
                              bool *out)
{
    enum go_kind kind, wanted;
    struct value held;
    bool nil;
    type_go(key->type, &kind);
    type_go(want->type, &wanted);
    if (kind != GO_INTERFACE || wanted == GO_INTERFACE)
        return go_equal(ev, n, key, want, out);
    TRY(go_held(ev, n, key, &held, &nil));
    *out = false;
    return nil || !go_may_equal(ev, &held, want) ? NULL : go_equal(ev, n, &held, want, out);
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
        return eval_fail(ev, n, "key not found");
    *out = value.value;
    return NULL;
}

/* Of a pointer to what can be indexed: that. */
static struct err *indexed(struct eval *ev, const struct node *n, struct value *v)
{
    enum go_kind kind, below;
    const struct type *t = type_go(v->type, &kind);
    if (kind != GO_POINTER || !t->target)
        return NULL;
    type_go(t->target, &below);
    if (below != GO_SLICE && below != GO_STRING && below != GO_MAP)
        return NULL;
    uint64_t at;
    TRY(value_int(ev->vs, v, &at));
    return at ? value_deref(ev->vs, v, v) : eval_fail(ev, n, "nil pointer dereference");
}

struct err *go_index(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    struct go_row r;
    enum go_kind kind;
    bool found, range = n->b->kind == NODE_RANGE;
    TRY(eval_node(ev, n->a, &v));
    TRY(indexed(ev, n, &v));
    type_go(v.type, &kind);
    TRY(go_row_of(ev, &v, &r, &found));
    if (found)
        return range ? slice(ev, n, &v, &r, out) : element(ev, n, &r, out);
    if (kind == GO_MAP && !range)
        return map_element(ev, n, &v, out);
    return eval_fail(ev, n, "expression \"%s\" (%s) does not support %s", go_text(ev, n->a), go_type_text(ev, v.type),
                     range ? "slicing" : "indexing");
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

struct err *go_held(struct eval *ev, const struct node *n, const struct value *v, struct value *out, bool *nil)
{
    struct presentation p;
    struct child c;
    struct err *e = NULL;
    TRY(present(ev, n, v, &p));
    *nil = !p.next;
    if (*nil)
        return NULL;
    if (!p.next(&p, ev->vs, &c, &e))
        return e ? e : err_new(ERR_NO_DATA, "the interface holds nothing that is known");
    *out = c.value;
    return NULL;
}

static struct err *no_member(struct eval *ev, const struct node *n, const struct value *v)
{
    const char *name = go_text(ev, n->a);
    enum go_kind kind;
    type_go(v->type, &kind);
    if (kind == GO_STRUCT)
        return eval_fail(ev, n, "%s has no member %s", name, n->text);
    return eval_fail(ev, n, "%s (type %s) has no member %s", name, go_type_text(ev, v->type), n->text);
}

/* T.Method or (*T).Method, as a function. */
static struct err *method(struct eval *ev, const struct node *n, const struct value *v, struct value *out, bool *found)
{
    const char *type = go_type_text(ev, v->type), *slash = strrchr(type, '/');
    const char *dot = strchr(slash ? slash : type, '.');
    *found = false;
    if (!dot)
        return NULL;
    const char *names[] = {
        arena_printf(ev->arena, "%s.%s", type, n->text),
        arena_printf(ev->arena, "%.*s.(*%s).%s", (int)(dot - type), type, dot + 1, n->text),
    };
    for (size_t i = 0; i < ARRAY_LEN(names) && !*found; i++) {
        struct found f;
        TRY(name_find(ev, names[i], NULL, TAG_NONE, &f));
        *found = f.kind == FOUND_DIE || f.kind == FOUND_SYMBOL;
        if (*found)
            TRY(found_value(ev, n, &f, out));
        if (f.kind == FOUND_SYMBOL)
            out->type = type_go_basic(ev->types, "func");
    }
    return NULL;
}

/* A channel's members are those of its record. */
static struct err *channel_member(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct value channel, record;
    uint64_t at;
    const struct type *element = type_go_part(v->type, DW_AT_go_elem);
    channel = *v;
    channel.type = type_strip(v->type);
    TRY(value_int(ev->vs, &channel, &at));
    if (!at)
        return eval_fail(ev, n, "%s is nil", go_text(ev, n->a));
    TRY(value_deref(ev->vs, &channel, &record));
    struct fields fields = type_fields(type_strip(record.type));
    for (size_t i = 0; i < fields.n && element; i++)
        if (fields.v[i].name && strcmp(fields.v[i].name, n->text) == 0)
            return value_go_channel_field(ev->vs, &record, element, &fields.v[i], out);
    return no_member(ev, n, v);
}

/* A pointer gives what it points to, an interface what it holds. */
static struct err *selected(struct eval *ev, const struct node *n, struct value *v)
{
    enum go_kind kind;
    uint64_t at;
    bool nil = false;
    for (int i = 0; i < 2; i++) { /* an interface may hold a pointer */
        const struct type *t = type_go(v->type, &kind);
        if (kind == GO_INTERFACE) {
            TRY(go_held(ev, n, v, v, &nil));
        } else if (kind == GO_POINTER && t->target) {
            TRY(value_int(ev->vs, v, &at));
            nil = at == 0;
            if (!nil)
                TRY(value_deref(ev->vs, v, v));
            i = 2;
        }
        if (nil)
            return eval_fail(ev, n, "%s is nil", go_text(ev, n->a));
    }
    return NULL;
}

/* A variable that a closure captured. */
static struct err *captured(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct presentation p;
    struct child c;
    struct err *e = NULL;
    TRY(present(ev, n, v, &p));
    while (p.next && p.next(&p, ev->vs, &c, &e)) {
        if (strcmp(c.name, n->text) != 0)
            continue;
        *out = c.value;
        return NULL;
    }
    TRY(e);
    return no_member(ev, n, v);
}

struct err *go_member(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    enum go_kind kind;
    bool found = false;
    TRY(eval_node(ev, n->a, &v));
    type_go(v.type, &kind);
    if (kind == GO_CHAN)
        return channel_member(ev, n, &v, out);
    if (kind == GO_FUNC)
        return captured(ev, n, &v, out);
    TRY(selected(ev, n, &v));
    type_go(v.type, &kind);
    if (kind == GO_STRUCT)
        TRY(promoted(ev, &v, n->text, 0, out, &found));
    if (!found && kind != GO_POINTER)
        TRY(method(ev, n, &v, out, &found));
    return found ? NULL : no_member(ev, n, &v);
}

struct err *go_assertion(struct eval *ev, const struct node *n, struct value *out)
{
    struct value v;
    enum go_kind kind;
    const struct type *to = NULL;
    bool nil, any = n->a->kind == NODE_TYPE_NAME && strcmp(n->a->text, "data") == 0;
    TRY(eval_node(ev, n->b, &v));
    type_go(v.type, &kind);
    if (kind != GO_INTERFACE)
        return eval_fail(ev, n, "expression \"%s\" not an interface", go_text(ev, n->b));
    TRY(go_held(ev, n, &v, out, &nil));
    if (!any && !nil && n->a->kind == NODE_TYPE_NAME)
        TRY(go_named_type(ev, n->a->text, &to)); /* one without a name of its own may not be found, and need not */
    else if (!any && !nil)
        TRY(eval_type(ev, n->a, &to));
    const char *have = nil ? "nil" : go_type_text(ev, out->type), *want = to ? go_type_text(ev, to) : go_text(ev, n->a);
    if (!nil && (any || strcmp(have, want) == 0))
        return NULL;
    return eval_fail(ev, n, "interface conversion: %s is %s, not %s", go_type_text(ev, v.type), have, want);
}
