/* SPDX-License-Identifier: Apache-2.0 */
/* What of a core is there, and what is missing. */
#ifndef SESSION_VERIFY_H
#define SESSION_VERIFY_H

#include "session/session.h"

enum verify_kind {
    VERIFY_MEMORY, /* bytes that the core says it has, of which so many can be read; of a packed one all are unpacked */
    VERIFY_REGISTERS, /* threads, and those with registers */
    VERIFY_STACKS, /* threads with registers, and those whose stack's innermost word is there */
    VERIFY_BUILD_IDS, /* files that were mapped, and those whose build-id is known */
    VERIFY_FILES, /* the same, and those that were found here */
    VERIFY_KINDS,
};
struct verify_check {
    uint64_t present, total;
    const char *first; /* of those that are not there: a file's path; NULL. The session's */
};
/* Of a core. ERR_USAGE: it is none; ERR_CANCELLED. */
struct err *session_verify(struct session *s, struct progress *progress,
                           struct verify_check out[static VERIFY_KINDS]) MUST_CHECK;
/* Does a problem of a session say that something of the core is missing or damaged? */
bool verify_is_loss(const struct err *e);

#endif
