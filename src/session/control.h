/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is held stopped, and let run again. Only for a session that was opened with opts.hold.
 *
 * After each stop everything that the session gave out before (stacks, frames, values, threads) is gone.
 * Our own death, whatever its cause, leaves the process running. Threads: as session.h. */
#ifndef SESSION_CONTROL_H
#define SESSION_CONTROL_H

#include "session/session.h"

enum stop_kind {
    STOP_ATTACHED, /* nothing happened yet but our attach */
    STOP_SIGNAL,   /* a thread got a signal */
    STOP_ASKED,    /* the progress object was cancelled */
    STOP_EXITED,   /* the process ended by itself: code */
    STOP_KILLED,   /* the process was killed: signo */
    STOP_EXEC,     /* it runs another program now */
};
struct stop {
    enum stop_kind kind;
    int32_t tid;   /* of the thread that stopped */
    int32_t signo;
    int32_t code;  /* exit status */
    bool core;     /* STOP_KILLED: the kernel wrote a core */
};

/* What becomes of signals: masks, bit signo - 1. */
struct signal_rules {
    uint64_t stop; /* they stop the process; the others are passed on, or dropped, without a stop */
    uint64_t pass; /* they are delivered */
};
/* As gdb has them at first: SIGALRM, SIGCHLD and their like do not stop; SIGINT and SIGTRAP are not passed. */
struct signal_rules signal_rules_default(void);

/* Lets all threads run, each with the signal that it had got if that is to be passed, until the next stop of the
 * kinds above. Blocks; progress->cancelled stops the process. Errors: ERR_USAGE (not held), ERR_GONE (it has
 * ended). */
struct err *session_continue(struct session *s, const struct signal_rules *rules, struct stop *out) MUST_CHECK;
/* Why it stands still now. */
const struct stop *session_stop(const struct session *s);
/* Lets it run for good; signals that wait are delivered by the rules. The session's answers stay; memory is read
 * from the running process. */
struct err *session_detach(struct session *s, const struct signal_rules *rules) MUST_CHECK;

/* Writes an ELF core of the target (a held process, or a core: a copy) to a new file, mode 0600. `tid`: the thread
 * that debuggers will select, 0 for the crashed one. `all`: also what coredump_filter and MADV_DONTDUMP leave out.
 * Progress is in bytes. Errors: ERR_USAGE (the file exists), ERR_IO, ERR_LIMIT (the disk is nearly full),
 * ERR_CANCELLED. */
struct core_written {
    uint64_t bytes;   /* of the file, of which blocks of zeros take no room */
    uint64_t skipped; /* bytes that could not be read, zeros there */
};
struct err *session_write_core(struct session *s, const char *path, int32_t tid, bool all,
                               struct core_written *out) MUST_CHECK;

#endif
