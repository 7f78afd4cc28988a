/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of rt/go/ share. */
#ifndef RT_GO_PRIV_H
#define RT_GO_PRIV_H

#include "base/map.h"
#include "rt/go/go.h"
#include "rt/go/layout.h"
#include "rt/go/pclntab.h"

#include <pthread.h>
#include <stdatomic.h>

/* What a Go program says of how it was built (debug/buildinfo). Strings are the arena's. */
struct go_build {
    const char *version; /* "go1.26.10"; NULL unknown */
    unsigned minor;      /* 26; 0 unknown */
    const char *settings; /* "path\t...\nmod\t...\nbuild\t-compiler=gc\n"; NULL none */
};

/* One moduledata: the program, or a plugin or library built with Go. */
struct go_module {
    struct module *module;
    taddr data; /* runtime address of the moduledata */
    taddr text, etext, minpc, maxpc, types, etypes;
    taddr noptrdata, enoptrdata, data_start, data_end, bss, ebss, noptrbss, enoptrbss;
    struct pclntab table;
};

/* A thread of the runtime and its stacks: g0's and that of the goroutine that it runs. Ends as in g.stack. */
struct go_m {
    taddr at, g0, gsignal, curg; /* curg 0: it runs none */
    taddr g0_lo, g0_hi, curg_lo, curg_hi;
    uint64_t tid;
};
struct go_ms {
    const struct go_m *v;
    size_t n;
};

/* A named constant: constants.c. */
struct go_constant {
    uint64_t type; /* dw_die_key() of its type's DIE */
    int64_t number;
    const char *name; /* "main.blue", of the file */
};

/* stepper.c. Shared by all unwinders. */
enum { GO_STEPPER_PLACES = 1024 };
struct go_stepper {
    struct rt *rt;
    struct stepper hook;
    atomic_uint_least64_t places[GO_STEPPER_PLACES]; /* what was found at an address, by a hash of it */
};

struct rt {
    struct modules *ms;
    struct arena arena;
    struct go_build build;
    VEC(struct rt_fact) facts; /* of `build`; empty until they are asked for */
    const struct go_layout *layout; /* NULL: not known */
    const char *why_no_layout;
    bool layout_of_dwarf; /* the version has no table */
    VEC(struct go_module) modules;
    /* goroutines.c */
    VEC(struct task) tasks;
    VEC(const char *) wait_reasons; /* by number; NULL where the program names none */
    bool tried_tasks, tried_wait_reasons;
    /* threads.c; the lock guards what is found late, since unwinders ask in parallel */
    pthread_mutex_t lock;
    VEC(struct go_m) ms_known;
    bool tried_ms;
    struct go_stepper stepper;
    /* copy.c: addresses that were found before the stop; 0 none */
    taddr plan_allgs, plan_allm;
    struct map64 system_starts; /* entry of a first function -> is it the runtime's own */
    struct formatter formatter;
    struct map64 dwarf_types; /* types.c: address of a runtime type -> index into type_dies */
    VEC(struct dw_die) type_dies;
    VEC(struct go_constant) constants;
    bool tried_types;
};

/* buildinfo.c. False: the file is not Go's, or says nothing. */
bool go_build_find(struct modules *ms, struct module *m, struct arena *a, struct go_build *out);

/* layout_dwarf.c: of a version without a table, in the rt's arena; NULL: the module's debug information does not tell. */
const struct go_layout *go_layout_dwarf(struct rt *rt, struct module *m);
/* names.c */
void go_names(struct rt *rt, enum rt_names kind, const char *const **out, size_t *n);
void go_facts(struct rt *rt, const struct rt_fact **out, size_t *n);

/* moduledata.c: all of the target's, the program's first. ERR_NO_DATA says what was missing. */
struct err *go_modules_find(struct rt *rt) MUST_CHECK;
/* The module with code at pc; NULL: none. */
const struct go_module *go_module_at(const struct rt *rt, taddr pc);
/* The function at pc, and the module that has it. */
bool go_function_at(const struct rt *rt, taddr pc, const struct go_module **m, struct go_function *out);
/* The address of a symbol of the runtime; false when the file has no symbols, or not this one. */
bool go_symbol(const struct rt *rt, const char *name, taddr *out);

/* A block of the target's memory, read at once for the questions to come (ahead.c). All zeros: none yet. By one
 * thread at a time. */
enum { GO_AHEAD = 8192 };
struct go_ahead {
    taddr start, end; /* what `bytes` holds */
    unsigned wasted, asked;
    uint8_t bytes[GO_AHEAD];
};
/* At least `need` bytes at `at`, valid until the next call; *have: how many they are. `want`: how many to read (at most
 * GO_AHEAD) where reading ahead does not pay. NULL: they cannot be read. */
