/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks as lines of text. Private to report/. */
#ifndef FRONT_REPORT_STACK_TEXT_H
#define FRONT_REPORT_STACK_TEXT_H

#include "base/map.h"
#include "front/report/priv.h"

/* Columns: "  #12   function [inlined]   file:line   module". */
enum {
    NUMBER_COLUMN = 2,
    FUNCTION_COLUMN = 8,
    FUNCTION_MAX = 48, /* without a terminal's width: a longer name pushes the rest of its line */
    PLACE_MAX = 56,
};

struct stack_layout {
    const struct report *r;
    const struct screen *sc;
    bool short_text; /* paths and names are cut to fit a terminal */
    bool addresses;
    bool fold; /* recursions */
    bool hide; /* frames of a runtime's own, where others are */
    size_t function_width, place_width;
    const char *last_hint; /* of a stack that stopped; NULL none yet */
};

/* Makes columns wide enough for these frames. `seen`: places that were measured. */
void stack_measure(struct stack_layout *l, const struct sstack *st, struct map64 *seen);
/* The frames, and why they end; text goes to `out` as it gets long, none is left
 * then; with NULL all stays in t. ERR_IO, ERR_CANCELLED. */
struct err *stack_frames_put(struct text *t, struct stack_layout *l, const struct sstack *st, FILE *out) MUST_CHECK;
/* "Thread 12 "name" (crashed)", a line. */
void stack_thread_head_put(struct text *t, const struct stack_layout *l, const struct sstack *st);
/* Threads, those with equal stacks together. */
struct err *stack_groups_put(struct text *t, struct stack_layout *l, const struct sstack *stacks, size_t n,
                             FILE *out) MUST_CHECK;
/* stack_exceptions.c: what the thread raises and handles; nothing for most. */
void exceptions_text(struct text *t, const struct stack_layout *l, const struct image_thread *th);
/* A path as the layout shows paths. */
void stack_path_put(struct text *t, const struct stack_layout *l, const char *path);

#endif
