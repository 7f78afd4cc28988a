/* SPDX-License-Identifier: Apache-2.0 */
/* Pythons that are not CPython 3: known by the files that they map and by how they are started. */
#include "rt/cpython/find.h"

/* ---- how each is known ---- */

static const struct module *module_named(struct modules *ms, const char *beginning)
{
    for (size_t i = 0; i < modules_count(ms); i++)
        if (begins_with(modules_get(ms, i)->name, beginning))
            return modules_get(ms, i);
    return NULL;
}

/* Is a file of this name mapped? Those of Java and .NET are no modules. */
static bool maps_file(struct modules *ms, const char *name)
{
    const struct image *im = modules_image(ms);
    for (size_t i = 0; i < im->maps.n; i++) {
        const char *path = im->maps.v[i].path, *last = path ? strrchr(path, '/') : NULL;
        if (last && strcmp(last + 1, name) == 0)
            return true;
    }
    return false;
}

/* Is a piece of the command, between spaces, '/', ':' and '=', a name with this beginning and end? */
static bool command_has(struct modules *ms, const char *beginning, const char *end)
{
    static const char between[] = " /:=";
    const char *at = modules_image(ms)->cmdline;
    while (at && *at) {
        size_t n = strcspn(at, between), first = strlen(beginning), last = strlen(end);
        if (n >= first + last && begins_with(at, beginning) && memcmp(at + n - last, end, last) == 0)
            return true;
        at += n + (at[n] != '\0');
    }
    return false;
}

static bool is_pypy(struct modules *ms)
{
    return module_named(ms, "libpypy") || module_named(ms, "pypy");
}

static bool is_jython(struct modules *ms)
{
    return module_named(ms, "libjvm") && (maps_file(ms, "jython.jar") || command_has(ms, "jython", ".jar") ||
                                          command_has(ms, "org.python.util.jython", ""));
}

/* As a program of its own, or on a Java machine. */
static bool is_graalpy(struct modules *ms)
{
    return module_named(ms, "libpythonvm") || module_named(ms, "graalpy") ||
           (module_named(ms, "libjvm") && command_has(ms, "com.oracle.graal.python.shell.GraalPythonMain", ""));
}

static bool is_ironpython(struct modules *ms)
{
    return maps_file(ms, "IronPython.dll") || module_named(ms, "IronPython.dll");
}

static bool is_micropython(struct modules *ms)
{
    const struct module *m = module_named(ms, "micropython");
    return m && m->is_exe;
}

static bool is_python_2(struct modules *ms)
{
    taddr at;
    for (size_t i = 0; i < modules_count(ms); i++) {
        struct module *m = modules_get(ms, i);
        if (py_exported(m, "_PyThreadState_Current", &at) && py_exported(m, "PyString_FromString", &at))
            return true;
    }
    return false;
}

/* ---- and what would be needed ---- */

static const struct {
    bool (*is)(struct modules *ms);
    const char *says, *hint;
} others[] = {
    {is_pypy, "this is PyPy: its own frames are not read, native ones are shown",
     "the layout of its data is only in a build of your own with debug information; its module faulthandler prints "
     "its stacks from inside"},
    {is_jython, "this is Jython, a Java program: its own frames are not read, native ones are shown",
     "jstack PID or jhsdb jstack --core shows them as Java's"},
    {is_graalpy, "this is GraalPy: its own frames are not read, native ones are shown",
     "their layout is only known to the Graal compiler; of one that runs on a Java machine jstack PID shows them"},
    {is_ironpython, "this is IronPython, a .NET program: its own frames are not read, native ones are shown",
     "dotnet-stack report -p PID shows them as .NET's, dotnet-dump analyze those of a core"},
    {is_micropython, "this is MicroPython: its own frames are not read, native ones are shown",
     "nothing in the program says how its data is laid out, which depends on how it was built"},
    {is_python_2, "this is Python 2, whose frames are not read: native ones are shown", NULL},
};

struct err *py_other(struct modules *ms)
{
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].is(ms)) {
            struct err *e = err_new(ERR_UNSUPPORTED, "%s", others[i].says);
            return others[i].hint ? err_hint(e, "%s", others[i].hint) : e;
        }
    return NULL;
}
