/* SPDX-License-Identifier: Apache-2.0 */
/* The module _inquest: what `inquest` shows of it, and what only Inquest's own code in Python calls. */
#include "front/script/module/priv.h"

struct module_state py;

/* ---- for host.py, starlark.py and delve.py ---- */

static bool has_owner(void)
{
    if (!py.owner)
        PyErr_SetString(py.error, "only a script that Inquest runs can do that");
    return py.owner != NULL;
}

static bool needs_owner(void)
{
    if (!has_owner())
        return false;
    if (py.thread != PyThread_get_thread_ident()) {
        PyErr_SetString(py.error, "only the thread that runs the script can do that");
        return false;
    }
    return true;
}

/* Commands and Delve's methods forget the values that an operation in progress works with. */
static bool nothing_in_progress(void)
{
    if (py.busy)
        PyErr_SetString(py.error, "not while a value is being read");
    return !py.busy;
}

PyDoc_STRVAR(write_doc, "write(text, flush): adds to the answer.");
static PyObject *write_text(PyObject *self, PyObject *args)
{
    PyObject *text;
    int flush;
    (void)self;
    if (!PyArg_ParseTuple(args, "Up", &text, &flush) || !has_owner()) /* any thread: one at a time has Python's lock */
        return NULL;
    SCOPED(unref) PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape");
    char *p;
    Py_ssize_t n;
    if (!bytes || PyBytes_AsStringAndSize(bytes, &p, &n) < 0)
        return NULL;
    struct err *e = py.owner->write(py.owner, p, (size_t)n, flush != 0);
    return e ? raise_error(e) : Py_NewRef(Py_None);
}

PyDoc_STRVAR(stop_doc, "stop(...): handles the signal `stop_signal`.");
static PyObject *stop(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    if (!guard_stops())
        return Py_NewRef(Py_None);
    guard_raise();
    return NULL;
}

PyDoc_STRVAR(source_doc, "source(name) -> str or None: Inquest's own code in Python.");
static PyObject *source(PyObject *self, PyObject *args)
{
    const char *name;
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    return text_or_none(script_source(name));
}

PyDoc_STRVAR(command_doc, "command(text) -> str\n\nRuns one command of the prompt and gives its answer. Raises Error.");
static PyObject *command(PyObject *self, PyObject *args)
{
    const char *line;
    struct text answer = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &line) || !needs_owner() || !nothing_in_progress())
        return NULL;
    struct err *e = py.owner->command(py.owner, line, &answer);
    PyObject *text = e ? NULL : PyUnicode_DecodeUTF8(text_str(&answer), (Py_ssize_t)answer.n, "surrogateescape");
    text_done(&answer);
    return e ? raise_error(e) : text;
}

PyDoc_STRVAR(add_command_doc, "add_command(name, function, help=None)\n\n"
                              "Makes a command of the prompt, which calls the function with the text behind its name.");
static PyObject *add_command(PyObject *self, PyObject *args)
{
    const char *name, *help = NULL;
    PyObject *fn;
    (void)self;
    if (!PyArg_ParseTuple(args, "sO|z", &name, &fn, &help) || !needs_owner())
        return NULL;
    if (!PyCallable_Check(fn)) {
        PyErr_SetString(PyExc_TypeError, "add_command() needs something to call");
        return NULL;
    }
    struct err *e = py.owner->add_command(py.owner, name, help);
    if (e)
        return raise_error(e);
    return PyDict_SetItemString(py.commands, name, fn) < 0 ? NULL : Py_NewRef(Py_None);
}

PyDoc_STRVAR(delve_call_doc, "delve_call(method, params) -> bytes\n\n"
                             "One call of Delve's interface, version 2: JSON of its parameter, JSON of its result.");
