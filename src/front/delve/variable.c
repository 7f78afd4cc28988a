/* SPDX-License-Identifier: Apache-2.0 */
/* Values as api.Variable, with Delve's rules of how much is loaded; those of C, C++, Rust and Python in the same form. */
#include "front/delve/variable.h"

#include "value/children.h"

#include <string.h>

enum { NESTED_MAX = 64, CHARACTERS_MAX = 1 << 20, UNOPENED = INT32_MAX };

/* What Delve gives to variables in registers. */
#define FAKE_ADDRESS UINT64_C(0xbeed000000000000)

const struct load load_default = {.follow_pointers = true, .recurse = 1, .string = 64, .array = 64, .fields = -1};

struct load load_of(struct arguments *a, const char *name, const struct load *otherwise)
{
    struct arguments cfg = argument_object(a, name);
    if (!cfg.object)
        return otherwise ? *otherwise : (struct load){0};
    struct load l = {
        .follow_pointers = argument_bool(&cfg, "FollowPointers"),
        .recurse = argument_integer(&cfg, "MaxVariableRecurse", 0),
        .string = argument_integer(&cfg, "MaxStringLen", 0),
        .array = argument_integer(&cfg, "MaxArrayValues", 0),
        .fields = argument_integer(&cfg, "MaxStructFields", 0),
    };
    if (cfg.wrong && !a->wrong)
        a->wrong = cfg.wrong;
    return l;
}

/* ---- the members ---- */

static void put_type_name(struct json *j, const char *key, const struct type *t)
{
    SCOPED(text_done) struct text name = {0};
    if (t)
        type_name(&name, t, NULL);
    json_kv_string(j, key, text_str(&name));
}

static bool is_utf8(const struct text *t)
{
    for (size_t i = 0, n; i < t->n; i += n)
        if (!(n = utf8_sequence(t->p + i, t->n - i)))
            return false;
    return true;
}

/* What a JSON string cannot hold goes as bytes, too. */
static void put_bytes(struct json *j, const struct shown *s)
{
    json_key(j, "StringValueBytes");
    if (s->kind != GO_STRING || is_utf8(&s->value))
        json_null(j);
    else
        json_base64(j, s->value.p, s->value.n);
}

void shown_begin(struct writer *w, const struct shown *s)
{
    struct json *j = w->j;
    json_object_begin(j);
    json_kv_string(j, "name", s->name ? s->name : "");
    json_kv_u64(j, "addr", s->addr);
    json_kv_bool(j, "onlyAddr", s->only_addr);
    put_type_name(j, "type", s->type);
    put_type_name(j, "realType", s->real);
    json_kv_u64(j, "flags", s->flags);
    json_kv_u64(j, "kind", s->kind);
    json_key(j, "value");
    json_stringn(j, text_str(&s->value), s->value.n);
    put_bytes(j, s);
    json_kv_i64(j, "len", s->len);
    json_kv_i64(j, "cap", s->cap);
    json_key(j, "children");
    json_array_begin(j);
    w->nested++;
}

void shown_end(struct writer *w, struct shown *s)
{
    struct json *j = w->j;
    w->nested--;
    json_array_end(j);
    json_kv_u64(j, "base", s->base);
    json_kv_string(j, "unreadable", text_str(&s->unreadable));
    json_kv_string(j, "LocationExpr", "");
    json_kv_u64(j, "DeclLine", s->line);
    json_object_end(j);
    text_done(&s->value);
    text_done(&s->unreadable);
}

void shown_error(struct shown *s, struct err *e)
{
    if (e && !s->unreadable.n)
        put_err(&s->unreadable, e);
    err_free(e);
}

void delve_put_unopened(struct writer *w, const char *name, const struct type *t, taddr at)
{
    struct value v = value_at(w->vs, t, at);
    struct variable_facts facts = {.name = name};
    delve_put_value(w, &facts, &v, UNOPENED);
}

bool shown_enough(const struct writer *w)
{
    enum { ANSWER_MAX = 256 << 20 }; /* bytes: it is kept until it is complete */
    return w->client->answer->kept.n > ANSWER_MAX || progress_cancelled(w->vs->progress);
}

/* ---- other languages than Go ---- */

struct child_list {
    struct writer *w;
    int64_t level;
};

static bool put_child(void *arg, const struct value_child *child)
{
    struct child_list *l = arg;
    struct variable_facts facts = {.name = child->name};
    if (child->value) {
        delve_put_value(l->w, &facts, child->value, l->level);
    } else {
        struct shown s = {.name = child->name};
        shown_error(&s, err_dup(child->why));
        shown_begin(l->w, &s);
        shown_end(l->w, &s);
    }
    return !shown_enough(l->w);
}

static bool is_scalar(const struct type *t)
{
    return t->kind == TYPE_BOOL || t->kind == TYPE_CHAR || t->kind == TYPE_INT || t->kind == TYPE_ENUM ||
           t->kind == TYPE_FLOAT;
}

