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
    bool *awaited; /* a task each: another waits for it */
    bool *written;
};

/* Tasks that one waits for. */
struct branch {
    uint32_t *v; /* heap */
    size_t n;
};

static struct branch branch_of(const struct tree *tree, uint32_t task)
{
    const struct task *t = &tree->of->v[task];
    struct branch b = {.n = session_task_awaits(tree->s, tree->of, t, NULL, 0)};
    b.v = xcalloc(b.n + 1, sizeof(*b.v));
    if (b.n)
        session_task_awaits(tree->s, tree->of, t, b.v, b.n);
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
    put_safe(t, session_task_state(tree->s, tree->of, task));
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
           !session_task_awaits(tree->s, tree->of, a, NULL, 0) && !session_task_awaits(tree->s, tree->of, b, NULL, 0);
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
                        .awaited = xcalloc(of->n + 1, sizeof(bool)),
                        .written = xcalloc(of->n + 1, sizeof(bool))};
    struct branch roots = {.v = xcalloc(of->n + 1, sizeof(*roots.v))};
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
    free(tree.awaited);
    free(tree.written);
}
