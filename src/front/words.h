/* SPDX-License-Identifier: Apache-2.0 */
/* How all front ends say what ended a program, and call its threads and tasks. Text of the target is escaped. */
#ifndef FRONT_WORDS_H
#define FRONT_WORDS_H

#include "base/json.h"
#include "front/front.h"
#include "session/tasks.h"

/* "SIGSEGV", "signal 99". */
void put_signal_name(struct text *t, int signo);
/* "address not mapped (SEGV_MAPERR) at 0x10", "sent by process 12 (uid 0)": nothing when nothing more is known. */
void put_signal_cause(struct text *t, const struct image *im);
/* "panic: a message (string), goroutine 1" */
void put_trouble(struct text *t, const struct trouble *w);

/* The name of a thread, as its language or the system knows it; NULL: none. */
const char *thread_name(struct session *s, const struct image_thread *th);

/* "goroutine", "task", "greenlet". */
const char *task_word(struct session *s, const struct tasks *of, const struct task *task);
/* "chan receive", "running, locked to thread" */
void put_task_state(struct text *t, struct session *s, const struct tasks *of, const struct task *task);
enum { TASK_LABELS_MAX = 64 }; /* that are shown of a task */
/* "labels": {"key": "value"}; nothing when it has none. */
void task_labels_json(struct json *j, struct session *s, const struct tasks *of, const struct task *task);

#endif
