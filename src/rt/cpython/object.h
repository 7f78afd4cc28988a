/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the target: their types, what is in them, and their text.
 *
 * Nothing of the target is run: what a class computes in Python (a property, a __repr__) is not known. Every count is
 * checked against what holds it, and everything is read through py_read*(), so that it fails where memory is missing.
 * Threads: one at a time. Layouts: layout.h, and where the same in all versions, beside the number. */
#ifndef RT_CPYTHON_OBJECT_H
#define RT_CPYTHON_OBJECT_H

#include "rt/cpython/priv.h"
#include "value/format.h"

/* What an object is to the reader: by the nearest of its type's bases that it knows. */
enum py_kind {
    PYK_OBJECT, /* attributes are all that is known */
    PYK_NONE,
    PYK_ELLIPSIS,
    PYK_NOT_IMPLEMENTED,
    PYK_BOOL,
    PYK_INT,
    PYK_FLOAT,
    PYK_COMPLEX,
    PYK_STR,
    PYK_BYTES,
    PYK_BYTEARRAY,
    PYK_LIST,
    PYK_TUPLE,
    PYK_DICT,
    PYK_FROZENDICT,
    PYK_SET,
    PYK_FROZENSET,
    PYK_MEMORYVIEW,
    PYK_RANGE,
    PYK_SLICE,
    PYK_MAPPING_PROXY,
    PYK_DICT_KEYS,
    PYK_DICT_VALUES,
    PYK_DICT_ITEMS,
    PYK_TYPE,
    PYK_MODULE,
    PYK_FUNCTION,
    PYK_BUILTIN,
    PYK_METHOD,
    PYK_METHOD_WRAPPER,
    PYK_STATIC_METHOD,
    PYK_CLASS_METHOD,
    PYK_PROPERTY,
    PYK_PARTIAL,
    PYK_SLOT_WRAPPER,
    PYK_METHOD_DESCRIPTOR,
    PYK_GETSET,
    PYK_MEMBER,
    PYK_CODE,
    PYK_FRAME,
    PYK_TRACEBACK,
    PYK_CELL,
    PYK_GENERATOR,
    PYK_COROUTINE,
    PYK_ASYNC_GENERATOR,
    PYK_WEAKREF,
    PYK_EXCEPTION,
    PYK_NAMESPACE,
    PYK_DEQUE,
    PYK_DEFAULTDICT,
    PYK_ORDERED_DICT,
    PYK_COUNTER,
    PYK_DATE,
    PYK_DATETIME,
    PYK_TIME,
    PYK_TIMEDELTA,
    PYK_TIMEZONE,
    PYK_DECIMAL,
    PYK_FRACTION,
    PYK_UUID,
    PYK_PATH,
    PYK_LOCK,
    PYK_RLOCK,
    PYK_CONDITION,
    PYK_SEMAPHORE,
    PYK_BOUNDED_SEMAPHORE,
    PYK_EVENT,
    PYK_BARRIER,
    PYK_QUEUE,
    PYK_SOCKET,
    PYK_SIMPLE_QUEUE,
    PYK_RAW_FILE,
    PYK_BUFFERED_FILE,
    PYK_TEXT_FILE,
    PYK_BYTES_IO,
    PYK_MMAP,
    PYK_PATTERN,
    PYK_MATCH,
    PYK_ZONE,
    PYK_ARRAY,
    PYK_NDARRAY,
    PYK_NUMPY_SCALAR,
    PYK_NUMPY_TYPE,
    PYK_COUNT
};

/* Bits of tp_flags (Include/object.h). */
#define PY_FLAG_INLINE_VALUES (UINT64_C(1) << 2) /* 3.13 and later */
#define PY_FLAG_MANAGED_DICT (UINT64_C(1) << 4)  /* 3.11 and later */
#define PY_FLAG_HEAP (UINT64_C(1) << 9)
#define PY_FLAG_STR (UINT64_C(1) << 28)
#define PY_FLAG_TYPE (UINT64_C(1) << 31)

/* A member that C keeps in an object: a __slots__ entry. */
struct py_member {
    const char *name;
    uint32_t type; /* T_* of structmember.h */
    int64_t offset;
};

/* A class. Strings are the rt's, as the target has them: escape them. */
struct py_type {
    taddr at;
    const char *name;      /* __name__: "Point", "deque" */
    const char *qualname;  /* __qualname__: "outer.<locals>.Point" */
    const char *qualified; /* "__main__.Point", "collections.deque", "dict" */
    const char *c_name;    /* tp_name: "Point", "collections.deque", "dict" */
    taddr base, dict, mro, members, cached_keys; /* 0: none */
    uint64_t flags;
    int64_t basicsize, itemsize, dictoffset;
    uint8_t kind;  /* enum py_kind */
    bool exact;    /* it is what `kind` says, not derived from it */
    bool heap;     /* made at run time */
    bool is_enum;  /* its class is enum.EnumType */
    bool is_fields; /* a namedtuple: its dict has _fields */
    bool have_members, have_fields;
    taddr dataclass_fields; /* py_dataclass_fields() has it */
    const struct py_member *own_members; /* py_member_at() has them */
    unsigned n_members;
};

