/* SPDX-License-Identifier: Apache-2.0 */
#include "value/children.h"

#include "value/value_priv.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum source { SOURCE_NONE, SOURCE_ELEMENTS, SOURCE_FIELDS, SOURCE_TARGET, SOURCE_PRESENTED };

enum { KEY_MAX = 64 }; /* elements of a key that are shown */

/* ---- what there is ---- */

/* The bytes of a char * are shown as its string; what a void * points to is not known. */
static bool has_target(const struct type *t)
{
    const struct type *to = t->target ? type_strip(t->target) : NULL;
    return to && to->kind != TYPE_VOID && to->kind != TYPE_FUNCTION && to->kind != TYPE_CHAR && to->kind != TYPE_ERROR;
}

static bool presented(struct values *vs, struct children *c)
{
    if (!format_present(vs, &c->of, &c->shown))
        return false;
    bool any = c->shown.next && c->shown.kind != PRESENT_STRING && c->shown.kind != PRESENT_TEXT;
    c->source = any ? SOURCE_PRESENTED : SOURCE_NONE;
    c->n = !any ? 0 : c->shown.kind == PRESENT_VALUE ? 1 : c->shown.length;
    c->row = any && (c->shown.kind == PRESENT_ARRAY || c->shown.kind == PRESENT_MAP);
    return true;
}

/* False: only a Rust enum that no variant fits. */
static bool use_fields(struct values *vs, struct children *c)
{
    struct value inside;
    if (type_variants(type_strip(c->of.type)).n) {
        struct err *e = value_variant(vs, &c->of, &inside);
        if (e) {
            err_free(e);
            return false;
        }
        c->of = inside;
    }
    c->source = SOURCE_FIELDS;
    c->n = type_fields(type_complete(type_strip(c->of.type))).n;
    return true;
}

/* The elements that a slice of Go or Rust points to, as an array. False: it is none, or cannot be read. */
static bool slice_row(struct values *vs, const struct value *v, struct value *row)
{
    const struct type *t = type_strip(v->type);
    struct value start, length;
    enum go_kind kind = GO_INVALID;
    uint64_t at = 0, n = 0;
    bool go = type_is_go(v->type), rust = type_is_rust(t) && t->name && *t->name == '&' && strchr(t->name, '[');
    if (go)
        (void)type_go(v->type, &kind);
    if (!(go ? kind == GO_SLICE : rust))
        return false;
    if (value_go_inline(v, row))
        return true;
    struct err *e = value_member(vs, v, go ? "array" : "data_ptr", &start);
    if (!e)
        e = value_member(vs, v, go ? "len" : "length", &length);
    if (!e)
        e = value_int(vs, &start, &at);
    if (!e)
        e = value_int(vs, &length, &n);
    const struct type *element = e ? NULL : type_strip(start.type)->target;
    bool known = element && (int64_t)n >= 0 && (!element->size || n <= UINT64_MAX / element->size);
    err_free(e); /* its own text says why */
    if (known)
        *row = value_at(vs, type_array_of(vs->types, element, n), at);
    return known;
}

static void use_row(struct children *c, const struct value *array)
{
    c->of = *array;
    c->n = type_strip(array->type)->count;
    c->source = c->n ? SOURCE_ELEMENTS : SOURCE_NONE;
    c->row = true;
}

/* Strings of Go and their like are records of the compiler's, not of the program. */
static bool is_own_record(const struct type *t)
{
    enum go_kind kind = GO_STRUCT;
    if (type_is_go(t))
        (void)type_go(t, &kind);
    return kind == GO_STRUCT || kind == GO_INVALID;
}

/* What the value itself is made of, pointers left as they are. */
static bool use_inside(struct values *vs, struct children *c)
{
    const struct type *t = type_strip(c->of.type);
    struct value row;
    if ((type_is_record(t) || type_is_go(c->of.type)) && presented(vs, c))
        return true;
    if (type_is_record(t) && slice_row(vs, &c->of, &row)) {
        use_row(c, &row);
        return true;
    }
    if (type_is_record(t) && !t->foreign)
        return is_own_record(c->of.type) && use_fields(vs, c);
    if ((t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR) && t->target) {
        use_row(c, &c->of);
        return true;
    }
    return false;
}

