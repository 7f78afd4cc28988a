/* SPDX-License-Identifier: Apache-2.0 */
/* The runtimes that were built in. */
#ifndef TOOL_RUNTIMES_H
#define TOOL_RUNTIMES_H

struct runtime;
/* NULL-terminated. */
extern const struct runtime *const all_runtimes[];

#endif
