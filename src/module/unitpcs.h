/* SPDX-License-Identifier: Apache-2.0 */
/* Many addresses of many modules, by the unit that covers each, so that a unit is read once for all of them and
 * units are read side by side.
 *
 * Threads: one at a time. */
#ifndef MODULE_UNITPCS_H
#define MODULE_UNITPCS_H

#include "module/dwarf.h"
#include "module/module.h"

struct unit_pc {
    struct module *m;
    taddr pc;             /* link-time */
    void *arg;            /* the caller's */
    struct dw_unit *unit; /* out: the one that covers it; NULL: none */
};
typedef VEC(struct unit_pc) unit_pcs;

/* The addresses of one unit, by address; in the list. */
struct unit_run {
    struct unit_pc *v;
    size_t n;
};
typedef VEC(struct unit_run) unit_runs;

/* Sorts by module and address; of equal ones one stays. */
void unit_pcs_sort(unit_pcs *l);
/* Inflates what of the modules' DWARF is compressed. The list is sorted. */
void unit_pcs_inflate(const unit_pcs *l);
/* Finds the units of a sorted list, and makes a run of each: large units first, so that no core is left with one
 * at the end. The list must outlive the runs. */
void unit_pcs_split(unit_pcs *l, unit_runs *out);

#endif