/* Pointers to records are opened at once; of one to anything else the target is the only child. */
static void use_pointer(struct values *vs, struct children *c)
{
    const struct type *t = type_strip(c->of.type);
    struct value target;
    uint64_t at = 0;
    struct err *e = value_int(vs, &c->of, &at);
    if (!e && at)
        e = value_deref(vs, &c->of, &target);
    bool known = !e && at;
    err_free(e); /* what cannot be followed has no children: its own text says why */
    if (!known)
        return;
    const struct type *to = type_strip(t->target);
    struct children behind = {.of = target, .behind = true};
    if (type_is_record(to) && use_inside(vs, &behind) && behind.n) {
        *c = behind;
        return;
    }
    c->source = SOURCE_TARGET;
    c->n = 1;
}

struct children value_children(struct values *vs, const struct value *v)
{
    struct children c = {.of = *v};
    struct err *e = value_referent(vs, v, &c.of);
    if (!e)
        e = value_resolve(vs, &c.of);
    bool usable = !e && c.of.loc.n;
    err_free(e);
    if (!usable || use_inside(vs, &c))
        return c;
    const struct type *t = type_strip(c.of.type);
    if (t->kind == TYPE_POINTER && has_target(t))
        use_pointer(vs, &c);
    return c;
}

/* ---- one after the other ---- */

struct walk {
    struct values *vs;
    const struct children *c;
    bool (*fn)(void *arg, const struct value_child *child);
    void *arg;
};

static bool give(const struct walk *w, struct value_child *child, const struct value *v, struct err *e)
{
    child->value = e ? NULL : v;
    child->why = e;
    bool goes_on = w->fn(w->arg, child);
    err_free(e);
    return goes_on;
}

static struct err *walk_elements(const struct walk *w, uint64_t first, uint64_t max)
{
    const struct type *t = type_strip(w->c->of.type);
    uint64_t end = max < w->c->n - first ? first + max : w->c->n;
    for (uint64_t i = first; i < end; i++) {
        char name[32];
        struct value_child child = {.name = name, .path = CHILD_INDEX, .index = t->lower + (int64_t)i};
        struct value element = value_element(&w->c->of, child.index);
        snprintf(name, sizeof(name), "[%" PRId64 "]", child.index);
        if (progress_cancelled(w->vs->progress))
            return err_new(ERR_CANCELLED, "cancelled");
        if (!give(w, &child, &element, NULL))
            break;
    }
    return NULL;
}

/* An attribute may have any text for its name, and compilers give names that no source has. */
static bool is_name(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_' && !((unsigned char)*s & 0x80))
            return false;
    return true;
}

static void name_field(const struct field *f, struct value_child *child)
{
    const char *base = f->flags & FIELD_BASE ? type_strip(f->type)->name : NULL;
    child->name = f->name ? f->name : base ? base : "<unnamed>";
    child->path = f->flags & FIELD_BASE ? CHILD_UNNAMED
                  : !f->name            ? CHILD_SAME
                  : is_name(f->name)    ? CHILD_MEMBER
                                        : CHILD_UNNAMED;
}

static struct err *walk_fields(const struct walk *w, uint64_t first, uint64_t max)
{
    struct fields fields = type_fields(type_complete(type_strip(w->c->of.type)));
    for (uint64_t i = first; i < fields.n && i - first < max; i++) {
        struct value_child child = {.name = NULL};
        struct value member;
        name_field(&fields.v[i], &child);
        struct err *e = value_field(w->vs, &w->c->of, &fields.v[i], &member);
        if (!give(w, &child, &member, e))
            break;
    }
    return NULL;
}

static struct err *walk_target(const struct walk *w, uint64_t first, uint64_t max)
{
    struct value_child child = {.name = "*", .path = CHILD_TARGET};
    struct value target;
    if (first || !max)
        return NULL;
    struct err *e = value_deref(w->vs, &w->c->of, &target);
    (void)give(w, &child, &target, e);
    return NULL;
}

