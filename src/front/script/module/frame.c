/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as objects. */
#include "front/script/module/priv.h"

struct py_frame {
    PyObject_HEAD struct origin origin;
    const struct sstack *stack; /* as long as the origin is valid */
    size_t index;
};

PyObject *frame_object(const struct origin *o, const struct sstack *st, size_t index)
{
    struct py_frame *self = object_new(CLASS_FRAME, sizeof(*self));
    if (!self)
        return NULL;
    self->origin = origin_copy(o);
    self->stack = st;
    self->index = index;
    return (PyObject *)self;
}

PyObject *frames_of(const struct origin *o, const struct sstack *st)
{
    PyObject *list = PyList_New((Py_ssize_t)st->n);
    for (size_t i = 0; list && i < st->n; i++) {
        PyObject *frame = frame_object(o, st, i);
        if (frame)
            PyList_SetItem(list, (Py_ssize_t)i, frame);
        else
            Py_CLEAR(list);
    }
    return list;
}

static void dealloc(PyObject *o)
{
    struct py_frame *self = (struct py_frame *)o;
    origin_done(&self->origin);
    object_free(self);
}

const struct vframe *frame_vframe(PyObject *o, const struct origin *origin, struct session *s)
{
    const struct vframe *f;
    if ((PyObject *)Py_TYPE(o) != py.types[CLASS_FRAME]) {
        PyErr_SetString(PyExc_TypeError, "a Frame is needed");
        return NULL;
    }
    struct py_frame *self = (struct py_frame *)o;
    if (self->origin.target != origin->target || self->origin.generation != origin->generation) {
        PyErr_SetString(py.error, "the frame is of another target, or of before it ran on");
        return NULL;
    }
    struct err *e = LAYERS->session_frame(s, self->stack, self->index, &f);
    if (e)
        (void)raise_error(e);
    return e ? NULL : f;
}

/* ---- what they know ---- */

enum frame_member { FUNCTION, NAME, FILE_PATH, LINE, PC, KIND, LANGUAGE, MODULE, INDEX };

static PyObject *get(PyObject *o, void *closure)
{
    static const char *const kinds[] = {[FRAME_NORMAL] = "normal",
                                        [FRAME_INLINED] = "inlined",
                                        [FRAME_TAILCALL] = "tail-call",
                                        [FRAME_SIGNAL] = "signal",
                                        [FRAME_LANGUAGE] = "language"};
    struct py_frame *self = (struct py_frame *)o;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    const struct sframe *f = &self->stack->frames[self->index];
    switch ((enum frame_member)(uintptr_t)closure) {
    case FUNCTION:
        return text_or_none(f->at->function);
    case NAME:
        return text_or_none(f->at->name ? f->at->name : f->at->function);
    case FILE_PATH:
        return text_or_none(f->at->file);
    case LINE:
        return f->at->line ? PyLong_FromUnsignedLong(f->at->line) : Py_NewRef(Py_None);
    case PC:
        return PyLong_FromUnsignedLongLong(f->pc);
    case KIND:
        return PyUnicode_FromString(kinds[f->kind]);
    case LANGUAGE:
        return text_or_none(f->at->language);
    case MODULE:
        return text_or_none(f->at->mapping ? f->at->mapping->path : NULL);
    case INDEX:
        return PyLong_FromSize_t(self->index);
    }
    return NULL;
}

static PyObject *repr(PyObject *o)
{
    struct py_frame *self = (struct py_frame *)o;
    struct text t = {0};
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    const struct splace *at = self->stack->frames[self->index].at;
    text_printf(&t, "<Frame #%zu %s", self->index, at->function ? at->function : "??");
    if (at->file)
        text_printf(&t, " at %s:%u", at->file, at->line);
    text_putc(&t, '>');
    PyObject *text = text_of(&t);
    text_done(&t);
    return text;
}

/* ---- variables ---- */

/* A variable's value. What keeps it from being had is an Error, as the value: the others are still worth having. */
static PyObject *variable_value(const struct origin *o, struct session *s, const struct vframe *f,
                                const struct variable *v, PyObject *name)
{
    struct value value;
    struct err *e = LAYERS->session_variable(s, f, v, &value);
    if (!e) {
        struct value resolved = value;
        e = LAYERS->value_resolve(LAYERS->session_values(s), &resolved);
        if (!e)
            value = resolved;
        err_free(e); /* an array whose bounds are not known is one without them */
        return value_object(o, &value, name);
    }
    (void)raise_error(e);
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    bool is_error = PyErr_GivenExceptionMatches(type, py.error);
    if (!is_error) {
        PyErr_Restore(type, error, trace);
        return NULL;
    }
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return error;
}

PyDoc_STRVAR(variables_doc, "variables(arguments=True, locals=True) -> dict of names and Values\n\n"
                            "Those that the frame's line sees, arguments first. What cannot be had is an Error.");
