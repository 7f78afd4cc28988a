/* SPDX-License-Identifier: Apache-2.0 */
/* From what a name means to its value. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "value/scope_priv.h"

#include <elf.h>

static const char no_type_data[] = "<data variable, no debug info>";
static const char no_type_code[] = "<text variable, no debug info>";

bool found_has_no_type(const struct type *t)
{
    return t->kind == TYPE_ERROR && t->name && strcmp(t->name, no_type_data) == 0;
}

static taddr bias_of(const struct dw_die *die)
{
    const struct module *m = die->unit->file->module;
    return m ? m->bias : 0;
}

static bool entry_of(const struct dw_die *function, taddr *out)
{
    struct dw_ranges ranges;
    struct dw_range r;
    if (!dw_ranges_init(&ranges, function) || !dw_ranges_next(&ranges, &r))
        return false;
    *out = r.start + bias_of(function);
    return true;
}

/* The symbol that a DIE has in the symbol tables: what it declares may be defined where no DWARF is. */
static bool symbol_of(struct eval *ev, const struct dw_die *die, struct symbol *out)
{
    static const uint16_t names[] = {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct dw_value v;
        struct dw_die owner;
        const char *name = scope_attr(die, names[i], &v, &owner) ? dw_value_string(owner.unit, &v) : NULL;
        if (name && modules_symbol_named(ev->vs->ms, name, out, NULL))
            return true;
    }
    return false;
}

static struct err *function(struct eval *ev, const struct node *n, const struct found *f, struct value *out)
{
    taddr at = 0;
    struct symbol s;
    const struct type *t = type_of_die(ev->types, &f->die);
    if (!entry_of(&f->die, &at)) {
        if (!symbol_of(ev, &f->die, &s) && !ev->types_only)
            return eval_fail(ev, n,
                             "the function has no code of its own: all calls are inlined, or it is not linked in");
        at = ev->types_only ? 0 : s.addr;
    }
    *out = value_at(ev->vs, t, at);
    return NULL;
}

static struct err *enumerator(struct eval *ev, const struct found *f, struct value *out)
{
    uint64_t v = 0;
    const struct type *t = type_of_die(ev->types, &f->enumeration);
    dw_attr_uint(&f->die, DW_AT_const_value, &v);
    *out = value_of_int(ev->vs, t, v);
    return NULL;
}

static struct err *variable(struct eval *ev, const struct node *n, const struct found *f, struct value *out)
{
    struct symbol s;
    if (!f->declaration)
        return scope_global(ev->vs, ev->env->frame, &f->die, out);
    const struct type *t = type_of(ev->types, &f->die);
    if (ev->types_only)
        *out = eval_absent(t);
    else if (symbol_of(ev, &f->die, &s))
        *out = value_at(ev->vs, t, s.addr);
    else
        return eval_fail(ev, n, "\"%s\" is declared here, but defined nowhere", n->text ? n->text : "");
    return NULL;
}

static struct err *die(struct eval *ev, const struct node *n, const struct found *f, struct value *out)
{
    if (f->enumeration.unit)
        return enumerator(ev, f, out);
    if (dw_tag(&f->die) == DW_TAG_subprogram)
        return function(ev, n, f, out);
    return variable(ev, n, f, out);
}

static struct err *local(struct eval *ev, const struct node *n, const struct found *f, struct value *out)
{
    struct err *e = n->kind == NODE_NAME && n->entry ? scope_entry_value(f->frame, f->var, out)
                                                     : scope_value(f->frame, f->var, out);
    if (!e)
        e = value_resolve(ev->vs, out);
    if (e && ev->types_only) {
        err_free(e); /* where it is does not matter */
        *out = eval_absent(f->var->type);
        return NULL;
    }
    return e;
}

/* Of *this; without an object, only its type is known. */
static struct err *member(struct eval *ev, const struct node *n, const struct found *f, struct value *out)
{
    struct node of = {.kind = NODE_MEMBER, .op = OP_ARROW, .at = n->at, .text = f->name};
    struct value self;
    if (f->frame) {
        struct found this = {.kind = FOUND_VARIABLE, .var = f->var, .frame = f->frame};
        TRY(local(ev, &of, &this, &self));
    } else {
        self = eval_absent(type_pointer_to(ev->types, f->type));
        if (!ev->types_only)
            return eval_fail(ev, n, "Cannot reference non-static field \"%s\"", f->name);
    }
    return member_of(ev, &of, &self, out);
}

static struct err *symbol(struct eval *ev, const struct found *f, struct value *out)
{
    bool code = f->symbol.type == STT_FUNC || f->symbol.type == STT_GNU_IFUNC;
    const struct type *t = code ? type_base(ev->types, TYPE_FUNCTION, no_type_code, 1, false)
                                : type_base(ev->types, TYPE_ERROR, no_type_data, 0, false);
    if (f->symbol.type == STT_TLS)
        return err_new(ERR_NO_DATA, "Cannot find thread-local storage of \"%s\": it has no debug information",
                       f->symbol.name);
    *out = value_at(ev->vs, t, f->symbol.addr);
    return NULL;
}

struct err *found_value(struct eval *ev, const struct node *n, const struct found *f, struct value *out)
{
    if (n->kind == NODE_NAME && n->entry && f->kind != FOUND_VARIABLE)
        return eval_fail(ev, n, "only arguments have a value on entry");
    switch ((enum found_kind)f->kind) {
    case FOUND_VARIABLE:
        return local(ev, n, f, out);
    case FOUND_MEMBER:
        return member(ev, n, f, out);
    case FOUND_DIE:
        return die(ev, n, f, out);
    case FOUND_SYMBOL:
        return symbol(ev, f, out);
    case FOUND_TYPE:
        return eval_fail(ev, n, "Attempt to use a type as an expression.");
    case FOUND_NAMESPACE:
    case FOUND_NOTHING:
        break;
    }
    return name_unknown(ev, n->text);
}
