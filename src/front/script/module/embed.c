/* SPDX-License-Identifier: Apache-2.0 */
/* Python inside of Inquest: the interpreter's life, and runs of scripts. The rest of this is in Python: host.py. */
#include "front/script/module/priv.h"
#include "front/script/module/sources.h"

#include <errno.h>

/* ---- the beginning ---- */

const char *script_source(const char *name)
{
    for (const struct embedded_source *s = embedded_sources; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s->text;
    return NULL;
}

static PyObject *run_host(void)
{
    SCOPED(unref) PyObject *code = Py_CompileString(script_source("host"), "<inquest host>", Py_file_input);
    PyObject *module = code ? PyImport_AddModule("_inquest_host") : NULL; /* borrowed */
    PyObject *names = module ? PyModule_GetDict(module) : NULL;           /* borrowed */
    if (!names || PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) < 0)
        return NULL;
    SCOPED(unref) PyObject *done = PyEval_EvalCode(code, names, names);
    return done ? Py_NewRef(names) : NULL;
}

struct err *script_start(PyObject *(*init)(void), const struct script_calls *calls, const struct script_delve *delve,
                         struct script_owner *owner)
{
    py.calls = calls;
    py.delve = delve;
    py.owner = owner;
    if (py.host) /* of a console before this one */
        return NULL;
    if (PyImport_AppendInittab("_inquest", init) < 0)
        return err_new(ERR_NOMEM, "out of memory");
    Py_InitializeEx(0); /* signals stay ours */
    py.thread = PyThread_get_thread_ident();
    py.commands = PyDict_New();
    py.host = py.commands ? run_host() : NULL;
    return py.host ? NULL : err_prefix(error_of_exception(ERR_INTERNAL), "the host of scripts");
}

/* ---- runs ---- */

static struct err *error_of_run(enum guard_why why)
{
    if (why == GUARD_CANCELLED || (why == GUARD_NOTHING && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))) {
        PyErr_Clear();
        return err_new(ERR_CANCELLED, "the script was cancelled");
    }
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear();
        return err_new(py.owner->bytes ? ERR_LIMIT : ERR_NOMEM, "the script needs more memory than it may have");
    }
    return err_prefix(error_of_exception(ERR_LIMIT), "the script was ended");
}

/* Calls a function of host.py, watched; consumes `args`. */
static struct err *watched(const char *function, PyObject *args, int *status)
{
    SCOPED(unref) PyObject *given = args;
    PyObject *fn = PyDict_GetItemString(py.host, function); /* borrowed */
    if (!given || !fn)
        return error_of_exception(ERR_INTERNAL);
    if (py.runs++ == 0) /* what a script runs through a command is part of its run */
        guard_begin(py.owner);
    SCOPED(unref) PyObject *result = PyObject_CallObject(fn, given);
    enum guard_why why = --py.runs == 0 ? guard_end() : GUARD_NOTHING;
    if (!result)
        return error_of_run(why);
    *status = (int)PyLong_AsLong(result);
    if (why == GUARD_NOTHING)
        return NULL;
    guard_raise(); /* it caught that, and ended by itself */
    return error_of_run(why);
}

static PyObject *path_list(char *const *args, size_t n)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        SCOPED(unref) PyObject *s = PyUnicode_DecodeFSDefault(args[i]);
        if (!s || PyList_Append(list, s) < 0)
            Py_CLEAR(list);
    }
    return list;
}

struct err *script_run(const char *path, char *const *args, size_t n, int *status)
{
    if (access(path, R_OK) != 0)
        return err_errno(errno, "%s", path);
    SCOPED(unref) PyObject *name = PyUnicode_DecodeFSDefault(path);
    SCOPED(unref) PyObject *list = path_list(args, n);
    return watched("run", name && list ? PyTuple_Pack(2, name, list) : NULL, status);
}

struct err *script_call(const char *name, const char *args, int *status)
{
    PyObject *fn = PyDict_GetItemString(py.commands, name); /* borrowed */
    if (!fn)
        return err_new(ERR_NOT_FOUND, "no script has the command \"%s\"", name);
    SCOPED(unref) PyObject *text = PyUnicode_DecodeUTF8(args, (Py_ssize_t)strlen(args), "surrogateescape");
    return watched("call", text ? PyTuple_Pack(2, fn, text) : NULL, status);
}

/* The interpreter stays: a script's threads may never end, and waiting for them is what ending it would mean. */
void script_end(void)
{
    if (py.delve_client)
        py.delve->end(py.delve_client);
    py.delve_client = NULL;
    py.owner = NULL;
    if (py.commands)
        PyDict_Clear(py.commands);
}
