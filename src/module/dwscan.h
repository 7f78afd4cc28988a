/* SPDX-License-Identifier: Apache-2.0 */
/* One fast pass over the DIEs of a unit that can have names of the whole program: types, functions, variables,
 * enumerators, namespaces (DWARF 5 chapters 3 to 5). What is inside of functions is stepped over.
 *
 * For each abbreviation it is worked out beforehand which few attributes count; the rest of a DIE is stepped
 * over in as few moves as its forms allow, and a subtree by DW_AT_sibling where the compiler left one.
 * Threads: one a struct dw_scan. */
#ifndef MODULE_DWSCAN_H
#define MODULE_DWSCAN_H

#include "module/dwarf.h"

enum {
    DW_ITEM_DECLARATION = 1, /* DW_AT_declaration */
    DW_ITEM_ENUM_CLASS = 2,
    DW_ITEM_EXPORTS = 4, /* DW_AT_export_symbols: an inline namespace */
    DW_ITEM_ENTERED = 8, /* its children come next */
};

/* A DIE that was found. */
struct dw_item {
    const struct dw_abbrev *abbrev;
    uint64_t offset;      /* in the section of the unit */
    const char *name;     /* DW_AT_name; NULL: it has none */
    struct dw_value link; /* DW_AT_specification, DW_AT_abstract_origin, DW_AT_signature or DW_AT_import: the DIE that
                             says the rest; cls is DW_CLASS_NONE when there is none */
    unsigned depth;       /* 1: a child of the root */
    uint8_t flags;        /* DW_ITEM_* */
};

struct dw_plan;
struct dw_step;
struct dw_abbrevs;
/* A zeroed struct is ready. Memory is kept from unit to unit. */
struct dw_scan {
    /* Private. */
    struct dw_unit *unit;
    struct cursor c;
    struct bytes strings; /* .debug_str up to its last NUL */
    unsigned depth;
    bool records; /* records are scopes: not so in C */
    const struct dw_abbrevs *table;
    VEC(struct dw_plan) plans;
    VEC(struct dw_step) steps;
    const struct dwarf *strings_of;
};
/* From the first child of the root. */
void dw_scan_start(struct dw_scan *s, struct dw_unit *u);
/* False after the last, and at damage. */
bool dw_scan_next(struct dw_scan *s, struct dw_item *out);
void dw_scan_done(struct dw_scan *s);

#endif
