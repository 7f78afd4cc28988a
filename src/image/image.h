/* SPDX-License-Identifier: Apache-2.0 */
/* A target at one instant: address space, threads, mappings and what the system says of the process.
 * image/core/ fills it from a core file, image/live/ from a process that it stops for as short as it can.
 *
 * Threads: read-only after opening (a held one: between two calls of image_hold_*); shareable. Everything is owned
 * by the image. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "base/arena.h"
#include "base/work.h"
#include "image/space.h"

enum {
    PROT_BIT_READ = 1,
    PROT_BIT_WRITE = 2,
    PROT_BIT_EXEC = 4,
};

/* One line of /proc/PID/maps, or one PT_LOAD joined with its NT_FILE entry. */
struct mapping {
    taddr start, end;
    uint64_t offset;  /* bytes into the file */
    uint8_t prot;     /* PROT_BIT_* */
    bool shared;
    bool deleted;     /* the file was unlinked (the suffix is not in path) */
    const char *path; /* file path as the target sees it, "[stack]", "[vdso]", "[heap]"; NULL: anonymous/unknown */
    uint64_t dev, inode; /* 0 when unknown (cores) */
    uint64_t present;    /* bytes that a dump holds; the whole length for a live process */
};

/* What a dump says of a mapped file beside its mappings. Minidumps name build-ids so, because they seldom
 * hold the page with the ELF header. */
struct image_file {
    taddr start;           /* where its first byte is mapped */
    const char *path;
    struct bytes build_id; /* n == 0: not known */
};

/* Owner of the note, of type IMAGE_NOTE_WRITER and without content, that marks a core which Inquest wrote. */
#define IMAGE_NOTE_OWNER "Inquest"
enum {
    IMAGE_NOTE_WRITER = 0x494e5101, /* no number of the kernel's: some readers look at that alone */
    IMAGE_NOTE_RECORD, /* image.facts as text, a line each (image_fact_put()) */
    IMAGE_NOTE_MAPS, /* where segments are pieces of mappings: start, end, PROT_BIT_* of all, 8 bytes each */
};
/* Of the same owner: what was written over before the core was, a line each: "environment: 12 in 480 bytes". Zeros
 * follow the last line. Never a value. */
enum { IMAGE_NOTE_REDACTED = 0x494e5110, IMAGE_REDACTED_MAX = 8192 };

/* A note as found in a core (or asked from ptrace): register sets beyond the general ones. */
struct image_note {
    uint32_t type;     /* NT_FPREGSET, NT_X86_XSTATE, ... */
    const char *owner; /* "CORE", "LINUX" */
    struct bytes desc;
};

struct image_thread {
    int32_t tid;
    const char *name; /* NULL when unknown: cores hold none but the main thread's */
    char state;       /* as in /proc/PID/stat before we stopped it; 0 unknown */
    int32_t signal;   /* signal that this thread was handling when dumped (pr_cursig), 0 none */
    bool has_regs;    /* false: the thread could not be read; see `why` */
    struct regs regs;
    struct bytes gp;  /* raw pr_reg bytes in the arch's layout; n == 0 when the target has no such bytes */
    const struct image_note *notes;
    size_t n_notes;
    const char *why;  /* why registers are missing, or NULL */
};

/* One thing that is known of a process beside its memory (docs/internals/capture.md has the keys). */
struct image_fact {
    const char *key, *value; /* the value may hold any byte but NUL */
};

/* Decoded siginfo (Linux include/uapi/asm-generic/siginfo.h). */
struct image_signal {
    int32_t signo; /* 0: the target did not die by a signal */
    int32_t code, err_no;
    bool has_info;   /* code and the fields below come from a siginfo */
    bool has_addr;   /* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP */
    taddr addr;
    bool has_sender; /* SI_USER, SI_QUEUE, SI_TKILL */
    int32_t pid;
    uint32_t uid;
    int32_t tid;     /* the thread that got it */
};

struct image_auxv {
    uint64_t type, value; /* AT_*, as in <elf.h> */
};

/* What the kernel knows of a process's mapping and a dump goes by (/proc/PID/smaps). */
struct mapping_facts {
    bool left_out; /* MADV_DONTDUMP */
    bool device;   /* its bytes are not memory (VM_IO, VM_PFNMAP) */
    bool huge;     /* of hugetlbfs */
    bool modified; /* private, and written to: some pages are no longer the file's */
    bool not_forked, wiped; /* MADV_DONTFORK, MADV_WIPEONFORK: a fork lacks it, or has zeros in its place */
};

