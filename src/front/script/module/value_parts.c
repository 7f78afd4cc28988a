/* SPDX-License-Identifier: Apache-2.0 */
/* Members and elements of values. */
#include "front/script/module/priv.h"

/* Parts that an iterator asks for at a time: first few, then ever more, since a list is walked from its start each time. */
enum { FIRST_PARTS = 64, MOST_PARTS = 1 << 20 };

static struct values *values_of(const struct visit *v)
{
    return LAYERS->session_values(v->session);
}

/* ---- by name ---- */

/* The members of what a pointer points to are its own. */
static struct err *record_of(struct values *vs, struct value *v)
{
    struct value to;
    if (LAYERS->type_strip(v->type)->kind != TYPE_POINTER)
        return NULL;
    TRY(LAYERS->value_deref(vs, v, &to));
    *v = to;
    return NULL;
}

struct search {
    const char *name, *quoted, *single; /* as it is, ["as a key"], ['as a key'] */
    struct value found;
    bool hit;
};

static bool match(void *arg, const struct value_child *child)
{
    struct search *s = arg;
    bool same =
        strcmp(child->name, s->name) == 0 || strcmp(child->name, s->quoted) == 0 || strcmp(child->name, s->single) == 0;
    if (same && child->value) {
        s->found = *child->value;
        s->hit = true;
    }
    return !same;
}

/* What a language's own printer shows of a value by that name: keys of maps, attributes of objects. */
static bool find_shown(struct values *vs, const struct value *v, const char *name, struct value *out)
{
    SCOPED(freep) char *quoted = xasprintf("[\"%s\"]", name), *single = xasprintf("['%s']", name);
    struct search s = {.name = name, .quoted = quoted, .single = single};
    struct children c = LAYERS->value_children(vs, v);
    IGNORE_ERR(LAYERS->children_each(vs, &c, 0, UINT64_MAX, match, &s)); /* then it was not found */
    if (s.hit)
        *out = s.found;
    return s.hit;
}

static PyObject *member(struct py_value *self, PyObject *name)
{
    struct loc_piece piece;
    struct value v, out;
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    VISIT(visit, &self->origin);
    if (!text || !visit.session)
        return NULL;
    struct values *vs = values_of(&visit);
    struct err *e = value_get_object(visit.session, self, &piece, &v);
    if (!e)
        e = record_of(vs, &v);
    if (e)
        return raise_error(e);
    e = LAYERS->value_member(vs, &v, text, &out);
    if (e && (e->code == ERR_NOT_FOUND || e->code == ERR_USAGE || e->code == ERR_UNSUPPORTED) &&
        find_shown(vs, &v, text, &out)) {
        err_free(e);
        e = NULL;
    }
    return e ? raise_error(e) : value_object(&self->origin, &out, name);
}

/* The names that are not members, so that members cost no search of the class. */
static bool is_own(const char *name)
{
    static const char *const own[] = {"type", "name",   "address", "deref",  "dynamic",
                                      "cast", "format", "string",  "fields", "parts"};
    if (name[0] == '_' && name[1] == '_')
        return true;
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

PyObject *value_attribute(PyObject *o, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!text)
        return NULL;
    if (is_own(text))
        return PyObject_GenericGetAttr(o, name);
    PyObject *found = member((struct py_value *)o, name);
    if (!found && PyErr_ExceptionMatches(py.error)) {
        /* hasattr() and getattr() with a default are for members that are not there; other reasons stay as they are */
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyErr_NormalizeException(&type, &value, &trace);
        SCOPED(unref) PyObject *code = PyObject_GetAttrString(value, "code");
        const char *word = code ? PyUnicode_AsUTF8AndSize(code, NULL) : NULL;
        if (word && (strcmp(word, "not-found") == 0 || strcmp(word, "usage") == 0)) {
            PyErr_Format(PyExc_AttributeError, "%S", value);
            Py_XDECREF(type);
            Py_XDECREF(value);
            Py_XDECREF(trace);
        } else {
            PyErr_Restore(type, value, trace);
        }
    }
    return found;
}

