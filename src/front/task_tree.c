/* SPDX-License-Identifier: Apache-2.0 */
#include "front/task_tree.h"

#include <inttypes.h>

enum { DEPTH_MAX = 100, ALIKE_SHOWN = 3, INDENT = 2 };

struct tree {
    struct text *out;
    const struct screen *sc;
    struct session *s;
    const struct tasks *of;
    bool each;
    uint32_t *below, *n_below,
        *next; /* a task each: 1 + the first that returns to it, how many, 1 + another; 0: none */
    bool *awaited; /* a task each: another stands above it */
    bool *written;
};

/* Tasks that one waits for, and those after which it goes on. */
struct branch {
    uint32_t *v; /* heap */
    size_t n;
};

static struct branch branch_of(const struct tree *tree, uint32_t task)
{
    const struct task *t = &tree->of->v[task];
    size_t awaits = session_task_awaits(tree->s, tree->of, t, NULL, 0);
    struct branch b = {.v = xcalloc(awaits + tree->n_below[task] + 1, sizeof(*b.v))};
    if (awaits)
        b.n = session_task_awaits(tree->s, tree->of, t, b.v, awaits);
    for (uint32_t i = tree->below[task]; i; i = tree->next[i - 1])
        b.v[b.n++] = i - 1;
    return b;
}

static void put_place(struct tree *tree, const struct task *task)
{
    const struct sframe *f = session_task_outermost(tree->s, tree->of, task);
    if (!f)
        return;
    text_put(tree->out, "  ");
    put_coloured(tree->out, tree->sc, COLOUR_YELLOW, f->at->function ? f->at->function : "?");
    if (!f->at->file)
        return;
    text_putc(tree->out, ' ');
    put_coloured(tree->out, tree->sc, COLOUR_GREEN, path_tail(f->at->file, 1));
    text_printf(tree->out, ":%" PRIu32, f->at->line);
}

static void put_line(struct tree *tree, uint32_t i, unsigned depth, const char *behind)
{
    struct text *t = tree->out;
    const struct task *task = &tree->of->v[i];
    const char *name = session_task_name(tree->s, tree->of, task);
    text_printf(t, "%*s%" PRIu64, (int)(depth * INDENT), "", task->id);
    if (name) {
        text_put(t, " \"");
        put_safe(t, name);
        text_putc(t, '"');
    }
    text_put(t, " [");
    const char *reason = task->returns ? session_task_reason(tree->s, tree->of, task) : NULL;
    put_safe(t, reason ? reason : session_task_state(tree->s, tree->of, task));
    text_putc(t, ']');
    if (task->tid)
        text_printf(t, " on thread %" PRId32, task->tid);
    put_place(tree, task);
    text_printf(t, "%s\n", behind);
}

/* Does nothing stand below a task that differs from what stands below `other`: both wait for no task, in one place? */
static bool is_alike(const struct tree *tree, uint32_t task, uint32_t other)
{
    const struct task *a = &tree->of->v[task], *b = &tree->of->v[other];
    const struct sframe *x = session_task_outermost(tree->s, tree->of, a),
                        *y = session_task_outermost(tree->s, tree->of, b);
    return a->state == b->state && !a->tid && !b->tid && x && y && x->at == y->at &&
           !session_task_awaits(tree->s, tree->of, a, NULL, 0) && !tree->n_below[task] &&
           !session_task_awaits(tree->s, tree->of, b, NULL, 0) && !tree->n_below[other];
}

static void put_branch(struct tree *tree, const struct branch *b, unsigned depth);

static void put_task(struct tree *tree, uint32_t i, unsigned depth)
{
    struct branch below = branch_of(tree, i);
    bool again = tree->written[i] && below.n;
    const char *behind = again ? "  (above)" : depth == DEPTH_MAX && below.n ? "  (too deep)" : "";
    put_line(tree, i, depth, behind);
    tree->written[i] = true;
    if (!*behind)
        put_branch(tree, &below, depth + 1);
    free(below.v);
}

static void put_branch(struct tree *tree, const struct branch *b, unsigned depth)
{
    for (size_t i = 0; i < b->n;) {
        size_t alike = 1;
        while (!tree->each && i + alike < b->n && is_alike(tree, b->v[i + alike], b->v[i]))
            alike++;
        for (size_t k = 0; k < alike; k++) {
            if (alike > ALIKE_SHOWN + 1 && k >= ALIKE_SHOWN)
                tree->written[b->v[i + k]] = true;
            else
                put_task(tree, b->v[i + k], depth);
        }
        if (alike > ALIKE_SHOWN + 1) {
            text_printf(tree->out, "%*sand ", (int)(depth * INDENT), "");
            put_grouped(tree->out, alike - ALIKE_SHOWN);
            text_put(tree->out, " more like the last\n");
        }
        i += alike;
    }
}

/* Links the tasks that return to another, in their order. */
static void link_below(struct tree *tree)
{
    struct map64 ids = {0};
    for (uint32_t i = 0; i < tree->of->n; i++)
        *map64_put(&ids, tree->of->v[i].id, NULL) = i;
    for (uint32_t i = (uint32_t)tree->of->n; i-- > 0;) {
        const struct task *t = &tree->of->v[i];
        const uint64_t *above = t->returns ? map64_find(&ids, t->parent) : NULL;
        if (!above)
            continue;
        tree->next[i] = tree->below[*above];
        tree->below[*above] = i + 1;
        tree->n_below[*above]++;
    }
    map64_done(&ids);
}

static void note_awaited(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->of->n; i++) {
        struct branch b = branch_of(tree, i);
        for (size_t k = 0; k < b.n; k++)
            tree->awaited[b.v[k]] = true;
        free(b.v);
    }
}

void task_tree_put(struct text *t, const struct screen *sc, struct session *s, const struct tasks *of, bool each)
{
    struct tree tree = {.out = t,
                        .sc = sc,
                        .s = s,
                        .of = of,
                        .each = each,
                        .below = xcalloc(of->n + 1, sizeof(uint32_t)),
                        .n_below = xcalloc(of->n + 1, sizeof(uint32_t)),
                        .next = xcalloc(of->n + 1, sizeof(uint32_t)),
                        .awaited = xcalloc(of->n + 1, sizeof(bool)),
                        .written = xcalloc(of->n + 1, sizeof(bool))};
    struct branch roots = {.v = xcalloc(of->n + 1, sizeof(*roots.v))};
    link_below(&tree);
    note_awaited(&tree);
    for (uint32_t i = 0; i < of->n; i++)
        if (!tree.awaited[i])
            roots.v[roots.n++] = i;
    put_branch(&tree, &roots, 0);
    /* Those that wait for each other in a circle have no root. */
    for (uint32_t i = 0; i < of->n; i++)
        if (!tree.written[i])
            put_task(&tree, i, 0);
    free(roots.v);
    free(tree.below);
    free(tree.n_below);
    free(tree.next);
    free(tree.awaited);
    free(tree.written);
}
