/* SPDX-License-Identifier: Apache-2.0 */
/* Members: x.m, p->m, x.Base::m, &Class::m, x.*p. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "module/dwexpr.h"
#include "value/descent.h"
#include "value/scope_priv.h"

static bool exists(const struct type *record, const char *name, struct descent *d)
{
    if (!descent_in(d))
        return false;
    struct fields fields = type_fields(record);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (f->name && !(f->flags & FIELD_BASE) && strcmp(f->name, name) == 0)
            return true;
        const struct type *inner = type_strip(f->type);
        if ((!f->name || f->flags & FIELD_BASE) && type_is_record(inner) && exists(inner, name, d))
            return true;
    }
    descent_out(d);
    return false;
}

bool member_exists(const struct type *record, const char *name)
{
    return exists(type_complete(type_strip(record)), name, &(struct descent){0});
}

static bool has_base(const struct type *record, const struct type *base, struct descent *d)
{
    if (type_equal(record, base))
        return true;
    if (!descent_in(d))
        return false;
    struct fields fields = type_fields(record);
    for (size_t i = 0; i < fields.n; i++)
        if (fields.v[i].flags & FIELD_BASE && has_base(type_strip(fields.v[i].type), base, d))
            return true;
    descent_out(d);
    return false;
}

bool member_has_base(const struct type *record, const struct type *base)
{
    return has_base(type_complete(type_strip(record)), type_complete(type_strip(base)), &(struct descent){0});
}

/* The base class of a name ("ns::Base", "Base") in a record. */
static struct err *find_base(struct eval *ev, const struct value *v, const char *name, struct descent *d,
                             struct value *out, bool *found)
{
    const struct type *t = type_strip(v->type);
    if ((t->name && strcmp(t->name, name) == 0) || (t->tag && strcmp(t->tag, name) == 0)) {
        *out = *v;
        *found = true;
        return NULL;
    }
    if (!descent_in(d))
        return NULL;
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n && !*found; i++) {
        struct value inner;
        if (!(fields.v[i].flags & FIELD_BASE))
            continue;
        TRY(value_field(ev->vs, v, &fields.v[i], &inner));
        TRY(find_base(ev, &inner, name, d, out, found));
    }
    descent_out(d);
    return NULL;
}

/* Where "Base::x" has its last ::, outside of template arguments; NULL: nowhere. */
static const char *last_scope(const char *name)
{
    const char *last = NULL;
    unsigned angles = 0;
    for (const char *p = name; *p; p++) {
        if (*p == '<')
            angles++;
        else if (*p == '>' && angles > 0)
            angles--;
        else if (angles == 0 && p[0] == ':' && p[1] == ':')
            last = p;
    }
    return last;
}

/* A method: its code, by the name of its class or of a base. */
static struct err *method(struct eval *ev, const struct node *n, const struct type *record, const char *name,
                          struct descent *d, struct value *out, bool *done)
{
    struct found f = {0};
    *done = false;
    if (!record->name || !descent_in(d))
        return NULL;
    TRY(name_find(ev, arena_printf(ev->arena, "::%s::%s", record->name, name), NULL, TAG_NONE, &f));
    *done = f.kind == FOUND_DIE;
    if (*done)
        return found_value(ev, n, &f, out);
    struct fields fields = type_fields(record);
    for (size_t i = 0; i < fields.n && !*done; i++)
        if (fields.v[i].flags & FIELD_BASE)
            TRY(method(ev, n, type_strip(fields.v[i].type), name, d, out, done));
    descent_out(d);
    return NULL;
}

static struct err *in_record(struct eval *ev, const struct node *n, const struct value *v, const char *name,
                             struct value *out, bool *done)
{
    struct value object = *v;
    const char *scope = last_scope(name);
    *done = true;
    if (scope) {
        bool found = false;
        const char *base = arena_strndup(ev->arena, name, (size_t)(scope - name));
        name = scope + 2;
        TRY(find_base(ev, v, base, &(struct descent){0}, &object, &found));
        if (!found)
            return eval_fail(ev, n, "base class '%s' is ambiguous or does not exist in type '%s'", base,
                             type_strip(v->type)->name ? type_strip(v->type)->name : "");
    }
    if (ev->language == EXPR_RUST && name[0] >= '0' && name[0] <= '9')
        name = arena_printf(ev->arena, "__%s", name); /* tuple fields as rustc writes them */
    const struct type *t = type_strip(object.type);
    if (member_exists(t, name) || type_variants(t).n > 0)
        return eval_at(ev, n, value_member(ev->vs, &object, name, out));
    return method(ev, n, t, name, &(struct descent){0}, out, done);
}

/* The record that a member is looked for in: `p->x` and `p.x` mean the same, as in gdb. */
static struct err *record_of(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    const struct type *t;
    TRY(pointer_referent(ev, v, out));
    t = type_strip(out->type);
    if (t->kind == TYPE_POINTER && t->target && type_strip(t->target)->kind != TYPE_VOID) {
        if (ev->types_only)
            *out = eval_absent(t->target);
        else
            TRY(eval_at(ev, n, value_deref(ev->vs, out, out)));
        t = type_strip(out->type);
    }
    if (!type_is_record(t))
        return eval_fail(ev, n, "Attempt to extract a component of a value that is not a structure%s.",
                         n->op == OP_ARROW ? " pointer" : "");
    if (t->incomplete)
        out->type = type_complete(t);
    return NULL;
}

