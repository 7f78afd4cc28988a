/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions in the selected frame; the history of values and the user's own variables. */
#include "front/console/console.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* ---- $, $$, $3, $name ---- */

/* "" is the last, "$" the one before, "$3" the third before the last, "3" the third: false, it is none of these. */
static bool history_index(const struct console *c, const char *name, size_t *out)
{
    size_t n = c->history.n;
    uint64_t v = 0;
    bool back = *name == '$';
    const char *digits = name + back;
    if (*digits && !parse_number(digits, UINT32_MAX, &v))
        return false;
    if (!*name || back) {
        uint64_t ago = !*name ? 0 : *digits ? v : 1;
        *out = ago < n ? n - (size_t)ago : 0;
        return true;
    }
    *out = (size_t)v;
    return true;
}

static struct console_variable *find_variable(struct console *c, const char *name)
{
    for (size_t i = 0; i < c->variables.n; i++)
        if (strcmp(c->variables.v[i].name, name) == 0)
            return &c->variables.v[i];
    return NULL;
}

static struct value of_void(struct console *c)
{
    struct values *vs = session_values(c->session);
    return value_of_bytes(vs, type_base(vs->types, TYPE_VOID, "void", 0, false), "", 0);
}

static struct value of_int(struct console *c, const char *type, int64_t v)
{
    struct values *vs = session_values(c->session);
    return value_of_int(vs, type_c(vs->types, type), (uint64_t)v);
}

/* What gdb defines itself. */
static bool builtin(struct console *c, const char *name, struct value *out, struct err **err)
{
    if (strcmp(name, "_thread") == 0 || strcmp(name, "_gthread") == 0)
        *out = of_int(c, "int", console_thread_number(c, c->tid));
    else if (strcmp(name, "_inferior") == 0)
        *out = of_int(c, "int", 1);
    else if (strcmp(name, "_siginfo") == 0)
        *err = session_siginfo(c->session, out);
    else if (strcmp(name, "_shell_exitcode") == 0)
        *out = of_int(c, "int", c->shell_status);
    else
        return false;
    return true;
}

static bool variable(void *arg, const char *name, struct value *out, struct err **err)
{
    struct console *c = arg;
    size_t at;
    *err = NULL;
    if (history_index(c, name, &at)) {
        if (at > c->history.n)
            *err = err_new(ERR_NOT_FOUND, "history has not yet reached $%zu", at);
        else if (at)
            *out = c->history.v[at - 1];
        else
            *out = of_void(c);
        return true;
    }
    const struct console_variable *v = find_variable(c, name);
    if (v)
        *out = v->value;
    return v || builtin(c, name, out, err);
}

struct err *console_set_variable(struct console *c, const char *name, const struct value *v)
{
    struct value kept;
    if (!*name || isdigit((unsigned char)*name) || *name == '$')
        return err_new(ERR_USAGE, "the history of values cannot be changed");
    TRY(session_keep(c->session, v, &kept));
    struct console_variable *old = find_variable(c, name);
    if (!old) {
        old = vec_push(&c->variables);
        old->name = xstrdup(name);
    }
    old->value = kept;
    return NULL;
}

static struct err *assign(void *arg, const char *name, const struct value *v)
{
    return console_set_variable(arg, name, v);
}

/* ---- evaluation ---- */

/* `set language` as DWARF has it (DWARF 5 section 7.12); "auto" leaves it to the frame. */
static const uint16_t languages[] = {
    [LANGUAGE_AUTO] = 0, [LANGUAGE_C] = 0x0c, [LANGUAGE_CXX] = 0x04, [LANGUAGE_RUST] = 0x1c};

static struct err *selected_task(void *arg, taddr *out)
{
    struct console *c = arg;
    const struct tasks *all;
    TRY(console_tasks(c, &all));
    const struct task *t = console_task(c, all);
    *out = t ? t->object : 0;
    return t ? NULL : err_new(ERR_NO_DATA, "the thread runs no goroutine");
}

static struct err *frame_at(void *arg, size_t n, const struct vframe **out)
{
    struct console *c = arg;
    const struct sstack *st;
    TRY(console_stack(c, &st));
    if (n >= st->n)
        return err_new(ERR_NOT_FOUND, "the stack has %zu frames", st->n);
    return console_frame_at(c, st, n, out);
}

static struct err *environment(struct console *c, struct expr_env *out)
{
    const struct image *im;
    TRY(console_target(c, &im));
    *out = (struct expr_env){.vs = session_values(c->session),
                             .variable = variable,
                             .assign = assign,
                             .arg = c,
                             .task = selected_task,
                             .frame_at = frame_at,
                             .tid = c->tid};
    out->language = languages[c->set.language];
    struct err *e = console_frame(c, &out->frame);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* constants and globals need no frame */
    return NULL;
}

struct err *console_value_or_type(struct console *c, const char *text, struct value *out, bool *is_type)
{
    struct expr_env env;
    TRY(environment(c, &env));
    env.types_only = is_type && !c->set.print.object; /* what an object really is takes reading */
    return expr_evaluate(&env, text, out, is_type);
}

struct err *console_evaluate(struct console *c, const char *text, struct value *out)
{
    return console_value_or_type(c, text, out, NULL);
}

struct err *console_address_of(struct console *c, const struct value *v, uint64_t *out)
{
    struct values *vs = session_values(c->session);
    struct value target;
    TRY(value_referent(vs, v, &target));
    const struct type *t = type_strip(target.type);
    if (t->kind == TYPE_ARRAY || t->kind == TYPE_FUNCTION || type_is_record(t)) {
        taddr at;
        TRY(value_address(&target, &at));
        *out = at;
        return NULL;
    }
    if (t->kind == TYPE_FLOAT) {
        long double d;
        TRY(value_double(vs, &target, &d));
        *out = d < 0 ? (uint64_t)(int64_t)d : (uint64_t)d;
        return NULL;
    }
    return value_int(vs, &target, out);
}

struct err *console_number(struct console *c, const char *text, uint64_t *out)
{
    struct value v;
    if (parse_number(text, UINT64_MAX, out))
        return NULL; /* without a target, too */
    TRY(console_evaluate(c, text, &v));
    return console_address_of(c, &v, out);
}

struct err *console_assign(struct console *c, const char *text)
{
    struct value v;
    return console_evaluate(c, text, &v);
}
