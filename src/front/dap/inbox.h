/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for their answers, in the order in which they came.
 *
 * Threads: one puts, one takes; any may ask. */
#ifndef FRONT_DAP_INBOX_H
#define FRONT_DAP_INBOX_H

#include "front/serve/incoming.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { INBOX_MAX = 1024 }; /* requests; a client that sends more must wait */

struct request {
    int64_t seq;
    const char *command;
    const struct incoming *args;
    struct incoming *root; /* what all of it is in */
    bool cancelled;
    struct request *next;
};
void request_free(struct request *r); /* NULL is allowed */

struct inbox {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct request *first, *last;
    struct request *now; /* being answered; not in the list */
    size_t n;
    bool ended;          /* no more will come */
    bool running;        /* the process runs: see inbox_run() */
};
void inbox_init(struct inbox *in);
void inbox_done(struct inbox *in);
/* Takes ownership; waits while the inbox is full. False: the target runs, and the request is not for later: it is
 * still the caller's. `waits` says which are for later. */
bool inbox_put(struct inbox *in, struct request *r, bool (*waits)(const struct request *r));
/* The next one, which is inbox.now until inbox_answered(); NULL: there will be none. */
struct request *inbox_take(struct inbox *in);
void inbox_answered(struct inbox *in);
/* No more will come. */
void inbox_end(struct inbox *in);
/* Is it the request that is being answered? One that waits is marked as cancelled. */
bool inbox_cancel(struct inbox *in, int64_t seq);
/* The target runs from now on, or not any more. False: a request waits that stops it, so that it need not begin. */
bool inbox_run(struct inbox *in, bool (*stops)(const struct request *r));
void inbox_stopped(struct inbox *in);
/* Has the conversation ended, or does a request wait for which fn says true? */
bool inbox_waits(struct inbox *in, bool (*fn)(const struct request *r));

#endif
