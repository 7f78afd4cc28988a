/* SPDX-License-Identifier: Apache-2.0 */
/* exceptionInfo: what a thread died of, or raises: the signal, the runtime's panic, the language's exception. */
#include "front/dap/priv.h"
#include "front/words.h"
#include "session/control.h"

#include <inttypes.h>

enum { CHAIN_MAX = 20, PLACES_MAX = 100 };

/* What is known of a thread's end. */
struct end {
    const struct image_signal *signal;  /* NULL: none killed or stopped this thread */
    const struct trouble *trouble;      /* NULL */
    const struct rt_exception *raised;  /* NULL */
    const struct rt_exception *handled; /* another one, which ends nothing; NULL */
};

/* A trouble without a task is the runtime's as a whole: it is told of the thread that died. */
static struct err *find_trouble(struct dap *d, const struct dap_thread *th, bool crashed, struct end *out)
{
    const struct trouble *v;
    size_t n;
    struct err *e = session_troubles(d->session, &v, &n);
    if (e && e->code == ERR_CANCELLED)
        return e;
    for (size_t i = 0; !e && i < n && !out->trouble; i++) {
        const struct task *task = v[i].task;
        bool own = task && (task == th->task || (th->thread && task->tid == th->thread->tid));
        if (own || (!task && crashed))
            out->trouble = &v[i];
    }
    err_free(e); /* tasks that cannot be read have no troubles */
    return NULL;
}

static struct err *find_end(struct dap *d, int64_t id, struct end *out)
{
    const struct image *im = session_image(d->session);
    struct dap_thread th;
    *out = (struct end){.signal = NULL};
    TRY(thread_of_id(d, id, &th));
    int32_t tid = th.thread ? th.thread->tid : 0;
    /* A process that died in a thread that runs nothing of the program is shown at another one, which has its end, too. */
    bool own = tid && (tid == im->crashed_tid || tid == im->signal.tid);
    bool crashed = im->signal.signo && (own || (im->crashed_tid && id == thread_first(d)));
    if (crashed)
        out->signal = &im->signal;
    TRY(find_trouble(d, &th, crashed, out));
    if (tid)
        session_exceptions(d->session, tid, &out->raised, &out->handled);
    if (out->raised && out->handled && out->raised->object == out->handled->object)
        out->handled = NULL;
    return NULL;
}

static void put_exception_text(struct text *t, const struct rt_exception *x)
{
    if (!x->text) { /* escaped already */
        text_put(t, x->repr ? x->repr : x->type);
        return;
    }
    put_safe(t, x->type);
    text_put(t, *x->text ? ": " : "");
    put_safe(t, x->text);
}

/* "SIGSEGV: address not mapped (SEGV_MAPERR) at 0x0" */
static void put_signal(struct text *t, const struct image *im)
{
    SCOPED(text_done) struct text cause = {0};
    put_signal_name(t, im->signal.signo);
    put_signal_cause(&cause, im);
    text_put(t, cause.n ? ": " : "");
    text_put(t, text_str(&cause));
}

static void put_id(struct text *t, const struct end *end)
{
    const struct rt_exception *x = end->raised || end->signal ? end->raised : end->handled;
    if (end->trouble)
        text_put(t, end->trouble->task ? "panic" : "fatal error");
    else if (x)
        put_safe(t, x->type);
    else
        put_signal_name(t, end->signal->signo);
}

static void put_description(struct text *t, const struct image *im, const struct end *end)
{
    if (end->trouble)
        put_trouble(t, end->trouble);
    if (end->raised) {
        text_put(t, t->n ? "; " : "");
        put_exception_text(t, end->raised);
    }
    if (end->signal) {
        text_put(t, t->n ? "; " : "");
        put_signal(t, im);
    }
    if (end->handled) {
        text_put(t, t->n ? "; while it handled " : "handles ");
        put_exception_text(t, end->handled);
    }
}

