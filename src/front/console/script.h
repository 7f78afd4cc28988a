/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of commands that belong together. */
#ifndef FRONT_CONSOLE_SCRIPT_H
#define FRONT_CONSOLE_SCRIPT_H

#include "front/console/console.h"

void body_done(struct body *b);
/* Reads the lines that follow the command, up to the "end" that belongs to it; of `text` every other line is text.
 * ERR_USAGE: there is none. */
struct err *body_read(struct console *c, bool text, struct body *out) MUST_CHECK;
struct err *body_run(struct console *c, char *const *lines, size_t n) MUST_CHECK;

#endif
