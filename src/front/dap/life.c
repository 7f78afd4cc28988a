/* SPDX-License-Identifier: Apache-2.0 */
/* From initialize to disconnect. */
#include "front/dap/priv.h"
#include "session/code.h"
#include "session/control.h"

#include <inttypes.h>
#include <string.h>

enum { THREAD_LIMIT = 10000, DIRS_MAX = 64 };

/* ---- initialize ---- */

static void put_capabilities(struct json *j)
{
    static const char *const have[] = {
        "supportsConfigurationDoneRequest", "supportsEvaluateForHovers",      "supportsCompletionsRequest",
        "supportsModulesRequest",           "supportsValueFormattingOptions", "supportsExceptionInfoRequest",
        "supportsDelayedStackTraceLoading", "supportsLoadedSourcesRequest",   "supportsReadMemoryRequest",
        "supportsDisassembleRequest",       "supportsCancelRequest",          "supportsClipboardContext",
    };
    static const char *const have_not[] = {
        "supportsFunctionBreakpoints",
        "supportsConditionalBreakpoints",
        "supportsHitConditionalBreakpoints",
        "supportsStepBack",
        "supportsSetVariable",
        "supportsRestartFrame",
        "supportsGotoTargetsRequest",
        "supportsStepInTargetsRequest",
        "supportsRestartRequest",
        "supportTerminateDebuggee",
        "supportSuspendDebuggee",
        "supportsLogPoints",
        "supportsTerminateRequest",
        "supportsDataBreakpoints",
        "supportsWriteMemoryRequest",
        "supportsSetExpression",
        "supportsInstructionBreakpoints",
        "supportsSteppingGranularity",
    };
    for (size_t i = 0; i < ARRAY_LEN(have); i++)
        json_kv_bool(j, have[i], true);
    for (size_t i = 0; i < ARRAY_LEN(have_not); i++)
        json_kv_bool(j, have_not[i], false);
    json_key(j, "completionTriggerCharacters");
    json_array_begin(j);
    json_string(j, ".");
    json_string(j, ">");
    json_array_end(j);
}

/* A switch of the client that is on unless it says otherwise. */
static bool is_off(const struct incoming *args, const char *name)
{
    bool v = true;
    return incoming_bool(incoming_member(args, name), &v) && !v;
}

static struct err *initialize(struct dap *d, const struct incoming *args, struct json *body)
{
    const char *format = args_string(args, "pathFormat");
    d->client = (struct dap_client){
        .lines_from_0 = is_off(args, "linesStartAt1"),
        .columns_from_0 = is_off(args, "columnsStartAt1"),
        .uris = format && strcmp(format, "uri") == 0,
        .progress = args_bool(args, "supportsProgressReporting"),
    };
    if (d->client.progress && !d->watch)
        d->watch = watch_start(d->out);
    put_capabilities(body);
    return NULL;
}

/* ---- launch, attach ---- */

static struct err *say_initialized(struct dap *d)
{
    return output_event(d->out, "initialized", NULL);
}

/* A number, or digits: an editor's process picker gives text. */
static bool process_of(const struct incoming *args, char *out, size_t max)
{
    int64_t pid;
    uint64_t number;
    const char *text = args_string(args, "processId");
    if (text && parse_number(text, INT32_MAX, &number))
        pid = (int64_t)number;
    else if (!incoming_integer(incoming_member(args, "processId"), &pid) || pid < 1 || pid > INT32_MAX)
        return false;
    snprintf(out, max, "%" PRId64, pid);
    return true;
}

static struct err *target_of(const struct incoming *args, char *pid, size_t max, const char **out, bool *live)
{
    const char *core = args_string(args, "core");
    *live = process_of(args, pid, max);
    if (*live && core)
        return err_new(ERR_USAGE, "both core and processId are given");
    if (!*live && incoming_kind(incoming_member(args, "processId")) != INCOMING_NOTHING)
        return err_new(ERR_USAGE, "processId is no process id");
    if (!*live && !core)
        return err_hint(err_new(ERR_USAGE, "no target is given"),
                        "say \"core\": \"PATH\", or \"processId\": NUMBER; Inquest starts no programs");
    *out = *live ? pid : core;
    return NULL;
}

