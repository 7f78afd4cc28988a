/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a session's frames, and the way into the value layer. A front end looks into values and types
 * with the functions of value/ themselves (docs/adr/0003).
 *
 * A value that was given out is valid until session_forget_values(): a front end calls that when it has shown
 * an answer. Threads: as session.h. */
#ifndef SESSION_VALUES_H
#define SESSION_VALUES_H

#include "session/session.h"
#include "value/expr.h"
#include "value/format.h"
#include "value/scope.h"

/* Frees what values of earlier answers hold. */
void session_forget_values(struct session *s);

/* Finds the functions of all frames of all stacks at once, on all cores: for who goes on to ask for the variables
 * of many of them. */
void session_prepare_frames(struct session *s);
/* The variables' side of frame `index` of a stack; NULL index of an empty stack. Registers are recomputed, the
 * next frame outwards is cheap. Valid until session_forget_values(). ERR_NO_DATA with the reason. */
struct err *session_frame(struct session *s, const struct sstack *st, size_t index,
                          const struct vframe **out) MUST_CHECK;
/* Arguments, then locals; see scope_variables(). For runtimes' frames: their own. */
struct err *session_variables(struct session *s, const struct vframe *f, struct variables *out) MUST_CHECK;
struct err *session_variable(struct session *s, const struct vframe *f, const struct variable *v,
                             struct value *out) MUST_CHECK;
/* What the runtime's own tables tell of a frame's arguments, without debug information: see rt.h. "..." for an inlined
 * function, as Go's traceback writes. False: nothing. */
bool session_argument_words(struct session *s, const struct vframe *f, struct text *out);
/* In a frame of an interpreted language: is a name that is no variable of the frame one of its module? */
bool session_is_global(const struct vframe *f, const char *name);
/* Where the frame keeps registers of its caller in memory: see unwind_saved(). */
size_t session_saved_registers(struct session *s, const struct vframe *f, struct saved_place out[static REG_MAX]);
struct err *session_register(struct session *s, const struct vframe *f, const char *name, struct value *out) MUST_CHECK;

/* A convenience value that outlives session_forget_values(): a copy of its bytes, or its place in memory.
 * Owned by the session. */
struct err *session_keep(struct session *s, const struct value *v, struct value *out) MUST_CHECK;
/* $_siginfo of the fatal signal, or the last stop. Its type is gdb's, which needs no debug information. ERR_NO_DATA. */
struct err *session_siginfo(struct session *s, struct value *out) MUST_CHECK;

/* What evaluates and prints: expr_evaluate(), format_value(), type_declaration(), index_find() work with it. */
struct values *session_values(struct session *s);

#endif
