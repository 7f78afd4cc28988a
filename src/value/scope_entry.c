/* SPDX-License-Identifier: Apache-2.0 */
/* Values on entry: what a caller passed, from its call site (DWARF 5 section 3.4.2; before version 5 the GNU
 * extension of the same shape).
 *
 * gdb's rule, as its manual tells in "Print Settings" (entry-values) and "Tail Call Frames": the call site must
 * lead to the function that runs, and the function must not be able to reach itself by tail calls, since then
 * another set of arguments may have come after that of the call site. */
#include "module/callsite.h"
#include "value/scope_priv.h"

/* Each level is a frame further out, and takes 32 KiB of our stack. */
#define MAX_DEPTH 32
/* Functions that are looked at for whether one tail-calls itself. */
#define MAX_TAILS 256

enum self_tail { SELF_TAIL_UNKNOWN = 1, SELF_TAIL_NEVER };

/* Where a frame was called from. */
struct call {
    const struct vframe *caller;
    struct dw_die site;
    struct scope_eval eval; /* in the caller */
};

static struct err *no_value(const char *why)
{
    return err_new(ERR_OPTIMISED_OUT, "the value on entry is not known: %s", why);
}

/* What is missing for a value on entry makes it one that nobody kept. */
static struct err *as_no_value(struct err *e)
{
    if (e && (e->code == ERR_NO_DATA || e->code == ERR_UNSUPPORTED))
        e->code = ERR_OPTIMISED_OUT;
    return e;
}

/* ---- whom a call reaches ---- */

/* A computed target, from the registers of the caller. */
static bool computed_target(struct call *c, taddr *out)
{
    struct dw_value v;
    if ((!dw_attr(&c->site, DW_AT_call_target, &v) && !dw_attr(&c->site, DW_AT_GNU_call_site_target, &v)) ||
        v.cls != DW_CLASS_BLOCK)
        return false;
    struct dwx_frame q = scope_questions(&c->eval);
    struct err *e = dwx_number(&q, c->site.unit, v.block, NULL, out);
    err_free(e); /* it is one more target that is not known */
    return e == NULL;
}

static bool leads_to(struct call *c, taddr function)
{
    struct call_target t = callsite_target(&c->site);
    taddr target;
    if (t.kind == CALL_UNKNOWN)
        return computed_target(c, &target) && target == function;
    return callsite_address(c->eval.vs->ms, c->eval.module, &t, function, &target) && target == function;
}

/* ---- functions that come back to themselves ---- */

static bool function_at(struct values *vs, taddr entry, struct module **m, struct dw_die *out)
{
    const struct scope_at *at = scope_at(vs, entry);
    *m = modules_find(vs->ms, entry);
    if (!*m || !at->s.found || at->s.entry + (*m)->bias != entry)
        return false;
    *out = at->s.function;
    return true;
}

struct todo {
    taddr entries[MAX_TAILS];
    size_t n;
};

static bool add_todo(struct todo *t, taddr entry)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->entries[i] == entry)
            return true;
    if (t->n == MAX_TAILS)
        return false;
    t->entries[t->n++] = entry;
    return true;
}

/* The targets of one function's tail calls. False: one is not known, or is `self`. */
static bool follow_tails(struct values *vs, taddr entry, taddr self, struct todo *todo)
{
    struct module *m;
    struct dw_die function;
    struct tail_list tails;
    if (!function_at(vs, entry, &m, &function))
        return true; /* without debug information there is nothing to see */
    callsite_tails(&function, &vs->scopes->arena, &tails);
    for (uint32_t i = 0; i < tails.n; i++) {
        taddr target;
        if (!callsite_address(vs->ms, m, &tails.sites[i].target, self, &target) || target == self ||
            !add_todo(todo, target))
            return false;
    }
    return true;
}

