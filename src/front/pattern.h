/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions as Go has them (package regexp/syntax of Go 1.23, https://github.com/google/re2/wiki/Syntax), for lists
 * of names that Delve has, too. PCRE2 matches them; what it knows beyond them is refused, what it reads otherwise is
 * rewritten. */
#ifndef FRONT_PATTERN_H
#define FRONT_PATTERN_H

#include "base/err.h"

struct dw_die;

/* Compiled; not to be used by two threads at once. */
struct pattern;

/* ERR_USAGE, in Go's words: "error parsing regexp: ...". "" fits everything. */
struct err *pattern_compile(const char *text, struct pattern **out) MUST_CHECK;
/* NULL is allowed. */
void pattern_free(struct pattern *p);
static inline void pattern_freep(struct pattern **p)
{
    pattern_free(*p);
}

/* Does it fit anywhere in a text, which need not be UTF-8? False, too, after a great many steps of backtracking:
 * pattern_check() tells. */
bool pattern_fits(struct pattern *p, const char *text);
/* The same for globals_find(); `pattern` is where a struct pattern * stands. */
bool pattern_fits_global(const void *pattern, const struct dw_die *die, const char *name);
/* ERR_LIMIT: some text took too many steps, so that what fits is not known. */
struct err *pattern_check(const struct pattern *p) MUST_CHECK;

#endif
