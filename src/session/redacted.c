/* SPDX-License-Identifier: Apache-2.0 */
/* The record of what was written over, read. */
#include "base/mem.h"
#include "base/text.h"
#include "session/redact.h"

#include <ctype.h>

/* "what: 3 in 48 bytes", from its end: what was looked for may hold anything. */
static struct redacted parse_line(const char *line, size_t n)
{
    SCOPED(freep) char *copy = xstrndup(line, n);
    struct redacted r = {0};

    for (size_t at = n; at-- > 0;) {
        char *rest;
        if (copy[at] != ':' || copy[at + 1] != ' ' || !isdigit((unsigned char)copy[at + 2]))
            continue;
        r.matches = strtoull(copy + at + 2, &rest, 10);
        if (begins_with(rest, " in ") && isdigit((unsigned char)rest[4])) {
            r.bytes = strtoull(rest + 4, &rest, 10);
            if (strcmp(rest, " bytes") == 0) {
                r.what = xstrndup(copy, at);
                return r;
            }
        }
        break;
    }
    return (struct redacted){.what = TAKE(copy)};
}

void redacted_parse(const char *lines, struct redacted_rows *out)
{
    VEC(struct redacted) rows = {0};

    for (size_t len; lines && *lines; lines += len + (lines[len] == '\n')) {
        len = strcspn(lines, "\n");
        if (len)
            *vec_push(&rows) = parse_line(lines, len);
    }
    *out = (struct redacted_rows){.v = rows.v, .n = rows.n};
}

void redacted_done(struct redacted_rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->v[i].what);
    free(r->v);
    *r = (struct redacted_rows){0};
}
