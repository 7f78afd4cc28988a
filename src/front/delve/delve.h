/* SPDX-License-Identifier: Apache-2.0 */
/* Delve's JSON-RPC, for its own client and for editors that have one. docs/internals/delve.md tells how. */
#ifndef FRONT_DELVE_DELVE_H
#define FRONT_DELVE_DELVE_H

#include "front/scripting.h"
#include "front/serve/server.h"

/* Begins with anything, so it comes last in the table. */
extern const struct protocol delve_protocol;
/* The same methods for scripts. */
extern const struct script_delve delve_scripts;

#endif
