/* SPDX-License-Identifier: Apache-2.0 */
/* What a session keeps for values: frames.c, values.c. */
#ifndef SESSION_SESSION_VALUES_H
#define SESSION_SESSION_VALUES_H

#include "session/priv.h"
#include "session/values.h"

struct session_values {
    struct values vs;
    struct arena arena;     /* of the answers since session_forget_values() */
    struct map64 physical;  /* of the same: stack and physical frame -> struct physical * */
    struct arena kept;      /* of session_keep() */
    struct unwinder *unwinder;
    VEC(const struct formatter *) formatters; /* ended by NULL */
};

#endif
