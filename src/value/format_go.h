/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write Go's values share. Not for others: they call print_go() (format_priv.h). */
#ifndef VALUE_FORMAT_GO_H
#define VALUE_FORMAT_GO_H

#include "value/format_priv.h"

/* How a value in a value is written. */
struct go_style {
    bool top;        /* the value itself, not one in it */
    bool typed;      /* with its type in front */
    bool lines;      /* `pretty`: what is nested starts a new line */
    unsigned indent; /* tabs */
    unsigned chain;  /* of pointers and interfaces that were followed to it */
    const struct type *channel; /* in the record of a channel of these, where another one is not opened; else NULL */
};

enum {
    GO_CHAIN_MAX = 20, /* pointers and interfaces that are followed one behind the other */
};

/* A value of any kind. */
void go_put(struct printer *p, const struct value *v, struct go_style s);
/* The fields of a record of the type `t`, or its address where the level is too deep. */
void go_put_record(struct printer *p, const struct value *v, const struct type *t, const struct go_style *s);
/* What the runtime's formatter says of a value of this kind. Walks `shown` to its end. */
void go_put_shown(struct printer *p, const struct value *v, struct presentation *shown, enum go_kind kind,
                  const struct go_style *s);

void go_put_type(struct printer *p, const struct type *t);
/* The type and a space, if the style has types. */
void go_put_typed(struct printer *p, const struct type *t, const struct go_style *s);
/* A new line and its tabs. */
void go_put_line(struct printer *p, unsigned indent);
/* (*main.point)(0xc000012340): where something is, instead of what it is. `pointer_to`: `t` is what is there, not the
 * pointer to it. */
void go_put_address(struct printer *p, const struct type *t, taddr at, bool pointer_to);
/* "...+3 more", behind `shown` of `n` elements. */
void go_put_more(struct printer *p, uint64_t shown, uint64_t n);

/* The style of what is in a value of the style `s`. */
struct go_style go_style_inside(const struct go_style *s, bool typed, bool lines);
/* Is the level beyond what is opened (`recurse` of struct format)? */
bool go_too_deep(const struct printer *p);

#endif
