/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the scope of the selected frame: its variables, the types of its function, members of *this. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "module/names.h"
#include "value/index_names.h"

enum { FRAME_CALLERS = 100000 };

struct variables frame_variables(struct eval *ev)
{
    if (!ev->have_variables && ev->env->frame) {
        struct err *e = scope_variables(ev->env->frame, &ev->variables);
        if (e)
            ev->variables = (struct variables){0};
        err_free(e); /* a frame without debug information has none */
    }
    ev->have_variables = true;
    return ev->variables;
}

bool frame_function(struct eval *ev, struct dw_die *out)
{
    if (!ev->have_function && ev->env->frame && !scope_function(ev->env->frame, &ev->function))
        ev->function = (struct dw_die){0};
    ev->have_function = true;
    *out = ev->function;
    return out->unit != NULL;
}

/* The name without its last component. */
static const char *outer_scope(struct eval *ev, const char *name)
{
    struct name_parts parts;
    if (!name || !name_split(name, &parts) || parts.n < 2)
        return "";
    const char *last = (const char *)parts.v[parts.n - 2].p + parts.v[parts.n - 2].n;
    return arena_strndup(ev->arena, name, (size_t)(last - name));
}

const char *frame_scope(struct eval *ev)
{
    struct dw_die function;
    if (ev->scope)
        return ev->scope;
    ev->scope = "";
    if (frame_function(ev, &function)) {
        struct namer namer = {.arena = ev->arena, .language = dw_language_name(dw_unit_root(function.unit)->language)};
        ev->scope = outer_scope(ev, function_name(&namer, &function)->name);
        namer_done(&namer);
    }
    return ev->scope;
}

static bool is_simple(const char *name)
{
    return !strstr(name, "::") && !strchr(name, '(');
}

static const struct variable *variable_named(struct variables vars, const char *name)
{
    for (size_t i = 0; i < vars.n; i++)
        if (vars.v[i].name && !vars.v[i].shadowed && strcmp(vars.v[i].name, name) == 0)
            return &vars.v[i];
    return NULL;
}

/* Types and enumerators of a function; of an inlined or cloned one they are with its origin. */
static bool find_in_function(const struct scope_query *q, const struct dw_die *function, struct found *out)
{
    struct dw_die at = *function, origin;
    for (int hop = 0; hop < 8; hop++) {
        if (scope_search(q, &at, out))
            return true;
        if (!dw_attr_die(&at, DW_AT_abstract_origin, &origin))
            return false;
        at = origin;
    }
    return false;
}

void frame_find(struct eval *ev, const struct scope_query *q, struct found *out)
{
    struct dw_die function;
    struct variables vars = frame_variables(ev);
    bool simple = is_simple(q->name), values = q->kinds & SCOPE_VARIABLES;
    const struct variable *var = simple && values ? variable_named(vars, q->name) : NULL;
    *out = (struct found){0};
    if (var) {
        *out = (struct found){.kind = FOUND_VARIABLE, .var = var, .frame = ev->env->frame};
        return;
    }
    struct scope_query inner = *q;
    inner.kinds &= (unsigned)~SCOPE_VARIABLES;
    if (frame_function(ev, &function) && find_in_function(&inner, &function, out))
        return;
    struct found this;
    if (simple && values && frame_this(ev, NULL, &this) && member_exists(this.type, q->name)) {
        *out = this;
        out->name = q->name;
    }
}

bool frame_this(struct eval *ev, const struct type *base, struct found *out)
{
    const struct variable *self = ev->language == EXPR_CXX ? variable_named(frame_variables(ev), "this") : NULL;
    const struct type *t = self ? type_strip(self->type) : NULL;
    if (!t || t->kind != TYPE_POINTER || !t->target || (base && !member_has_base(t->target, base)))
        return false;
    *out = (struct found){.kind = FOUND_MEMBER, .var = self, .frame = ev->env->frame, .type = t->target};
    return true;
}

/* Does a frame run this function, inlined or not? */
static bool runs(const struct vframe *f, const struct dw_die *function)
{
    struct dw_die at, origin;
    if (!scope_function(f, &at))
        return false;
    for (int hop = 0; hop < 8; hop++) {
        if (at.unit == function->unit && at.offset == function->offset)
            return true;
        if (!dw_attr_die(&at, DW_AT_abstract_origin, &origin) && !dw_attr_die(&at, DW_AT_specification, &origin))
            return false;
        at = origin;
    }
    return false;
}

void frame_find_in_function(struct eval *ev, const struct dw_die *function, const struct scope_query *q,
                            struct found *out)
{
    const struct vframe *f = ev->env->frame;
    *out = (struct found){0};
    for (unsigned i = 0; f && i < FRAME_CALLERS; i++) {
        struct variables vars;
        struct err *e = runs(f, function) ? scope_variables(f, &vars) : err_new(ERR_NOT_FOUND, "another function");
        const struct variable *var = e ? NULL : variable_named(vars, q->name);
        err_free(e); /* the next frame may have it */
        if (var) {
            *out = (struct found){.kind = FOUND_VARIABLE, .var = var, .frame = f};
            return;
        }
        f = f->caller ? f->caller(f) : NULL;
    }
    find_in_function(q, function, out);
}
