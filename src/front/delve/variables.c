/* SPDX-License-Identifier: Apache-2.0 */
/* Methods about values: expressions, locals, arguments, package variables, types. */
#include "front/delve/priv.h"

#include "session/globals.h"
#include "session/names.h"

#include <string.h>

static struct err *eval(struct client *c, struct arguments *a, struct json *j)
{
    struct arguments where = argument_object(a, "Scope");
    const char *text = argument_string(a, c->api_version == 1 ? "Symbol" : "Expr");
    struct load load = load_of(a, "Cfg", &load_default);
    struct scope sc;
    struct value v;
    bool is_type = false;
    TRY(arguments_check(a));
    TRY(scope_find(c, &where, &sc));
    TRY(scope_evaluate(&sc, text, &v, &is_type));
    struct variable_facts facts = {.name = text};
    result_begin(c, j, "Variable");
    if (is_type) { /* as Delve: a type is a value without any */
        v = (struct value){.type = v.type};
        facts.flags = 0;
    }
    delve_put_variable(c, j, &facts, &v, NULL, &load);
    result_end(c, j);
    return NULL;
}

/* ---- of a frame ---- */

static void put_one(struct scope *sc, struct json *j, const struct variable *v, const struct load *load)
{
    struct variable_facts facts = {.name = v->name, .line = v->line};
    struct value value;
    facts.flags = (v->shadowed ? VARIABLE_SHADOWED : 0u) | (v->argument ? VARIABLE_ARGUMENT : 0u) |
                  (v->indirect ? VARIABLE_ESCAPED : 0u);
    struct err *e = session_variable(sc->client->session, sc->frame, v, &value);
    delve_put_variable(sc->client, j, &facts, e ? NULL : &value, e, load);
    err_free(e);
}

/* Outer blocks first, as they are declared; the frame has the inner ones first. */
static int by_block(const void *a, const void *b)
{
    const struct variable *x = *(const struct variable *const *)a, *y = *(const struct variable *const *)b;
    if (x->block != y->block)
        return x->block > y->block ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x < y ? -1 : x > y;
}

struct err *delve_put_frame_variables(struct scope *sc, struct json *j, bool arguments, const struct load *load)
{
    struct variables all = {0};
    VEC(const struct variable *) some = {0};
    struct err *e = session_variables(sc->client->session, sc->frame, &all);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* without debug information there are none */
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].argument == arguments)
            *vec_push(&some) = &all.v[i];
    if (some.n && !arguments)
        qsort(some.v, some.n, sizeof(const struct variable *), by_block);
    json_array_begin(j);
    for (size_t i = 0; i < some.n; i++)
        put_one(sc, j, some.v[i], load);
    json_array_end(j);
    vec_done(&some);
    return NULL;
}

static struct err *list_variables(struct client *c, struct arguments *a, struct json *j, bool arguments)
{
    struct arguments where = argument_object(a, "Scope");
    struct load load = load_of(a, "Cfg", c->api_version == 1 ? &load_default : NULL);
    struct scope sc;
    TRY(arguments_check(a));
    TRY(scope_find(c, &where, &sc));
    result_begin(c, j, arguments ? "Args" : "Variables");
    TRY(delve_put_frame_variables(&sc, j, arguments, &load));
    result_end(c, j);
    return NULL;
}

static struct err *list_locals(struct client *c, struct arguments *a, struct json *j)
{
    return list_variables(c, a, j, false);
}

static struct err *list_arguments(struct client *c, struct arguments *a, struct json *j)
{
    return list_variables(c, a, j, true);
}

/* ---- of the program ---- */

/* As they are declared. */
static int by_place(const void *a, const void *b)
{
    const struct global *x = a, *y = b;
    if (x->die.offset != y->die.offset)
        return x->die.offset < y->die.offset ? -1 : 1;
    return strcmp(x->name, y->name); /* of two modules */
}

static void put_global(struct client *c, struct json *j, const struct global *g, const struct load *load)
{
    struct variable_facts facts = {.name = g->name};
    struct value v;
    struct err *e = scope_global(session_values(c->session), NULL, &g->die, &v);
    delve_put_variable(c, j, &facts, e ? NULL : &v, e, load);
    err_free(e);
}

