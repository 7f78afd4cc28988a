/* SPDX-License-Identifier: Apache-2.0 */
/* Types as objects. */
#include "front/script/module/priv.h"

struct py_type {
    PyObject_HEAD struct origin origin;
    const struct type *type;
};

PyObject *type_object(const struct origin *o, const struct type *t)
{
    struct py_type *self = object_new(CLASS_TYPE, sizeof(*self));
    if (!self)
        return NULL;
    self->origin = origin_copy(o);
    self->type = t;
    return (PyObject *)self;
}

const struct type *type_of_object(PyObject *o)
{
    if ((PyObject *)Py_TYPE(o) == py.types[CLASS_TYPE])
        return ((struct py_type *)o)->type;
    PyErr_SetString(PyExc_TypeError, "a Type is needed, or the name of one");
    return NULL;
}

static void dealloc(PyObject *o)
{
    struct py_type *self = (struct py_type *)o;
    origin_done(&self->origin);
    object_free(self);
}

/* The type, for looking into it; NULL with an exception. */
static const struct type *inside(PyObject *o, const struct visit *v)
{
    return v->session ? ((struct py_type *)o)->type : NULL;
}
#define LOOK(o, name)                                \
    VISIT(visit_, &((struct py_type *)(o))->origin); \
    const struct type *name = inside((o), &visit_);  \
    if (!name)                                       \
    return NULL

static PyObject *get_name(PyObject *o, void *closure)
{
    struct text t = {0};
    (void)closure;
    LOOK(o, type);
    LAYERS->type_name(&t, type, NULL);
    PyObject *name = text_of(&t);
    text_done(&t);
    return name;
}

static PyObject *str(PyObject *o)
{
    return get_name(o, NULL);
}

static PyObject *repr(PyObject *o)
{
    SCOPED(unref) PyObject *name = str(o);
    return name ? PyUnicode_FromFormat("<Type %U>", name) : NULL;
}

static PyObject *get_declaration(PyObject *o, void *closure)
{
    struct text t = {0};
    struct type_print print = {0};
    (void)closure;
    LOOK(o, type);
    LAYERS->type_declaration(&t, type, &print);
    PyObject *text = text_of(&t);
    text_done(&t);
    return text;
}

static PyObject *get_size(PyObject *o, void *closure)
{
    (void)closure;
    LOOK(o, type);
    return PyLong_FromUnsignedLongLong(LAYERS->type_complete(LAYERS->type_strip(type))->size);
}

static PyObject *get_kind(PyObject *o, void *closure)
{
    static const char *const names[] = {
        [TYPE_ERROR] = "error",
        [TYPE_VOID] = "void",
        [TYPE_BOOL] = "bool",
        [TYPE_CHAR] = "char",
        [TYPE_INT] = "int",
        [TYPE_FLOAT] = "float",
        [TYPE_DECIMAL] = "decimal",
        [TYPE_COMPLEX] = "complex",
        [TYPE_ENUM] = "enum",
        [TYPE_POINTER] = "pointer",
        [TYPE_REFERENCE] = "reference",
        [TYPE_RVALUE_REFERENCE] = "rvalue-reference",
        [TYPE_MEMBER_POINTER] = "member-pointer",
        [TYPE_ARRAY] = "array",
        [TYPE_VECTOR] = "vector",
        [TYPE_STRUCT] = "struct",
        [TYPE_CLASS] = "class",
        [TYPE_UNION] = "union",
        [TYPE_FUNCTION] = "function",
        [TYPE_UNSPECIFIED] = "unspecified",
        [TYPE_TYPEDEF] = "typedef",
        [TYPE_CONST] = "const",
        [TYPE_VOLATILE] = "volatile",
        [TYPE_RESTRICT] = "restrict",
        [TYPE_ATOMIC] = "atomic",
    };
    (void)closure;
    LOOK(o, type);
    return PyUnicode_FromString(type->foreign ? "object" : names[type->kind]);
}

static PyObject *type_or_none(const struct origin *origin, const struct type *t)
{
    return t ? type_object(origin, t) : Py_NewRef(Py_None);
}

static PyObject *get_target(PyObject *o, void *closure)
{
    (void)closure;
    LOOK(o, type);
    return type_or_none(&((struct py_type *)o)->origin, type->target);
}

static PyObject *get_strip(PyObject *o, void *closure)
{
    (void)closure;
    LOOK(o, type);
    return type_object(&((struct py_type *)o)->origin, LAYERS->type_complete(LAYERS->type_strip(type)));
}

static PyObject *get_count(PyObject *o, void *closure)
{
    (void)closure;
    LOOK(o, type);
    const struct type *t = LAYERS->type_strip(type);
    return t->count_known ? PyLong_FromUnsignedLongLong(t->count) : Py_NewRef(Py_None);
}

