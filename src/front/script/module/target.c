/* SPDX-License-Identifier: Apache-2.0 */
/* Targets as objects: the one of the front end that runs the script, and those that inquest.open() opened. */
#include "front/script/module/priv.h"

/* Values are forgotten by the session every so many operations: a walk of a heap makes millions. */
enum { OPERATIONS = 1024, READ_MAX = 1 << 30 };

/* ---- operations ---- */

static bool usable(const struct py_target *t, const struct origin *o, struct session **out)
{
    uint64_t generation = t->owners && py.owner ? py.owner->generation : t->generation;
    *out = t->owners ? (py.owner ? py.owner->session : NULL) : t->own;
    if (py.thread != PyThread_get_thread_ident())
        PyErr_SetString(py.error, "targets are for the thread that runs the script, or that imported the module");
    else if (!*out)
        PyErr_SetString(py.error, "the target is not open any more");
    else if (o->generation != generation)
        PyErr_SetString(py.error, "the target has run on, or another one was opened, since this was asked for");
    else
        return true;
    return false;
}

struct visit visit_begin(const struct origin *o)
{
    struct visit v = {0};
    struct session *s;
    if (!usable(o->target, o, &s))
        return v;
    if (!py.busy && ++py.operations % OPERATIONS == 0)
        LAYERS->session_forget_values(s);
    py.busy++;
    v.session = s;
    return v;
}

void visit_end(struct visit *v)
{
    if (v->session)
        py.busy--;
}

struct origin origin_of(struct py_target *t)
{
    return (struct origin){.target = t, .generation = t->owners && py.owner ? py.owner->generation : t->generation};
}

struct origin origin_copy(const struct origin *o)
{
    Py_INCREF((PyObject *)o->target);
    return *o;
}

void origin_done(struct origin *o)
{
    Py_XDECREF((PyObject *)o->target);
}

#define TARGET_VISIT(name, o)                                  \
    struct origin origin = origin_of((struct py_target *)(o)); \
    VISIT(name, &origin);                                      \
    if (!name.session)                                         \
    return NULL

/* ---- opening ---- */

static bool debug_dirs_of(PyObject *given, PyObject **keep, const char *const **out, size_t *n)
{
    PyObject *list = given ? PySequence_List(given) : PyList_New(0);
    Py_ssize_t count = list ? PyList_Size(list) : -1;
    const char **v = xcalloc(count > 0 ? (size_t)count : 1, sizeof(*v));
    for (Py_ssize_t i = 0; i < count; i++) {
        v[i] = PyUnicode_AsUTF8AndSize(PyList_GetItem(list, i), NULL);
        if (!v[i])
            count = -1;
    }
    *keep = list;
    *out = v;
    *n = count > 0 ? (size_t)count : 0;
    return count >= 0;
}

/* The name of a target: a path, or a process by its number. */
static PyObject *target_name(PyObject *given)
{
    if (PyLong_Check(given))
        return PyObject_Str(given);
    SCOPED(unref) PyObject *bytes = NULL;
    PyObject *name = NULL;
    if (PyUnicode_FSConverter(given, &bytes))
        name = PyUnicode_DecodeFSDefault(PyBytes_AsString(bytes));
    return name;
}

PyObject *module_open(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"target", "exe", "sysroot", "debug_dirs", "hold", NULL};
    PyObject *given, *dirs = NULL;
    struct session_opts opts = {.runtimes = py.runtimes};
    int hold = 0;
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|zzOp", names, &given, &opts.modules.exe, &opts.modules.sysroot,
                                     &dirs, &hold))
        return NULL;
    if (py.owner) {
        PyErr_SetString(py.error, "a script that Inquest runs has its target: inquest.target()");
        return NULL;
    }
    SCOPED(unref) PyObject *name = target_name(given);
    const char *path = name ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    SCOPED(unref) PyObject *list = NULL;
    SCOPED(freep) const char *const *dir_names = NULL;
    if (!path || !debug_dirs_of(dirs, &list, &dir_names, &opts.modules.n_debug_dirs))
        return NULL;
    struct py_target *t = object_new(CLASS_TARGET, sizeof(*t));
    if (!t)
        return NULL;
    t->strings = PyTuple_Pack(3, name, args, kwargs ? kwargs : Py_None); /* the session borrows them */
    t->list = TAKE(list);
    t->debug_dirs = TAKE(dir_names);
    opts.modules.debug_dirs = t->debug_dirs;
    opts.modules.progress = opts.progress = &t->progress;
    opts.hold = hold != 0;
    struct err *e = LAYERS->session_open(path, &opts, &t->own);
    if (e) {
        Py_DECREF((PyObject *)t);
        return raise_error(e);
    }
    return (PyObject *)t;
}