PyObject *value_fields(PyObject *o, PyObject *args)
{
    struct py_value *self = (struct py_value *)o;
    const struct type *t;
    (void)args;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    t = LAYERS->type_strip(self->type);
    if (t->kind == TYPE_POINTER && t->target)
        t = LAYERS->type_strip(t->target);
    struct fields fields = LAYERS->type_fields(LAYERS->type_complete(t));
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < fields.n; i++) {
        if (!fields.v[i].name)
            continue;
        SCOPED(unref) PyObject *name = text_or_none(fields.v[i].name);
        if (!name || PyList_Append(list, name) < 0)
            Py_CLEAR(list);
    }
    return list;
}

/* ---- parts in a row ---- */

struct gather {
    const struct origin *origin;
    PyObject *list;
    bool pairs; /* (name, value) */
    bool failed;
};

static bool gather_child(void *arg, const struct value_child *child)
{
    struct gather *g = arg;
    SCOPED(unref) PyObject *name = text_or_none(child->name);
    if (name && !child->value) {
        (void)raise_error(err_dup(child->why));
    } else if (name) {
        SCOPED(unref) PyObject *value = value_object(g->origin, child->value, name);
        SCOPED(unref) PyObject *item = value && g->pairs ? PyTuple_Pack(2, name, value) : Py_XNewRef(value);
        if (item && PyList_Append(g->list, item) == 0)
            return true;
    }
    g->failed = true;
    return false;
}

/* A list of the parts [first, first + max); NULL with an exception. */
static PyObject *gather(struct py_value *self, uint64_t first, uint64_t max, bool pairs, bool members)
{
    struct loc_piece piece;
    struct value v;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    struct err *e = value_get_object(visit.session, self, &piece, &v);
    if (e)
        return raise_error(e);
    struct values *vs = values_of(&visit);
    struct children c = LAYERS->value_children(vs, &v);
    if (!c.row && !members) {
        PyErr_SetString(PyExc_TypeError, "the value is no array and no container");
        return NULL;
    }
    struct gather g = {.origin = &self->origin, .list = PyList_New(0), .pairs = pairs};
    if (!g.list)
        return NULL;
    e = LAYERS->children_each(vs, &c, first, max, gather_child, &g);
    if (e || g.failed)
        Py_CLEAR(g.list);
    return e ? raise_error(e) : g.list;
}

PyObject *value_parts(PyObject *o, PyObject *args)
{
    (void)args;
    return gather((struct py_value *)o, 0, UINT64_MAX, true, true);
}

/* An array as it stands in the type; NULL: it is none. */
static const struct type *array_type(const struct type *type)
{
    const struct type *t = LAYERS->type_strip(type);
    return (t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR) && t->count_known ? t : NULL;
}

static bool count_one(void *arg, const struct value_child *child)
{
    (void)child;
    (*(uint64_t *)arg)++;
    return true;
}

Py_ssize_t value_length(PyObject *o)
{
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v;
    struct presentation shown;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return -1;
    struct err *e = value_get_object(visit.session, self, &piece, &v);
    if (e)
        return raise_error(e), -1;
    const struct type *array = array_type(v.type);
    if (array)
        return (Py_ssize_t)array->count;
    struct values *vs = values_of(&visit);
    if (LAYERS->format_present(vs, &v, &shown) && shown.kind == PRESENT_STRING &&
        (array = array_type(shown.string.type)))
        return (Py_ssize_t)array->count;
    struct children c = LAYERS->value_children(vs, &v);
    if (!c.row || c.behind) {
        PyErr_SetString(PyExc_TypeError, "the value has no length");
        return -1;
    }
    if (c.n != UINT64_MAX)
        return (Py_ssize_t)c.n;
    uint64_t n = 0;
    e = LAYERS->children_each(vs, &c, 0, UINT64_MAX, count_one, &n);
    return e ? (raise_error(e), -1) : (Py_ssize_t)n;
}

/* Element i of an array or behind a pointer; false: the value is neither. */
static bool element(struct values *vs, const struct value *v, int64_t i, struct value *out, struct err **e)
{
    const struct type *t = LAYERS->type_strip(v->type);
    struct value to;
    *e = NULL;
    if (t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR) {
        if (t->count_known && (i < t->lower || (uint64_t)(i - t->lower) >= t->count))
            *e = err_new(ERR_USAGE, "index out of range");
        else
            *out = LAYERS->value_element(v, i);
        return true;
    }
    if (t->kind != TYPE_POINTER)
        return false;
    *e = LAYERS->value_deref(vs, v, &to);
    if (*e)
        return true;
    taddr at;
    uint64_t size = LAYERS->type_complete(LAYERS->type_strip(to.type))->size;
    *e = LAYERS->value_address(&to, &at);
    if (!*e)
        *out = LAYERS->value_at(vs, to.type, at + (uint64_t)i * (size ? size : 1));
    return true;
}

