/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Go as api.Variable: what is loaded, and how deep, is Delve's rule (pkg/proc/variables.go). */
#include "front/delve/variable.h"

#include <inttypes.h>
#include <string.h>

#define DW_AT_go_elem 0x2902 /* the elements of a channel or slice */

/* Elements that cannot be read end a row. */
enum { FAILURES_MAX = 3 };

static void put_nameless(struct writer *w, const struct value *v, int64_t level)
{
    struct variable_facts none = {0};
    delve_put_value(w, &none, v, level);
}

static struct err *member_number(struct writer *w, const struct value *v, const char *name, int64_t *out)
{
    struct value member;
    uint64_t n = 0;
    TRY(value_member(w->vs, v, name, &member));
    TRY(value_int(w->vs, &member, &n));
    *out = (int64_t)n;
    return NULL;
}

static void put_plain(struct writer *w, struct shown *s)
{
    shown_begin(w, s);
    shown_end(w, s);
}

/* ---- numbers ---- */

static void put_scalar(struct writer *w, struct shown *s, const struct value *v)
{
    char byte;
    struct format f = format_defaults;
    struct err *e = value_read(w->vs, v, 0, &byte, sizeof(byte));
    if (!e)
        format_variable(w->vs, v, &f, &s->value);
    shown_error(s, e);
    put_plain(w, s);
}

static void put_complex(struct writer *w, struct shown *s, const struct value *v, enum go_kind kind)
{
    static const char *const names[] = {"real", "imaginary"};
    const struct type *part = type_strip(v->type)->target;
    struct format f = format_defaults;
    s->len = (int64_t)ARRAY_LEN(names);
    format_variable(w->vs, v, &f, &s->value);
    shown_begin(w, s);
    for (size_t i = 0; part && i < ARRAY_LEN(names); i++) {
        struct shown child = {.name = names[i], .kind = kind == GO_COMPLEX64 ? KIND_FLOAT32 : KIND_FLOAT64};
        struct value v2 = *v;
        v2.type = part;
        v2.bit_offset += i * part->size * 8u;
        format_variable(w->vs, &v2, &f, &child.value);
        put_plain(w, &child);
    }
    shown_end(w, s);
}

/* ---- rows ---- */

static uint64_t at_most(uint64_t n, int64_t limit)
{
    return limit < 0 ? 0 : n < (uint64_t)limit ? n : (uint64_t)limit;
}

static void put_elements(struct writer *w, const struct value *first, uint64_t n, int64_t level)
{
    struct value element = *first;
    uint64_t bits = (first->type ? type_strip(first->type)->size : 0) * 8u;
    unsigned failed = 0;
    for (uint64_t i = 0; i < n && failed <= FAILURES_MAX && !shown_enough(w); i++) {
        struct err *lost = bits ? value_reachable(w->vs, &element) : NULL;
        failed += lost != NULL;
        err_free(lost); /* the element says it itself */
        put_nameless(w, &element, level);
        element.bit_offset += bits;
    }
}

static void put_array(struct writer *w, struct shown *s, const struct value *v, const struct type *t, int64_t level)
{
    struct value first = *v;
    first.type = t->target;
    s->len = s->cap = t->count_known ? (int64_t)t->count : 0;
    s->base = s->addr;
    shown_begin(w, s);
    if (t->target && s->len > 0)
        put_elements(w, &first, at_most((uint64_t)s->len, w->load.array), level + 1);
    shown_end(w, s);
}

static void put_slice(struct writer *w, struct shown *s, const struct value *v, int64_t level)
{
    struct value array, first = {0};
    uint64_t at = 0;
    if (value_go_inline(v, &array)) {
        s->len = s->cap = (int64_t)type_strip(array.type)->count;
        first = array;
        first.type = type_strip(array.type)->target;
    } else {
        struct err *e = value_member(w->vs, v, "array", &array);
        e = e ? e : value_int(w->vs, &array, &at);
        e = e ? e : member_number(w, v, "len", &s->len);
        e = e ? e : member_number(w, v, "cap", &s->cap);
        shown_error(s, e);
        s->base = at;
        const struct type *element = s->unreadable.n ? NULL : type_strip(array.type)->target;
        if (element)
            first = value_at(w->vs, element, at);
        if (s->len < 0 && !s->unreadable.n)
            text_put(&s->unreadable, "Negative array length");
        else if (!at && s->len > 0 && !s->unreadable.n)
            text_put(&s->unreadable, "non-zero length array with nil base");
    }
    shown_begin(w, s);
    if (first.type && !s->unreadable.n)
        put_elements(w, &first, at_most((uint64_t)s->len, w->load.array), level + 1);
    shown_end(w, s);
}

/* ---- strings ---- */

