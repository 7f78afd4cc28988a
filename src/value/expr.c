/* SPDX-License-Identifier: Apache-2.0 */
/* The entry: which language is meant, then parsing, then evaluating. */
#include "value/expr_priv.h"
#include "base/mem.h"

static enum expr_language language_of(uint16_t dw_lang)
{
    switch (dw_lang) {
    case DW_LANG_Rust:
        return EXPR_RUST;
    case DW_LANG_Go:
        return EXPR_GO;
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case DW_LANG_C_plus_plus_17:
    case DW_LANG_C_plus_plus_20:
    case DW_LANG_C_plus_plus_23:
    case DW_LANG_ObjC_plus_plus:
        return EXPR_CXX;
    default:
        return EXPR_C;
    }
}

/* Of the unit that holds an address; 0 unknown. */
static uint16_t language_at(struct module *m, taddr at)
{
    struct dwarf *d = m ? module_dwarf(m) : NULL;
    struct dw_unit *u = NULL;
    taddr link_time = m ? at - m->bias : 0;
    if (d)
        dwarf_find_units(d, &link_time, 1, &u);
    return u ? dw_unit_root(u)->language : 0;
}

/* Of the frame's function; of a frame without debug information, or without a frame, of the program's main(). */
static uint16_t language_here(const struct eval *ev)
{
    struct dw_die function;
    struct symbol main;
    struct module *m;
    uint16_t language = 0;
    if (ev->env->language)
        return ev->env->language;
    if (ev->env->frame && scope_function(ev->env->frame, &function))
        language = dw_unit_root(function.unit)->language;
    if (!language && (modules_symbol_named(ev->vs->ms, "main.main", &main, &m) ||
                      modules_symbol_named(ev->vs->ms, "main", &main, &m)))
        language = language_at(m, main.addr);
    return language;
}

static void start(struct eval *ev, const struct expr_env *env)
{
    *ev = (struct eval){
        .env = env, .vs = env->vs, .types = env->vs->types, .arena = env->vs->arena, .types_only = env->types_only};
    ev->language = language_of(language_here(ev));
    ev->types_only &= ev->language != EXPR_GO; /* what a type assertion gives takes reading */
    ev->parser = (struct parser){
        .classify = ev->language == EXPR_GO ? go_classify : name_classify, .local = go_is_local, .arg = ev};
}

struct err *expr_evaluate(const struct expr_env *env, const char *text, struct value *out, bool *is_type)
{
    struct eval ev;
    const struct node *n;
    struct value v;
    bool type = false;
    if (env->frame && env->frame->lang && !env->language) {
        if (is_type)
            *is_type = false;
        return env->frame->lang->evaluate(env->frame->lang->self, env, text, out);
    }
    start(&ev, env);
    struct err *e = parse_expression(&ev.parser, ev.arena, text, ev.language, &n);
    if (e && e->code == ERR_USAGE && ev.parser.unknown) {
        err_free(e); /* a type that is not known makes a cast look wrong */
        e = name_unknown(&ev, ev.parser.unknown);
    }
    if (!e)
        e = eval_any(&ev, n, &v, &type);
    if (!e && type && !is_type)
        e = eval_fail(&ev, n, "Attempt to use a type as an expression");
    if (!e && !env->types_only && !type && found_has_no_type(v.type))
        e = err_new(ERR_USAGE, "'%s' has unknown type; cast it to its declared type", text);
    dw_scopes_done(&ev.paths);
    TRY(value_memory_error(e));
    *out = v;
    if (is_type)
        *is_type = type;
    return NULL;
}

struct err *expr_type(const struct expr_env *env, const char *text, const struct type **out)
{
    struct expr_env types = *env;
    struct value v;
    bool is_type;
    types.types_only = true;
    TRY(expr_evaluate(&types, text, &v, &is_type));
    if (!is_type)
        return err_new(ERR_USAGE, "\"%s\" is no type", text);
    *out = v.type;
    return NULL;
}
