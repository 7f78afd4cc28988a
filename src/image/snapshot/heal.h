/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that get their own registers back by themselves. Private to image/snapshot/.
 *
 * A thread that makes calls for us has registers that are not its own, and if its tracer dies it runs on with them. So its
 * own are put into the target's memory first, in the form in which the kernel saves those of a thread that runs a signal
 * handler, and ours are such that whatever the thread does next by itself ends in rt_sigreturn, which takes them from
 * there: it stands at a system call of the target's code that is followed by a return, with the number of rt_sigreturn,
 * and only at the call's entry, in one step, that becomes the number of the call that is wanted, and the stack one on
 * which the return finds the code of a signal frame.
 *
 * The memory is the low end of the first thread's stack, where nothing is kept; what was there comes back. */
#ifndef IMAGE_SNAPSHOT_HEAL_H
#define IMAGE_SNAPSHOT_HEAL_H

#include "image/live/live.h"

/* What the target has for it; found before it is stopped. */
struct heal_place {
    taddr insn;     /* of call->frame->insn; 0: registers are put back by the tracer alone */
    taddr returned; /* the code of a signal frame */
    taddr stack, stack_end; /* of the first thread */
};
/* Looks through the code of its files. */
void heal_find(struct image *im, struct heal_place *out);

struct heal {
    taddr insn;      /* 0: this thread does not get its registers back by itself */
    taddr frame;     /* its own registers */
    taddr after_clone; /* a frame that waits for the child first, whose id the call puts at child_id; then as `frame` */
    taddr child_id;
    taddr child; /* a frame for the child: it ends */
    size_t n;
    uint8_t *before; /* what was in the place of the frames: n bytes */
    uint64_t blocked; /* signals of the thread; meanwhile all are */
};
/* For a stopped thread with these registers, when all threads are stopped. Where it is not possible, *h stays as it is:
 * all zeros before the first time. `may_wait`: after_clone may be used, else it is `frame`. */
void heal_begin(struct heal *h, const struct heal_place *p, const struct tracer *t, int32_t tid, const uint8_t *pr_reg,
                bool may_wait);
/* The thread has the registers of heal_stand(): its signals wait from now on. */
void heal_block(const struct heal *h, int32_t tid);
void heal_unblock(const struct heal *h, int32_t tid);
/* The memory is as it was. */
void heal_end(struct heal *h, int32_t pid);

/* Registers that go back at once; and, at the entry of the call that those make, for another call: `frame` is one of the
 * above. */
void heal_stand(const struct heal *h, const struct arch *arch, uint8_t *pr_reg);
void heal_enter(const struct heal *h, const struct arch *arch, uint8_t *pr_reg, taddr frame, uint64_t number,
                const uint64_t args[static 6]);

#endif
