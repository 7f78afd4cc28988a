/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a frame as text. */
#ifndef FRONT_CONSOLE_VARIABLES_H
#define FRONT_CONSOLE_VARIABLES_H

#include "front/console/console.h"

/* The locals below a line of `bt full`, or why there are none. ERR_CANCELLED. */
struct err *variables_put_full(struct console *c, const struct sstack *st, size_t index) MUST_CHECK;
/* Arguments and locals, each on a line after `indent`; nothing where there is no debug information. ERR_CANCELLED. */
struct err *variables_put_all(struct console *c, const struct sstack *st, size_t index, const char *indent) MUST_CHECK;
/* "a=1, b=..." between the brackets of a frame's line, as `print frame-arguments` says. */
void variables_put_arguments(struct console *c, const struct sstack *st, size_t index);

#endif
