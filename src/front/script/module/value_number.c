/* SPDX-License-Identifier: Apache-2.0 */
/* Values as numbers, text and bytes of Python, and what can be done with them as such. */
#include "front/script/module/priv.h"

enum { BYTES_MAX = 1 << 30, STRING_MAX = 1 << 26 };

/* ---- numbers ---- */

/* An integer of more than 64 bits. */
static PyObject *wide_int(struct values *vs, const struct value *v, const struct type *t)
{
    char bytes[64];
    if (t->size > sizeof(bytes))
        return raise_error(err_new(ERR_UNSUPPORTED, "an integer of %llu bytes", (unsigned long long)t->size));
    struct err *e = LAYERS->value_read(vs, v, 0, bytes, (size_t)t->size);
    if (e)
        return raise_error(e);
    SCOPED(unref) PyObject *from = PyObject_GetAttrString((PyObject *)&PyLong_Type, "from_bytes");
    SCOPED(unref) PyObject *args = Py_BuildValue("(y#s)", bytes, (Py_ssize_t)t->size, "little");
    SCOPED(unref) PyObject *named = Py_BuildValue("{s:O}", "signed", t->is_signed ? Py_True : Py_False);
    return from && args && named ? PyObject_Call(from, args, named) : NULL;
}

/* A number of an interpreted language, by its text. */
static PyObject *foreign_number(struct values *vs, const struct value *v)
{
    struct text t = {0};
    LAYERS->format_value(vs, v, LAYERS->format, &t);
    const char *s = text_str(&t);
    bool is_int = *s && strspn(s, "-0123456789") == strlen(s);
    PyObject *n = NULL;
    if (is_int) {
        n = PyLong_FromString(s, NULL, 10);
    } else if (strcmp(s, "True") == 0 || strcmp(s, "False") == 0) {
        n = PyBool_FromLong(*s == 'T');
    } else {
        SCOPED(unref) PyObject *text = text_of(&t);
        n = text ? PyFloat_FromString(text) : NULL;
    }
    text_done(&t);
    return n;
}

static PyObject *number_of_value(struct values *vs, const struct value *v)
{
    const struct type *t = LAYERS->type_strip(v->type);
    enum type_kind kind = t->kind;
    uint64_t i;
    long double d;
    struct err *e;
    if (t->foreign)
        return foreign_number(vs, v);
    if (kind == TYPE_FLOAT) {
        e = LAYERS->value_double(vs, v, &d);
        return e ? raise_error(e) : PyFloat_FromDouble((double)d);
    }
    if ((kind == TYPE_INT || kind == TYPE_CHAR) && t->size > 8)
        return wide_int(vs, v, t);
    if (kind != TYPE_INT && kind != TYPE_CHAR && kind != TYPE_BOOL && kind != TYPE_ENUM && kind != TYPE_POINTER &&
        kind != TYPE_UNSPECIFIED) {
        PyErr_SetString(PyExc_TypeError, "the value is no number");
        return NULL;
    }
    e = LAYERS->value_int(vs, v, &i);
    if (e)
        return raise_error(e);
    return t->is_signed ? PyLong_FromLongLong((long long)i) : PyLong_FromUnsignedLongLong(i);
}

static PyObject *number(PyObject *o)
{
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    struct err *e = value_get_object(visit.session, self, &piece, &v);
    return e ? raise_error(e) : number_of_value(LAYERS->session_values(visit.session), &v);
}

PyObject *value_as_int(PyObject *self)
{
    SCOPED(unref) PyObject *n = number(self);
    return n ? PyNumber_Long(n) : NULL;
}

PyObject *value_as_float(PyObject *self)
{
    SCOPED(unref) PyObject *n = number(self);
    return n ? PyNumber_Float(n) : NULL;
}

/* Is no number: then a container is true when something is in it, and anything else is. */
int value_as_bool(PyObject *self)
{
    SCOPED(unref) PyObject *n = number(self);
    if (n)
        return PyObject_IsTrue(n);
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError))
        return -1;
    PyErr_Clear();
    Py_ssize_t length = value_length(self);
    if (length >= 0)
        return length > 0;
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
        return -1;
    PyErr_Clear();
    return 1;
}

/* ---- arithmetic: on what the values are in Python ---- */

