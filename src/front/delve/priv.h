/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of front/delve share. Method names, fields and their letters are those of Delve 1.27.1
 * (service/api/types.go, service/rpc2/server.go). */
#ifndef FRONT_DELVE_PRIV_H
#define FRONT_DELVE_PRIV_H

#include "base/json.h"
#include "base/map.h"
#include "front/delve/delve.h"
#include "front/goroutine.h"
#include "front/pattern.h"
#include "front/serve/incoming.h"
#include "session/values.h"

/* An answer on its way out: kept until it is whole or large, so that an error can take its place. */
struct answer {
    struct connection *connection;
    struct turn *turn;
    struct text kept;
    const char *id; /* of the request, as JSON */
    FILE *out;      /* into `kept` */
    bool begun;     /* a part has been sent */
    size_t before;  /* bytes of `kept` before the result */
    struct text logged; /* what was sent, up to a limit, when the log wants it */
    uint64_t unlogged;  /* bytes beyond that limit */
};

/* One client. */
struct client {
    struct connection *connection; /* NULL: a script's, which calls without one (call.c) */
    struct call *call;
    struct session *session; /* within a turn */
    uint64_t generation;     /* of the session: with another one, earlier answers of it are invalid */
    int64_t api_version;
    /* What it has selected: a thread, and a goroutine (0: none). Its own, not the other clients'. */
    int32_t tid;
    uint64_t goroutine;
    bool selected; /* the two above were set */
    /* Goroutines by their numbers, as of a list and a generation of the session. */
    struct map64 by_id;
    const struct tasks *by_id_of;
    uint64_t by_id_generation;
    struct answer *answer;
    uint64_t requests; /* so far */
};

/* The object with a request's arguments; NULL when there is none. */
struct arguments {
    const struct incoming *object;
    const char *bare;  /* the argument that `object` itself may be: of version 1 of the interface; NULL: none */
    const char *wrong; /* the first member that is no such value */
};
int64_t argument_integer(struct arguments *a, const char *name, int64_t otherwise);
bool argument_bool(struct arguments *a, const char *name);
const char *argument_string(struct arguments *a, const char *name) NEVER_NULL;
/* A member object as arguments of its own; `object` is NULL when it is not there. */
struct arguments argument_object(struct arguments *a, const char *name);
/* NULL: it is not there. */
const struct incoming *argument_array(struct arguments *a, const char *name);
/* ERR_USAGE when one was wrong. */
struct err *arguments_check(const struct arguments *a) MUST_CHECK;

/* A method writes its result, one JSON value. After an error whatever it wrote is dropped. */
struct method {
    const char *name; /* without "RPCServer." */
    struct err *(*run)(struct client *c, struct arguments *a, struct json *j);
    const char *refusal; /* instead of `run`: what Delve says on a core */
};
struct method_table {
    const struct method *rows;
    size_t n;
};
/* By its name with "RPCServer.", in any letters; NULL: there is none. *bare: see struct arguments. */
const struct method *method_find(const struct client *c, const char *name, const char **bare);
/* What stands behind the result of an answer. */
#define ANSWER_END ",\"error\":null}\n"

/* The log of requests and answers (rpc_log.c). `arguments`: the request's. */
void rpc_log_request(struct client *c, const struct method *m, const struct incoming *arguments);
/* What is about to be sent of an answer. */
void rpc_log_part(struct answer *an);
/* The whole answer, or the error in its place. */
void rpc_log_answer(struct client *c, const struct method *m, const struct answer *an, const struct err *e);

/* A stream that adds to a text. */
FILE *text_stream(struct text *t) NEVER_NULL;
/* A result of one member: version 1 of the interface has its value alone. */
void result_begin(struct client *c, struct json *j, const char *name);
void result_end(struct client *c, struct json *j);
/* To be called between items of a long answer: sends what there is when it is much, outside of the turn. Then what the
 * session gave out "until the next call" is gone. */
struct err *answer_pause(struct client *c) MUST_CHECK;

/* ---- location.c: places in the code ---- */

