/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions that threads of a language raise or handle, below the head of the thread; and as "exceptions". */
#include "front/report/stack_text.h"
#include "session/tasks.h"

/* Places of a traceback that are shown: the outermost and the innermost, as a recursion may have many. */
enum { FIRST = 20, LAST = 20, CHAIN_MAX = 100 };

static void put_place(struct text *t, const struct stack_layout *l, const struct rt_place *p)
{
    const char *name = p->function ? p->function : p->name;
    text_put(t, "      ");
    put_safe(t, name ? name : "??");
    if (p->file) {
        text_put(t, "  ");
        stack_path_put(t, l, p->file);
        text_printf(t, ":%u", p->line);
    }
    text_putc(t, '\n');
}

static void put_one(struct text *t, const struct stack_layout *l, const char *lead, const struct rt_exception *x)
{
    struct text says = {0};
    text_put(t, lead);
    if (x->text) {
        put_safe(&says, x->type);
        text_put(&says, *x->text ? ": " : "");
        put_safe(&says, x->text);
    } else { /* escaped already */
        text_put(&says, x->repr);
    }
    put_coloured(t, l->sc, COLOUR_RED, text_str(&says));
    text_putc(t, '\n');
    text_done(&says);
    for (size_t i = 0; i < x->n_places; i++) {
        if (i == FIRST && x->n_places > FIRST + LAST) {
            text_printf(t, "      (%zu more)\n", x->n_places - FIRST - LAST);
            i = x->n_places - LAST;
        }
        put_place(t, l, x->places[i]);
    }
    text_put(t, x->cut ? "      (the rest of the traceback cannot be read)\n" : "");
}

static void put_chain(struct text *t, const struct stack_layout *l, const char *lead, const struct rt_exception *x)
{
    bool caused = false;
    for (size_t i = 0; x && i < CHAIN_MAX; i++, caused = x->caused, x = x->from)
        put_one(t, l, !i ? lead : caused ? "    caused by " : "    raised while it handled ", x);
}

void exceptions_text(struct text *t, const struct stack_layout *l, const struct image_thread *th)
{
    const struct rt_exception *raised, *handled;
    session_exceptions(l->r->session, th->tid, &raised, &handled);
    put_chain(t, l, "  raises ", raised);
    if (!raised || !handled || raised->object != handled->object)
        put_chain(t, l, "  handles ", handled);
}

static void put_json(struct json *j, const struct rt_exception *x)
{
    json_object_begin(j);
    json_kv_string(j, "type", x->type);
    json_kv_string(j, "text", x->text);
    json_kv_string(j, "repr", x->repr);
    if (x->object)
        json_kv_hex(j, "address", x->object);
    json_key(j, "traceback");
    json_array_begin(j);
    for (size_t i = 0; i < x->n_places; i++) {
        const struct rt_place *p = x->places[i];
        json_object_begin(j);
        json_kv_string(j, "function", p->function ? p->function : p->name);
        json_kv_string(j, "name", p->name);
        json_kv_string(j, "file", p->file);
        json_kv_u64(j, "line", p->line);
        if (p->column)
            json_kv_u64(j, "column", p->column);
        json_object_end(j);
    }
    json_array_end(j);
    if (x->cut)
        json_kv_bool(j, "cut", true);
    if (x->from) /* the next of the chain */
        json_kv_string(j, "from", x->caused ? "cause" : "context");
    json_object_end(j);
}

/* The exception, then what it came from, and so on. */
static void chain_json(struct json *j, const char *name, const struct rt_exception *x)
{
    json_key(j, name);
    json_array_begin(j);
    for (size_t i = 0; x && i < CHAIN_MAX; i++, x = x->from)
        put_json(j, x);
    json_array_end(j);
}

void exceptions_json(struct json *j, const struct report *r, const struct image_thread *th)
{
    const struct rt_exception *raised, *handled;
    session_exceptions(r->session, th->tid, &raised, &handled);
    if (raised)
        chain_json(j, "raised", raised);
    if (handled)
        chain_json(j, "handled", handled);
}
