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
    {"log", 0, VALUE_NONE, NULL, "say on standard error who connects and what is asked"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

static void say_problems(struct session *s)
{
    size_t n;
    const struct err *const *problems = session_problems(s, &n);
    struct text t = {0};
    for (size_t i = 0; i < n; i++) {
        text_put(&t, "note: ");
        put_err(&t, problems[i]);
        text_putc(&t, '\n');
    }
    fputs(text_str(&t), stderr);
    text_done(&t);
}

/* In the words of Delve, which those who start a server look for. */
static struct err *say_address(struct call *call, const struct listener *l)
{
    struct text t = {0};
    text_put(&t, "API server listening at: ");
    listener_put_address(l, &t);
    text_putc(&t, '\n');
    if (l->token && !call_value(call, "token-file"))
        text_printf(&t, "token: %s\n", l->token);
    bool ok = fputs(text_str(&t), call->screen.out) >= 0 && fflush(call->screen.out) == 0;
    text_done(&t);
    return ok ? NULL : err_new(ERR_IO, "cannot write where the server listens");
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

static struct err *attend(struct call *call, struct shared *sh)
{
    struct server_opts opts = {
        .call = call,
        .shared = sh,
        .multiclient = call_has(call, "accept-multiclient"),
        .log = call_has(call, "log"),
    };
    SCOPED(listener_done) struct listener l = {.fd = -1};
    struct server *sv;
    TRY(listen_to(call, &l));
    TRY(server_start(&opts, &l, &sv));
    struct err *e = say_address(call, &l);
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

static struct err *run(struct call *call)
{
    SCOPED(shared_freep) struct shared *sh = NULL;
    struct turn first = {0};
    TRY(shared_open(call, call->operands[0], true, &sh));
    TRY(turn_begin(&first, sh));
    say_problems(first.session);
    turn_end(&first);
    return attend(call, sh);
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
    .examples = "inquest serve core                                        # then: dlv connect 127.0.0.1:PORT\n"
                "inquest serve --listen unix:/tmp/s --accept-multiclient core\n",
    .groups = groups,
    .run = run,
};
