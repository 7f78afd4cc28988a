/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation: requests come in by one thread and are answered by the other. */
#include "front/dap/dap.h"

#include "front/dap/message.h"
#include "front/dap/priv.h"

#include <string.h>

/* ---- requests ---- */

static const struct request_table *const tables[] = {
    &dap_breakpoint_requests, &dap_code_requests,   &dap_evaluate_requests, &dap_exception_requests,
    &dap_life_requests,       &dap_memory_requests, &dap_module_requests,   &dap_run_requests,
    &dap_source_requests,     &dap_stack_requests,  &dap_thread_requests,   &dap_variable_requests,
};

static const struct request_row *find_row(const char *command)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (size_t k = 0; k < tables[i]->n; k++)
            if (strcmp(tables[i]->rows[k].command, command) == 0)
                return &tables[i]->rows[k];
    return NULL;
}

struct err *dap_turn_begin(struct dap *d)
{
    struct turn *t = connection_turn(d->conn);
    t->report = d->watch ? watch_note : NULL;
    t->report_arg = d->watch;
    if (!d->shared)
        return err_hint(err_new(ERR_NO_DATA, "no target is open"), "send launch or attach first");
    TRY(turn_begin(t, d->shared));
    d->session = t->session;
    uint64_t generation = turn_generation(t);
    if (generation != d->generation)
        handles_forget(&d->handles);
    d->generation = generation;
    return NULL;
}

void dap_turn_end(struct dap *d)
{
    if (d->session)
        turn_end(connection_turn(d->conn));
    d->session = NULL;
}

static struct err *fill_body(struct dap *d, const struct request *r, struct json_body *body)
{
    const struct request_row *row = find_row(r->command);
    if (!row)
        return err_new(ERR_UNSUPPORTED, "Inquest has no request \"%s\"", r->command);
    if (r->cancelled)
        return err_new(ERR_CANCELLED, "cancelled");
    if (row->needs == NEEDS_TARGET)
        TRY(dap_turn_begin(d));
    struct err *e = row->answer(d, r->args, &body->json);
    dap_turn_end(d);
    return e;
}

/* Only what makes the conversation impossible is an error here. */
static struct err *answer(struct dap *d, const struct request *r)
{
    struct json_body body;
    d->after = NULL;
    json_body_begin(&body);
    watch_begin(d->watch, r->seq, r->command);
    struct err *why = fill_body(d, r, &body), *e = NULL;
    watch_end(d->watch);
    if (!why)
        why = json_body_end(&body);
    e = why ? output_failure(d->out, r->seq, r->command, why) : output_response(d->out, r->seq, r->command, &body);
    bool failed = why != NULL;
    err_free(why);
    json_body_done(&body);
    if (!e && !failed && d->after)
        e = d->after(d);
    return e;
}

/* ---- what comes in ---- */

/* "cancel" concerns what runs just now, and cannot wait. */
static struct err *cancel(struct dap *d, const struct request *r)
{
    int64_t seq = args_integer(r->args, "requestId", -1);
    const char *progress = args_string(r->args, "progressId");
    if (progress)
        seq = strtoll(progress, NULL, 10); /* it is the number of the request */
    if (inbox_cancel(&d->inbox, seq))
        turn_cancel(connection_turn(d->conn));
    return output_response(d->out, r->seq, r->command, NULL);
}

static bool waits_while_running(const struct request *r)
{
    return strcmp(r->command, "disconnect") == 0;
}

static struct err *take_in(struct dap *d, struct request *r)
{
    struct err *e = NULL;
    if (strcmp(r->command, "cancel") == 0) {
        e = cancel(d, r);
        request_free(r);
    } else if (!inbox_put(&d->inbox, r, waits_while_running)) {
        e = run_answer(d, r);
        request_free(r);
    } else if (inbox_waits(&d->inbox, waits_while_running)) {
        turn_cancel(connection_turn(d->conn)); /* what is being answered is of no use any more */
    }
    return e;
}

