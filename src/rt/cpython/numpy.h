/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's arrays, types of elements and scalars. Layouts: numpy/core/include/numpy/ndarraytypes.h and arrayscalars.h of 1.x,
 * numpy/_core/include/numpy/ of 2.x. Threads: one at a time. */
#ifndef RT_CPYTHON_NUMPY_H
#define RT_CPYTHON_NUMPY_H

#include "rt/cpython/object.h"

enum {
    NUMPY_DIMENSIONS_MAX = 64, /* NPY_MAXDIMS of 2.x; 32 in 1.x */
    NUMPY_ELEMENT_MAX = 32, /* bytes of a number */
    NUMPY_DEPTH_MAX = 16, /* records in records */
    NUMPY_FIELDS_MAX = 1000,
};

/* What an element is. */
enum numpy_form {
    NUMPY_UNKNOWN, /* a type of another library, or of a newer NumPy */
    NUMPY_BOOL,
    NUMPY_INT,
    NUMPY_UINT,
    NUMPY_FLOAT,
    NUMPY_COMPLEX,
    NUMPY_OBJECT,
    NUMPY_BYTES,
    NUMPY_STR,
    NUMPY_VOID, /* a record, rows of its own, or bytes */
    NUMPY_DATETIME,
    NUMPY_TIMEDELTA,
};

/* The unit of times. */
struct numpy_unit {
    int32_t base; /* NPY_DATETIMEUNIT: 0 years ... 14 generic */
    int32_t count; /* of them */
};

/* A type of elements: PyArray_Descr. */
struct numpy_type {
    taddr at; /* 0: of a scalar that needs none */
    uint32_t number; /* NPY_TYPES */
    uint8_t form; /* enum numpy_form */
    bool swapped; /* most significant byte first */
    bool aligned; /* a record as C lays it out */
    uint64_t size, alignment; /* bytes */
    taddr names, fields; /* of a record: a tuple, and a dict; 0 */
    taddr base, shape; /* of rows: the type of their elements, and a tuple; 0 */
    struct numpy_unit unit;
};

/* An array, or a part of one that is no object. Of no dimensions: one element. */
struct numpy_array {
    taddr data;
    taddr type; /* PyArray_Descr */
    unsigned n;
    int64_t shape[NUMPY_DIMENSIONS_MAX], strides[NUMPY_DIMENSIONS_MAX]; /* elements, bytes */
};

struct numpy_field {
    const char *name; /* of the rt */
    taddr type;
    uint64_t offset; /* bytes */
};

/* ---- numpy.c ---- */

/* The major version of the module in the target; 0: not known. */
unsigned numpy_version(struct rt *rt);
/* What NumPy calls a type by its number: "int64"; NULL: not known. */
const char *numpy_type_name(const struct numpy_type *t);
/* False: unreadable, or it contradicts itself. */
bool numpy_type_read(struct rt *rt, taddr descriptor, struct numpy_type *out);
bool numpy_array_read(struct rt *rt, taddr object, struct numpy_array *out);
/* What an array looks into, or 0: it owns its elements, or that cannot be read. */
taddr numpy_base(struct rt *rt, taddr object);
/* How many elements there are; UINT64_MAX: more than can be counted. */
uint64_t numpy_count(const struct numpy_array *a);
/* The elements of an element that is rows. False: it is none, or damaged. */
bool numpy_rows(struct rt *rt, const struct numpy_type *t, taddr data, struct numpy_array *out);
/* Field i of a record. False: none. */
bool numpy_field_at(struct rt *rt, const struct numpy_type *t, uint64_t i, struct numpy_field *out);
/* A scalar (numpy.int64(5)): its type, and where its value is. False: it is none whose value is known. */
bool numpy_scalar_read(struct rt *rt, taddr object, const struct py_type *t, struct numpy_type *out, taddr *value);
/* `size` bytes of a number, at most NUMPY_ELEMENT_MAX, the least significant first, each part of a complex one by itself. */
bool numpy_number(struct rt *rt, const struct numpy_type *t, taddr at, uint8_t *out);
/* Of a bool, an int of any width or a time. */
uint64_t numpy_bits(const struct numpy_type *t, const uint8_t *bytes);

/* ---- numpy_text.c ---- */

/* str() and repr() of a type; the latter without "dtype(" and ")". */
void numpy_put_type(struct rt *rt, const struct numpy_type *t, bool as_repr, struct text *out);
/* The class of a record's elements where it is not numpy.void: "numpy.record"; NULL. */
const char *numpy_record_class(struct rt *rt, const struct numpy_type *t);
/* "[25s]"; of no unit: nothing. */
void numpy_put_unit(struct numpy_unit unit, struct text *out);
/* A floating-point number, or a part of a complex one: `size` bytes of it, by the fewest digits that tell it from others. */
void numpy_put_real(struct rt *rt, const uint8_t *bytes, uint64_t size, bool dot_zero, struct text *out);
/* Its value, rounded to what the host has. */
long double numpy_real(struct rt *rt, const uint8_t *bytes, uint64_t size);
/* "2020-01-01T00:00", "NaT". */
void numpy_put_datetime(int64_t v, struct numpy_unit unit, struct text *out);

/* ---- repr_numpy.c ---- */

/* A part of an array that is no object, or an element, as NumPy's repr() of one. */
void numpy_put(struct rt *rt, const struct numpy_array *a, struct progress *progress, struct text *out);

#endif
