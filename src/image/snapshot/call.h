/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that a thread of the target is made to make. Private to image/snapshot/.
 *
 * The instruction is one that the target has already, in its vDSO: nothing is written into its memory. Between
 * call_begin() and call_end() the thread's registers are not its own. With call_heals() it gets them back by itself should the
 * process that traces die; without, that must not.
 * Threads: that which traces. */
#ifndef IMAGE_SNAPSHOT_CALL_H
#define IMAGE_SNAPSHOT_CALL_H

#include "image/snapshot/heal.h"

struct caller {
    int32_t tid;
    int32_t pid; /* of its process, when it heals */
    const struct arch *arch;
    taddr insn; /* of call->insn in the target */
    size_t size;
    uint8_t own[GP_MAX]; /* registers to be put back */
    struct heal heal;
    enum { CALLER_RESTS, CALLER_AFTER_CALL, CALLER_AT_SIGNAL, CALLER_GONE } at;
};

/* A thread that stands where it was interrupted (PTRACE_EVENT_STOP). ERR_BUSY: not there, or it may be inside of a
 * restartable sequence (rseq(2)), which a call would break: another thread may do. */
struct err *call_begin(struct caller *c, int32_t tid, const struct arch *arch, taddr insn) MUST_CHECK;
/* What the calls of a thread that begins to make them will leave if we die, where this is possible. `may_wait`: it may wait
 * for a child that a call began. */
void call_heals(struct caller *c, const struct heal_place *p, const struct tracer *t, bool may_wait);
/* One that made calls before, and stands behind the last. */
struct err *call_again(struct caller *c, int32_t tid, const struct arch *arch, taddr insn) MUST_CHECK;
/* One call; *result as the kernel gives it. *child (NULL: of no interest): the thread or process that it began, traced
 * and standing before its first instruction; 0 none. ERR_BUSY: a signal came first, which the thread keeps; call_end()
 * it and try another. ERR_GONE. */
struct err *call_make(struct caller *c, long number, const uint64_t args[static 6], int64_t *result,
                      int32_t *child) MUST_CHECK;
/* clone() with these flags, and this stack where call_heals() has none for the child. */
struct err *call_clone(struct caller *c, uint64_t flags, taddr stack, int64_t *result, int32_t *child) MUST_CHECK;
/* Puts the registers back; the thread stands as if nothing had happened, and what the stop interrupted goes on. */
void call_end(struct caller *c);

#endif
