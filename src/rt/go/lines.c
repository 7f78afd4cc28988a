/* SPDX-License-Identifier: Apache-2.0 */
/* Names, files and lines of Go code, from the function table: no debug information is needed, and none is read. */
#include "rt/go/priv.h"

enum { LINES_MAX = 64 };

size_t go_lines(struct rt *rt, taddr lookup, struct src_frame *out, size_t max, taddr *function_start)
{
    const struct go_module *m;
    struct go_function f;
    struct go_line lines[LINES_MAX];
    if (!max || !go_function_at(rt, lookup, &m, &f))
        return 0;
    size_t n = pclntab_lines(&m->table, &f, lookup, lines, max < LINES_MAX ? max : LINES_MAX);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct src_frame){.function = lines[i].function,
                                    .file = *lines[i].file ? lines[i].file : NULL,
                                    .line = (uint32_t)lines[i].line,
                                    .inlined = i + 1 < n,
                                    .language = "go"};
    *function_start = f.entry;
    return n;
}

/* Exported functions of the runtime are part of what a programmer knows: runtime.GC, runtime.main is not. As
 * Delve's isPrivateRuntime: "runtime." and then no capital letter. */
bool go_is_private(struct rt *rt, const char *function)
{
    (void)rt;
    static const char prefix[] = "runtime.";
    if (strncmp(function, prefix, sizeof(prefix) - 1) != 0)
        return strncmp(function, "internal/runtime/", 17) == 0;
    char c = function[sizeof(prefix) - 1];
    return !(c >= 'A' && c <= 'Z');
}
