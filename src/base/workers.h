/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for work of which a part waits for a disk. */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

#include <stddef.h>

/* Calls fn(arg, i) once on each of as many threads as there are processors, and `more` for the time in which some wait
 * for a disk; i counts them. The caller's is one of them: threads that do not start are left out. */
void parallel_workers(size_t more, void (*fn)(void *arg, size_t i), void *arg);

#endif