static PyObject *variables(PyObject *o, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"arguments", "locals", NULL};
    struct py_frame *self = (struct py_frame *)o;
    struct variables all;
    int arguments = 1, locals = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pp", names, &arguments, &locals))
        return NULL;
    VISIT(visit, &self->origin);
    const struct vframe *f = visit.session ? frame_vframe(o, &self->origin, visit.session) : NULL;
    if (!f)
        return NULL;
    struct err *e = LAYERS->session_variables(visit.session, f, &all);
    if (e)
        return raise_error(e);
    PyObject *map = PyDict_New();
    for (size_t i = 0; map && i < all.n; i++) {
        const struct variable *v = &all.v[i];
        if (v->shadowed || !(v->argument ? arguments : locals))
            continue;
        SCOPED(unref) PyObject *name = text_or_none(v->name);
        SCOPED(unref) PyObject *value = name ? variable_value(&self->origin, visit.session, f, v, name) : NULL;
        if (!value || PyDict_SetItem(map, name, value) < 0)
            Py_CLEAR(map);
    }
    return map;
}

static const struct variable *find_variable(const struct variables *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (!all->v[i].shadowed && strcmp(all->v[i].name, name) == 0)
            return &all->v[i];
    return NULL;
}

static PyObject *item(PyObject *o, PyObject *key)
{
    struct py_frame *self = (struct py_frame *)o;
    struct variables all;
    struct value value;
    const char *name = PyUnicode_AsUTF8AndSize(key, NULL);
    VISIT(visit, &self->origin);
    const struct vframe *f = name && visit.session ? frame_vframe(o, &self->origin, visit.session) : NULL;
    if (!f)
        return NULL;
    struct err *e = LAYERS->session_variables(visit.session, f, &all);
    if (e)
        return raise_error(e);
    const struct variable *v = find_variable(&all, name);
    if (!v) {
        PyErr_SetObject(PyExc_KeyError, key);
        return NULL;
    }
    e = LAYERS->session_variable(visit.session, f, v, &value);
    return e ? raise_error(e) : variable_value(&self->origin, visit.session, f, v, key);
}

PyDoc_STRVAR(evaluate_doc, "evaluate(text) -> Value or Type: an expression, in the frame.");
static PyObject *frame_evaluate(PyObject *o, PyObject *text)
{
    struct py_frame *self = (struct py_frame *)o;
    const char *s = PyUnicode_AsUTF8AndSize(text, NULL);
    VISIT(visit, &self->origin);
    const struct vframe *f = s && visit.session ? frame_vframe(o, &self->origin, visit.session) : NULL;
    return f ? evaluate(&self->origin, visit.session, f, s) : NULL;
}

PyDoc_STRVAR(register_doc, "register(name) -> Value: a register as it was in the frame.");
static PyObject *get_register(PyObject *o, PyObject *text)
{
    struct py_frame *self = (struct py_frame *)o;
    struct value v;
    const char *s = PyUnicode_AsUTF8AndSize(text, NULL);
    VISIT(visit, &self->origin);
    const struct vframe *f = s && visit.session ? frame_vframe(o, &self->origin, visit.session) : NULL;
    if (!f)
        return NULL;
    struct err *e = LAYERS->session_register(visit.session, f, s, &v);
    return e ? raise_error(e) : value_object(&self->origin, &v, text);
}

static PyGetSetDef members[] = {
    {"function", get, NULL, "as in the source, or its symbol; None", (void *)FUNCTION},
    {"name", get, NULL, "the plain name of an interpreted language; else as `function`", (void *)NAME},
    {"file", get, NULL, "path as the compiler recorded it; None", (void *)FILE_PATH},
    {"line", get, NULL, "None: unknown", (void *)LINE},
    {"pc", get, NULL, "address of its code; of an interpreted frame the interpreter's record", (void *)PC},
    {"kind", get, NULL, "'normal', 'inlined', 'tail-call', 'signal', 'language'", (void *)KIND},
    {"language", get, NULL, "'c', 'c++', 'go', 'rust', 'python'; None", (void *)LANGUAGE},
    {"module", get, NULL, "path of the ELF file; None", (void *)MODULE},
    {"index", get, NULL, "its number, 0 the innermost", (void *)INDEX},
    {0},
};

static PyMethodDef methods[] = {
    {"variables", (PyCFunction)(void (*)(void))variables, METH_VARARGS | METH_KEYWORDS, variables_doc},
    {"evaluate", frame_evaluate, METH_O, evaluate_doc},
    {"register", get_register, METH_O, register_doc},
    {0},
};

bool frame_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "A frame of a stack; frame['x'] is its variable x."},
        {Py_tp_dealloc, dealloc},
        {Py_tp_repr, repr},
        {Py_mp_subscript, item},
        {Py_tp_getset, members},
        {Py_tp_methods, methods},
        {0, NULL},
    };
    return class_add(module, CLASS_FRAME, "Frame", sizeof(struct py_frame), slots);
}
