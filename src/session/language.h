/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of interpreted languages, among the native frames that run them. Private to session/. */
#ifndef SESSION_LANGUAGE_H
#define SESSION_LANGUAGE_H

#include "rt/rt.h"
#include "session/session.h"

/* Of one thread. */
struct language_stack {
    struct rt_stack stack; /* n 0: it runs none */
    const struct attached *by;
    const struct splace **at; /* a frame each; the session's arena */
};

/* Asks the runtimes; the first that knows frames of the thread has them. */
void language_annotate(struct session *s, const struct image_thread *th, const struct frames *frames,
                       struct language_stack *out);
/* Frame i as the session gives it out. */
struct sframe language_frame(const struct language_stack *l, size_t i);
/* Marks the native frames that are the interpreter's own. `frames`: the whole stack, or its first n frames. */
void language_hide(const struct language_stack *l, struct sframe *frames, size_t n);

#endif