static void put_string(struct writer *w, struct shown *s, const struct value *v)
{
    struct value bytes;
    uint64_t at = 0, n;
    struct err *e = NULL;
    if (value_go_inline(v, &bytes)) {
        s->len = (int64_t)type_strip(bytes.type)->count;
    } else {
        e = value_member(w->vs, v, "str", &bytes);
        e = e ? e : value_int(w->vs, &bytes, &at);
        e = e ? e : member_number(w, v, "len", &s->len);
        s->base = at;
    }
    n = e || s->len < 0 ? 0 : at_most((uint64_t)s->len, w->load.string);
    SCOPED(freep) char *text = xmalloc(n);
    if (!e && n)
        e = at ? session_read(w->client->session, at, text, n) : value_read(w->vs, &bytes, 0, text, n);
    if (!e)
        text_putn(&s->value, text, n);
    else if (at)
        e = err_prefix(e, "could not read string at 0x%" PRIx64 " due to", at);
    shown_error(s, e);
    put_plain(w, s);
}

void shown_go_length(struct writer *w, struct shown *s, const struct value *v, enum go_kind kind)
{
    struct value at;
    uint64_t base;
    if (kind != GO_STRING && kind != GO_SLICE)
        return;
    struct err *e = value_member(w->vs, v, kind == GO_STRING ? "str" : "array", &at);
    e = e ? e : value_int(w->vs, &at, &base);
    e = e ? e : member_number(w, v, "len", &s->len);
    if (!e)
        s->base = base;
    if (!e && kind == GO_SLICE)
        e = member_number(w, v, "cap", &s->cap);
    err_free(e); /* it is not opened: nobody asked */
}

/* ---- records ---- */

/* What a type of the standard library is about: a time. */
static void summary_of(struct writer *w, struct shown *s, const struct value *v)
{
    struct presentation shown;
    if (format_present(w->vs, v, &shown) && shown.kind == PRESENT_TEXT && shown.summary && s->type->name &&
        strcmp(s->type->name, "time.Time") == 0)
        text_put(&s->value, shown.summary);
}

static void put_record(struct writer *w, struct shown *s, const struct value *v, const struct type *t, int64_t level)
{
    struct fields fields = type_fields(type_strip(t));
    s->len = (int64_t)fields.n;
    if (level <= w->load.recurse)
        summary_of(w, s, v);
    shown_begin(w, s);
    for (size_t i = 0; i < fields.n && level <= w->load.recurse; i++) {
        if (w->load.fields >= 0 && i >= (uint64_t)w->load.fields)
            break;
        struct variable_facts facts = {.name = fields.v[i].name};
        struct value member;
        struct err *e = value_field(w->vs, v, &fields.v[i], &member);
        if (e) {
            struct shown lost = {.name = facts.name, .type = fields.v[i].type, .real = fields.v[i].type};
            shown_error(&lost, e);
            put_plain(w, &lost);
        } else {
            delve_put_value(w, &facts, &member, level + 1);
        }
    }
    shown_end(w, s);
}

/* ---- pointers ---- */

static void put_pointer(struct writer *w, struct shown *s, const struct value *v, int64_t level)
{
    const struct type *t = type_strip(s->real)->target;
    enum go_kind kind = GO_INVALID;
    struct value target;
    uint64_t at = 0;
    struct err *e = value_int(w->vs, v, &at);
    bool known = !e;
    s->len = 1;
    if (!e)
        text_printf(&s->value, "%" PRIu64, at);
    shown_error(s, e);
    if (t)
        type_go(t, &kind);
    /* Pointers to pointers and to interfaces may lead round in a ring. */
    int64_t next = kind == GO_POINTER || kind == GO_INTERFACE ? level + 1 : level;
    bool opens = known && at && t && w->load.follow_pointers && !v->address_only && s->kind == GO_POINTER &&
                 !(kind == GO_POINTER && level > w->load.recurse);
    shown_begin(w, s);
    if (opens)
        e = value_deref(w->vs, v, &target);
    if (opens && !e) {
        put_nameless(w, &target, next);
    } else {
        struct shown child = {.addr = at, .only_addr = at != 0, .type = t, .real = t, .kind = kind};
        shown_error(&child, opens ? e : NULL);
        if (!known)
            text_printf(&child.unreadable, "parent pointer unreadable: %s", text_str(&s->unreadable));
        put_plain(w, &child);
    }
    shown_end(w, s);
}

/* ---- what the runtime says ---- */

/* The word that a map or function is made of, whatever its type says of it. */
static struct err *word_of(struct writer *w, const struct value *v, uint64_t *out)
{
    struct value word = *v;
    word.type = type_go_basic(w->vs->types, "uintptr");
    return value_int(w->vs, &word, out);
}

static bool next_child(struct writer *w, struct shown *s, struct presentation *p, struct child *c)
{
    struct err *e = NULL;
    *c = (struct child){.name = NULL};
    bool more = p->next && p->next(p, w->vs, c, &e);
    bool good = more && !e;
    shown_error(s, e);
    return good;
}

static void put_interface(struct writer *w, struct shown *s, struct presentation *p, int64_t level)
{
    struct variable_facts facts = {.name = "data"};
    struct child c;
    bool held = next_child(w, s, p, &c);
    shown_begin(w, s);
    if (!held) {
        struct shown none = {.name = "data"}; /* nil: neither a kind nor an address */
        put_plain(w, &none);
    } else if (level <= w->load.recurse) {
        delve_put_value(w, &facts, &c.value, level);
    } else {
        taddr at = 0;
        err_free(value_address(&c.value, &at)); /* then it has none */
        delve_put_unopened(w, facts.name, c.value.type, at);
    }
    shown_end(w, s);
}

