/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of what a small core holds. Private to session/. */
#ifndef SESSION_NEEDS_PRIV_H
#define SESSION_NEEDS_PRIV_H

#include "session/needs.h"
#include "session/priv.h"

/* needs_tasks.c. Asks all that can be asked of tasks and of languages' threads, so that it is noted. ERR_CANCELLED. */
struct err *needs_ask_tasks(struct session *s) MUST_CHECK;
/* What runtimes want to be kept besides. */
void needs_runtimes(struct session *s, struct page_set *pages);
/* needs_heap.c. Adds at most `limit` bytes that are reached from registers, `stacks` and what is in `pages`. */
struct err *needs_heap(struct session *s, const struct page_set *stacks, uint64_t limit,
                       struct page_set *pages) MUST_CHECK;

#endif
