/* SPDX-License-Identifier: Apache-2.0 */
/* Which native functions are the interpreter at work, and none that the program called: by their files where debug
 * information tells them, else by their names. Functions of modules that are written in C (time.sleep) stay. */
#include "rt/cpython/priv.h"

/* Is a folder one of the path's, with the folders of what is generated below it? */
static bool in_folder(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    for (const char *p = path; (p = strstr(p, folder)); p += n)
        if ((p == path || p[-1] == '/') && p[n] == '/')
            return true;
    return false;
}

/* "/build/Python-3.11.7/Python/ceval.c", "../Modules/main.c" */
static bool is_core_file(const char *file)
{
    static const char *const folders[] = {"Python", "Objects", "Include", "Parser", "Programs"};
    static const char *const modules[] = {"Modules/main.c", "Modules/gcmodule.c"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (in_folder(file, folders[i]))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
        size_t n = strlen(file), k = strlen(modules[i]);
        if (n > k && file[n - k - 1] == '/' && strcmp(file + n - k, modules[i]) == 0)
            return true;
    }
    return false;
}

/* How the interpreter calls a C function, or anything (Objects/call.c, methodobject.c, descrobject.c, typeobject.c); and
 * what a thread begins with (Modules/_threadmodule.c). */
static bool is_core_name(const char *name)
{
    static const char *const starts[] = {
        "Py",
        "_Py",
        "cfunction_",
        "method_vectorcall",
        "vectorcall_method",
        "object_vacall",
        "slot_tp_",
        "type_call",
        "wrap_",
        "wrapper_call",
        "thread_run",
        "t_bootstrap",
        "pymain_",
        "pythread_wrapper",
        "run_mod",
        "run_eval_code_obj",
        "pyrun_",
        "gen_send_ex",
    };
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        if (begins_with(name, starts[i]))
            return true;
    return false;
}

bool py_is_interpreter(struct rt *rt, const struct module *m, const char *function, const char *file, bool inside)
{
    if (!m || m != rt->module)
        return false;
    /* A program that has Python built in has functions of its own, of which nothing else tells. */
    bool only_python = begins_with(m->name, "python") || begins_with(m->name, "libpython");
    if (!function)
        return only_python;
    if (is_core_name(function) || (file && is_core_file(file)))
        return true;
    return only_python && !file && inside;
}
