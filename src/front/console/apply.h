/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of threads, and commands that are run for each of several threads or frames. */
#ifndef FRONT_CONSOLE_APPLY_H
#define FRONT_CONSOLE_APPLY_H

#include "front/console/console.h"

/* "1 3-5", "all", "$_thread". Empty: all. */
struct thread_list {
    VEC(unsigned) v;
};
/* Takes a list off the front of the arguments. ERR_USAGE. */
struct err *thread_list_parse(struct console *c, const char **args, struct thread_list *out) MUST_CHECK;
bool thread_list_has(const struct thread_list *l, unsigned number);
void thread_list_done(struct thread_list *l);

#endif
