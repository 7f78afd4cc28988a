/* SPDX-License-Identifier: Apache-2.0 */
/* A mangled name. The C++ runtime's demangler is not ours, so names that only it would read are left out. */
#include "module/demangle_rust.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(char *text)
{
    if (text && (strlen(text) == 0 || strlen(text) > 4 * DEMANGLE_MAX))
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *name = malloc(n + 1);
    if (!name || n > DEMANGLE_MAX) {
        free(name);
        return 0;
    }
    memcpy(name, data, n);
    name[n] = '\0';
    size_t len = strlen(name);
    check(demangle_rust_v0(name, len));
    check(demangle_rust_legacy(name, len));
    free(name);
    return 0;
}
