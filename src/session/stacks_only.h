/* SPDX-License-Identifier: Apache-2.0 */
/* A core that holds nothing but what stacks need (dump --redact=stacks-only). Private to session/.
 *
 * Stacks, and tasks with theirs, are made once more with a watch to which each word counts, and what was read for that
 * stays: of stacks return addresses, frame pointers and what leads from frame to frame; records, names and line tables of
 * runtimes; the list of modules. What other debuggers read of thread lists and runtimes' records besides stays where it is
 * an address or a small number. All else becomes zeros. */
#ifndef SESSION_STACKS_ONLY_H
#define SESSION_STACKS_ONLY_H

#include "capture/capture.h"
#include "session/session.h"

/* Threads: as session.h when it is made, then any number. */
struct stacks_only;
/* The image stands still, or gives the same bytes each time; it must outlive the result. Errors: ERR_CANCELLED. */
struct err *stacks_only_new(struct image *im, const struct session_opts *opts, struct stacks_only **out) MUST_CHECK;
void stacks_only_free(struct stacks_only *o); /* NULL is allowed */
/* What is to be written of memory, and what is done to it. */
const struct page_runs *stacks_only_pages(const struct stacks_only *o);
const struct capture_filter *stacks_only_filter(const struct stacks_only *o);
/* The lines of the record (IMAGE_NOTE_REDACTED); heap, the caller's. */
char *stacks_only_record(struct stacks_only *o) NEVER_NULL;
/* Is the image of a core that was written so? */
bool stacks_only_is(const struct image *im);

#endif
