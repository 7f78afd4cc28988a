/* SPDX-License-Identifier: Apache-2.0 */
/* What all classes of the module share. */
#include "front/script/module/priv.h"

bool class_add(PyObject *module, enum class which, const char *name, size_t size, PyType_Slot *slots)
{
    SCOPED(freep) char *full = xasprintf("inquest.%s", name);
    PyType_Spec spec = {
        .name = full,
        .basicsize = (int)size,
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
        .slots = slots,
    };
    py.types[which] = PyType_FromSpec(&spec);
    if (!py.types[which] || PyModule_AddObjectRef(module, name, py.types[which]) < 0)
        return false;
    TAKE(full); /* Pythons before 3.12 do not copy it */
    return true;
}

void *object_new(enum class which, size_t size)
{
    PyTypeObject *type = (PyTypeObject *)py.types[which];
    PyObject *o = PyObject_New(PyObject, type);
    if (o)
        memset((char *)o + sizeof(PyObject), 0, size - sizeof(PyObject));
    return o;
}

void object_free(void *object)
{
    PyTypeObject *type = Py_TYPE((PyObject *)object);
    PyObject_Free(object);
    Py_DECREF(type);
}

PyObject *text_or_none(const char *s)
{
    return s ? PyUnicode_DecodeUTF8(s, (Py_ssize_t)strlen(s), "backslashreplace") : Py_NewRef(Py_None);
}

PyObject *text_of(const struct text *t)
{
    return PyUnicode_DecodeUTF8(text_str(t), (Py_ssize_t)t->n, "backslashreplace");
}

bool script_add_classes(PyObject *module)
{
    return target_class_add(module) && thread_class_add(module) && frame_class_add(module) && task_class_add(module) &&
           type_class_add(module) && value_class_add(module) && parts_class_add(module);
}
