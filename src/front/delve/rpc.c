/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers: JSON-RPC 1.0 as Go's net/rpc/jsonrpc has it, a stream of objects without any frame. */
#include "front/delve/priv.h"

#include <string.h>
#include <strings.h>

enum { READ_BYTES = 64 * 1024, SEND_BYTES = 256 * 1024 };

static const struct method_table *const tables[] = {
    &delve_server_methods, &delve_state_methods,    &delve_goroutine_methods,
    &delve_stack_methods,  &delve_variable_methods, &delve_program_methods,
    &delve_code_methods,   &delve_place_methods,    &delve_path_methods,
};

/* ---- arguments ---- */

static bool is_absent(const struct incoming *v)
{
    return incoming_kind(v) == INCOMING_NOTHING || incoming_kind(v) == INCOMING_NULL;
}

static const struct incoming *member(struct arguments *a, const char *name, enum incoming_kind kind)
{
    const struct incoming *v = incoming_member(a->object, name);
    if (is_absent(v) && a->bare && strcmp(name, a->bare) == 0)
        v = a->object;
    if (is_absent(v))
        return NULL;
    if (incoming_kind(v) == kind)
        return v;
    if (!a->wrong)
        a->wrong = name;
    return NULL;
}

int64_t argument_integer(struct arguments *a, const char *name, int64_t otherwise)
{
    int64_t n = otherwise;
    const struct incoming *v = member(a, name, INCOMING_NUMBER);
    if (v && !incoming_integer(v, &n) && !a->wrong)
        a->wrong = name;
    return n;
}

bool argument_bool(struct arguments *a, const char *name)
{
    bool yes = false;
    incoming_bool(member(a, name, INCOMING_BOOL), &yes);
    return yes;
}

const char *argument_string(struct arguments *a, const char *name)
{
    const char *s = incoming_string(member(a, name, INCOMING_STRING));
    return s ? s : "";
}

struct arguments argument_object(struct arguments *a, const char *name)
{
    return (struct arguments){.object = member(a, name, INCOMING_OBJECT)};
}

const struct incoming *argument_array(struct arguments *a, const char *name)
{
    return member(a, name, INCOMING_ARRAY);
}

struct err *arguments_check(const struct arguments *a)
{
    return a->wrong ? err_new(ERR_USAGE, "malformed request body: json: the wrong kind of value in field %s", a->wrong)
                    : NULL;
}

/* ---- answers ---- */

static ssize_t keep(void *cookie, const char *bytes, size_t n)
{
    text_putn(cookie, bytes, n);
    return (ssize_t)n;
}

FILE *text_stream(struct text *t)
{
    FILE *out = fopencookie(t, "w", (cookie_io_functions_t){.write = keep});
    if (!out)
        mem_exhausted();
    setvbuf(out, NULL, _IOFBF, READ_BYTES);
    return out;
}

static void answer_begin(struct answer *an)
{
    an->out = text_stream(&an->kept);
    int before = fprintf(an->out, "{\"id\":%s,\"result\":", an->id);
    an->before = before > 0 ? (size_t)before : 0;
}

static void answer_done(struct answer *an)
{
    if (an->out)
        fclose(an->out);
    an->out = NULL;
    text_done(&an->kept);
    text_done(&an->logged);
}

static struct err *send_kept(void *arg)
{
    struct answer *an = arg;
    an->begun = true;
    rpc_log_part(an);
    TRY(connection_write(an->connection, text_str(&an->kept), an->kept.n));
    text_clear(&an->kept);
    return NULL;
}

struct err *answer_pause(struct client *c)
{
    struct answer *an = c->answer;
    if (!c->connection)
        return NULL;
    fflush(an->out);
    if (an->kept.n < SEND_BYTES)
        return NULL;
    uint64_t before = turn_generation(an->turn);
    TRY(turn_yield(an->turn, send_kept, an));
    return turn_generation(an->turn) == before ? NULL : err_new(ERR_CANCELLED, "the process has run meanwhile");
}

