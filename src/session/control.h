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
    STOP_SIGNAL,   /* a thread got a signal; it is passed on when the process continues */
    STOP_ASKED,    /* session_interrupt(), or the progress object was cancelled */
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

/* Lets all threads run, delivering what they had got (signo 0 for `pass` drops it), until the next stop of the
 * kinds above. Signals that gdb does not stop at by default (SIGALRM, SIGCHLD, SIGURG, ...) are delivered
 * without one. Blocks; progress->cancelled stops the process. ERR_USAGE: not held, or already gone. */
struct err *session_continue(struct session *s, bool pass_signal, struct stop *out) MUST_CHECK;
/* Why it stands still now. */
const struct stop *session_stop(const struct session *s);
/* Lets it run for good. The session's copied answers stay; memory can no longer be read as of one moment. */
struct err *session_detach(struct session *s) MUST_CHECK;

/* Writes an ELF core of the target (a held process, or a core opened: a copy) to a new file, mode 0600. *bytes
 * (may be NULL) is its size. ERR_IO, ERR_UNSUPPORTED. Progress is in bytes. */
struct err *session_write_core(struct session *s, const char *path, uint64_t *bytes) MUST_CHECK;

#endif
