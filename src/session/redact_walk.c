/* SPDX-License-Identifier: Apache-2.0 */
/* From value to value, for what is redacted by name or type. */
#include "session/priv.h"
#include "session/redact_values.h"
#include "session/redaction.h"
#include "session/save.h"

#include <fnmatch.h>

enum {
    STEPS_MAX = 2000000, /* values that are looked at */
    DEPTH_MAX = 24,
    ELEMENTS_MAX = 10000, /* of one array */
    TEXT_MAX = 64 << 10,  /* bytes of a string that only its NUL ends */
    SMALL = 4096,         /* numbers below stay: lengths, states, counts */
    TYPES_MAX = 20000,    /* that one question looks at */
    COPIES_MAX = 2000,    /* texts that are searched for in all memory */
};
enum { NO = 1, YES = 2 };

struct redact_walk {
    struct session *s;
    struct values *vs;
    const struct redact_opts *opts;
    struct redactor *to;
    struct redact_values *out;
    struct map64 seen;    /* values in memory, chosen or not */
    struct map64 fits;    /* struct type * -> NO or YES: it was asked for */
    struct map64 reaches; /* the same: redact_walk_reaches() */
    struct map64 texts;   /* those that are searched for, by hash */
    uint64_t steps;
};

struct redact_walk *redact_walk_new(struct session *s, const struct redact_opts *opts, struct redactor *to,
                                    struct redact_values *out)
{
    struct redact_walk *w = xcalloc(1, sizeof(*w));

    *w = (struct redact_walk){.s = s, .vs = session_values(s), .opts = opts, .to = to, .out = out};
    return w;
}

void redact_walk_free(struct redact_walk *w)
{
    map64_done(&w->seen);
    map64_done(&w->fits);
    map64_done(&w->reaches);
    map64_done(&w->texts);
    free(w);
}

/* ---- names and types ---- */

static const char *last_part(const char *name)
{
    const char *last = name;

    for (const char *p = name; *p; p++)
        if ((*p == ':' || *p == '.') && p[1])
            last = p + 1;
    return last;
}

static bool fits_words(const struct redact_words *words, const char *name)
{
    for (size_t i = 0; i < words->n; i++)
        if (fnmatch(words->v[i], name, 0) == 0 || fnmatch(words->v[i], last_part(name), 0) == 0)
            return true;
    return false;
}

bool redact_walk_named(const struct redact_walk *w, const char *name)
{
    return name && fits_words(&w->opts->variables, name);
}

static bool is_qualifier(const struct type *t)
{
    return t->kind == TYPE_TYPEDEF || t->kind == TYPE_CONST || t->kind == TYPE_VOLATILE || t->kind == TYPE_RESTRICT ||
           t->kind == TYPE_ATOMIC;
}

static bool compute_fits(struct redact_walk *w, const struct type *t)
{
    for (unsigned i = 0; t && i < DEPTH_MAX; i++) {
        SCOPED(text_done) struct text name = {0};
        type_name(&name, t, NULL);
        if (fits_words(&w->opts->types, text_str(&name)) || (t->tag && fits_words(&w->opts->types, t->tag)))
            return true;
        if (!is_qualifier(t))
            break;
        t = t->target;
    }
    return false;
}

/* The answer for a type that was asked before, or `fn`'s. */
static bool type_fits(struct redact_walk *w, const struct type *t)
{
    bool fresh;

    if (w->opts->types.n == 0 || !t)
        return false;
    uint64_t *slot = map64_put(&w->fits, (uint64_t)(uintptr_t)t, &fresh);
    if (fresh)
        *slot = compute_fits(w, t) ? YES : NO;
    return *slot == YES;
}

/* What is behind it is told by the value alone. */
static bool is_open(const struct type *t)
{
    enum go_kind kind = GO_INVALID;

    if (t->foreign)
        return true;
    if (type_is_go(type_strip(t)))
        type_go(t, &kind);
    return kind == GO_INTERFACE || kind == GO_MAP || kind == GO_CHAN || kind == GO_FUNC;
}

struct type_queue {
    VEC(const struct type *) v;
    struct map64 met;
};

static void enqueue(struct type_queue *q, const struct type *t)
{
    bool fresh;

    if (!t)
        return;
    map64_put(&q->met, (uint64_t)(uintptr_t)t, &fresh);
    if (fresh)
        *vec_push(&q->v) = t;
}

