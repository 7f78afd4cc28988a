/* SPDX-License-Identifier: Apache-2.0 */
/* A Go program that was not: its function table, and memory with goroutines in it, as a test wants them. */
#ifndef MAKE_GO_H
#define MAKE_GO_H

#include "rt/go/make_table.h"
#include "rt/go/priv.h"

enum { MADE_TEXT = 0x401000, MADE_CODE = 0x1000, MADE_MEMORY_SIZE = 0x8000, MADE_STACK = 0x200, MADE_TID = 77 };
/* Offsets in the memory: where runtime.allgs is, the pointers that it has, and what is free. Only the first part is
 * searched. */
enum { MADE_ALLGS = 0x20, MADE_SEARCHED = 0x40, MADE_LIST = 0x40, MADE_FREE = 0x140 };
#define MADE_MEMORY UINT64_C(0xc000000000)

/* Numbers of runtime/runtime2.go. */
enum { MADE_IDLE, MADE_RUNNABLE, MADE_RUNNING, MADE_SYSCALL, MADE_WAITING, MADE_DEAD = 6 };

struct made_go {
    struct image im;
    struct rt *rt;
    struct text table, funcdata;
    uint8_t memory[MADE_MEMORY_SIZE];
    uint64_t used, n_gs;
};

static inline void put(struct made_go *m, taddr at, uint64_t v)
{
    assert_in_range(at, MADE_MEMORY, MADE_MEMORY + MADE_MEMORY_SIZE - 8);
    memcpy(m->memory + (at - MADE_MEMORY), &v, sizeof(v));
}

/* Fresh memory. */
static inline taddr made_room(struct made_go *m, uint64_t n)
{
    taddr at = MADE_MEMORY + m->used;
    m->used += (n + 15) & ~UINT64_C(15);
    assert_in_range(m->used, 0, MADE_MEMORY_SIZE);
    return at;
}

static inline taddr made_bytes(struct made_go *m, const void *p, size_t n)
{
    taddr at = made_room(m, n);
    memcpy(m->memory + (at - MADE_MEMORY), p, n);
    return at;
}

/* A string header. */
static inline void put_string(struct made_go *m, taddr at, const char *s)
{
    put(m, at, made_bytes(m, s, strlen(s)));
    put(m, at + 8, strlen(s));
}

/* The functions begin at MADE_TEXT, one behind the other. */
static inline struct made_go *made_go_new(unsigned minor, const struct made_function *fs, size_t n)
{
    struct made_go *m = xcalloc(1, sizeof(*m));
    const struct module_opts opts = {.no_debuginfod = true};
    m->used = MADE_FREE;
    m->im.kind = IMAGE_CORE;
    m->im.path = "made";
    m->im.arch = &arch_x86_64;
    space_add(&m->im.space, (struct space_range){.start = MADE_MEMORY,
                                                 .end = MADE_MEMORY + MADE_MEMORY_SIZE,
                                                 .data = m->memory,
                                                 .have = MADE_MEMORY_SIZE});
    space_sort(&m->im.space);
    make_table(&m->table, made_magic(minor), MADE_TEXT, fs, n, &m->funcdata);
    m->rt = xcalloc(1, sizeof(*m->rt));
    m->rt->ms = modules_load(&m->im, &opts);
    m->rt->build.minor = minor;
    m->rt->layout = go_layout_find(minor);
    assert_non_null(m->rt->layout);
    pthread_mutex_init(&m->rt->lock, NULL);
    go_stepper_init(m->rt);
    struct go_module *g = vec_push(&m->rt->modules);
    *g = (struct go_module){.text = MADE_TEXT,
                            .etext = MADE_TEXT + MADE_CODE,
                            .minpc = MADE_TEXT,
                            .maxpc = MADE_TEXT + MADE_CODE,
                            .types = MADE_MEMORY,
                            .etypes = MADE_MEMORY + MADE_MEMORY_SIZE,
                            .data_start = MADE_MEMORY,
                            .data_end = MADE_MEMORY + MADE_SEARCHED};
    const struct pclntab_place place = made_place(MADE_TEXT, &m->funcdata);
    assert_ok(pclntab_open((struct bytes){(uint8_t *)m->table.p, m->table.n}, &place, &g->table));
    return m;
}

