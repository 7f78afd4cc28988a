/* SPDX-License-Identifier: Apache-2.0 */
/* A process that runs on and is stopped again; what a target that cannot run is asked in vain. */
#include "front/dap/priv.h"
#include "session/control.h"

#include <inttypes.h>
#include <string.h>

/* ---- while it runs ---- */

static bool stops_it(const struct request *r)
{
    return strcmp(r->command, "pause") == 0 || strcmp(r->command, "disconnect") == 0;
}

static bool is_disconnect(const struct request *r)
{
    return strcmp(r->command, "disconnect") == 0;
}

bool dap_leaves(struct dap *d)
{
    return inbox_waits(&d->inbox, is_disconnect);
}

static void put_one_thread(struct json *j)
{
    json_key(j, "threads");
    json_array_begin(j);
    json_object_begin(j);
    json_kv_i64(j, "id", 1);
    json_kv_string(j, "name", "(running)");
    json_object_end(j);
    json_array_end(j);
}

struct err *run_answer(struct dap *d, const struct request *r)
{
    struct json_body b;
    if (strcmp(r->command, "pause") == 0) {
        TRY(output_response(d->out, r->seq, r->command, NULL));
        turn_cancel(connection_turn(d->conn));
        return NULL;
    }
    struct err *e = NULL;
    if (strcmp(r->command, "threads") == 0) { /* which must be answered at any time, with at least one */
        json_body_begin(&b);
        put_one_thread(&b.json);
        e = json_body_end(&b);
        if (!e)
            e = output_response(d->out, r->seq, r->command, &b);
        json_body_done(&b);
        return e;
    }
    struct err *why = err_hint(err_new(ERR_BUSY, "the process runs"), "pause it first");
    e = output_failure(d->out, r->seq, r->command, why);
    err_free(why);
    return e;
}

/* ---- continue ---- */

struct going {
    struct signal_rules rules;
    struct stop stop;
};

static struct err *go_on(struct session *s, void *arg)
{
    struct going *g = arg;
    return session_continue(s, &g->rules, &g->stop);
}

/* Until it stops; then what is said of that. */
static struct err *run_until_stop(struct dap *d, struct going *g, struct json_body *stopped)
{
    struct turn *t = connection_turn(d->conn);
    TRY(dap_turn_begin(d));
    if (!inbox_run(&d->inbox, stops_it))
        turn_cancel(t); /* it is to stop before it has begun */
    struct err *e = turn_control(t, go_on, g);
    inbox_stopped(&d->inbox);
    dap_turn_end(d);
    TRY(e);
    if (g->stop.kind == STOP_EXITED || g->stop.kind == STOP_KILLED)
        return NULL;
    TRY(dap_turn_begin(d));
    put_stopped(d, &stopped->json);
    dap_turn_end(d);
    return NULL;
}

static struct err *say_end(struct dap *d, const struct stop *stop)
{
    struct json_body b;
    json_body_begin(&b);
    /* As a shell has it: 128 and the signal. */
    json_kv_i64(&b.json, "exitCode", stop->kind == STOP_KILLED ? 128 + stop->signo : stop->code);
    struct err *e = json_body_end(&b);
    if (!e)
        e = output_event(d->out, "exited", &b);
    json_body_done(&b);
    if (!e)
        e = output_event(d->out, "terminated", NULL);
    return e;
}

/* What makes it impossible to go on looking is told, and ends the debugging, not the conversation. */
static struct err *say_lost(struct dap *d, struct err *why)
{
    SCOPED(text_done) struct text t = {0};
    put_err(&t, why);
    text_putc(&t, '\n');
    err_free(why);
    TRY(output_say(d->out, "important", text_str(&t)));
    return output_event(d->out, "terminated", NULL);
}

static struct err *run(struct dap *d)
{
    struct going g = {.rules = signal_rules_default()};
    struct json_body stopped;
    json_body_begin(&stopped);
    struct err *why = run_until_stop(d, &g, &stopped), *e = json_body_end(&stopped);
    if (why)
        e = dap_leaves(d) ? NULL : say_lost(d, TAKE(why));
    else if (g.stop.kind == STOP_EXITED || g.stop.kind == STOP_KILLED)
        e = say_end(d, &g.stop);
    else if (!e && !dap_leaves(d))
        e = output_event(d->out, "stopped", &stopped);
    err_free(why);
    json_body_done(&stopped);
    return e;
}

static struct err *must_be_live(struct dap *d)
{
    const struct image *im = session_image(d->session);
    if (im->kind == IMAGE_CORE)
        return err_new(ERR_UNSUPPORTED, "a core is what is left of a process: it cannot run");
    if (im->kind != IMAGE_LIVE)
        return err_new(ERR_UNSUPPORTED, "the program does not run, and Inquest starts none");
    enum stop_kind kind = session_stop(d->session)->kind;
    return kind == STOP_EXITED || kind == STOP_KILLED ? err_new(ERR_GONE, "the process has ended") : NULL;
}

static struct err *go(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)args;
    TRY(must_be_live(d));
    json_kv_bool(body, "allThreadsContinued", true);
    d->after = run;
    return NULL;
}

/* One that runs was answered by run_answer(). */
static struct err *pause_stopped(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)args;
    (void)body;
    return must_be_live(d);
}

static struct err *no_step(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)args;
    (void)body;
    TRY(must_be_live(d));
    return err_hint(err_new(ERR_UNSUPPORTED, "Inquest makes no steps: a process is only looked at"),
                    "continue, and pause it again");
}

static struct err *no_change(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)d;
    (void)args;
    (void)body;
    return err_new(ERR_UNSUPPORTED, "Inquest changes nothing in its target");
}

static const struct request_row rows[] = {
    {"continue", NEEDS_TARGET, go},
    {"pause", NEEDS_TARGET, pause_stopped},
    {"next", NEEDS_TARGET, no_step},
    {"stepIn", NEEDS_TARGET, no_step},
    {"stepOut", NEEDS_TARGET, no_step},
    {"stepBack", NEEDS_TARGET, no_step},
    {"reverseContinue", NEEDS_TARGET, no_step},
    {"goto", NEEDS_TARGET, no_step},
    {"restartFrame", NEEDS_TARGET, no_step},
    {"setVariable", NEEDS_NOTHING, no_change},
    {"setExpression", NEEDS_NOTHING, no_change},
    {"writeMemory", NEEDS_NOTHING, no_change},
    {"terminateThreads", NEEDS_NOTHING, no_change},
};
const struct request_table dap_run_requests = {rows, ARRAY_LEN(rows)};
