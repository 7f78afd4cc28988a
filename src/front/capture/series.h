/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps that are made when something happens, or again and again. Private to front/capture/. */
#ifndef FRONT_CAPTURE_SERIES_H
#define FRONT_CAPTURE_SERIES_H

#include "front/front.h"
#include "session/trigger.h"

extern const struct option_group series_group; /* --when, --count, --every */

/* Were any of its options given? */
bool series_wanted(const struct call *c);
/* Waits, and calls `one` for each dump, with its file: `pattern` with %n, its number, and %t, the time; where more than
 * one is to be made and neither stands there, with ".N" (before ".zst"). `check` is called for the first file before.
 * Errors: ERR_USAGE, ERR_GONE (the process ended before all were made), ERR_CANCELLED, those of the two. */
struct series_calls {
    struct err *(*check)(void *arg, const char *path);
    struct err *(*one)(void *arg, const char *path, const struct trigger_hit *hit);
    void *arg;
};
struct err *series_run(struct call *c, int32_t pid, const char *pattern, const struct series_calls *calls) MUST_CHECK;

#endif
