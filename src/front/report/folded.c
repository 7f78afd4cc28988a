/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks for flame graphs. */
#include "front/report/tasks.h"

#include "base/arena.h"
#include <inttypes.h>
#include <string.h>

static void text_donep(struct text *t)
{
    text_done(t);
}

/* Folded: one line a distinct stack. Its syntax has ';' between frames and a space before the count. */

static void put_folded_name(struct text *t, const char *s)
{
    size_t from = t->n;
    put_safe(t, s);
    for (size_t i = from; i < t->n; i++)
        if (t->p[i] == ';')
            t->p[i] = ':';
}

static void put_folded_frames(struct text *t, const struct report *r, const struct sstack *st)
{
    bool all = call_has(r->call, "all-frames") || call_has(r->call, "native");
    for (size_t i = st->n; i-- > 0;) {
        const struct sframe *f = &st->frames[i];
        if (!all && i && session_frame_hidden(r->session, f))
            continue;
        text_putc(t, ';');
        if (f->at->function)
            put_folded_name(t, f->at->function);
        else if (f->at->module)
            text_printf(t, "[%s+0x%" PRIx64 "]", path_tail(f->at->module->name, 1),
                        module_offset(f->at->module, f->pc));
        else
            text_printf(t, "[0x%" PRIx64 "]", f->pc);
    }
}

/* Lines and how often each is there, in the order they were met. */
struct folded {
    struct arena arena;
    struct mapstr counts;
    VEC(const char *) lines;
};

static void folded_done(struct folded *f)
{
    vec_done(&f->lines);
    mapstr_done(&f->counts);
    arena_done(&f->arena);
}

/* Takes the text. */
static void folded_add(struct folded *f, struct text *t, uint64_t times)
{
    const char *line = arena_strndup(&f->arena, text_str(t), t->n);
    bool fresh;
    *mapstr_put(&f->counts, line, t->n, &fresh) += times;
    if (fresh)
        *vec_push(&f->lines) = line;
    text_clear(t);
}

static void add_thread(struct folded *out, struct text *t, const struct report *r, const struct sstack *st)
{
    const char *name = thread_name(r->session, st->thread);
    if (name)
        put_folded_name(t, name);
    else
        text_put(t, "thread");
    put_folded_frames(t, r, st);
    folded_add(out, t, 1);
}

/* Goroutines by their stacks; the threads that run them are no lines of their own. */
static void add_tasks(struct folded *out, struct text *t, const struct report *r, const struct tasks *of,
                      struct map64 *busy)
{
    SCOPED(task_list_done) struct task_list l = task_list_make(r, of);
    SCOPED(task_groups_done) struct task_groups g = task_groups_make(r, &l, TASK_BY_STACK);
    for (size_t i = 0; i < of->n; i++)
        if (of->v[i].tid)
            map64_put(busy, (uint64_t)of->v[i].tid, NULL);
    for (uint32_t k = 0; k < g.n; k++) {
        uint32_t first = g.v[k].v[0];
        const struct sstack *thread = task_thread(r, &of->v[first]);
        struct sstack own = task_stack_of(r, of, of->stack[first]);
        text_put(t, task_word(r->session, of, &of->v[first]));
        put_folded_frames(t, r, thread ? thread : &own);
        folded_add(out, t, g.v[k].n);
    }
}

struct err *stack_write_folded(const struct report *r)
{
    FILE *out = call_output(r->call);
    SCOPED(text_donep) struct text t = {0};
    SCOPED(folded_done) struct folded f = {0};
    struct map64 busy = {0};
    for (size_t i = 0; i < r->n_runtimes; i++)
        add_tasks(&f, &t, r, &r->tasks[i], &busy);
    for (size_t i = 0; i < r->n_stacks && !call_has(r->call, "goroutine"); i++)
        if (r->stacks[i].n && !map64_find(&busy, (uint64_t)r->stacks[i].thread->tid))
            add_thread(&f, &t, r, &r->stacks[i]);
    map64_done(&busy);
    for (size_t i = 0; i < f.lines.n; i++) {
        const char *line = f.lines.v[i];
        text_printf(&t, "%s %" PRIu64 "\n", line, *mapstr_find(&f.counts, line, strlen(line)));
        TRY(report_flush(&t, out));
    }
    return NULL;
}
