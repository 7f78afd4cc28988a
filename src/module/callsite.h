/* SPDX-License-Identifier: Apache-2.0 */
/* Call sites and tail calls (DWARF 5 section 3.4; before version 5 the GNU extension of the same shape). */
#ifndef MODULE_CALLSITE_H
#define MODULE_CALLSITE_H

#include "base/arena.h"
#include "module/symbolize_priv.h"

/* Whom a DW_TAG_call_site calls. Strings are the file's. */
struct call_target callsite_target(const struct dw_die *site);
/* The runtime address of the target of a call in module `m`, in the program as a whole; false when it is not known.
 * `expected` is where the call probably leads: finding that out is fast. */
bool callsite_address(struct modules *ms, const struct module *m, const struct call_target *t, taddr expected,
                      taddr *out);
/* The tail calls of a function, if the compiler says that it listed them all; none otherwise. */
void callsite_tails(const struct dw_die *function, struct arena *a, struct tail_list *out);

#endif
