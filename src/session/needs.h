/* SPDX-License-Identifier: Apache-2.0 */
/* What of a target's memory a small core holds. Its stacks, tasks and modules are looked at as for an answer, and the
 * pages that are read for it are noted; what debuggers want beyond that is added. So it holds for every kind of target
 * and of runtime, and what is shown of the small core is what is shown of the whole one.
 *
 *     struct needs needs;
 *     needs_init(&needs);
 *     opts.watch = &needs.watch;
 *     TRY(session_open(target, &opts, &session));
 *     TRY(needs_find(session, 0, &needs));
 *     page_set_runs(&needs.pages, &runs); // for struct capture_opts
 *
 * Threads: as session.h; what it notes comes from any. */
#ifndef SESSION_NEEDS_H
#define SESSION_NEEDS_H

#include "image/pages.h"
#include "session/session.h"

#include <pthread.h>

struct needs {
    struct space_watch watch; /* for session_opts.watch */
    pthread_mutex_t lock;
    struct page_set pages;
};
void needs_init(struct needs *n);
void needs_done(struct needs *n);
/* Everything that stacks need. `s` was opened with the watch, which ends here. `heap`: bytes of memory that is reached
 * from registers and stacks, the nearest first, to be added. Errors: ERR_CANCELLED. */
struct err *needs_find(struct session *s, uint64_t heap, struct needs *n) MUST_CHECK;

#endif
