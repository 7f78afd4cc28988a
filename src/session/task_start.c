/* SPDX-License-Identifier: Apache-2.0 */
/* What a task began with, for its programmer. */
#include "session/code.h"
#include "session/priv.h"

enum { WRAPPER_BYTES = 1024, WRAPPER_INSTRUCTIONS = 200 };

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* A function of the program, not one that every function may call: to grow the stack, to panic. */
static bool is_program(const struct attached *a, taddr entry)
{
    struct src_frame f;
    taddr start = 0;
    if (!a->runtime->lines || !a->runtime->lines(a->rt, entry, &f, 1, &start) || start != entry)
        return false;
    return f.function && a->runtime->is_hidden && !a->runtime->is_hidden(a->rt, f.function, f.file);
}

/* The first call of the program's code up to the wrapper's end; the wrapper itself when none names its target. */
static taddr unwrap(struct session *s, const struct attached *a, taddr wrapper)
{
    struct instructions code;
    struct err *e = session_disassemble(s, wrapper, wrapper + WRAPPER_BYTES, WRAPPER_INSTRUCTIONS, false, &code);
    if (e) {
        err_free(e); /* without its code the wrapper is all that is known */
        return wrapper;
    }
    for (size_t i = 0; i < code.n && !begins(code.v[i].text, "ret"); i++)
        if (begins(code.v[i].text, "call") && code.v[i].has_target && is_program(a, code.v[i].target))
            return code.v[i].target;
    return wrapper;
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