static size_t strings_of(const struct incoming *array, const char **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < incoming_count(array) && n < max; i++)
        if (incoming_string(incoming_element(array, i)))
            out[n++] = incoming_string(incoming_element(array, i));
    return n;
}

/* [{"from": "/build", "to": "/home/me/src"}], as Delve's adapter takes it. */
static void substitute(struct session *s, const struct incoming *rules)
{
    for (size_t i = 0; i < incoming_count(rules); i++) {
        const struct incoming *rule = incoming_element(rules, i);
        const char *from = args_string(rule, "from"), *to = args_string(rule, "to");
        if (from && to)
            session_substitute_path(s, from, to);
    }
}

static void use_source_paths(struct session *s, const struct incoming *args)
{
    const char *dirs[DIRS_MAX];
    size_t n = strings_of(incoming_member(args, "sourceDirs"), dirs, DIRS_MAX);
    SCOPED(text_done) struct text joined = {0};
    for (size_t i = 0; i < n; i++)
        text_printf(&joined, "%s%s", i ? ":" : "", dirs[i]);
    if (n)
        session_source_directories(s, text_str(&joined));
    substitute(s, incoming_member(args, "substitutePath"));
}

static struct err *open_target(struct dap *d, const struct incoming *args)
{
    char pid[16];
    const char *target, *dirs[DIRS_MAX];
    struct call *call = connection_call(d->conn);
    bool live;
    TRY(target_of(args, pid, sizeof(pid), &target, &live));
    struct session_opts opts = front_session_opts(call);
    opts.hold = live;
    if (args_string(args, "program"))
        opts.modules.exe = args_string(args, "program");
    if (args_string(args, "sysroot"))
        opts.modules.sysroot = args_string(args, "sysroot");
    size_t n = strings_of(incoming_member(args, "debugDirs"), dirs, DIRS_MAX);
    for (size_t i = 0; i < n; i++)
        *vec_push(&call->debug_dirs) = dirs[i];
    opts.modules.debug_dirs = call->debug_dirs.v;
    opts.modules.n_debug_dirs = call->debug_dirs.n;
    TRY(shared_open_with(target, &opts, &d->own));
    d->shared = d->own;
    d->opened_by = TAKE(d->inbox.now->root); /* the session borrows the strings */
    return NULL;
}

static bool names_target(const struct incoming *args)
{
    return args_string(args, "core") || incoming_kind(incoming_member(args, "processId")) != INCOMING_NOTHING;
}

static struct err *begin(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)body;
    if (d->own || d->configured)
        return err_new(ERR_USAGE, "a target is open already");
    if (d->shared && names_target(args))
        return err_hint(err_new(ERR_USAGE, "the server has a target already"), "leave out core and processId");
    if (!d->shared)
        TRY(open_target(d, args));
    d->thread_limit = THREAD_LIMIT;
    if (incoming_kind(incoming_member(args, "threadLimit")) != INCOMING_NOTHING)
        d->thread_limit = args_count(args, "threadLimit");
    TRY(dap_turn_begin(d));
    use_source_paths(d->session, args);
    dap_turn_end(d);
    d->after = say_initialized;
    return NULL;
}

/* ---- configurationDone ---- */

/* What there is to say of the target, found within a turn and sent after it. */
struct first_words {
    struct json_body process, stopped;
    struct text notes;
};

static void put_process(struct json *j, const struct image *im)
{
    json_kv_string(j, "name", im->exe ? im->exe : im->comm ? im->comm : im->path);
    if (im->kind == IMAGE_LIVE) {
        json_kv_i64(j, "systemProcessId", im->pid);
        json_kv_bool(j, "isLocalProcess", true);
    }
    json_kv_string(j, "startMethod", "attach");
    if (im->arch)
        json_kv_u64(j, "pointerSize", im->arch->addr_size * 8U);
}

