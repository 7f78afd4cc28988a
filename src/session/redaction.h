/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of a core that is redacted. Private to session/. */
#ifndef SESSION_REDACTION_H
#define SESSION_REDACTION_H

#include "capture/capture.h"
#include "redact/redact.h"
#include "session/redact.h"
#include "session/session.h"

/* Are the expressions ones? Looks at no target. Errors: those of redactor_ready(). */
struct err *redaction_check(const struct redact_opts *opts) MUST_CHECK;
/* Made while the image stands; it must outlive it. Its functions may be called by any number of threads. */
struct redaction;
/* What could not be looked up is a problem of the image. `how`: where files are looked for, and runtimes, for variables.
 * Errors: those of redactor_ready(); ERR_CANCELLED. */
struct err *redaction_new(struct image *im, const struct redact_opts *opts, const struct session_opts *how,
                          struct redaction **out) MUST_CHECK;
void redaction_free(struct redaction *r); /* NULL is allowed */
const struct capture_filter *redaction_filter(struct redaction *r);
/* The lines of the record (IMAGE_NOTE_REDACTED); heap, the caller's. */
char *redaction_record(struct redaction *r) NEVER_NULL;

/* ---- redact_known.c ---- */

/* Would its copies be searched for? A text that is short, or a word like others, would be found where it is no secret,
 * and names of mapped files must stay. `named`: its name says that it is one. */
bool redact_is_telling(const struct image *im, const char *text, size_t n, bool named);
/* redact_moved.c. A variable, "NAME=value". */
typedef void redact_variable_fn(void *arg, const char *text, size_t n);
/* Those of the environment that the C library has now; none where its variable is not found. */
void redact_each_moved(struct image *im, const struct module_opts *files, redact_variable_fn *take, void *arg);

/* The environment, and options of the command line whose names say that their value is secret. */
void redact_add_known(struct image *im, const struct module_opts *files, struct redactor *to);

#endif
