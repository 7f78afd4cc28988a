/* SPDX-License-Identifier: Apache-2.0 */
/* CPython 3.6 and later: interpreters, threads, frames, values. See docs/internals/cpython.md. */
#ifndef RT_CPYTHON_CPYTHON_H
#define RT_CPYTHON_CPYTHON_H

#include "rt/rt.h"

extern const struct runtime runtime_cpython;

#endif
