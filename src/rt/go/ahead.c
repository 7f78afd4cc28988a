/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ahead. The runtime allocates g's and small stacks side by side, so that what one read of a process brings
 * answers the next questions, too; a million of them would be three million system calls. */
#include "rt/go/priv.h"

enum {
    WASTED_MAX = 8, /* so many more blocks than questions that they answered: then only what is asked for is read, */
    TRY_AGAIN = 64, /* but for one time in so many */
};

/* The block around [at, at + need), when that can be read and has paid lately. */
static bool read_block(struct go_ahead *a, const struct rt *rt, taddr at, size_t need)
{
    taddr start = at & ~(taddr)(GO_AHEAD - 1);
    size_t got = 0;
    if (a->wasted >= WASTED_MAX && ++a->asked % TRY_AGAIN != 0)
        return false;
    if (at - start + need <= GO_AHEAD)
        got = modules_read_some(rt->ms, start, a->bytes, GO_AHEAD);
    if (got < at - start + need)
        return false;
    a->start = start;
    a->end = start + got;
    a->wasted++;
    return true;
}

const uint8_t *go_ahead(struct go_ahead *a, const struct rt *rt, taddr at, size_t need, size_t want, size_t *have)
{
    if (at >= a->start && at < a->end && a->end - at >= need) {
        a->wasted -= a->wasted > 0;
    } else if (space_is_exact(&modules_image(rt->ms)->space)) {
        a->start = at;
        a->end = at + modules_read_some(rt->ms, at, a->bytes, need < GO_AHEAD ? need : GO_AHEAD);
    } else if (!read_block(a, rt, at, need)) {
        a->start = at;
        a->end = at + modules_read_some(rt->ms, at, a->bytes, want < GO_AHEAD ? want : GO_AHEAD);
    }
    if (a->end - at < need)
        return NULL;
    *have = (size_t)(a->end - at);
    return a->bytes + (at - a->start);
}
