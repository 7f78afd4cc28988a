/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of C, C++ and (where they agree) Rust over the target's values, as gdb's users type them:
 * docs/internals/value.md has the grammar. Nothing in the target changes: assignments, ++, -- and calls are
 * refused with the reason.
 * Threads: one at a time. */
#ifndef VALUE_EXPR_H
#define VALUE_EXPR_H

#include "value/scope.h"

/* Names that are not the program's, given by who evaluates. */
struct expr_env {
    struct values *vs;
    const struct vframe *frame; /* NULL: no frame is selected */
    uint16_t language; /* DW_LANG_*; 0: that of the frame's function, else of main() */
    bool types_only;   /* whatis, ptype: the value's type is all that is wanted, and nothing is read for it */
    /* $name, without the dollar: history ($, $$, $1), convenience variables, $_siginfo. False: it is none. A
     * register of the frame ($rip, $pc, $xmm0) is tried after this. NULL allowed. */
    bool (*variable)(void *arg, const char *name, struct value *out, struct err **err);
    /* $name = value, the only assignment that is allowed. NULL: refused as any other. */
    struct err *(*assign)(void *arg, const char *name, const struct value *v);
    void *arg;
    /* What Delve's names of Go ask for, NULL: there is none. The runtime's record of the selected goroutine; frames of
     * its stack by number; the thread that runs it, 0: none. */
    struct err *(*task)(void *arg, taddr *out);
    struct err *(*frame_at)(void *arg, size_t n, const struct vframe **out);
    int32_t tid;
};

/* A value, or (of "sizeof (struct x)", "int *") a type: then value.type is it, and *is_type true. `is_type` may be
 * NULL: then a type is an error. Errors: ERR_USAGE with "column N: ..." for what is not an expression,
 * ERR_NOT_FOUND (no symbol "x" in current context), those of values. The value lives in the arena of vs. */
struct err *expr_evaluate(const struct expr_env *env, const char *text, struct value *out, bool *is_type) MUST_CHECK;
/* A type by name: "struct node *", "unsigned long", "std::string". ERR_USAGE, ERR_NOT_FOUND. */
struct err *expr_type(const struct expr_env *env, const char *text, const struct type **out) MUST_CHECK;

#endif
