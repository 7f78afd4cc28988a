/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate and completions: expressions in a frame. */
#include "front/complete.h"
#include "front/dap/priv.h"

#include <inttypes.h>
#include <string.h>

enum { CLIPBOARD_ELEMENTS = 100000 };

/* Whose names an expression may use. */
struct place {
    struct dap *d;
    const struct sstack *st; /* NULL: no frame was named */
    size_t index;
    int64_t thread;
};

static struct err *selected_task(void *arg, taddr *out)
{
    const struct place *p = arg;
    struct dap_thread th = {.thread = NULL};
    const struct tasks *all;
    size_t n;
    if (p->st)
        TRY(thread_of_id(p->d, p->thread, &th));
    if (th.task)
        return *out = th.task->object, NULL;
    TRY(session_tasks(p->d->session, true, &all, &n));
    for (size_t i = 0; th.thread && i < n; i++)
        for (size_t k = 0; k < all[i].n; k++)
            if (all[i].v[k].tid == th.thread->tid)
                return *out = all[i].v[k].object, NULL;
    return err_new(ERR_NO_DATA, "the thread runs no goroutine");
}

static struct err *frame_at(void *arg, size_t n, const struct vframe **out)
{
    const struct place *p = arg;
    const struct sstack *st;
    if (!p->st)
        return err_new(ERR_NO_DATA, "no frame is selected");
    TRY(thread_stack(p->d, p->thread, n + 1, &st));
    if (n >= st->n)
        return err_new(ERR_NOT_FOUND, "the stack has %zu frames", st->n);
    return session_frame(p->d->session, st, n, out);
}

/* A frame whose variables cannot be had leaves constants and globals. */
static struct err *place_of(struct dap *d, const struct incoming *args, struct place *p, struct expr_env *env)
{
    int64_t id = args_integer(args, "frameId", 0);
    *p = (struct place){.d = d};
    *env = (struct expr_env){.vs = session_values(d->session), .arg = p, .task = selected_task, .frame_at = frame_at};
    if (!id)
        return NULL;
    TRY(frame_of_id(d, id, &p->st, &p->index));
    p->thread = handles_frame_get(&d->handles, id)->thread;
    env->tid = p->st->thread ? p->st->thread->tid : 0;
    struct err *e = session_frame(d->session, p->st, p->index, &env->frame);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e);
    return NULL;
}

/* "a + b" as part of a larger expression. */
static char *operand(const char *text)
{
    bool plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.:[]") == strlen(text);
    return plain ? xstrdup(text) : xasprintf("(%s)", text);
}

/* What is copied is copied whole. */
static void put_whole(struct dap *d, struct json *j, const struct value *v, bool hex)
{
    SCOPED(text_done) struct text text = {0};
    struct format f = format_defaults;
    f.elements = CLIPBOARD_ELEMENTS;
    if (hex)
        f.letter = 'x';
    format_variable(session_values(d->session), v, &f, &text);
    json_kv_string(j, "result", text_str(&text));
    json_kv_u64(j, "variablesReference", 0);
}

static struct err *evaluate(struct dap *d, const struct incoming *args, struct json *body)
{
    const char *text = args_string(args, "expression"), *context = args_string(args, "context");
    bool hex = args_bool(incoming_member(args, "format"), "hex"), is_type;
    struct expr_env env;
    struct place place;
    struct value v;
    if (!text || !*text)
        return err_new(ERR_USAGE, "expression is missing");
    TRY(place_of(d, args, &place, &env));
    TRY(expr_evaluate(&env, text, &v, &is_type));
    if (is_type) {
        SCOPED(text_done) struct text name = {0};
        type_name(&name, v.type, NULL);
        json_kv_string(body, "result", text_str(&name));
        json_kv_u64(body, "variablesReference", 0);
        return NULL;
    }
    if (context && strcmp(context, "clipboard") == 0) {
        put_whole(d, body, &v, hex);
        return NULL;
    }
    SCOPED(freep) char *expression = operand(text);
    struct shown how = {(uint32_t)args_count(args, "frameId"), expression, {.text = text}, hex};
    put_value(d, body, "result", &v, NULL, &how);
    return NULL;
}

/* ---- completions ---- */

static struct err *evaluate_part(void *arg, const char *text, struct value *out)
{
    return expr_evaluate(arg, text, out, NULL);
}

static void put_words(struct json *j, const struct offer *o, const char *text)
{
    json_key(j, "targets");
    json_array_begin(j);
    for (size_t i = 0; i < o->words->v.n; i++) {
        json_object_begin(j);
        json_kv_string(j, "label", o->words->v.v[i]);
        json_kv_u64(j, "start", (uint64_t)(o->prefix - text));
        json_kv_u64(j, "length", o->len);
        json_object_end(j);
    }
    json_array_end(j);
}

/* Up to the column in a text of which one line counts. */
static char *text_before(struct dap *d, const struct incoming *args)
{
    const char *text = args_string(args, "text");
    uint64_t line = args_count(args, "line"), column = args_count(args, "column");
    for (line -= line && !d->client.lines_from_0; text && *text && line; line--) {
        const char *end = strchr(text, '\n');
        text = end ? end + 1 : "";
    }
    column -= column && !d->client.columns_from_0;
    size_t n = text ? strcspn(text, "\n") : 0;
    return xstrndup(text ? text : "", column < n ? column : n);
}

static struct err *completions(struct dap *d, const struct incoming *args, struct json *body)
{
    SCOPED(freep) char *text = text_before(d, args);
    SCOPED(words_done) struct words words = {{0}};
    struct expr_env env;
    struct place place;
    TRY(place_of(d, args, &place, &env));
    struct offer o = {.prefix = text + strlen(text), .words = &words};
    while (o.prefix > text && is_name_character(o.prefix[-1]))
        o.prefix--;
    o.len = strlen(o.prefix);
    if (!offer_members(&o, text, evaluate_part, &env)) {
        if (env.frame)
            offer_variables(&o, d->session, env.frame);
        offer_names(&o, d->session, INDEX_FUNCTION | INDEX_VARIABLE | INDEX_ENUMERATOR);
    }
    words_sort(&words);
    put_words(body, &o, text);
    return NULL;
}

static const struct request_row rows[] = {{"completions", NEEDS_TARGET, completions},
                                          {"evaluate", NEEDS_TARGET, evaluate}};
const struct request_table dap_evaluate_requests = {rows, ARRAY_LEN(rows)};