static PyObject *delve_call(PyObject *self, PyObject *args)
{
    const char *method, *params;
    Py_ssize_t n;
    struct text result = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "sy#", &method, &params, &n) || !needs_owner() || !nothing_in_progress())
        return NULL;
    if (!py.owner->session)
        return raise_error(err_new(ERR_NO_DATA, "no target is open"));
    if (!py.delve_client)
        py.delve_client = py.delve->begin(py.owner->call);
    struct err *e =
        py.delve->call(py.delve_client, py.owner->session, py.owner->generation, method, params, (size_t)n, &result);
    PyObject *bytes = e ? NULL : PyBytes_FromStringAndSize(text_str(&result), (Py_ssize_t)result.n);
    text_done(&result);
    return e ? raise_error(e) : bytes;
}

PyDoc_STRVAR(selection_doc, "selection() -> (goroutine, thread, frame) of the prompt; 0: none is selected.");
static PyObject *selection(PyObject *self, PyObject *args)
{
    int32_t tid;
    size_t frame;
    (void)self, (void)args;
    if (!needs_owner() || !nothing_in_progress())
        return NULL;
    py.owner->selection(py.owner, &tid, &frame);
    return Py_BuildValue("KiK", (unsigned long long)py.owner->goroutine(py.owner), (int)tid, (unsigned long long)frame);
}

PyDoc_STRVAR(open_doc, "open(target, exe=None, sysroot=None, debug_dirs=(), hold=False) -> Target\n\n"
                       "Opens a core, a process by its number, or a program. A process stays stopped with `hold`.");

static PyMethodDef methods[] = {
    {"open", (PyCFunction)(void (*)(void))module_open, METH_VARARGS | METH_KEYWORDS, open_doc},
    {"target", module_target, METH_NOARGS, "target() -> Target: the one that the script runs on."},
    {"write", write_text, METH_VARARGS, write_doc},
    {"stop", stop, METH_VARARGS, stop_doc},
    {"source", source, METH_VARARGS, source_doc},
    {"command", command, METH_VARARGS, command_doc},
    {"add_command", add_command, METH_VARARGS, add_command_doc},
    {"delve_call", delve_call, METH_VARARGS, delve_call_doc},
    {"selection", selection, METH_NOARGS, selection_doc},
    {0},
};

/* ---- the module ---- */

PyDoc_STRVAR(module_doc, "Targets of Inquest, cores and processes: threads, frames, variables, types, memory, tasks.");
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_inquest",
    .m_doc = module_doc,   .m_size = -1, /* what it has is the process's: it is made once */
    .m_methods = methods,
};

static const char *const public_names[] = {
    "Error", "LimitExceeded", "Target", "Thread", "Frame",  "Task",    "Value",
    "Type",  "Field",         "Module", "open",   "target", "command", "add_command",
};

static bool add_exceptions(PyObject *m)
{
    py.error = PyErr_NewExceptionWithDoc(
        "inquest.Error", "What Inquest cannot do or find; code: a stable word for it, hint: what may help, or None.",
        NULL, NULL);
    py.limit_exceeded = PyErr_NewExceptionWithDoc(
        "inquest.LimitExceeded", "The script took more time or memory than it may.", PyExc_BaseException, NULL);
    return py.error && py.limit_exceeded && PyModule_AddObjectRef(m, "Error", py.error) == 0 &&
           PyModule_AddObjectRef(m, "LimitExceeded", py.limit_exceeded) == 0;
}

static bool add_public_names(PyObject *m)
{
    SCOPED(unref) PyObject *all = PyList_New(0);
    for (size_t i = 0; all && i < ARRAY_LEN(public_names); i++) {
        SCOPED(unref) PyObject *name = PyUnicode_FromString(public_names[i]);
        if (!name || PyList_Append(all, name) < 0)
            return false;
    }
    return all && PyModule_AddObjectRef(m, "__all__", all) == 0;
}

PyObject *script_module_init(const struct runtime *const *runtimes)
{
    PyObject *m = PyModule_Create(&definition);
    if (!py.calls)
        py.calls = &script_calls;
    py.runtimes = runtimes;
    py.thread = PyThread_get_thread_ident();
    if (m && (!add_exceptions(m) || !script_add_classes(m) ||
              PyModule_AddIntConstant(m, "stop_signal", GUARD_SIGNAL) < 0 || !add_public_names(m)))
        Py_CLEAR(m);
    return m;
}
