/* SPDX-License-Identifier: Apache-2.0 */
/* What the files scope*.c share. */
#ifndef VALUE_SCOPE_PRIV_H
#define VALUE_SCOPE_PRIV_H

#include "base/map.h"
#include "module/inlines.h"
#include "value/scope.h"

/* What one lookup address has: the function, what is inlined into it there, and (found when asked) the variables
 * of each. */
struct scope_at {
    struct scopes s; /* link-time; s.found false: no DWARF covers the address */
    struct variables *lists; /* 1 + s.n_inlined of them, the innermost function first */
    bool *listed;
};

struct scope_cache {
    struct arena arena;
    VEC(struct arena) arenas; /* of finished jobs */
    struct map64 at;         /* lookup address -> struct scope_at * */
    struct map64 self_tails; /* entry of a function -> enum self_tail */
};

/* Never NULL. */
struct scope_at *scope_at(struct values *vs, taddr lookup);

/* An attribute of a DIE, or of the one that it completes (DW_AT_abstract_origin, DW_AT_specification). *owner is
 * the one that has it: its unit decodes the value. */
bool scope_attr(const struct dw_die *die, uint16_t at, struct dw_value *v, struct dw_die *owner);

/* ---- Go (scope_go.c) ---- */

/* Makes of what DWARF describes what the source declares. False: nothing. */
bool scope_go_variable(struct variable *v);
/* Leaves out those that are not declared yet at pc (link-time). `inner`: what is inlined into the function there;
 * NULL: nothing. */
void scope_go_declared(struct variables *all, const struct dw_die *function, const struct dw_die *inner, taddr pc);

/* ---- evaluating ---- */

/* Who asks, in which frame. */
struct scope_eval {
    struct values *vs;
    const struct vframe *f; /* NULL: none */
    struct module *module;  /* of the DWARF; NULL unknown */
    unsigned depth;         /* of values on entry that need values on entry */
};
struct dwx_frame scope_questions(struct scope_eval *e);
/* Where the object of a DIE is, by DW_AT_location or DW_AT_const_value. */
struct err *scope_locate(struct scope_eval *e, const struct dw_die *die, const struct type *type,
                         struct location *out) MUST_CHECK;

/* Where an object of Go is in a frame that called: what is in no place during the call, since Go saves no registers for
 * its caller, is where it will be behind it. */
struct err *scope_go_locate(struct scope_eval *e, const struct dw_die *die, const struct type *type,
                            struct location *out) MUST_CHECK;
/* The variable on the heap that a parameter was moved to, when the function has one. */
bool scope_go_escaped(const struct vframe *f, const struct variable *v, struct variable *out);
/* Gives a value whose type is a parameter of a generic function (".param3") the type that the function was called with,
 * by the dictionary that it was given. Without one the shape that it was compiled for. */
void scope_go_parameter(const struct vframe *f, struct value *v);

/* The value that a register (`size` 0) or what it points at had when the frame's function was called. Whatever is
 * missing for it: ERR_OPTIMISED_OUT. scope_entry.c. */
struct err *scope_entry_register(struct scope_eval *e, uint64_t reg, unsigned size, uint64_t *out) MUST_CHECK;
/* The same for a parameter by its DIE. */
struct err *scope_entry_parameter(struct scope_eval *e, const struct dw_die *die, uint64_t *out) MUST_CHECK;

#endif
