/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines, tasks of asyncio and their like, as objects. */
#include "front/script/module/priv.h"

enum { LABELS_MAX = 256, AWAITS_MAX = 4096 };

struct py_task {
    PyObject_HEAD struct origin origin;
    const struct tasks *of; /* as long as the origin is valid */
    const struct task *task;
};

static PyObject *task_new(const struct origin *o, const struct tasks *of, const struct task *task)
{
    struct py_task *self = object_new(CLASS_TASK, sizeof(*self));
    if (!self)
        return NULL;
    self->origin = origin_copy(o);
    self->of = of;
    self->task = task;
    return (PyObject *)self;
}

PyObject *tasks_of(const struct origin *o, struct session *s)
{
    const struct tasks *v;
    size_t n;
    struct err *e = LAYERS->session_tasks(s, true, &v, &n);
    if (e)
        return raise_error(e);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        for (size_t k = 0; list && k < v[i].n; k++) {
            SCOPED(unref) PyObject *task = task_new(o, &v[i], &v[i].v[k]);
            if (!task || PyList_Append(list, task) < 0)
                Py_CLEAR(list);
        }
    }
    return list;
}

static void dealloc(PyObject *o)
{
    struct py_task *self = (struct py_task *)o;
    origin_done(&self->origin);
    object_free(self);
}

static PyObject *labels(struct session *s, const struct py_task *self)
{
    struct task_label v[LABELS_MAX];
    size_t n = LAYERS->session_task_labels(s, self->of, self->task, v, ARRAY_LEN(v));
    PyObject *map = PyDict_New();
    for (size_t i = 0; map && i < n && i < ARRAY_LEN(v); i++) {
        SCOPED(unref) PyObject *key = text_or_none(v[i].key);
        SCOPED(unref) PyObject *value = text_or_none(v[i].value);
        if (!key || !value || PyDict_SetItem(map, key, value) < 0)
            Py_CLEAR(map);
    }
    return map;
}

static PyObject *awaits(struct session *s, const struct py_task *self)
{
    SCOPED(freep) uint32_t *v = xcalloc(AWAITS_MAX, sizeof(*v));
    size_t n = LAYERS->session_task_awaits(s, self->of, self->task, v, AWAITS_MAX);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n && i < AWAITS_MAX; i++) {
        SCOPED(unref) PyObject *task = task_new(&self->origin, self->of, &self->of->v[v[i]]);
        if (!task || PyList_Append(list, task) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *frames(struct session *s, const struct py_task *self)
{
    const struct sstack *st;
    struct err *e = LAYERS->session_task_stack(s, self->of, self->task, &st);
    return e ? raise_error(e) : frames_of(&self->origin, st);
}

static PyObject *function(struct session *s, const struct py_task *self)
{
    const struct sframe *f = LAYERS->session_task_user_frame(s, self->of, self->task);
    return text_or_none(f ? f->at->function : NULL);
}

enum task_member {
    ID,
    KIND,
    NAME,
    STATE,
    REASON,
    THREAD,
    ADDRESS,
    PARENT,
    SYSTEM,
    WAITED,
    LABELS,
    AWAITS,
    FUNCTION,
    FRAMES
};

static PyObject *get(PyObject *o, void *closure)
{
    struct py_task *self = (struct py_task *)o;
    const struct task *task = self->task;
    VISIT(visit, &self->origin);
    struct session *s = visit.session;
    if (!s)
        return NULL;
    switch ((enum task_member)(uintptr_t)closure) {
    case ID:
        return PyLong_FromUnsignedLongLong(task->id);
    case KIND:
        return text_or_none(LAYERS->task_word(s, self->of, task));
    case NAME:
        return text_or_none(LAYERS->session_task_name(s, self->of, task));
    case STATE:
        return text_or_none(LAYERS->session_task_state(s, self->of, task));
    case REASON:
        return text_or_none(LAYERS->session_task_reason(s, self->of, task));
    case THREAD:
        return task->tid ? PyLong_FromLong(task->tid) : Py_NewRef(Py_None);
    case ADDRESS:
        return PyLong_FromUnsignedLongLong(task->object);
    case PARENT:
        return task->parent ? PyLong_FromUnsignedLongLong(task->parent) : Py_NewRef(Py_None);
    case SYSTEM:
        return PyBool_FromLong(task->system);
    case WAITED: {
        uint64_t ns = LAYERS->session_task_waited(s, task);
        return ns ? PyFloat_FromDouble((double)ns / 1e9) : Py_NewRef(Py_None);
    }
    case LABELS:
        return labels(s, self);
    case AWAITS:
        return awaits(s, self);
    case FUNCTION:
        return function(s, self);
    case FRAMES:
        return frames(s, self);
    }
    return NULL;
}

static PyObject *repr(PyObject *o)
{
    SCOPED(unref) PyObject *kind = get(o, (void *)KIND);
    SCOPED(unref) PyObject *id = kind ? get(o, (void *)ID) : NULL;
    return id ? PyUnicode_FromFormat("<Task %U %S>", kind, id) : NULL;
}

static PyGetSetDef members[] = {
    {"id", get, NULL, "its number, as its language's users know it", (void *)ID},
    {"kind", get, NULL, "'goroutine', 'task', 'greenlet'", (void *)KIND},
    {"name", get, NULL, "None: it has none", (void *)NAME},
    {"state", get, NULL, "'running', 'waiting', ...", (void *)STATE},
    {"reason", get, NULL, "what it waits for, in words; None", (void *)REASON},
    {"thread", get, NULL, "number of the thread that runs it; None", (void *)THREAD},
    {"address", get, NULL, "of the runtime's record of it", (void *)ADDRESS},
    {"parent", get, NULL, "number of the task that made it; None", (void *)PARENT},
    {"system", get, NULL, "it is the runtime's own", (void *)SYSTEM},
    {"waited", get, NULL, "for about how many seconds it has waited; None", (void *)WAITED},
    {"labels", get, NULL, "what the program marked it with, a dict", (void *)LABELS},
    {"awaits", get, NULL, "list of the tasks that it waits for", (void *)AWAITS},
    {"function", get, NULL, "where it is for its programmer; None", (void *)FUNCTION},
    {"frames", get, NULL, "list of Frame, innermost first", (void *)FRAMES},
    {0},
};

bool task_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "A goroutine, a task of asyncio, a greenlet."},
        {Py_tp_dealloc, dealloc},
        {Py_tp_repr, repr},
        {Py_tp_getset, members},
        {0, NULL},
    };
    return class_add(module, CLASS_TASK, "Task", sizeof(struct py_task), slots);
}
