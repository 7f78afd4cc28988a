/* SPDX-License-Identifier: Apache-2.0 */
/* THE FACADE: one opened target. Front ends see this and nothing below (types of image, module and unwind
 * are published here; their functions are not for front ends).
 *
 * Threads: one thread at a time; session_cancel() alone may be called from any thread or signal handler. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "image/image.h"
#include "module/module.h"
#include "unwind/unwind.h"

struct runtime;

struct session_opts {
    struct module_opts modules;
    int32_t only_tid;  /* 0: all threads. A live process is stopped as a whole only when it is 0 */
    size_t max_frames; /* per thread, as shown (inlined and tail-call frames count); 0: no limit */
    bool names_only;   /* stop after symbols: no DWARF is read */
    bool no_index;     /* types stay as the unit of a variable has them: no index of the whole program is made */
    bool no_inlines;   /* leave inlined frames out */
    bool language_variables; /* of a process those of interpreted frames are copied, too, while it stands still */
    /* Of a live process a frozen copy is looked at, and how that was made is put here. NULL: none is. */
    struct image_snapshot *snapshot;
    /* A live process is looked at for a core: all sets of registers are read, what debuggers of its runtimes need is
     * copied while it stands still, and afterwards each page is read once, so that the core holds what answers saw. */
    bool for_core;
    /* With for_core: ERR_LIMIT, before it is stopped, when a frozen copy would surely stop it for a shorter time. */
    bool or_snapshot;
    /* Told of all memory that is read; may be NULL. */
    struct space_watch *watch;
    bool hold; /* a live process stays stopped: control.h */
    const struct runtime *const *runtimes; /* NULL-terminated, from tool/; NULL: none */
    struct progress *progress; /* may be NULL */
};

struct session;
/* TARGET is a process id (digits), or the path of a core or of a program that does not run. Digits mean the process if there is one, else a
 * file of that name; when both exist the choice is one of session_problems(). `opts` is copied, its strings
 * are borrowed. Errors: whatever keeps the target from opening. */
struct err *session_open(const char *target, const struct session_opts *opts, struct session **out) MUST_CHECK;
/* NULL is allowed. */
void session_free(struct session *s);
static inline void session_freep(struct session **s) /* for SCOPED */
{
    session_free(*s);
}
/* Makes what runs end with ERR_CANCELLED soon. Needs opts->progress. */
void session_cancel(struct session *s);

const struct image *session_image(const struct session *s);
/* The thread with this id; NULL: none has it. */
const struct image_thread *session_thread(const struct session *s, int64_t tid);
size_t session_module_count(const struct session *s);
/* The i-th module by address. `load`: all parts are tried (file, debug file, supplement), so that their
 * states and notes are final. */
const struct module *session_module(struct session *s, size_t i, bool load);
/* How to get what a module of this session lacks ("apt install libc6-dbg"); NULL: nothing is missing. */
const char *session_module_hint(struct session *s, const struct module *m);

/* FRAME_LANGUAGE: of an interpreted language; it stands just inside the native frame that runs it. */
enum frame_kind { FRAME_NORMAL, FRAME_INLINED, FRAME_TAILCALL, FRAME_SIGNAL, FRAME_LANGUAGE };

/* What is known of one source-level function at one address: shared by all frames there, so that 100,000
 * frames of a recursion cost 24 bytes each. Equal names, files and languages are the same pointer within a
 * session. NULL is unknown. */
struct splace {
    const char *function; /* as in the source: demangled, qualified; for C what the linker calls it */
    const char *file; /* path as the compiler recorded it */
    uint32_t line, column;
    uint32_t end_line, end_column; /* of a FRAME_LANGUAGE: where the expression ends; 0 unknown */
    const char *name; /* of a FRAME_LANGUAGE: its plain name; NULL */
    const char *language; /* "c", "c++", "rust", "python", ... */
    const struct module *module; /* NULL when the address is in none */
    const struct mapping *mapping; /* NULL when the address is not mapped */
    taddr start; /* entry of the physical function; 0 unknown, or an inlined one */
};

