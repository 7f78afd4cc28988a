/* SPDX-License-Identifier: Apache-2.0 */
/* What a goroutine waits for: g.waiting is its list of sudogs, one a channel (runtime/runtime2.go). */
#include "rt/go/priv.h"

enum { CASES_MAX = 1 << 16, PAIR_SINCE = 26 };

bool go_waits_on(struct rt *rt, const struct task *t, taddr object)
{
    const struct go_layout *l = rt->layout;
    uint64_t sudog, channel;
    if (!l || t->state != TASK_WAITING || !object || !go_word(rt, t->object + l->g_waiting, &sudog))
        return false;
    /* Since 1.26 c is two words, of which the second is always set (maybeTraceableChan). */
    uint64_t c = l->sudog_c + (rt->build.minor >= PAIR_SINCE ? 8U : 0U);
    for (unsigned i = 0; sudog && i < CASES_MAX; i++) {
        if (!go_word(rt, sudog + c, &channel))
            return false;
        if (channel == object)
            return true;
        /* Without a channel it is one of the queue of a lock, where the links lead to other goroutines. */
        if (!channel || !go_word(rt, sudog + l->sudog_waitlink, &sudog))
            return false;
    }
    return false;
}
