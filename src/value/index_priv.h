/* SPDX-License-Identifier: Apache-2.0 */
/* What the files index*.c share.
 *
 * Workers scan units side by side, each into a part of its own: 16 bytes a name, in shards by the hash of the
 * name, unsorted. A look-up goes through one shard of each part. That is as fast as a hash table is for one
 * name, and costs nothing to build. */
#ifndef VALUE_INDEX_PRIV_H
#define VALUE_INDEX_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "module/dwscan.h"
#include "value/index.h"
#include "value/index_names.h"

#include <pthread.h>

enum { INDEX_SHARDS = 256, INDEX_KIND_BITS = 3, INDEX_WHERE_BITS = 5, INDEX_HASHED_BITS = 16 };
#define INDEX_MAX_UNITS (1u << (32 - INDEX_WHERE_BITS))

/* A name somewhere in DWARF. */
struct index_entry {
    uint32_t hash;   /* of the last component; of functions without template arguments */
    uint32_t scope;  /* in the scopes of the part */
    uint32_t where;  /* unit << INDEX_WHERE_BITS | INDEX_ENTRY_* | kind */
    uint32_t offset; /* of the DIE, from the start of its unit */
};
/* `where`: its low bits are the number of the kind's bit in INDEX_ALL. */
enum {
    INDEX_ENTRY_DECLARATION = 1 << INDEX_KIND_BITS,
    INDEX_ENTRY_FAR = 2 << INDEX_KIND_BITS, /* declared in another unit or in a function: its scope is not `scope` */
};

/* A namespace, a record or an enumeration. The first is the global scope. */
struct index_scope {
    const char *name;
    uint32_t parent;
    bool transparent; /* its names are those of its parent, too */
};

/* A DIE, from the start of its unit, and the scope that it stands in. */
struct index_place {
    uint32_t offset, scope;
};

/* What a string hashes to; a later one takes its place. */
struct index_hashed {
    uint64_t key; /* address << 1 | INDEX_FUNCTION */
    uint32_t hash;
};

struct index_part {
    VEC(struct index_entry) shards[INDEX_SHARDS];
    VEC(struct index_scope) scopes;
    /* Of the worker, while the parts are made. */
    struct map64 scope_ids; /* hash of parent and name -> scope */
    struct dw_scan scan;
    struct text scratch;
    struct index_hashed *hashed;    /* 1 << INDEX_HASHED_BITS of them */
    VEC(struct dw_item) links;      /* DIEs of the unit whose name or scope is elsewhere */
    VEC(struct index_place) places; /* DIEs of the unit that others may refer to, by offset */
    struct map64 met;               /* units and files that are in: */
    VEC(struct dw_unit *) imported; /* units of the supplement */
    VEC(struct dwarf *) files;      /* split objects */
};

struct index_symbol {
    uint32_t hash;
    const char *name; /* demangled, without parameters; the arena's, or the symbol's */
    struct symbol symbol;
};

struct index_module {
    struct module *m;
    bool built;
    VEC(struct dw_unit *) units;
    VEC(struct index_part *) parts;
    bool symbols_built;
    VEC(struct index_symbol) symbols; /* when there is no DWARF */
    struct arena arena;               /* their names */
};

struct index {
    struct modules *ms;
    struct progress *progress;
    struct index_module *modules; /* the program first, then by address */
    size_t n;
    struct arena arena;
    struct mapstr known; /* question -> struct index_hits * */
    struct text scratch;
    struct dw_scopes paths;
    struct index_files files;
    bool have_files;
};

/* index_build.c. ERR_CANCELLED. */
struct err *index_build(struct index *ix, struct index_module *im) MUST_CHECK;
/* All names of a file; *im is empty. */
void index_scan_file(struct index *ix, struct index_module *im, struct dwarf *d);
void index_module_done(struct index_module *im);
/* index_scan.c: all names of one unit. */
void index_scan_unit(struct index_part *p, uint32_t number, struct dw_unit *u);
/* Follows what a DIE refers to until a name is found; *declared is the last DIE, which stands where it was
 * declared; untouched when the link leads nowhere. NULL: there is no name. */
const char *index_linked_name(struct dw_unit *u, const struct dw_value *link, struct dw_die *declared);
/* index_symbols.c: those of symbol tables, found when DWARF has no answer. */
void index_symbols(struct index_module *im);
uint8_t index_symbol_kind(const struct symbol *s);

/* The DIE and the name of an entry. False when they cannot be read. *declared: where it was declared. */
bool index_entry_die(const struct index_module *im, const struct index_entry *e, struct index_hit *out,
                     struct dw_die *declared);
/* What a DIE is a scope by; NULL: it is none. *transparent: its names are those of its parent, too. */
const char *index_path_name(const struct dw_die *die, bool *transparent);
enum { INDEX_MAX_PATH = 64 };

static inline uint8_t index_entry_kind(const struct index_entry *e)
{
    return (uint8_t)(1u << (e->where & ((1u << INDEX_KIND_BITS) - 1)));
}

#endif
