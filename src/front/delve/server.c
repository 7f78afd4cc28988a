/* SPDX-License-Identifier: Apache-2.0 */
/* Methods about the server itself, and those that a core refuses. */
#include "front/delve/priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_STOPPED = 1 };

static void put_empty(struct json *j)
{
    json_object_begin(j);
    json_object_end(j);
}

/* {"name": yes} */
static void put_flag(struct client *c, struct json *j, const char *name, bool yes)
{
    result_begin(c, j, name);
    json_bool(j, yes);
    result_end(c, j);
}

static void put_empty_list(struct client *c, struct json *j, const char *name)
{
    result_begin(c, j, name);
    json_array_begin(j);
    json_array_end(j);
    result_end(c, j);
}

static const char *fact(struct session *s, const char *key)
{
    const char *name;
    const struct rt_fact *facts;
    size_t n;
    for (size_t i = 0; session_runtime_facts(s, i, &name, &facts, &n); i++)
        for (size_t k = 0; strcmp(name, "go") == 0 && k < n; k++)
            if (strcmp(facts[k].key, key) == 0 && !facts[k].setting)
                return facts[k].value;
    return NULL;
}

static struct err *get_version(struct client *c, struct arguments *a, struct json *j)
{
    const char *go = fact(c->session, "version");
    SCOPED(freep) char *producer = xasprintf("Go cmd/compile %s", go ? go : "unknown");
    (void)a;
    json_object_begin(j);
    json_kv_string(j, "DelveVersion", "Inquest, which answers as Version: 1.27.1");
    json_kv_i64(j, "APIVersion", c->api_version);
    json_kv_string(j, "Backend", session_image(c->session)->kind != IMAGE_LIVE ? "core" : "native");
    /* Its clients find the names of wait reasons by this. */
    json_kv_string(j, "TargetGoVersion", go ? producer : "");
    json_kv_string(j, "MinSupportedVersionOfGo", "1.17");
    json_kv_string(j, "MaxSupportedVersionOfGo", "1.27");
    json_object_end(j);
    return NULL;
}

static struct err *set_api_version(struct client *c, struct arguments *a, struct json *j)
{
    int64_t version = argument_integer(a, "APIVersion", 0);
    TRY(arguments_check(a));
    if (version != 1 && version != 2)
        return err_new(ERR_USAGE, "unknown API version");
    c->api_version = version;
    put_empty(j);
    return NULL;
}

static struct err *is_multiclient(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    put_flag(c, j, "IsMulticlient", c->connection && connection_multiclient(c->connection));
    return NULL;
}

/* To Delve a core is a recording, which ends where it begins. */
static struct err *recorded(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    json_object_begin(j);
    json_kv_bool(j, "Recorded", session_image(c->session)->kind != IMAGE_LIVE);
    json_kv_string(j, "TraceDirectory", "");
    json_object_end(j);
    return NULL;
}

static struct err *attached(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    put_flag(c, j, "Answer", session_image(c->session)->kind == IMAGE_LIVE);
    return NULL;
}

static struct err *detach(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    if (c->connection)
        connection_end_server(c->connection);
    if (c->api_version == 1)
        json_i64(j, 0);
    else
        put_empty(j);
    return NULL;
}

static struct err *list_breakpoints(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    put_empty_list(c, j, "Breakpoints");
    return NULL;
}

static struct err *list_checkpoints(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    put_empty_list(c, j, "Checkpoints");
    return NULL;
}

/* A client that waits for the end of a command: the target stands still. */
static struct err *get_events(struct client *c, struct arguments *a, struct json *j)
{
    (void)c;
    (void)a;
    json_object_begin(j);
    json_key(j, "Events");
    json_array_begin(j);
    json_object_begin(j);
    json_kv_i64(j, "Kind", EVENT_STOPPED);
    json_object_end(j);
    json_array_end(j);
    json_object_end(j);
    return NULL;
}

static struct err *follow_exec_enabled(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    put_flag(c, j, "Enabled", false);
    return NULL;
}

static struct err *no_tracepoints(struct client *c, struct arguments *a, struct json *j)
{
    (void)c;
    (void)a;
    json_object_begin(j);
    json_key(j, "TracepointResults");
    json_null(j);
    json_object_end(j);
    return NULL;
}

/* Names are not numbers, so that one can be told from the other. */
static struct err *check_breakpoint_name(struct arguments *a, const char *name)
{
    char *end;
    TRY(arguments_check(a));
    (void)strtoll(name, &end, 10);
    return *name && !*end ? err_new(ERR_USAGE, "breakpoint name can not be a number") : NULL;
}

