/* SPDX-License-Identifier: Apache-2.0 */
/* What is known at each distinct address: asked once, shared by all frames there. Private to session/. */
#ifndef SESSION_PLACES_H
#define SESSION_PLACES_H

#include "base/map.h"
#include "module/symbolize.h"
#include "session/session.h"

/* All source-level functions at one lookup address, innermost first; the last is the physical one. */
struct place {
    taddr lookup;
    const struct splace *at; /* NULL until places_resolve() */
    uint32_t n;
    taddr start; /* entry of the physical function, for tail calls; 0 unknown */
};

struct places {
    VEC(struct place) all;
    struct map64 by_lookup; /* lookup address -> index */
    struct mapstr strings;
    size_t resolved; /* places below this index are done */
};

void places_done(struct places *p);
/* Index of the place for a lookup address (pc, or pc - 1 for a return address), made when new. */
uint32_t places_intern(struct places *p, taddr lookup);
/* One pointer for equal strings. `s` must live as long as the session; NULL is NULL. */
const char *places_string(struct places *p, const char *s);
/* Fills every place that was interned since the last call: symbols, then (unless names_only) DWARF. */
struct err *places_resolve(struct session *s) MUST_CHECK;

#endif
