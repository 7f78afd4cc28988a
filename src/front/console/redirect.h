/* SPDX-License-Identifier: Apache-2.0 */
/* Commands whose answer goes to a file. */
#ifndef FRONT_CONSOLE_REDIRECT_H
#define FRONT_CONSOLE_REDIRECT_H

#include "front/console/console.h"

/* Does a command line end with "> FILE" or ">> FILE"? An operator of an expression is none: FILE is a single word with
 * a dot or a slash in it. */
bool redirect_wanted(const char *line);
struct err *redirect_run(struct console *c, const char *line) MUST_CHECK;

#endif
