/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, put together from DIEs. */
#ifndef MODULE_NAMES_H
#define MODULE_NAMES_H

#include "module/dwarf.h"

struct function_name {
    const char *name;    /* as gdb prints it: qualified, with template arguments, without parameters; or NULL */
    const char *linkage; /* mangled; or NULL */
};

/* A function is named once however often it was inlined. Threads: one. */
struct namer {
    /* Set by the caller: */
    struct arena *arena;  /* for the names */
    const char *language; /* of the unit that has the functions: units that dwz made have none */
    /* Private: */
    struct dw_scopes scopes;
    struct map64 known; /* DIE -> struct function_name * */
};
void namer_done(struct namer *n);
/* The name of a DW_TAG_subprogram or DW_TAG_inlined_subroutine. Strings are the arena's or the file's. */
const struct function_name *function_name(struct namer *n, const struct dw_die *function);

#endif
