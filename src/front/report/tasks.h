/* SPDX-License-Identifier: Apache-2.0 */
/* Which goroutines an answer shows, and which belong together. Private to report/. */
#ifndef FRONT_REPORT_TASKS_H
#define FRONT_REPORT_TASKS_H

#include "front/report/stack_text.h"
#include "session/tasks.h"

/* The tasks of a runtime that an answer shows, by their ids. */
struct task_list {
    const struct tasks *of;
    uint32_t *v; /* indexes into of->v */
    uint32_t n;
    uint32_t n_system; /* left out */
};
/* What --goroutine and --system choose. */
struct task_list task_list_make(const struct report *r, const struct tasks *of);
void task_list_done(struct task_list *l);

enum task_key {
    TASK_BY_LOOK, /* stack, state, reason and the statement that made it: what a block of text shows */
    TASK_BY_STACK,
    TASK_BY_USER,  /* where it is, for its programmer */
    TASK_BY_GO,    /* the statement that made it */
    TASK_BY_START, /* the function that it began with */
    TASK_BY_STATE, /* and what it waits for */
    TASK_BY_LABEL, /* all that the program marked it with */
};
struct task_group {
    const char *name;  /* NULL with keys that have none: LOOK, STACK */
    const uint32_t *v; /* indexes into list->of->v, in the list's order */
    uint32_t n;
};
struct task_groups {
    struct task_group *v; /* in the order of their first tasks */
    uint32_t n;
    uint32_t *of;    /* of each task of the list: its group, an index into `v` until that is sorted */
    uint32_t *order; /* storage */
    struct arena arena;
};
struct task_groups task_groups_make(const struct report *r, const struct task_list *l, enum task_key key);
void task_groups_sort(struct task_groups *g); /* the largest first */
void task_groups_done(struct task_groups *g);

/* "worker=7, tenant=x"; nothing without labels. */
void task_labels_put(struct text *t, const struct report *r, const struct tasks *of, const struct task *task);
/* Where it was made; NULL unknown, or by the runtime. */
const struct splace *task_made_at(const struct report *r, const struct task *task);
/* The stack of the thread that runs it; NULL: none does, or the thread is not there. */
const struct sstack *task_thread(const struct report *r, const struct task *task);
/* A stack that tasks share, as the frames of a thread: without registers. */
struct sstack task_stack_of(const struct report *r, const struct tasks *of, uint32_t stack);
/* What --group and --by ask for. */
bool task_groups_asked(const struct report *r, enum task_key *key);

/* tasks_calls.c: the calls that its frames make when they are left, a line each; as the members "deferred" and
 * "ancestors" where there are some. ERR_CANCELLED. */
struct err *task_calls_put(struct text *t, const struct report *r, const struct tasks *of,
                           const struct task *task) MUST_CHECK;
struct err *task_calls_json(struct json *j, const struct report *r, const struct tasks *of,
                            const struct task *task) MUST_CHECK;
/* tasks_json.c: the members "task_stacks", "tasks" and, with --group or --by, "task_groups". */
struct err *tasks_json(struct json *j, const struct report *r) MUST_CHECK;
/* tasks_text.c: goroutines with the threads that run them, then the other threads. */
struct err *tasks_put(struct text *t, struct stack_layout *l, FILE *out) MUST_CHECK;

#endif
