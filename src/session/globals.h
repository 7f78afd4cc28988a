/* SPDX-License-Identifier: Apache-2.0 */
/* The variables outside of functions that a program's debug information defines. Threads: as struct session. */
#ifndef SESSION_GLOBALS_H
#define SESSION_GLOBALS_H

#include "session/session.h"
#include "value/index.h"

struct global {
    char *name; /* qualified; heap */
    struct dw_die die;
};
struct globals {
    VEC(struct global) v; /* sorted by name */
};

/* Adds those that `wanted` says true of; it is called in no order. ERR_CANCELLED by the session's progress, else what
 * reading the debug information failed of; what was found until then is in `out`, which globals_done() frees. */
struct err *globals_find(struct session *s, bool (*wanted)(const void *arg, const struct dw_die *die, const char *name),
                         const void *arg, struct globals *out) MUST_CHECK;
void globals_done(struct globals *g);

#endif
