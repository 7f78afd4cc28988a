/* SPDX-License-Identifier: Apache-2.0 */
#include "image/live/live.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum {
    TOUCHED = 16 << 10, /* bytes of stack that most threads use: their page faults are taken before the pause */
};

void stacks_prepare(struct stacks *s, size_t threads, uint64_t budget)
{
    size_t touch = threads * TOUCHED < budget ? threads * TOUCHED : (size_t)budget;

    *s = (struct stacks){.size = (size_t)budget};
    void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        s->size = 0; /* stacks are then read from the running process */
        return;
    }
    s->buf = p;
    mem_touch(p, touch);
}

void stacks_done(struct stacks *s)
{
    if (s->buf)
        munmap(s->buf, s->size);
    *s = (struct stacks){0};
}

/* The largest length for which all wants, each cut to it, fit the buffer. */
static size_t fair_share(const struct stack_want *want, size_t n, size_t room)
{
    size_t low = 0, high = room;

    while (low < high) {
        size_t mid = high - (high - low) / 2, sum = 0;
        for (size_t i = 0; i < n && sum <= room; i++) {
            size_t len = (size_t)(want[i].end - want[i].start);
            sum += (len < mid ? len : mid) + 16;
        }
        if (sum <= room)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

void stacks_copy(struct stacks *s, int32_t pid, struct stack_want *want, size_t n)
{
    struct iovec local[64], remote[64];
    size_t share = fair_share(want, n, s->size), at = 0;

    for (size_t i = 0; i < n; i++) {
        size_t len = (size_t)(want[i].end - want[i].start);
        want[i].have = len < share ? len : share;
        want[i].data = s->buf + at;
        at += (want[i].have + 15) & ~(size_t)15;
    }
    s->used = at;

    for (size_t i = 0; i < n;) {
        size_t batch = 0;
        for (; batch < ARRAY_LEN(local) && i + batch < n; batch++) {
            struct stack_want *w = &want[i + batch];
            local[batch] = (struct iovec){(void *)(uintptr_t)w->data, w->have};
            remote[batch] = (struct iovec){(void *)(uintptr_t)w->start, w->have};
        }
        ssize_t rc = process_vm_readv(pid, local, batch, remote, batch, 0);
        size_t got = rc > 0 ? (size_t)rc : 0;
        /* It stops at the first byte that cannot be read: that stack is kept as far as it came. */
        size_t done = 0;
        while (done < batch && got >= want[i + done].have)
            got -= want[i + done++].have;
        if (done < batch)
            want[i + done++].have = got;
        i += done;
    }
}
