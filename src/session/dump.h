/* SPDX-License-Identifier: Apache-2.0 */
/* A core of a process that goes on, or of another core. */
#ifndef SESSION_DUMP_H
#define SESSION_DUMP_H

#include "base/work.h"
#include "session/redact.h"
#include "session/session.h"

enum dump_method {
    DUMP_AUTO,     /* a snapshot, and where that is not possible or not safe, stopped */
    DUMP_SNAPSHOT, /* from a frozen copy of the process, which stands still while its page tables are copied */
    DUMP_STOP,     /* the process stands still until the file is written */
    DUMP_COPY,     /* of a small core: registers, stacks and what runtimes need are copied while it stands still */
};
/* How much of the memory. */
enum dump_size {
    DUMP_FULL,   /* what the kernel would write */
    DUMP_STACKS, /* of that what stacks, tasks and the list of modules need */
    DUMP_HEAP,   /* besides what is reached from there, up to a limit */
};

struct dump_opts {
    enum dump_method method;
    enum dump_size size;
    uint64_t heap; /* bytes of memory that DUMP_HEAP adds */
    struct module_opts modules; /* where files are looked for, of which stacks and what is redacted are told */
    const struct runtime *const *runtimes; /* see session_opts */
    bool all; /* also what coredump_filter and MADV_DONTDUMP leave out */
    bool pack; /* see struct capture_opts */
    struct redact_opts redact;
    struct progress *progress; /* bytes; may be NULL */
};

/* Memory that was read while the process ran on. */
struct dump_live {
    uint64_t start, end;
    const char *why; /* "shared", "not-forked", "wiped-on-fork" */
};

struct dump_result {
    enum dump_method method; /* that was used */
    struct err *why_stopped; /* DUMP_AUTO: why no snapshot was made; NULL: one was */
    struct err **problems;   /* what is wrong with the dump, but not fatal */
    size_t n_problems;
    int32_t pid; /* of the process, when the id that was given is a thread's */
    uint64_t threads;
    uint64_t bytes;      /* of the file */
    uint64_t bytes_used; /* on the disk: pages of zeros take no room; 0: not known */
    enum dump_size size; /* that was asked for */
    uint64_t later;      /* DUMP_COPY: bytes of what can change that were read after the pause */
    uint64_t skipped;    /* bytes that could not be read, zeros in the file */
    struct dump_live *live; /* of a snapshot: what a fork does not freeze and the pause did not copy */
    size_t n_live;
    struct redacted_rows redacted; /* what was written over, now or before; none */
    uint64_t pause_ns;   /* from the first thread's stop to the last one's release */
    uint64_t stop_ns, registers_ns, fork_ns; /* parts of it, of a snapshot */
    uint64_t total_ns;
};

/* Writes a new file of mode 0600, or ("-") standard output. On an error there is none, and the process runs on as before. Errors: those of
 * image_snapshot_open(), image_hold_open() and capture_core(). */
struct err *session_dump(int32_t pid, const char *path, const struct dump_opts *opts,
                         struct dump_result *out) MUST_CHECK;
/* Could it be written? Looks without stopping the process; session_dump() does it, too. Errors: those of
 * image_peek_open() and capture_check(). */
struct err *session_dump_check(int32_t pid, const char *path, const struct dump_opts *opts) MUST_CHECK;
/* The same from a core of any kind, which is only read. `method` and `all` mean nothing: there is in it what there is,
 * and of the result the times but the last are 0. Errors: those of image_core_open() and capture_core(). */
struct err *session_shrink(const char *core, const char *path, const struct dump_opts *opts,
                           struct dump_result *out) MUST_CHECK;
void dump_result_done(struct dump_result *r);

#endif
