/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks that runtimes schedule (goroutines), by the million: their states, and their stacks shared by all that
 * have the same. Threads: as session.h. */
#ifndef SESSION_TASKS_H
#define SESSION_TASKS_H

#include "rt/rt.h"
#include "session/session.h"

/* One stack of which some tasks have a copy: same pcs, so same functions, files and lines. */
struct task_stack {
    const struct sframe *frames; /* innermost first; `physical` counts pcs */
    uint32_t n;
    uint32_t tasks; /* how many have it */
    bool whole;     /* the outermost frame was reached */
};

struct attached;
struct tasks {
    const char *runtime; /* "go" */
    const struct task *v;
    const uint32_t *stack; /* of each task: index into `stacks` */
    size_t n;
    const struct task_stack *stacks;
    size_t n_stacks;
    const struct attached *attached; /* private to session/ */
};

/* The i-th runtime's name, and how the program was built as it says; false: there is no i-th. */
bool session_runtime_facts(struct session *s, size_t i, const char **name, const struct rt_fact **out, size_t *n);

/* The threads that the i-th runtime knows; none: its language has no threads of its own. */
void session_language_threads(struct session *s, size_t i, const struct rt_thread **out, size_t *n);
/* A thread as a language knows it, one that has a name before others; NULL: none does. */
const struct rt_thread *session_language_thread(struct session *s, int32_t tid);
/* The exception of a language that a thread leaves functions for, and the one that it handles; NULL: none. */
void session_exceptions(struct session *s, int32_t tid, const struct rt_exception **raised,
                        const struct rt_exception **handled);

/* All tasks of all runtimes that have some, one entry a runtime. Stacks of tasks on threads are those of their
 * threads, seen from the task. Computed once, on all cores; `stacks` false leaves them out (stack and stacks are
 * NULL) for who wants only the list. ERR_CANCELLED. */
struct err *session_tasks(struct session *s, bool stacks, const struct tasks **out, size_t *n) MUST_CHECK;
const char *session_task_state(struct session *s, const struct tasks *t, const struct task *task);
const char *session_task_reason(struct session *s, const struct tasks *t, const struct task *task); /* or NULL */
const char *session_task_name(struct session *s, const struct tasks *t, const struct task *task); /* or NULL */
/* "task", "greenlet": what its language calls it; never NULL. */
const char *session_task_kind(struct session *s, const struct tasks *t, const struct task *task);
/* The tasks that it waits for, as indices into t->v: at most max; how many there are. */
size_t session_task_awaits(struct session *s, const struct tasks *t, const struct task *task, uint32_t *out,
                           size_t max);
/* For about how long it has waited, in nanoseconds: when Go's garbage collector first sees a goroutine wait, it notes the
 * time of the collection before, so this is rather too long than too short. 0: not known, as always of a core, which does
 * not say when it was made on that clock. */
uint64_t session_task_waited(const struct session *s, const struct task *task);
/* What the program marked it with: at most max, sorted by key. */
size_t session_task_labels(struct session *s, const struct tasks *t, const struct task *task, struct task_label *out,
                           size_t max);
/* Does it wait for the channel whose record is at `object`? */
bool session_task_waits_on(struct session *s, const struct tasks *t, const struct task *task, taddr object);
/* Where a task is for its programmer: the first frame that is not the runtime's or a library's inner part, never
 * one inlined into another; its first frame when all are.
 * NULL without frames. */
const struct sframe *session_task_user_frame(struct session *s, const struct tasks *t, const struct task *task);
/* Its outermost frame: of a coroutine the body of the task, on a thread too. NULL without frames. */
const struct sframe *session_task_outermost(struct session *s, const struct tasks *t, const struct task *task);
/* One of a runtime's own frames, or of its compiler's: of interest to its makers only. */
bool session_place_hidden(const struct session *s, const struct splace *at);
/* The same of a frame in its stack: also the native frames of an interpreter, whose place the frames of the language
 * take. */
bool session_frame_hidden(const struct session *s, const struct sframe *f);
/* Why tasks end before their time, those of the crashed thread first; a runtime's own fatal error is a trouble without
 * a task. Made once. ERR_CANCELLED. */
struct trouble {
    const struct task *task; /* NULL: of the runtime as a whole */
    struct task_panic panic; /* of no task: only its text */
};
struct err *session_troubles(struct session *s, const struct trouble **out, size_t *n) MUST_CHECK;
/* What is known at an address: where it was made, the function it began with. *outer (may be NULL) is the function
 * that all others there are inlined into. NULL: unknown. */
const struct splace *session_task_place(struct session *s, taddr pc, const struct splace **outer);
/* The entry of the function that it began with; of a wrapper that the compiler made for the statement: what that
 * calls, where its code says so. */
taddr session_task_start(struct session *s, const struct tasks *t, const struct task *task);
/* The function that one made by the compiler around a call is about, and its entry (0: it is inlined there). NULL: it is
 * no such one, or its code does not tell. */
const char *session_wrapped(struct session *s, const struct tasks *t, taddr entry, taddr *target);
/* Its stack with registers, for variables: as session_stacks() gives for threads; of a task on a thread it is the
 * thread's. `t` must have stacks. The `thread` of one that no thread runs has its registers and no tid.
 * ERR_NOT_IN_DUMP, ERR_CANCELLED. */
struct err *session_task_stack(struct session *s, const struct tasks *t, const struct task *task,
                               const struct sstack **out) MUST_CHECK;
/* The same from what its runtime kept of it when it left its thread: of one that a thread runs, where that was. */
struct err *session_task_saved_stack(struct session *s, const struct tasks *t, const struct task *task,
                                     const struct sstack **out) MUST_CHECK;
/* Stack pointers of its own stack, lo to hi; a thread that runs it has others, too. False: not known. */
bool session_task_bounds(struct session *s, const struct tasks *t, const struct task *task, taddr *lo, taddr *hi);

/* ---- calls to come ---- */

/* A call that a frame of a task makes when it is left: Go's defer. */
struct deferred {
    struct task_defer of;
    uint32_t physical; /* the frame that makes it: sframe.physical; UINT32_MAX: none of the stack */
};
/* Of a task with its stack, as session_task_stack() gave it: frame by frame, innermost first, of each those to be made
 * first first; those of no frame last. Valid until session_forget_values(). */
struct err *session_deferred(struct session *s, const struct tasks *t, const struct task *task, const struct sstack *st,
                             const struct deferred **out, size_t *n) MUST_CHECK;
/* The call as a stack of one frame, as if it had just begun, for its code and the variables that it captured. Valid
 * until session_free() or session_continue(). ERR_NO_DATA: its function is not known. */
struct err *session_deferred_stack(struct session *s, const struct deferred *d, const struct sstack **out) MUST_CHECK;

/* ---- where it was made ---- */

/* A task that made one, or made one that made it, with its stack at that moment. */
struct ancestor {
    uint64_t id;
    const struct sframe *frames; /* innermost first */
    size_t n;
};
/* Who made it first; none where the program was not told to keep them. Valid until session_free() or
 * session_continue(). ERR_CANCELLED. */
struct err *session_task_ancestors(struct session *s, const struct tasks *t, const struct task *task,
                                   const struct ancestor **out, size_t *n) MUST_CHECK;

#endif
