/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the layers as exceptions, and the way back. */
#include "front/script/module/priv.h"

static int set_attribute(PyObject *o, const char *name, const char *value)
{
    SCOPED(unref) PyObject *text = text_or_none(value);
    return text ? PyObject_SetAttrString(o, name, text) : -1;
}

PyObject *raise_error(struct err *e)
{
    if (e->code == ERR_CANCELLED) {
        err_free(e);
        guard_raise();
        return NULL;
    }
    SCOPED(unref) PyObject *message = text_or_none(e->msg);
    SCOPED(unref) PyObject *error = message ? PyObject_CallFunctionObjArgs(py.error, message, NULL) : NULL;
    if (error && set_attribute(error, "code", err_code_name(e->code)) == 0 &&
        set_attribute(error, "hint", e->hint) == 0)
        PyErr_SetObject(py.error, error);
    err_free(e);
    return NULL;
}

struct err *error_of_exception(enum err_code code)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    SCOPED(unref) PyObject *text = value ? PyObject_Str(value) : NULL;
    const char *s = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    PyErr_Clear();
    struct err *e = err_new(code, "%s", s ? s : "an exception that cannot be shown");
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return e;
}
