/* SPDX-License-Identifier: Apache-2.0 */
/* All goroutines: runtime.allgs, a slice of pointers to g (runtime/proc.go, runtime/runtime2.go).
 *
 * A stripped program has no symbol that says where allgs is. Then the program's data is searched for a slice
 * whose first entries are plausible goroutines; when there is not exactly one, there is no answer. */
#include "rt/go/priv.h"

#include <inttypes.h>

/* More goroutines than fit into any machine's memory: a g and its stack take 2.5 KB at least. */
enum { GOROUTINES_MAX = 100 * 1000 * 1000 };
enum { PROBES = 16, LAST_STATUS = 11, CHUNK = 1 << 14 };

/* runtime2.go; the numbers are the same from 1.17 to 1.27, 10 and 11 since 1.26. */
enum g_status {
    G_IDLE,
    G_RUNNABLE,
    G_RUNNING,
    G_SYSCALL,
    G_WAITING,
    G_MORIBUND,
    G_DEAD,
    G_ENQUEUE,
    G_COPYSTACK,
    G_PREEMPTED,
    G_LEAKED,
    G_DEAD_EXTRA,
    G_SCAN = 0x1000, /* a bit: the garbage collector looks at it */
};

static uint32_t g_status(const struct rt *rt, const struct go_g *g)
{
    return (uint32_t)go_g_word(g, rt->layout->g_status) & ~(uint32_t)G_SCAN;
}

/* ---- the list ---- */

static bool read_slice(const struct rt *rt, taddr at, struct go_list *out)
{
    out->at = at;
    return go_word(rt, at, &out->p) && go_word(rt, at + 8, &out->n) && go_word(rt, at + 16, &out->cap);
}

static bool plausible_g(const struct rt *rt, taddr at)
{
    struct go_g g;
    if (!at || at % 8 || !go_g_read(rt, at, &g))
        return false;
    uint64_t lo = go_g_word(&g, rt->layout->g_stack_lo), hi = go_g_word(&g, rt->layout->g_stack_hi);
    uint64_t id = go_g_word(&g, rt->layout->g_goid), sp = go_g_word(&g, rt->layout->g_sched_sp);
    uint32_t status = g_status(rt, &g);
    if (status > LAST_STATUS || id > UINT64_C(1) << 40)
        return false;
    if (status == G_DEAD || status == G_DEAD_EXTRA || status == G_IDLE)
        return lo <= hi;
    return lo < hi && hi - lo <= UINT64_C(1) << 32 && (!sp || (sp >= lo && sp <= hi));
}

/* Goroutine 1 and its kin are in the first entries, and they differ. */
static bool plausible_list(const struct rt *rt, const struct go_list *s)
{
    uint64_t seen[PROBES];
    if (!s->n || s->n > s->cap || s->n > GOROUTINES_MAX || !s->p || s->p % 8)
        return false;
    uint64_t probes = s->n < PROBES ? s->n : PROBES;
    bool alive = false;
    for (uint64_t i = 0; i < probes; i++) {
        if (!go_word(rt, s->p + i * 8, &seen[i]) || !plausible_g(rt, seen[i]))
            return false;
        for (uint64_t k = 0; k < i; k++)
            if (seen[k] == seen[i])
                return false;
        struct go_g g;
        alive = alive || (go_g_read(rt, seen[i], &g) && go_g_word(&g, rt->layout->g_goid) == 1);
    }
    return alive;
}

/* Counts candidates in [start, end); the last one is kept. Past what cannot be read page by page. */
static unsigned search(const struct rt *rt, taddr start, taddr end, struct go_list *found)
{
    enum { PAGE = 4096, STEP = 16 * PAGE, SLICE = 24 };
    unsigned n = 0;
    if (end < start || end - start > UINT64_C(1) << 32)
        return 0;
    SCOPED(freep) uint64_t *chunk = xmalloc(STEP);
    for (taddr at = (start + 7) & ~(taddr)7, next; at >= start && at < end && end - at >= SLICE; at = next) {
        size_t want = end - at < STEP ? (size_t)(end - at) : STEP, got = modules_read_some(rt->ms, at, chunk, want);
        next = got == STEP ? at + STEP - SLICE + 8 : ((at + got) / PAGE + 1) * PAGE;
        for (size_t i = 0; i + 3 <= got / 8; i++) {
            struct go_list s = {.at = at + i * 8, .p = chunk[i], .n = chunk[i + 1], .cap = chunk[i + 2]};
            if (!s.n || s.n > s.cap || s.p % 8 || !plausible_list(rt, &s))
                continue;
            *found = s;
            n++;
        }
    }
    return n;
}