static bool look_into(struct redact_walk *w, struct type_queue *q, const struct type *t)
{
    const uint64_t *known = map64_find(&w->reaches, (uint64_t)(uintptr_t)t);

    if (known)
        return *known == YES;
    if (type_fits(w, t) || is_open(t))
        return true;
    if (!type_is_record(t)) {
        if (t->kind != TYPE_FUNCTION)
            enqueue(q, t->target);
        return false;
    }
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (redact_walk_named(w, f->name) || (f->name && begins_with(f->name, "_vptr")))
            return true;
        enqueue(q, f->type);
    }
    struct variants variants = type_variants(t);
    for (size_t i = 0; i < variants.n; i++)
        enqueue(q, variants.v[i].field.type);
    return false;
}

/* Where none is found, none is in any of the types that were met on the way. */
bool redact_walk_reaches(struct redact_walk *w, const struct type *t)
{
    struct type_queue q = {.v = {0}};
    bool found = false;

    enqueue(&q, t);
    for (size_t i = 0; i < q.v.n && !found; i++)
        found = q.v.n > TYPES_MAX || look_into(w, &q, q.v.v[i]);
    for (size_t i = 0; i < q.v.n && !found; i++)
        *map64_put(&w->reaches, (uint64_t)(uintptr_t)q.v.v[i], NULL) = NO;
    if (found && t)
        *map64_put(&w->reaches, (uint64_t)(uintptr_t)t, NULL) = YES;
    vec_done(&q.v);
    map64_done(&q.met);
    return found;
}

/* ---- what is written over ---- */

static void add_range(struct redact_walk *w, taddr at, uint64_t n, unsigned width)
{
    if (n == 0 || at + n < at)
        return;
    *vec_push(&w->out->ranges) = (struct redact_range){.start = at, .end = at + n, .width = width};
    if (n > w->out->longest)
        w->out->longest = n;
}

