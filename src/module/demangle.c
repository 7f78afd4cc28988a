/* SPDX-License-Identifier: Apache-2.0 */
#include "module/demangle_rust.h"
#include "module/module.h"

#include <dlfcn.h>

typedef char *cxa_demangle_fn(const char *name, char *buf, size_t *n, int *status);

/* The C++ runtime is found on the machine rather than linked, since most of Inquest never needs it. It is
 * never unloaded, so asking again costs a microsecond. */
static cxa_demangle_fn *find_cxa_demangle(void)
{
    static const char *const runtimes[] = {"libstdc++.so.6", "libc++abi.so.1"};
    cxa_demangle_fn *fn = NULL;
    for (size_t i = 0; i < ARRAY_LEN(runtimes) && !fn; i++) {
        void *lib = dlopen(runtimes[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!lib)
            continue;
        void *at = dlsym(lib, "__cxa_demangle");
        memcpy(&fn, &at, sizeof(fn)); /* ISO C has no cast from void * to a function */
        dlclose(lib);
    }
    return fn;
}

static char *demangle_cxx(const char *name)
{
    cxa_demangle_fn *fn = find_cxa_demangle();
    int status = 0;
    char *text = fn ? fn(name, NULL, NULL, &status) : NULL;
    if (text && strlen(text) > DEMANGLE_MAX) {
        free(text);
        return NULL;
    }
    return text;
}

char *demangle(const char *name)
{
    size_t n = strnlen(name, DEMANGLE_MAX + 1);
    if (n > DEMANGLE_MAX || name[0] != '_')
        return NULL;
    if (name[1] == 'R')
        return demangle_rust_v0(name, n);
    if (name[1] != 'Z')
        return NULL;
    char *rust = demangle_rust_legacy(name, n);
    return rust ? rust : demangle_cxx(name);
}
