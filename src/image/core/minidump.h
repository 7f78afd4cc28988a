/* SPDX-License-Identifier: Apache-2.0 */
/* A minidump while it is read: what lldb's `process save-core` writes on Linux, and the crash reporters
 * Breakpad and Crashpad. Private to image/core/, but for the first two functions.
 *
 * Layout: Microsoft's minidumpapiset.h (MINIDUMP_HEADER and the streams numbered below 0x8000) and winnt.h
 * (CONTEXT); the streams that Linux adds are numbered in Breakpad's published minidump_format.h, those of
 * lldb in its Minidump.h and those of Crashpad in its minidump_extensions.h. */
#ifndef IMAGE_CORE_MINIDUMP_H
#define IMAGE_CORE_MINIDUMP_H

#include "base/map.h"
#include "image/core/core.h"

enum minidump_stream_type {
    STREAM_THREADS = 3,
    STREAM_MODULES = 4,
    STREAM_MEMORY = 5,
    STREAM_EXCEPTION = 6,
    STREAM_SYSTEM = 7,
    STREAM_MEMORY64 = 9,
    STREAM_MISC = 15,
    STREAM_REGIONS = 16,
    STREAM_THREAD_NAMES = 24,
    STREAM_CRASHPAD = 0x43500001,
    STREAM_PROC_STATUS = 0x47670004,
    STREAM_CMDLINE = 0x47670006,
    STREAM_ENVIRON = 0x47670007,
    STREAM_AUXV = 0x47670008,
    STREAM_MAPS = 0x47670009,
    STREAM_LINK_MAP = 0x4767000a, /* of Breakpad */
    STREAM_PROC_STAT = 0x4767000b, /* of lldb */
    STREAM_LLDB = 0x4c4c4442,
};

struct minidump_stream {
    uint32_t type;
    uint64_t offset; /* in the file */
    struct bytes data;
};

/* Where a processor's CONTEXT has its registers. */
struct minidump_context {
    uint16_t processor; /* PROCESSOR_ARCHITECTURE_* */
    const struct arch *arch;
    const struct reg_desc *regs; /* offsets in CONTEXT */
    size_t n_regs;
    uint16_t flags;         /* offset of ContextFlags */
    uint32_t has_fs_base;   /* flag of lldb's own: fs_base and gs_base stand where `fs_base` says; 0: never */
    uint16_t fs_base;
    uint32_t has_fp;        /* flag: what NT_FPREGSET holds stands where `fp` says; 0: never */
    uint16_t fp, fp_size;
};

struct minidump {
    struct core c; /* loads and files: only when there is no copy of /proc/PID/maps */
    const struct minidump_context *context;
    VEC(struct minidump_stream) streams;
    struct map64 tids;   /* tid -> index in threads, plus one */
    uint64_t expected;   /* end of the last byte that something refers to */
    uint64_t text_left;  /* bytes of names that may still be read: strings of a hostile file overlap */
    bool by_lldb;
};

bool minidump_is(struct bytes file);
/* As core_open_bytes(). */
struct err *minidump_open_bytes(struct bytes file, const char *path, struct image **out) MUST_CHECK;

/* The first stream of a type; NULL when there is none. */
const struct minidump_stream *minidump_stream(const struct minidump *d, enum minidump_stream_type type);
/* A cursor over the entries of a stream that starts with their number, and how many are there; 0 when the
 * stream is absent. */
struct cursor minidump_list(struct minidump *d, enum minidump_stream_type type, size_t entry_size, size_t *n);
/* The part of [offset, offset + size) that the file has. */
struct bytes minidump_bytes(struct minidump *d, uint64_t offset, uint64_t size);
/* A MINIDUMP_STRING (UTF-16) as UTF-8 in the image's arena; "" when it is not there. */
const char *minidump_string(struct minidump *d, uint64_t offset);

/* NULL when CONTEXTs of the processor are not known. */
const struct minidump_context *minidump_context_find(uint16_t processor);
/* Registers of a CONTEXT; those that it lacks stay unknown. */
void minidump_regs(const struct minidump_context *x, struct bytes context, struct regs *out);
/* Floating-point registers as NT_FPREGSET has them; empty when the CONTEXT lacks them. */
struct bytes minidump_fp_regs(const struct minidump_context *x, struct bytes context);

/* The steps that fill the address space, in order. */
void minidump_add_memory(struct minidump *d, taddr start, uint64_t size, uint64_t offset);
void minidump_read_modules(struct minidump *d);
void minidump_read_memory(struct minidump *d);
void minidump_read_maps(struct minidump *d);

#endif
