/* SPDX-License-Identifier: Apache-2.0 */
/* What dump.c and dump_small.c share. */
#ifndef SESSION_DUMP_PRIV_H
#define SESSION_DUMP_PRIV_H

#include "capture/capture.h"
#include "session/dump.h"

struct dumping {
    int32_t pid;
    const char *core; /* the one that is shrunk; NULL: a process is dumped */
    const char *path;
    const struct dump_opts *opts;
    struct image *im; /* NULL: none is open */
    struct dump_result result;
};

/* Errors that say something of the method, not of the process. */
bool dump_another_may_do(const struct err *e);
/* Writes the file and notes what it is. `keep` as in capture_opts. */
struct err *dump_write(struct dumping *d, struct image *im, const struct page_runs *keep) MUST_CHECK;
/* All that DUMP_STACKS and DUMP_HEAP do, of a process and of a core. */
struct err *dump_small(struct dumping *d) MUST_CHECK;

#endif