const uint8_t *go_ahead(struct go_ahead *a, const struct rt *rt, taddr at, size_t need, size_t want, size_t *have);

/* The bytes of a g: in place where they can be, else a copy. */
enum { GO_G_READ = 512 };
struct go_g {
    const uint8_t *p;
    size_t n;
    uint8_t copy[GO_G_READ];
};
static inline bool go_g_read(const struct rt *rt, taddr at, struct go_g *g)
{
    g->n = rt->layout->g_size;
    if (g->n > GO_G_READ)
        return false;
    g->p = space_view(&modules_image(rt->ms)->space, at, g->n);
    if (g->p)
        return true;
    g->p = g->copy;
    return modules_read_some(rt->ms, at, g->copy, g->n) == g->n;
}
/* The same for who reads many: g->p is valid until the next call with this `a`. */
static inline bool go_g_read_ahead(const struct rt *rt, struct go_ahead *a, taddr at, struct go_g *g)
{
    size_t have;
    g->n = rt->layout->g_size;
    if (g->n > GO_G_READ)
        return false;
    g->p = space_view(&modules_image(rt->ms)->space, at, g->n);
    if (!g->p)
        g->p = go_ahead(a, rt, at, g->n, g->n, &have);
    return g->p != NULL;
}
/* 8 bytes of a g; 0 where it has no such field: a layout that the program's debug information tells may be of any kind. */
static inline uint64_t go_g_word(const struct go_g *g, uint16_t field)
{
    uint64_t v = 0;
    if (field + sizeof(v) <= g->n)
        memcpy(&v, g->p + field, sizeof(v));
    return v;
}

