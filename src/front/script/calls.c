/* SPDX-License-Identifier: Apache-2.0 */
#include "front/script/calls.h"

const struct script_calls script_calls = {
#define X(fn) .fn = (fn),
    SCRIPT_CALLS(X)
#undef X
        .format = &format_defaults,
};
