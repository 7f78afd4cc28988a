/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in functions that native frames run. Private to rt/cpython/. */
#ifndef RT_CPYTHON_CALLS_H
#define RT_CPYTHON_CALLS_H

#include "rt/cpython/priv.h"

/* ---- instructions.c ---- */

enum py_instruction_kind {
    PY_OTHER,       /* or not known */
    PY_CALLS,       /* calls what the evaluation stack holds, with arguments that it holds, too */
    PY_CALLS_TUPLE, /* the same with arguments in a tuple and a dict */
    PY_ENTERS,      /* until 3.13: looks __enter__ of what the evaluation stack holds up, and calls it */
};
/* What a frame that runs is at. */
enum py_instruction_kind py_instruction_kind(struct rt *rt, taddr record);

/* ---- calls.c ---- */

struct py_calls {
    VEC(struct rt_call) v; /* by native frame; strings are the rt's */
};
/* Those of a thread whose Python frames are placed among its n native ones, as far as they are sure. */
void py_calls_find(struct rt *rt, const struct image_thread *th, const struct rt_native *natives, size_t n,
                   const struct rt_frame *frames, size_t n_frames, struct py_calls *out);
/* Reads what that needs of a Python frame's calls, so that it is kept while a process is copied. */
void py_calls_touch(struct rt *rt, taddr record);

#endif
