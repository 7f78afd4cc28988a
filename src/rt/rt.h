/* SPDX-License-Identifier: Apache-2.0 */
/* RUNTIMES: what a language brings.
 *
 * Adding one: (1) make src/rt/<name>/ with one `const struct runtime`; (2) list it in layers.ini, in
 * src/rt/meson.build and in the table of src/tool/wire.c; (3) add programs to tests/targets/ and a test to
 * tests/e2e/. Nothing else: a lower layer never names a runtime, and a runtime never names another or a front end. */
#ifndef RT_RT_H
#define RT_RT_H

#include "module/symbolize.h"
#include "unwind/unwind.h"
#include "value/format.h"
#include "value/expr.h"

struct rt; /* one attached runtime; each implementation defines its own */

/* ---- tasks: what a runtime schedules on threads by itself: goroutines, greenlets, asyncio's tasks ---- */

enum task_state {
    TASK_RUNNING,  /* on a thread, in the language's own code */
    TASK_RUNNABLE, /* waits for a thread only */
    TASK_SYSCALL,  /* on a thread, in a system call or foreign code */
    TASK_WAITING,  /* for what `wait_reason` says */
    TASK_OTHER,    /* being made, moved or preempted */
};

/* Small, since a process may have millions. */
struct task {
    uint64_t id;         /* as the language's users know it: goid */
    taddr object;        /* the runtime's record of it: the g */
    taddr created_at;    /* return address of the statement that made it; 0 unknown */
    taddr start;         /* entry of the function that it began with; 0 unknown */
    uint64_t parent;     /* id of the task that made it; 0 unknown */
    uint64_t wait_since; /* about, in nanoseconds of the target's monotonic clock; 0 unknown */
    int32_t tid;         /* of the thread that runs it; 0: none */
    uint8_t state;       /* enum task_state */
    uint8_t raw_state;   /* the runtime's own number */
    uint8_t wait_reason; /* the runtime's own number: runtime.wait_reason() names it */
    bool system;         /* the runtime's own, not the program's */
    bool locked;         /* it runs on its thread only */
    bool panicking;      /* panics() has something to say */
    bool returns;        /* when it ends its parent goes on */
};

/* What a task panics with. Strings live as long as the rt. */
struct task_panic {
    const char *type; /* of the value; NULL: not known any more */
    const char *text; /* the value as the runtime prints it; NULL: only its type is known */
    taddr value;      /* where it is; 0: cannot be read */
    bool recovered;   /* the program goes on */
    bool leaving;     /* no panic: the task ends (runtime.Goexit) */
};

/* A call that a function of a task makes when it is left. */
struct task_defer {
    taddr function; /* its entry; 0: not known */
    taddr closure;  /* the function's value: behind its first word stands what it captured; 0: not known */
    taddr made_at;  /* return address of the statement; 0: not kept */
    taddr sp;       /* stack pointer of the frame that makes it */
    bool running;   /* it is being made, because of a panic */
};
/* A physical frame of a task. */
struct task_frame {
    taddr pc, sp, cfa; /* lookup address, stack pointer at it, CFA; 0: not known */
};
/* Where a task was made: the stack of the one that made it, at that moment. */
struct task_ancestor {
    uint64_t id;
    taddr created_at; /* return address of the statement that made this one; 0 unknown */
    const taddr *pcs; /* return addresses, innermost first; live as long as the rt */
    size_t n;
    bool single; /* each is one function, inlined ones among them */
};

struct task_label {
    const char *key, *value;
};
/* How a program was built: "version", "path" (of its main package), "module", "dependency" (one each), and under
 * its own name each setting. */
struct rt_fact {
    const char *key, *value;
    bool setting;
};

/* What a program consists of. */
enum rt_names { RT_FUNCTIONS, RT_PACKAGES, RT_SOURCES };

/* Reads the stacks of tasks: one for each thread that does so. */
struct task_walker;

/* ---- interpreters: frames of a language that C functions run ---- */

/* Where a frame of the language is. Equal places are the same pointer, so that a deep recursion has one. */
struct rt_place {
    const char *function; /* qualified, where the language has that; NULL unknown */
    const char *name;     /* the plain name; NULL unknown */
    const char *file;     /* as the language names it, "<string>" too; NULL unknown */
    uint32_t line, column, end_line, end_column; /* columns from 1, the end is the column after the last; 0 unknown */
};

/* The frame is run by none of the native frames that were found. */
#define RT_UNPLACED UINT32_MAX

struct rt_frame {
    taddr record; /* the interpreter's own */
    const struct rt_place *at;
    uint32_t native; /* index of the native frame that runs it, or RT_UNPLACED */
};

/* A native frame of a thread as far as an interpreter is found by it. */
struct rt_native {
    taddr lookup;  /* pc, or pc - 1 for a return address */
    taddr sp, cfa; /* its part of the stack is [sp, cfa); 0 unknown */
    bool guess;    /* it was found without unwind tables, and may be none */
};

