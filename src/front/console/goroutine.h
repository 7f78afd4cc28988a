/* SPDX-License-Identifier: Apache-2.0 */
/* Where goroutines are, as lines of text in the words of Delve. */
#ifndef FRONT_CONSOLE_GOROUTINE_H
#define FRONT_CONSOLE_GOROUTINE_H

#include "front/console/console.h"
#include "front/goroutine.h"

/* "./x.go:12 main.f (0x4fce45)" */
void goroutine_at_put(struct text *t, const struct goroutine_at *at);
/* "./x.go": paths below the current folder are shortened. */
void goroutine_path_put(struct text *t, const char *path);
/* " 3  0x00000000004fce45 in main.f\n    at ./x.go:12\n", its number `width` wide, each line after `indent`. */
void goroutine_frame_put(struct text *t, const struct sframe *f, size_t number, int width, const char *indent);
/* Digits of the last number of n. */
int goroutine_width(size_t n);
/* The calls that a frame of the selected stack, which is `task`'s, makes when it is left; those of a physical frame
 * are those of the function that others are inlined into there. */
struct deferred_calls {
    const struct deferred *v;
    size_t n;
};
struct err *deferred_of_stack(struct console *c, const struct tasks *t, const struct task *task,
                              struct deferred_calls *out) MUST_CHECK;
struct deferred_calls deferred_of_frame(const struct deferred_calls *all, const struct sstack *st, size_t index);
/* "defer 1: 0x... in main.f\n", where it is and who made it, below a frame of a stack. */
void deferred_put(struct console *c, const struct tasks *t, const struct sstack *st, size_t index,
                  const struct deferred *d, size_t number, const char *indent);
/* "User", "Runtime", "Go", "Start" */
const char *goroutine_place_name(enum goroutine_place place);

#endif
