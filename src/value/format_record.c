/* SPDX-License-Identifier: Apache-2.0 */
/* Structs, classes and unions of C and C++: bases, members, static members. */
#include "value/format_priv.h"

static void print_fields(struct printer *p, const struct value *v, const struct type *t);

/* ---- bases ---- */

/* A virtual base is one object, however many bases name it. */
static bool base_is_new(struct printer *p, const struct type *base)
{
    for (unsigned i = p->first_base; i < p->n_bases; i++)
        if (type_equal(p->bases[i], base))
            return false;
    if (p->n_bases < SEEN_MAX)
        p->bases[p->n_bases++] = base;
    return true;
}

static void print_base_body(struct printer *p, const struct value *v, const struct field *f, const struct type *base)
{
    struct value object;
    struct presentation shown;
    struct err *e = value_field(p->vs, v, f, &object);
    if (e)
        print_problem(p, e);
    else if (p->f->letter != 'r' && format_present(p->vs, &object, &shown))
        print_presentation(p, &shown);
    else if (base->incomplete)
        text_put(p->out, "<incomplete type>");
    else
        print_fields(p, &object, base);
}

static void print_base(struct printer *p, const struct value *v, const struct field *f)
{
    const struct type *base = type_complete(type_strip(f->type));
    if (f->flags & FIELD_VIRTUAL && !base_is_new(p, base))
        return;
    p->level++;
    if (p->f->pretty)
        print_line(p, p->level);
    text_putc(p->out, '<');
    if (base->name)
        text_put_escaped(p->out, base->name, strlen(base->name));
    text_put(p->out, "> = ");
    if (print_too_deep(p))
        text_put(p->out, "{...}");
    else
        print_base_body(p, v, f, base);
    text_put(p->out, ", ");
    p->level--;
}

/* ---- members ---- */

/* A static member can hold itself: each is printed once. False when it was, which is said. */
static bool static_is_new(struct printer *p, taddr at)
{
    for (unsigned i = 0; i < p->n_statics; i++)
        if (p->statics[i] == at) {
            text_put(p->out, "<same as static member of an already seen type>");
            return false;
        }
    if (p->n_statics == SEEN_MAX) {
        text_put(p->out, "{...}");
        return false;
    }
    p->statics[p->n_statics++] = at;
    return true;
}

static void print_static_field(struct printer *p, const struct value *v, const struct field *f)
{
    struct value object;
    taddr at = 0;
    struct err *e = value_field(p->vs, v, f, &object);
    if (!e && type_is_record(type_strip(object.type)))
        e = value_address(&object, &at);
    if (e)
        print_problem(p, e);
    else if (at == 0)
        print_value(p, &object);
    else if (static_is_new(p, at))
        print_record(p, &object, type_strip(object.type));
}

static bool is_vtable_pointer(const struct field *f)
{
    return f->name && begins_with(f->name, "_vptr");
}

static void print_field(struct printer *p, const struct value *v, const struct field *f)
{
    struct value member;
    uint64_t at;
    if (f->flags & FIELD_STATIC) {
        print_static_field(p, v, f);
        return;
    }
    struct err *e = value_field(p->vs, v, f, &member);
    if (!e && is_vtable_pointer(f) && type_strip(f->type)->kind == TYPE_POINTER) {
        e = value_int(p->vs, &member, &at);
        if (!e)
            print_code_address(p, at);
    } else if (!e) {
        print_value(p, &member);
    }
    if (e)
        print_problem(p, e);
}

static void begin_field(struct printer *p, const struct type *t, const struct field *f, bool first, bool bases)
{
    if (!first) {
        text_put(p->out, p->f->pretty ? "," : ", ");
    } else if (bases && p->f->pretty) {
        print_line(p, p->level + 1);
        text_put(p->out, "members of ");
        if (t->name)
            text_put_escaped(p->out, t->name, strlen(t->name));
        text_putc(p->out, ':');
    }
    if (p->f->pretty)
        print_line(p, p->level + 1);
    if (f->flags & FIELD_STATIC)
        text_put(p->out, "static ");
    if (f->name) {
        text_put_escaped(p->out, f->name, strlen(f->name));
        text_put(p->out, " = ");
    }
}

static void print_members(struct printer *p, const struct value *v, const struct type *t, struct fields fields,
                          bool bases)
{
    bool first = true, follow = p->follow;
    p->follow = false;
    for (size_t i = 0; i < fields.n && !print_stopped(p); i++) {
        const struct field *f = &fields.v[i];
        if (f->flags & FIELD_BASE || (f->flags & FIELD_STATIC && !p->f->static_members))
            continue;
        begin_field(p, t, f, first, bases);
        first = false;
        bool anonymous = !f->name;
        p->level++;
        p->free += anonymous;
        print_field(p, v, f);
        p->free -= anonymous;
        p->level--;
    }
    p->follow = follow;
    if (p->f->pretty)
        print_line(p, p->level);
}

/* One class of an object, without what encloses it. */
static void print_fields(struct printer *p, const struct value *v, const struct type *t)
{
    struct fields fields = type_fields(t);
    size_t bases = 0;
    text_putc(p->out, '{');
    for (size_t i = 0; i < fields.n; i++)
        if (fields.v[i].flags & FIELD_BASE) {
            bases++;
            print_base(p, v, &fields.v[i]);
        }
    if (bases == fields.n)
        text_put(p->out, "<No data fields>");
    else
        print_members(p, v, t, fields, bases > 0);
    text_putc(p->out, '}');
}

void print_record(struct printer *p, const struct value *v, const struct type *t)
{
    unsigned first = p->first_base, n = p->n_bases;
    p->first_base = n;
    if (t->incomplete)
        text_put(p->out, "<incomplete type>");
    else
        print_fields(p, v, t);
    p->first_base = first;
    p->n_bases = n;
}