/* A function of the language's own that a native frame runs. Strings are the rt's. */
struct rt_call {
    uint32_t native;  /* index of the frame */
    const char *name; /* "time.sleep", "_thread.lock.acquire"; without what it is of where that is not sure: "sort" */
    const char
        *text; /* as CPython's helper for gdb has it: "<built-in method sleep of module object at remote 0x7f..>" */
    taddr self;       /* the object whose method it is; 0: none, or not sure */
};

/* What an interpreter runs on one thread. */
struct rt_stack {
    const struct rt_frame *frames; /* innermost first; `native` never falls, but for RT_UNPLACED */
    size_t n;
    const struct rt_call *calls; /* by `native`, those that are sure */
    size_t n_calls;
    const char *note; /* what is not as it should be: frames that end early, or fit no native one; NULL */
    bool unmerged;    /* native frames do not tell where these belong */
};

/* What of a process is copied while it stands still. */
struct rt_copy_wish {
    int32_t only_tid; /* only this thread stands still; 0: all do */
    bool variables;   /* those of language frames, too */
};

/* A thread as the language knows it. */
struct rt_thread {
    int32_t tid;          /* 0 unknown */
    taddr object;         /* the runtime's record of it */
    uint64_t interpreter; /* number of the interpreter that it belongs to */
    const char *name;     /* the program's name for it; NULL unknown */
    const char *state;    /* "holds the GIL", "waits for the GIL", ...; NULL unknown */
    int8_t daemon;        /* it does not keep the program alive: 0, 1; -1 unknown */
};

/* An exception of the language. Strings and lists are the rt's. */
struct rt_exception {
    const char *type; /* "KeyError", "http.client.BadStatusLine" */
    const char *text; /* what it says; "" nothing, NULL: not known without running the program's code */
    const char *repr; /* as the language shows it as a value: "KeyError('x')" */
    taddr object;     /* 0: it was not made yet */
    const struct rt_place *const *places; /* from where it was caught or went up to, to where it was raised */
    size_t n_places;
    bool cut;    /* there are more, which cannot be read */
    bool caused; /* `from` was given as its cause; else it was being handled */
    const struct rt_exception *from; /* NULL: none */
};

struct runtime {
    const char *name; /* "native", "go", "cpython" */
    /* Is this runtime in the target? Reads as little as it can. */
    struct err *(*detect)(struct modules *ms, bool *found);
    /* Everything below is optional (NULL). */
    struct err *(*attach)(struct modules *ms, struct rt **out);
    void (*free)(struct rt *);
    const struct stepper *(*stepper)(struct rt *); /* how to leave its frames */
    /* The language of a function, from its module, symbol and DWARF language; NULL: not mine. */
    const char *(*language)(const struct module *m, const char *symbol, const char *dwarf_language);
    const struct formatter *(*formatter)(struct rt *); /* how its types print */