PyObject *module_target(PyObject *module, PyObject *args)
{
    (void)module;
    (void)args;
    if (!py.owner) {
        PyErr_SetString(py.error, "no target: inquest.open() opens one");
        return NULL;
    }
    if (!py.target) {
        struct py_target *t = object_new(CLASS_TARGET, sizeof(*t));
        if (!t)
            return NULL;
        t->owners = true;
        py.target = (PyObject *)t;
    }
    return Py_NewRef(py.target);
}

static void close_target(struct py_target *t)
{
    LAYERS->session_free(t->own);
    t->own = NULL;
    t->generation++;
}

static void dealloc(PyObject *o)
{
    struct py_target *t = (struct py_target *)o;
    close_target(t);
    Py_XDECREF(t->strings);
    Py_XDECREF(t->list);
    free((void *)(uintptr_t)t->debug_dirs);
    object_free(t);
}

PyDoc_STRVAR(close_doc, "close(): ends it; what was asked from it cannot be used any more.");
static PyObject *close_method(PyObject *o, PyObject *args)
{
    (void)args;
    if (py.busy) {
        PyErr_SetString(py.error, "not while a value is being read");
        return NULL;
    }
    close_target((struct py_target *)o);
    return Py_NewRef(Py_None);
}

static PyObject *enter(PyObject *o, PyObject *args)
{
    (void)args;
    return Py_NewRef(o);
}

/* ---- what they know ---- */

enum target_member { KIND, PATH, PID, EXE, COMMAND, SIGNAL, SIGNAL_NAME, ARCHITECTURE, POINTER_SIZE, PROBLEMS };

static PyObject *problems(struct session *s)
{
    size_t n;
    const struct err *const *v = LAYERS->session_problems(s, &n);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        SCOPED(unref) PyObject *text = text_or_none(v[i]->msg);
        if (!text || PyList_Append(list, text) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *get(PyObject *o, void *closure)
{
    static const char *const kinds[] = {[IMAGE_CORE] = "core", [IMAGE_LIVE] = "process", [IMAGE_FILE] = "file"};
    TARGET_VISIT(visit, o);
    const struct image *im = LAYERS->session_image(visit.session);
    switch ((enum target_member)(uintptr_t)closure) {
    case KIND:
        return PyUnicode_FromString(kinds[im->kind]);
    case PATH:
        return text_or_none(im->path);
    case PID:
        return im->pid ? PyLong_FromLong(im->pid) : Py_NewRef(Py_None);
    case EXE:
        return text_or_none(im->exe);
    case COMMAND:
        return text_or_none(im->cmdline);
    case SIGNAL:
        return im->signal.signo ? PyLong_FromLong(im->signal.signo) : Py_NewRef(Py_None);
    case SIGNAL_NAME:
        return text_or_none(im->signal.signo ? LAYERS->session_signal_name(im->signal.signo) : NULL);
    case ARCHITECTURE:
        return text_or_none(im->arch ? im->arch->name : NULL);
    case POINTER_SIZE:
        return PyLong_FromLong(im->arch ? im->arch->addr_size : 0);
    case PROBLEMS:
        return problems(visit.session);
    }
    return NULL;
}

static PyObject *get_threads(PyObject *o, void *closure)
{
    (void)closure;
    TARGET_VISIT(visit, o);
    return threads_of(&origin, visit.session);
}

static PyObject *get_tasks(PyObject *o, void *closure)
{
    (void)closure;
    TARGET_VISIT(visit, o);
    return tasks_of(&origin, visit.session);
}

static PyObject *one_module(struct session *s, size_t i)
{
    char id[BUILD_ID_TEXT];
    const struct module *m = LAYERS->session_module(s, i, false);
    PyObject *t = PyStructSequence_New((PyTypeObject *)py.module);
    if (!t)
        return NULL;
    LAYERS->session_build_id_text(&m->build_id, id);
    PyObject *const items[] = {text_or_none(m->path), PyLong_FromUnsignedLongLong(m->start),
                               PyLong_FromUnsignedLongLong(m->end), text_or_none(*id ? id : NULL)};
    for (size_t k = 0; k < ARRAY_LEN(items); k++)
        PyStructSequence_SetItem(t, (Py_ssize_t)k, items[k]);
    return t;
}

static PyObject *get_modules(PyObject *o, void *closure)
{
    (void)closure;
    TARGET_VISIT(visit, o);
    size_t n = LAYERS->session_module_count(visit.session);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < n; i++) {
        SCOPED(unref) PyObject *module = one_module(visit.session, i);
        if (!module || PyList_Append(list, module) < 0)
            Py_CLEAR(list);
    }
    return list;
}

/* The frame that is selected at the prompt, else the innermost of the thread that crashed, or of the first. */
static PyObject *get_frame(PyObject *o, void *closure)
{
    const struct sstack *v;
    size_t n, index = 0, at = 0;
    int32_t tid = 0;
    (void)closure;
    TARGET_VISIT(visit, o);
    if (((struct py_target *)o)->owners)
        py.owner->selection(py.owner, &tid, &index);
    struct err *e = LAYERS->session_stacks(visit.session, &v, &n);
    if (e)
        return raise_error(e);
    for (size_t i = 0; i < n; i++)
        if (tid && v[i].thread->tid == tid)
            at = i;
    return n && index < v[at].n ? frame_object(&origin, &v[at], index) : Py_NewRef(Py_None);
}

/* ---- questions ---- */

PyDoc_STRVAR(evaluate_doc, "evaluate(text, frame=None) -> Value or Type\n\n"
                           "An expression of the target's language; without a frame only names of the program.");
static PyObject *target_evaluate(PyObject *o, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"text", "frame", NULL};
    const char *text;
    PyObject *frame = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|O", names, &text, &frame))
        return NULL;
    TARGET_VISIT(visit, o);
    const struct vframe *f = frame == Py_None ? NULL : frame_vframe(frame, &origin, visit.session);
    return f || frame == Py_None ? evaluate(&origin, visit.session, f, text) : NULL;
}

