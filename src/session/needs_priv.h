/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of what a small core holds. Private to session/. */
#ifndef SESSION_NEEDS_PRIV_H
#define SESSION_NEEDS_PRIV_H

#include "session/needs.h"
#include "session/priv.h"

/* Memory that is wanted: what lies within one mapping of the image. */
typedef void needs_fn(void *arg, taddr at, uint64_t n);

/* needs.c. The stacks of threads, as far as their frames go. */
void needs_stacks(struct session *s, needs_fn *take, void *arg);
/* The thread library's records of threads; `variables`: thread-local ones, too. */
void needs_blocks(const struct session *s, bool variables, needs_fn *take, void *arg);
/* The first page of each module; the data of those that list threads. */
void needs_modules(struct session *s, needs_fn *take, void *arg);

/* needs_tasks.c. Asks what can be asked of tasks and of languages' threads, so that it is noted; `values`: also what are
 * values of the program, as exceptions and labels. ERR_CANCELLED. */
struct err *needs_ask_tasks(struct session *s, bool values) MUST_CHECK;
/* What runtimes want to be kept besides. */
void needs_runtimes(struct session *s, needs_fn *take, void *arg);
/* needs_heap.c. Adds at most `limit` bytes that are reached from registers, `stacks` and what is in `pages`. */
struct err *needs_heap(struct session *s, const struct page_set *stacks, uint64_t limit,
                       struct page_set *pages) MUST_CHECK;

#endif
