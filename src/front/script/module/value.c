/* SPDX-License-Identifier: Apache-2.0 */
/* Values as objects: a type and a place, read when asked. Most are somewhere in memory, which takes no more than the
 * address; of others the pieces are copied, since the session forgets its own. */
#include "front/script/module/priv.h"

/* ---- objects ---- */

static bool is_plain(const struct value *v)
{
    const struct loc_piece *p = v->loc.pieces;
    return v->loc.n == 1 && p->kind == LOC_MEMORY && !p->bits && !p->bit_offset;
}

/* One block with the pieces, and behind them their bytes. */
static struct loc_piece *copy_pieces(const struct location *loc)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < loc->n; i++)
        bytes += loc->pieces[i].bytes.n;
    struct loc_piece *copy = xmalloc(loc->n * sizeof(*copy) + bytes);
    uint8_t *at = (uint8_t *)(copy + loc->n);
    for (uint32_t i = 0; i < loc->n; i++) {
        copy[i] = loc->pieces[i];
        if (copy[i].bytes.n)
            memcpy(at, copy[i].bytes.p, copy[i].bytes.n);
        copy[i].bytes.p = at;
        at += copy[i].bytes.n;
    }
    return copy;
}

PyObject *value_object(const struct origin *o, const struct value *v, PyObject *name)
{
    struct py_value *self = object_new(CLASS_VALUE, sizeof(*self));
    if (!self)
        return NULL;
    self->origin = origin_copy(o);
    self->type = v->type;
    self->name = Py_XNewRef(name);
    self->bit_offset = v->bit_offset;
    self->bit_size = v->bit_size;
    self->address_only = v->address_only;
    self->elsewhere = !is_plain(v);
    self->n = v->loc.n;
    if (self->elsewhere)
        self->where.pieces = copy_pieces(&v->loc);
    else
        self->where.at = v->loc.pieces->addr;
    return (PyObject *)self;
}

void value_get(const struct py_value *self, struct loc_piece *piece, struct value *out)
{
    *piece = (struct loc_piece){.kind = LOC_MEMORY, .addr = self->elsewhere ? 0 : self->where.at};
    *out = (struct value){
        .type = self->type,
        .loc = {.pieces = self->elsewhere ? self->where.pieces : piece, .n = self->n},
        .bit_offset = self->bit_offset,
        .bit_size = self->bit_size,
        .address_only = self->address_only,
    };
}

struct err *value_get_object(struct session *s, const struct py_value *self, struct loc_piece *piece, struct value *out)
{
    struct value v;
    value_get(self, piece, &v);
    return LAYERS->value_referent(LAYERS->session_values(s), &v, out);
}

static void dealloc(PyObject *o)
{
    struct py_value *self = (struct py_value *)o;
    if (self->elsewhere)
        free(self->where.pieces);
    Py_XDECREF(self->name);
    origin_done(&self->origin);
    object_free(self);
}

bool is_value(PyObject *o)
{
    return (PyObject *)Py_TYPE(o) == py.types[CLASS_VALUE];
}

PyObject *evaluate(const struct origin *o, struct session *s, const struct vframe *f, const char *text)
{
    struct value v;
    bool is_type;
    struct expr_env env = {.vs = LAYERS->session_values(s), .frame = f, .tid = f ? f->thread->tid : 0};
    struct err *e = LAYERS->expr_evaluate(&env, text, &v, &is_type);
    if (e)
        return raise_error(e);
    return is_type ? type_object(o, v.type) : value_object(o, &v, NULL);
}

/* ---- what they know ---- */

static PyObject *get_type(PyObject *o, void *closure)
{
    struct py_value *self = (struct py_value *)o;
    (void)closure;
    return type_object(&self->origin, self->type);
}

static PyObject *get_name(PyObject *o, void *closure)
{
    struct py_value *self = (struct py_value *)o;
    (void)closure;
    return Py_NewRef(self->name ? self->name : Py_None);
}

static PyObject *get_address(PyObject *o, void *closure)
{
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v;
    taddr at;
    (void)closure;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    value_get(self, &piece, &v);
    struct err *e = LAYERS->value_address(&v, &at);
    err_free(e);
    return e ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(at);
}

static PyObject *shown(struct py_value *self, const struct format *format)
{
    struct loc_piece piece;
    struct value v;
    struct text t = {0};
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    value_get(self, &piece, &v);
    LAYERS->format_value(LAYERS->session_values(visit.session), &v, format, &t);
    PyObject *text = text_of(&t);
    text_done(&t);
    return text;
}

static PyObject *str(PyObject *o)
{
    return shown((struct py_value *)o, LAYERS->format);
}

static PyObject *repr(PyObject *o)
{
    struct py_value *self = (struct py_value *)o;
    SCOPED(unref) PyObject *text = str(o);
    SCOPED(unref) PyObject *type = text ? type_object(&self->origin, self->type) : NULL;
    return type ? PyUnicode_FromFormat("<Value %S: %U>", type, text) : NULL;
}

PyDoc_STRVAR(format_doc, "format(letter='', elements=200, pretty=False) -> str\n\n"
                         "As str(), with a letter of print (x d u o t a c f s z), and so many elements (0: all).");