/* As UTF-8; bytes are taken for that. */
static void put_character(struct text *out, uint32_t c, unsigned width)
{
    unsigned more = width == 1 || c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    text_putc(out, (char)(more ? (0xf0u << (3 - more)) | c >> 6 * more : c));
    while (more-- > 0)
        text_putc(out, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* Text as it would be written in UTF-8, where its copies are worth a search. */
static void add_copies(struct redact_walk *w, taddr at, uint64_t n, unsigned width)
{
    SCOPED(text_done) struct text text = {0};
    uint8_t bytes[1024];
    size_t got = session_read_some(w->s, at, bytes, n < sizeof(bytes) ? (size_t)n : sizeof(bytes));

    for (size_t i = 0; i + width <= got; i += width) {
        uint32_t c = 0;
        memcpy(&c, bytes + i, width); /* hosts are little-endian, as targets are */
        if (c == 0)
            break;
        put_character(&text, c, width);
    }
    if (!redact_is_telling(w->s->im, text_str(&text), text.n, true))
        return;
    bool fresh;
    map64_put(&w->texts, hash_bytes(text.p, text.n), &fresh);
    if (fresh && w->texts.n <= COPIES_MAX)
        redactor_add_text(w->to, "copies of variables", text.p, text.n, 0);
    w->out->cut |= w->texts.n > COPIES_MAX;
}

static void add_text(struct redact_walk *w, taddr at, uint64_t n, unsigned width)
{
    add_range(w, at, n, width);
    add_copies(w, at, n, width);
}

/* A string that a NUL ends. */
static void add_string(struct redact_walk *w, taddr at, unsigned width)
{
    uint8_t part[1024];
    uint64_t n = 0;

    for (bool ended = at == 0; !ended && n < TEXT_MAX;) {
        size_t got = session_read_some(w->s, at + n, part, sizeof(part)) / width * width, i = 0;
        uint32_t c = 1;
        for (; i < got && c; i += width) {
            c = 0;
            memcpy(&c, part + i, width);
        }
        n += c ? i : i - width;
        ended = !c || got < sizeof(part);
    }
    add_text(w, at, n, width);
}

/* Width of text that elements of a type are; 0: none. */
static unsigned text_width(const struct type *element)
{
    const struct type *t = element ? type_strip(element) : NULL;

    if (!t || (t->kind != TYPE_CHAR && !(t->kind == TYPE_INT && t->size == 1)))
        return 0;
    return t->size == 1 || t->size == 2 || t->size == 4 ? (unsigned)t->size : 0;
}

/* A number; `direct`: it was asked for itself. */
static void add_number(struct redact_walk *w, const struct value *v, bool direct)
{
    uint64_t n = 0;
    taddr at;
    struct err *e = value_address(v, &at);

    if (e) {
        w->out->elsewhere++;
        err_free(e);
        return;
    }
    e = value_int(w->vs, v, &n);
    if (direct || e || n + SMALL > 2 * (uint64_t)SMALL)
        add_range(w, at, type_strip(v->type)->size, 0);
    err_free(e);
}

/* ---- on from a value ---- */

struct step {
    const char *name;
    bool chosen; /* it is in something that was asked for */
    unsigned depth;
};

static void visit(struct redact_walk *w, const struct value *v, struct step from);

static void visit_or_drop(struct redact_walk *w, struct err *e, const struct value *v, struct step next)
{
    if (!e)
        visit(w, v, next);
    err_free(e); /* what cannot be read is not in the core */
}

static void visit_elements(struct redact_walk *w, const struct value *v, struct step from)
{
    const struct type *t = type_strip(v->type), *element = t->target;
    unsigned width = text_width(element);
    taddr at;

    if (!element || !t->count_known)
        return;
    const struct type *e = type_strip(element);
    bool plain = width || e->kind == TYPE_INT || e->kind == TYPE_FLOAT || e->kind == TYPE_CHAR;
    if (plain) {
        struct err *error = from.chosen ? value_address(v, &at) : NULL;
        if (from.chosen && !error && width)
            add_text(w, at, t->count * width, width);
        else if (from.chosen && !error)
            add_range(w, at, t->count * e->size, 0);
        w->out->elsewhere += error != NULL;
        err_free(error);
        return;
    }
    for (uint64_t i = 0; i < t->count && i < ELEMENTS_MAX; i++) {
        struct value one = value_element(v, t->lower + (int64_t)i);
        visit(w, &one, (struct step){.chosen = from.chosen, .depth = from.depth + 1});
    }
    w->out->cut |= t->count > ELEMENTS_MAX;
}

static void visit_pointer(struct redact_walk *w, const struct value *v, struct step from)
{
    const struct type *to = type_strip(v->type)->target;
    unsigned width = text_width(to);
    struct value object, whole;
    uint64_t at;

    if (width) {
        struct err *e = from.chosen ? value_int(w->vs, v, &at) : NULL;
        if (from.chosen && !e)
            add_string(w, at, width);
        err_free(e);
        return;
    }
    if (!to || type_strip(to)->kind == TYPE_VOID || type_strip(to)->kind == TYPE_FUNCTION)
        return;
    struct err *e = value_deref(w->vs, v, &object);
    if (!e && type_is_record(type_strip(object.type))) {
        struct err *same = value_dynamic(w->vs, &object, &whole);
        object = same ? object : whole;
        err_free(same);
    }
    visit_or_drop(w, e, &object, (struct step){.chosen = from.chosen, .depth = from.depth + 1});
}

static void visit_fields(struct redact_walk *w, const struct value *v, struct step from)
{
    struct fields fields = type_fields(type_strip(v->type));
    struct value member;

    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (f->flags & FIELD_STATIC)
            continue;
        struct err *e = value_field(w->vs, v, f, &member);
        visit_or_drop(w, e, &member, (struct step){.name = f->name, .chosen = from.chosen, .depth = from.depth + 1});
    }
    if (type_variants(type_strip(v->type)).n) {
        struct err *e = value_variant(w->vs, v, &member);
        visit_or_drop(w, e, &member, (struct step){.chosen = from.chosen, .depth = from.depth + 1});
    }
}

/* Strings and slices of Go and Rust, as rows of their elements. *done false: it is none. */
static struct err *visit_row(struct redact_walk *w, const struct value *v, struct step from, bool *done)
{
    const struct type *t = type_strip(v->type);
    enum go_kind kind = GO_INVALID;
    struct value data;
    uint64_t n, at;

    *done = false;
    if (type_is_go(t))
        type_go(v->type, &kind);
    bool go = kind == GO_STRING || kind == GO_SLICE;
    if (!go && !(type_is_rust(t) && type_is_record(t)))
        return NULL;
    struct err *e = value_member(w->vs, v, go ? kind == GO_SLICE ? "array" : "str" : "data_ptr", &data);
    if (e && e->code == ERR_NOT_FOUND && !go) {
        err_free(e);
        return NULL;
    }
    *done = true;
    TRY(e);
    struct value length;
    TRY(value_member(w->vs, v, go ? "len" : "length", &length));
    TRY(value_int(w->vs, &length, &n));
    TRY(value_int(w->vs, &data, &at));
    const struct type *pointer = type_strip(data.type);
    if (pointer->kind != TYPE_POINTER || !pointer->target)
        return NULL;
    struct value row = value_at(w->vs, type_array_of(w->vs->types, pointer->target, n), at);
    visit_elements(w, &row, from);
    return NULL;
}

/* Children as a formatter has them; those of a map are named by their keys. */
static void visit_children(struct redact_walk *w, struct presentation *p, struct step from)
{
    SCOPED(text_done) struct text key = {0};
    struct child child = {0};
    struct err *e = NULL;
    uint64_t n = 0;

    for (; n < ELEMENTS_MAX && p->next(p, w->vs, &child, &e); n++) {
        struct step next = {.name = child.name, .chosen = from.chosen, .depth = from.depth + 1};
        if (p->kind == PRESENT_MAP && n % 2 == 0) {
            text_clear(&key);
            format_value(w->vs, &child.value, &format_defaults, &key);
        } else if (p->kind == PRESENT_MAP) {
            size_t quoted = key.n >= 2 && (key.p[0] == '"' || key.p[0] == '\'');
            if (quoted)
                key.p[--key.n] = '\0';
            next.name = text_str(&key) + quoted;
        }
        visit(w, &child.value, next);
        child = (struct child){0};
    }
    w->out->cut |= n == ELEMENTS_MAX;
    err_free(e); /* the rest is damaged */
}

static bool visit_presented(struct redact_walk *w, const struct value *v, struct step from)
{
    struct presentation p;
    taddr at;

    if (!format_present(w->vs, v, &p))
        return false;
    if (p.string.type && from.chosen) {
        const struct type *row = type_strip(p.string.type);
        unsigned width = text_width(row->target);
        struct err *e = value_address(&p.string, &at);
        if (!e && width)
            add_text(w, at, row->count * width, width);
        err_free(e);
    }
    if (p.next)
        visit_children(w, &p, from);
    return true;
}

static bool was_seen(struct redact_walk *w, const struct value *v, bool chosen)
{
    taddr at;
    bool fresh = true;
    struct err *e = value_address(v, &at);

    if (!e) {
        uint64_t what[] = {at, (uint64_t)(uintptr_t)type_strip(v->type), chosen};
        map64_put(&w->seen, hash_bytes(what, sizeof(what)), &fresh);
    }
    err_free(e);
    return !fresh;
}

static void visit_plain(struct redact_walk *w, const struct value *v, struct step from, bool direct)
{
    const struct type *t = type_strip(v->type);
    bool row;

    struct err *e = visit_row(w, v, from, &row);
    err_free(e); /* it has no place, or is not in the core */
    if (row)
        return;
    if (t->kind == TYPE_POINTER)
        visit_pointer(w, v, from);
    else if (t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR)
        visit_elements(w, v, from);
    else if (type_is_record(t))
        visit_fields(w, v, from);
    else if (from.chosen && t->size)
        add_number(w, v, direct);
}

static void visit(struct redact_walk *w, const struct value *v, struct step from)
{
    struct value object;

    if (w->steps++ > STEPS_MAX || from.depth > DEPTH_MAX || progress_cancelled(w->vs->progress)) {
        w->out->cut = true;
        return;
    }
    bool direct = redact_walk_named(w, from.name) || type_fits(w, v->type);
    struct err *e = value_referent(w->vs, v, &object);
    if (e) {
        err_free(e);
        return;
    }
    direct |= type_fits(w, object.type);
    from.chosen |= direct;
    if ((!from.chosen && !redact_walk_reaches(w, object.type)) || was_seen(w, &object, from.chosen))
        return;
    w->out->found += direct;
    e = value_resolve(w->vs, &object);
    err_free(e); /* then its length is not known */
    if (!visit_presented(w, &object, from))
        visit_plain(w, &object, from, direct);
}

void redact_walk_from(struct redact_walk *w, const struct value *v, const char *name)
{
    visit(w, v, (struct step){.name = name});
}