static struct err *find_words(struct dap *d, struct first_words *w)
{
    TRY(dap_turn_begin(d));
    if (dap_leaves(d)) {
        dap_turn_end(d);
        return err_new(ERR_CANCELLED, "cancelled");
    }
    put_process(&w->process.json, session_image(d->session));
    put_stopped(d, &w->stopped.json);
    size_t n;
    const struct err *const *problems = session_problems(d->session, &n);
    put_notes(&w->notes, problems, n);
    dap_turn_end(d);
    TRY(json_body_end(&w->process));
    return json_body_end(&w->stopped);
}

static struct err *send_words(struct dap *d, struct first_words *w)
{
    TRY(output_event(d->out, "process", &w->process));
    if (w->notes.n)
        TRY(output_say(d->out, "console", text_str(&w->notes)));
    return output_event(d->out, "stopped", &w->stopped);
}

static struct err *say_stopped(struct dap *d)
{
    struct first_words w = {.notes = {0}};
    json_body_begin(&w.process);
    json_body_begin(&w.stopped);
    struct err *e = find_words(d, &w);
    if (!e)
        e = send_words(d, &w);
    if (!e)
        e = say_modules(d);
    if (e && e->code == ERR_CANCELLED && dap_leaves(d)) {
        err_free(e);
        e = NULL; /* its answer is next */
    }
    json_body_done(&w.process);
    json_body_done(&w.stopped);
    text_done(&w.notes);
    return e;
}

static struct err *configuration_done(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)args;
    (void)body;
    if (!d->shared)
        return err_new(ERR_USAGE, "no target is open");
    d->after = d->configured ? NULL : say_stopped;
    d->configured = true;
    return NULL;
}

/* ---- disconnect ---- */

static struct err *let_go(struct session *s, void *arg)
{
    struct signal_rules rules = signal_rules_default();
    (void)arg;
    return session_detach(s, &rules);
}

void dap_close(struct dap *d)
{
    shared_free(d->own); /* a held process runs on */
    incoming_free(d->opened_by);
    d->own = d->shared = NULL;
    d->opened_by = NULL;
}

static struct err *say_terminated(struct dap *d)
{
    d->over = true;
    return output_event(d->out, "terminated", NULL);
}

/* A server's target is the others', too. */
static struct err *detach(struct dap *d, const struct incoming *args)
{
    if (!d->own)
        return NULL;
    TRY(dap_turn_begin(d));
    bool live = session_image(d->session)->kind == IMAGE_LIVE;
    enum stop_kind kind = live ? session_stop(d->session)->kind : STOP_ATTACHED;
    struct err *e = NULL;
    if (live && kind != STOP_EXITED && kind != STOP_KILLED)
        e = turn_control(connection_turn(d->conn), let_go, NULL);
    dap_turn_end(d);
    if (!e && live && args_bool(args, "terminateDebuggee"))
        e = output_say(d->out, "important", "the process runs on: Inquest ends no process\n");
    return e;
}

static struct err *disconnect(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)body;
    d->after = say_terminated;
    struct err *e = detach(d, args);
    err_free(e); /* it ended meanwhile: there is nothing to let go */
    return NULL;
}

static struct err *no_restart(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)d;
    (void)args;
    (void)body;
    return err_new(ERR_UNSUPPORTED, "Inquest neither starts nor ends programs");
}

static const struct request_row rows[] = {
    {"initialize", NEEDS_NOTHING, initialize}, {"launch", NEEDS_NOTHING, begin},
    {"attach", NEEDS_NOTHING, begin},          {"configurationDone", NEEDS_NOTHING, configuration_done},
    {"disconnect", NEEDS_NOTHING, disconnect}, {"terminate", NEEDS_NOTHING, no_restart},
    {"restart", NEEDS_NOTHING, no_restart},
};
const struct request_table dap_life_requests = {rows, ARRAY_LEN(rows)};