static bool has_methods(const struct type *t)
{
    struct dw_die die;
    for (bool ok = t->die.unit && dw_die_child(&t->die, &die); ok; ok = dw_die_next(&die))
        if (dw_tag(&die) == DW_TAG_subprogram)
            return true;
    return false;
}

struct err *member_of(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct value object, target;
    bool done = false, direct = type_strip(v->type)->kind == TYPE_POINTER;
    TRY(record_of(ev, n, v, &object));
    /* -> on a record is operator->, and Rust's dot looks through Box and Rc. */
    bool through =
        !direct && (n->op == OP_ARROW || (ev->language == EXPR_RUST && !member_exists(object.type, n->text)));
    if (through && ev->types_only)
        return eval_as(ev, n, false, out, NULL); /* what the pointer presents takes reading */
    if (through)
        TRY(container_target(ev, n, &object, &target, &done));
    if (done) {
        TRY(record_of(ev, n, &target, &object));
    }
    TRY(in_record(ev, n, &object, n->text, out, &done));
    if (done)
        return NULL;
    return eval_fail(ev, n, "There is no member %snamed %s.", has_methods(type_strip(object.type)) ? "or method " : "",
                     n->text);
}

/* ---- pointers to members ---- */

/* The place in the vtable of a method; false for one that is not virtual. */
static bool vtable_index(const struct dw_die *function, uint64_t *out)
{
    struct dw_value v;
    struct dw_die owner;
    if (!scope_attr(function, DW_AT_vtable_elem_location, &v, &owner) || v.cls != DW_CLASS_BLOCK)
        return false;
    struct cursor c = cursor_of(v.block, 0, "DW_AT_vtable_elem_location");
    if (cursor_u8(&c) != DW_OP_constu)
        return false;
    *out = cursor_uleb(&c);
    return !c.failed;
}

/* Itanium C++ ABI 2.3: the code's address, or 1 plus the offset in the vtable; and nothing to add to `this`. */
static struct err *method_pointer(struct eval *ev, const struct node *n, const struct type *class, struct value *out,
                                  bool *done)
{
    struct found f;
    struct value code;
    uint64_t words[2] = {0};
    TRY(name_find(ev, n->text, NULL, TAG_NONE, &f));
    if (f.kind != FOUND_DIE || dw_tag(&f.die) != DW_TAG_subprogram)
        return NULL;
    const struct type *t = type_of_die(ev->types, &f.die);
    struct fields parameters = type_parameters(t);
    if (parameters.n == 0 || !(parameters.v[0].flags & FIELD_ARTIFICIAL))
        return NULL;
    *done = true;
    unsigned word = modules_image(ev->vs->ms)->arch->addr_size;
    if (vtable_index(&f.die, &words[0])) {
        words[0] = words[0] * word + 1;
    } else {
        TRY(found_value(ev, n, &f, &code));
        TRY(value_address(&code, &words[0]));
    }
    const struct type *pointer = type_member_pointer_to(ev->types, t, class);
    uint8_t bytes[sizeof(words)] = {0};
    memcpy(bytes, &words[0], word);
    *out = value_of_bytes(ev->vs, pointer, bytes, 2 * (size_t)word);
    return NULL;
}

/* *done false: it is a static member. */
struct err *member_pointer_to(struct eval *ev, const struct node *n, bool *done, struct value *out)
{
    struct found f;
    const char *scope = n->kind == NODE_NAME && !n->file && ev->language == EXPR_CXX ? last_scope(n->text) : NULL;
    *done = false;
    if (!scope || scope == n->text)
        return NULL;
    TRY(name_find(ev, arena_strndup(ev->arena, n->text, (size_t)(scope - n->text)), NULL, TAG_NONE, &f));
    if (f.kind != FOUND_TYPE || !type_is_record(type_strip(f.type)))
        return NULL;
    struct fields fields = type_fields(type_strip(f.type));
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *m = &fields.v[i];
        if (!m->name || strcmp(m->name, scope + 2) != 0 || m->flags & (FIELD_STATIC | FIELD_BASE))
            continue;
        *done = true;
        *out = value_of_int(ev->vs, type_member_pointer_to(ev->types, m->type, f.type), m->bit_offset / 8);
        return NULL;
    }
    return method_pointer(ev, n, f.type, out, done);
}

struct err *member_by_pointer(struct eval *ev, const struct node *n, const struct value *object,
                              const struct value *pointer, struct value *out)
{
    struct value record, plain;
    uint64_t offset = 0;
    TRY(pointer_referent(ev, pointer, &plain));
    const struct type *t = type_strip(plain.type);
    if (t->kind != TYPE_MEMBER_POINTER || !t->target)
        return eval_fail(ev, n, "not a pointer to a member");
    if (type_strip(t->target)->kind == TYPE_FUNCTION)
        return eval_fail(ev, n, "a pointer to a method can only be called: %s", "calls are refused");
    TRY(record_of(ev, n, object, &record));
    if (t->owner)
        TRY(eval_at(ev, n, value_cast(ev->vs, &record, t->owner, &record)));
    if (ev->types_only) {
        *out = eval_absent(t->target);
        return NULL;
    }
    TRY(value_int(ev->vs, &plain, &offset));
    *out = record;
    out->type = t->target;
    out->bit_offset += offset * 8;
    return NULL;
}
