/* SPDX-License-Identifier: Apache-2.0 */
/* Records, enums and characters of Rust. */
#include "value/format_priv.h"

/* ---- characters and byte strings ---- */

void print_rust_char(struct printer *p, const struct scalar *s)
{
    uint32_t c = (uint32_t)scalar_u64(s);
    text_putc(p->out, '\'');
    if (c == '\\' || c == '\'')
        text_printf(p->out, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t' || c == 0)
        text_put(p->out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : "\\0");
    else if (c >= 0x20 && c < 0x7f)
        text_putc(p->out, (char)c);
    else
        text_printf(p->out, c <= 0xff ? "\\x%02x" : "\\u{%06x}", c);
    text_putc(p->out, '\'');
}

static bool is_u8(const struct type *t)
{
    return t->kind == TYPE_INT && t->size == 1 && !t->is_signed;
}

/* A pointer to an array of bytes shows them. False for any other. */
bool print_rust_pointer(struct printer *p, const struct type *t, taddr at)
{
    const struct type *array = t->target ? type_strip(t->target) : NULL;
    if (!array || array->kind != TYPE_ARRAY || !array->count_known || !is_u8(type_strip(array->target)))
        return false;
    print_address(p, at, p->f->symbols);
    text_put(p->out, " b");
    print_string_sized(p, at, array->count, (struct text_kind){.width = 1, .prefix = ""});
    return true;
}

/* ---- slices ---- */

/* "&str", "&[u8]", "&mut [T]": data_ptr and length. */
static bool slice_parts(struct printer *p, const struct value *v, const struct type *t, struct value *data,
                        uint64_t *length)
{
    struct value n;
    bool named = t->name && (strcmp(t->name, "&str") == 0 || strcmp(t->name, "&mut str") == 0 ||
                             begins_with(t->name, "&[") || begins_with(t->name, "&mut ["));
    if (!named)
        return false;
    struct err *e = value_member(p->vs, v, "data_ptr", data);
    if (!e)
        e = value_member(p->vs, v, "length", &n);
    if (!e)
        e = value_int(p->vs, &n, length);
    bool ok = !e && type_strip(data->type)->kind == TYPE_POINTER;
    err_free(e); /* then it is printed as the record that it is */
    return ok;
}

bool print_rust_str(struct printer *p, const struct value *v, const struct type *t)
{
    struct value data;
    uint64_t n, at;
    if (!type_is_rust(t) || !t->name || !strstr(t->name, "str") || strchr(t->name, '[') ||
        !slice_parts(p, v, t, &data, &n))
        return false;
    struct err *e = value_int(p->vs, &data, &at);
    if (e)
        print_problem(p, e);
    else
        print_string_sized(p, at, n, (struct text_kind){.width = 1, .prefix = ""});
    return true;
}

static bool print_slice(struct printer *p, const struct value *v, const struct type *t)
{
    struct value data;
    uint64_t n, at;
    if (!slice_parts(p, v, t, &data, &n))
        return false;
    struct err *e = value_int(p->vs, &data, &at);
    const struct type *element = type_strip(data.type)->target;
    if (e || !element) {
        print_problem(p, e);
        return e != NULL;
    }
    text_put_escaped(p->out, t->name, strlen(t->name));
    text_putc(p->out, ' ');
    struct value all = value_at(p->vs, type_array_of(p->vs->types, element, n), at);
    print_elements(p, &all, n, "[]");
    return true;
}

/* ---- records ---- */

/* Fields __0, __1, ...: a tuple, or a struct written as one. */
static bool is_tuple(struct fields fields)
{
    for (size_t i = 0; i < fields.n; i++) {
        char want[24];
        snprintf(want, sizeof(want), "__%zu", i);
        if (!fields.v[i].name || strcmp(fields.v[i].name, want) != 0)
            return false;
    }
    return fields.n > 0;
}

static void print_one(struct printer *p, const struct value *v, const struct field *f, bool named)
{
    struct value member;
    if (named && f->name) {
        text_put_escaped(p->out, f->name, strlen(f->name));
        text_put(p->out, ": ");
    }
    struct err *e = value_field(p->vs, v, f, &member);
    p->level++;
    if (e)
        print_problem(p, e);
    else
        print_value(p, &member);
    p->level--;
}

static void print_fields(struct printer *p, const struct value *v, struct fields fields, bool tuple, bool pretty)
{
    bool first = true, follow = p->follow;
    p->follow = false;
    for (size_t i = 0; i < fields.n && !print_stopped(p); i++) {
        if (fields.v[i].flags & FIELD_STATIC)
            continue;
        if (!first)
            text_putc(p->out, ',');
        if (pretty)
            print_line(p, p->level + 1);
        else if (!first)
            text_putc(p->out, ' ');
        first = false;
        print_one(p, v, &fields.v[i], !tuple);
    }
    if (pretty)
        print_line(p, p->level);
    p->follow = follow;
}

static void put_name(struct printer *p, const struct type *t)
{
    if (t->name)
        text_put_escaped(p->out, t->name, strlen(t->name));
}

static void print_enum(struct printer *p, const struct value *v)
{
    struct value active;
    struct err *e = value_variant(p->vs, v, &active);
    if (e) {
        print_problem(p, e);
        return;
    }
    const struct type *t = type_strip(active.type);
    struct fields fields = type_fields(t);
    bool tuple = is_tuple(fields);
    put_name(p, t);
    if (fields.n == 0)
        return;
    text_putc(p->out, tuple ? '(' : '{');
    print_fields(p, &active, fields, tuple, false);
    text_putc(p->out, tuple ? ')' : '}');
}

void print_rust_record(struct printer *p, const struct value *v, const struct type *t)
{
    if (type_variants(t).n) {
        print_enum(p, v);
        return;
    }
    if (print_slice(p, v, t))
        return;
    struct fields fields = type_fields(t);
    bool tuple = is_tuple(fields), named = t->name && t->name[0] != '(';
    if (named)
        put_name(p, t);
    if (fields.n == 0) {
        if (!named)
            text_put(p->out, "()");
        return;
    }
    text_put(p->out, named ? " " : "");
    text_putc(p->out, tuple ? '(' : '{');
    print_fields(p, v, fields, tuple, p->f->pretty);
    text_putc(p->out, tuple ? ')' : '}');
}