static bool is_pointer(PyObject *o)
{
    return is_value(o) && LAYERS->type_strip(((struct py_value *)o)->type)->kind == TYPE_POINTER;
}

static PyObject *operand(PyObject *o)
{
    if (is_pointer(o)) { /* in C they count in elements, in Python nobody would know */
        PyErr_SetString(PyExc_TypeError, "no arithmetic with pointers: int(p) is the address, p[i] an element");
        return NULL;
    }
    return is_value(o) ? number(o) : Py_NewRef(o);
}

static PyObject *operate(PyObject *a, PyObject *b, PyObject *(*fn)(PyObject *, PyObject *))
{
    SCOPED(unref) PyObject *left = operand(a);
    SCOPED(unref) PyObject *right = left ? operand(b) : NULL;
    return right ? fn(left, right) : NULL;
}

#define OPERATION(name, fn)                  \
    PyObject *name(PyObject *a, PyObject *b) \
    {                                        \
        return operate(a, b, fn);            \
    }
OPERATION(value_add, PyNumber_Add)
OPERATION(value_subtract, PyNumber_Subtract)
OPERATION(value_multiply, PyNumber_Multiply)
OPERATION(value_divide, PyNumber_TrueDivide)
OPERATION(value_floor_divide, PyNumber_FloorDivide)
OPERATION(value_remainder, PyNumber_Remainder)
OPERATION(value_and, PyNumber_And)
OPERATION(value_or, PyNumber_Or)
OPERATION(value_xor, PyNumber_Xor)
OPERATION(value_lshift, PyNumber_Lshift)
OPERATION(value_rshift, PyNumber_Rshift)

PyObject *value_negative(PyObject *self)
{
    SCOPED(unref) PyObject *n = operand(self);
    return n ? PyNumber_Negative(n) : NULL;
}

/* ---- bytes and text ---- */

static PyObject *bytes_at(struct session *s, taddr at, uint64_t n)
{
    if (n > BYTES_MAX)
        return raise_error(err_new(ERR_LIMIT, "more than %d bytes at once", BYTES_MAX));
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n);
    struct err *e = bytes && n ? LAYERS->session_read(s, at, PyBytes_AsString(bytes), (size_t)n) : NULL;
    if (e)
        Py_CLEAR(bytes);
    return e ? raise_error(e) : bytes;
}

PyObject *value_as_bytes(PyObject *o, PyObject *args)
{
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v;
    struct save_range range;
    (void)args;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    value_get(self, &piece, &v);
    struct err *e = LAYERS->session_save_value(visit.session, &v, &range);
    if (!e)
        return bytes_at(visit.session, range.at, range.n);
    uint64_t n = LAYERS->type_complete(LAYERS->type_strip(v.type))->size;
    if (e->code != ERR_USAGE || n > BYTES_MAX)
        return raise_error(e);
    err_free(e); /* it is in no memory: a register, say */
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)n);
    e = bytes && n
            ? LAYERS->value_read(LAYERS->session_values(visit.session), &v, 0, PyBytes_AsString(bytes), (size_t)n)
            : NULL;
    if (e)
        Py_CLEAR(bytes);
    return e ? raise_error(e) : bytes;
}

static PyObject *decode(const char *p, size_t n, uint64_t width)
{
    static const char *const encodings[] = {[1] = "utf-8", [2] = "utf-16-le", [4] = "utf-32-le"};
    return PyUnicode_Decode(p, (Py_ssize_t)n, encodings[width], width == 1 ? "backslashreplace" : "replace");
}

/* Up to `max` characters at an address, or to the NUL. */
static PyObject *text_at(struct session *s, taddr at, uint64_t width, uint64_t max, bool to_nul)
{
    struct text t = {0};
    char part[4096], nul[4] = {0};
    uint64_t bytes = max * width;
    while (t.n < bytes) {
        /* to the end of a page: what is behind it may not be there */
        size_t want = sizeof(part) - (size_t)((at + t.n) % sizeof(part));
        want = want < bytes - t.n ? want : (size_t)(bytes - t.n);
        size_t got = LAYERS->session_read_some(s, at + t.n, part, want), end = 0;
        while (to_nul && end + width <= got && memcmp(part + end, nul, (size_t)width) != 0)
            end += (size_t)width;
        bool ended = to_nul && end + width <= got;
        text_putn(&t, part, to_nul && ended ? end : got);
        if (ended)
            break;
        if (got < want) {
            struct err *e = t.n ? NULL : LAYERS->session_read(s, at, part, 1);
            if (e) {
                text_done(&t);
                return raise_error(e);
            }
            break;
        }
    }
    PyObject *text = decode(text_str(&t), t.n, width);
    text_done(&t);
    return text;
}

