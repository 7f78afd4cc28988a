/* SPDX-License-Identifier: Apache-2.0 */
/* What a task began with, or what a deferred call is of, for its programmer. */
#include "session/code.h"
#include "session/priv.h"

enum { WRAPPER_BYTES = 1024, WRAPPER_INSTRUCTIONS = 200, INLINED_MAX = 64 };

/* A function of the program, not one that every function may call: to grow the stack, to panic. */
static bool is_program(const struct attached *a, taddr entry)
{
    struct src_frame f;
    taddr start = 0;
    if (!a->runtime->lines || !a->runtime->lines(a->rt, entry, &f, 1, &start) || start != entry)
        return false;
    return f.function && a->runtime->is_hidden && !a->runtime->is_hidden(a->rt, f.function, f.file);
}

/* A wrapper's instructions up to where it returns. False: its code is not there. */
static bool wrapper_code(struct session *s, taddr wrapper, struct instructions *out)
{
    struct err *e = session_disassemble(s, wrapper, wrapper + WRAPPER_BYTES, WRAPPER_INSTRUCTIONS, false, out);
    bool good = !e;
    err_free(e); /* without its code the wrapper is all that is known */
    for (size_t i = 0; good && i < out->n; i++)
        if (begins_with(out->v[i].text, "ret"))
            out->n = i;
    return good;
}

static bool calls_program(const struct attached *a, const struct instruction *i)
{
    return begins_with(i->text, "call") && i->has_target && is_program(a, i->target);
}

/* The first call of the program's code; the wrapper itself when none names its target. */
static taddr unwrap(struct session *s, const struct attached *a, taddr wrapper)
{
    struct instructions code;
    for (size_t i = 0; wrapper_code(s, wrapper, &code) && i < code.n; i++)
        if (calls_program(a, &code.v[i]))
            return code.v[i].target;
    return wrapper;
}

/* What it was made for may be inlined into it. */
const char *session_wrapped(struct session *s, const struct tasks *t, taddr entry, taddr *target)
{
    const struct attached *a = t->attached;
    struct instructions code;
    struct src_frame frames[INLINED_MAX];
    taddr start;
    *target = 0;
    if (!entry || !a->runtime->is_wrapper || !a->runtime->lines || !a->runtime->is_wrapper(a->rt, entry) ||
        !wrapper_code(s, entry, &code))
        return NULL;
    for (size_t i = 0; i < code.n; i++) {
        size_t n = a->runtime->lines(a->rt, code.v[i].pc, frames, INLINED_MAX, &start);
        if (n > 1 && n < INLINED_MAX)
            return frames[n - 2].function;
        if (calls_program(a, &code.v[i]) && a->runtime->lines(a->rt, code.v[i].target, frames, 1, &start)) {
            *target = code.v[i].target;
            return frames[0].function;
        }
    }
    return NULL;
}

taddr session_task_start(struct session *s, const struct tasks *t, const struct task *task)
{
    const struct attached *a = t->attached;
    if (!task->start || !a->runtime->is_wrapper)
        return task->start;
    const uint64_t *known = map64_find(&s->task_starts, task->start);
    if (known)
        return *known;
    taddr start = a->runtime->is_wrapper(a->rt, task->start) ? unwrap(s, a, task->start) : task->start;
    *map64_put(&s->task_starts, task->start, NULL) = start;
    return start;
}
