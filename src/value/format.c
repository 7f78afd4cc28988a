/* SPDX-License-Identifier: Apache-2.0 */
/* A value as text: what comes before it, and which printer its type has. */
#include "value/format.h"

#include "value/format_priv.h"

const struct format format_defaults = {
    .elements = 200,
    .repeats = 10,
    .depth = 20,
    .recurse = 1,
    .addresses = true,
    .symbols = true,
    .unions = true,
    .static_members = true,
};

/* ---- shared ---- */

bool print_too_deep(const struct printer *p)
{
    return p->level > LEVEL_MAX || (p->f->depth && p->level - p->free >= p->f->depth);
}

bool print_stopped(const struct printer *p)
{
    return p->out->n > OUTPUT_MAX || progress_cancelled(p->vs->progress);
}

void print_line(struct printer *p, unsigned level)
{
    text_printf(p->out, "\n%*s", (int)level * 2, "");
}

void format_problem(struct text *out, struct err *e)
{
    if (!e)
        return;
    switch ((int)e->code) {
    case ERR_OPTIMISED_OUT:
        text_put(out, "<optimized out>");
        break;
    case ERR_NOT_IN_DUMP:
    case ERR_TRUNCATED:
        text_printf(out, "<not in the dump: 0x%" PRIx64 ">", e->at);
        break;
    case ERR_UNMAPPED:
        text_printf(out, "<error: Cannot access memory at address 0x%" PRIx64 ">", e->at);
        break;
    default:
        text_put(out, "<error: ");
        text_put_escaped(out, e->msg, strlen(e->msg));
        text_putc(out, '>');
    }
    err_free(e);
}

void print_problem(struct printer *p, struct err *e)
{
    format_problem(p->out, e);
}

/* ---- what is missing as a whole ---- */

static bool is_aggregate(const struct type *t)
{
    return t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR || type_is_record(t);
}

static bool all_absent(const struct location *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (l->pieces[i].kind != LOC_ABSENT)
            return false;
    return true;
}

bool print_unreadable(struct printer *p, const struct value *v, const struct type *t)
{
    uint8_t byte;
    if (t->size == 0 || v->bit_size || v->loc.n != 1 || v->loc.pieces[0].kind != LOC_MEMORY)
        return false;
    struct err *e = value_read(p->vs, v, 0, &byte, 1);
    struct err *last = e ? value_read(p->vs, v, t->size - 1, &byte, 1) : NULL;
    bool unreadable = last != NULL;
    err_free(last);
    if (unreadable)
        print_problem(p, e);
    else
        err_free(e);
    return unreadable;
}

/* What is said instead of a value that is nowhere; NULL: it is somewhere. */
static const char *nowhere(const struct value *v, const struct type *t)
{
    if (t->foreign && !v->loc.n)
        return "<unbound>";
    if (t->kind != TYPE_VOID && (t->size || v->loc.n == 0) && all_absent(&v->loc))
        return "<optimized out>";
    if (v->loc.n == 1 && v->loc.pieces[0].kind == LOC_REGISTER && v->loc.pieces[0].bytes.n == 0)
        return "<not saved>";
    return NULL;
}

/* ---- by type ---- */

static void print_reference(struct printer *p, const struct value *v)
{
    struct value to;
    uint64_t at;
    bool synthetic = value_synthetic(v) != NULL;
    struct err *e = synthetic ? NULL : value_int(p->vs, v, &at);
    if (e) {
        print_problem(p, e);
        return;
    }
    if (synthetic)
        text_put(p->out, "@<synthetic pointer>");
    else if (p->f->addresses)
        text_printf(p->out, "@0x%" PRIx64, at);
    if (!p->follow)
        return;
    if (p->f->addresses || synthetic)
        text_put(p->out, ": ");
    e = p->f->object ? NULL : value_deref(p->vs, v, &to);
    if (p->f->object) {
        struct value base;
        e = value_deref(p->vs, v, &base);
        if (!e)
            e = value_dynamic(p->vs, &base, &to);
    }
    if (e)
        print_problem(p, e);
    else
        print_value(p, &to);
}

static void print_function(struct printer *p, const struct value *v, const struct type *t)
{
    taddr at = 0;
    struct err *e = value_address(v, &at);
    text_putc(p->out, '{');
    type_name(p->out, t, NULL);
    text_put(p->out, "} ");
    if (e)
        print_problem(p, e);
    else
        print_code_address(p, at);
}

static void print_one_scalar(struct printer *p, const struct value *v)
{
    struct scalar s;
    struct err *e = value_scalar(p->vs, v, &s);
    if (e)
        print_problem(p, e);
    else
        print_scalar(p, v->type, &s);
}

static void print_aggregate(struct printer *p, const struct value *v, const struct type *t)
{
    if (p->summary)
        text_put(p->out, "...");
    else if (print_unreadable(p, v, t) || print_text_array(p, v, t) || print_rust_str(p, v, t))
        return;
    else if (print_too_deep(p) || (t->kind == TYPE_UNION && p->level && !p->f->unions))
        text_put(p->out, "{...}");
    else if (t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR)
        print_array(p, v, t);
    else if (type_is_rust(t))
        print_rust_record(p, v, t);
    else
        print_record(p, v, t);
}

static bool is_reference(const struct type *t)
{
    return t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE;
}

static bool refers_to_aggregate(const struct type *t)
{
    return t->target && is_aggregate(type_strip(t->target));
}

