/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of redact/ share. */
#ifndef REDACT_PRIV_H
#define REDACT_PRIV_H

#include "base/mem.h"
#include "base/text.h"
#include "redact/redact.h"

/* ---- units.c: text in units of 1, 2 or 4 bytes ---- */

/* Which characters a run of text may have. */
struct charset {
    uint64_t ascii[2]; /* a bit each */
    bool beyond;       /* also what is not ASCII */
};
/* From ranges, "A-Za-z0-9+/="; '-' stands last for itself. */
struct charset charset_of(const char *ranges, bool beyond);
/* The character at a byte of the window, or -1: outside. Of width 1 a byte. */
int32_t unit_at(const struct redact_window *w, size_t at, unsigned width);
/* Where a run of such characters that begins at `at` ends, at most `max` characters further. */
size_t run_end(const struct redact_window *w, size_t at, unsigned width, const struct charset *set, size_t max);

/* ---- usual.c ---- */

/* A piece of text, in bytes of a window. */
struct piece {
    const struct redact_window *w;
    size_t start, end;
    unsigned width;
};
/* Where `anchor` ends, a run of at least `min` characters of `tail` follows. That and the last `back` characters of the
 * anchor are written over when `judge` agrees, which may move the ends. */
struct rule {
    const char *name, *anchor; /* a regular expression of ASCII */
    bool any_case;
    uint8_t back;
    const char *tail; /* as charset_of() */
    bool beyond; /* its run may have what is not ASCII */
    uint16_t min, max; /* of the tail */
    bool (*judge)(struct piece *p);
};
extern const struct rule usual_rules[];
extern const size_t usual_rules_n;

/* ---- widen.c ---- */

/* A regular expression for text in units of 2 or 4 bytes: each atom is followed by zeros. Characters that are not ASCII
 * are taken as UTF-8. ERR_USAGE: such a character in brackets. */
struct err *widen_regex(const char *regex, unsigned width, struct text *out) MUST_CHECK;
/* Text (UTF-8, or any bytes) as it stands in such units. */
void widen_text(const char *text, size_t n, unsigned width, struct text *out);
/* An expression that matches exactly these bytes. */
void exact_regex(const char *bytes, size_t n, struct text *out);

/* ---- engine.c: many expressions at once, in time linear in the bytes ---- */

struct engine_pattern {
    char *regex;
    bool any_case;
    bool where; /* its beginning is told, too */
};
struct engine;
/* `bad` gets the index of a pattern that is none. Errors: see redactor_ready(). */
struct err *engine_new(const struct engine_pattern *patterns, size_t n, size_t *bad, struct engine **out) MUST_CHECK;
void engine_free(struct engine *e); /* NULL is allowed */
/* fn for each end of a match, in the order of ends. `start` is 0 when the pattern does not tell. Threads: any number. */
void engine_scan(struct engine *e, const uint8_t *bytes, size_t n,
                 void (*fn)(void *arg, size_t pattern, size_t start, size_t end), void *arg);

#endif
