/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines for people. A million of them have some dozens of stacks: each is made into text once. */
#include "front/report/tasks.h"
#include "front/task_tree.h"

#include <inttypes.h>
#include <string.h>

enum {
    IDS_SHOWN = 16,
    EXAMPLES = 5,
    FLUSH = 1 << 16,
    KEPT_MAX = 1 << 26,
    AWAITS_SHOWN = 8,
    SECOND = 1000000000, /* ns */
};

struct showing {
    struct stack_layout *l;
    const struct report *r;
    const struct task_list *list;
    FILE *out;
};

/* ---- heads ---- */

static void put_made(struct text *t, const struct showing *s, const struct task *task)
{
    const struct splace *at = task_made_at(s->r, task);
    if (!at)
        return;
    text_put(t, " created by ");
    put_safe(t, at->function);
}

/* "Goroutine", "goroutines". */
static void put_word(struct text *t, const struct showing *s, const struct task *task, bool capital, bool many)
{
    const char *word = task_word(s->r->session, s->list->of, task);
    text_putc(t, capital ? (char)(word[0] - 'a' + 'A') : word[0]);
    text_put(t, word + 1);
    if (many)
        text_putc(t, 's');
}

/* "Goroutine 34" */
static void put_number(struct text *t, const struct showing *s, const struct task *task)
{
    struct text head = {0};
    put_word(&head, s, task, true, false);
    text_printf(&head, " %" PRIu64, task->id);
    put_coloured(t, s->l->sc, COLOUR_BOLD, text_str(&head));
    text_done(&head);
}

static void put_state(struct text *t, const struct showing *s, const struct task *task)
{
    text_put(t, " [");
    put_task_state(t, s->r->session, s->list->of, task);
    text_putc(t, ']');
}

static void put_thread(struct text *t, const struct showing *s, const struct task *task, const struct sstack *thread)
{
    if (!task->tid)
        return;
    text_printf(t, " on thread %" PRId32, task->tid);
    const char *name = thread ? thread_name(s->r->session, thread->thread) : NULL;
    if (name) {
        text_put(t, " \"");
        put_safe(t, name);
        text_putc(t, '"');
    }
    if (thread && thread->crashed)
        put_coloured(t, s->l->sc, COLOUR_RED, " (crashed)");
}

static void put_labels(struct text *t, const struct showing *s, const struct task *task)
{
    struct text labels = {0};
    task_labels_put(&labels, s->r, s->list->of, task);
    text_put(t, labels.n ? ", labels " : "");
    text_put(t, text_str(&labels));
    text_done(&labels);
}

/* " \"name\"" */
static void put_name(struct text *t, const struct showing *s, const struct task *task)
{
    const char *name = session_task_name(s->r->session, s->list->of, task);
    if (!name)
        return;
    text_put(t, " \"");
    put_safe(t, name);
    text_putc(t, '"');
}

/* " waits for task 4 \"name\", task 5" */
static void put_awaits(struct text *t, const struct showing *s, const struct task *task)
{
    uint32_t on[AWAITS_SHOWN];
    size_t n = session_task_awaits(s->r->session, s->list->of, task, on, AWAITS_SHOWN);
    for (size_t i = 0; i < n && i < AWAITS_SHOWN; i++) {
        const struct task *other = &s->list->of->v[on[i]];
        text_printf(t, "%s %s %" PRIu64, i ? "," : " waits for", task_word(s->r->session, s->list->of, other),
                    other->id);
        put_name(t, s, other);
    }
    if (n > AWAITS_SHOWN)
        text_printf(t, " and %zu more", n - AWAITS_SHOWN);
}

/* ", waiting for about 5 min"; nothing when that is not known, or short. */
static void put_waited(struct text *t, uint64_t ns, bool one_of_many)
{
    if (ns < SECOND)
        return;
    text_put(t, one_of_many ? ", one waiting for about " : ", waiting for about ");
    put_duration(t, ns);
}

/* What no other task has; ends the line. */
static void put_own(struct text *t, const struct showing *s, const struct task *task)
{
    put_awaits(t, s, task);
    if (task->parent)
        text_printf(t, " %s %s %" PRIu64, task->returns ? "below" : "in", task_word(s->r->session, s->list->of, task),
                    task->parent);
    put_labels(t, s, task);
    put_waited(t, session_task_waited(s->r->session, task), false);
    text_putc(t, '\n');
}