/* Memory of a frozen copy that is not of its instant: it is read while the process runs on. */
enum image_unfrozen_why { UNFROZEN_SHARED, UNFROZEN_NOT_FORKED, UNFROZEN_WIPED };
struct image_unfrozen {
    taddr start, end;
    enum image_unfrozen_why why;
};

struct image;
struct image_ops {
    /* Opens the file behind a mapping as the target itself sees it (a live process: through /proc/PID/root
     * or map_files). NULL for cores: the module layer searches by path, sysroot and build-id. */
    struct err *(*open_mapped)(struct image *im, const struct mapping *m, int *fd);
    /* For image_mapping_facts(), image_touched() and image_next_touched(). NULL for cores. */
    struct err *(*facts)(struct image *im, struct mapping_facts *out, uint32_t *filter);
    void (*describe)(struct image *im); /* NULL for cores */
    bool (*touched)(struct image *im, taddr at, size_t pages, uint8_t *out);
    taddr (*next_touched)(struct image *im, taddr at, taddr end);
    void (*free)(struct image *im);
};

enum image_kind { IMAGE_CORE, IMAGE_LIVE, IMAGE_FILE };

struct image {
    const struct image_ops *ops;
    enum image_kind kind;
    const char *path;  /* of the core or program; "/proc/PID" for a process */
    const char *writer; /* who wrote the core when it can be told ("kernel", "gcore", "inquest", ...); NULL */
    const struct arch *arch;
    struct arena arena;
    struct space space;

    VEC(struct image_thread) threads; /* the crashing thread first in cores; tgid first in processes */
    VEC(struct mapping) maps;         /* sorted by start */
    VEC(struct image_file) files;     /* sorted by start; empty for ELF cores and processes */
    VEC(struct image_auxv) auxv;
    struct image_signal signal;
    int32_t crashed_tid; /* thread that got the fatal signal; 0 none */

    int32_t pid, ppid;
    int32_t pgrp, sid; /* process group and session; 0 unknown */
    uint32_t uid, gid;
    bool has_ids;            /* ppid, uid, gid are known */
    const char *comm;        /* short name; NULL unknown */
    const char *cmdline;     /* arguments joined by spaces; NULL unknown */
    bool cmdline_cut;        /* a core keeps 80 bytes */
    const char *exe;         /* path of the program; NULL unknown */
    uint64_t start_time; /* seconds since the epoch; 0 unknown */
    uint64_t dump_time;  /* the same; of a core that does not say, the time of its file */
    bool same_clock;     /* a process whose monotonic clock shows what ours does */
    uint64_t resident; /* bytes of a process's own memory, in swap or not: anonymous and shared; 0 unknown */
    uint64_t utime_ms, stime_ms;    /* processor time of the whole process; 0 unknown */
    /* NUL-separated, where the dump keeps them apart from memory (minidumps); otherwise n is 0. */
    struct bytes arguments, environment;
    const char *redacted; /* the lines of IMAGE_NOTE_REDACTED; NULL: nothing was */
    VEC(char *) limits;      /* lines of /proc/PID/limits, live only */
    /* Of a core that Inquest wrote, and of a process after image_describe(). */
    VEC(struct image_fact) facts;
    VEC(struct image_unfrozen) unfrozen; /* sorted by start; of a frozen copy only */

    uint64_t page_tables; /* bytes that they take, of a process: what a fork copies; 0 unknown */
    uint64_t pause_ns; /* how long a live target stood still */
    /* What is wrong with the image as a whole: "the file ends 3.1 GB early; ...". Shown, never fatal. */
    VEC(struct err *) problems;

    void *priv; /* of the ops */
};

struct image_core_opts {
    struct progress *progress; /* unpacking a compressed core; may be NULL */
};
/* Opens an ELF core or a minidump of Linux, plain or packed with zstd, lz4, xz or gzip. A packed one is unpacked
 * to an unlinked sparse file in TMPDIR (mode 0600) with the free space checked on the way. Errors: ERR_NOT_FOUND,
 * ERR_PERMISSION, ERR_UNSUPPORTED (not a core; says what it is), ERR_CORRUPT. A truncated core opens. */
