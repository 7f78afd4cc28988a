/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read and print types share. */
#ifndef VALUE_TYPE_PRIV_H
#define VALUE_TYPE_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "value/type.h"

enum {
    /* Types that name each other in a row, when one of them is made or walked over. */
    TYPE_MAX_CHAIN = 256,
    /* Of one type: fields, enumerators, parameters, dimensions. The largest real ones have some 10,000. */
    TYPE_MAX_PARTS = 1000000,
};

struct types {
    struct modules *ms;
    struct index *index;
    struct arena arena;
    struct map64 by_die;    /* DIE -> struct type * */
    struct mapstr by_parts; /* what a made type is made of -> struct type * */
    struct map64 namespaces; /* DIE -> its qualified name */
    struct dw_scopes scopes;
    unsigned depth; /* types that are being made inside of each other */
    const struct type *error, *nothing;
};

enum {
    MORE_FIELDS = 1,
    MORE_PARAMETERS = 2,
    MORE_ENUMERATORS = 4,
    MORE_VARIANTS = 8,
    MORE_ARGS = 16,
};
struct type_more {
    unsigned have; /* MORE_* */
    struct fields fields, parameters;
    struct enumerators enumerators;
    struct variants variants;
    struct template_args args;
    const struct type *complete; /* NULL: not looked for */
};
/* Only the inside is ever added to a type that was given out. */
struct type_more *type_more(const struct type *t);

/* An empty type of a kind, in no table. */
struct type *type_new(struct types *t, enum type_kind kind);
/* As type_of_die() for a type that a DIE of `language` names: units that dwz made do not say theirs. */
const struct type *type_of_die_in(struct types *t, const struct dw_die *die, uint16_t language);
/* DW_AT_type of a DIE itself; TYPE_VOID without. */
const struct type *type_named_by(struct types *t, const struct dw_die *die, uint16_t language);

/* Sets `name` and `tag` from the DIE and those around it, as gdb writes them. */
void type_set_name(struct type *t);
/* "unsigned long" for "long unsigned int"; NULL when `name` is no integer or floating-point type of C. */
const char *type_c_spelling(const char *name);
/* A C++ name with its template arguments as gdb spells them; `name` itself when there is nothing to change. */
const char *type_canonical_name(struct arena *a, const char *name);
bool type_language_is_c(uint16_t language);
/* The scope that an enumeration's constants are in, as gdb writes it: of "enum class" it is its own name. NULL: none. */
const char *type_enumerator_scope(const struct type *t);

/* ---- printing ---- */

struct type_printer {
    struct text *out;
    const struct type_print *how;
    unsigned nested; /* types inside of types, by the call stack */
    unsigned steps; /* types printed so far: damage can make a few DIEs a tree of any size */
    uint64_t base; /* ptype /o: bits from the start of all to that of the record being printed */
    uint64_t end; /* ... and from its start to the end of its last field; 0: there was none */
};
/* A declaration of `inner` (NULL: none). `show` as in gdb: above 0 the type itself is spelt out, at 0 only what has
 * no name, below 0 nothing. `level` is the indentation of its lines in spaces. */
void type_put(struct type_printer *p, const struct type *t, const char *inner, int show, unsigned level);
/* A record or enumeration spelt out: "struct node {...}", without the indentation of its first line. */
void type_put_inside(struct type_printer *p, const struct type *t, int show, unsigned level);
void type_put_rust(struct type_printer *p, const struct type *t, const char *inner, int show, unsigned level);
void type_put_go(struct type_printer *p, const struct type *t, const char *inner);
/* The name of a type that is not put together from its target. */
void type_put_own_name(struct type_printer *p, const struct type *t);
/* "struct", "class", "union" or "enum"; NULL for other kinds. */
const char *type_keyword(const struct type *t);

/* The columns of ptype /o. */
void type_offsets_field(struct type_printer *p, const struct type *record, const struct field *f);
void type_offsets_blank(struct type_printer *p);
void type_offsets_total(struct type_printer *p, const struct type *record, unsigned level);

#endif
