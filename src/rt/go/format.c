/* SPDX-License-Identifier: Apache-2.0 */
/* How values of Go are shown that only the runtime understands. */
#include "rt/go/priv.h"

#include <inttypes.h>

struct err *go_number(struct values *vs, const struct value *v, const char *name, uint64_t *out)
{
    struct value member;
    TRY(value_member(vs, v, name, &member));
    return value_int(vs, &member, out);
}

struct err *go_behind(struct values *vs, const struct value *v, struct value *out, taddr *at)
{
    struct value pointer = *v;
    pointer.type = type_strip(v->type);
    TRY(value_int(vs, &pointer, at));
    return *at ? value_deref(vs, &pointer, out) : NULL;
}

/* ---- interfaces ---- */

static bool next_one(struct presentation *p, struct values *vs, struct child *out, struct err **e)
{
    (void)vs;
    (void)e;
    struct value *v = p->state;
    p->state = NULL;
    if (v)
        out->value = *v;
    return v != NULL;
}

/* Why there is none. */
static bool next_failed(struct presentation *p, struct values *vs, struct child *out, struct err **e)
{
    (void)vs;
    (void)out;
    const taddr *at = p->state;
    *e = err_at(err_new(ERR_CORRUPT, "no type of Go at 0x%" PRIx64, *at), ERR_AT_ADDRESS, *at);
    return false;
}

/* The value of a dynamic type: in the interface's word itself, or where that points to. */
static struct value held(struct values *vs, const struct go_type *g, const struct type *t, taddr data)
{
    return g->direct ? value_of_bytes(vs, t, &data, sizeof(data)) : value_at(vs, t, data);
}

static bool present_interface(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out)
{
    struct go_type g;
    taddr data;
    bool nil;
    struct err *e = go_interface(rt, vs, v, &nil, &g, &data);
    *out = (struct presentation){.kind = PRESENT_VALUE, .length = e || nil ? 0 : 1};
    if (e && e->code == ERR_CORRUPT) {
        out->next = next_failed;
        out->state = arena_new(vs->arena, taddr);
        *(taddr *)out->state = e->at;
        err_free(e);
        return true;
    }
    if (e) {
        err_free(e); /* then its two words are shown, each with what is wrong with it */
        return false;
    }
    if (nil)
        return true;
    const struct type *t = go_type_dwarf(rt, vs, g.at);
    struct value inside;
    if (t)
        inside = held(vs, &g, t, data);
    else
        inside = value_of_int(vs, type_base(vs->types, TYPE_INT, "uintptr", 8, false), data);
    struct text name SCOPED(text_done) = {0};
    if (t)
        type_name(&name, t, NULL);
    out->summary = t ? arena_strdup(vs->arena, text_str(&name)) : g.name;
    out->next = next_one;
    out->state = arena_new(vs->arena, struct value);
    *(struct value *)out->state = inside;
    return true;
}

/* ---- all ---- */

static bool present(void *self, struct values *vs, const struct value *v, struct presentation *out)
{
    struct rt *rt = self;
    enum go_kind kind;
    if (!type_is_go(v->type))
        return false;
    type_go(v->type, &kind);
    if (kind >= GO_INT && kind <= GO_UINTPTR)
        return go_present_constant(rt, vs, v, out);
    switch ((int)kind) {
    case GO_INTERFACE:
        return present_interface(rt, vs, v, out);
    case GO_MAP:
        return go_present_map(rt, vs, v, out);
    case GO_CHAN:
        return go_present_chan(rt, vs, v, out);
    case GO_FUNC:
        return go_present_func(rt, vs, v, out);
    case GO_STRUCT:
        return go_present_struct(rt, vs, v, out);
    default:
        return false;
    }
}

static const struct type *type_at(void *self, struct values *vs, taddr at)
{
    return go_type_dwarf(self, vs, at);
}

const struct formatter *go_formatter(struct rt *rt)
{
    rt->formatter = (struct formatter){.name = "go", .present = present, .type_at = type_at, .self = rt};
    return &rt->formatter;
}