PyDoc_STRVAR(type_doc, "type(name) -> Type: 'struct node', 'unsigned long', 'main.Config'.");
static PyObject *target_type(PyObject *o, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    const struct type *type;
    if (!text)
        return NULL;
    TARGET_VISIT(visit, o);
    struct expr_env env = {.vs = LAYERS->session_values(visit.session)};
    struct err *e = LAYERS->expr_type(&env, text, &type);
    return e ? raise_error(e) : type_object(&origin, type);
}

PyDoc_STRVAR(symbol_doc, "symbol(address) -> (name, offset) or None: the function or object that covers an address.");
static PyObject *symbol(PyObject *o, PyObject *where)
{
    struct symbol sym;
    const char *name;
    SCOPED(unref) PyObject *index = PyNumber_Index(where);
    uint64_t at = index ? PyLong_AsUnsignedLongLong(index) : 0;
    if (PyErr_Occurred())
        return NULL;
    TARGET_VISIT(visit, o);
    if (!LAYERS->session_symbol(visit.session, at, &sym, &name))
        return Py_NewRef(Py_None);
    SCOPED(unref) PyObject *text = text_or_none(name);
    return text ? Py_BuildValue("(OK)", text, (unsigned long long)(at - sym.addr)) : NULL;
}

PyDoc_STRVAR(read_doc, "read(address, length) -> bytes");
static PyObject *target_read(PyObject *o, PyObject *args)
{
    PyObject *where;
    Py_ssize_t n;
    if (!PyArg_ParseTuple(args, "On", &where, &n))
        return NULL;
    SCOPED(unref) PyObject *index = PyNumber_Index(where);
    uint64_t at = index ? PyLong_AsUnsignedLongLong(index) : 0;
    if (PyErr_Occurred())
        return NULL;
    if (n < 0 || n > READ_MAX)
        return raise_error(err_new(ERR_LIMIT, "0 to %d bytes can be read at once", READ_MAX));
    TARGET_VISIT(visit, o);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
    struct err *e = bytes && n ? LAYERS->session_read(visit.session, at, PyBytes_AsString(bytes), (size_t)n) : NULL;
    if (e)
        Py_CLEAR(bytes);
    return e ? raise_error(e) : bytes;
}

