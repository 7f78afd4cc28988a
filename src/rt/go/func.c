/* SPDX-License-Identifier: Apache-2.0 */
/* Values of func types: a pointer to a word with the code's address, behind which a closure's variables stand. */
#include "rt/go/priv.h"
#include "module/inlines.h"

#include <inttypes.h>

struct captured {
    struct dw_die die;
    bool more;
    taddr closure;
};

/* "&x" is the pointer to x, which the source captured. */
static bool captured_by_reference(struct values *vs, struct child *c)
{
    struct value x;
    struct err *e = value_deref(vs, &c->value, &x);
    bool good = !e;
    err_free(e); /* the closure is damaged: the variable is left out */
    if (good) {
        c->value = x;
        c->name++;
    }
    return good;
}

/* The next variable of the function's DIE that stands in its closure (DW_AT_go_closure_offset, from Go 1.23). */
static bool next_captured(struct presentation *p, struct values *vs, struct child *out, struct err **e)
{
    (void)e;
    struct captured *c = p->state;
    for (; c->more; c->more = dw_die_next(&c->die)) {
        uint64_t offset;
        const char *name = dw_attr_string(&c->die, DW_AT_name);
        if (!name || !dw_attr_uint(&c->die, DW_AT_go_closure_offset, &offset))
            continue;
        out->name = name;
        out->value = value_at(vs, type_of(vs->types, &c->die), c->closure + offset);
        if (name[0] == '&' && !captured_by_reference(vs, out))
            continue;
        c->more = dw_die_next(&c->die);
        return true;
    }
    return false;
}

/* The DIE of the function that starts at an address. */
static bool function_die(struct module *m, taddr entry, struct dw_die *out)
{
    struct dwarf *d = module_dwarf(m);
    struct dw_unit *u = NULL;
    taddr link_time = entry - m->bias;
    if (d)
        dwarf_find_units(d, &link_time, 1, &u);
    return u && function_starting_at(u, link_time, out);
}

/* A function itself, by its name in an expression, instead of a variable that holds one. */
static bool is_function(const struct value *v)
{
    const struct type *t = type_strip(v->type);
    return t->die.unit ? dw_tag(&t->die) != DW_TAG_subroutine_type : t->kind == TYPE_FUNCTION;
}

bool go_present_func(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out)
{
    taddr closure, entry;
    uint8_t bytes[8];
    const struct go_module *m;
    struct go_function f;
    struct dw_die die;
    bool itself = is_function(v);
    struct err *e = itself ? value_address(v, &entry) : value_read(vs, v, 0, bytes, sizeof(bytes));
    if (!e && itself) {
        *out = (struct presentation){.kind = PRESENT_TEXT};
        out->summary = go_function_at(rt, entry, &m, &f) ? f.name : NULL;
        return out->summary != NULL;
    }
    if (e) {
        err_free(e); /* the printer finds the same reason, and says it */
        return false;
    }
    memcpy(&closure, bytes, sizeof(closure));
    *out = (struct presentation){.kind = PRESENT_RECORD, .length = closure ? UINT64_MAX : 0};
    if (!closure)
        return true;
    if (!go_word(rt, closure, &entry) || !go_function_at(rt, entry, &m, &f))
        return false;
    out->summary = f.name;
    struct captured *c = arena_new(vs->arena, struct captured);
    *c = (struct captured){.closure = closure};
    c->more = function_die(m->module, f.entry, &die) && dw_die_child(&die, &c->die);
    out->next = next_captured;
    out->state = c;
    return true;
}
