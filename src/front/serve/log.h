/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a server, as Delve's options have it: --log, --log-output, --log-dest, and lines of Delve's form
 * (pkg/logflags of Delve 1.27.1): "2026-11-21T10:11:12Z debug layer=rpc TEXT". */
#ifndef FRONT_SERVE_LOG_H
#define FRONT_SERVE_LOG_H

#include "front/front.h"

/* What is logged; the names are those of --log-output. */
enum log_layer {
    LOG_DEBUGGER, /* targets, clients, what is asked by its name: what --log alone gives */
    LOG_RPC,      /* requests and answers of Delve's interface, whole */
    LOG_DAP,      /* messages of debug adapters, whole */
    LOG_LAYERS,
};
enum log_grade { LOG_DEBUG, LOG_INFO, LOG_ERROR };

/* The options, for commands that serve. */
extern const struct option_group server_log_group;

/* Any thread may use it. */
struct server_log;

/* What the call's options say; never NULL without an error. A file is made anew, with mode 0600. ERR_USAGE: --log-output
 * without --log, a descriptor that is not open; ERR_IO, ERR_PERMISSION: the file cannot be made. */
struct err *server_log_open(struct call *call, struct server_log **out) MUST_CHECK;
/* NULL is allowed. */
void server_log_free(struct server_log *l);

/* Are lines of this layer written? Nobody need make one that is not. */
bool server_log_has(const struct server_log *l, enum log_layer layer);
/* One line. Controls are escaped, a backslash is not: JSON stays JSON. */
void server_log_line(struct server_log *l, enum log_layer layer, enum log_grade grade, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* A line that is no log: where the server listens, who was refused. It goes to --log-dest, without that to `otherwise`.
 * ERR_IO. */
struct err *server_log_say(struct server_log *l, FILE *otherwise, const char *line) MUST_CHECK;

#endif