struct hits {
    PyObject *list;
    Py_ssize_t limit;
    bool failed;
};

static bool take_hit(void *arg, taddr at)
{
    struct hits *h = arg;
    SCOPED(unref) PyObject *address = PyLong_FromUnsignedLongLong(at);
    h->failed = !address || PyList_Append(h->list, address) < 0;
    return !h->failed && PyList_Size(h->list) < h->limit;
}

PyDoc_STRVAR(find_doc, "find(bytes, start=0, end=2**64 - 1, limit=1000) -> list of addresses\n\n"
                       "Where the bytes stand in memory. What a dump lacks is skipped.");
static PyObject *target_find(PyObject *o, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"bytes", "start", "end", "limit", NULL};
    const char *p;
    Py_ssize_t n;
    unsigned long long start = 0, end = UINT64_MAX;
    struct hits hits = {.limit = 1000};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y#|KKn", names, &p, &n, &start, &end, &hits.limit))
        return NULL;
    if (n < 1 || hits.limit < 1) {
        PyErr_SetString(PyExc_ValueError, "one byte at least, and a limit above 0");
        return NULL;
    }
    TARGET_VISIT(visit, o);
    hits.list = PyList_New(0);
    if (!hits.list)
        return NULL;
    struct err *e = LAYERS->session_search(visit.session, start, end, p, (size_t)n, take_hit, &hits, NULL);
    if (e || hits.failed)
        Py_CLEAR(hits.list);
    return e ? raise_error(e) : hits.list;
}

/* ---- the class ---- */

static PyGetSetDef members[] = {
    {"kind", get, NULL, "'core', 'process', 'file'", (void *)KIND},
    {"path", get, NULL, "of the core or program; '/proc/PID'", (void *)PATH},
    {"pid", get, NULL, "None: unknown", (void *)PID},
    {"exe", get, NULL, "path of the program; None", (void *)EXE},
    {"command_line", get, NULL, "its arguments, by blanks; None", (void *)COMMAND},
    {"signal", get, NULL, "number of the signal that ended it; None", (void *)SIGNAL},
    {"signal_name", get, NULL, "'SIGSEGV'; None", (void *)SIGNAL_NAME},
    {"architecture", get, NULL, "'x86-64'", (void *)ARCHITECTURE},
    {"pointer_size", get, NULL, "in bytes", (void *)POINTER_SIZE},
    {"problems", get, NULL, "what is wrong with it but not fatal, in words", (void *)PROBLEMS},
    {"threads", get_threads, NULL, "list of Thread, the one that crashed first", NULL},
    {"tasks", get_tasks, NULL, "list of Task: goroutines, tasks of asyncio, greenlets", NULL},
    {"modules", get_modules, NULL, "list of Module: path, start, end, build_id", NULL},
    {"frame", get_frame, NULL, "the Frame selected at the prompt, else the innermost that crashed; None", NULL},
    {0},
};

static PyMethodDef methods[] = {
    {"evaluate", (PyCFunction)(void (*)(void))target_evaluate, METH_VARARGS | METH_KEYWORDS, evaluate_doc},
    {"type", target_type, METH_O, type_doc},
    {"symbol", symbol, METH_O, symbol_doc},
    {"read", target_read, METH_VARARGS, read_doc},
    {"find", (PyCFunction)(void (*)(void))target_find, METH_VARARGS | METH_KEYWORDS, find_doc},
    {"close", close_method, METH_NOARGS, close_doc},
    {"__enter__", enter, METH_NOARGS, NULL},
    {"__exit__", close_method, METH_VARARGS, NULL},
    {0},
};

static PyStructSequence_Field module_members[] = {
    {"path", NULL}, {"start", NULL}, {"end", NULL}, {"build_id", NULL}, {0}};

bool target_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "A core, a process, or a program that does not run."},
        {Py_tp_dealloc, dealloc},
        {Py_tp_getset, members},
        {Py_tp_methods, methods},
        {0, NULL},
    };
    PyStructSequence_Desc desc = {"inquest.Module", "An ELF file of the target.", module_members, 4};
    py.module = (PyObject *)PyStructSequence_NewType(&desc);
    return py.module && PyModule_AddObjectRef(module, "Module", py.module) == 0 &&
           class_add(module, CLASS_TARGET, "Target", sizeof(struct py_target), slots);
}
