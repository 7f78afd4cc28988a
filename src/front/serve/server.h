/* SPDX-License-Identifier: Apache-2.0 */
/* A server of debugging protocols: it listens, tells protocols apart by the first byte of a connection, and gives
 * each connection a thread.
 *
 * A protocol is one `const struct protocol` and one line in the table of src/tool/wire.c. It sees this layer and
 * session/; protocols never see each other. */
#ifndef FRONT_SERVE_SERVER_H
#define FRONT_SERVE_SERVER_H

#include "front/serve/log.h"
#include "front/serve/shared.h"

struct connection;

struct protocol {
    const char *name; /* "JSON-RPC", "DAP": for the log */
    /* Does a conversation in it begin with this byte? Asked in the order of the table; NULL: with any. */
    bool (*detect)(unsigned char first);
    /* The whole conversation, in the connection's own thread, from that first byte on. An error ends the connection and
     * is logged; the end of the input is none. */
    struct err *(*run)(struct connection *c);
};

/* The bytes. One thread may read while another writes. */

/* At least one byte, at most max; *n is 0 at the end. ERR_IO. */
struct err *connection_read(struct connection *c, void *buf, size_t max, size_t *n) MUST_CHECK;
/* Nothing more is wanted: a read that waits, and every later one, finds the end. Any thread. */
void connection_hang_up(struct connection *c);
/* All of it; blocks while the client does not read, so it is not for within a turn. ERR_IO; ERR_GONE: the client has
 * left. */
struct err *connection_write(struct connection *c, const void *p, size_t n) MUST_CHECK;

/* What it talks about. */

/* The session that all connections share: turn_begin(connection_turn(c), connection_shared(c)). NULL: no target was
 * named; the protocol opens one itself. */
struct shared *connection_shared(struct connection *c);
/* The turn that is cancelled when the client leaves or the server ends. A protocol may have others. */
struct turn *connection_turn(struct connection *c);
/* The command that runs, with its options and runtimes. */
struct call *connection_call(struct connection *c);

/* How it may end. */

/* May other clients connect? (--accept-multiclient) */
bool connection_multiclient(const struct connection *c);
/* The whole server ends, when this connection has ended. Any thread. */
void connection_end_server(struct connection *c);
/* Where its messages are logged. Any thread. */
struct server_log *connection_log(struct connection *c);
/* A line of the log's layer for all that concerns clients, with this one's number. Text of the client is escaped. Any
 * thread. */
void connection_note(struct connection *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One conversation over two descriptors instead of a socket, in the calling thread: a debug adapter's standard input and
 * output. `shared` may be NULL. */
struct err *serve_descriptors(struct call *call, struct server_log *log, const struct protocol *p,
                              struct shared *shared, int in, int out) MUST_CHECK;

/* The row of `inquest serve`. Protocols are call->protocols. */
extern const struct command serve_command;

#endif