static struct err *amend_breakpoint(struct client *c, struct arguments *a, struct json *j)
{
    struct arguments of = argument_object(a, "Breakpoint");
    int64_t id = argument_integer(&of, "id", 0);
    (void)c;
    (void)j;
    TRY(check_breakpoint_name(&of, argument_string(&of, "name")));
    return err_new(ERR_NOT_FOUND, "no breakpoint with ID %" PRId64, id);
}

static struct err *create_breakpoint(struct client *c, struct arguments *a, struct json *j)
{
    struct arguments of = argument_object(a, "Breakpoint");
    (void)c;
    (void)j;
    TRY(check_breakpoint_name(&of, argument_string(&of, "name")));
    return err_new(ERR_UNSUPPORTED, "cannot write a breakpoint to a core file");
}

/* What is to be written or watched is looked up first: a wrong name is what the user has to hear about. */
static struct err *look_up(struct client *c, struct arguments *a, const char *name)
{
    struct arguments where = argument_object(a, "Scope");
    const char *text = argument_string(a, name);
    struct scope sc;
    struct value v;
    TRY(arguments_check(a));
    TRY(scope_find(c, &where, &sc));
    return scope_evaluate(&sc, text, &v, NULL);
}

static struct err *set(struct client *c, struct arguments *a, struct json *j)
{
    (void)j;
    TRY(look_up(c, a, "Symbol"));
    return err_new(ERR_UNSUPPORTED, "can not write to core process");
}

static struct err *create_watchpoint(struct client *c, struct arguments *a, struct json *j)
{
    (void)j;
    TRY(look_up(c, a, "Expr"));
    return err_new(ERR_UNSUPPORTED, "cannot write a breakpoint to a core file");
}

static struct err *no_breakpoint(struct client *c, struct arguments *a, struct json *j)
{
    int64_t id = argument_integer(a, "Id", 0);
    const char *name = argument_string(a, "Name");
    (void)c;
    (void)j;
    TRY(arguments_check(a));
    return *name ? err_new(ERR_NOT_FOUND, "no breakpoint with name %s", name)
                 : err_new(ERR_NOT_FOUND, "no breakpoint with id %" PRId64, id);
}

static struct err *dump_state(struct client *c, struct arguments *a, struct json *j)
{
    static const char *const numbers[] = {"ThreadsDone", "ThreadsTotal", "MemDone", "MemTotal"};
    (void)c;
    (void)a;
    json_object_begin(j);
    json_key(j, "State");
    json_object_begin(j);
    json_kv_bool(j, "Dumping", false);
    json_kv_bool(j, "AllDone", false);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        json_kv_i64(j, numbers[i], 0);
    json_kv_string(j, "Err", "");
    json_object_end(j);
    json_object_end(j);
    return NULL;
}

static struct err *do_nothing(struct client *c, struct arguments *a, struct json *j)
{
    (void)c;
    (void)a;
    put_empty(j);
    return NULL;
}

static const struct method rows[] = {
    {"GetVersion", get_version, NULL},
    {"SetApiVersion", set_api_version, NULL},
    {"IsMulticlient", is_multiclient, NULL},
    {"Recorded", recorded, NULL},
    {"AttachedToExistingProcess", attached, NULL},
    {"Detach", detach, NULL},
    {"ListBreakpoints", list_breakpoints, NULL},
    {"ListCheckpoints", list_checkpoints, NULL},
    {"GetEvents", get_events, NULL},
    {"FollowExecEnabled", follow_exec_enabled, NULL},
    {"CancelDownloads", do_nothing, NULL},
    {"CancelNext", do_nothing, NULL},
    {"DumpCancel", do_nothing, NULL},
    {"DumpWait", dump_state, NULL},
    {"FollowExec", do_nothing, NULL},
    {"GetBufferedTracepoints", no_tracepoints, NULL},
    {"GetBreakpoint", no_breakpoint, NULL},
    {"ClearBreakpoint", no_breakpoint, NULL},
    {"ToggleBreakpoint", no_breakpoint, NULL},
    {"AmendBreakpoint", amend_breakpoint, NULL},
    {"CreateBreakpoint", create_breakpoint, NULL},
    {"CreateWatchpoint", create_watchpoint, NULL},
    {"CreateEBPFTracepoint", NULL, "eBPF is not supported"},
    {"Set", set, NULL},
    {"Restart", NULL, "can not continue execution of core process"},
    {"Checkpoint", NULL, "can not continue execution of core process"},
    {"ClearCheckpoint", NULL, "checkpoint not found"},
    {"DumpStart", NULL, "core dumping not supported"},
    {"StopRecording", NULL, "debugger is not recording"},
    {"DownloadLibraryDebugInfo", NULL, "debug files are looked for when the target is opened"},
};
const struct method_table delve_server_methods = {rows, ARRAY_LEN(rows)};
