/* SPDX-License-Identifier: Apache-2.0 */
/* Go's function table: code addresses to functions, frame sizes, files, lines and inlined calls. Every Go program
 * has it, stripped or not, since its own tracebacks need it.
 *
 * Layout: runtime/symtab.go, internal/abi/symtab.go and cmd/link/internal/ld/pcln.go of Go 1.16 to 1.27.
 * Threads: read-only once opened; shareable. */
#ifndef RT_GO_PCLNTAB_H
#define RT_GO_PCLNTAB_H

#include "base/cursor.h"
#include "image/arch.h"

/* What shapes the records: the header's magic tells. In those of 1.16 addresses are whole, not distances. Until 1.18
 * inline records have files of their own, from 1.20 on functions have their first line. */
enum pclntab_format { PCLNTAB_1_16, PCLNTAB_1_18, PCLNTAB_1_20 };

struct pclntab {
    uint8_t format; /* enum pclntab_format */
    uint8_t word, quantum; /* bytes of a pointer, of the smallest instruction */
    uint32_t n_functions, n_files;
    taddr text; /* what makes a function's entry a runtime address: runtime.text, or until Go 1.17 the bias */
    struct bytes names, units, files, values, functions; /* the table's parts, each to the table's end */
    struct bytes funcdata; /* what inline trees lie in */
    taddr funcdata_at;
    const char *what; /* for messages */
};

/* Where a table belongs. */
struct pclntab_place {
    taddr text; /* runtime address of the module's runtime.text */
    taddr bias; /* what must be added to link-time addresses, which the table has until Go 1.17 */
    struct bytes funcdata; /* the module's data at moduledata.gofunc, until Go 1.17 its constants; may be empty: then
                            * inlined calls are not known */
    taddr funcdata_at; /* link-time address of these constants */
    const char *what; /* for messages */
};
/* Opens the table in `b`. ERR_CORRUPT, ERR_TRUNCATED, ERR_UNSUPPORTED. */
struct err *pclntab_open(struct bytes b, const struct pclntab_place *place, struct pclntab *out) MUST_CHECK;

/* Do the bytes begin like a function table? */
bool pclntab_is_one(struct bytes b);

/* Bits of go_function.flags (internal/abi/symtab.go, FuncFlag). The last one is set from Go 1.18 on:
 * pclntab_is_assembly() knows it of all versions. */
enum { GO_FUNC_TOP_FRAME = 1, GO_FUNC_SP_WRITE = 2, GO_FUNC_ASM = 4 };

struct go_function {
    taddr entry, end; /* runtime addresses: [entry, end) */
    const char *name; /* "main.(*server).handle"; "" when damaged */
    uint32_t pcsp, pcfile, pcln, unit; /* offsets and an index into the tables */
    uint32_t n_pcdata;
    uint8_t id, flags, n_funcdata;
    int32_t start_line; /* of `func`; 0 unknown (before Go 1.20) */
    uint32_t deferreturn; /* offset of the call of deferreturn; 0 none */
    struct cursor rest; /* at pcdata */
};
/* The function that holds a runtime address; false: none does. */
bool pclntab_find(const struct pclntab *t, taddr pc, struct go_function *out);
/* Function number i, for i < n_functions; false when its record is damaged. */
bool pclntab_function(const struct pclntab *t, uint32_t i, struct go_function *out);

/* Was it written in assembly, not compiled? */
bool pclntab_is_assembly(const struct pclntab *t, const struct go_function *f);

/* Bytes between the stack pointer at pc and the return address; false: the table does not say. */
bool pclntab_frame_size(const struct pclntab *t, const struct go_function *f, taddr pc, uint64_t *out);

/* Data that the compiler left for the runtime about a function, number `which` (FUNCDATA_*), up to the end of all such
 * data; empty: none, or the format is not known. */
struct bytes pclntab_funcdata(const struct pclntab *t, const struct go_function *f, unsigned which);

/* The value at pc of table number `which` (PCDATA_*); false: the function has none. */
bool pclntab_pcdata(const struct pclntab *t, const struct go_function *f, unsigned which, taddr pc, int32_t *out);

/* One source-level function at a pc. */
struct go_line {
    const char *function, *file; /* "" unknown */
    int32_t line; /* 0 unknown */
    int32_t start_line; /* of the function; 0 unknown */
    uint8_t id; /* funcID: what it is to the runtime */
};
/* The functions at a pc, innermost inlined one first, the physical one last. Gives how many were written, at
 * most max, at least 1. */
size_t pclntab_lines(const struct pclntab *t, const struct go_function *f, taddr pc, struct go_line *out, size_t max);

#endif
