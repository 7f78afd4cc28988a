/* SPDX-License-Identifier: Apache-2.0 */
/* Threads as objects. */
#include "front/script/module/priv.h"

struct py_thread {
    PyObject_HEAD struct origin origin;
    const struct sstack *stack;
};

static PyObject *thread_new(const struct origin *o, const struct sstack *st)
{
    struct py_thread *self = object_new(CLASS_THREAD, sizeof(*self));
    if (!self)
        return NULL;
    self->origin = origin_copy(o);
    self->stack = st;
    return (PyObject *)self;
}

PyObject *threads_of(const struct origin *o, struct session *s)
{
    const struct sstack *v;
    size_t n;
    struct err *e = LAYERS->session_stacks(s, &v, &n);
    if (e)
        return raise_error(e);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        SCOPED(unref) PyObject *thread = thread_new(o, &v[i]);
        if (!thread || PyList_Append(list, thread) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static void dealloc(PyObject *o)
{
    struct py_thread *self = (struct py_thread *)o;
    origin_done(&self->origin);
    object_free(self);
}

enum thread_member { ID, NAME, CRASHED, FRAMES, STOPPED };

static PyObject *get(PyObject *o, void *closure)
{
    struct py_thread *self = (struct py_thread *)o;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    const struct sstack *st = self->stack;
    switch ((enum thread_member)(uintptr_t)closure) {
    case ID:
        return PyLong_FromLong(st->thread->tid);
    case NAME:
        return text_or_none(LAYERS->thread_name(visit.session, st->thread));
    case CRASHED:
        return PyBool_FromLong(st->crashed);
    case FRAMES:
        return frames_of(&self->origin, st);
    case STOPPED:
        return text_or_none(st->stopped);
    }
    return NULL;
}

static PyObject *repr(PyObject *o)
{
    SCOPED(unref) PyObject *id = get(o, (void *)ID);
    return id ? PyUnicode_FromFormat("<Thread %S>", id) : NULL;
}

static PyGetSetDef members[] = {
    {"id", get, NULL, "the system's number of it", (void *)ID},
    {"name", get, NULL, "None: it has none, or it is not known", (void *)NAME},
    {"crashed", get, NULL, "it got the fatal signal", (void *)CRASHED},
    {"frames", get, NULL, "list of Frame, innermost first", (void *)FRAMES},
    {"stopped", get, NULL, "why the stack ends before its outermost frame; None", (void *)STOPPED},
    {0},
};

bool thread_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "A thread of the target."},
        {Py_tp_dealloc, dealloc},
        {Py_tp_repr, repr},
        {Py_tp_getset, members},
        {0, NULL},
    };
    return class_add(module, CLASS_THREAD, "Thread", sizeof(struct py_thread), slots);
}
