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
    int32_t only_tid;        /* --thread: 0 all */
    size_t max_frames;       /* 0: no limit */
    bool names_only;         /* stop after symbols: no DWARF is read */
    const struct runtime *const *runtimes; /* NULL-terminated; from tool/ */
    struct progress *progress;
};

struct session;
/* TARGET is a process id (digits) or the path of a core. Errors: whatever keeps the target from opening. */
struct err *session_open(const char *target, const struct session_opts *opts, struct session **out) MUST_CHECK;
void session_free(struct session *s);
void session_cancel(struct session *s);

const struct image *session_image(const struct session *s);
size_t session_module_count(const struct session *s);
/* With all parts tried (file, debug, alt), so that states and notes are final when `load` is set. */
const struct module *session_module(struct session *s, size_t i, bool load);
const char *session_module_hint(struct session *s, size_t i); /* how to get what is missing; or NULL */

enum frame_kind { FRAME_NORMAL, FRAME_INLINED, FRAME_TAILCALL, FRAME_SIGNAL };

/* One source-level frame. All strings are the session's; NULL is unknown. */
struct sframe {
    taddr pc;                    /* as in the physical frame; inlined frames repeat it */
    enum frame_kind kind;
    enum frame_how how;          /* FRAME_POINTER and FRAME_SCAN are guesses and are shown as such */
    const char *function;        /* demangled, qualified */
    uint64_t offset;             /* pc minus start of the function (physical frames with a symbol) */
    bool has_offset;
    const char *file;
    uint32_t line, column;
    const char *module;          /* path of the module; NULL when pc is in none */
    const char *module_name;
    uint64_t module_offset;      /* link-time address of pc in the module's file */
    const char *language;        /* "c", "c++", "rust", ...; NULL */
    uint32_t physical;           /* index of its physical frame */
};

struct sstack {
    const struct image_thread *thread;
    bool crashed;
    const struct sframe *frames;
    size_t n;
    const char *stopped;      /* why it ends before the outermost frame, or NULL */
    const char *stopped_hint; /* or NULL */
};

/* Stacks of all threads (or the one asked for), the crashing one first, then in the image's order. Each
 * distinct pc is symbolised once. Valid until session_free(). */
struct err *session_stacks(struct session *s, const struct sstack **out, size_t *n) MUST_CHECK;

/* What is wrong but not fatal (truncated core, missing files, damaged DWARF), a line each. */
const struct err *const *session_problems(struct session *s, size_t *n);

/* For info: heap strings owned by the caller. */
struct err *session_environ(struct session *s, char **out, size_t *n) MUST_CHECK;
struct err *session_arguments(struct session *s, char **out, size_t *n) MUST_CHECK;
const char *session_signal_name(int signo);
const char *session_signal_code(int signo, int code);
const char *session_auxv_name(uint64_t type);

#endif
