/* SPDX-License-Identifier: Apache-2.0 */
/* What of a core is written over before it is written. */
#ifndef SESSION_REDACT_H
#define SESSION_REDACT_H

#include "base/err.h"

struct redact_words {
    const char *const *v;
    size_t n;
};
struct redact_opts {
    /* The environment, command line values that look like secrets, their copies in memory, what looks like a key, token,
     * password or card number, and data registers. */
    bool on;
    /* In place of all that: nothing is left but what stacks need. Goes with DUMP_STACKS, and with no word below. */
    bool stacks_only;
    struct redact_words patterns; /* expressions of the user's, beside the usual ones */
    struct redact_words variables; /* shell patterns: names of variables, fields, keys of maps */
    struct redact_words types; /* the same of types */
};

/* A line of what was written over. */
struct redacted {
    char *
        what; /* the rule: "environment", "password", or an expression as it was given; or all of a line that is a remark */
    uint64_t matches, bytes; /* 0 of a remark */
};
struct redacted_rows {
    struct redacted *v;
    size_t n;
};
/* From the lines of a record (struct image, `redacted`); of NULL none. */
void redacted_parse(const char *lines, struct redacted_rows *out);
void redacted_done(struct redacted_rows *r);

#endif
