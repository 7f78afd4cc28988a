/* SPDX-License-Identifier: Apache-2.0 */
/* Where goroutines are, and which of them are meant, by the rules of Delve. Threads: as session.h. */
#ifndef FRONT_GOROUTINE_H
#define FRONT_GOROUTINE_H

#include "base/text.h"
#include "session/tasks.h"

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
    taddr entry; /* of the function; 0 unknown */
};
/* `t` must have stacks. */
struct goroutine_at goroutine_at(struct session *s, const struct tasks *t, const struct task *task,
                                 enum goroutine_place place);
/* The physical frame that frame `i` of n is part of. */
struct goroutine_at goroutine_at_frame(const struct sframe *frames, size_t n, size_t i);
/* An address, looked up as it is. */
struct goroutine_at goroutine_at_address(struct session *s, taddr pc, taddr lookup);

/* The target's goroutines, with their stacks. ERR_NO_DATA: it has none; ERR_CANCELLED. */
struct err *goroutine_tasks(struct session *s, const struct tasks **out) MUST_CHECK;
/* By its number; NULL: there is none. */
const struct task *goroutine_find(const struct tasks *t, uint64_t id);

/* What goroutines are filtered and grouped by. */
enum goroutine_aspect { BY_NOTHING, BY_PLACE, BY_LABEL, BY_RUNNING, BY_USER, BY_CHANNEL };
struct goroutine_filter {
    enum goroutine_aspect by;
    enum goroutine_place place;
    bool negated;
    const char *arg; /* BY_PLACE: text in it; BY_LABEL: "key", or "key=value" (of groups: the key); NULL none */
    taddr channel;   /* with BY_CHANNEL */
};
bool goroutine_passes(struct session *s, const struct tasks *t, const struct task *task,
                      const struct goroutine_filter *f);
/* What the group is called that a goroutine belongs to. */
void goroutine_put_group(struct session *s, const struct tasks *t, const struct task *task,
                         const struct goroutine_filter *by, struct text *out);

#endif
