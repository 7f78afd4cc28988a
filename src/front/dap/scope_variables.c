/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a frame's scopes: arguments, locals, globals of its unit, registers. */
#include "front/dap/priv.h"
#include "front/registers.h"
#include "session/globals.h"

#include <inttypes.h>
#include <string.h>

struct scope_listing {
    struct dap *d;
    struct json *j;
    const struct vframe *frame;
    uint32_t scope, number; /* handles of the scope and its frame */
    bool hex;
    uint64_t first, max; /* which are wanted */
    uint64_t at;
};

static bool wanted(struct scope_listing *l)
{
    uint64_t at = l->at++;
    return at >= l->first && at - l->first < l->max;
}

static void put_variable(struct scope_listing *l, const char *name, const char *expression, const struct value *v,
                         const struct err *why, const char *attribute)
{
    struct shown how = {l->number, expression, {.parent = l->scope, .index = l->at}, l->hex};
    json_object_begin(l->j);
    json_kv_string(l->j, "name", name);
    put_value(l->d, l->j, "value", v, why, &how);
    if (expression)
        json_kv_string(l->j, "evaluateName", expression);
    if (attribute) {
        json_key(l->j, "presentationHint");
        json_object_begin(l->j);
        json_key(l->j, "attributes");
        json_array_begin(l->j);
        json_string(l->j, attribute);
        json_array_end(l->j);
        json_object_end(l->j);
    }
    json_object_end(l->j);
}

static struct err *put_locals(struct scope_listing *l, bool arguments)
{
    struct session *s = l->d->session;
    struct variables vars;
    TRY(session_variables(s, l->frame, &vars));
    for (size_t i = 0; i < vars.n; i++) {
        const struct variable *var = &vars.v[i];
        struct value v;
        if (var->argument != arguments || !wanted(l))
            continue;
        struct err *e = session_variable(s, l->frame, var, &v);
        SCOPED(freep) char *name = var->shadowed ? xasprintf("%s (hidden by an inner one)", var->name) : NULL;
        /* By its name an expression would find the inner one. */
        put_variable(l, name ? name : var->name, var->shadowed ? NULL : var->name, e ? NULL : &v, e,
                     var->is_static ? "static" : NULL);
        err_free(e);
    }
    return NULL;
}

static struct err *put_register(void *arg, const char *name)
{
    struct scope_listing *l = arg;
    struct value v;
    struct err *e = session_register(l->d->session, l->frame, name, &v);
    bool exists = !e || e->code == ERR_NO_DATA;
    if (exists && wanted(l)) {
        SCOPED(freep) char *expression = xasprintf("$%s", name);
        bool hex = l->hex;
        l->hex = hex || (!e && type_strip(v.type)->kind == TYPE_INT);
        put_variable(l, name, e ? NULL : expression, e ? NULL : &v, e, NULL);
        l->hex = hex;
    }
    err_free(e);
    return progress_cancelled(session_values(l->d->session)->progress) ? err_new(ERR_CANCELLED, "cancelled") : NULL;
}

static struct err *put_registers(struct scope_listing *l)
{
    const struct arch *a = session_image(l->d->session)->arch;
    TRY(each_register(a, GROUP_GENERAL, put_register, l));
    TRY(each_register(a, GROUP_FLOAT, put_register, l));
    return each_register(a, GROUP_VECTOR, put_register, l);
}

/* ---- globals ---- */

static bool of_unit(const void *unit, const struct dw_die *die, const char *name)
{
    (void)name;
    return die->unit == unit && dw_tag(die) != DW_TAG_constant; /* Go has thousands of these */
}

static void put_found(struct scope_listing *l, const struct globals *g)
{
    for (size_t i = 0; i < g->v.n; i++) {
        struct value v;
        if (!wanted(l))
            continue;
        struct err *e = scope_global(session_values(l->d->session), l->frame, &g->v.v[i].die, &v);
        put_variable(l, g->v.v[i].name, g->v.v[i].name, e ? NULL : &v, e, NULL);
        err_free(e);
    }
}

/* Those of the frame's unit, which is of Go its package. */
static struct err *put_globals(struct scope_listing *l)
{
    struct dw_die function;
    SCOPED(globals_done) struct globals g = {0};
    if (!scope_function(l->frame, &function))
        return err_new(ERR_NO_DATA, "no debug information says in which file the function is");
    TRY(globals_find(l->d->session, of_unit, function.unit, &g));
    put_found(l, &g);
    return NULL;
}

/* ---- all ---- */

struct err *put_scope_variables(struct dap *d, const struct variables_wish *w, struct json *j)
{
    struct handle of = *w->of;
    struct scope_listing l = {
        .d = d,
        .j = j,
        .scope = w->number,
        .number = of.frame,
        .hex = w->hex,
        .first = w->first,
        .max = w->max ? w->max : UINT64_MAX,
    };
    if (w->filter == FILTER_INDEXED)
        return NULL;
    TRY(vframe_of_id(d, of.frame, &l.frame));
    switch ((enum handle_kind)of.kind) {
    case HANDLE_ARGUMENTS:
        return put_locals(&l, true);
    case HANDLE_LOCALS:
        return put_locals(&l, false);
    case HANDLE_GLOBALS:
        return put_globals(&l);
    case HANDLE_REGISTERS:
        return put_registers(&l);
    case HANDLE_VALUE:
        break;
    }
    return NULL;
}
