/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Go in the words of Delve's `print`: []int len: 2, cap: 2, [1,2]. What only Go's runtime knows is in
 * format_go_shown.c. */
#include "value/format_go.h"

enum {
    SHORT_STRING = 7, /* characters; records with longer ones take several lines */
};

void go_put_type(struct printer *p, const struct type *t)
{
    type_name(p->out, t, NULL);
}

void go_put_typed(struct printer *p, const struct type *t, const struct go_style *s)
{
    if (!s->typed)
        return;
    go_put_type(p, t);
    text_putc(p->out, ' ');
}

void go_put_line(struct printer *p, unsigned indent)
{
    text_putc(p->out, '\n');
    for (unsigned i = 0; i < indent && i < LEVEL_MAX; i++)
        text_putc(p->out, '\t');
}

void go_put_address(struct printer *p, const struct type *t, taddr at, bool pointer_to)
{
    SCOPED(text_done) struct text name = {0};
    type_name(&name, t, NULL);
    const char *quote = strchr(text_str(&name), '/') ? "\"" : "";
    text_printf(p->out, "(%s%s%s%s)(0x%" PRIx64 ")", pointer_to ? "*" : "", quote, text_str(&name), quote, at);
}

struct go_style go_style_inside(const struct go_style *s, bool typed, bool lines)
{
    return (struct go_style){
        .typed = typed, .lines = lines, .indent = s->indent + 1, .chain = s->chain, .channel = s->channel};
}

bool go_too_deep(const struct printer *p)
{
    return p->level > p->f->recurse || p->level > LEVEL_MAX;
}

static struct err *member_number(struct printer *p, const struct value *v, const char *name, uint64_t *out)
{
    struct value member;
    TRY(value_member(p->vs, v, name, &member));
    return value_int(p->vs, &member, out);
}

/* ---- several lines ---- */

static bool long_string(struct printer *p, const struct value *v)
{
    uint64_t n = 0;
    struct err *e = member_number(p, v, "len", &n);
    err_free(e); /* then its reason is printed, which is long */
    return e || n > SHORT_STRING;
}

/* Does a member or element make its record or array take a line for each? */
static bool breaks_lines(struct printer *p, const struct value *v)
{
    enum go_kind kind;
    const struct type *t = type_go(v->type, &kind);
    bool pointer = kind == GO_POINTER;
    for (int i = 0; i < GO_CHAIN_MAX && kind == GO_POINTER && t->target; i++)
        t = type_go(t->target, &kind);
    if (kind == GO_STRING)
        return pointer || long_string(p, v);
    return kind == GO_SLICE || kind == GO_ARRAY || kind == GO_STRUCT || kind == GO_MAP || kind == GO_INTERFACE;
}

/* Of the first `n` elements. All have one kind, so that only strings are looked at one by one. */
static bool row_breaks(struct printer *p, const struct value *first, uint64_t n)
{
    enum go_kind kind;
    struct value element = *first;
    type_go(first->type, &kind);
    for (uint64_t i = 0; i < n && (i == 0 || kind == GO_STRING); i++) {
        if (breaks_lines(p, &element))
            return true;
        element.bit_offset += value_size(first->type) * 8u;
    }
    return false;
}

/* ---- rows ---- */

void go_put_more(struct printer *p, uint64_t shown, uint64_t n)
{
    if (shown < n && shown)
        text_printf(p->out, "...+%" PRIu64 " more", n - shown);
    else if (shown < n)
        text_put(p->out, "...");
}

/* Elements of one type, one behind the other from the start of `first` on. */
static void put_row(struct printer *p, const struct value *first, uint64_t n, const struct go_style *s)
{
    uint64_t shown = 0, limit = p->f->elements && p->f->elements < n ? p->f->elements : n;
    bool lines = s->lines && row_breaks(p, first, limit);
    struct go_style each = go_style_inside(s, false, lines);
    uint64_t bits = value_size(first->type) * 8u;
    struct value element = *first;
    text_putc(p->out, '[');
    p->level++;
    for (; shown < limit && !print_stopped(p); shown++, element.bit_offset += bits) {
        if (lines)
            go_put_line(p, each.indent);
        go_put(p, &element, each);
        if (shown + 1 < limit || shown + 1 < n || lines)
            text_putc(p->out, ',');
    }
    p->level--;
    if (lines && shown < n)
        go_put_line(p, each.indent);
    go_put_more(p, shown, n);
    if (lines)
        go_put_line(p, s->indent);
    text_putc(p->out, ']');
}

static void put_array(struct printer *p, const struct value *v, const struct type *t, const struct go_style *s)
{
    go_put_typed(p, v->type, s);
    struct value first = *v;
    first.type = t->target;
    if (t->target && !print_unreadable(p, v, type_strip(t)))
        put_row(p, &first, t->count_known ? t->count : 0, s);
}