static unsigned kind_of(const struct type *t, const struct children *c)
{
    if (c->row)
        return GO_SLICE;
    switch ((enum type_kind)t->kind) {
    case TYPE_BOOL:
        return GO_BOOL;
    case TYPE_CHAR:
    case TYPE_INT:
    case TYPE_ENUM:
        return t->is_signed ? KIND_INT : KIND_UINT;
    case TYPE_FLOAT:
        return t->size == sizeof(float) ? KIND_FLOAT32 : KIND_FLOAT64;
    case TYPE_POINTER:
        return c->n ? GO_POINTER : KIND_INVALID;
    case TYPE_STRUCT:
    case TYPE_CLASS:
    case TYPE_UNION:
        return c->n ? GO_STRUCT : KIND_INVALID;
    case TYPE_ERROR:
    case TYPE_VOID:
    case TYPE_DECIMAL:
    case TYPE_COMPLEX:
    case TYPE_REFERENCE:
    case TYPE_RVALUE_REFERENCE:
    case TYPE_MEMBER_POINTER:
    case TYPE_ARRAY:
    case TYPE_VECTOR:
    case TYPE_FUNCTION:
    case TYPE_UNSPECIFIED:
    case TYPE_TYPEDEF:
    case TYPE_CONST:
    case TYPE_VOLATILE:
    case TYPE_RESTRICT:
    case TYPE_ATOMIC:
        break;
    }
    return KIND_INVALID; /* shown by its text alone */
}

/* What a pointer points to is its only child. */
static void put_pointed(struct writer *w, struct shown *s, const struct value *v, int64_t level)
{
    struct variable_facts none = {0};
    struct value target;
    uint64_t at = 0;
    struct err *e = value_int(w->vs, v, &at);
    if (!e)
        text_printf(&s->value, "%llu", (unsigned long long)at);
    if (!e && at)
        e = value_deref(w->vs, v, &target);
    shown_error(s, e);
    s->len = 1;
    shown_begin(w, s);
    const struct type *t = type_strip(v->type)->target;
    if (at && !s->unreadable.n && w->load.follow_pointers) {
        delve_put_value(w, &none, &target, level);
    } else {
        struct shown child = {.addr = at, .only_addr = at != 0, .type = t, .real = t};
        shown_begin(w, &child);
        shown_end(w, &child);
    }
    shown_end(w, s);
}

static void put_foreign_value(struct writer *w, struct shown *s, const struct value *v, int64_t level)
{
    struct format f = format_defaults;
    struct children c = value_children(w->vs, v);
    const struct type *t = type_strip(v->type);
    s->kind = kind_of(t, &c);
    if (!v->loc.n) {
        text_put(&s->unreadable, "optimized out");
        shown_begin(w, s);
        shown_end(w, s);
        return;
    }
    if (s->kind == GO_POINTER) {
        put_pointed(w, s, v, level + 1);
        return;
    }
    bool opens = level <= w->load.recurse;
    s->len = c.n <= INT64_MAX ? (int64_t)c.n : 0;
    s->cap = s->kind == GO_SLICE ? s->len : 0;
    s->base = s->kind == GO_SLICE ? s->addr : 0;
    if (s->kind == KIND_INVALID || is_scalar(t)) {
        f.elements = (unsigned)(w->load.array > 0 && w->load.array < INT32_MAX ? w->load.array : 1);
        f.characters = (unsigned)(w->load.string > 0 && w->load.string < INT32_MAX ? w->load.string : 1);
        format_variable(w->vs, v, &f, &s->value);
        s->kind = s->kind == KIND_INVALID ? KIND_TEXT : s->kind;
        opens = false;
        s->len = s->cap = 0;
    }
    shown_begin(w, s);
    struct child_list l = {w, level + 1};
    uint64_t most = c.row ? (uint64_t)(w->load.array > 0 ? w->load.array : 0) : UINT64_MAX;
    if (opens)
        shown_error(s, children_each(w->vs, &c, 0, most, put_child, &l));
    shown_end(w, s);
}

/* ---- any ---- */

void delve_put_value(struct writer *w, const struct variable_facts *facts, const struct value *v, int64_t level)
{
    enum go_kind kind;
    struct shown s = {.name = facts->name, .flags = facts->flags, .line = facts->line, .type = v->type};
    struct err *nowhere = value_address(v, &s.addr);
    if (nowhere && v->frame && v->loc.n) { /* in registers */
        s.addr = FAKE_ADDRESS;
        s.flags |= VARIABLE_FAKE;
    } else if (nowhere && v->loc.n) { /* made by an expression */
        s.flags |= VARIABLE_CONSTANT;
    }
    err_free(nowhere);
    s.real = type_go(v->type, &kind);
    s.kind = kind > GO_BOOL && kind <= GO_UINTPTR ? type_strip(v->type)->is_signed ? KIND_INT : KIND_UINT : kind;
    if (level == UNOPENED || w->nested >= NESTED_MAX) {
        s.only_addr = true;
        if (type_is_go(v->type))
            shown_go_length(w, &s, v, kind);
        shown_begin(w, &s);
        shown_end(w, &s);
    } else if (type_is_go(v->type)) {
        delve_put_go_value(w, &s, v, level);
    } else {
        put_foreign_value(w, &s, v, level);
    }
}

void delve_put_variable(struct client *c, struct json *j, const struct variable_facts *facts, const struct value *v,
                        const struct err *why, const struct load *load)
{
    struct writer w = {.client = c, .j = j, .vs = session_values(c->session), .load = *load};
    if (w.load.string > CHARACTERS_MAX)
        w.load.string = CHARACTERS_MAX;
    if (v) {
        delve_put_value(&w, facts, v, 0);
        return;
    }
    struct shown s = {.name = facts->name, .flags = facts->flags, .line = facts->line};
    shown_error(&s, err_dup(why));
    shown_begin(&w, &s);
    shown_end(&w, &s);
}
