/* SPDX-License-Identifier: Apache-2.0 */
/* What the whole program consists of, by name. Threads: as session.h. */
#ifndef SESSION_NAMES_H
#define SESSION_NAMES_H

#include "rt/rt.h"
#include "session/session.h"

enum program_names { NAMES_FUNCTIONS, NAMES_TYPES, NAMES_PACKAGES, NAMES_SOURCES };
/* All of a kind, sorted, each once: functions with code, types, source files, and packages of languages that have such.
 * What a runtime knows without debug information is among them. Valid until session_forget_values(). ERR_CANCELLED. */
struct err *session_names(struct session *s, enum program_names kind, const char *const **out, size_t *n) MUST_CHECK;

#endif
