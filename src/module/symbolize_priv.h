/* SPDX-License-Identifier: Apache-2.0 */
/* What the symbolizer knows of each module: answers by link-time address, as the cache on disk keeps them.
 * For symbolize.c, tailcalls.c, callsite.c and cache.c. */
#ifndef MODULE_SYMBOLIZE_PRIV_H
#define MODULE_SYMBOLIZE_PRIV_H

#include "base/file.h"
#include "module/dwarf.h"
#include "module/symbolize.h"

/* Whom a call site calls. */
enum call_kind {
    CALL_UNKNOWN, /* no call site describes the call, or its target is computed at run time */
    CALL_ADDRESS, /* a function of the same module */
    CALL_NAME,    /* a function that is only declared where the call is */
};

struct call_target {
    enum call_kind kind;
    taddr address;
    const char *name;
};

struct answer {
    taddr pc;
    taddr entry; /* of the physical function; 0 unknown */
    const struct src_frame *frames;
    uint32_t n;
    bool keep;               /* complete: may go to the cache */
    struct call_target call; /* of the call that returns to pc + 1 */
};

struct tail_site {
    taddr pc; /* after the jump */
    struct call_target target;
};

/* The tail calls of a function. */
struct tail_list {
    taddr entry;
    bool known; /* a function with debug information begins there */
    bool keep;
    const struct tail_site *sites;
    uint32_t n;
};

struct sym_module {
    struct module *m;
    struct dwarf *dwarf; /* once something had to be read; NULL: not yet, or there is none */
    bool tried_dwarf, tried_cache;
    bool changed; /* there is something that the cache on disk lacks */
    VEC(const struct answer *) answers;
    VEC(const struct tail_list *) tails;
    struct map64 answer_at, tails_at; /* address -> 1 + index above */
    struct filemap cache;             /* keeps the strings of what was loaded */
};

struct symbolizer {
    struct modules *ms;
    struct sym_module *modules; /* as modules_get() orders them */
    size_t n;
    struct arena arena;
    VEC(struct arena) arenas; /* of finished jobs */
    VEC(const struct err *) problems; /* borrowed from the dwarfs, for symbolizer_problems() */
};

/* symbolize.c. NULL when no module holds the address, or unknown so far. */
struct sym_module *sym_module_at(struct symbolizer *s, taddr at);
const struct answer *sym_answer(const struct sym_module *sm, taddr pc);
const struct tail_list *sym_tails(const struct sym_module *sm, taddr entry);
void sym_add_answer(struct sym_module *sm, const struct answer *a);
void sym_add_tails(struct sym_module *sm, const struct tail_list *t);
/* Opens the module's DWARF; NULL when there is none. */
struct dwarf *sym_dwarf(struct sym_module *sm);
/* Nothing that an answer could need is missing or damaged. */
bool sym_complete(const struct sym_module *sm);

/* What makes a file of the cache serve a module: its build-id, and the debug file that answered. */
struct cache_key {
    struct build_id id;
    uint64_t size, mtime; /* of the debug file; nanoseconds */
};
/* cache.c: one file a build-id below `dir`. A file that is missing, damaged or of another key adds nothing;
 * one that cannot be written is not written. */
void cache_load(const char *dir, const struct cache_key *key, struct sym_module *sm, struct arena *a);
void cache_save(const char *dir, const struct cache_key *key, const struct sym_module *sm);

#endif