/* Is x[3] the third element of the container in its language? */
static bool is_indexable(const struct children *c)
{
    static const char *const rows[] = {"std::vector<",     "std::deque<", "std::array<", "std::__cxx11::vector<",
                                       "alloc::vec::Vec<", "list",        "tuple"};
    const struct type *t = type_strip(c->of.type);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (t->name && begins_with(t->name, rows[i]))
            return c->shown.kind == PRESENT_ARRAY;
    enum go_kind kind;
    (void)type_go(c->of.type, &kind);
    return c->shown.kind == PRESENT_ARRAY && (kind == GO_SLICE || kind == GO_ARRAY); /* not what a channel holds */
}

static void name_presented(const struct walk *w, const struct child *from, uint64_t i, const char *key,
                           struct text *scratch, struct value_child *child)
{
    const struct presentation *p = &w->c->shown;
    text_clear(scratch);
    child->path = CHILD_UNNAMED;
    if (p->kind == PRESENT_VALUE) {
        text_put(scratch, "data");
    } else if (p->kind == PRESENT_MAP) {
        text_printf(scratch, "[%s]", key);
    } else if (from->name) {
        text_put(scratch, from->name);
        if (p->kind == PRESENT_RECORD && type_strip(w->c->of.type)->foreign && is_name(from->name))
            child->path = CHILD_MEMBER;
    } else {
        text_printf(scratch, "[%" PRIu64 "]", i);
        child->path = is_indexable(w->c) ? CHILD_INDEX : CHILD_UNNAMED;
        child->index = (int64_t)i;
    }
    child->name = text_str(scratch);
}

static void put_key(const struct walk *w, const struct value *key, struct text *out)
{
    struct format f = format_defaults;
    f.elements = KEY_MAX;
    f.addresses = f.symbols = false;
    text_clear(out);
    format_scalar(w->vs, key, &f, out);
}

/* The next child, or pair of key and value, whose key is written to `key` when it is wanted. */
static bool next_presented(const struct walk *w, struct presentation *p, bool wanted, struct text *key,
                           struct child *out, struct err **e)
{
    *out = (struct child){.name = NULL};
    if (!p->next(p, w->vs, out, e))
        return false;
    if (p->kind != PRESENT_MAP)
        return true;
    if (wanted)
        put_key(w, &out->value, key);
    *out = (struct child){.name = NULL};
    return p->next(p, w->vs, out, e);
}

static struct err *walk_presented(const struct walk *w, uint64_t first, uint64_t max)
{
    SCOPED(text_done) struct text name = {0}, key = {0};
    struct presentation p = w->c->shown;
    struct value_child child = {.name = NULL};
    struct child from;
    struct err *e = NULL;
    uint64_t end = max < UINT64_MAX - first ? first + max : UINT64_MAX;
    for (uint64_t i = 0; i < end; i++) {
        if (progress_cancelled(w->vs->progress))
            return err_new(ERR_CANCELLED, "cancelled");
        if (!next_presented(w, &p, i >= first, &key, &from, &e))
            break;
        if (i < first)
            continue;
        name_presented(w, &from, i, text_str(&key), &name, &child);
        if (!give(w, &child, &from.value, NULL))
            break;
    }
    if (e) {
        child = (struct value_child){.name = "<damaged>"};
        (void)give(w, &child, NULL, e);
    }
    return NULL;
}

struct err *children_each(struct values *vs, const struct children *c, uint64_t first, uint64_t max,
                          bool (*fn)(void *arg, const struct value_child *child), void *arg)
{
    struct walk w = {vs, c, fn, arg};
    if (first >= c->n)
        return NULL;
    switch ((enum source)c->source) {
    case SOURCE_ELEMENTS:
        return walk_elements(&w, first, max);
    case SOURCE_FIELDS:
        return walk_fields(&w, first, max);
    case SOURCE_TARGET:
        return walk_target(&w, first, max);
    case SOURCE_PRESENTED:
        return walk_presented(&w, first, max);
    case SOURCE_NONE:
        break;
    }
    return NULL;
}