static void put_map(struct writer *w, struct shown *s, struct presentation *p, const struct value *v, int64_t level)
{
    struct child key, value;
    uint64_t word = 0;
    shown_error(s, word_of(w, v, &word));
    s->base = word;
    s->len = p->length <= INT64_MAX ? (int64_t)p->length : 0;
    shown_begin(w, s);
    uint64_t n = level <= w->load.recurse ? at_most((uint64_t)s->len, w->load.array) : 0;
    for (uint64_t i = 0; i < n && !shown_enough(w); i++) {
        if (!next_child(w, s, p, &key) || !next_child(w, s, p, &value))
            break;
        put_nameless(w, &key.value, level + 1);
        put_nameless(w, &value.value, level + 1);
    }
    shown_end(w, s);
}

static void put_channel(struct writer *w, struct shown *s, const struct value *v)
{
    struct value pointer = {.type = type_strip(v->type), .loc = v->loc, .bit_offset = v->bit_offset, .frame = v->frame};
    const struct type *element = type_go_part(v->type, DW_AT_go_elem);
    struct load asked = w->load;
    struct value record;
    uint64_t at = 0;
    struct err *e = value_int(w->vs, &pointer, &at);
    if (!e && at)
        e = value_deref(w->vs, &pointer, &record);
    bool open = !e && at;
    struct fields fields = open ? type_fields(type_strip(record.type)) : (struct fields){0};
    s->base = at;
    s->len = (int64_t)fields.n;
    shown_error(s, e);
    shown_begin(w, s);
    w->load = load_default; /* whatever was asked for */
    for (size_t i = 0; i < fields.n; i++) {
        struct variable_facts facts = {.name = fields.v[i].name};
        struct value member;
        e = element ? value_go_channel_field(w->vs, &record, element, &fields.v[i], &member)
                    : value_field(w->vs, &record, &fields.v[i], &member);
        if (!e)
            delve_put_value(w, &facts, &member, 1);
        shown_error(s, e);
    }
    w->load = asked;
    shown_end(w, s);
}

static void put_func(struct writer *w, struct shown *s, struct presentation *p, const struct value *v, int64_t level)
{
    uint64_t closure = 0, pc = 0;
    struct child c;
    shown_error(s, word_of(w, v, &closure));
    if (closure) {
        const struct type *word = type_go_basic(w->vs->types, "uintptr");
        struct value code = value_at(w->vs, word, closure);
        shown_error(s, value_int(w->vs, &code, &pc));
    }
    s->base = pc;
    if (p->summary && closure)
        text_put(&s->value, p->summary);
    shown_begin(w, s);
    while (level <= w->load.recurse && next_child(w, s, p, &c)) {
        struct variable_facts facts = {.name = c.name};
        delve_put_value(w, &facts, &c.value, level + 1);
    }
    shown_end(w, s);
}

static void put_presented(struct writer *w, struct shown *s, const struct value *v, enum go_kind kind, int64_t level)
{
    struct presentation p;
    char byte;
    struct err *e = value_read(w->vs, v, 0, &byte, sizeof(byte));
    bool known = !e && format_present(w->vs, v, &p);
    shown_error(s, e);
    if (!known) {
        put_plain(w, s);
        return;
    }
    if (kind == GO_INTERFACE)
        put_interface(w, s, &p, level);
    else if (kind == GO_MAP)
        put_map(w, s, &p, v, level);
    else
        put_func(w, s, &p, v, level);
}

void delve_put_go_value(struct writer *w, struct shown *s, const struct value *v, int64_t level)
{
    enum go_kind kind;
    const struct type *t = type_go(v->type, &kind);
    if (!v->loc.n) { /* the words of Delve for a variable without a place at this address */
        text_put(&s->unreadable, "optimized out");
        put_plain(w, s);
        return;
    }
    if (kind >= GO_BOOL && kind <= GO_FLOAT64)
        put_scalar(w, s, v);
    else if (kind == GO_COMPLEX64 || kind == GO_COMPLEX128)
        put_complex(w, s, v, kind);
    else if (kind == GO_ARRAY)
        put_array(w, s, v, t, level);
    else if (kind == GO_SLICE)
        put_slice(w, s, v, level);
    else if (kind == GO_STRING)
        put_string(w, s, v);
    else if (kind == GO_STRUCT)
        put_record(w, s, v, t, level);
    else if (kind == GO_POINTER || kind == GO_UNSAFE_POINTER)
        put_pointer(w, s, v, level);
    else if (kind == GO_CHAN)
        put_channel(w, s, v);
    else if (kind == GO_MAP || kind == GO_INTERFACE || kind == GO_FUNC)
        put_presented(w, s, v, kind, level);
    else
        put_plain(w, s);
}
