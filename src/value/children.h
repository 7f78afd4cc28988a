/* SPDX-License-Identifier: Apache-2.0 */
/* What a value consists of, a part at a time: for who shows values as a tree that is opened step by step.
 *
 * Elements of containers come from their runtimes' formatters, members from the types; a pointer has what it points to.
 * Threads: one at a time. */
#ifndef VALUE_CHILDREN_H
#define VALUE_CHILDREN_H

#include "value/format.h"

/* What an expression puts behind the whole to name the child. */
enum child_path {
    CHILD_UNNAMED, /* no expression is known to reach it */
    CHILD_SAME,    /* nothing: the members of a nameless member are the record's own */
    CHILD_MEMBER,  /* .name */
    CHILD_INDEX,   /* [i] */
    CHILD_TARGET,  /* it is what a pointer points to: a * before it */
};

struct value_child {
    const char *name;          /* "next", "[3]", "[\"key\"]", "*p" is "*"; valid during the call */
    const struct value *value; /* NULL: it cannot be had, for the reason `why` */
    const struct err *why;
    enum child_path path;
    int64_t index; /* CHILD_INDEX */
};

struct children {
    uint64_t n;  /* UINT64_MAX: known only after a walk */
    bool row;    /* elements of a container, of which there may be many; else members */
    bool behind; /* they are those of the record that a pointer points to */
    /* private */
    uint8_t source;
    struct value of;
    struct presentation shown;
};

/* The children that a value has. It reads no more than what their number takes; strings and functions have none, nor has a
 * value that cannot be read. `vs` has an arena, in which the answer lives; it is walked once. */
struct children value_children(struct values *vs, const struct value *v);
/* Calls fn for children [first, first + max), in order; false from fn stops. Sequential containers are walked from their
 * start. A damaged container ends with a child that has the reason. ERR_CANCELLED. */
struct err *children_each(struct values *vs, const struct children *c, uint64_t first, uint64_t max,
                          bool (*fn)(void *arg, const struct value_child *child), void *arg) MUST_CHECK;

#endif