/* The traceback, outermost first, as the language prints it. */
static void put_places(struct json *j, const struct rt_exception *x)
{
    SCOPED(text_done) struct text t = {0};
    for (size_t i = 0; i < x->n_places && i < PLACES_MAX; i++) {
        const struct rt_place *p = x->places[i];
        put_safe(&t, p->function ? p->function : p->name ? p->name : "??");
        text_put(&t, " at ");
        put_safe(&t, p->file ? p->file : "?");
        text_printf(&t, ":%" PRIu32 "\n", p->line);
    }
    if (x->n_places > PLACES_MAX)
        text_printf(&t, "(%zu more)\n", x->n_places - PLACES_MAX);
    if (t.n)
        json_kv_string(j, "stackTrace", text_str(&t));
}

static void put_details(struct json *j, const struct rt_exception *x, unsigned depth)
{
    json_object_begin(j);
    if (x->text)
        json_kv_string(j, "message", x->text);
    json_kv_string(j, "typeName", x->type);
    json_kv_string(j, "fullTypeName", x->type);
    put_places(j, x);
    if (x->from && depth < CHAIN_MAX) {
        json_key(j, "innerException");
        json_array_begin(j);
        put_details(j, x->from, depth + 1);
        json_array_end(j);
    }
    json_object_end(j);
}

static struct err *exception_info(struct dap *d, const struct incoming *args, struct json *body)
{
    SCOPED(text_done) struct text id = {0}, description = {0};
    struct end end;
    TRY(find_end(d, args_integer(args, "threadId", 0), &end));
    const struct rt_exception *x = end.raised ? end.raised : end.handled;
    if (!end.signal && !end.trouble && !x)
        return err_new(ERR_NO_DATA, "nothing ended this thread, and it raises nothing");
    put_id(&id, &end);
    put_description(&description, session_image(d->session), &end);
    json_kv_string(body, "exceptionId", text_str(&id));
    json_kv_string(body, "description", text_str(&description));
    bool fatal = end.signal || (end.trouble && !end.trouble->panic.recovered);
    json_kv_string(body, "breakMode", fatal ? "unhandled" : "always");
    if (x) {
        json_key(body, "details");
        put_details(body, x, 0);
    } else if (end.trouble && end.trouble->panic.type) {
        json_key(body, "details");
        json_object_begin(body);
        if (end.trouble->panic.text)
            json_kv_string(body, "message", end.trouble->panic.text);
        json_kv_string(body, "typeName", end.trouble->panic.type);
        json_kv_string(body, "fullTypeName", end.trouble->panic.type);
        json_object_end(body);
    }
    return NULL;
}

void put_stopped(struct dap *d, struct json *j)
{
    const struct image *im = session_image(d->session);
    SCOPED(text_done) struct text t = {0}, description = {0};
    struct end end = {.signal = NULL};
    bool live = im->kind == IMAGE_LIVE;
    const struct stop *stop = live ? session_stop(d->session) : NULL;
    watch_begin(d->watch, d->inbox.now->seq, "stopped");
    int64_t thread = stop && stop->kind == STOP_SIGNAL ? stop->tid : thread_first(d);
    IGNORE_ERR(find_end(d, thread, &end)); /* then only that it stands still is told */
    watch_end(d->watch);
    bool died = end.signal && (!live || stop->kind == STOP_SIGNAL);
    if (died || end.trouble)
        put_description(&t, im, &end);
    if (t.n)
        put_id(&description, &end);
    json_kv_string(j, "reason", t.n ? "exception" : "pause");
    json_kv_string(j, "description", t.n ? text_str(&description) : live ? "Paused" : "Written while it ran");
    if (t.n)
        json_kv_string(j, "text", text_str(&t));
    if (thread)
        json_kv_i64(j, "threadId", thread);
    json_kv_bool(j, "allThreadsStopped", true);
}

static const struct request_row rows[] = {{"exceptionInfo", NEEDS_TARGET, exception_info}};
const struct request_table dap_exception_requests = {rows, ARRAY_LEN(rows)};
