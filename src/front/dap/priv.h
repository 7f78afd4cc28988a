/* SPDX-License-Identifier: Apache-2.0 */
/* One conversation with a client of the Debug Adapter Protocol
 * (https://microsoft.github.io/debug-adapter-protocol/specification). Private to front/dap/.
 *
 * Threads: two. One reads requests into the inbox, and answers itself what cannot wait; the other, which the conversation
 * belongs to, answers the rest one after the other. */
#ifndef FRONT_DAP_PRIV_H
#define FRONT_DAP_PRIV_H

#include "base/json.h"
#include "front/dap/handles.h"
#include "front/dap/inbox.h"
#include "front/dap/watch.h"
#include "front/front.h"
#include "front/serve/incoming.h"
#include "front/serve/server.h"
#include "session/tasks.h"
#include "session/values.h"

/* What the client said of itself. */
struct dap_client {
    bool lines_from_0, columns_from_0;
    bool uris; /* paths are file:// URIs */
    bool progress;
};

struct dap {
    struct connection *conn;
    struct shared *shared; /* the target: the connection's, or `own`; NULL: none is open */
    struct shared *own;    /* opened by launch or attach */
    struct session *session; /* within a turn; else NULL */
    struct incoming *opened_by; /* the arguments that own was opened by: it borrows their strings */
    struct dap_client client;
    uint64_t generation; /* turn_generation() that the handles belong to */
    uint64_t thread_limit; /* tasks that `threads` lists one by one; 0: all */
    bool configured;  /* the client has seen the first stop */
    bool over;        /* the conversation ends */
    struct handles handles;
    struct inbox inbox;
    struct output *out;
    struct watch *watch; /* NULL: the client wants no progress */
    /* What follows the response to the request that is answered now; NULL: nothing. */
    struct err *(*after)(struct dap *d);
};

/* ---- dap.c ---- */

/* One request: what its body needs to be answered. */
enum request_needs {
    NEEDS_NOTHING,
    NEEDS_TARGET, /* d->session, for one turn */
};
struct request_row {
    const char *command;
    uint8_t needs; /* enum request_needs */
    /* Writes the members of the response's body. */
    struct err *(*answer)(struct dap *d, const struct incoming *args, struct json *body);
};
struct request_table {
    const struct request_row *rows;
    size_t n;
};
extern const struct request_table dap_breakpoint_requests, dap_code_requests, dap_evaluate_requests,
    dap_exception_requests, dap_life_requests, dap_memory_requests, dap_module_requests, dap_run_requests,
    dap_source_requests, dap_stack_requests, dap_thread_requests, dap_variable_requests;

/* The target's use for one answer: d->session. A target that has run since has new handles. */
struct err *dap_turn_begin(struct dap *d) MUST_CHECK;
void dap_turn_end(struct dap *d);

/* ---- arguments ---- */

/* A member; `otherwise` when it is not there, or is of another kind. */
int64_t args_integer(const struct incoming *args, const char *name, int64_t otherwise);
bool args_bool(const struct incoming *args, const char *name);
const char *args_string(const struct incoming *args, const char *name); /* NULL */
/* A number of things, clamped to 0 and up; 0 when it is not there. */
uint64_t args_count(const struct incoming *args, const char *name);
/* "0x1234" */
struct err *args_address(const struct incoming *args, const char *name, taddr *out) MUST_CHECK;

/* ---- output.c ---- */

struct output *output_new(struct connection *conn);
void output_free(struct output *o); /* NULL is allowed */
/* A JSON object on its way: the members of a body. */
struct json_body {
    char *p;
    size_t n;
    FILE *file;
    struct json json;
};
void json_body_begin(struct json_body *b);
/* ERR_NOMEM. Afterwards p and n hold the object. */
struct err *json_body_end(struct json_body *b) MUST_CHECK;
void json_body_done(struct json_body *b);
/* These may be called from any thread. `body` was ended; NULL: none. Errors: those of connection_write(). */
struct err *output_response(struct output *o, int64_t request_seq, const char *command,
                            const struct json_body *body) MUST_CHECK;
