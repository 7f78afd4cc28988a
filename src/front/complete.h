/* SPDX-License-Identifier: Apache-2.0 */
/* What a word of an expression may become: names of a frame, of the program, members of values.
 * Threads: one. */
#ifndef FRONT_COMPLETE_H
#define FRONT_COMPLETE_H

#include "base/mem.h"
#include "session/values.h"

enum { WORDS_MAX = 5000 };

/* The strings are heap, and theirs. */
struct words {
    VEC(char *) v;
};
void words_done(struct words *w);
/* Sorted, each once. */
void words_sort(struct words *w);

/* Words that begin as the one that was begun. */
struct offer {
    const char *prefix; /* the word, within what was written */
    size_t len;
    struct words *words;
};
void offer_part(struct offer *o, const char *s, size_t n);
void offer_word(struct offer *o, const char *s); /* NULL: nothing */

/* Variables of a frame. */
void offer_variables(struct offer *o, struct session *s, const struct vframe *f);
/* Names of the program (INDEX_*), unless nothing was written yet. */
void offer_names(struct offer *o, struct session *s, unsigned kinds);
/* Members of the value that stands before the '.' or "->" in front of the word; `text` is all that was written, and
 * `evaluate` says what a part of it means. False: the word stands behind neither. */
bool offer_members(struct offer *o, const char *text,
                   struct err *(*evaluate)(void *arg, const char *text, struct value *out), void *arg);
/* May a name of the program have it? */
bool is_name_character(char ch);

#endif
