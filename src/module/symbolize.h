/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to source: functions, files, lines, inlined calls. Works on many distinct addresses at once,
 * so that each section is inflated, each unit read and each address answered once, on all cores. */
#ifndef MODULE_SYMBOLIZE_H
#define MODULE_SYMBOLIZE_H

#include "module/module.h"

/* One source-level frame at an address. */
struct src_frame {
    const char *function; /* as gdb prints it: qualified, with template arguments, without parameters and
                           * return type ("ns::cls<int>::fn"); NULL unknown */
    const char *linkage;  /* mangled name when it differs; NULL */
    const char *file;     /* path as the compiler recorded it, joined with its directory; NULL unknown */
    uint32_t line, column; /* 0 unknown */
    bool inlined;         /* this frame was inlined into the next one */
    const char *language; /* "c", "c++", "rust", "go", ...; NULL unknown */
};

struct src_info {
    const struct src_frame *frames; /* innermost first; the last one is the physical function */
    size_t n;                       /* 0: no DWARF covers the address */
    taddr function_start;           /* runtime entry address of the physical function; 0 unknown */
};

struct symbolizer;
/* `ms` must outlive it. Threads: one at a time; it uses all cores by itself. */
struct symbolizer *symbolizer_new(struct modules *ms);
void symbolizer_free(struct symbolizer *s); /* NULL is allowed */

/* Answers distinct lookup addresses (already adjusted: pc - 1 for a return address); out[i] belongs to
 * pcs[i] and is owned by the symbolizer. Damaged DWARF gives fewer frames, and a problem in `problems`.
 * Uses and fills the cache on disk when modules_opts()->cache_dir is set. */
void symbolizer_run(struct symbolizer *s, const taddr *pcs, size_t n, struct src_info *out);

/* The functions between a caller and a callee that were left by tail calls, outermost first, when call-site
 * data proves one chain (DWARF 5 section 3.4, gdb's rule: what all possible chains share).
 * caller_ret: return address in the caller; callee_start: entry of the physical function that runs.
 * Each result is a function entry (runtime address) with the pc after its jump. */
struct tail_frame {
    taddr pc;       /* address right after the tail call's jump */
    taddr function; /* entry of the function */
};
size_t symbolizer_tail_calls(struct symbolizer *s, taddr caller_ret, taddr callee_start, struct tail_frame *out,
                             size_t max);

/* What went wrong, a line each ("libfoo.so: .debug_line at 0x..: ..."). */
const struct err *const *symbolizer_problems(struct symbolizer *s, size_t *n);

#endif