static void put_head(struct text *t, const struct showing *s, const struct task *task)
{
    put_number(t, s, task);
    put_name(t, s, task);
    put_state(t, s, task);
    put_thread(t, s, task, task_thread(s->r, task));
    put_made(t, s, task);
    put_own(t, s, task);
}

/* "12 goroutines [chan receive] created by main.main: 34, 35, ... and 7 more" */
static void put_group_head(struct text *t, const struct showing *s, const struct task_group *g)
{
    struct text head = {0};
    const struct task *first = &s->list->of->v[g->v[0]];
    uint64_t longest = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        uint64_t waited = session_task_waited(s->r->session, &s->list->of->v[g->v[i]]);
        longest = waited > longest ? waited : longest;
    }
    put_grouped(&head, g->n);
    text_putc(&head, ' ');
    put_word(&head, s, first, false, true);
    put_coloured(t, s->l->sc, COLOUR_BOLD, text_str(&head));
    text_done(&head);
    put_state(t, s, first);
    put_made(t, s, first);
    put_waited(t, longest, true);
    for (uint32_t i = 0; i < g->n && i < IDS_SHOWN; i++)
        text_printf(t, "%s %" PRIu64, i ? "," : ":", s->list->of->v[g->v[i]].id);
    if (g->n > IDS_SHOWN) {
        text_put(t, " and ");
        put_grouped(t, g->n - IDS_SHOWN);
        text_put(t, " more");
    }
    text_putc(t, '\n');
}

/* ---- stacks ---- */

static struct err *put_stack(struct text *t, const struct showing *s, uint32_t i, FILE *out)
{
    const struct task *task = &s->list->of->v[i];
    const struct sstack *st = task_thread(s->r, task);
    struct sstack own;
    if (s->r->full || s->r->locals)
        TRY(session_task_stack(s->r->session, s->list->of, task, &st));
    if (!st) {
        own = task_stack_of(s->r, s->list->of, s->list->of->stack[i]);
        st = &own;
    }
    TRY(stack_frames_put(t, s->l, st, out));
    return s->r->full ? task_calls_put(t, s->r, s->list->of, task) : NULL;
}

static struct err *put_task(struct text *t, const struct showing *s, uint32_t i)
{
    text_putc(t, '\n');
    put_head(t, s, &s->list->of->v[i]);
    return put_stack(t, s, i, s->out);
}

static bool is_crashed(const struct showing *s, uint32_t i)
{
    const struct sstack *thread = task_thread(s->r, &s->list->of->v[i]);
    return thread && thread->crashed;
}

/* Equal ones together: those that threads run first, since that is where something happens. */
static struct err *put_folded(struct text *t, const struct showing *s)
{
    SCOPED(task_groups_done) struct task_groups g = task_groups_make(s->r, s->list, TASK_BY_LOOK);
    for (int pass = 0; pass < 3; pass++) {
        for (uint32_t k = 0; k < g.n; k++) {
            uint32_t first = g.v[k].v[0];
            int when = is_crashed(s, first) ? 0 : s->list->of->v[first].tid ? 1 : 2;
            if (when != pass)
                continue;
            if (g.v[k].n == 1) {
                TRY(put_task(t, s, first));
                continue;
            }
            text_putc(t, '\n');
            put_group_head(t, s, &g.v[k]);
            TRY(put_stack(t, s, first, s->out));
        }
    }
    return NULL;
}

/* Each with its stack. Of those that look the same, what all of them have is copied. */
struct look {
    char *head, *stack; /* heap; NULL: not made yet, or not kept */
    size_t n_head, n_stack;
};

static struct err *make_look(const struct showing *s, uint32_t i, struct look *out)
{
    struct text t = {0};
    const struct task *task = &s->list->of->v[i];
    put_state(&t, s, task);
    put_made(&t, s, task);
    out->n_head = t.n;
    out->head = text_take(&t);
    struct err *e = put_stack(&t, s, i, NULL);
    out->n_stack = t.n;
    out->stack = text_take(&t);
    return e;
}

static void put_copy(struct text *t, const struct showing *s, const struct task *task, const struct look *look)
{
    text_putc(t, '\n');
    put_number(t, s, task);
    put_name(t, s, task);
    text_putn(t, look->head, look->n_head);
    put_own(t, s, task);
    text_putn(t, look->stack, look->n_stack);
}

