/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of Go and the functions that the language has built in. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/expr_quote.h"
#include "value/format.h"

/* ---- strings, bytes and runes ---- */

struct value go_string_value(struct eval *ev, const char *bytes, size_t n)
{
    const struct type *byte = type_go_basic(ev->types, "uint8");
    return value_of_bytes(ev->vs, type_go_inline(ev->types, GO_STRING, "string", byte, n), bytes, n);
}

static struct err *no_conversion(struct eval *ev, const struct node *n, const struct type *to)
{
    return eval_fail(ev, n, "can not convert \"%s\" to %s", go_text(ev, n), go_type_text(ev, to));
}

static struct err *string_of_rune(struct eval *ev, const struct value *v, struct value *out)
{
    SCOPED(text_done) struct text s = {0};
    uint64_t c;
    TRY(value_int(ev->vs, v, &c));
    quote_put_utf8(&s, c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0xfffd : (uint32_t)c);
    *out = go_string_value(ev, text_str(&s), s.n);
    return NULL;
}

/* The elements of a slice or array as bytes of this process. */
static struct err *elements(struct eval *ev, const struct go_row *r, const uint8_t **out)
{
    size_t size = (size_t)type_strip(r->element)->size;
    if (r->n < 0 || (uint64_t)r->n > EXPR_TEXT_MAX)
        return err_new(ERR_LIMIT, "only %d elements are converted", EXPR_TEXT_MAX);
    uint8_t *bytes = arena_alloc(ev->arena, (size_t)r->n * size + 1);
    if (r->array.type)
        TRY(value_read(ev->vs, &r->array, 0, bytes, (size_t)r->n * size));
    else
        TRY(modules_read(ev->vs->ms, r->at, bytes, (size_t)r->n * size));
    *out = bytes;
    return NULL;
}