struct err *output_failure(struct output *o, int64_t request_seq, const char *command,
                           const struct err *why) MUST_CHECK;
struct err *output_event(struct output *o, const char *event, const struct json_body *body) MUST_CHECK;
/* A line in the client's debug console. */
struct err *output_say(struct output *o, const char *category, const char *text) MUST_CHECK;

/* ---- life.c ---- */

/* The target is let go, and a process runs on. */
void dap_close(struct dap *d);

/* ---- run.c ---- */

/* A request that came while the process runs: answered at once, from the thread that reads. */
struct err *run_answer(struct dap *d, const struct request *r) MUST_CHECK;
/* The client wants to leave, or has gone: what is looked for on its behalf is of no use any more. Asked within a turn, it
 * misses none: one that leaves later cancels the turn. */
bool dap_leaves(struct dap *d);
/* Members of a `stopped` event on why the target stands still. Within a turn. */
void put_stopped(struct dap *d, struct json *j);

/* ---- threads.c ---- */

/* What a threadId stands for: a thread, or a task that no thread runs. */
struct dap_thread {
    const struct image_thread *thread; /* NULL: */
    const struct tasks *of;
    const struct task *task;
};
struct err *thread_of_id(struct dap *d, int64_t id, struct dap_thread *out) MUST_CHECK;
/* Its first `frames` frames or more. ERR_NO_DATA: it has none. */
struct err *thread_stack(struct dap *d, int64_t id, size_t frames, const struct sstack **out) MUST_CHECK;
/* The thread that one looks at first: that which died, or a task when it runs nothing of the program; 0: there is none. */
int64_t thread_first(struct dap *d);

/* ---- frames, sources ---- */

/* begin.c: the index of the frame in which the stack of thread `thread` is looked at first: the first one of the program
 * itself, among the first BEGIN_WITHIN; 0 when none is known to be. An editor asks for no more by itself. */
enum { BEGIN_WITHIN = 20 };
size_t stack_begin(struct dap *d, int64_t thread, const struct sstack *st);

/* stack.c: the frame behind a frameId. */
struct err *frame_of_id(struct dap *d, int64_t id, const struct sstack **st, size_t *index) MUST_CHECK;
struct err *vframe_of_id(struct dap *d, int64_t id, const struct vframe **out) MUST_CHECK;
/* sources.c: a source file, as the next value; `m` is the module that it went into, or NULL; `line`, what the client is
 * told of it besides. */
void put_source(struct dap *d, struct json *j, const char *path, const struct module *m, uint32_t line);
/* A path or URI, as the client takes them. */
void put_client_path(struct dap *d, struct json *j, const char *key, const char *path);
uint64_t client_line(const struct dap *d, uint32_t line);
/* modules.c: the id of a module. */
void put_module_id(struct json *j, const char *key, const struct module *m);
/* Tells the client of all modules, by events: some editors show those that they were told of, and ask for none. */
struct err *say_modules(struct dap *d) MUST_CHECK;

/* ---- variables.c ---- */

/* Where a value is shown: in which frame, by which expression. */
struct shown {
    uint32_t frame; /* number of the frame, 0: none */
    const char *expression; /* that gives the value; NULL: none is known */
    struct handle_key key; /* what its handle is found by again */
    bool hex;
};
/* Members value (named `text_key`), type, variablesReference and their like of a value; or of why there is none, which
 * stays the caller's. */
void put_value(struct dap *d, struct json *j, const char *text_key, const struct value *v, const struct err *why,
               const struct shown *how);

enum variables_filter { FILTER_NONE, FILTER_INDEXED, FILTER_NAMED };
/* Which variables of what a request asks for. */
struct variables_wish {
    const struct handle *of;
    uint32_t number; /* of that handle */
    enum variables_filter filter;
    uint64_t first, max; /* max 0: no page is asked for */
    bool hex;
};
/* scope_variables.c: those of a scope, one object each. */
struct err *put_scope_variables(struct dap *d, const struct variables_wish *w, struct json *j) MUST_CHECK;

#endif