/* *out NULL: it is no request, and nobody waits for an answer. */
static void parse_request(struct incoming *root, struct request **out)
{
    const char *type = args_string(root, "type"), *command = args_string(root, "command");
    *out = NULL;
    if (!type || strcmp(type, "request") != 0 || !command) {
        incoming_free(root);
        return;
    }
    struct request *r = xcalloc(1, sizeof(*r));
    r->seq = args_integer(root, "seq", 0);
    r->command = command;
    r->args = incoming_member(root, "arguments");
    r->root = root;
    *out = r;
}

static void log_message(struct dap *d, const struct incoming *root)
{
    struct server_log *log = connection_log(d->conn);
    if (!server_log_has(log, LOG_DAP))
        return;
    SCOPED(freep) char *text = incoming_text(root);
    server_log_line(log, LOG_DAP, LOG_DEBUG, "[<- from client]%s", text);
}

static void log_error(struct dap *d, const struct err *why)
{
    connection_note(d->conn, "%s", why->msg);
    server_log_line(connection_log(d->conn), LOG_DAP, LOG_DEBUG, "DAP error: %s", why->msg);
}

/* All whole messages that have come; *last: no more are wanted. */
static struct err *take_messages(struct dap *d, struct message_input *in, bool *last)
{
    for (;;) {
        struct incoming *root;
        struct request *r;
        struct err *why;
        switch (message_take(in, &root, &why)) {
        case MESSAGE_MORE:
            return NULL;
        case MESSAGE_LOST:
            return why;
        case MESSAGE_BAD:
            log_error(d, why);
            err_free(why);
            break;
        case MESSAGE_HERE:
            log_message(d, root);
            parse_request(root, &r);
            *last = r && waits_while_running(r); /* nothing that follows a disconnect is answered */
            if (r)
                TRY(take_in(d, r));
            if (*last)
                return NULL;
            break;
        }
    }
}

static struct err *read_all(struct dap *d)
{
    enum { STEP = 64 * 1024 };
    SCOPED(message_input_done) struct message_input in = {0};
    bool last = false;
    for (size_t n = 1; n && !last;) {
        TRY(connection_read(d->conn, message_room(&in, STEP), STEP, &n));
        message_added(&in, n);
        TRY(take_messages(d, &in, &last));
    }
    return NULL;
}

struct reading {
    struct dap *d;
    struct err *why; /* it ended */
};

static void *read_thread(void *arg)
{
    struct reading *r = arg;
    r->why = read_all(r->d);
    inbox_end(&r->d->inbox);
    turn_cancel(connection_turn(r->d->conn));
    return NULL;
}

/* ---- from the first byte to the last ---- */

static struct err *answer_all(struct dap *d)
{
    struct request *r;
    struct err *e = NULL;
    while (!e && !d->over && (r = inbox_take(&d->inbox))) {
        e = answer(d, r);
        inbox_answered(&d->inbox);
    }
    return e;
}

static struct err *converse(struct connection *conn)
{
    struct dap d = {.conn = conn, .shared = connection_shared(conn)};
    struct reading reading = {.d = &d};
    pthread_t thread;
    d.out = output_new(conn);
    inbox_init(&d.inbox);
    struct err *e = NULL;
    int failed = pthread_create(&thread, NULL, read_thread, &reading);
    if (failed) {
        e = err_errno(failed, "cannot start a thread");
    } else {
        e = answer_all(&d);
        connection_hang_up(conn);
        pthread_join(thread, NULL);
    }
    if (!e)
        e = TAKE(reading.why);
    err_free(reading.why);
    dap_close(&d);
    watch_stop(d.watch);
    handles_done(&d.handles);
    inbox_done(&d.inbox);
    output_free(d.out);
    return e;
}

static bool detect(unsigned char first)
{
    return first == 'C' || first == 'c'; /* of Content-Length; no JSON begins with it */
}

const struct protocol dap_protocol = {"DAP", detect, converse};