static void put_slice(struct printer *p, const struct value *v, const struct go_style *s)
{
    uint64_t n = 0, cap = 0, at = 0;
    struct value array;
    if (value_go_inline(v, &array)) {
        n = type_strip(array.type)->count;
        if (s->typed) {
            go_put_type(p, v->type);
            text_printf(p->out, " len: %" PRIu64 ", cap: %" PRIu64 ", ", n, n);
        }
        array.type = type_strip(array.type)->target;
        put_row(p, &array, n, s);
        return;
    }
    struct err *e = value_member(p->vs, v, "array", &array);
    if (!e)
        e = value_int(p->vs, &array, &at);
    if (!e)
        e = member_number(p, v, "len", &n);
    if (!e)
        e = member_number(p, v, "cap", &cap);
    if (e) {
        print_go_problem(p, e);
        return;
    }
    if (s->typed) {
        go_put_type(p, v->type);
        text_printf(p->out, " len: %" PRId64 ", cap: %" PRId64 ", ", (int64_t)n, (int64_t)cap);
    }
    const struct type *element = type_strip(array.type)->target;
    if (at == 0 && n == 0) {
        text_put(p->out, "nil");
    } else if ((int64_t)n < 0 || !element) {
        text_put(p->out, "<error: a slice of no possible length>");
    } else {
        struct value first = value_at(p->vs, element, at);
        struct err *lost = n && value_size(element) ? value_reachable(p->vs, &first) : NULL;
        if (lost)
            print_go_problem(p, value_memory_error(lost));
        else
            put_row(p, &first, n, s);
    }
}

/* ---- records ---- */

static void put_field(struct printer *p, const struct value *v, const struct field *f, const struct go_style *s)
{
    struct value member;
    if (f->name)
        text_put_escaped(p->out, f->name, strlen(f->name));
    text_put(p->out, ": ");
    struct err *e =
        s->channel ? value_go_channel_field(p->vs, v, s->channel, f, &member) : value_field(p->vs, v, f, &member);
    if (e)
        print_go_problem(p, e);
    else
        go_put(p, &member, *s);
}

static bool record_breaks(struct printer *p, const struct value *v, struct fields fields)
{
    for (size_t i = 0; i < fields.n; i++) {
        struct value member;
        struct err *e = value_field(p->vs, v, &fields.v[i], &member);
        bool breaks = !e && breaks_lines(p, &member);
        err_free(e);
        if (breaks)
            return true;
    }
    return false;
}

void go_put_record(struct printer *p, const struct value *v, const struct type *t, const struct go_style *s)
{
    taddr at;
    struct fields fields = type_fields(type_strip(t));
    struct err *nowhere = value_address(v, &at);
    bool address = !nowhere && fields.n && go_too_deep(p);
    err_free(nowhere); /* a record in registers has no address to be shown instead */
    if (address) {
        go_put_address(p, v->type, at, true);
        return;
    }
    go_put_typed(p, v->type, s);
    if (print_unreadable(p, v, type_strip(t)))
        return;
    bool lines = s->lines && record_breaks(p, v, fields);
    struct go_style each = go_style_inside(s, true, lines);
    text_putc(p->out, '{');
    p->level++;
    for (size_t i = 0; i < fields.n && p->level < LEVEL_MAX && !print_stopped(p); i++) {
        if (lines)
            go_put_line(p, each.indent);
        put_field(p, v, &fields.v[i], &each);
        if (i + 1 < fields.n || lines)
            text_put(p->out, lines ? "," : ", ");
    }
    p->level--;
    text_putc(p->out, '}');
}

/* ---- pointers ---- */

static void put_word(struct printer *p, const struct value *v)
{
    uint64_t word;
    struct err *e = value_int(p->vs, v, &word);
    if (e)
        print_go_problem(p, e);
    else
        text_printf(p->out, "0x%" PRIx64, word);
}

/* Pointers to pointers and interfaces go deeper, since they may lead round in a ring. */
static void put_target(struct printer *p, const struct value *v, const struct value *target, taddr at,
                       struct go_style s)
{
    enum go_kind kind;
    type_go(target->type, &kind);
    bool deeper = kind == GO_POINTER || kind == GO_INTERFACE;
    if ((kind == GO_POINTER && go_too_deep(p)) || ++s.chain > GO_CHAIN_MAX) {
        go_put_address(p, v->type, at, false);
        return;
    }
    text_putc(p->out, '*');
    p->level += deeper;
    s.top = false;
    go_put(p, target, s);
    p->level -= deeper;
}

static void put_pointer(struct printer *p, const struct value *v, const struct go_style *s)
{
    struct value target;
    uint64_t at = 0;
    struct err *e = value_int(p->vs, v, &at);
    if (!e && at == 0) {
        if (s->typed)
            go_put_typed(p, v->type, s);
        text_put(p->out, s->typed ? "nil" : "*nil");
        return;
    }
    if (!e)
        e = value_deref(p->vs, v, &target);
    if (e) {
        print_go_problem(p, e);
        return;
    }
    if (v->address_only || (s->top && s->lines))
        go_put_address(p, v->type, at, false);
    if (v->address_only)
        return;
    if (s->top && s->lines)
        text_putc(p->out, '\n');
    put_target(p, v, &target, at, *s);
}