struct err *image_core_open(const char *path, const struct image_core_opts *opts, struct image **out) MUST_CHECK;

/* A program or library that does not run (an ELF executable, shared object or vmlinux): no threads, memory as its
 * PT_LOADs have it, at its link-time addresses. Errors: those of filemap_open(), ERR_UNSUPPORTED, ERR_TRUNCATED. */
struct err *image_file_open(const char *path, struct image **out) MUST_CHECK;
/* Is the file one for image_file_open()? A core is none. */
bool image_file_is_program(const char *path);

struct image_live_opts {
    int32_t only_tid;       /* 0: all threads */
    bool registers;         /* all sets of every thread, as notes; else the general ones alone */
    uint64_t stack_budget;  /* bytes of stack copied for all threads; 0: 256 MiB */
    /* Called before the stop: mappings are known, and memory can be read as it changes. What takes long is worked out
     * here, so that while_stopped has only to copy. An error ends the opening: the process is not stopped. NULL: none. */
    struct err *(*before_stop)(struct image *im, void *arg);
    /* Called while everything is stopped, for each thread: where the stack with this stack pointer ends; 0: where its
     * mapping does. For stacks that lie among other memory, of which too much would be copied. NULL: none. */
    taddr (*stack_end)(void *arg, taddr sp);
    /* Called while everything is stopped, before the resume, on a thread of image/live: runtimes copy what they
     * need by adding to im->space (data from im->arena; it is sorted afterwards). NULL: none. */
    void (*while_stopped)(struct image *im, void *arg);
    void *arg;
    struct progress *progress;
};
/* Stops all threads of a process (PTRACE_SEIZE + PTRACE_INTERRUPT, threads that appear meanwhile
 * included), copies registers and used stacks, and lets it run again, on every way out. Bytes outside the
 * copied stacks are read later from the running process (space.fallback).
 * Errors: ERR_NOT_FOUND, ERR_PERMISSION (with the reason: uid, ptrace_scope, capability), ERR_BUSY
 * (names the tracer), ERR_UNSUPPORTED (zombie, kernel thread), ERR_GONE. */
struct err *image_live_open(int32_t pid, const struct image_live_opts *opts, struct image **out) MUST_CHECK;

/* What /proc says of a process that is not stopped: threads without registers, memory as it is when it is read. Errors:
 * those of image_live_open(). */
struct err *image_peek_open(int32_t pid, struct image **out) MUST_CHECK;

/* ---- a frozen copy of a process ---- */

struct image_snapshot_opts {
    struct progress *progress; /* may be NULL */
};
/* Parts of image.pause_ns. */
struct image_snapshot {
    uint64_t stop_ns, registers_ns, fork_ns;
};
/* As image_live_open(), with all registers of all threads, and with memory as it was at that moment: a thread of the
 * process is made to fork a copy that never runs (src/image/snapshot/). The process stands still for as long as the
 * kernel copies its page tables. It sees nothing of it; its memory is charged for what it changes while the copy
 * lives, so free the image soon. Memory that a fork does not freeze (shared mappings, MADV_DONTFORK, MADV_WIPEONFORK) is
 * copied while it stands still, up to 8 MiB; what is beyond is as it is when read: im->unfrozen.
 * Errors: those of image_live_open(); ERR_UNSUPPORTED (processor, kernel, seccomp), ERR_LIMIT (no further process
 * allowed), ERR_BUSY (a thread does not stop). */
struct err *image_snapshot_open(int32_t pid, const struct image_snapshot_opts *opts, struct image **out,
                                struct image_snapshot *how) MUST_CHECK;

/* ---- a process that is held stopped ---- */

enum image_stop_kind {
    IMAGE_STOP_ATTACHED, /* nothing happened yet */
    IMAGE_STOP_SIGNAL, /* a thread got a signal */
    IMAGE_STOP_ASKED,
    IMAGE_STOP_EXITED,
    IMAGE_STOP_KILLED,
    IMAGE_STOP_EXEC, /* it runs another program now */
};
struct image_stop {
    enum image_stop_kind kind;
    int32_t tid, signo;
    int32_t code; /* exit status */
    bool core; /* killed, and the kernel dumped it */
};
/* What becomes of signals that a held process gets: masks, bit signo - 1. */
struct image_signals {
    uint64_t stop; /* these stop it; the others are passed on, or dropped, at once */
    uint64_t pass; /* these are delivered when their thread goes on */
};
/* As image_live_open(), but all threads stay stopped: memory is read from the process when asked for, nothing
 * is copied. Our end, by whatever cause, lets it run with nothing lost. Processes that it begins are left alone.
 * image_free() lets it run. */
