/* SPDX-License-Identifier: Apache-2.0 */
/* The host of scripts. docs/internals/script.md tells how. */
#ifndef FRONT_SCRIPT_SCRIPT_H
#define FRONT_SCRIPT_SCRIPT_H

#include "front/scripting.h"

extern const struct script_host script_host;

#endif
