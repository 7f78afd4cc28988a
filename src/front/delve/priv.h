/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of front/delve share. Method names, fields and their letters are those of Delve 1.27.1
 * (service/api/types.go, service/rpc2/server.go). */
#ifndef FRONT_DELVE_PRIV_H
#define FRONT_DELVE_PRIV_H

#include "base/json.h"
#include "front/delve/delve.h"
#include "front/serve/incoming.h"
#include "session/tasks.h"

/* An answer on its way out: kept until it is whole or large, so that an error can take its place. */
struct answer {
    struct connection *connection;
    struct turn *turn;
    struct text kept;
    const char *id; /* of the request, as JSON */
    FILE *out;      /* into `kept` */
    bool begun;     /* a part has been sent */
};

/* One client. */
struct client {
    struct connection *connection;
    struct session *session; /* within a turn */
    int64_t api_version;
    /* What it has selected: a goroutine, or the thread. */
    int32_t tid;
    uint64_t goroutine; /* 0: none */
    bool selected;      /* the two above were set */
    struct answer *answer;
};

/* The object with a request's arguments; NULL when there is none. */
struct arguments {
    const struct incoming *object;
    const char *wrong; /* the first member that is no such value */
};
int64_t argument_integer(struct arguments *a, const char *name, int64_t otherwise);
bool argument_bool(struct arguments *a, const char *name);
const char *argument_string(struct arguments *a, const char *name) NEVER_NULL;
/* A member object as arguments of its own; `object` is NULL when it is not there. */
struct arguments argument_object(struct arguments *a, const char *name);
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
/* To be called between items of a long answer: sends what there is when it is much, outside of the turn. Then what the
 * session gave out "until the next call" is gone. */
struct err *answer_pause(struct client *c) MUST_CHECK;

extern const struct method_table delve_server_methods;

#endif
