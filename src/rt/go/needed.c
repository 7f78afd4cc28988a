/* SPDX-License-Identifier: Apache-2.0 */
/* What a small core keeps for debuggers of Go: records and stacks as a whole, of which only parts are read here. */
#include "rt/go/priv.h"

enum {
    G_BYTES = 512,           /* more than a g has: 440 in Go 1.23 */
    M_BYTES = 4096,          /* more than an m has: 2 KiB */
    MODULE_BYTES = 1024,     /* more than a moduledata has: 600 */
    WAIT_BYTES = 128,        /* more than the record of a wait, or a channel's, has: 96 each */
    STACK_MAX = 1 << 30,
};

struct needed {
    struct rt *rt;
    void (*piece)(void *arg, taddr at, uint64_t n);
    void *arg;
};

static void add(const struct needed *n, taddr at, uint64_t bytes)
{
    if (at)
        n->piece(n->arg, at, bytes);
}

static bool add_wait(void *arg, taddr sudog, taddr channel)
{
    add(arg, sudog, WAIT_BYTES);
    add(arg, channel, WAIT_BYTES);
    return false;
}

/* From where it goes on to its end. One on a thread goes on elsewhere: its thread's stack is kept, but what it was
 * when it left Go's code last is here, too. */
static void add_goroutine(const struct needed *n, taddr at)
{
    const struct go_layout *l = n->rt->layout;
    struct go_g g;

    add(n, at, G_BYTES);
    if (!go_g_read(n->rt, at, &g))
        return;
    uint64_t lo = go_g_word(&g, l->g_stack_lo), hi = go_g_word(&g, l->g_stack_hi);
    uint64_t sp = go_g_word(&g, l->g_sched_sp), in_call = go_g_word(&g, l->g_syscallsp);
    if (in_call > lo && in_call < sp)
        sp = in_call;
    if (sp > lo && sp < hi && hi - lo <= STACK_MAX)
        add(n, sp, hi - sp);
}

/* Those that have ended, too: debuggers read what is left of them. */
static void add_goroutines(const struct needed *n)
{
    struct go_list list;
    taddr at;
    struct err *e = go_list_find(n->rt, &list);

    for (uint64_t i = 0; !e && i < list.n && go_word(n->rt, list.p + i * sizeof(at), &at); i++)
        add_goroutine(n, at);
    err_free(e); /* asking for them says so */
}

static void add_waits(struct needed *n)
{
    const struct task *tasks;
    size_t count = 0;
    struct err *e = go_tasks(n->rt, NULL, &tasks, &count);

    for (size_t i = 0; !e && i < count; i++)
        (void)go_each_wait(n->rt, &tasks[i], add_wait, n);
    err_free(e); /* the same */
}

static void add_threads(const struct needed *n)
{
    const struct go_ms ms = go_threads(n->rt);

    for (size_t i = 0; i < ms.n; i++) {
        add(n, ms.v[i].at, M_BYTES);
        add(n, ms.v[i].g0, G_BYTES);
        add(n, ms.v[i].gsignal, G_BYTES);
    }
}

/* Where Delve begins (pkg/proc/variables.go, GoroutinesInfo; bininfo.go): it reads slices word by word. */
static void add_variables(const struct needed *n)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } variables[] = {
        {"runtime.allgs", 24}, {"runtime.allglen", 8},       {"runtime.allgptr", 8},
        {"runtime.allm", 8},   {"runtime.buildVersion", 16},
    };
    taddr at;

    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        if (go_symbol(n->rt, variables[i].name, &at))
            add(n, at, variables[i].bytes);
}

void go_needed(struct rt *rt, void (*piece)(void *arg, taddr at, uint64_t n), void *arg)
{
    struct needed n = {.rt = rt, .piece = piece, .arg = arg};

    for (size_t i = 0; i < rt->modules.n; i++)
        add(&n, rt->modules.v[i].data, MODULE_BYTES);
    if (!rt->layout)
        return;
    add_variables(&n);
    add_threads(&n);
    add_goroutines(&n);
    add_waits(&n);
}
