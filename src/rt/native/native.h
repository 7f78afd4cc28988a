/* SPDX-License-Identifier: Apache-2.0 */
/* C, C++ and Rust: what their symbols tell. Their frames and lines need nothing of their own. */
#ifndef RT_NATIVE_NATIVE_H
#define RT_NATIVE_NATIVE_H

#include "rt/rt.h"

extern const struct runtime runtime_native;

#endif
