/* SPDX-License-Identifier: Apache-2.0 */
/* The Debug Adapter Protocol, through which editors look at a target. */
#ifndef FRONT_DAP_DAP_H
#define FRONT_DAP_DAP_H

#include "front/serve/server.h"

/* For a server: a conversation that begins with a header line. */
extern const struct protocol dap_protocol;
/* `inquest dap`: one conversation over standard input and output. */
extern const struct command dap_command;

#endif
