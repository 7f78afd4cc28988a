/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks as a tree: each with those that it waits for below it. */
#ifndef FRONT_TASK_TREE_H
#define FRONT_TASK_TREE_H

#include "front/front.h"
#include "session/tasks.h"

/* One task a line, two blanks further in than what waits for it, with its number, name, state and the place of its first
 * function. Where several wait for one, what is below it is written once. Of tasks that end a branch, in one place under
 * the same task, the first three are written, and the others counted, unless `each`. `of` has stacks. */
void task_tree_put(struct text *t, const struct screen *sc, struct session *s, const struct tasks *of, bool each);

#endif
