/* SPDX-License-Identifier: Apache-2.0 */
/* Loading Python and the module, when a script is to run. Neither is linked: without them everything else works. */
#include "front/script/calls.h"
#include "front/script/script.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>

/* The module needs Python's stable interface as of 3.10. A newer Python than any today has it, too. */
enum { OLDEST = 10, NEWEST = 30 };

struct scripts {
    const struct script_module *module;
};

static struct err *not_here(const char *what)
{
    return err_hint(err_new(ERR_UNSUPPORTED, "no scripts: %s", what), "apt install libpython3.%d", SCRIPT_PYTHON);
}

static void *open_python(int minor)
{
    SCOPED(freep) char *name = xasprintf("libpython3.%d.so.1.0", minor);
    return dlopen(name, RTLD_NOW | RTLD_GLOBAL); /* global: extension modules of Python expect its symbols there */
}

/* INQUEST_PYTHON, else the Python that the module was built with, else the newest. */
static struct err *load_python(void)
{
    const char *given = getenv("INQUEST_PYTHON");
    if (given && *given)
        return dlopen(given, RTLD_NOW | RTLD_GLOBAL) ? NULL : not_here(dlerror());
    if (open_python(SCRIPT_PYTHON))
        return NULL;
    for (int minor = NEWEST; minor >= OLDEST; minor--)
        if (open_python(minor))
            return NULL;
    return not_here("no library of Python 3.10 or newer is installed");
}

/* Beside the program, as it is built, else where it is installed, seen from the program. */
static char *module_path(void)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    const char *const places[] = {"python/inquest", SCRIPT_FOLDER};
    if (n <= 0)
        return NULL;
    exe[n] = 0;
    *strrchr(exe, '/') = 0;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        char *path = xasprintf("%s/%s/_inquest.abi3.so", exe, places[i]);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static struct err *load_module(const struct script_module **out)
{
    SCOPED(freep) char *path = module_path();
    if (!path)
        return err_hint(
            err_new(ERR_UNSUPPORTED, "no scripts: the module for Python, _inquest.abi3.so, is not installed"),
            "build Inquest with -Dscript=enabled, which needs python3-dev");
    TRY(load_python());
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    *out = lib ? dlsym(lib, SCRIPT_MODULE_SYMBOL) : NULL;
    return *out ? NULL : err_new(ERR_UNSUPPORTED, "no scripts: %s", dlerror());
}

static struct err *start(struct script_owner *owner, struct scripts **out)
{
    const struct script_module *module;
    TRY(load_module(&module));
    TRY(module->start(&script_calls, owner->call->scripts->delve, owner));
    struct scripts *s = xcalloc(1, sizeof(*s));
    s->module = module;
    *out = s;
    return NULL;
}

static struct err *run(struct scripts *s, const char *path, char *const *args, size_t n, int *status)
{
    return s->module->run(path, args, n, status);
}

static struct err *call(struct scripts *s, const char *name, const char *args, int *status)
{
    return s->module->call(name, args, status);
}

static void end(struct scripts *s)
{
    if (s)
        s->module->end();
    free(s);
}

const struct script_host script_host = {.start = start, .run = run, .call = call, .end = end};