static struct err *put_looks(struct text *t, const struct showing *s, const struct task_groups *g, struct look *looks)
{
    size_t kept = 0;
    for (uint32_t i = 0; i < s->list->n; i++) {
        uint32_t k = g->of[i], index = s->list->v[i];
        const struct task *task = &s->list->of->v[index];
        if (g->v[k].n > 1 && !task->tid && !looks[k].head && kept < KEPT_MAX) {
            TRY(make_look(s, index, &looks[k]));
            kept += looks[k].n_head + looks[k].n_stack;
        }
        if (looks[k].head)
            put_copy(t, s, task, &looks[k]);
        else if (!is_crashed(s, index))
            TRY(put_task(t, s, index));
        if (t->n > FLUSH)
            TRY(report_flush(t, s->out));
    }
    return NULL;
}

static struct err *put_each(struct text *t, const struct showing *s)
{
    SCOPED(task_groups_done) struct task_groups g = task_groups_make(s->r, s->list, TASK_BY_LOOK);
    for (uint32_t i = 0; i < s->list->n; i++)
        if (is_crashed(s, s->list->v[i]))
            TRY(put_task(t, s, s->list->v[i]));
    struct look *looks = xcalloc(g.n, sizeof(*looks));
    struct err *e = put_looks(t, s, &g, looks);
    for (uint32_t k = 0; k < g.n; k++) {
        free(looks[k].head);
        free(looks[k].stack);
    }
    free(looks);
    return e;
}

/* ---- groups ---- */

static struct err *put_group(struct text *t, const struct showing *s, const struct task_group *g, enum task_key key)
{
    static const char *const lead[] = {
        [TASK_BY_LOOK] = " ",
        [TASK_BY_STACK] = " ",
        [TASK_BY_USER] = " at ",
        [TASK_BY_GO] = " created by ",
        [TASK_BY_START] = " began with ",
        [TASK_BY_STATE] = " [",
        [TASK_BY_LABEL] = " with ",
    };
    struct text head = {0};
    put_grouped(&head, g->n);
    text_putc(&head, ' ');
    put_word(&head, s, &s->list->of->v[g->v[0]], false, g->n > 1);
    text_putc(t, '\n');
    put_coloured(t, s->l->sc, COLOUR_BOLD, text_str(&head));
    text_done(&head);
    if (g->name) {
        text_put(t, lead[key]);
        put_safe(t, g->name);
        text_put(t, key == TASK_BY_STATE ? "]\n" : "\n");
    } else {
        text_put(t, " with this stack\n");
        TRY(put_stack(t, s, g->v[0], s->out));
    }
    for (uint32_t i = 0; i < g->n && i < EXAMPLES; i++) {
        text_printf(t, "%*s", NUMBER_COLUMN + 2, "");
        put_head(t, s, &s->list->of->v[g->v[i]]);
    }
    if (g->n > EXAMPLES) {
        text_printf(t, "%*sand ", NUMBER_COLUMN + 2, "");
        put_grouped(t, g->n - EXAMPLES);
        text_put(t, " more\n");
    }
    return report_flush(t, s->out);
}

static struct err *put_groups(struct text *t, const struct showing *s, enum task_key key)
{
    SCOPED(task_groups_done) struct task_groups g = task_groups_make(s->r, s->list, key);
    task_groups_sort(&g);
    for (uint32_t k = 0; k < g.n; k++)
        TRY(put_group(t, s, &g.v[k], key));
    return NULL;
}

/* ---- all ---- */

static void measure_all(struct stack_layout *l, const struct tasks *of)
{
    struct map64 seen = {0};
    for (size_t i = 0; i < of->n_stacks; i++) {
        struct sstack st = {.frames = of->stacks[i].frames, .n = of->stacks[i].n};
        stack_measure(l, &st, &seen);
    }
    map64_done(&seen);
}

static struct err *put_runtime(struct text *t, struct stack_layout *l, const struct tasks *of, FILE *out)
{
    SCOPED(task_list_done) struct task_list list = task_list_make(l->r, of);
    struct showing s = {.l = l, .r = l->r, .list = &list, .out = out};
    enum task_key key;
    measure_all(l, of);
    if (task_groups_asked(l->r, &key))
        TRY(put_groups(t, &s, key));
    else if (call_has(l->r->call, "each"))
        TRY(put_each(t, &s));
    else
        TRY(put_folded(t, &s));
    if (list.n_system) {
        text_printf(t, "\n%" PRIu32 " ", list.n_system);
        put_word(t, &s, &of->v[0], false, list.n_system > 1);
        text_put(t, " of the runtime: --system shows them\n");
    }
    return report_flush(t, out);
}