static void put_unsafe_pointer(struct printer *p, const struct value *v)
{
    if (v->type->name && strcmp(v->type->name, "untyped nil") == 0) {
        text_put(p->out, "nil");
        return;
    }
    text_put(p->out, "unsafe.Pointer(");
    put_word(p, v);
    text_putc(p->out, ')');
}

/* ---- all ---- */

/* A number with the constants that it may stand for, or by fmt's verb or gdb's letter. */
static void put_integer(struct printer *p, const struct value *v, enum go_kind kind, const struct scalar *s)
{
    struct presentation shown;
    uint64_t n = 0;
    bool plain = !p->f->letter || p->f->letter == 's' || p->f->letter == 'r';
    if (p->f->verb[0] && s->size <= sizeof(n)) {
        struct err *e = value_int(p->vs, v, &n);
        err_free(e); /* its bytes were read already */
        if (kind == GO_BOOL)
            print_go_bool(p, n != 0);
        else
            print_go_number(p, n, type_strip(v->type)->is_signed);
        return;
    }
    bool named = plain && format_present(p->vs, v, &shown);
    if (named)
        text_printf(p->out, "%s (", shown.summary);
    print_scalar(p, v->type, s);
    text_put(p->out, named ? ")" : "");
}

static void put_scalar(struct printer *p, const struct value *v, const struct type *t, enum go_kind kind)
{
    struct scalar s;
    struct err *e = value_scalar(p->vs, v, &s);
    if (e) {
        print_go_problem(p, e);
        return;
    }
    const struct arch *arch = modules_image(p->vs->ms)->arch;
    bool plain = !p->f->letter || p->f->letter == 's' || p->f->letter == 'r',
         complex = kind == GO_COMPLEX64 || kind == GO_COMPLEX128;
    const struct type *real = type_strip(t);
    enum real_format f = complex || kind == GO_FLOAT32 || kind == GO_FLOAT64 ? real_format_of(arch, real) : REAL_NONE;
    if (!plain || f == REAL_NONE) {
        put_integer(p, v, kind, &s);
        return;
    }
    unsigned bits = kind == GO_FLOAT32 || kind == GO_COMPLEX64 ? 32 : 64;
    double x = (double)real_decode(f, s.bytes), i = complex ? (double)real_decode(f, s.bytes + s.size / 2u) : 0;
    text_put(p->out, complex ? "(" : "");
    if (p->f->verb[0])
        print_go_real(p, x, bits, false);
    else
        print_go_float(p->out, x, bits);
    if (complex && p->f->verb[0]) {
        print_go_real(p, i, bits, true);
    } else if (complex) {
        text_put(p->out, " + ");
        print_go_float(p->out, i, bits);
    }
    text_put(p->out, complex ? "i)" : "");
}

/* Kinds of which the runtime is asked; with /r records are their fields. */
static bool runtime_knows(const struct printer *p, enum go_kind kind)
{
    bool record = kind == GO_STRUCT && p->f->letter != 'r';
    return kind == GO_MAP || kind == GO_CHAN || kind == GO_FUNC || kind == GO_INTERFACE || record;
}

static void put_raw(struct printer *p, const struct value *v, const struct type *t)
{
    struct value plain = *v;
    plain.type = type_strip(t);
    if (plain.type->kind == TYPE_FUNCTION)
        plain.type = type_pointer_to(p->vs->types, plain.type);
    go_put_type(p, v->type);
    text_putc(p->out, '(');
    put_word(p, &plain);
    text_putc(p->out, ')');
}

static void put_kind(struct printer *p, const struct value *v, const struct type *t, enum go_kind kind,
                     const struct go_style *s)
{
    struct presentation shown;
    if (runtime_knows(p, kind) && format_present(p->vs, v, &shown))
        go_put_shown(p, v, &shown, kind, s);
    else if (kind == GO_ARRAY)
        put_array(p, v, t, s);
    else if (kind == GO_SLICE)
        put_slice(p, v, s);
    else if (kind == GO_STRING)
        print_go_string(p, v);
    else if (kind == GO_POINTER && t->target)
        put_pointer(p, v, s);
    else if (kind == GO_UNSAFE_POINTER)
        put_unsafe_pointer(p, v);
    else if (type_is_record(type_strip(t)))
        go_put_record(p, v, t, s);
    else if (kind == GO_MAP || kind == GO_CHAN || kind == GO_FUNC)
        put_raw(p, v, t);
    else
        put_scalar(p, v, t, kind);
}

static bool is_aggregate(enum go_kind kind)
{
    return kind == GO_ARRAY || kind == GO_SLICE || kind == GO_STRUCT || kind == GO_MAP || kind == GO_INTERFACE;
}

void go_put(struct printer *p, const struct value *v, struct go_style s)
{
    enum go_kind kind;
    const struct type *t = type_go(v->type, &kind);
    if (p->level > LEVEL_MAX || (p->summary && is_aggregate(kind)))
        text_put(p->out, "...");
    else if (p->summary && kind == GO_POINTER)
        put_word(p, v);
    else
        put_kind(p, v, t, kind, &s);
}

void print_go(struct printer *p, const struct value *v)
{
    go_put(p, v, (struct go_style){.top = true, .typed = true, .lines = p->f->pretty});
}
