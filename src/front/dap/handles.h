/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that stand for frames, variables and sources as long as the target stands still: what a client holds.
 *
 * The same thing has the same number however often it is asked for, so that a client that looks at a frame again and again
 * makes no new ones. Threads: one. */
#ifndef FRONT_DAP_HANDLES_H
#define FRONT_DAP_HANDLES_H

#include "base/arena.h"
#include "base/map.h"
#include "value/value.h"

enum { HANDLES_MAX = 1 << 18, FRAMES_MAX = 1 << 22 };

enum handle_kind { HANDLE_ARGUMENTS, HANDLE_LOCALS, HANDLE_GLOBALS, HANDLE_REGISTERS, HANDLE_VALUE };

/* Which part of what a handle stands for: of handle `parent` (0: none) the child `index`, or by `text`. */
struct handle_key {
    uint32_t parent;
    uint64_t index;
    const char *text; /* an evaluated expression; NULL: a child */
};

/* Something with variables in it: a scope of a frame, or a value. */
struct handle {
    uint8_t kind;           /* enum handle_kind */
    uint32_t frame;         /* number of the frame, 0: none */
    uint64_t first;         /* children before this one are not in it */
    struct value value;     /* HANDLE_VALUE: a copy; its `frame` is to be set anew */
    const char *expression; /* HANDLE_VALUE; NULL: none is known */
};

struct frame_handle {
    int64_t thread; /* threadId */
    size_t index;
};
struct source_handle {
    const char *path; /* the session's */
    const struct module *module;
    uint32_t last_line; /* the highest one that the client was told of */
};

struct handles {
    struct arena arena;
    VEC(struct handle) v;
    VEC(struct frame_handle) frames;
    VEC(struct source_handle) sources;
    struct map64 scopes, children, by_frame, by_source;
    struct mapstr texts;
};

/* All numbers given so far stand for nothing any more. */
void handles_forget(struct handles *h);
void handles_done(struct handles *h);

/* 0: there are too many. Numbers begin with 1. */
uint32_t handles_scope(struct handles *h, uint32_t frame, enum handle_kind kind);
/* A value's; strings and the place are copied. */
uint32_t handles_value(struct handles *h, const struct handle *of, const struct handle_key *key);
uint32_t handles_frame(struct handles *h, int64_t thread, size_t index);
/* `line`: one of it that the client is told of; 0: none. */
uint32_t handles_source(struct handles *h, const char *path, const struct module *m, uint32_t line);
/* NULL: the number stands for nothing. Valid until the next one is made. */
const struct handle *handles_get(const struct handles *h, int64_t number);
const struct frame_handle *handles_frame_get(const struct handles *h, int64_t number);
const struct source_handle *handles_source_get(const struct handles *h, int64_t number);

#endif