static bool may_tail_call_itself(struct values *vs, taddr entry)
{
    bool fresh;
    uint64_t *known = map64_put(&vs->scopes->self_tails, entry, &fresh);
    if (!fresh)
        return *known == SELF_TAIL_UNKNOWN;
    struct todo todo = {.n = 0};
    bool never = add_todo(&todo, entry);
    for (size_t i = 0; never && i < todo.n; i++)
        never = follow_tails(vs, todo.entries[i], entry, &todo);
    *known = never ? SELF_TAIL_NEVER : SELF_TAIL_UNKNOWN;
    return !never;
}

/* ---- the call site of a frame ---- */

static struct err *find_call(struct scope_eval *e, struct call *c)
{
    const struct vframe *f = e->f;
    const struct scope_at *callee = scope_at(e->vs, f->lookup);
    if (e->depth >= MAX_DEPTH)
        return no_value("too many others depend on each other");
    c->caller = f->caller ? f->caller(f) : NULL;
    if (!c->caller || !callee->s.found || !f->module)
        return no_value("the calling frame is not known");
    const struct scope_at *at = scope_at(e->vs, c->caller->lookup);
    if (!at->s.found || !at->s.has_site || c->caller->pc != c->caller->lookup + 1)
        return no_value("nothing describes the call");
    c->site = at->s.site;
    c->eval = (struct scope_eval){e->vs, c->caller, c->caller->module, e->depth + 1};
    taddr entry = callee->s.entry + f->module->bias;
    if (!leads_to(c, entry))
        return no_value("the call may lead to another function");
    if (may_tail_call_itself(e->vs, entry))
        return no_value("the function may have been reached by a tail call");
    return NULL;
}

static bool is_parameter(const struct dw_die *die)
{
    return dw_tag(die) == DW_TAG_call_site_parameter || dw_tag(die) == DW_TAG_GNU_call_site_parameter;
}

/* DW_AT_call_value, or with `data` what the value points at; in the caller. */
static struct err *value_of(struct call *c, const struct dw_die *parameter, bool data, uint64_t *out)
{
    struct dw_value v;
    struct dwx_frame q = scope_questions(&c->eval);
    bool has =
        data ? dw_attr(parameter, DW_AT_call_data_value, &v) || dw_attr(parameter, DW_AT_GNU_call_site_data_value, &v)
             : dw_attr(parameter, DW_AT_call_value, &v) || dw_attr(parameter, DW_AT_GNU_call_site_value, &v);
    if (!has || v.cls != DW_CLASS_BLOCK)
        return no_value("the call site does not have it");
    return as_no_value(dwx_number(&q, parameter->unit, v.block, NULL, out));
}

/* As in DW_OP_entry_value: a register, or what it points at. */
static bool passed_in(const struct dw_die *parameter, uint64_t reg)
{
    struct dw_value v;
    uint64_t r;
    unsigned size;
    return dw_attr(parameter, DW_AT_location, &v) && v.cls == DW_CLASS_BLOCK &&
           dwx_is_register(v.block, parameter->unit->addr_size, &r, &size) && r == reg && size == 0;
}

struct err *scope_entry_register(struct scope_eval *e, uint64_t reg, unsigned size, uint64_t *out)
{
    struct call c;
    struct dw_die d;
    TRY(find_call(e, &c));
    for (bool ok = dw_die_child(&c.site, &d); ok; ok = dw_die_next(&d))
        if (is_parameter(&d) && passed_in(&d, reg))
            return value_of(&c, &d, size != 0, out);
    return no_value("the call site does not have it");
}

static bool names(const struct dw_die *parameter, const struct dw_die *formal)
{
    struct dw_die d;
    return (dw_attr_die(parameter, DW_AT_call_parameter, &d) || dw_attr_die(parameter, DW_AT_abstract_origin, &d)) &&
           dw_die_key(&d) == dw_die_key(formal);
}

struct err *scope_entry_parameter(struct scope_eval *e, const struct dw_die *die, uint64_t *out)
{
    struct call c;
    struct dw_die d;
    TRY(find_call(e, &c));
    for (bool ok = dw_die_child(&c.site, &d); ok; ok = dw_die_next(&d))
        if (is_parameter(&d) && names(&d, die))
            return value_of(&c, &d, false, out);
    return no_value("the call site does not have it");
}
