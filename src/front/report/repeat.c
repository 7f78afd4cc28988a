/* SPDX-License-Identifier: Apache-2.0 */
#include "front/report/repeat.h"

#include "base/map.h"

/* Cycles of more than PERIOD_MAX functions are shown frame by frame; so is what is short enough to read. */
enum { PERIOD_MAX = 8, TIMES_MIN = 4, FRAMES_MIN = 8 };

static bool same_place(const struct sframe *a, const struct sframe *b)
{
    return a->at == b->at && a->kind == b->kind;
}

static bool same_function(const struct sframe *a, const struct sframe *b)
{
    return a->kind == b->kind && a->at->module == b->at->module && a->at->function == b->at->function &&
           (a->at->function || a->pc == b->pc);
}

/* Frames that stand for themselves. */
static bool stands_alone(const struct sstack *st, size_t i)
{
    return i == 0 || st->frames[i].kind == FRAME_SIGNAL || st->frames[i - 1].kind == FRAME_SIGNAL;
}

static size_t times_repeated(const struct sstack *st, size_t i, size_t period,
                             bool (*same)(const struct sframe *, const struct sframe *))
{
    size_t end = i + period;
    while (end < st->n && !stands_alone(st, end) && same(&st->frames[end], &st->frames[end - period]))
        end++;
    return (end - i) / period;
}

static bool find_cycle(const struct sstack *st, size_t i, struct stretch *out,
                       bool (*same)(const struct sframe *, const struct sframe *))
{
    for (size_t period = 1; period <= PERIOD_MAX && i + period < st->n; period++) {
        if (stands_alone(st, i + period - 1))
            break;
        size_t times = times_repeated(st, i, period, same);
        if (times >= TIMES_MIN && times * period >= FRAMES_MIN) {
            *out = (struct stretch){.first = i, .period = period, .times = times};
            return true;
        }
    }
    return false;
}

struct stretch stretch_at(const struct sstack *st, size_t i)
{
    struct stretch found = {.first = i, .period = 1, .times = 1};
    if (!find_cycle(st, i, &found, same_place))
        find_cycle(st, i, &found, same_function);
    return found;
}

/* Equal strings are one pointer within a session. */
static bool same_shown(const struct splace *a, const struct splace *b)
{
    return a == b || (a->function && a->function == b->function && a->module == b->module && a->file == b->file &&
                      a->line == b->line);
}

static bool same_stack(const struct sstack *a, const struct sstack *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->frames[i].kind != b->frames[i].kind || !same_shown(a->frames[i].at, b->frames[i].at))
            return false;
    return true;
}

static uint64_t stack_hash(const struct sstack *st)
{
    uint64_t h = st->n;
    for (size_t i = 0; i < st->n; i++) {
        const struct splace *at = st->frames[i].at;
        /* Only what same_shown() compares: without a name that is the place itself. */
        uint64_t key[3] = {h, (uint64_t)(uintptr_t)(at->function ? (const void *)at->function : at), at->line};
        h = hash_bytes(key, sizeof(key));
    }
    return h;
}

/* While groups are made. Groups are named by index + 1, 0 is none. */
struct chain {
    size_t first; /* index of its first stack */
    size_t n, next_same_hash;
};

static size_t find_chain(const struct sstack *stacks, const struct chain *chains, size_t head, size_t i)
{
    for (size_t c = head; c; c = chains[c - 1].next_same_hash)
        if (same_stack(&stacks[chains[c - 1].first], &stacks[i]))
            return c;
    return 0;
}

static int by_importance(const void *a, const void *b)
{
    const struct stack_group *x = a, *y = b;
    bool cx = x->stacks[0]->crashed, cy = y->stacks[0]->crashed;
    if (cx != cy)
        return cx ? -1 : 1;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->stacks < y->stacks ? -1 : x->stacks > y->stacks;
}

struct stack_groups group_stacks(const struct sstack *stacks, size_t n)
{
    SCOPED(freep) struct chain *chains = xcalloc(n + 1, sizeof(*chains));
    SCOPED(freep) size_t *member_of = xcalloc(n + 1, sizeof(*member_of));
    struct map64 by_hash = {0};
    struct stack_groups g = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t *head = map64_put(&by_hash, stack_hash(&stacks[i]), NULL);
        size_t c = find_chain(stacks, chains, (size_t)*head, i);
        if (!c) {
            c = ++g.n;
            chains[c - 1] = (struct chain){.first = i, .next_same_hash = (size_t)*head};
            *head = c;
        }
        chains[c - 1].n++;
        member_of[i] = c - 1;
    }
    map64_done(&by_hash);

    g.v = xcalloc(g.n + 1, sizeof(*g.v));
    g.order = xcalloc(n + 1, sizeof(const struct sstack *));
    size_t at = 0;
    for (size_t c = 0; c < g.n; c++) {
        g.v[c].stacks = g.order + at;
        at += chains[c].n;
    }
    for (size_t i = 0; i < n; i++) {
        struct stack_group *group = &g.v[member_of[i]];
        g.order[(size_t)(group->stacks - g.order) + group->n++] = &stacks[i];
    }
    qsort(g.v, g.n, sizeof(*g.v), by_importance);
    return g;
}

void stack_groups_done(struct stack_groups *g)
{
    free(g->v);
    free(g->order);
}
