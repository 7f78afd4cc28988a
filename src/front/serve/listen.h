/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket, and who may connect to it. */
#ifndef FRONT_SERVE_LISTEN_H
#define FRONT_SERVE_LISTEN_H

#include "base/text.h"

struct listener {
    int fd;          /* -1: none */
    char *path;      /* of a unix socket, which listener_done() removes; heap; NULL: TCP */
    bool same_user;  /* only processes of our own user may connect */
    char *token;     /* what a connection must begin with, as a line; heap; NULL: nothing */
};

struct listen_opts {
    const char *address;    /* "HOST:PORT", ":PORT" (loopback), "unix:PATH", "/PATH"; port 0: any that is free */
    bool same_user;         /* of loopback and unix sockets; ignored with allow_remote */
    bool allow_remote;      /* addresses beyond loopback; a token is needed then */
    const char *token_file; /* its first line is the token; NULL: one is made */
};
/* ERR_USAGE: a bad address, or one beyond loopback without allow_remote; ERR_IO, ERR_PERMISSION, ERR_BUSY. A socket that
 * a dead server left at PATH is replaced. */
struct err *listener_open(const struct listen_opts *opts, struct listener *out) MUST_CHECK;
void listener_done(struct listener *l);
/* "127.0.0.1:4040", "[::1]:4040", "/tmp/x" */
void listener_put_address(const struct listener *l, struct text *t);
/* The next connection; -1: none is there (any more), or its user was refused, which *refused tells. */
int listener_accept(const struct listener *l, bool *refused);
/* Reads a connection's first line, waiting at most `seconds`, and says whether it is the token. */
bool listener_check_token(const struct listener *l, int fd, int seconds);

#endif