/* One source-level frame. Its number is its index, as in gdb. */
struct sframe {
    taddr pc; /* of the physical frame: inlined frames repeat it; a tail call: after its jump. FRAME_LANGUAGE: the
                 interpreter's record of the frame instead */
    const struct splace *at;
    uint32_t physical; /* index of the physical frame; a tail-call frame has that of its callee; UINT32_MAX: of a
                          FRAME_LANGUAGE that no physical frame was found for */
    uint8_t kind; /* enum frame_kind */
    uint8_t how; /* enum frame_how: FRAME_POINTER and FRAME_SCAN are guesses */
    bool hidden; /* the interpreter's own, beside the FRAME_LANGUAGE that it runs: see session_frame_hidden() */
};

struct sstack {
    const struct image_thread *thread;
    bool crashed;
    const struct sframe *frames; /* innermost first */
    size_t n;
    bool more; /* there are more frames, which were not asked for: session_first_frames() */
    const char *stopped; /* why it ends before the outermost frame, or NULL */
    const char *stopped_hint; /* or NULL */
    const char *note; /* what is wrong with its language frames, or NULL */
    bool unmerged; /* its language frames stand after the native ones, since it is not known where they belong */
    uint32_t number; /* among all stacks that the session has made; for session/ */
    const struct rt_call *calls; /* session_frame_call() */
    size_t n_calls;
    taddr closure; /* of a call of Go that has not begun: its function's value; 0: none */
};

/* Stacks of all threads (or the one asked for), the crashing one first, then in the image's order. Each
 * distinct pc is symbolised once. Computed by the first call; valid until session_free() or session_continue().
 * Errors: ERR_CANCELLED, ERR_NOT_FOUND for a thread that is not there. */
struct err *session_stacks(struct session *s, const struct sstack **out, size_t *n) MUST_CHECK;
/* The same stacks, with their first `frames` frames or more, of thread `tid` or (0) of all; of the others with what
 * was asked before. Their places alone are looked up, so that no debug information is read but for them. Frames that
 * were given out stay, a struct sstack is changed. */
struct err *session_first_frames(struct session *s, int32_t tid, size_t frames, const struct sstack **out,
                                 size_t *n) MUST_CHECK;

/* The function of an interpreted language's own ("time.sleep") that frame i runs; NULL: none, or that is not sure. Of a
 * physical frame's only the function itself has it, not what is inlined there. */
const struct rt_call *session_frame_call(const struct sstack *st, size_t i);

/* What is wrong but not fatal (truncated core, damaged DWARF, a choice made for the user), in the order it
 * was found. The array is valid until the next call. */
const struct err *const *session_problems(struct session *s, size_t *n);

/* Target memory, and where the dump left a file's read-only bytes out, those of the verified file. */
struct err *session_read(struct session *s, taddr at, void *buf, size_t n) MUST_CHECK;
/* As much of it as can be read from the start: bytes, 0 to n. */
size_t session_read_some(struct session *s, taddr at, void *buf, size_t n);

/* NUL-separated strings; heap, owned by the caller. See image_environ(), image_arguments(). */
struct err *session_environ(struct session *s, char **out, size_t *n) MUST_CHECK;
struct err *session_arguments(struct session *s, char **out, size_t *n) MUST_CHECK;
/* What is known of a process beside its memory, in image.facts: asks for it, once; of a core it is what Inquest wrote
 * into it, if it did. The first value of a key, or NULL. */
void session_describe(struct session *s);
const char *session_fact(const struct session *s, const char *key);
/* Hexadecimal digits of a build-id, written to buf; "" when it has none. */
const char *session_build_id_text(const struct build_id *id, char buf[static BUILD_ID_TEXT]);
/* "SIGSEGV"; NULL for a number that is no signal. */
const char *session_signal_name(int signo);
/* "address not mapped (SEGV_MAPERR)"; NULL when unknown. */
const char *session_signal_code(int signo, int code);
/* "AT_PHDR"; NULL when unknown. */
const char *session_auxv_name(uint64_t type);

#endif
