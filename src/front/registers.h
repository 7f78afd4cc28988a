/* SPDX-License-Identifier: Apache-2.0 */
/* Which registers a processor has, in the order in which debuggers list them. */
#ifndef FRONT_REGISTERS_H
#define FRONT_REGISTERS_H

#include "session/session.h"

enum register_group { GROUP_GENERAL, GROUP_FLOAT, GROUP_VECTOR };

/* Calls fn for each name of a group, until it has an error. A target need not have them all: session_register() says. */
struct err *each_register(const struct arch *a, enum register_group group,
                          struct err *(*fn)(void *arg, const char *name), void *arg) MUST_CHECK;

#endif
