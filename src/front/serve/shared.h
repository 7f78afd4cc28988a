/* SPDX-License-Identifier: Apache-2.0 */
/* One session for many threads, which use it in turn. */
#ifndef FRONT_SERVE_SHARED_H
#define FRONT_SERVE_SHARED_H

#include "front/front.h"

struct shared;

/* One thread's use of the session. Zeroed is ready; it belongs to one thread, but for turn_cancel(). */
struct turn {
    struct session *session; /* to be used between turn_begin() and turn_end() only */
    /* How far the work of this turn is: struct progress. Called from any thread, also while locks are held: it is to note
     * it and to return. NULL: nobody wants to know. */
    void (*report)(void *arg, const char *what, uint64_t done, uint64_t total);
    void *report_arg;
    struct shared *shared;
    struct turn *next; /* the rest is private */
    bool active, cancelled;
};

/* Opens TARGET as session_open() does, with the options of front_files_group; `hold` keeps a process stopped. The
 * thread that calls this is the session's own: only it may let a held process run (a tracer is a thread). */
struct err *shared_open(struct call *call, const char *target, bool hold, struct shared **out) MUST_CHECK;
/* The same with options of one's own, but for their progress; their strings are borrowed. */
struct err *shared_open_with(const char *target, const struct session_opts *opts, struct shared **out) MUST_CHECK;
/* No turn may be active any more. NULL is allowed. */
void shared_free(struct shared *sh);

/* Waits until all who asked before have had their turn. ERR_CANCELLED: turn_cancel() or shared_end() came first; then
 * turn_end() need not be called. */
struct err *turn_begin(struct turn *t, struct shared *sh) MUST_CHECK;
/* Also forgets all values and frames (session_forget_values()). Harmless when there is no turn. */
void turn_end(struct turn *t);
/* Lets others have their turns while this one sends what it has found so far: run `send` between. What the session
 * gave out "until the next call", and values, are gone after it; stacks and tasks stay as long as session_continue()
 * is not called, which turn_generation() tells. Errors: those of `send`; ERR_CANCELLED. After an error the turn has
 * ended. */
struct err *turn_yield(struct turn *t, struct err *(*send)(void *arg), void *arg) MUST_CHECK;
/* What the turn does, or waits for, ends with ERR_CANCELLED soon. Nothing happens when none is active. Any thread. */
void turn_cancel(struct turn *t);
/* A number that changes with everything that makes earlier answers invalid: turn_control() calls of a held process. */
uint64_t turn_generation(const struct turn *t);
/* Runs fn(session, arg) in the session's own thread, within this turn, and waits for it: session_continue(),
 * session_detach(). Everything that the session gave out before is gone. */
struct err *turn_control(struct turn *t, struct err *(*fn)(struct session *s, void *arg), void *arg) MUST_CHECK;

/* The session's own thread serves turn_control() here until shared_end() was called, or `stop` is cancelled. */
void shared_attend(struct shared *sh, struct progress *stop);
/* Cancels what runs, refuses new turns, ends shared_attend(). Any thread. */
void shared_end(struct shared *sh);

#endif
