/* SPDX-License-Identifier: Apache-2.0 */
/* All goroutines as tasks, from their records (runtime/runtime2.go). */
#include "rt/go/priv.h"

enum { CHUNK = 1 << 14 };

/* ---- tasks ---- */

static enum task_state state_of(uint32_t status)
{
    switch ((enum go_status)status) {
    case G_RUNNING:
        return TASK_RUNNING;
    case G_RUNNABLE:
        return TASK_RUNNABLE;
    case G_SYSCALL:
        return TASK_SYSCALL;
    case G_WAITING:
    case G_LEAKED:
        return TASK_WAITING;
    case G_IDLE:
    case G_MORIBUND:
    case G_DEAD:
    case G_ENQUEUE:
    case G_COPYSTACK:
    case G_PREEMPTED:
    case G_DEAD_EXTRA:
    case G_SCAN:
        break;
    }
    return TASK_OTHER;
}

/* As runtime.isSystemGoroutine (runtime/traceback.go): by the function that it began with. */
static bool is_system(struct rt *rt, taddr start)
{
    static const char *const not_system[] = {"runtime.main", "runtime.corostart", "runtime.handleAsyncEvent"};
    bool fresh;
    uint64_t *slot = map64_put(&rt->system_starts, start, &fresh);
    if (!fresh)
        return *slot;
    const struct go_module *m;
    struct go_function f;
    bool system = go_function_at(rt, start, &m, &f) && begins_with(f.name, "runtime.");
    for (size_t i = 0; system && i < ARRAY_LEN(not_system); i++)
        system = strcmp(f.name, not_system[i]) != 0;
    *slot = system;
    return system;
}

static bool make_task(const struct rt *rt, const struct map64 *running, struct go_ahead *ahead, taddr at,
                      struct task *t)
{
    struct go_g g;
    const struct go_layout *l = rt->layout;
    if (!go_g_read_ahead(rt, ahead, at, &g))
        return false;
    uint32_t status = go_status(rt, &g);
    if (status == G_IDLE || status == G_DEAD || status == G_DEAD_EXTRA)
        return false;
    *t = (struct task){
        .id = go_g_word(&g, l->g_goid),
        .object = at,
        .created_at = go_g_word(&g, l->g_gopc),
        .start = go_g_word(&g, l->g_startpc),
        .parent = go_g_word(&g, l->g_parent),
        .state = (uint8_t)state_of(status),
        .raw_state = (uint8_t)status,
        .locked = go_g_word(&g, l->g_lockedm) != 0,
        .panicking = go_g_word(&g, l->g_panic) != 0,
    };
    if (t->state == TASK_WAITING) {
        t->wait_since = go_g_word(&g, l->g_waitsince);
        t->wait_reason = (uint8_t)go_g_word(&g, l->g_waitreason);
    }
    const uint64_t *tid = t->state == TASK_RUNNING || t->state == TASK_SYSCALL ? map64_find(running, at) : NULL;
    t->tid = tid ? (int32_t)*tid : 0;
    return true;
}

/* All goroutines, some on each processor. */
struct listing {
    const struct rt *rt;
    const struct go_list *list;
    struct map64 running;
    struct progress *progress;
    struct task *out; /* `object` is 0 for one that does not live */
};

/* How many pointers of the list can be read: what it says of itself may be damage, and a dump may end in it. */
static uint64_t readable(const struct rt *rt, const struct go_list *list)
{
    uint64_t good = 0, bad = list->n + 1, word;
    while (bad - good > 1) {
        uint64_t n = bad == list->n + 1 ? list->n : good + (bad - good) / 2;
        if (go_word(rt, list->p + (n - 1) * 8, &word))
            good = n;
        else
            bad = n;
    }
    return good;
}

static void list_some(void *arg, size_t chunk)
{
    const struct listing *l = arg;
    uint64_t first = (uint64_t)chunk * CHUNK, end = first + CHUNK < l->list->n ? first + CHUNK : l->list->n;
    if (progress_cancelled(l->progress))
        return;
    taddr at = l->list->p + first * 8;
    SCOPED(freep) taddr *gs = xcalloc(CHUNK, sizeof(*gs));
    SCOPED(freep) struct go_ahead *ahead = xcalloc(1, sizeof(*ahead));
    /* All at once, since each read of a process is a system call; past what cannot be read one by one. */
    size_t got = modules_read_some(l->rt->ms, at, gs, (size_t)(end - first) * sizeof(*gs)) / sizeof(*gs);
    for (uint64_t i = 0; i < end - first; i++)
        if (i < got || go_word(l->rt, at + i * 8, &gs[i]))
            make_task(l->rt, &l->running, ahead, gs[i], &l->out[first + i]);
    progress_report(l->progress, "goroutines", end, l->list->n);
}

static struct err *list_all(struct rt *rt, struct progress *p)
{
    struct go_list list;
    TRY(go_list_find(rt, &list));
    list.n = readable(rt, &list);
    vec_done(&rt->tasks); /* of a time that was cancelled */
    rt->tasks.v = xcalloc((size_t)list.n, sizeof(*rt->tasks.v)); /* zeros: what does not live takes no memory */
    rt->tasks.cap = (size_t)list.n;
    struct listing l = {.rt = rt, .list = &list, .progress = p, .out = rt->tasks.v};
    struct go_ms ms = go_threads(rt);
    for (size_t i = 0; i < ms.n; i++)
        if (ms.v[i].curg && ms.v[i].tid <= INT32_MAX)
            *map64_put(&l.running, ms.v[i].curg, NULL) = ms.v[i].tid; /* g -> tid */
    parallel_for((size_t)((list.n + CHUNK - 1) / CHUNK), list_some, &l);
    map64_done(&l.running);
    if (progress_cancelled(p))
        return err_new(ERR_CANCELLED, "cancelled");
    for (uint64_t i = 0; i < list.n; i++) {
        if (!l.out[i].object)
            continue;
        rt->tasks.v[rt->tasks.n] = l.out[i];
        rt->tasks.v[rt->tasks.n].system = is_system(rt, l.out[i].start);
        rt->tasks.n++;
    }
    return NULL;
}

struct err *go_tasks(struct rt *rt, struct progress *p, const struct task **out, size_t *n)
{
    if (!rt->layout)
        return err_new(ERR_UNSUPPORTED, "%s", rt->why_no_layout);
    if (!rt->tried_tasks)
        TRY(list_all(rt, p));
    rt->tried_tasks = true;
    *out = rt->tasks.v;
    *n = rt->tasks.n;
    return NULL;
}

const char *go_state_name(struct rt *rt, const struct task *t)
{
    static const char *const names[] = {
        [G_IDLE] = "idle",           [G_RUNNABLE] = "runnable",   [G_RUNNING] = "running", [G_SYSCALL] = "syscall",
        [G_WAITING] = "waiting",     [G_MORIBUND] = "moribund",   [G_DEAD] = "dead",       [G_ENQUEUE] = "enqueue",
        [G_COPYSTACK] = "copystack", [G_PREEMPTED] = "preempted", [G_LEAKED] = "leaked",   [G_DEAD_EXTRA] = "dead",
    };
    (void)rt;
    return t->raw_state < ARRAY_LEN(names) ? names[t->raw_state] : "unknown";
}