static struct err *send_error(struct answer *an, const struct err *e)
{
    struct json j;
    if (an->begun) /* half an answer stands there already */
        return err_dup(e);
    fflush(an->out);
    text_clear(&an->kept);
    fprintf(an->out, "{\"id\":%s,\"result\":null,\"error\":", an->id);
    json_init(&j, an->out, false);
    json_string(&j, e->msg);
    fputs("}\n", an->out);
    fflush(an->out);
    return send_kept(an);
}

static struct err *send_result(struct answer *an)
{
    fputs(ANSWER_END, an->out);
    fflush(an->out);
    return send_kept(an);
}

void result_begin(struct client *c, struct json *j, const char *name)
{
    if (c->api_version == 1)
        return;
    json_object_begin(j);
    json_key(j, name);
}

void result_end(struct client *c, struct json *j)
{
    if (c->api_version != 1)
        json_object_end(j);
}

/* ---- requests ---- */

/* Version 1 of the interface, of which Delve 1.20 was the last to have it (service/rpc1/server.go): methods that have
 * another name since, and those with one argument that no object is around. */
static const struct version1 {
    const char *name, *now, *argument;
} version1[] = {
    {"AmendBreakpoint", "AmendBreakpoint", "Breakpoint"},
    {"ClearBreakpoint", "ClearBreakpoint", "Id"},
    {"ClearBreakpointByName", "ClearBreakpoint", "Name"},
    {"Detach", "Detach", "Kill"},
    {"EvalSymbol", "Eval", NULL},
    {"GetBreakpoint", "GetBreakpoint", "Id"},
    {"GetBreakpointByName", "GetBreakpoint", "Name"},
    {"GetThread", "GetThread", "Id"},
    {"ListFunctionArgs", "ListFunctionArgs", "Scope"},
    {"ListFunctions", "ListFunctions", "Filter"},
    {"ListLocalVars", "ListLocalVars", "Scope"},
    {"ListPackageVars", "ListPackageVars", "Filter"},
    {"ListSources", "ListSources", "Filter"},
    {"ListThreadPackageVars", "ListPackageVars", NULL},
    {"ListTypes", "ListTypes", "Filter"},
    {"SetSymbol", "Set", NULL},
    {"StacktraceGoroutine", "Stacktrace", NULL},
};

static const struct version1 *find_version1(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(version1); i++)
        if (strcasecmp(version1[i].name, name) == 0)
            return &version1[i];
    return NULL;
}

/* Names are taken in any letters, as fields are. */
const struct method *method_find(const struct client *c, const char *name, const char **bare)
{
    static const char prefix[] = "RPCServer.";
    if (strncasecmp(name, prefix, sizeof(prefix) - 1) != 0)
        return NULL;
    name += sizeof(prefix) - 1;
    const struct version1 *old = c->api_version == 1 ? find_version1(name) : NULL;
    if (old) {
        name = old->now;
        *bare = old->argument;
    }
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (size_t i = 0; i < tables[t]->n; i++)
            if (strcasecmp(tables[t]->rows[i].name, name) == 0)
                return &tables[t]->rows[i];
    return NULL;
}

static struct err *run_method(struct client *c, const struct method *m, struct arguments *a)
{
    struct turn *turn = connection_turn(c->connection);
    struct json j;
    if (m->refusal)
        return err_new(ERR_UNSUPPORTED, "%s", m->refusal);
    TRY(turn_begin(turn, connection_shared(c->connection)));
    c->session = turn->session;
    c->generation = turn_generation(turn);
    json_init(&j, c->answer->out, false);
    struct err *e = m->run(c, a, &j);
    c->session = NULL;
    turn_end(turn);
    return e;
}