static struct err *search_list(const struct rt *rt, struct go_list *out)
{
    unsigned n = 0;
    const struct go_module *m = &rt->modules.v[0];
    n += search(rt, m->noptrdata, m->enoptrdata, out);
    n += search(rt, m->data_start, m->data_end, out);
    n += search(rt, m->bss, m->ebss, out);
    n += search(rt, m->noptrbss, m->enoptrbss, out);
    if (n == 1)
        return NULL;
    return err_hint(err_new(ERR_NO_DATA,
                            n ? "%u lists could be that of all goroutines" : "the list of all goroutines was not found",
                            n),
                    "the program has no symbols; a build without -ldflags=-s has");
}

struct err *go_list_find(const struct rt *rt, struct go_list *out)
{
    taddr at;
    if (!go_symbol(rt, "runtime.allgs", &at))
        return search_list(rt, out);
    if (!read_slice(rt, at, out))
        return err_at(err_new(ERR_NOT_IN_DUMP, "the list of all goroutines cannot be read at 0x%" PRIx64, at),
                      ERR_AT_ADDRESS, at);
    if (out->n > out->cap || out->n > GOROUTINES_MAX)
        return err_at(err_new(ERR_CORRUPT, "the list of all goroutines is damaged"), ERR_AT_ADDRESS, at);
    return NULL;
}

/* ---- tasks ---- */

static enum task_state state_of(uint32_t status)
{
    switch ((enum g_status)status) {
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
    bool system = go_function_at(rt, start, &m, &f) && strncmp(f.name, "runtime.", 8) == 0;
    for (size_t i = 0; system && i < ARRAY_LEN(not_system); i++)
        system = strcmp(f.name, not_system[i]) != 0;
    *slot = system;
    return system;
}

static bool make_task(const struct rt *rt, const struct map64 *running, taddr at, struct task *t)
{
    struct go_g g;
    const struct go_layout *l = rt->layout;
    if (!go_g_read(rt, at, &g))
        return false;
    uint32_t status = g_status(rt, &g);
    if (status == G_IDLE || status == G_DEAD || status == G_DEAD_EXTRA)
        return false;
    *t = (struct task){
        .id = go_g_word(&g, l->g_goid),
        .object = at,
        .created_at = go_g_word(&g, l->g_gopc),
        .start = go_g_word(&g, l->g_startpc),
        .parent = l->g_parent == GO_NONE ? 0 : go_g_word(&g, l->g_parent),
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
    for (uint64_t i = first; i < end; i++) {
        taddr g;
        if (go_word(l->rt, l->list->p + i * 8, &g))
            make_task(l->rt, &l->running, g, &l->out[i]);
    }
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

/* ---- why they wait ---- */

/* runtime.waitReasonStrings: an array of strings, whose size its symbol gives. */
static void load_wait_reasons(struct rt *rt)
{
    struct symbol s;
    struct module *in;
    rt->tried_wait_reasons = true;
    if (!modules_symbol_named(rt->ms, "runtime.waitReasonStrings", &s, &in) || s.size > 256 * 16)
        return;
    for (uint64_t i = 0; i < s.size / 16; i++) {
        char text[64];
        uint64_t p, n;
        const char *name = NULL;
        if (go_word(rt, s.addr + i * 16, &p) && go_word(rt, s.addr + i * 16 + 8, &n) && n < sizeof(text) &&
            modules_read_some(rt->ms, p, text, n) == n && n)
            name = arena_strndup(&rt->arena, text, n);
        *vec_push(&rt->wait_reasons) = name;
    }
}

const char *go_wait_reason(struct rt *rt, const struct task *t)
{
    if (t->state != TASK_WAITING)
        return NULL;
    if (!rt->tried_wait_reasons)
        load_wait_reasons(rt);
    return t->wait_reason < rt->wait_reasons.n ? rt->wait_reasons.v[t->wait_reason] : NULL;
}
