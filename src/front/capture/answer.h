/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that write cores share. */
#ifndef FRONT_CAPTURE_ANSWER_H
#define FRONT_CAPTURE_ANSWER_H

#include "base/json.h"
#include "front/front.h"
#include "session/dump.h"

/* --full, --stacks, --heap. */
extern const struct option_group size_group;
/* Sets size and heap. ERR_USAGE: what they say is no size, or contradicts itself. */
struct err *size_opts(const struct call *c, struct dump_opts *o) MUST_CHECK;
const char *size_word(enum dump_size size); /* "full" */

/* What is written over: --redact and its relatives. */
extern const struct option_group redact_group;
/* What they say; the words belong to *words, which the caller frees with free(). */
struct redact_opts redact_opts_of(const struct call *c, const char ***words);

/* "1.2 MB (1.1 MB on the disk) written to FILE in 2 s". */
void put_written(struct text *t, const char *path, const struct dump_result *r);
/* What was redacted, what is wrong, what could not be read: a line each. */
void put_remarks(struct text *t, const struct dump_result *r);
/* Their keys in the object: redacted, problems. */
void remarks_json(struct json *j, const struct dump_result *r);

/* Where the answer goes when the core goes to `path`: standard output may be what that is. */
FILE *answer_stream(struct call *c, const char *path);
struct err *answer_text(FILE *out, const struct text *t) MUST_CHECK;

#endif
