/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers in the log, in Delve's form (service/rpccommon/server.go of 1.27.1):
 *
 *     <- RPCServer.ListGoroutines(rpc2.ListGoroutinesIn{"Start":0,"Count":1})
 *     -> *rpc2.ListGoroutinesOut{"Goroutines":[...]} error: ""
 *
 * Arguments are as the client sent them; Delve adds those that it left out. */
#include "front/delve/priv.h"

#include <inttypes.h>
#include <string.h>

enum { LOGGED_MAX = 1024 * 1024 }; /* bytes of an answer: a list of goroutines can have any number */

/* Methods that Delve answers out of order: the log numbers their lines. */
static bool is_async(const struct method *m)
{
    static const char *const names[] = {"State", "Command", "Restart", "StopRecording", "GetEvents"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(m->name, names[i]) == 0)
            return true;
    return false;
}

/* Go's names of the types of arguments and results, where they are not rpc2.METHODIn and rpc2.METHODOut. */
static const struct type_names {
    const char *method, *in, *out;
} type_names[] = {
    {"Command", "api.DebuggerCommand", "rpc2.CommandOut"},
    {"ExamineMemory", "rpc2.ExamineMemoryIn", "rpc2.ExaminedMemoryOut"},
    {"GetVersion", "api.GetVersionIn", "api.GetVersionOut"},
    {"SetApiVersion", "api.SetAPIVersionIn", "api.SetAPIVersionOut"},
};

static void put_type(struct text *t, const struct client *c, const struct method *m, bool out)
{
    if (c->api_version == 1)
        return; /* other types, and often none */
    for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
        if (strcmp(type_names[i].method, m->name) == 0) {
            text_put(t, out ? type_names[i].out : type_names[i].in);
            return;
        }
    }
    text_printf(t, "rpc2.%s%s", m->name, out ? "Out" : "In");
}

static void put_async(struct text *t, const struct client *c, const struct method *m)
{
    if (is_async(m))
        text_printf(t, "(async %" PRIu64 ") ", c->requests);
}

static void put_quoted(struct text *t, const char *s)
{
    struct json j;
    FILE *out = text_stream(t);
    json_init(&j, out, false);
    json_string(&j, s);
    fclose(out);
}

void rpc_log_request(struct client *c, const struct method *m, const struct incoming *arguments)
{
    struct server_log *log = connection_log(c->connection);
    if (!server_log_has(log, LOG_RPC))
        return;
    SCOPED(text_done) struct text t = {0};
    SCOPED(freep) char *given = incoming_text(arguments);
    put_async(&t, c, m);
    text_printf(&t, "<- RPCServer.%s(", m->name);
    put_type(&t, c, m, false);
    text_printf(&t, "%s)", incoming_kind(arguments) == INCOMING_OBJECT || c->api_version == 1 ? given : "{}");
    server_log_line(log, LOG_RPC, LOG_DEBUG, "%s", text_str(&t));
}

void rpc_log_part(struct answer *an)
{
    if (!server_log_has(connection_log(an->connection), LOG_RPC))
        return;
    size_t room = LOGGED_MAX - an->logged.n, n = an->kept.n < room ? an->kept.n : room;
    text_putn(&an->logged, text_str(&an->kept), n);
    an->unlogged += an->kept.n - n;
}

/* The result alone, out of {"id":1,"result":RESULT,"error":null}. */
static void put_result(struct text *t, const struct answer *an)
{
    const char *sent = text_str(&an->logged);
    size_t n = an->logged.n, after = an->unlogged ? 0 : strlen(ANSWER_END);
    if (n >= an->before + after)
        text_putn(t, sent + an->before, n - an->before - after);
    if (an->unlogged)
        text_printf(t, "... (%" PRIu64 " more bytes)", an->unlogged);
}

void rpc_log_answer(struct client *c, const struct method *m, const struct answer *an, const struct err *e)
{
    struct server_log *log = connection_log(c->connection);
    if (!server_log_has(log, LOG_RPC))
        return;
    SCOPED(text_done) struct text t = {0};
    put_async(&t, c, m);
    text_put(&t, "-> ");
    if (e && is_async(m)) {
        text_put(&t, "<nil>null");
    } else {
        text_put(&t, is_async(m) || c->api_version == 1 ? "" : "*");
        put_type(&t, c, m, true);
        if (e)
            text_put(&t, "{}");
        else
            put_result(&t, an);
    }
    text_put(&t, " error: ");
    put_quoted(&t, e ? e->msg : "");
    server_log_line(log, LOG_RPC, LOG_DEBUG, "%s", text_str(&t));
}
