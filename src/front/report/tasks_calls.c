/* SPDX-License-Identifier: Apache-2.0 */
/* inquest stack --full: the calls that a task's frames make when they are left, and who made the task. */
#include "front/report/tasks.h"
#include "session/values.h"

#include <inttypes.h>

static struct err *find_calls(const struct report *r, const struct tasks *of, const struct task *task,
                              const struct sstack **st, const struct deferred **out, size_t *n)
{
    struct err *e = session_task_stack(r->session, of, task, st);
    if (!e)
        e = session_deferred(r->session, of, task, *st, out, n);
    if (!e || e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* without registers nothing is known of its frames */
    *n = 0;
    return NULL;
}

/* The frame that makes it, by its number; the number of frames: none of them does. */
static size_t frame_of(const struct sstack *st, const struct deferred *d)
{
    size_t i = 0;
    while (i < st->n && (st->frames[i].physical != d->physical || st->frames[i].kind == FRAME_INLINED))
        i++;
    return i;
}

/* What is called: for who wrote the program. */
static const char *callee(const struct report *r, const struct tasks *of, const struct deferred *d,
                          const struct splace **at)
{
    const struct splace *outer = NULL;
    taddr target;
    const char *wrapped = session_wrapped(r->session, of, d->of.function, &target);
    *at = session_task_place(r->session, d->of.function, &outer);
    return wrapped ? wrapped : outer ? outer->function : NULL;
}

struct err *task_calls_put(struct text *t, const struct report *r, const struct tasks *of, const struct task *task)
{
    const struct sstack *st;
    const struct deferred *v;
    size_t n;
    TRY(find_calls(r, of, task, &st, &v, &n));
    for (size_t i = 0; i < n; i++) {
        const struct splace *at;
        const char *name = callee(r, of, &v[i], &at);
        size_t frame = frame_of(st, &v[i]);
        text_put(t, v[i].of.running ? "  being called" : "  deferred");
        if (frame < st->n)
            text_printf(t, " by #%zu", frame);
        text_put(t, ": ");
        put_safe(t, name ? name : "a function that is not known");
        if (at && at->file) {
            text_put(t, "  ");
            put_safe(t, at->file);
            text_printf(t, ":%" PRIu32, at->line);
        }
        text_putc(t, '\n');
    }
    session_forget_values(r->session);
    return NULL;
}

static void call_json(struct json *j, const struct report *r, const struct tasks *of, const struct sstack *st,
                      const struct deferred *d)
{
    const struct splace *at, *made = d->of.made_at ? session_task_place(r->session, d->of.made_at - 1, NULL) : NULL;
    size_t frame = frame_of(st, d);
    json_object_begin(j);
    json_kv_string(j, "function", callee(r, of, d, &at));
    json_kv_string(j, "file", at ? at->file : NULL);
    if (at && at->line)
        json_kv_u64(j, "line", at->line);
    if (frame < st->n)
        json_kv_u64(j, "frame", frame);
    if (made && made->line)
        json_kv_u64(j, "deferred_at", made->line);
    if (d->of.running)
        json_kv_bool(j, "running", true);
    json_object_end(j);
}

static struct err *ancestors_json(struct json *j, const struct report *r, const struct tasks *of,
                                  const struct task *task)
{
    const struct ancestor *v;
    size_t n;
    TRY(session_task_ancestors(r->session, of, task, &v, &n));
    if (!n)
        return NULL;
    json_key(j, "ancestors");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        struct report plain = *r; /* no registers are kept of the past */
        struct sstack st = {.frames = v[i].frames, .n = v[i].n};
        plain.full = false;
        json_object_begin(j);
        json_kv_u64(j, "id", v[i].id);
        TRY(stack_frames_json(j, &plain, &st));
        json_object_end(j);
    }
    json_array_end(j);
    return NULL;
}

struct err *task_calls_json(struct json *j, const struct report *r, const struct tasks *of, const struct task *task)
{
    const struct sstack *st;
    const struct deferred *v;
    size_t n;
    TRY(find_calls(r, of, task, &st, &v, &n));
    if (n) {
        json_key(j, "deferred");
        json_array_begin(j);
        for (size_t i = 0; i < n; i++)
            call_json(j, r, of, st, &v[i]);
        json_array_end(j);
    }
    session_forget_values(r->session);
    return ancestors_json(j, r, of, task);
}
