/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one v0 name that is being printed while it is parsed. Work is bounded by depth, by steps and by the
 * size of the output, since references back may repeat what they name. */
#ifndef MODULE_DEMANGLE_V0_H
#define MODULE_DEMANGLE_V0_H

#include "base/text.h"

struct v0 {
    const char *p; /* after "_R" */
    size_t n, at;
    struct text out;
    unsigned depth, steps;
    unsigned silent;    /* above 0: parse only */
    uint64_t lifetimes; /* bound by the binders around */
    bool failed;
};

struct v0_ident {
    const char *p;
    size_t n;
    bool punycode;
};

/* Input. After a failure everything reads as ended. */
void v0_fail(struct v0 *d);
char v0_peek(const struct v0 *d); /* NUL at the end */
char v0_next(struct v0 *d);
bool v0_eat(struct v0 *d, char c);
uint64_t v0_base62(struct v0 *d);
/* A tagged number is optional: absent is 0, "_" after the tag is 1. */
uint64_t v0_opt_base62(struct v0 *d, char tag);
struct v0_ident v0_identifier(struct v0 *d);

/* Output. */
void v0_putn(struct v0 *d, const char *s, size_t n);
void v0_put(struct v0 *d, const char *s);
void v0_put_number(struct v0 *d, uint64_t v);
void v0_put_char(struct v0 *d, uint32_t c);
void v0_put_ident(struct v0 *d, struct v0_ident id);

/* Bounds the recursion: true when the rule may go on, and v0_leave() follows. */
bool v0_enter(struct v0 *d);
void v0_leave(struct v0 *d);
/* After the tag of a reference back: goes to what it names. True when that shall be printed, after which
 * v0_back_return() follows. */
bool v0_back_enter(struct v0 *d, size_t *resume);
void v0_back_return(struct v0 *d, size_t resume);

/* Rules that others use. in_value: in an expression, where generic arguments need "::". */
void v0_path(struct v0 *d, bool in_value);
void v0_constant(struct v0 *d, bool in_value);

#endif