static PyObject *index_error(void)
{
    PyErr_SetString(PyExc_IndexError, "there is no such element");
    return NULL;
}

static PyObject *numbered(struct py_value *self, int64_t i)
{
    struct loc_piece piece;
    struct value v, out;
    struct err *e;
    {
        VISIT(visit, &self->origin);
        if (!visit.session)
            return NULL;
        e = value_get_object(visit.session, self, &piece, &v);
        if (e)
            return raise_error(e);
        const struct type *array = array_type(v.type);
        if (i < 0 && array && !array->lower)
            i += (int64_t)array->count;
        if (element(values_of(&visit), &v, i, &out, &e)) {
            if (e && e->code == ERR_USAGE) {
                err_free(e);
                return index_error();
            }
            return e ? raise_error(e) : value_object(&self->origin, &out, NULL);
        }
    }
    if (i < 0) {
        Py_ssize_t n = value_length((PyObject *)self);
        if (n < 0)
            return NULL;
        i += n;
    }
    SCOPED(unref) PyObject *list = i < 0 ? PyList_New(0) : gather(self, (uint64_t)i, 1, false, false);
    if (!list)
        return NULL;
    return PyList_Size(list) == 1 ? Py_NewRef(PyList_GetItem(list, 0)) : index_error();
}

PyObject *value_item(PyObject *o, PyObject *key)
{
    struct py_value *self = (struct py_value *)o;
    if (PyUnicode_Check(key))
        return member(self, key);
    SCOPED(unref) PyObject *index = PyNumber_Index(key);
    if (!index)
        return NULL;
    long long i = PyLong_AsLongLong(index);
    return i == -1 && PyErr_Occurred() ? NULL : numbered(self, i);
}

/* ---- iteration ---- */

struct py_parts {
    PyObject_HEAD struct py_value *of;
    PyObject *list; /* the parts asked for last; NULL: none yet */
    Py_ssize_t at; /* in it */
    uint64_t first; /* of the next ones */
    uint64_t ask; /* how many */
    bool ended;
};

static void parts_dealloc(PyObject *o)
{
    struct py_parts *self = (struct py_parts *)o;
    Py_XDECREF((PyObject *)self->of);
    Py_XDECREF(self->list);
    object_free(self);
}

static PyObject *parts_next(PyObject *o)
{
    struct py_parts *self = (struct py_parts *)o;
    if (!self->list || self->at == PyList_Size(self->list)) {
        Py_CLEAR(self->list);
        if (self->ended)
            return NULL;
        self->list = gather(self->of, self->first, self->ask, false, false);
        if (!self->list)
            return NULL;
        uint64_t got = (uint64_t)PyList_Size(self->list);
        self->ended = got < self->ask;
        self->first += got;
        self->ask = self->ask * 2 < MOST_PARTS ? self->ask * 2 : MOST_PARTS;
        self->at = 0;
        if (!got)
            return NULL;
    }
    return Py_NewRef(PyList_GetItem(self->list, self->at++));
}

PyObject *value_iterate(PyObject *o)
{
    struct py_parts *it = object_new(CLASS_PARTS, sizeof(*it));
    if (!it)
        return NULL;
    it->of = (struct py_value *)Py_NewRef(o);
    it->ask = FIRST_PARTS;
    it->list = gather(it->of, 0, it->ask, false, false); /* whether it can be walked is told at once */
    if (!it->list) {
        Py_DECREF((PyObject *)it);
        return NULL;
    }
    it->first = (uint64_t)PyList_Size(it->list);
    it->ended = it->first < it->ask;
    it->ask *= 2;
    return (PyObject *)it;
}

bool parts_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "The parts of a value, in order."},
        {Py_tp_dealloc, parts_dealloc},
        {Py_tp_iter, PyObject_SelfIter},
        {Py_tp_iternext, parts_next},
        {0, NULL},
    };
    return class_add(module, CLASS_PARTS, "Parts", sizeof(struct py_parts), slots);
}
