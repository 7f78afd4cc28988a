/* SPDX-License-Identifier: Apache-2.0 */
/* Go programs: goroutines and their stacks. */
#ifndef RT_GO_GO_H
#define RT_GO_GO_H

#include "rt/rt.h"

extern const struct runtime runtime_go;

#endif