struct err *image_hold_open(int32_t pid, struct image **out) MUST_CHECK;
/* Lets all threads run until something happens, then stops all again; progress->cancelled (progress may be NULL)
 * is IMAGE_STOP_ASKED. A process stopped by SIGSTOP stays so until it gets SIGCONT. Afterwards the image's
 * threads, mappings and signal are those of the new stop: what pointed into it is invalid. Exited and killed leave
 * the image as it was. Errors: ERR_USAGE (not held), ERR_GONE (it had ended before). */
struct err *image_hold_continue(struct image *im, const struct image_signals *signals, struct progress *progress,
                                struct image_stop *out) MUST_CHECK;
/* Lets it run for good; waiting signals are delivered when they are in `pass`, else dropped. */
struct err *image_hold_detach(struct image *im, uint64_t pass) MUST_CHECK;

/* A register beyond the general ones, from a thread's notes (NT_X86_XSTATE, NT_FPREGSET, ...), by its DWARF
 * number: little-endian bytes, *n of them. False when the image has no such. */
bool image_thread_register(const struct image *im, const struct image_thread *th, unsigned dwarf, uint8_t *buf,
                           size_t max, size_t *n);

/* Fills im->facts of a process: command line, control groups, system, limits, open files. It need not stand still; with
 * a hundred thousand sockets on the machine it takes tenths of a second. Nothing when they are there, or of a core. */
void image_describe(struct image *im);
/* The first value of a key, or NULL. */
const char *image_fact(const struct image *im, const char *key);
struct text;
/* "shared", "not-forked", "wiped-on-fork". */
const char *image_unfrozen_name(enum image_unfrozen_why why);
/* Appends a line as IMAGE_NOTE_RECORD has them: "key value", in which a backslash stands before one and before the "n"
 * that is a line's end. */
void image_fact_put(struct text *t, const char *key, const char *value);

/* NULL is allowed. */
void image_free(struct image *im);

/* One for each of im->maps, in an array of the caller's, and /proc/PID/coredump_filter. ERR_UNSUPPORTED for a core:
 * it was filtered when it was made. */
struct err *image_mapping_facts(struct image *im, struct mapping_facts *out, uint32_t *filter) MUST_CHECK;
/* Which of the pages (4096 bytes) from `at` were ever used: out[i] is 0 for those that were not, which in private
 * anonymous memory are zeros. False: not known. */
bool image_touched(struct image *im, taddr at, size_t pages, uint8_t *out);
/* The first of the pages in [at, end), which are whole, that may have been used; `end`: none was. Of a reservation of
 * terabytes it takes no longer than the kernel needs to walk its page tables (Linux 6.7; before it, a second each). */
taddr image_next_touched(struct image *im, taddr at, taddr end);

const struct mapping *image_mapping(const struct image *im, taddr at);
/* What the dump says of the file whose first byte is mapped at `start`, or NULL. */
const struct image_file *image_file(const struct image *im, taddr start);
/* Value of an auxv entry; false when absent. */
bool image_auxv(const struct image *im, uint64_t type, uint64_t *out);
/* The whole environment as NUL-separated bytes, from the target's memory or /proc; heap, caller's. */
struct err *image_environ(struct image *im, char **out, size_t *n) MUST_CHECK;
/* The whole command line (NUL-separated arguments) from the target's stack, which a core's notes cut at
 * 80 bytes; ERR_NOT_IN_DUMP when the stack's top is not there. Heap, caller's. */
struct err *image_arguments(struct image *im, char **out, size_t *n) MUST_CHECK;

/* "SIGSEGV"; NULL for a number that is no signal. */
const char *signal_name(int signo);
/* "address not mapped (SEGV_MAPERR)"; NULL when unknown. */
const char *signal_code_text(int signo, int code);
/* "AT_PHDR"; NULL when unknown. */
const char *auxv_name(uint64_t type);

#endif