/* runtime2.go; the numbers are the same from 1.17 to 1.27, 10 and 11 since 1.26. */
enum go_status {
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
static inline uint32_t go_status(const struct rt *rt, const struct go_g *g)
{
    return (uint32_t)go_g_word(g, rt->layout->g_status) & ~(uint32_t)G_SCAN;
}

/* find.c: for programs without symbols. */
struct go_ranges {
    struct {
        taddr start, end;
    } v[4];
};
/* The variables of a module. */
struct go_ranges go_data(const struct go_module *m);
/* Gives each word of [start, end) to `look`, until it says that it has found what it wants; false: it never did. */
typedef bool (*go_look)(void *arg, taddr at, uint64_t word);
bool go_scan(const struct rt *rt, taddr start, taddr end, go_look look, void *arg);
/* The variables that the code of a function names, each once, at most max. 0: none, or it cannot be told. */
size_t go_refs(const struct rt *rt, const char *function, taddr *out, size_t max);
enum { GO_REFS_MAX = 64 };

/* list.c. The slice runtime.allgs, by its symbol, the code that appends to it, or a search that proves its one
 * candidate. */
struct go_list {
    taddr at, p; /* of the slice, of its elements: pointers to g */
    uint64_t n, cap;
};
struct err *go_list_find(const struct rt *rt, struct go_list *out) MUST_CHECK;
/* copy.c */
uint64_t go_plan(struct rt *rt);
taddr go_stack_end(struct rt *rt, taddr sp);
void go_copy(struct rt *rt, struct image *im, const struct rt_copy_wish *wish);
/* needed.c */
void go_needed(struct rt *rt, void (*piece)(void *arg, taddr at, uint64_t n), void *arg);

/* goroutines.c: the task functions of struct runtime. */
struct err *go_tasks(struct rt *rt, struct progress *p, const struct task **out, size_t *n) MUST_CHECK;
const char *go_state_name(struct rt *rt, const struct task *t);
/* waits.c */
const char *go_wait_reason(struct rt *rt, const struct task *t);
bool go_waits_on(struct rt *rt, const struct task *t, taddr object);
/* The records of what it waits for, each with its channel (0: none), until `fn` has found what it wants. False: it
 * never did. */
typedef bool go_wait_fn(void *arg, taddr sudog, taddr channel);
bool go_each_wait(const struct rt *rt, const struct task *t, go_wait_fn *fn, void *arg);

/* threads.c. All that are known; none when neither the program nor its threads tell. */
struct go_ms go_threads(struct rt *rt);
/* The stack of a g (0: none), as in g.stack; false: not known. */
bool go_bounds_of(const struct rt *rt, taddr g, taddr *lo, taddr *hi);
/* Where runtime.allm is; 0: not known. */
taddr go_allm(const struct rt *rt);

/* stepper.c. The layout must be known. */
void go_stepper_init(struct rt *rt);
/* NULL: not for this processor or version. */
const struct stepper *go_stepper(struct rt *rt);
bool go_interrupts(struct rt *rt, taddr lookup);

/* walk.c */
struct task_walker *go_walker_new(struct rt *rt);
void go_walker_free(struct task_walker *w);
size_t go_walk(struct task_walker *w, const struct task *t, taddr *pcs, size_t max, bool *whole);
struct err *go_task_regs(struct rt *rt, const struct task *t, struct regs *out) MUST_CHECK;
bool go_bounds(struct rt *rt, const struct task *t, taddr *lo, taddr *hi);
/* types.c: types as the running program knows them (internal/abi/type.go). */
struct go_type {
    taddr at;
    const char *name; /* "*errors.errorString", as %T prints it; of the arena that was given */
    uint64_t size;
    uint8_t kind; /* enum go_kind */
    bool direct; /* an interface holds the value itself, not its address */
};
/* ERR_CORRUPT: there is no type at the address. */
struct err *go_type_read(struct rt *rt, taddr at, struct arena *a, struct go_type *out) MUST_CHECK;
/* Lists the program's types and constants, once. */
void go_dwarf_list(struct rt *rt, struct values *vs);
/* The same type as DWARF describes it, by DW_AT_go_runtime_type; NULL: it does not. */
const struct type *go_type_dwarf(struct rt *rt, struct values *vs, taddr at);
/* What an interface holds: its type, and in *data the word behind it. False: nil. */
struct err *go_interface(struct rt *rt, struct values *vs, const struct value *v, bool *nil, struct go_type *type,
                         taddr *data) MUST_CHECK;

/* The struct behind the pointer that a map, channel or function is; *at 0: nil. */
struct err *go_behind(struct values *vs, const struct value *v, struct value *out, taddr *at) MUST_CHECK;
/* A number in a struct, by name. */
struct err *go_number(struct values *vs, const struct value *v, const char *name, uint64_t *out) MUST_CHECK;
/* map.c, chan.c, func.c: false when the layout is not as they know it. */
bool go_present_map(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out);
bool go_present_chan(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out);
bool go_present_func(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out);
/* args.c */
bool go_arguments(struct rt *rt, taddr lookup, taddr cfa, struct text *out);
/* constants.c: a number by the names of constants of its type; false: it has none. */
void go_constant_add(struct rt *rt, const struct dw_die *die);
void go_constants_sort(struct rt *rt);
bool go_present_constant(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out);
/* known.c: structs of the standard library that say more than their fields. */
bool go_present_struct(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out);
/* format.c */
const struct formatter *go_formatter(struct rt *rt);

/* panic.c */
size_t go_panics(struct rt *rt, const struct task *t, struct task_panic *out, size_t max);
/* fatal.c */
const char *go_fatal(struct rt *rt);
/* panic_text.c. A value as the runtime prints it; of the rt's arena. NULL: its text is not known. */
const char *go_panic_text(struct rt *rt, const struct go_type *t, taddr data);

/* defers.c, ancestors.c */
size_t go_defers(struct rt *rt, const struct task *t, const struct task_frame *frames, size_t n, struct task_defer *out,
                 size_t max);
size_t go_ancestors(struct rt *rt, const struct task *t, struct task_ancestor *out, size_t max);

/* lines.c */
size_t go_lines(struct rt *rt, taddr lookup, struct src_frame *out, size_t max, taddr *function_start);
bool go_is_private(struct rt *rt, const char *function);
bool go_is_hidden(struct rt *rt, const char *function, const char *file);
bool go_is_wrapper(struct rt *rt, taddr entry);
/* labels.c */
size_t go_labels(struct rt *rt, const struct task *t, struct task_label *out, size_t max);

static inline bool go_word(const struct rt *rt, taddr at, uint64_t *out)
{
    return modules_word(rt->ms, at, 8, out);
}
/* A word, or a byte that must not be 0, of a record of the runtime's. False: there is no record (0), it cannot be read, or
 * the layout has no such field. */
static inline bool go_field(const struct rt *rt, taddr record, uint16_t field, uint64_t *out)
{
    return record && field != GO_NONE && go_word(rt, record + field, out);
}
static inline bool go_flag(const struct rt *rt, taddr record, uint16_t field)
{
    uint8_t b;
    return field != GO_NONE && modules_read_some(rt->ms, record + field, &b, 1) == 1 && b;
}

#endif