static bool print_foreign(struct printer *p, const struct value *v, const struct type *t)
{
    if (!t->foreign || p->f->letter == 'r')
        return false;
    for (size_t i = 0; p->vs->formatters && p->vs->formatters[i]; i++) {
        const struct formatter *f = p->vs->formatters[i];
        if (f->print && f->print(f->self, p->vs, v, p->f, p->summary, p->out))
            return true;
    }
    return false;
}

void print_value(struct printer *p, const struct value *whole)
{
    struct value v = *whole;
    struct presentation shown;
    struct err *e = value_resolve(p->vs, &v);
    if (e) {
        print_problem(p, e);
        return;
    }
    const struct type *t = type_strip(v.type);
    if (type_is_record(t) && t->incomplete)
        v.type = t = type_complete(t);
    if (nowhere(&v, t))
        text_put(p->out, nowhere(&v, t));
    else if (t->kind == TYPE_POINTER && value_synthetic(&v))
        text_put(p->out, "<synthetic pointer>");
    else if (print_foreign(p, &v, t))
        return;
    else if (type_is_go(t))
        print_go(p, &v);
    else if (type_is_record(t) && p->f->letter != 'r' && format_present(p->vs, &v, &shown))
        print_presentation(p, &shown);
    else if (is_aggregate(t))
        print_aggregate(p, &v, t);
    else if (is_reference(t) && refers_to_aggregate(t) && (p->summary || print_too_deep(p)))
        text_put(p->out, p->summary ? "..." : "{...}");
    else if (is_reference(t))
        print_reference(p, &v);
    else if (t->kind == TYPE_FUNCTION)
        print_function(p, &v, t);
    else if (t->kind == TYPE_VOID)
        text_put(p->out, "void");
    else
        print_one_scalar(p, &v);
}

/* Deeper than types are that are presented by what others are. */
enum { PRESENT_DEPTH = 16 };

bool format_present(struct values *vs, const struct value *v, struct presentation *out)
{
    bool known = false;
    vs->presenting++;
    for (size_t i = 0; vs->presenting <= PRESENT_DEPTH && !known && vs->formatters && vs->formatters[i]; i++) {
        const struct formatter *f = vs->formatters[i];
        *out = (struct presentation){.summary = NULL};
        known = f->present(f->self, vs, v, out);
    }
    vs->presenting--;
    return known;
}

const struct type *format_type_at(struct values *vs, taddr at)
{
    const struct type *t = NULL;
    for (size_t i = 0; vs->formatters && vs->formatters[i] && !t; i++)
        if (vs->formatters[i]->type_at)
            t = vs->formatters[i]->type_at(vs->formatters[i]->self, vs, at);
    return t;
}

/* ---- the whole ---- */

/* A pointer to characters says by its string what it points to. */
static bool points_to_text(const struct type *declared, const struct type *t)
{
    static const char *const names[] = {"char", "wchar_t", "char16_t", "char32_t"};
    if (type_unqualified(declared)->kind != TYPE_POINTER || !t->target)
        return false;
    const char *name = type_unqualified(t->target)->name;
    for (size_t i = 0; name && i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void put_type(struct text *out, const struct type *t)
{
    text_putc(out, '(');
    type_name(out, t, NULL);
    text_put(out, ") ");
}

/* With `set print object`: the pointer, reference or object as what it really is. */
static void make_dynamic(struct values *vs, struct value *v)
{
    const struct type *t = type_strip(v->type);
    struct value object, whole;
    taddr at;
    bool indirect = (t->kind == TYPE_POINTER || is_reference(t)) && t->target &&
                    type_is_record(type_strip(t->target)) && !value_synthetic(v);
    if (!indirect && !type_is_record(t))
        return;
    object = *v;
    struct err *e = indirect ? value_deref(vs, v, &object) : NULL;
    if (!e)
        e = value_dynamic(vs, &object, &whole);
    if (!e && whole.type != object.type && !(e = value_address(&whole, &at))) {
        if (!indirect)
            *v = whole;
        else if (t->kind == TYPE_POINTER)
            *v = value_of_int(vs, type_pointer_to(vs->types, whole.type), at);
        else
            *v = value_of_int(vs, type_reference_to(vs->types, whole.type), at);
    }
    err_free(e); /* the static type stays: it is no worse than without the switch */
}

static bool is_plain_letter(char letter)
{
    return letter == 0 || letter == 's' || letter == 'r';
}

void format_value(struct values *vs, const struct value *v, const struct format *f, struct text *out)
{
    struct printer p = {.vs = vs, .f = f, .out = out, .follow = true};
    struct value shown = *v;
    if (f->object)
        make_dynamic(vs, &shown);
    const struct type *t = type_strip(shown.type);
    bool pointer =
        t->kind == TYPE_POINTER && is_plain_letter(f->letter) && !points_to_text(shown.type, t) && !type_is_go(t);
    if (!nowhere(&shown, t) && (pointer || is_reference(t) || (f->object && value_has_vtable(t))))
        put_type(out, shown.type);
    print_value(&p, &shown);
}

void format_variable(struct values *vs, const struct value *v, const struct format *f, struct text *out)
{
    struct printer p = {.vs = vs, .f = f, .out = out, .follow = true};
    struct value shown = *v;
    if (f->object)
        make_dynamic(vs, &shown);
    print_value(&p, &shown);
}

void format_scalar(struct values *vs, const struct value *v, const struct format *f, struct text *out)
{
    struct format flat = *f;
    flat.pretty = flat.array = false;
    struct printer p = {.vs = vs, .f = &flat, .out = out, .follow = true, .summary = true};
    print_value(&p, v);
}
