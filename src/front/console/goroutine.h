/* SPDX-License-Identifier: Apache-2.0 */
/* Where goroutines are, in the words of Delve. */
#ifndef FRONT_CONSOLE_GOROUTINE_H
#define FRONT_CONSOLE_GOROUTINE_H

#include "front/console/console.h"

enum goroutine_place {
    PLACE_USER,    /* for its programmer */
    PLACE_CURRENT, /* the innermost frame */
    PLACE_GO,      /* the statement that made it */
    PLACE_START,   /* the function that it began with */
};

/* As Delve: the line is that of the innermost inlined call there, the function is the physical one. */
struct goroutine_at {
    taddr pc; /* 0: nothing is known */
    const char *file, *function; /* NULL unknown */
    uint32_t line;
};
struct goroutine_at goroutine_at(struct console *c, const struct tasks *t, const struct task *task,
                                 enum goroutine_place place);
/* "./x.go:12 main.f (0x4fce45)" */
void goroutine_at_put(struct text *t, const struct goroutine_at *at);
/* "./x.go": paths below the current folder are shortened. */
void goroutine_path_put(struct text *t, const char *path);
/* "User", "Runtime", "Go", "Start" */
const char *goroutine_place_name(enum goroutine_place place);

#endif