/* ---- object.c ---- */

struct py_objects;
void py_objects_free(struct py_objects *o); /* NULL is allowed */
/* The class at an address; NULL: there is none. Lives as long as the rt. */
const struct py_type *py_class(struct rt *rt, taddr type);
/* The class of an object; NULL: no object is there, or it cannot be read. */
const struct py_type *py_type(struct rt *rt, taddr object);
/* ob_size of an object with a variable part; below 0 for a negative int until 3.11. */
bool py_var_size(struct rt *rt, taddr object, int64_t *out);
/* Bytes of an object, without what it points to; 0: not known. */
uint64_t py_object_size(struct rt *rt, taddr object, const struct py_type *t);

/* ---- strings.c ---- */

/* A str of any form. */
struct py_str {
    taddr data;
    uint64_t length; /* characters */
    uint8_t width;   /* bytes of each: 1, 2, 4 */
};
/* False: no str, or one that has no characters yet (wchar_t only, before 3.12). */
bool py_str_open(struct rt *rt, taddr str, struct py_str *out);
/* Is it exactly the ASCII text? Any other object is not. */
bool py_str_is(struct rt *rt, taddr str, const char *text);
/* Its first `max` characters as UTF-8, lone surrogates as U+FFFD, into `out`. False: not all could be read. */
bool py_str_text(struct rt *rt, taddr str, uint64_t max, struct text *out);
/* A character as UTF-8: 1 to 4 bytes. */
size_t py_utf8(uint32_t c, char out[static 4]);
/* May Python print the character as it is (str.isprintable)? */
bool py_is_printable(uint32_t c);
/* A character between quotes, escaped as repr() does. */
void py_put_char(struct text *out, uint32_t c, char quote);
/* Bytes b'...' as repr() does; `more` puts "..." behind them. */
void py_put_bytes(struct text *out, const uint8_t *b, size_t n, bool more);

/* ---- dict.c ---- */

/* The keys of a dict or of instances of a class (Objects/dictobject.c, PyDictKeysObject). */
struct py_table {
    taddr keys, entries;
    uint64_t size, n;     /* slots of the index; entries, the deleted ones too */
    uint8_t index_width;  /* bytes of a slot */
    uint8_t entry_size, key_at;
    taddr values;         /* of a split one: where values stand; 0: in the entries */
    taddr order;          /* bytes that say in which order values were set; 0: as the entries */
    int8_t order_step;    /* from one of those to the next */
    uint64_t n_order;
};
/* `values`: of a split dict or an instance; 0. False: unreadable, or it contradicts itself. */
bool py_table_open(struct rt *rt, taddr keys, taddr values, struct py_table *out);
/* Of a dict, or of anything that begins as one. */
bool py_dict_open(struct rt *rt, taddr dict, struct py_table *out);
/* Entry i in the order of insertion; *value 0: it is none (deleted, or not set). */
bool py_table_entry(struct rt *rt, const struct py_table *t, uint64_t i, taddr *key, taddr *value);
/* How many of those to ask for. */
uint64_t py_table_count(const struct py_table *t);
/* The value of the key object itself, by its hash. */
bool py_table_find(struct rt *rt, const struct py_table *t, taddr key, uint64_t hash, taddr *value);
/* The value of an ASCII str key. False: none, or unreadable. */
bool py_table_get(struct rt *rt, const struct py_table *t, const char *key, taddr *value);
bool py_dict_get(struct rt *rt, taddr dict, const char *key, taddr *value);

/* ---- attributes.c ---- */

/* Where the attributes of an instance are, but for slots. */
struct py_attrs {
    bool any;
    taddr dict; /* 0: no dict was made */
    struct py_table table;
};
/* False: they cannot be read. */
bool py_attrs_open(struct rt *rt, taddr object, const struct py_type *t, struct py_attrs *out);
/* Member i of a class's own; NULL after the last. */
const struct py_member *py_member_at(struct rt *rt, const struct py_type *t, unsigned i);
/* That of a class or its bases with a name; NULL: none. */
const struct py_member *py_member_named(struct rt *rt, const struct py_type *t, const char *name);
/* Does it hold a pointer to an object? */
bool py_member_is_object(const struct py_member *m);
/* The object that a member holds. False: unreadable. */
bool py_member_value(struct rt *rt, taddr object, const struct py_type *t, const struct py_member *m, taddr *out);
enum { PY_MEMBERS_MAX = 1000, PY_MRO_MAX = 256 };
/* Class i in the order in which attributes are looked for, from the class itself on. */
const struct py_type *py_mro_at(struct rt *rt, const struct py_type *t, unsigned i);
/* An attribute of an instance: its dict, its slots. No class is asked. */
bool py_attr(struct rt *rt, taddr object, const char *name, taddr *out);
/* An attribute of a class or its bases, as it stands in their dicts. */
bool py_class_attr(struct rt *rt, const struct py_type *t, const char *name, taddr *out);
/* __dataclass_fields__ of a class; 0: it has none. */
taddr py_dataclass_fields(struct rt *rt, const struct py_type *t);