static PyObject *format(PyObject *o, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"letter", "elements", "pretty", NULL};
    const char *letter = "";
    struct format f = *LAYERS->format;
    int pretty = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|sIp", names, &letter, &f.elements, &pretty))
        return NULL;
    if (*letter && (!strchr("xduotacfsz", *letter) || letter[1])) {
        PyErr_SetString(PyExc_ValueError, "a letter of x d u o t a c f s z is needed");
        return NULL;
    }
    f.letter = *letter;
    f.pretty = pretty != 0;
    return shown((struct py_value *)o, &f);
}

/* ---- going on ---- */

typedef struct err *step(struct values *vs, const struct value *v, struct value *out);

static PyObject *follow(PyObject *o, step *fn)
{
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v, to;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    value_get(self, &piece, &v);
    struct err *e = fn(LAYERS->session_values(visit.session), &v, &to);
    return e ? raise_error(e) : value_object(&self->origin, &to, self->name);
}

PyDoc_STRVAR(deref_doc, "deref() -> Value: what a pointer or reference points to.");
static PyObject *deref(PyObject *o, PyObject *args)
{
    (void)args;
    return follow(o, LAYERS->value_deref);
}

PyDoc_STRVAR(dynamic_doc,
             "dynamic() -> Value: the whole object, of its real class, behind one with virtual functions.");
static PyObject *dynamic(PyObject *o, PyObject *args)
{
    (void)args;
    return follow(o, LAYERS->value_dynamic);
}

PyDoc_STRVAR(cast_doc, "cast(type) -> Value: the value as a Type, or as the type of that name.");
static PyObject *cast(PyObject *o, PyObject *to)
{
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v, out;
    const struct type *type = NULL;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    struct expr_env env = {.vs = LAYERS->session_values(visit.session)};
    struct err *e = NULL;
    if (PyUnicode_Check(to)) {
        const char *name = PyUnicode_AsUTF8AndSize(to, NULL);
        if (!name)
            return NULL;
        e = LAYERS->expr_type(&env, name, &type);
    } else if (!(type = type_of_object(to))) {
        return NULL;
    }
    value_get(self, &piece, &v);
    if (!e)
        e = LAYERS->value_cast(env.vs, &v, type, &out);
    return e ? raise_error(e) : value_object(&self->origin, &out, self->name);
}

/* ---- the class ---- */

static PyGetSetDef members[] = {
    {"type", get_type, NULL, "its Type", NULL},
    {"name", get_name, NULL, "of the variable or member that it was; None", NULL},
    {"address", get_address, NULL, "where it is in memory; None for one that is not", NULL},
    {0},
};

static PyMethodDef methods[] = {
    {"deref", deref, METH_NOARGS, deref_doc},
    {"dynamic", dynamic, METH_NOARGS, dynamic_doc},
    {"cast", cast, METH_O, cast_doc},
    {"format", (PyCFunction)(void (*)(void))format, METH_VARARGS | METH_KEYWORDS, format_doc},
    {"string", (PyCFunction)(void (*)(void))value_as_string, METH_VARARGS | METH_KEYWORDS,
     "string(length=-1) -> str\n\nThe characters of a string, or of an array or pointer up to a NUL or `length` of "
     "them."},
    {"fields", value_fields, METH_NOARGS, "fields() -> list of the names of the members of a record."},
    {"parts", value_parts, METH_NOARGS,
     "parts() -> list of (name, Value)\n\nMembers, or what a container of its language holds, by their names."},
    {"__bytes__", value_as_bytes, METH_NOARGS, "Its bytes; of a slice or string those of its elements."},
    {0},
};

PyDoc_STRVAR(
    doc, "A value of the target: a type and a place, whose bytes are read when they are asked for.\n\n"
         "v.member and v['member'] are members, also of what a pointer points to; v[3] is an element; len(v) and\n"
         "iteration work for arrays and containers; int(v), float(v), bool(v), bytes(v), str(v) and comparisons do\n"
         "what they say. What cannot be had raises Error, with the reason as its code.");

bool value_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)doc},
        {Py_tp_dealloc, dealloc},
        {Py_tp_str, str},
        {Py_tp_repr, repr},
        {Py_tp_hash, value_hash},
        {Py_tp_richcompare, value_compare},
        {Py_tp_getattro, value_attribute},
        {Py_tp_iter, value_iterate},
        {Py_tp_getset, members},
        {Py_tp_methods, methods},
        {Py_mp_length, value_length},
        {Py_mp_subscript, value_item},
        {Py_nb_int, value_as_int},
        {Py_nb_index, value_as_int},
        {Py_nb_float, value_as_float},
        {Py_nb_bool, value_as_bool},
        {Py_nb_add, value_add},
        {Py_nb_subtract, value_subtract},
        {Py_nb_multiply, value_multiply},
        {Py_nb_true_divide, value_divide},
        {Py_nb_floor_divide, value_floor_divide},
        {Py_nb_remainder, value_remainder},
        {Py_nb_and, value_and},
        {Py_nb_or, value_or},
        {Py_nb_xor, value_xor},
        {Py_nb_lshift, value_lshift},
        {Py_nb_rshift, value_rshift},
        {Py_nb_negative, value_negative},
        {0, NULL},
    };
    return class_add(module, CLASS_VALUE, "Value", sizeof(struct py_value), slots);
}
