/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the sockets that a process may have, from the tables of its network namespace (proc(5), /proc/PID/net).
 * Private to image/live/. */
#ifndef IMAGE_LIVE_SOCKETS_H
#define IMAGE_LIVE_SOCKETS_H

#include "base/arena.h"
#include "image/live/proc.h"

struct socket_address {
    uint64_t inode;
    const char *text; /* "tcp 127.0.0.1:80 listening", "unix /run/x" */
};
/* A zeroed struct has none. */
struct sockets {
    VEC(struct socket_address) v; /* by inode */
    struct arena arena;
};
/* Tables that cannot be read are left out. */
void sockets_read(struct sockets *s, const struct proc *p);
void sockets_done(struct sockets *s);
/* Of a link's target, "socket:[4711]"; NULL: it is none, or has no address that the tables know. */
const char *sockets_find(const struct sockets *s, const char *link);

#endif