    /* All names of a kind from the runtime's own tables, sorted, each once; owned by the rt. */
    void (*names)(struct rt *, enum rt_names kind, const char *const **out, size_t *n);
    /* Why what it tells is less sure than otherwise; NULL: it is not. The caller's. */
    struct err *(*doubt)(struct rt *);
    /* How the program was built; owned by the rt. */
    void (*facts)(struct rt *, const struct rt_fact **out, size_t *n);
    /* A process is looked at: plan() finds out, while it runs, where the records of its tasks are, and sets memory aside;
     * copy() adds them and the stacks of tasks to the image's space while it stands still, within milliseconds or with a
     * problem of the image that says what was left out. The rt is used for nothing else. plan() says
     * about how many records there are. */
    uint64_t (*plan)(struct rt *, struct image *im, const struct rt_copy_wish *wish);
    /* Where the stack of its making with this stack pointer ends; 0: not known. */
    taddr (*stack_end)(struct rt *, taddr sp);
    void (*copy)(struct rt *, struct image *im, const struct rt_copy_wish *wish);
    /* Memory that debuggers of the language need besides what the questions here read: told piece by piece. */
    void (*needed)(struct rt *, void (*piece)(void *arg, taddr at, uint64_t n), void *arg);
    /* `planned` was used for that: takes what it found out from it, before it is freed. */
    void (*inherit)(struct rt *, struct rt *planned);
    /* All tasks that live, in the runtime's order; owned by the rt. ERR_NO_DATA says what is missing. */
    struct err *(*tasks)(struct rt *, struct progress *, const struct task **out, size_t *n);
    /* "chan receive"; NULL: none, or a number that the program does not name. */
    const char *(*wait_reason)(struct rt *, const struct task *);
    /* "waiting": the runtime's word for its state. Never NULL. */
    const char *(*state_name)(struct rt *, const struct task *);
    struct task_walker *(*walker_new)(struct rt *);
    void (*walker_free)(struct task_walker *);
    /* The pcs of a task that no thread runs, innermost first (the first is where it goes on, the others return
     * addresses), at most max; *whole: the outermost was reached. Threads: a walker a thread. */
    size_t (*walk)(struct task_walker *, const struct task *, taddr *pcs, size_t max, bool *whole);
    /* Was the caller of the frame at a lookup address interrupted, not calling? Then the caller's pc is where it goes
     * on, no return address. */
    bool (*interrupts)(struct rt *, taddr lookup);
    /* The panics of a task, the newest first, at most max. */
    size_t (*panics)(struct rt *, const struct task *, struct task_panic *out, size_t max);
    /* What the runtime itself died of: "all goroutines are asleep - deadlock!". NULL: of nothing, or not known. */
    const char *(*fatal)(struct rt *);
    /* The calls that a task's frames make when they are left, at most max: those with records in the order in which
     * they will be made, then those that frames (innermost first) know of. */
    size_t (*defers)(struct rt *, const struct task *, const struct task_frame *frames, size_t n,
                     struct task_defer *out, size_t max);
    /* Who made it, who made that one, and so on, at most max; none where the program was not told to keep them. */
    size_t (*ancestors)(struct rt *, const struct task *, struct task_ancestor *out, size_t max);
    /* Where its own stack is: stack pointers from lo to hi. False: it cannot be read. */
    bool (*bounds)(struct rt *, const struct task *, taddr *lo, taddr *hi);
    /* The registers that it goes on with, for its variables. */
    struct err *(*task_regs)(struct rt *, const struct task *, struct regs *out);
    /* Functions, files and lines at a lookup address from the runtime's own tables, innermost first, at most max;
     * 0: not its code. Strings live as long as the modules. Then no DWARF is read for the address. */
    size_t (*lines)(struct rt *, taddr lookup, struct src_frame *out, size_t max, taddr *function_start);
    /* The arguments of a function's frame as words of its stack, "0x1, {0xc000012040, 0x5}, ...", as the language's own
     * traceback has them: what can be told without debug information. A word that may be stale is followed by "?".
     * False: not known. */
    bool (*arguments)(struct rt *, taddr lookup, taddr cfa, struct text *out);
    /* Not where a task is for its programmer: the runtime's functions, and those of libraries' inner parts. */
    bool (*is_private)(struct rt *, const char *function);
    /* A frame that stacks leave out: of the runtime, or made by the compiler around a call. `file` may be NULL. */
    bool (*is_hidden)(struct rt *, const char *function, const char *file);
    /* Is the function with this entry one that the compiler made around a call? */
    bool (*is_wrapper)(struct rt *, taddr entry);
    /* Does it wait for the object (a channel) whose record is there? */
    bool (*waits_on)(struct rt *, const struct task *, taddr object);
    /* Of tasks whose frames are those of an interpreted language, in place of walker_new() and walk(): the frames of one
     * that no thread runs, innermost first, each RT_UNPLACED. */
    void (*task_frames)(struct rt *, const struct task *, struct rt_stack *out);
    /* What the program calls it: "Task-3"; NULL: nothing. */
    const char *(*task_name)(struct rt *, const struct task *);
    /* "greenlet": what the language calls such tasks; a literal. Without it "task". */
    const char *(*task_kind)(struct rt *, const struct task *);
    /* The tasks that it waits for, as indices of tasks(): at most max; how many there are. */
    size_t (*awaits)(struct rt *, const struct task *, uint32_t *out, size_t max);
    /* What the program marked a task with, at most max; strings are the rt's. */
    size_t (*labels)(struct rt *, const struct task *, struct task_label *out, size_t max);

    /* Interpreters. What they give out is the rt's.
     * All threads that they know, in their order. ERR_NO_DATA, ERR_CORRUPT. */
    struct err *(*threads)(struct rt *, const struct rt_thread **out, size_t *n);
    /* The language frames of a thread, each with the native frame (innermost first) that runs it. None: n is 0. */
    void (*annotate)(struct rt *, const struct image_thread *th, const struct rt_native *natives, size_t n,
                     struct rt_stack *out);
    /* "python": the language of their frames; a literal. */
    const char *interprets;
    /* Is a native function of that thread the interpreter's own, of no interest to who wrote the program? `inside`: a
     * frame of the language stands further in. NULLs are unknown. */
    bool (*is_interpreter)(struct rt *, const struct module *m, const char *function, const char *file, bool inside);
    /* The exception that a thread is leaving functions for, and the one that it handles; NULL: none. */
    void (*exceptions)(struct rt *, const struct rt_thread *th, const struct rt_exception **raised,
                       const struct rt_exception **handled);
    /* Of a frame of theirs, f->lang->record: as scope_variables(), each with its value. */
    struct err *(*variables)(struct rt *, const struct vframe *f, struct variables *out);
    /* An expression in the language, in env->frame, which is a frame of theirs. Errors: as expr_evaluate(). */
    struct err *(*evaluate)(struct rt *, const struct expr_env *env, const char *text, struct value *out);
    /* Is a name that the frame's function does not bind one of the module ("global")? Otherwise it is the language's
     * own, or none. */
    bool (*is_global)(struct rt *, const struct vframe *f, const char *name);
};

#endif
