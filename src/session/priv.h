/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of session/ share. */
#ifndef SESSION_PRIV_H
#define SESSION_PRIV_H

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "module/symbolize.h"
#include "rt/rt.h"
#include "session/control.h"
#include "session/places.h"
#include "session/session.h"
#include "session/tasks.h"
#include "value/index.h"

struct attached {
    const struct runtime *runtime;
    struct rt *rt;
};

struct heap;
struct session_values;
struct steady;
struct unwound;
struct session {
    struct session_opts opts;
    struct image *im;
    bool borrowed; /* the image is somebody else's */
    struct modules *ms;
    struct symbolizer *symbolizer; /* NULL until needed, and with names_only */
    VEC(struct attached) runtimes;
    VEC(struct attached)
    planned; /* before a process stood still; until those that are attached then have what they found */

    struct stop stop; /* of a held process: why it stands */

    struct arena arena; /* of places and stacks */
    struct places places;
    struct sstack *stacks;
    size_t n_stacks;
    uint32_t stacks_made; /* of threads and tasks */
    bool have_stacks; /* all of them, and whole */
    struct unwound *unwound; /* what is left to do for the stacks; NULL until needed */
    struct index *index; /* NULL until session_index() */
    VEC(struct index *) old_indexes; /* of modules that have changed since; types may have come from them */
    struct code *code; /* code_priv.h; NULL until needed */
    VEC(struct tasks) tasks; /* an entry a runtime that has some */
    bool have_tasks;
    VEC(struct trouble) troubles;
    bool have_troubles;
    struct map64 language_places; /* struct rt_place * -> struct splace * */
    struct map64 task_stacks; /* task -> its struct sstack */
    struct map64 task_starts; /* entry of a first function -> of the one that it wraps */

    struct session_values *values; /* NULL until needed */
    struct heap *heap;             /* heap.h; NULL until needed */
    struct steady *steady;         /* steady.h; NULL: not for a core of a process */

    VEC(struct err *) notes; /* choices and trouble of the session itself */
    VEC(const struct err *) problems; /* the view that session_problems() hands out */
};

/* session.c: of an image that is open, and stays so longer. */
struct session *session_over(struct image *im, const struct session_opts *opts) NEVER_NULL;
/* values.c. NULL is allowed. */
void session_values_free(struct session_values *v);
/* After the target ran: types and kept values stay, all else is made anew. */
void session_values_renew(struct session *s);
/* stacks.c. Of one of session.stacks: as session_first_frames(). */
struct err *session_extend_stack(struct session *s, const struct sstack *st, size_t frames) MUST_CHECK;
void unwound_free(struct unwound *w); /* NULL is allowed */
/* One that knows the steppers of the runtimes; the caller's. */
struct unwinder *session_unwinder(struct session *s);
/* Drops what was worked out of a target that has run since, and looks for its modules anew. */
void session_reset(struct session *s);
/* ERR_CANCELLED once the user asked to stop. */
struct err *session_check(const struct session *s) MUST_CHECK;

/* Names of the whole program; made when first asked for. */
struct index *session_index(struct session *s);

/* code_lines.c. What was read of the target's code; where sources are looked for is kept. NULL is allowed in both. */
void code_forget(struct code *c);
void code_free(struct code *c);

/* tasks.c: the stack of the thread that runs a task; NULL: none does, or it was not read. */
const struct sstack *task_thread_stack(const struct sstack *threads, size_t n, const struct task *t);

#endif
