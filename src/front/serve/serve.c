/* SPDX-License-Identifier: Apache-2.0 */
/* inquest serve: the command row. */
#include "front/serve/connections.h"

#include <string.h>

static const struct option_row rows[] = {
    {"listen", 'l', VALUE_TEXT, "ADDRESS",
     "HOST:PORT on this machine, or unix:PATH (default 127.0.0.1:0, where port 0 is any that is free)"},
    {"accept-multiclient", 0, VALUE_NONE, NULL, "take any number of clients, and go on when they leave"},
    {"api-version", 0, VALUE_CHOICE, "1|2", "of Delve's interface, until a client asks for one (default 2)"},
    {"only-same-user", 0, VALUE_CHOICE, "true|false", "take no clients of other users of this machine (default true)"},
    {"allow-remote", 0, VALUE_NONE, NULL, "let other machines connect, who must begin with the token"},
    {"token-file", 0, VALUE_FILE, "FILE", "its first line is the token; without it one is made and shown"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &server_log_group, &front_files_group, &front_output_group,
                                                    NULL};

static void say_problems(struct session *s)
{
    size_t n;
    const struct err *const *problems = session_problems(s, &n);
    struct text t = {0};
    put_notes(&t, problems, n);
    fputs(text_str(&t), stderr);
    text_done(&t);
}

/* In the words of Delve, which those who start a server look for. */
static struct err *say_address(struct call *call, struct server_log *log, const struct listener *l)
{
    SCOPED(text_done) struct text t = {0};
    text_put(&t, "API server listening at: ");
    listener_put_address(l, &t);
    if (l->token && !call_value(call, "token-file"))
        text_printf(&t, "\ntoken: %s", l->token);
    return server_log_say(log, call->screen.out, text_str(&t));
}

static struct err *listen_to(struct call *call, struct listener *l)
{
    const char *address = call_value(call, "listen"), *same_user = call_value(call, "only-same-user");
    struct listen_opts opts = {
        .address = address ? address : "127.0.0.1:0",
        .same_user = !same_user || strcmp(same_user, "true") == 0,
        .allow_remote = call_has(call, "allow-remote"),
        .token_file = call_value(call, "token-file"),
    };
    if (opts.token_file && !opts.allow_remote)
        return err_new(ERR_USAGE, "--token-file is for --allow-remote");
    return listener_open(&opts, l);
}

static struct err *attend(struct call *call, struct server_log *log, struct shared *sh)
{
    struct server_opts opts = {
        .call = call,
        .shared = sh,
        .multiclient = call_has(call, "accept-multiclient"),
        .log = log,
    };
    SCOPED(listener_done) struct listener l = {.fd = -1};
    struct server *sv;
    TRY(listen_to(call, &l));
    TRY(server_start(&opts, &l, &sv));
    struct err *e = say_address(call, log, &l);
    if (!e)
        shared_attend(sh, call->progress);
    if (l.path) /* first of all: the end may be abrupt */
        unlink(l.path);
    shared_end(sh);
    server_stop(sv);
    return e;
}

static void shared_freep(struct shared **sh)
{
    shared_free(*sh);
}

static void server_log_freep(struct server_log **l)
{
    server_log_free(*l);
}

static struct err *run(struct call *call)
{
    SCOPED(server_log_freep) struct server_log *log = NULL;
    SCOPED(shared_freep) struct shared *sh = NULL;
    struct turn first = {0};
    TRY(server_log_open(call, &log)); /* first of all: a descriptor of our own is none to log to */
    server_log_line(log, LOG_DEBUGGER, LOG_INFO, "opening %s", call->operands[0]);
    TRY(shared_open(call, call->operands[0], true, &sh));
    TRY(turn_begin(&first, sh));
    say_problems(first.session);
    turn_end(&first);
    struct err *e = attend(call, log, sh);
    server_log_line(log, LOG_DEBUGGER, LOG_DEBUG, "detaching");
    return e;
}

const struct command serve_command = {
    .name = "serve",
    .operands = "TARGET",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 1,
    .max_operands = 1,
    .help = "let debuggers' front ends connect to a core or a stopped process",
    .about =
        "Opens TARGET, a core file or the id of a process, which stays stopped meanwhile, and answers clients that "
        "connect: `dlv connect`, editors with Delve's interface (JSON-RPC). The first byte of a connection tells "
        "what it speaks.\n"
        "Without --accept-multiclient the server ends with its first client.",
    .examples = "inquest serve core # then: dlv connect 127.0.0.1:PORT\n"
                "inquest serve --listen unix:/tmp/s --accept-multiclient core\n",
    .groups = groups,
    .run = run,
};