static inline void made_go_free(struct made_go *m)
{
    struct modules *ms = m->rt->ms;
    runtime_go.free(m->rt);
    modules_free(ms);
    vec_done(&m->im.threads);
    space_done(&m->im.space);
    arena_done(&m->im.arena);
    text_done(&m->table);
    text_done(&m->funcdata);
    free(m);
}

struct made_goroutine {
    uint64_t id;
    uint32_t status;
    uint8_t wait_reason;
    taddr pc;       /* where it goes on */
    uint64_t words; /* of its stack that are used: its pointer is so far below the stack's end */
    taddr start, created_at;
    taddr m; /* its thread's record */
    bool unlisted;
};
static inline taddr made_stack_end(const struct made_go *m, taddr g)
{
    uint64_t hi;
    assert_true(go_word(m->rt, g + m->rt->layout->g_stack_hi, &hi));
    return hi;
}

/* A g with a stack of its own, in the list of all; gives its address. */
static inline taddr made_g(struct made_go *m, struct made_goroutine g)
{
    const struct go_layout *l = m->rt->layout;
    taddr at = made_room(m, l->g_size), stack = made_room(m, MADE_STACK), hi = stack + MADE_STACK;
    put(m, at + l->g_stack_lo, stack);
    put(m, at + l->g_stack_hi, hi);
    put(m, at + l->g_sched_sp, hi - g.words * 8);
    put(m, at + l->g_sched_pc, g.pc);
    put(m, at + l->g_goid, g.id);
    put(m, at + l->g_status, g.status);
    put(m, at + l->g_waitreason, g.wait_reason);
    put(m, at + l->g_startpc, g.start);
    put(m, at + l->g_gopc, g.created_at);
    put(m, at + l->g_m, g.m);
    if (g.unlisted)
        return at;
    put(m, MADE_MEMORY + MADE_LIST + m->n_gs++ * 8, at);
    put(m, MADE_MEMORY + MADE_ALLGS, MADE_MEMORY + MADE_LIST);
    put(m, MADE_MEMORY + MADE_ALLGS + 8, m->n_gs);
    put(m, MADE_MEMORY + MADE_ALLGS + 16, (MADE_FREE - MADE_LIST) / 8);
    return at;
}

/* The word so far below the end of a goroutine's stack; 1: the first one. */
static inline void put_stack(struct made_go *m, taddr g, uint64_t words, uint64_t v)
{
    put(m, made_stack_end(m, g) - words * 8, v);
}

/* A thread of the runtime: its m, with a g0; `curg` is the goroutine that it runs, or 0. Gives the m. */
static inline taddr made_m(struct made_go *m, taddr curg)
{
    const struct go_layout *l = m->rt->layout;
    taddr at = made_room(m, l->m_vdso_pc + 8U);
    taddr g0 = made_g(m, (struct made_goroutine){.m = at, .unlisted = true});
    put(m, at + l->m_g0, g0);
    put(m, at + l->m_procid, MADE_TID);
    put(m, at + l->m_curg, curg);
    if (curg)
        put(m, curg + l->g_m, at);
    return at;
}

/* The operating system's thread with these registers, and the g in r14. */
static inline struct image_thread *made_thread(struct made_go *m, taddr pc, taddr sp, taddr g)
{
    struct image_thread *t = vec_push(&m->im.threads);
    t->tid = MADE_TID;
    t->has_regs = true;
    regs_set(&t->regs, 16, pc);
    regs_set(&t->regs, 7, sp);
    regs_set(&t->regs, 14, g);
    return t;
}

static inline const struct task *made_tasks(struct made_go *m, size_t want)
{
    const struct task *tasks;
    size_t n;
    assert_ok(go_tasks(m->rt, NULL, &tasks, &n));
    assert_int_equal(n, want);
    return tasks;
}

#endif