/* (name, Type, offset in bits or None, size in bits or 0 for the type's own) */
static PyObject *one_field(const struct origin *origin, const struct field *f)
{
    bool placed = !(f->flags & (FIELD_VIRTUAL | FIELD_STATIC));
    SCOPED(unref) PyObject *name = text_or_none(f->name);
    SCOPED(unref) PyObject *type = type_object(origin, f->type);
    SCOPED(unref) PyObject *offset = placed ? PyLong_FromUnsignedLongLong(f->bit_offset) : Py_NewRef(Py_None);
    SCOPED(unref) PyObject *size = PyLong_FromUnsignedLong(f->bit_size);
    if (!name || !type || !offset || !size)
        return NULL;
    PyObject *field = PyStructSequence_New((PyTypeObject *)py.field);
    if (!field)
        return NULL;
    PyObject *const items[] = {TAKE(name),
                               TAKE(type),
                               TAKE(offset),
                               TAKE(size),
                               PyBool_FromLong(f->flags & FIELD_BASE),
                               PyBool_FromLong(f->flags & FIELD_STATIC)};
    for (size_t i = 0; i < ARRAY_LEN(items); i++)
        PyStructSequence_SetItem(field, (Py_ssize_t)i, items[i]);
    return field;
}

static PyObject *get_fields(PyObject *o, void *closure)
{
    (void)closure;
    LOOK(o, type);
    struct fields fields = LAYERS->type_fields(LAYERS->type_complete(LAYERS->type_strip(type)));
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < fields.n; i++) {
        SCOPED(unref) PyObject *field = one_field(&((struct py_type *)o)->origin, &fields.v[i]);
        if (!field || PyList_Append(list, field) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *get_enumerators(PyObject *o, void *closure)
{
    (void)closure;
    LOOK(o, type);
    struct enumerators all = LAYERS->type_enumerators(LAYERS->type_complete(LAYERS->type_strip(type)));
    PyObject *map = PyDict_New();
    for (size_t i = 0; map && i < all.n; i++) {
        SCOPED(unref) PyObject *value = PyLong_FromLongLong(all.v[i].value);
        SCOPED(unref) PyObject *name = text_or_none(all.v[i].name);
        if (!value || !name || PyDict_SetItem(map, name, value) < 0)
            Py_CLEAR(map);
    }
    return map;
}

PyDoc_STRVAR(pointer_doc, "pointer() -> Type: of pointers to it.");
static PyObject *pointer(PyObject *o, PyObject *args)
{
    (void)args;
    LOOK(o, type);
    struct values *vs = LAYERS->session_values(visit_.session);
    return type_object(&((struct py_type *)o)->origin, LAYERS->type_pointer_to(vs->types, type));
}

PyDoc_STRVAR(at_doc, "at(address) -> Value: the object of the type there.");
static PyObject *at(PyObject *o, PyObject *where)
{
    SCOPED(unref) PyObject *index = PyNumber_Index(where);
    uint64_t address = index ? PyLong_AsUnsignedLongLong(index) : 0;
    if (PyErr_Occurred())
        return NULL;
    LOOK(o, type);
    struct value v = LAYERS->value_at(LAYERS->session_values(visit_.session), type, address);
    return value_object(&((struct py_type *)o)->origin, &v, NULL);
}

static PyObject *compare(PyObject *a, PyObject *b, int how)
{
    if ((PyObject *)Py_TYPE(b) != py.types[CLASS_TYPE] || (how != Py_EQ && how != Py_NE))
        return Py_NewRef(Py_NotImplemented);
    LOOK(a, left);
    return PyBool_FromLong(LAYERS->type_equal(left, type_of_object(b)) == (how == Py_EQ));
}

static Py_hash_t hash(PyObject *o)
{
    SCOPED(unref) PyObject *name = str(o);
    return name ? PyObject_Hash(name) : -1;
}

static PyGetSetDef members[] = {
    {"name", get_name, NULL, "as its language writes it", NULL},
    {"declaration", get_declaration, NULL, "as ptype shows it", NULL},
    {"kind", get_kind, NULL, "'int', 'struct', 'pointer', ...", NULL},
    {"size", get_size, NULL, "in bytes; 0: none or unknown", NULL},
    {"target", get_target, NULL, "what it points to, has elements of, or is another name for; None", NULL},
    {"strip", get_strip, NULL, "below typedefs and qualifiers, and complete", NULL},
    {"count", get_count, NULL, "of an array: elements; None", NULL},
    {"fields", get_fields, NULL, "list of Field: name (None), type, bit_offset (None), bit_size, is_base, is_static",
     NULL},
    {"enumerators", get_enumerators, NULL, "names and numbers of an enumeration", NULL},
    {0},
};

static PyMethodDef methods[] = {
    {"pointer", pointer, METH_NOARGS, pointer_doc},
    {"at", at, METH_O, at_doc},
    {0},
};

static PyStructSequence_Field field_members[] = {
    {"name", NULL},
    {"type", NULL},
    {"bit_offset", NULL},
    {"bit_size", NULL},
    {"is_base", NULL},
    {"is_static", NULL},
    {0},
};

bool type_class_add(PyObject *module)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "A type of the target."},
        {Py_tp_dealloc, dealloc},
        {Py_tp_str, str},
        {Py_tp_repr, repr},
        {Py_tp_hash, hash},
        {Py_tp_richcompare, compare},
        {Py_tp_getset, members},
        {Py_tp_methods, methods},
        {0, NULL},
    };
    PyStructSequence_Desc field = {"inquest.Field", "A member of a record.", field_members, 6};
    py.field = (PyObject *)PyStructSequence_NewType(&field);
    return py.field && PyModule_AddObjectRef(module, "Field", py.field) == 0 &&
           class_add(module, CLASS_TYPE, "Type", sizeof(struct py_type), slots);
}