static struct err *list_package_variables(struct client *c, struct arguments *a, struct json *j)
{
    SCOPED(pattern_freep) struct pattern *wanted = NULL;
    SCOPED(globals_done) struct globals g = {0};
    struct load load = load_of(a, "Cfg", c->api_version == 1 ? &load_default : NULL);
    const char *filter = argument_string(a, "Filter");
    TRY(arguments_check(a));
    TRY(filter_compile(filter, &wanted));
    struct err *e = globals_find(c->session, pattern_fits_global, &wanted, &g);
    if (!e)
        e = pattern_check(wanted);
    if (g.v.n)
        qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_place);
    result_begin(c, j, "Variables");
    json_array_begin(j);
    for (size_t i = 0; !e && i < g.v.n; i++)
        put_global(c, j, &g.v.v[i], &load);
    json_array_end(j);
    result_end(c, j);
    return e;
}

/* ---- types ---- */

/* Methods of a type are functions whose names begin with its name, or with that of a pointer to it. */
static struct err *put_methods(struct client *c, struct json *j, const char *type)
{
    const char *const *names, *dot = strrchr(type, '.');
    size_t n;
    TRY(session_names(c->session, NAMES_FUNCTIONS, &names, &n));
    SCOPED(freep) char *plain = xasprintf("%s.", type);
    SCOPED(freep) char *pointer = dot ? xasprintf("%.*s.(*%s).", (int)(dot - type), type, dot + 1) : xstrdup(plain);
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        if (!begins_with(names[i], plain) && !begins_with(names[i], pointer))
            continue;
        json_object_begin(j);
        json_kv_string(j, "Name", names[i]);
        json_object_end(j);
    }
    json_array_end(j);
    return NULL;
}

static void put_fields(struct json *j, const struct type *t)
{
    struct fields fields = type_fields(t);
    json_array_begin(j);
    for (size_t i = 0; i < fields.n; i++) {
        SCOPED(text_done) struct text type = {0};
        type_name(&type, fields.v[i].type, NULL);
        json_object_begin(j);
        json_kv_string(j, "Name", fields.v[i].name ? fields.v[i].name : "");
        json_kv_string(j, "Type", text_str(&type));
        json_object_end(j);
    }
    json_array_end(j);
}

static struct err *type_info(struct client *c, struct arguments *a, struct json *j)
{
    const char *name = argument_string(a, "Name");
    struct expr_env env = {.vs = session_values(c->session)};
    const struct type *t;
    enum go_kind kind;
    TRY(arguments_check(a));
    struct err *e = *name ? expr_type(&env, name, &t) : err_new(ERR_NOT_FOUND, "no name");
    if (e && e->code == ERR_CANCELLED)
        return e;
    if (e) {
        err_free(e);
        return err_new(ERR_NOT_FOUND, "no type entry found, use 'types' for a list of valid types");
    }
    const struct type *real = type_go(t, &kind);
    SCOPED(text_done) struct text text = {0};
    if (real != t)
        type_name(&text, real, NULL);
    result_begin(c, j, "TypeInfo");
    json_object_begin(j);
    json_kv_u64(j, "Kind", kind);
    json_kv_u64(j, "Size", type_strip(real)->size);
    json_kv_string(j, "RealType", text_str(&text));
    json_key(j, "Fields");
    if (type_is_record(type_strip(real)))
        put_fields(j, type_strip(real));
    else
        json_null(j);
    json_key(j, "Methods");
    TRY(put_methods(c, j, name));
    json_object_end(j);
    result_end(c, j);
    return NULL;
}

static const struct method rows[] = {
    {"TypeInfo", type_info, NULL},
    {"Eval", eval, NULL},
    {"ListLocalVars", list_locals, NULL},
    {"ListFunctionArgs", list_arguments, NULL},
    {"ListPackageVars", list_package_variables, NULL},
};
const struct method_table delve_variable_methods = {rows, ARRAY_LEN(rows)};
