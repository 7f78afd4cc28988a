/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the client how far a request is that takes long (progressStart and what follows): from a thread of its own, since
 * work must not wait for a client that does not read.
 *
 * Threads: one begins and ends requests; any may note. */
#ifndef FRONT_DAP_WATCH_H
#define FRONT_DAP_WATCH_H

#include "base/err.h"

struct output;
struct watch;

/* `o` must live longer. NULL: no thread could be started, and nothing is told. */
struct watch *watch_start(struct output *o);
void watch_stop(struct watch *w); /* NULL is allowed, also below */

/* A request is answered from now on, or what follows it is looked for ("stopped": what made the target stop); its end
 * also ends what was told of it. `command` must live until then. */
void watch_begin(struct watch *w, int64_t seq, const char *command);
void watch_end(struct watch *w);
/* struct turn.report; `arg` is the watch. `what` is copied. */
void watch_note(void *arg, const char *what, uint64_t done, uint64_t total);

#endif
