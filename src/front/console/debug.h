/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-command `debug`. */
#ifndef FRONT_CONSOLE_DEBUG_H
#define FRONT_CONSOLE_DEBUG_H

#include "front/front.h"

extern const struct command console_debug;
/* `run`: a script on a target, in a console that nobody types into. */
extern const struct command console_run_script_row;

#endif
