/* SPDX-License-Identifier: Apache-2.0 */
/* inquest stack --full: arguments and variables of each frame. */
#include "front/report/priv.h"
#include "session/values.h"

/* Below the name of the function. */
enum { INDENT = 12 };
/* Values within values; gdb's "set print max-depth" says what is meant. JSON has an object for each of them. */
enum { TEXT_DEPTH = 20, JSON_DEPTH = 2 };

static struct format format_of(unsigned depth)
{
    struct format f = format_defaults;
    f.depth = depth;
    return f;
}

/* *out is empty where no debug information tells of variables. */
static struct err *list_variables(const struct report *r, const struct sstack *st, size_t i, const struct vframe **f,
                                  struct variables *out)
{
    *out = (struct variables){0};
    struct err *e = session_frame(r->session, st, i, f);
    if (!e)
        e = session_variables(r->session, *f, out);
    if (e && e->code == ERR_NO_DATA) {
        err_free(e);
        return NULL;
    }
    return e;
}

/* An argument that is gone, when the caller still tells what it passed: gdb's x@entry. */
static bool on_entry(const struct vframe *f, const struct variable *v, const struct value *now, struct value *out)
{
    if (!v->argument || now->loc.n)
        return false;
    struct err *e = scope_entry_value(f, v, out);
    err_free(e); /* then it is optimised out */
    return e == NULL;
}

static void put_variable(struct text *t, const struct report *r, const struct vframe *f, const struct variable *v)
{
    const struct format how = format_of(TEXT_DEPTH);
    struct value now, entry;
    struct err *e = session_variable(r->session, f, v, &now);
    bool passed = !e && on_entry(f, v, &now, &entry);
    struct text name = {0};
    put_safe(&name, v->name);
    text_put(&name, passed ? "@entry" : "");
    text_printf(t, "%*s", INDENT, "");
    put_coloured(t, &r->call->screen, COLOUR_CYAN, text_str(&name));
    text_put(t, " = ");
    if (e) {
        text_put(t, "<error: ");
        put_safe(t, e->msg);
        text_putc(t, '>');
    } else {
        format_variable(session_values(r->session), passed ? &entry : &now, &how, t);
    }
    text_putc(t, '\n');
    text_done(&name);
    err_free(e);
}

struct err *variables_text(struct text *t, const struct report *r, const struct sstack *st, size_t i)
{
    const struct vframe *f;
    struct variables vars;
    TRY(list_variables(r, st, i, &f, &vars));
    for (size_t k = 0; k < vars.n; k++)
        put_variable(t, r, f, &vars.v[k]);
    session_forget_values(r->session);
    return NULL;
}

static void variable_json(struct json *j, const struct report *r, const struct vframe *f, const struct variable *v)
{
    const struct format how = format_of(JSON_DEPTH);
    struct value now, entry;
    struct err *e = session_variable(r->session, f, v, &now);
    json_object_begin(j);
    json_kv_string(j, "name", v->name);
    json_kv_bool(j, "argument", v->argument);
    if (v->is_static)
        json_kv_bool(j, "static", true);
    if (v->artificial)
        json_kv_bool(j, "artificial", true);
    if (v->shadowed)
        json_kv_bool(j, "shadowed", true);
    if (v->line)
        json_kv_u64(j, "line", v->line);
    if (e) {
        json_kv_string(j, "error", e->msg);
    } else {
        json_key(j, "value");
        format_json(session_values(r->session), &now, &how, j);
        if (on_entry(f, v, &now, &entry)) {
            json_key(j, "on_entry");
            format_json(session_values(r->session), &entry, &how, j);
        }
    }
    json_object_end(j);
    err_free(e);
}

struct err *variables_json(struct json *j, const struct report *r, const struct sstack *st, size_t i)
{
    const struct vframe *f;
    struct variables vars;
    TRY(list_variables(r, st, i, &f, &vars));
    json_key(j, "variables");
    json_array_begin(j);
    for (size_t k = 0; k < vars.n; k++)
        variable_json(j, r, f, &vars.v[k]);
    json_array_end(j);
    session_forget_values(r->session);
    return NULL;
}
