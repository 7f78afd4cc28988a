/* SPDX-License-Identifier: Apache-2.0 */
/* WHAT MUST NOT LEAVE: secrets are found in bytes by their form, or because they are known, and written over.
 *
 * Text is looked for in units of 1, 2 and 4 bytes (little-endian), as C, Python, Java and Go hold it. A character
 * becomes '*', so that lengths stay; a NUL stays. Whether a byte is written over depends only on the REDACT_REACH bytes
 * before and after it: memory may be looked through in pieces of any size, by any number of threads. */
#ifndef REDACT_REDACT_H
#define REDACT_REDACT_H

#include "base/err.h"

/* Bytes to each side of a byte that can have a say on it. What is longer is written over as far as this goes. */
enum { REDACT_REACH = 36 << 10 };

/* Threads: one until redactor_ready(), then any number. */
struct redactor;
struct redactor *redactor_new(void) NEVER_NULL;
void redactor_free(struct redactor *r); /* NULL is allowed */

/* Private keys, tokens and keys of well-known services, what follows "password=" and the like, passwords in URLs,
 * numbers of payment cards (usual.c). */
void redactor_add_usual(struct redactor *r);
/* What a regular expression matches, in the syntax of PCRE less what no automaton can do (look-around, references to
 * what was matched). Bad ones are told by redactor_ready(). */
void redactor_add_regex(struct redactor *r, const char *regex);
/* A known text: its characters from `keep` on are written over wherever it stands. `what` is the rule that counts it. A
 * text that is longer than REDACT_TEXT_MAX counts as its beginning. */
void redactor_add_text(struct redactor *r, const char *what, const char *text, size_t n, size_t keep);
enum { REDACT_TEXT_MAX = 4096 };
/* Makes the automatons. Errors: ERR_USAGE (an expression, and what is wrong with it), ERR_UNSUPPORTED (the library that
 * matches is not installed, or the processor is none for it). */
struct err *redactor_ready(struct redactor *r) MUST_CHECK;

struct redact_window {
    uint64_t at; /* the address of the first byte */
    uint8_t *bytes; /* what is looked at */
    size_t n; /* less than 2 GiB */
    size_t from, to; /* what may be changed */
    /* Stays a whole aligned word of 8 bytes with this value as it is? Not asked when NULL. */
    bool (*keep)(void *arg, uint64_t word);
    void *arg;
};
/* Writes over what is found. Ends the process when there is no memory for it, since to go on would give secrets away. */
void redactor_scan(struct redactor *r, const struct redact_window *w);

/* Writes over bytes [from, to) of a window as text of units of `width` bytes, and returns how many it changed. */
uint64_t redact_fill(const struct redact_window *w, size_t from, size_t to, unsigned width);

/* What was found so far, by rule, in no order but always the same one. A match counts where its first character is
 * that is written over, so that each counts once when memory is looked through in pieces. */
struct redact_count {
    const char *rule; /* the redactor's */
    uint64_t matches, bytes;
};
/* The i-th; false: there are no more. */
bool redactor_count(struct redactor *r, size_t i, struct redact_count *out);

#endif