static struct err *string_of_runes(struct eval *ev, const struct go_row *r, struct value *out)
{
    SCOPED(text_done) struct text s = {0};
    const uint8_t *bytes;
    TRY(elements(ev, r, &bytes));
    for (int64_t i = 0; i < r->n; i++) {
        uint32_t c;
        memcpy(&c, bytes + i * 4, sizeof(c));
        quote_put_utf8(&s, c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
    }
    *out = go_string_value(ev, text_str(&s), s.n);
    return NULL;
}

/* A string over the bytes of a slice in memory, however long; else of what they are. */
static struct err *string_of_row(struct eval *ev, const struct node *n, const struct type *to, const struct value *v,
                                 const struct go_row *r, struct value *out)
{
    const struct type *element = r->element ? type_strip(r->element) : NULL;
    const uint8_t *bytes;
    if (element && element->size == 4 && number_is_integral(element))
        return string_of_runes(ev, r, out);
    if (!element || element->size != 1)
        return no_conversion(ev, n, to);
    if (!r->array.type) {
        uint64_t words[] = {r->at, (uint64_t)r->n};
        *out = value_of_bytes(ev->vs, to, words, sizeof(words));
        return NULL;
    }
    (void)v;
    TRY(elements(ev, r, &bytes));
    *out = go_string_value(ev, (const char *)bytes, (size_t)r->n);
    return NULL;
}

static struct err *to_string(struct eval *ev, const struct node *n, const struct type *to, const struct value *v,
                             struct value *out)
{
    enum go_kind kind;
    struct go_row r;
    bool found;
    type_go(v->type, &kind);
    if (kind >= GO_INT && kind <= GO_UINTPTR)
        return string_of_rune(ev, v, out);
    TRY(go_row_of(ev, v, &r, &found));
    if (!found || kind == GO_POINTER)
        return no_conversion(ev, n, to);
    if (kind != GO_STRING)
        return string_of_row(ev, n, to, v, &r, out);
    *out = *v;
    if (!r.array.type)
        out->type = to;
    return NULL;
}

static struct err *to_runes(struct eval *ev, const struct type *to, const struct type *rune, struct bytes s,
                            struct value *out)
{
    uint32_t *all = arena_array(ev->arena, uint32_t, s.n + 1);
    size_t count = 0;
    for (size_t i = 0; i < s.n; count++) {
        size_t n = utf8_sequence((const char *)s.p + i, s.n - i);
        all[count] = n ? quote_decode_utf8((const char *)s.p + i, n) : 0xfffd;
        i += n ? n : 1;
    }
    const struct type *t = type_go_inline(ev->types, GO_SLICE, go_type_text(ev, to), rune, count);
    *out = value_of_bytes(ev->vs, t, all, count * sizeof(*all));
    return NULL;
}

/* []byte(s), []rune(s) */
static struct err *to_slice(struct eval *ev, const struct node *n, const struct type *to, const struct value *v,
                            struct value *out)
{
    struct go_row r;
    struct bytes s;
    bool found, text;
    const struct type *element = go_slice_element(to);
    uint64_t size = element ? type_strip(element)->size : 0;
    TRY(go_row_of(ev, v, &r, &found));
    TRY(go_string(ev, v, &s, &text));
    if (!text || (size != 1 && size != 4) || !number_is_integral(type_strip(element)))
        return no_conversion(ev, n, to);
    if (size == 4)
        return to_runes(ev, to, element, s, out);
    if (r.array.type) {
        *out =
            value_of_bytes(ev->vs, type_go_inline(ev->types, GO_SLICE, go_type_text(ev, to), element, s.n), s.p, s.n);
        return NULL;
    }
    uint64_t words[] = {r.at, (uint64_t)r.n, (uint64_t)r.n};
    *out = value_of_bytes(ev->vs, to, words, sizeof(words));
    return NULL;
}

/* ---- conversions ---- */

static bool same_below(const struct type *a, const struct type *b)
{
    const struct type *x = type_strip(a), *y = type_strip(b), *xe = go_slice_element(a), *ye = go_slice_element(b);
    return x == y || type_equal(x, y) || (xe && ye && type_strip(xe) == type_strip(ye));
}

static struct err *to_other(struct eval *ev, const struct node *n, const struct type *to, const struct value *v,
                            enum go_kind kind, enum go_kind from, struct value *out)
{
    bool pointer = kind == GO_POINTER || kind == GO_UNSAFE_POINTER;
    if (kind == from && same_below(v->type, to)) {
        *out = *v;
        out->type = to;
        return NULL;
    }
    if (kind == GO_BOOL || from == GO_BOOL || (pointer && (from == GO_FLOAT32 || from == GO_FLOAT64)))
        return no_conversion(ev, n, to);
    struct err *e = value_cast(ev->vs, v, to, out);
    if (!e) {
        out->address_only = pointer && from >= GO_INT && from <= GO_UINTPTR;
        return NULL;
    }
    if (e->code != ERR_USAGE)
        return e;
    err_free(e);
    return no_conversion(ev, n, to);
}

struct err *go_convert(struct eval *ev, const struct node *n, const struct type *to, struct value *out)
{
    enum go_kind kind, from;
    struct value v;
    TRY(eval_node(ev, n, &v));
    type_go(to, &kind);
    type_go(v.type, &from);
    if (kind == GO_STRING)
        return to_string(ev, n, to, &v, out);
    if (kind == GO_SLICE && from == GO_STRING)
        return to_slice(ev, n, to, &v, out);
    return to_other(ev, n, to, &v, kind, from, out);
}

/* ---- built-in functions ---- */

struct err *go_complex_part(struct eval *ev, const struct node *n, const struct value *v, bool imaginary,
                            struct value *out)
{
    const struct type *t = type_strip(v->type);
    uint8_t bytes[16];
    if (t->kind != TYPE_COMPLEX || (t->size != 8 && t->size != 16))
        return eval_fail(ev, n, "a complex number is wanted here");
    size_t half = (size_t)t->size / 2;
    TRY(value_read(ev->vs, v, imaginary ? half : 0, bytes, half));
    *out = value_of_bytes(ev->vs, type_go_basic(ev->types, half == 4 ? "float32" : "float64"), bytes, half);
    return NULL;
}

static struct err *wrong_argument(struct eval *ev, const struct node *n, const struct value *v, const char *name)
{
    return eval_fail(ev, n, "invalid argument %s (type %s) %s %s", go_text(ev, n->list->node),
                     go_type_text(ev, v->type), strcmp(name, "imag") == 0 || strcmp(name, "real") == 0 ? "to" : "for",
                     name);
}

static struct err *part(struct eval *ev, const struct node *n, const char *name, struct value *out)
{
    struct value v;
    bool imaginary = name[0] == 'i';
    TRY(eval_node(ev, n->list->node, &v));
    if (!imaginary && number_is(type_strip(v.type))) {
        *out = v;
        return NULL;
    }
    if (type_strip(v.type)->kind != TYPE_COMPLEX)
        return wrong_argument(ev, n, &v, name);
    return go_complex_part(ev, n, &v, imaginary, out);
}

static struct err *complex_of(struct eval *ev, const struct node *n, const char *name, struct value *out)
{
    struct value v[2], wide;
    long double parts[2];
    uint64_t size = 4;
    const struct node_link *l = n->list;
    (void)name;
    for (int i = 0; i < 2; i++, l = l->next) {
        TRY(eval_node(ev, l->node, &v[i]));
        const struct type *t = type_strip(v[i].type);
        if (!number_is(t))
            return eval_fail(ev, n, "invalid argument %d %s (type %s) to complex", i + 1, go_text(ev, l->node),
                             go_type_text(ev, v[i].type));
        TRY(eval_at(ev, n, value_cast(ev->vs, &v[i], type_go_basic(ev->types, "float64"), &wide)));
        TRY(value_double(ev->vs, &wide, &parts[i]));
        size = t->size > size ? t->size : size;
    }
    *out = go_complex(ev, type_go_basic(ev->types, size == 4 ? "complex64" : "complex128"), parts[0], parts[1]);
    return NULL;
}

static struct err *length(struct eval *ev, const struct node *n, const char *name, struct value *out)
{
    struct value v;
    bool has;
    TRY(eval_node(ev, n->list->node, &v));
    TRY(go_length(ev, n, &v, name[0] == 'c', out, &has));
    return has ? NULL : wrong_argument(ev, n, &v, name);
}

static struct err *least(struct eval *ev, const struct node *n, const char *name, struct value *out)
{
    return go_least(ev, n, strcmp(name, "max") == 0, out);
}

static const struct {
    const char *name;
    size_t arguments; /* 0: any number */
    struct err *(*call)(struct eval *ev, const struct node *n, const char *name, struct value *out);
} functions[] = {
    {"len", 1, length}, {"cap", 1, length},         {"real", 1, part}, {"imag", 1, part},
    {"min", 0, least},  {"complex", 2, complex_of}, {"max", 0, least},
};

struct err *go_built_in(struct eval *ev, const struct node *n, const char *name, struct value *out, bool *done)
{
    size_t i = 0;
    while (i < ARRAY_LEN(functions) && strcmp(functions[i].name, name) != 0)
        i++;
    *done = i < ARRAY_LEN(functions);
    if (!*done)
        return NULL;
    if (functions[i].arguments && n->n != functions[i].arguments)
        return eval_fail(ev, n, "wrong number of arguments to %s: %zu", name, n->n);
    return functions[i].call(ev, n, name, out);
}
