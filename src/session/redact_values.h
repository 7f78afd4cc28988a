/* SPDX-License-Identifier: Apache-2.0 */
/* Variables and types that are redacted, in memory. Private to session/. */
#ifndef SESSION_REDACT_VALUES_H
#define SESSION_REDACT_VALUES_H

#include "redact/redact.h"
#include "session/redact.h"
#include "session/values.h"

/* Memory that is written over. */
struct redact_range {
    taddr start, end;
    unsigned width; /* of the units of text; 0: it is none, and becomes zeros */
};
struct redact_values {
    VEC(struct redact_range) ranges; /* sorted by start; they may overlap */
    uint64_t longest;                /* bytes of the longest */
    uint64_t found;                  /* variables, fields and objects that were asked for */
    uint64_t elsewhere;              /* values in registers, which have no place */
    bool cut;                        /* there is more than was looked at */
};
void redact_values_done(struct redact_values *v);

/* From the variables of all frames of threads and tasks and those of the program, on from value to value: what has one of
 * the names or types. Telling texts among it are also added to `to`. Errors: ERR_CANCELLED. */
struct err *redact_find_values(struct session *s, const struct redact_opts *opts, struct redactor *to,
                               struct redact_values *out) MUST_CHECK;

/* ---- redact_walk.c ---- */

struct redact_walk;
struct redact_walk *redact_walk_new(struct session *s, const struct redact_opts *opts, struct redactor *to,
                                    struct redact_values *out) NEVER_NULL;
void redact_walk_free(struct redact_walk *w);
/* Is it one of the names, as a whole or by its last part ("ns::name", "main.name")? */
bool redact_walk_named(const struct redact_walk *w, const char *name);
/* Could something that was asked for be in values of the type, or be reached from them? */
bool redact_walk_reaches(struct redact_walk *w, const struct type *t);
/* A value that a variable of the name has (NULL: none). */
void redact_walk_from(struct redact_walk *w, const struct value *v, const char *name);

#endif
