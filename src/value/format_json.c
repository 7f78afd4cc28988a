/* SPDX-License-Identifier: Apache-2.0 */
/* A value as JSON: docs/schema/inquest.value-1.json. */
#include "value/format_priv.h"

/* One value and what is in it. */
struct tree {
    struct values *vs;
    const struct format *f;
    struct json *j;
    unsigned level;
    uint64_t left; /* values that may still be written: records of records multiply */
};

enum { VALUES_MAX = 100000 };

static void put_value(struct tree *t, const char *name, const struct value *v);

static void put_failed(struct tree *t, const char *name, struct err *e)
{
    json_object_begin(t->j);
    if (name)
        json_kv_string(t->j, "name", name);
    json_kv_string(t->j, "unavailable", err_code_name(e->code));
    json_kv_string(t->j, "why", e->msg);
    json_object_end(t->j);
    err_free(e);
}

static void put_field(struct tree *t, const struct value *v, const struct field *f)
{
    struct value member;
    struct err *e = value_field(t->vs, v, f, &member);
    const char *name = f->name ? f->name : f->flags & FIELD_BASE ? type_strip(f->type)->name : NULL;
    if (e)
        put_failed(t, name, e);
    else
        put_value(t, name, &member);
}

static void put_record(struct tree *t, const struct value *whole)
{
    struct value v = *whole;
    const struct type *type = type_strip(v.type);
    if (type_variants(type).n) {
        struct err *e = value_variant(t->vs, whole, &v);
        if (e) {
            put_failed(t, NULL, e);
            return;
        }
        type = type_strip(v.type);
        json_kv_string(t->j, "variant", type->name);
    }
    struct fields fields = type_fields(type);
    json_key(t->j, "children");
    json_array_begin(t->j);
    for (size_t i = 0; i < fields.n && t->left; i++)
        if (!(fields.v[i].flags & FIELD_STATIC) || t->f->static_members)
            put_field(t, &v, &fields.v[i]);
    json_array_end(t->j);
}

static void put_array(struct tree *t, const struct value *v, const struct type *type)
{
    uint64_t n = t->f->elements && type->count > t->f->elements ? t->f->elements : type->count;
    json_kv_u64(t->j, "length", type->count);
    json_key(t->j, "children");
    json_array_begin(t->j);
    for (uint64_t i = 0; i < n && t->left && !progress_cancelled(t->vs->progress); i++) {
        struct value element = value_element(v, type->lower + (int64_t)i);
        put_value(t, NULL, &element);
    }
    json_array_end(t->j);
}

static void put_children(struct tree *t, struct presentation *shown, uint64_t limit)
{
    struct child c = {.name = NULL};
    struct err *e = NULL;
    json_key(t->j, "children");
    json_array_begin(t->j);
    for (uint64_t n = 0; n < limit && t->left && shown->next(shown, t->vs, &c, &e); n++) {
        put_value(t, c.name, &c.value);
        c = (struct child){.name = NULL};
    }
    if (e)
        put_failed(t, NULL, e);
    json_array_end(t->j);
}

static void put_presentation(struct tree *t, struct presentation *shown)
{
    if (shown->summary)
        json_kv_string(t->j, "summary", shown->summary);
    if (!shown->next || shown->kind == PRESENT_STRING || shown->kind == PRESENT_TEXT)
        return;
    if (shown->kind == PRESENT_VALUE) {
        put_children(t, shown, 1);
        return;
    }
    if (shown->length != UINT64_MAX)
        json_kv_u64(t->j, "length", shown->length);
    json_kv_string(t->j, "kind",
                   shown->kind == PRESENT_MAP     ? "map"
                   : shown->kind == PRESENT_ARRAY ? "array"
                                                  : "record");
    put_children(t, shown, t->f->elements ? t->f->elements : UINT64_MAX);
}

/* Why the value's first byte is not there; NULL: it is. */
static struct err *why_unavailable(struct tree *t, const struct value *v, const struct type *type)
{
    uint8_t byte;
    if (type->kind == TYPE_FUNCTION || type->kind == TYPE_VOID || (type->size == 0 && v->loc.n) || value_synthetic(v))
        return NULL;
    return value_read_bits(t->vs, v, 0, v->bit_size ? 1 : 8, &byte);
}

static bool deeper(const struct tree *t)
{
    return t->left && t->level < LEVEL_MAX && !(t->f->depth && t->level >= t->f->depth);
}

static void put_inside(struct tree *t, const struct value *v, const struct type *type)
{
    struct presentation shown;
    bool shows = type_is_record(type) || type_is_go(type);
    t->level++;
    if (shows && t->f->letter != 'r' && format_present(t->vs, v, &shown))
        put_presentation(t, &shown);
    else if (type_is_record(type))
        put_record(t, v);
    else if ((type->kind == TYPE_ARRAY || type->kind == TYPE_VECTOR) && type->target)
        put_array(t, v, type);
    t->level--;
}

static void put_value(struct tree *t, const char *name, const struct value *whole)
{
    SCOPED(text_done) struct text type_text = {0}, text = {0};
    struct value v = *whole;
    taddr at;
    struct err *e = value_resolve(t->vs, &v);
    const struct type *type = type_strip(v.type);
    struct err *nowhere = value_address(&v, &at);
    if (t->left)
        t->left--;
    json_object_begin(t->j);
    if (name)
        json_kv_string(t->j, "name", name);
    type_name(&type_text, v.type, NULL);
    json_kv_string(t->j, "type", text_str(&type_text));
    if (!nowhere)
        json_kv_hex(t->j, "address", at);
    if (!e)
        e = why_unavailable(t, &v, type);
    if (type->foreign && !v.loc.n) {
        json_kv_string(t->j, "unavailable", "unbound");
        json_kv_string(t->j, "why", "the name is bound to nothing here");
    } else if (e) {
        json_kv_string(t->j, "unavailable", err_code_name(e->code));
        json_kv_string(t->j, "why", e->msg);
    } else {
        struct format flat = *t->f;
        flat.depth = 1; /* children have their own texts */
        flat.recurse = 0;
        flat.pretty = flat.array = false;
        format_variable(t->vs, &v, &flat, &text);
        json_kv_string(t->j, "value", text_str(&text));
        if (deeper(t))
            put_inside(t, &v, type);
    }
    json_object_end(t->j);
    err_free(e);
    err_free(nowhere);
}

void format_json(struct values *vs, const struct value *v, const struct format *f, struct json *j)
{
    struct tree t = {.vs = vs, .f = f, .j = j, .left = VALUES_MAX};
    put_value(&t, NULL, v);
}