/* {"pc", "file", "line", "function"} and what a caller adds: the members only, without braces. */
void delve_put_location_members(struct client *c, struct json *j, const struct goroutine_at *at);
void delve_put_location(struct client *c, struct json *j, const struct goroutine_at *at);
/* Frame i of a stack of n: inlined functions are frames of their own. */
struct goroutine_at location_of_frame(const struct sframe *frames, size_t n, size_t i);

/* ---- scope.c: which goroutine, thread and frame a request is about ---- */

/* What a request names, or what the client has selected. */
struct subject {
    const struct tasks *tasks; /* NULL: not a program of Go */
    const struct task *task;   /* NULL: the thread alone */
    int32_t tid;               /* 0: no thread runs the goroutine */
};
/* By the number of a goroutine; -1: the selected one, or thread. Errors in Delve's words. */
struct err *subject_find(struct client *c, int64_t goroutine, struct subject *out) MUST_CHECK;
/* At least its first `frames` frames. */
struct err *subject_stack(struct client *c, const struct subject *who, size_t frames,
                          const struct sstack **out) MUST_CHECK;
/* Selects. ERR_NOT_FOUND in Delve's words. */
struct err *select_thread(struct client *c, int32_t tid) MUST_CHECK;
struct err *select_goroutine(struct client *c, int64_t goroutine) MUST_CHECK;
/* The goroutine that a thread runs; NULL: none. *t is NULL for other programs than Go's. */
const struct task *task_of_thread(struct client *c, int32_t tid, const struct tasks **t);

/* A frame, for variables. */
struct scope {
    struct client *client;
    struct subject who;
    const struct sstack *stack; /* of a deferred call: its own */
    size_t index;
    const struct vframe *frame;
};
/* {GoroutineID, Frame, DeferredCall}; NULL object: the selection. */
struct err *scope_find(struct client *c, struct arguments *a, struct scope *out) MUST_CHECK;
/* Evaluates an expression there. Errors in Delve's words. */
struct err *scope_evaluate(struct scope *sc, const char *text, struct value *out, bool *is_type) MUST_CHECK;

/* ---- variable.c ---- */

struct load {
    bool follow_pointers;
    int64_t recurse, string, array, fields;
};
extern const struct load load_default;
/* An api.LoadConfig; `otherwise` when there is none (NULL: all zeros). */
struct load load_of(struct arguments *a, const char *name, const struct load *otherwise);

enum { VARIABLE_ESCAPED = 1, VARIABLE_SHADOWED = 2, VARIABLE_CONSTANT = 4, VARIABLE_ARGUMENT = 8, VARIABLE_FAKE = 32 };
struct variable_facts {
    const char *name;
    unsigned flags;
    uint32_t line;
};
/* An api.Variable; v NULL: unreadable, for the reason `why`. */
void delve_put_variable(struct client *c, struct json *j, const struct variable_facts *facts, const struct value *v,
                        const struct err *why, const struct load *load);
/* Arguments or locals of a frame, an array. */
struct err *delve_put_frame_variables(struct scope *sc, struct json *j, bool arguments,
                                      const struct load *load) MUST_CHECK;

/* ---- vector.c ---- */

/* Calls `add` with the name, the DWARF number and the text of each register of floating point and of vectors that the
 * frame has; the text stays the caller's. */
void each_float_register(struct session *s, const struct vframe *f,
                         void (*add)(void *arg, const char *name, unsigned dwarf, struct text *t), void *arg);

/* ---- program.c ---- */

/* A filter of names, which the caller frees; "" fits all. ERR_USAGE. */
struct err *filter_compile(const char *text, struct pattern **out) MUST_CHECK;

/* ---- the methods ---- */

extern const struct method_table delve_server_methods, delve_state_methods, delve_goroutine_methods,
    delve_stack_methods, delve_variable_methods, delve_program_methods, delve_code_methods, delve_place_methods,
    delve_path_methods;
/* goroutines.c: an api.Goroutine. */
void delve_put_goroutine(struct client *c, struct json *j, const struct tasks *t, const struct task *task);

#endif
