/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of one server, and the thread that takes them. */
#ifndef FRONT_SERVE_CONNECTIONS_H
#define FRONT_SERVE_CONNECTIONS_H

#include "front/serve/listen.h"
#include "front/serve/server.h"

struct server;

struct server_opts {
    struct call *call;
    struct shared *shared;
    bool multiclient; /* go on after the first client, with as many as come */
    struct server_log *log;
};
/* Takes connections in a thread of its own. `l` is the caller's and must live as long. ERR_IO. */
struct err *server_start(const struct server_opts *opts, struct listener *l, struct server **out) MUST_CHECK;
/* After shared_end(): hangs up, waits for all threads. */
void server_stop(struct server *sv);

#endif
