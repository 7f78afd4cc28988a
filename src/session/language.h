/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of interpreted languages, among the native frames that run them. Private to session/. */
#ifndef SESSION_LANGUAGE_H
#define SESSION_LANGUAGE_H

#include "session/tasks.h"

/* Of one thread. */
struct language_stack {
    struct rt_stack stack; /* n 0: it runs none */
    const struct attached *by;
    const struct splace **at; /* a frame each; the session's arena */
};

/* Asks the runtimes; the first that knows frames of the thread has them. */
void language_annotate(struct session *s, const struct image_thread *th, const struct frames *frames,
                       struct language_stack *out);
/* The frames of a task that no thread runs. */
void language_task(struct session *s, const struct attached *by, const struct task *task, struct language_stack *out);
/* Fills in the stacks of all tasks of a runtime with task_frames(). ERR_CANCELLED. */
struct err *language_tasks(struct session *s, struct tasks *t) MUST_CHECK;
/* The frames of one of them, each with its own record. */
const struct sframe *language_task_frames(struct session *s, const struct tasks *t, const struct task *task, size_t *n);
/* Frame i as the session gives it out. */
struct sframe language_frame(const struct language_stack *l, size_t i);
/* Marks the native frames that are the interpreter's own. `frames`: the whole stack, or its first n frames. */
void language_hide(const struct language_stack *l, struct sframe *frames, size_t n);

#endif
