/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics for the developer and for --verbose. Layers below tool/ never print otherwise. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

/* 0 silent, 1 verbose, 2 debug. Set once by tool/ before threads start. */
void log_set_level(int level);
int log_level(void);
void log_line(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_verbose(...) ((void)(log_level() >= 1 ? (log_line(1, __VA_ARGS__), 0) : 0))
#define log_debug(...) ((void)(log_level() >= 2 ? (log_line(2, __VA_ARGS__), 0) : 0))

/* Monotonic time in nanoseconds. */
uint64_t now_ns(void);

#endif