static PyObject *string_of(struct session *s, struct value *v, Py_ssize_t length)
{
    struct values *vs = LAYERS->session_values(s);
    struct presentation shown;
    bool whole = false;
    if (LAYERS->format_present(vs, v, &shown) && shown.kind == PRESENT_STRING) {
        *v = shown.string;
        whole = true;
    }
    const struct type *t = LAYERS->type_strip(v->type);
    const struct type *of = t->target ? LAYERS->type_strip(t->target) : NULL;
    bool row = t->kind == TYPE_ARRAY || t->kind == TYPE_POINTER;
    uint64_t width = of && row && (of->kind == TYPE_CHAR || of->kind == TYPE_INT) ? of->size : 0;
    if (width != 1 && width != 2 && width != 4) {
        PyErr_SetString(PyExc_TypeError, "the value is no string");
        return NULL;
    }
    uint64_t max = length >= 0 ? (uint64_t)length : STRING_MAX;
    if (t->kind == TYPE_ARRAY && t->count_known && t->count < max)
        max = t->count;
    uint64_t at;
    struct err *e = t->kind == TYPE_POINTER ? LAYERS->value_int(vs, v, &at) : LAYERS->value_address(v, &at);
    if (!e)
        return text_at(s, at, width, max < STRING_MAX ? max : STRING_MAX, !whole && length < 0);
    if (e->code != ERR_UNSUPPORTED || max > STRING_MAX)
        return raise_error(e);
    err_free(e); /* in no memory */
    SCOPED(freep) char *bytes = xmalloc((size_t)(max * width) + 1);
    e = LAYERS->value_read(vs, v, 0, bytes, (size_t)(max * width));
    if (e)
        return raise_error(e);
    size_t n = (size_t)(max * width);
    return decode(bytes, !whole && length < 0 && width == 1 ? strnlen(bytes, n) : n, width);
}

PyObject *value_as_string(PyObject *o, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"length", NULL};
    struct py_value *self = (struct py_value *)o;
    struct loc_piece piece;
    struct value v;
    Py_ssize_t length = -1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|n", names, &length))
        return NULL;
    VISIT(visit, &self->origin);
    if (!visit.session)
        return NULL;
    struct err *e = value_get_object(visit.session, self, &piece, &v);
    return e ? raise_error(e) : string_of(visit.session, &v, length);
}

/* ---- comparing ---- */

/* What a value is next to another operand: a number, a string or bytes; NULL with TypeError when it is none of it. */
static PyObject *comparable(PyObject *o, PyObject *other)
{
    if (!is_value(o))
        return Py_NewRef(o);
    if (PyUnicode_Check(other)) {
        SCOPED(unref) PyObject *none = PyTuple_New(0);
        return none ? value_as_string(o, none, NULL) : NULL;
    }
    if (PyBytes_Check(other))
        return value_as_bytes(o, NULL);
    PyObject *n = number(o);
    if (n || !is_value(other) || !PyErr_ExceptionMatches(PyExc_TypeError))
        return n;
    PyErr_Clear();
    return value_as_bytes(o, NULL);
}

PyObject *value_compare(PyObject *a, PyObject *b, int how)
{
    if (b == Py_None)
        return Py_NewRef(Py_NotImplemented);
    SCOPED(unref) PyObject *left = comparable(a, b);
    SCOPED(unref) PyObject *right = left ? comparable(b, a) : NULL;
    if (right)
        return PyObject_RichCompare(left, right, how);
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError))
        return NULL;
    PyErr_Clear();
    return Py_NewRef(Py_NotImplemented);
}

/* Equal values have equal hashes: only numbers can have one. */
Py_hash_t value_hash(PyObject *self)
{
    SCOPED(unref) PyObject *n = number(self);
    if (n)
        return PyObject_Hash(n);
    if (PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_ValueError))
        PyErr_SetString(PyExc_TypeError, "only numbers and pointers are hashable: use the address of other values");
    return -1;
}
