/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an api.Variable, and how its children are written between them. */
#ifndef FRONT_DELVE_VARIABLE_H
#define FRONT_DELVE_VARIABLE_H

#include "front/delve/priv.h"

/* reflect.Kind, as Delve uses it: all integers are one of two kinds. A function's value is a text, which clients print as it
 * stands; of the kind 0 they print nothing. */
enum { KIND_TEXT = 19, KIND_INVALID = 0, KIND_INT = 2, KIND_UINT = 7, KIND_FLOAT32 = 13, KIND_FLOAT64 = 14 };
enum { VARIABLE_C_POINTER = 64 };

struct writer {
    struct client *client;
    struct json *j;
    struct values *vs;
    struct load load;
    unsigned nested; /* how deep children are, whatever they are */
};

/* A variable as far as it is known before its children. */
struct shown {
    const char *name;
    taddr addr, base;
    bool only_addr;
    const struct type *type, *real; /* NULL: no type */
    unsigned flags, kind;
    struct text value; /* raw bytes of the target, not escaped */
    int64_t len, cap;
    struct text unreadable;
    uint32_t line;
};
/* Puts the members up to "children": [ ; the children follow, then the end, which frees what `s` holds. */
void shown_begin(struct writer *w, const struct shown *s);
void shown_end(struct writer *w, struct shown *s);
/* Takes and frees an error: the variable is unreadable for it. */
void shown_error(struct shown *s, struct err *e);

/* Is the answer so large that it gets no more elements? */
bool shown_enough(const struct writer *w);

/* A value, `level` records deep. Any language. */
void delve_put_value(struct writer *w, const struct variable_facts *facts, const struct value *v, int64_t level);
/* One that is not opened: its address alone. */
void delve_put_unopened(struct writer *w, const char *name, const struct type *t, taddr at);

/* variable_go.c: fills in what the kind asks for, and puts the whole. */
void delve_put_go_value(struct writer *w, struct shown *s, const struct value *v, int64_t level);
/* How long one that is not opened is: of strings and slices. */
void shown_go_length(struct writer *w, struct shown *s, const struct value *v, enum go_kind kind);

#endif