/* ---- items.c: what is in an object ---- */

enum py_shape {
    PY_SHAPE_NONE,
    PY_SHAPE_ROW,   /* values */
    PY_SHAPE_MAP,   /* keys and values */
    PY_SHAPE_NAMED, /* names and values */
};
struct py_item {
    const char *name; /* of the rt; PY_SHAPE_NAMED; NULL: the str `key` is it */
    taddr key, value;
};
struct py_items {
    struct rt *rt;
    uint8_t shape;   /* enum py_shape */
    uint64_t length; /* as len(); UINT64_MAX: not known */
    taddr bad;       /* what could not be read: it ended there; 0 */
    bool corrupt;    /* it ended since it contradicts itself */
    /* private */
    bool (*next)(struct py_items *it, struct py_item *out);
    uint64_t i, n;
    taddr at, object;
    const struct py_type *type;
    unsigned member, base;
    struct py_table table;
    uint64_t first, have; /* of the words */
    uint64_t words[64];   /* not set before they are read */
};
/* False: the object holds nothing that can be listed. */
bool py_items_begin(struct rt *rt, taddr object, const struct py_type *t, struct py_items *out);
/* Attributes of any object, slots first. */
void py_attributes_begin(struct rt *rt, taddr object, const struct py_type *t, struct py_items *out);
bool py_items_next(struct py_items *it, struct py_item *out);
/* Element i of a list, tuple or deque. */
bool py_items_at(struct py_items *it, uint64_t i, taddr *out);

/* ---- numbers.c ---- */

/* An int that fits. False: it does not, or is none. */
bool py_int(struct rt *rt, taddr object, int64_t *out);
/* Its value in base 2^30, the least first, at most max digits. */
bool py_int_digits(struct rt *rt, taddr object, uint32_t *digits, size_t max, size_t *n, bool *negative);
bool py_float(struct rt *rt, taddr object, double *out);
/* As repr() writes them. */
void py_put_float(struct text *out, double v, bool dot_zero);
/* By its digits "ddd", which are "d.dd" times ten to the power of `exponent`. */
void py_put_float_digits(struct text *out, bool negative, const char *digits, int exponent, bool dot_zero);
void py_put_digits(struct text *out, const uint32_t *digits, size_t n, bool negative);

/* ---- repr.c ---- */

/* An object as repr() would write it, as far as that can be known without running code. Never fails: what is wrong
 * stands in the text. `f`: elements, characters, depth, recurse (how many levels of instances show their attributes).
 * `summary`: containers by their sizes alone. */
void py_repr(struct rt *rt, taddr object, const struct format *f, bool summary, struct progress *progress,
             struct text *out);

/* ---- variables.c: what a frame knows ---- */

/* A frame of the language, by the interpreter's record of it: rt_frame.record. */
struct py_scope {
    taddr code, globals, builtins;
    taddr locals; /* the namespace of a module or class; 0: a function's */
    taddr slots;  /* of variables */
};
/* False: the frame cannot be read. */
bool py_scope_open(struct rt *rt, taddr record, struct py_scope *out);
struct py_local {
    const char *name; /* in the arena that was given, or the rt's */
    taddr object;     /* 0: bound to nothing */
    bool argument;
};
struct py_locals {
    struct py_local *v;
    size_t n;
};
/* Arguments, other variables, those of outer functions; what a module or class has bound. Shown names only: without
 * __dunder__ ones of modules, and those that a comprehension has left. False: they cannot be read. */
bool py_locals_read(struct rt *rt, const struct py_scope *s, struct arena *a, struct py_locals *out);
/* Reads all that py_locals_read() and py_repr() of each would: while a process stands still, so that it is kept. */
void py_locals_touch(struct rt *rt, taddr record);
/* Is it a name of the module of the frame's code? */
bool py_is_global(struct rt *rt, const struct vframe *f, const char *name);
struct err *py_variables(struct rt *rt, const struct vframe *f, struct variables *out) MUST_CHECK;

/* ---- exceptions.c ---- */
void py_exceptions(struct rt *rt, const struct rt_thread *th, const struct rt_exception **raised,
                   const struct rt_exception **handled);

/* ---- format.c ---- */

/* An object as a value. 0: a name that is bound to nothing. */
struct value py_value(struct rt *rt, struct values *vs, taddr object);
/* The object of a value; false: it is none. */
bool py_value_object(const struct value *v, taddr *out);
const struct formatter *py_formatter(struct rt *rt);

#endif
