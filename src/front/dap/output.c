/* SPDX-License-Identifier: Apache-2.0 */
/* Responses and events: each is made whole before it is sent, since its length comes first. */
#include "front/dap/priv.h"

#include <inttypes.h>

struct output {
    struct connection *conn;
    pthread_mutex_t mutex; /* one message at a time, numbered in their order */
    int64_t seq;
};

struct output *output_new(struct connection *conn)
{
    struct output *o = xcalloc(1, sizeof(*o));
    o->conn = conn;
    pthread_mutex_init(&o->mutex, NULL);
    return o;
}

void output_free(struct output *o)
{
    if (!o)
        return;
    pthread_mutex_destroy(&o->mutex);
    free(o);
}

void json_body_begin(struct json_body *b)
{
    *b = (struct json_body){.n = 0};
    b->file = open_memstream(&b->p, &b->n);
    if (!b->file)
        mem_exhausted();
    json_init(&b->json, b->file, false);
    json_object_begin(&b->json);
}

struct err *json_body_end(struct json_body *b)
{
    json_object_end(&b->json);
    bool failed = ferror(b->file);
    failed = fclose(b->file) != 0 || failed;
    b->file = NULL;
    return failed ? err_new(ERR_NOMEM, "the answer is too large") : NULL;
}

void json_body_done(struct json_body *b)
{
    if (b->file)
        fclose(b->file);
    free(b->p);
    *b = (struct json_body){.n = 0};
}

static void log_message(struct output *o, const struct text *content, const struct json_body *body)
{
    struct server_log *log = connection_log(o->conn);
    if (server_log_has(log, LOG_DAP))
        server_log_line(log, LOG_DAP, LOG_DEBUG, "[-> to client]%s%s%s", text_str(content), body ? body->p : "",
                        body ? "}" : "");
}

/* `members`: what the message has besides its number and body; begins with a comma. */
static struct err *send(struct output *o, const char *members, size_t n, const struct json_body *body)
{
    SCOPED(text_done) struct text head = {0}, content = {0};
    pthread_mutex_lock(&o->mutex);
    text_printf(&content, "{\"seq\":%" PRId64, ++o->seq);
    text_putn(&content, members, n);
    text_put(&content, body ? ",\"body\":" : "}");
    text_printf(&head, "Content-Length: %zu\r\n\r\n", content.n + (body ? body->n + 1 : 0));
    text_putn(&head, content.p, content.n);
    log_message(o, &content, body);
    struct err *e = connection_write(o->conn, head.p, head.n);
    if (!e && body)
        e = connection_write(o->conn, body->p, body->n);
    if (!e && body)
        e = connection_write(o->conn, "}", 1);
    pthread_mutex_unlock(&o->mutex);
    return e;
}

/* Members as they stand in an object of their own: with a comma in place of the brace that opens it. */
static struct err *send_with(struct output *o, struct json_body *members, const struct json_body *body)
{
    struct err *e = json_body_end(members);
    if (!e) {
        members->p[0] = ',';
        e = send(o, members->p, members->n - 1, body);
    }
    json_body_done(members);
    return e;
}

static void put_response(struct json *j, int64_t request_seq, const char *command, bool success)
{
    json_kv_string(j, "type", "response");
    json_kv_i64(j, "request_seq", request_seq);
    json_kv_string(j, "command", command);
    json_kv_bool(j, "success", success);
}

struct err *output_response(struct output *o, int64_t request_seq, const char *command, const struct json_body *body)
{
    struct json_body b;
    json_body_begin(&b);
    put_response(&b.json, request_seq, command, true);
    return send_with(o, &b, body);
}

/* Braces are for variables in a message's format. */
static void put_message(struct json *j, const struct err *why, const char *text)
{
    bool braces = strpbrk(text, "{}") != NULL;
    json_key(j, "error");
    json_object_begin(j);
    json_kv_i64(j, "id", (int64_t)why->code + 1);
    json_kv_string(j, "format", braces ? "{text}" : text);
    if (braces) {
        json_key(j, "variables");
        json_object_begin(j);
        json_kv_string(j, "text", text);
        json_object_end(j);
    }
    json_kv_bool(j, "showUser", false);
    json_object_end(j);
}

struct err *output_failure(struct output *o, int64_t request_seq, const char *command, const struct err *why)
{
    struct json_body b, body;
    SCOPED(text_done) struct text text = {0};
    put_err(&text, why);
    json_body_begin(&body);
    put_message(&body.json, why, text_str(&text));
    struct err *e = json_body_end(&body);
    if (!e) {
        json_body_begin(&b);
        put_response(&b.json, request_seq, command, false);
        json_kv_string(&b.json, "message", why->code == ERR_CANCELLED ? "cancelled" : text_str(&text));
        e = send_with(o, &b, &body);
    }
    json_body_done(&body);
    return e;
}

struct err *output_event(struct output *o, const char *event, const struct json_body *body)
{
    struct json_body b;
    json_body_begin(&b);
    json_kv_string(&b.json, "type", "event");
    json_kv_string(&b.json, "event", event);
    return send_with(o, &b, body);
}

struct err *output_say(struct output *o, const char *category, const char *text)
{
    struct json_body b;
    json_body_begin(&b);
    json_kv_string(&b.json, "category", category);
    json_kv_string(&b.json, "output", text);
    struct err *e = json_body_end(&b);
    if (!e)
        e = output_event(o, "output", &b);
    json_body_done(&b);
    return e;
}
