/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in the value layer: an object is a value at its address, of a type that has its class's name. */
#include "rt/cpython/object.h"

#include <inttypes.h>

enum { HEADER = 16 }; /* bytes that every object has */

struct value py_value(struct rt *rt, struct values *vs, taddr object)
{
    const struct py_type *t = object ? py_type(rt, object) : NULL;
    const char *name = t ? t->qualified : "object";
    uint64_t size = t ? py_object_size(rt, object, t) : HEADER;
    const struct type *type = type_foreign(vs->types, DW_LANG_Python, name, size);
    return object ? value_at(vs, type, object) : (struct value){.type = type};
}

bool py_value_object(const struct value *v, taddr *out)
{
    const struct type *t = type_strip(v->type);
    if (!t->foreign || t->language != DW_LANG_Python || !v->loc.n)
        return false;
    struct err *e = value_address(v, out);
    err_free(e); /* then it is a result of ours, which has no place */
    return e == NULL;
}

/* An int in the base that was asked for. False: it is none, or too large. */
static bool print_by_letter(struct rt *rt, taddr object, char letter, struct text *out)
{
    int64_t v;
    if (!letter || !strchr("xot", letter) || !py_int(rt, object, &v))
        return false;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    text_put(out, v < 0 ? "-" : "");
    if (letter != 't') {
        text_printf(out, letter == 'x' ? "0x%" PRIx64 : "0o%" PRIo64, u);
        return true;
    }
    text_put(out, "0b");
    for (int bit = u ? 63 - __builtin_clzll(u) : 0; bit >= 0; bit--)
        text_putc(out, u >> bit & 1 ? '1' : '0');
    return true;
}

static bool print(void *self, struct values *vs, const struct value *v, const struct format *f, bool summary,
                  struct text *out)
{
    taddr object;
    if (py_value_object(v, &object)) {
        if (!print_by_letter(self, object, f->letter, out))
            py_repr(self, object, f, summary, vs->progress, out);
        return true;
    }
    if (type_strip(v->type)->language != DW_LANG_Python || v->loc.n != 1 || v->loc.pieces[0].kind != LOC_BYTES)
        return false;
    text_putn(out, (const char *)v->loc.pieces[0].bytes.p, v->loc.pieces[0].bytes.n);
    return true;
}

/* ---- children ---- */

struct state {
    struct py_items items;
    bool have_value; /* of a pair whose key was given out */
    taddr value;
};

static struct err *why_it_ended(const struct py_items *it)
{
    uint8_t b;
    if (it->bad) {
        TRY(modules_read(it->rt->ms, it->bad, &b, 1));
        return err_at(err_new(ERR_CORRUPT, "there is no object here"), ERR_AT_ADDRESS, it->bad);
    }
    return it->corrupt ? err_new(ERR_CORRUPT, "the rest is damaged") : NULL;
}

static bool next_child(struct presentation *p, struct values *vs, struct child *out, struct err **e)
{
    struct state *s = p->state;
    struct py_item item;
    if (s->have_value) {
        s->have_value = false;
        out->value = py_value(s->items.rt, vs, s->value);
        return true;
    }
    if (!py_items_next(&s->items, &item)) {
        *e = why_it_ended(&s->items);
        return false;
    }
    if (p->kind == PRESENT_MAP) {
        s->have_value = true;
        s->value = item.value;
        out->value = py_value(s->items.rt, vs, item.key);
        return true;
    }
    if (s->items.shape == PY_SHAPE_NAMED) {
        SCOPED(text_done) struct text name = {0};
        bool read = item.name || py_str_text(s->items.rt, item.key, 1000, &name);
        out->name = item.name ? item.name : read ? arena_strdup(vs->arena, text_str(&name)) : "?";
    }
    out->value = py_value(s->items.rt, vs, item.value);
    return true;
}

/* Their text says it all. */
static bool is_plain(const struct py_type *t)
{
    return !t->heap && t->kind != PYK_EXCEPTION;
}

/* Where characters of a str and bytes of a bytes are (Include/cpython/bytesobject.h: the last member is the first byte). */
static void point_at_text(struct rt *rt, struct values *vs, taddr object, const struct py_type *t, struct value *out)
{
    struct py_str s;
    int64_t n;

    if (t->kind == PYK_BYTES && t->basicsize > 0 && py_var_size(rt, object, &n) && n > 0)
        s = (struct py_str){.data = object + (taddr)t->basicsize - 1, .length = (uint64_t)n, .width = 1};
    else if (!py_str_open(rt, object, &s))
        return;
    const struct type *unit = type_base(vs->types, TYPE_CHAR, "char", s.width, false);
    *out = value_at(vs, type_array_of(vs->types, unit, s.length), s.data);
}

static bool present(void *self, struct values *vs, const struct value *v, struct presentation *out)
{
    struct rt *rt = self;
    taddr object;
    if (type_strip(v->type)->language != DW_LANG_Python || !type_strip(v->type)->foreign)
        return false;
    *out = (struct presentation){.kind = PRESENT_TEXT, .length = UINT64_MAX};
    const struct py_type *t = py_value_object(v, &object) ? py_type(rt, object) : NULL;
    if (!t)
        return true;
    struct state *s = arena_new(vs->arena, struct state);
    if (py_items_begin(rt, object, t, &s->items))
        out->kind = s->items.shape == PY_SHAPE_MAP ? PRESENT_MAP : PRESENT_ARRAY;
    else if (is_plain(t)) {
        point_at_text(rt, vs, object, t, &out->string);
        return true;
    } else {
        py_attributes_begin(rt, object, t, &s->items);
        out->kind = PRESENT_RECORD;
    }
    out->length = s->items.length;
    out->next = next_child;
    out->state = s;
    return true;
}

const struct formatter *py_formatter(struct rt *rt)
{
    rt->formatter = (struct formatter){.name = "python", .present = present, .self = rt, .print = print};
    return &rt->formatter;
}
