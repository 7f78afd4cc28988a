/* SPDX-License-Identifier: Apache-2.0 */
/* Address to function and inlined calls (DWARF 5 sections 3.3.1 and 3.3.8), and the names of both. */
#ifndef MODULE_INLINES_H
#define MODULE_INLINES_H

#include "base/arena.h"
#include "module/dwarf.h"

/* Deeper chains of inlined calls are cut. */
#define INLINES_MAX 256

struct scopes {
    taddr pc;   /* asked; link-time */
    bool found;
    struct dw_die function;
    taddr entry;                  /* start of its first range */
    const struct dw_die *inlined; /* outermost first; in the arena */
    uint32_t n_inlined;
    bool has_site;
    struct dw_die site; /* DW_TAG_call_site whose call returns to pc + 1 */
};
/* Fills the entries, sorted by pc, from the functions of a unit that holds DIEs (dw_unit_full). */
void scopes_find(struct dw_unit *u, struct scopes *s, size_t n, struct arena *a);

/* The function that begins at an address; false when none of the unit does. */
bool function_starting_at(struct dw_unit *u, taddr entry, struct dw_die *out);

#endif
