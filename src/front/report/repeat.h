/* SPDX-License-Identifier: Apache-2.0 */
/* What repeats: frames of a recursion within a stack, equal stacks among threads. Private to report/. */
#ifndef FRONT_REPORT_REPEAT_H
#define FRONT_REPORT_REPEAT_H

#include "session/session.h"

/* A stretch of a stack: `period` frames, `times` times in a row. A frame alone is 1 and 1. */
struct stretch {
    size_t first;
    size_t period;
    size_t times;
};
/* The stretch that starts at frame i. The same frames are looked for, then (a recursion that calls itself
 * from several lines) the same functions. The innermost frame and the one that a signal interrupted always
 * stand alone: they say where it happened. Walking a whole stack takes time linear in its frames. */
struct stretch stretch_at(const struct sstack *st, size_t i);

/* Threads with equal stacks: same functions, files and lines, whatever the exact addresses. */
struct stack_group {
    const struct sstack *const *stacks; /* in the order given */
    size_t n;
};
struct stack_groups {
    struct stack_group *v; /* that of the crashed thread first, then the largest first */
    size_t n;
    const struct sstack **order; /* storage */
};
struct stack_groups group_stacks(const struct sstack *stacks, size_t n);
void stack_groups_done(struct stack_groups *g);

#endif