/* Does a goroutine run on it? Then it was shown, or left out with that. */
static bool runs_task(const struct map64 *busy, const struct sstack *st)
{
    return map64_find(busy, (uint64_t)st->thread->tid) != NULL;
}

static bool has_language(const struct sstack *st)
{
    for (size_t i = 0; i < st->n; i++)
        if (st->frames[i].kind == FRAME_LANGUAGE)
            return true;
    return false;
}

static struct err *put_thread_stack(struct text *t, struct stack_layout *l, const struct sstack *st, FILE *out)
{
    /* All of a thread that runs no task is of interest, but for an interpreter's frames beside those of the program. */
    struct stack_layout whole = *l;
    whole.hide = l->hide && has_language(st);
    text_putc(t, '\n');
    stack_thread_head_put(t, &whole, st);
    return stack_frames_put(t, &whole, st, out);
}

/* The threads that run none. */
static struct err *put_threads(struct text *t, struct stack_layout *l, const struct map64 *busy, FILE *out)
{
    const struct report *r = l->r;
    size_t n = 0, n_language = 0;
    struct stack_layout whole = *l;
    whole.hide = false;
    bool group = call_has(r->call, "group");
    SCOPED(freep) struct sstack *free_threads = xcalloc(r->n_stacks, sizeof(*free_threads));
    SCOPED(freep) struct sstack *language = xcalloc(r->n_stacks, sizeof(*language));
    for (size_t i = 0; i < r->n_stacks; i++) {
        if (runs_task(busy, &r->stacks[i]) || r->stacks[i].crashed)
            continue;
        if (!has_language(&r->stacks[i]))
            free_threads[n++] = r->stacks[i];
        else if (group)
            language[n_language++] = r->stacks[i];
        else
            TRY(put_thread_stack(t, l, &r->stacks[i], out));
    }
    TRY(stack_groups_put(t, l, language, n_language, out));
    return stack_groups_put(t, &whole, free_threads, n, out);
}

/* Does it run the scheduler alone? The last frames may be the C library's, which began the thread. */
static bool runs_scheduler(const struct report *r, const struct sstack *st)
{
    size_t n = st->n;
    while (n && !session_frame_hidden(r->session, &st->frames[n - 1]))
        n--;
    for (size_t i = 0; i < n; i++)
        if (st->frames[i].kind != FRAME_SIGNAL && !session_frame_hidden(r->session, &st->frames[i]))
            return false;
    return n != 0;
}

/* The crashed thread, if it runs none. */
static const struct sstack *crashed_thread(const struct report *r, const struct map64 *busy)
{
    return r->n_stacks && r->stacks[0].crashed && !runs_task(busy, &r->stacks[0]) ? &r->stacks[0] : NULL;
}

static struct err *put_trees(struct text *t, const struct stack_layout *l)
{
    const struct report *r = l->r;
    for (size_t i = 0; i < r->n_runtimes; i++) {
        text_putc(t, '\n');
        task_tree_put(t, l->sc, r->session, &r->tasks[i], call_has(r->call, "each"));
    }
    return NULL;
}

static struct err *put_all(struct text *t, struct stack_layout *l, const struct map64 *busy, FILE *out)
{
    const struct report *r = l->r;
    bool tasks_only = call_has(r->call, "goroutine") || call_has(r->call, "by");
    if (call_has(r->call, "tree"))
        return put_trees(t, l);
    const struct sstack *crashed = tasks_only ? NULL : crashed_thread(r, busy);
    /* What a deadlock is found by, or a signal to the process met, is not where it went wrong. */
    bool later = crashed && runs_scheduler(r, crashed);
    if (crashed && !later)
        TRY(put_thread_stack(t, l, crashed, out));
    for (size_t i = 0; i < r->n_runtimes; i++)
        TRY(put_runtime(t, l, &r->tasks[i], out));
    if (later)
        TRY(put_thread_stack(t, l, crashed, out));
    return tasks_only ? NULL : put_threads(t, l, busy, out);
}

struct err *tasks_put(struct text *t, struct stack_layout *l, FILE *out)
{
    struct map64 busy = {0};
    for (size_t i = 0; i < l->r->n_runtimes; i++)
        for (size_t k = 0; k < l->r->tasks[i].n; k++)
            if (l->r->tasks[i].v[k].tid)
                map64_put(&busy, (uint64_t)l->r->tasks[i].v[k].tid, NULL);
    struct err *e = put_all(t, l, &busy, out);
    map64_done(&busy);
    return e;
}
