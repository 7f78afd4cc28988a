/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the whole program: types, functions, variables, enumerators and namespaces of all modules, by
 * name. Built when first asked, a module at a time, on all cores; it keeps the place of a DIE and no copies
 * of strings. Functions and data without DWARF come from symbol tables.
 *
 * Threads: one at a time. */
#ifndef VALUE_INDEX_H
#define VALUE_INDEX_H

#include "module/dwarf.h"
#include "module/module.h"

enum {
    INDEX_TYPE = 1, /* struct, class, union, enum, typedef, base type */
    INDEX_FUNCTION = 2,
    INDEX_VARIABLE = 4, /* of files and namespaces, static members */
    INDEX_ENUMERATOR = 8,
    INDEX_NAMESPACE = 16,
    INDEX_ALL = 31,
};

struct index_hit {
    uint8_t kind;          /* INDEX_* */
    bool declaration;      /* defined elsewhere, or nowhere; of a function: it has no code of its own (inlined) */
    struct module *module;
    struct dw_die die;     /* unit is NULL: known from a symbol table only */
    const char *name;      /* last component, as DWARF has it; of a symbol: all of the name, demangled */
    struct symbol symbol;  /* when die.unit is NULL */
};

struct index;
/* The modules must outlive it. `progress` may be NULL. */
struct index *index_new(struct modules *ms, struct progress *progress);
void index_free(struct index *ix); /* NULL is allowed */

/* What a name means: "ns::cls::fn", "struct_tag", "::fn", "list<int>"; with `anywhere` also in any scope around it.
 *
 * Spaces that separate nothing do not count. A function is also found without its template arguments; a parameter
 * list is left out, so that all overloads are found. Anonymous and inline namespaces and plain enumerations may be
 * named or not. Local things of functions are not found.
 *
 * Modules are asked in turn: `first` (may be NULL), the program, the others; those after the first that defines the
 * name are not. Where none does, symbol tables are asked in the same way, by demangled names. Definitions come
 * before declarations; each as it stands in its file. Valid until index_free(). ERR_CANCELLED. Finding none is no
 * error. */
struct index_hits {
    const struct index_hit *v;
    size_t n;
};
struct err *index_find(struct index *ix, const char *name, unsigned kinds, bool anywhere, const struct module *first,
                       struct index_hits *out) MUST_CHECK;
/* As above, anywhere in the units of one source file (matched by its last path components), for file.c::name. */
struct err *index_find_in_file(struct index *ix, const char *file, const char *name, unsigned kinds,
                               struct index_hits *out) MUST_CHECK;

/* Calls fn with the qualified name of everything of the kinds, in no order; fn returns false to stop. A type that
 * several units define comes as often. Of modules without DWARF: their symbols. `name` is valid during the call. */
struct err *index_each(struct index *ix, unsigned kinds,
                       bool (*fn)(void *arg, const struct index_hit *hit, const char *name), void *arg) MUST_CHECK;

/* All source files that units name; each once, sorted; arena strings of the index. */
struct index_files {
    const char *const *v;
    size_t n;
};
struct err *index_files(struct index *ix, struct index_files *out) MUST_CHECK;

#endif