/* Arguments are the first element of a list, an object. */
static struct err *check_params(const struct client *c, const struct incoming *params)
{
    static const char *const kinds[] = {
        [INCOMING_NOTHING] = "nothing", [INCOMING_NULL] = "null",     [INCOMING_BOOL] = "bool",
        [INCOMING_NUMBER] = "number",   [INCOMING_STRING] = "string", [INCOMING_ARRAY] = "array",
        [INCOMING_OBJECT] = "object",
    };
    const struct incoming *first = incoming_element(params, 0);
    if (incoming_kind(params) != INCOMING_ARRAY)
        return err_new(ERR_USAGE,
                       "malformed request body: json: cannot unmarshal %s into Go value of type [1]interface {}",
                       kinds[incoming_kind(params)]);
    if (c->api_version != 1 && !is_absent(first) && incoming_kind(first) != INCOMING_OBJECT)
        return err_new(ERR_USAGE, "malformed request body: json: arguments are an object, not: %s",
                       kinds[incoming_kind(first)]);
    return NULL;
}

/* *understood: the method, when the request could be run. */
static struct err *answer_request(struct client *c, const struct incoming *request, const struct method **understood)
{
    const char *name = incoming_string(incoming_member(request, "method"));
    const struct incoming *params = incoming_member(request, "params");
    struct arguments a = {.object = incoming_element(params, 0)};
    const struct method *m = name ? method_find(c, name, &a.bare) : NULL;
    connection_note(c->connection, "asks %s", name ? name : "for no method");
    if (!m) {
        server_log_line(connection_log(c->connection), LOG_RPC, LOG_ERROR, "rpc: can't find method %s",
                        name ? name : "");
        return err_new(ERR_USAGE, "unknown method: %s", name ? name : "");
    }
    if (is_absent(params))
        return err_new(ERR_USAGE, "malformed request body: jsonrpc: request body missing params");
    TRY(check_params(c, params));
    *understood = m;
    rpc_log_request(c, m, a.object);
    return run_method(c, m, &a);
}

static void log_outcome(struct client *c, const struct method *m, const struct answer *an, const struct err *e)
{
    if (e)
        connection_note(c->connection, "is told: %s", e->msg);
    if (m)
        rpc_log_answer(c, m, an, e);
}

static struct err *one_request(struct client *c, const char *text, size_t n)
{
    struct incoming *request;
    TRY(incoming_parse(text, n, &request));
    SCOPED(freep) char *id = incoming_text(incoming_member(request, "id"));
    struct answer an = {.connection = c->connection, .turn = connection_turn(c->connection), .id = id};
    c->answer = &an;
    const struct method *m = NULL;
    c->requests++;
    answer_begin(&an);
    struct err *e = answer_request(c, request, &m), *sent = e ? send_error(&an, e) : send_result(&an);
    log_outcome(c, m, &an, e);
    err_free(e);
    answer_done(&an);
    incoming_free(request);
    return sent;
}

/* All requests that end in these bytes; `partial` keeps the beginning of the next one. */
static struct err *take_bytes(struct client *c, struct incoming_scan *scan, struct text *partial, const char *bytes,
                              size_t n)
{
    while (n) {
        size_t used;
        bool whole;
        TRY(incoming_scan(scan, bytes, n, &used, &whole));
        text_putn(partial, bytes, used);
        bytes += used;
        n -= used;
        if (!whole)
            continue;
        TRY(one_request(c, text_str(partial), partial->n));
        text_clear(partial);
    }
    return NULL;
}

static struct err *converse(struct connection *connection)
{
    const char *version = call_value(connection_call(connection), "api-version");
    struct client c = {.connection = connection,
                       .call = connection_call(connection),
                       .api_version = version && *version == '1' ? 1 : 2};
    struct incoming_scan scan = {0};
    struct text partial = {0};
    SCOPED(freep) char *buf = xmalloc(READ_BYTES);
    struct err *e = NULL;
    for (size_t n = 1; !e && n;) {
        e = connection_read(connection, buf, READ_BYTES, &n);
        if (!e)
            e = take_bytes(&c, &scan, &partial, buf, n);
    }
    text_done(&partial);
    map64_done(&c.by_id);
    return e;
}

const struct protocol delve_protocol = {.name = "JSON-RPC", .run = converse};
